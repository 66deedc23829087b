//! Every interleaving, in a small scope: a breaker, its leases and its generations under all sequences of a few steps, with a
//! clock that stands, creeps, jumps and steps back. What must hold in every state that can be reached stands in `check`, what
//! must hold of each step in `step`, and that nothing wedges in `recovers`.

use homeostat_reflex::breaker::{Breaker, BreakerConfig, Outcome, Refusal, State, Told, WindowKind};
use homeostat_reflex::clock::Clock;
use homeostat_reflex::ledger::Ledger;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

const OPEN_US: u64 = 3;
const LEASE_US: u64 = 6;
const PERMITS_MAX: usize = 3;

#[derive(Clone, Debug)]
struct Held {
    permit: u64,
    era: u32,
    at_us: u64,
    told: bool,
}

#[derive(Clone, Debug)]
struct Node {
    clock: Clock,
    raw_us: u64,
    breaker: Breaker,
    ledger: Ledger,
    held: Vec<Held>,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Acquire,
    Tell(usize, Outcome),
    Forward(u64),
    Back(u64),
    Look,
}

fn config(probes: u32) -> BreakerConfig {
    BreakerConfig {
        window: WindowKind::Calls(4),
        minimum_calls: 2,
        failure_rate: None,
        slow_rate: Some(1.0),
        slow_us: Some(4),
        consecutive: Some(2),
        open_us: OPEN_US,
        open_max_us: OPEN_US,
        jitter: 0.0,
        probes,
        lease_us: LEASE_US,
        ..BreakerConfig::default()
    }
}

impl Node {
    fn new(probes: u32) -> Self {
        let breaker = Breaker::new(config(probes), 0, 0);
        let ledger = Ledger::new(PERMITS_MAX);
        Self { clock: Clock::default(), raw_us: 0, breaker, ledger, held: Vec::new() }
    }

    fn now(&mut self) -> u64 {
        self.clock.advance(self.raw_us)
    }

    /// Everything that the future depends on.
    fn key(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        format!("{self:?}").hash(&mut hasher);
        hasher.finish()
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Forward(by) => self.raw_us += by,
            Step::Back(by) => self.raw_us = self.raw_us.saturating_sub(by),
            Step::Look => {
                let now = self.now();
                self.breaker.state(&mut self.ledger, now);
            }
            Step::Acquire => self.acquire(),
            Step::Tell(which, outcome) => self.tell(which, outcome),
        }
        self.check();
    }

    fn acquire(&mut self) {
        let now = self.now();
        let before = self.breaker.state(&mut self.ledger, now);
        let live = self.ledger.leases.live();
        let got = self.breaker.try_acquire(&mut self.ledger, now);
        match (before, got) {
            (State::Open { until_us, .. }, got) => {
                assert_eq!(got, Err(Refusal::Open));
                assert!(now < until_us, "open beyond its period");
            }
            (_, Err(Refusal::Capacity)) => assert_eq!(live, PERMITS_MAX as u32),
            (State::Closed { .. }, got) => assert!(got.is_ok(), "closed and refused"),
            (State::HalfOpen { issued, .. }, got) => {
                assert_eq!(got.is_ok(), issued < self.breaker.config().probes)
            }
        }
        if let Ok(permit) = got {
            assert!(self.held.iter().all(|held| held.permit != permit), "a permit was handed out twice");
            if self.held.len() == PERMITS_MAX + 1 {
                self.held.remove(0);
            }
            self.held.push(Held { permit, era: self.breaker.era(), at_us: now, told: false });
        }
    }

    fn tell(&mut self, which: usize, outcome: Outcome) {
        let now = self.now();
        let before = (self.breaker.state(&mut self.ledger, now), self.breaker.era());
        let held = self.held[which].clone();
        let told = self.breaker.tell(&mut self.ledger, held.permit, outcome, now);
        let after = (self.breaker.state(&mut self.ledger, now), self.breaker.era());
        let expired = now - held.at_us >= LEASE_US;
        match told {
            Told::Unknown => {
                assert!(held.told || expired, "a permit that is out was not known");
                assert_eq!(before, after);
            }
            Told::NotCounted(_) => {
                assert!(!held.told && !expired);
                assert!(held.era != before.1 || outcome == Outcome::Ignored);
                assert_eq!(before.1, after.1, "what did not count changed the state");
            }
            Told::Counted(took) => {
                assert!(!held.told && !expired, "counted twice, or after its lease");
                assert_eq!(held.era, before.1, "a result of an earlier era counted");
                assert_eq!(took, now - held.at_us);
            }
        }
        self.held[which].told = true;
    }

    fn check(&mut self) {
        let now = self.now();
        let state = self.breaker.state(&mut self.ledger, now);
        let out = self.held.iter().filter(|held| !held.told && now - held.at_us < LEASE_US).count() as u32;
        assert!(self.breaker.in_flight() <= PERMITS_MAX as u32);
        assert!(out <= self.breaker.in_flight(), "a permit was lost");
        assert_eq!(self.breaker.in_flight(), self.ledger.leases.live());
        if let State::HalfOpen { issued, succeeded, failed, .. } = state {
            let probes = self.breaker.config().probes;
            let era = self.breaker.era();
            let outstanding = self
                .held
                .iter()
                .filter(|held| held.era == era && !held.told && now - held.at_us < LEASE_US)
                .count() as u32;
            assert!(issued <= probes && succeeded + failed < probes);
            assert_eq!(issued, outstanding + succeeded + failed, "a probe's place was lost or given twice");
            assert_eq!(failed, 0, "with counted failures one bad probe opens it again");
        }
        // Transitions lead from the state before to another one, and each starts a generation; nobody reads them here.
        let (transitions, dropped) = self.ledger.take();
        assert_eq!(dropped, 0);
        for transition in &transitions {
            assert_ne!(transition.from.name(), transition.to.name());
        }
    }

    /// Left alone for a while, and then treated well, it is closed: nothing that happened can wedge it.
    fn recovers(&self) {
        let mut node = self.clone();
        node.raw_us = node.clock.now_us() + LEASE_US + OPEN_US;
        for _ in 0..2 {
            let now = node.now();
            node.breaker.advance(&mut node.ledger, now);
            node.raw_us = now + OPEN_US;
        }
        for _ in 0..node.breaker.config().probes {
            let now = node.now();
            let permit = node.breaker.try_acquire(&mut node.ledger, now).expect("a probe passes");
            node.breaker.tell(&mut node.ledger, permit, Outcome::Success, now);
        }
        let now = node.now();
        assert!(
            matches!(node.breaker.state(&mut node.ledger, now), State::Closed { .. }),
            "wedged: {self:?}"
        );
    }
}

fn explore(probes: u32, depth: usize) -> usize {
    let mut seen = HashSet::new();
    let mut frontier = vec![Node::new(probes)];
    for _ in 0..depth {
        let mut next = Vec::new();
        for node in &frontier {
            let mut steps =
                vec![Step::Acquire, Step::Look, Step::Forward(1), Step::Forward(OPEN_US), Step::Back(2)];
            for which in 0..node.held.len() {
                for outcome in [Outcome::Success, Outcome::Failure, Outcome::Ignored] {
                    steps.push(Step::Tell(which, outcome));
                }
            }
            for step in steps {
                let mut after = node.clone();
                after.step(step);
                if seen.insert(after.key()) {
                    after.recovers();
                    next.push(after);
                }
            }
        }
        frontier = next;
    }
    seen.len()
}

#[test]
fn no_interleaving_breaks_one_probe() {
    let states = explore(1, 7);
    assert!(states > 10_000, "only {states} states: the model does not move");
}

#[test]
fn no_interleaving_breaks_two_probes() {
    let states = explore(2, 7);
    assert!(states > 10_000, "only {states} states: the model does not move");
}

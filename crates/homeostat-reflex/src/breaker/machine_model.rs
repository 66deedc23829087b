//! The model: breaker, leases and generations under every interleaving of every step, with a clock that stands, creeps, jumps, steps
//! back and skips an hour, until no new state is found.
//!
//! Two nodes are the same where their future is: `key` leaves out what only grows (counters, sequences) and counts time from now.
//! So the states are finite, and the exploration ends by itself. What must hold of every step stands in `step`, of every
//! state in `check`, and that nothing wedges in `recovers`. A failure prints the steps that led to it.

use super::*;
use crate::breaker::WindowKind;
use crate::clock::Clock;
use std::collections::HashSet;
use std::vec::Vec;

const OPEN_US: u64 = 1;
const SLOW_US: u64 = 1;
const LEASE_US: u64 = 2;
const WINDOW: u32 = 2;
const PERMITS_MAX: usize = 2;
const HELD_MAX: usize = 3;

/// A permit that somebody has, or had.
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
    path: Vec<Step>,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Acquire,
    Tell(usize, Outcome),
    Look,
    Forward(u64),
    Back,
    Operate(Operator),
    Trip,
}

/// What the world does.
const WORLD: &[Step] = &[
    Step::Acquire,
    Step::Look,
    Step::Forward(1),
    Step::Forward(LEASE_US + 1),
    Step::Forward(IDLE_US),
    Step::Back,
];
/// What operators and the cascade reflex do.
const OPERATORS: &[Step] = &[
    Step::Operate(Operator::Auto),
    Step::Operate(Operator::ForcedOpen),
    Step::Operate(Operator::Disabled),
    Step::Trip,
];

fn config(probes: u32) -> BreakerConfig {
    BreakerConfig {
        window: WindowKind::Calls(WINDOW),
        minimum_calls: 2,
        failure_rate: None,
        slow_rate: Some(1.0),
        slow_us: Some(SLOW_US),
        consecutive: Some(2),
        open_us: OPEN_US,
        open_max_us: 2 * OPEN_US,
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
        Self { clock: Clock::default(), raw_us: 0, breaker, ledger, held: Vec::new(), path: Vec::new() }
    }

    fn now(&mut self) -> u64 {
        self.clock.advance(self.raw_us)
    }

    /// Everything that the future depends on, and nothing else.
    fn key(&self) -> Vec<u64> {
        let breaker = &self.breaker;
        let now = self.clock.now_us();
        let until = |us: u64| us.saturating_sub(now).min(99);
        let since = |us: u64| now.saturating_sub(us).min(LEASE_US);
        let mut key = match breaker.state {
            State::Closed { .. } => vec![0],
            State::Open { until_us, .. } => vec![1, until(until_us)],
            State::HalfOpen { issued, succeeded, failed, slow, .. } => {
                vec![2, issued.into(), succeeded.into(), failed.into(), slow.into()]
            }
        };
        key.extend([
            now - self.raw_us.min(now),
            self.raw_us.saturating_sub(now),
            breaker.operator as u64,
            breaker.consecutive.min(9).into(),
            breaker.period_us as u64,
            until(breaker.steady_from_us),
            until(breaker.check_us),
            u64::from(breaker.idle_us != u64::MAX),
        ]);
        // The window, by what it is after each of so many further calls.
        let mut window = breaker.window.clone();
        for _ in 0..WINDOW {
            let tally = window.tally(now);
            key.extend([tally.calls, tally.failures, tally.slow].map(u64::from));
            window.push(now, false, false);
        }
        let (mut leases, mut line) = (self.ledger.leases.clone(), breaker.line.clone());
        let unmarked = leases.unmarked(&line).map(|(place, _)| place);
        let mut places = Vec::new();
        while let Some((place, lease)) = leases.oldest(&line) {
            let current = lease.era == breaker.era;
            let mark = lease.mark.map_or(0, |mark| 1 + self.pushes_until_gone(mark));
            key.extend([
                77,
                since(lease.started_us),
                current.into(),
                mark,
                u64::from(unmarked == Some(place)),
            ]);
            places.push(place);
            leases.close(&mut line, place);
        }
        for held in &self.held {
            let out = self.ledger.leases.find(held.permit).map(|(place, _)| place);
            match places.iter().position(|place| Some(*place) == out) {
                Some(at) => key.push(88 + at as u64),
                None => key.push(87),
            }
        }
        key
    }

    /// How many more calls a marked one stays in the window for.
    fn pushes_until_gone(&self, mark: u32) -> u64 {
        let mut window = self.breaker.window.clone();
        for pushes in 0..=WINDOW {
            let mut failed = window.clone();
            failed.fail(0, mark);
            if failed.tally(0) == window.tally(0) {
                return pushes.into();
            }
            window.push(0, false, false);
        }
        unreachable!("a call outlives the window: {self:?}");
    }

    fn step(&mut self, step: Step) {
        self.path.push(step);
        match step {
            Step::Look => {
                let now = self.now();
                self.breaker.state(&mut self.ledger, now);
            }
            // Nobody looks in between, so two steps forward are one longer one.
            Step::Forward(by) => self.raw_us = self.clock.now_us() + by,
            Step::Back => self.raw_us = self.clock.now_us().saturating_sub(1),
            Step::Acquire => self.acquire(),
            Step::Tell(which, outcome) => self.tell(which, outcome),
            Step::Operate(operator) => {
                let now = self.now();
                self.breaker.operate(&mut self.ledger, operator, now);
                assert!(matches!(self.breaker.state, State::Closed { .. }), "{self:?}");
            }
            Step::Trip => {
                let now = self.now();
                let before = self.breaker.state(&mut self.ledger, now);
                let may = self.breaker.operator == Operator::Auto && !matches!(before, State::Open { .. });
                assert_eq!(self.breaker.trip(&mut self.ledger, now, Cause::Cascade, 0), may, "{self:?}");
            }
        }
        // Leases and transitions are looked at as they will be when somebody asks, which must not be needed for them to be right.
        let mut asked = self.clone();
        asked.check();
        self.ledger.take();
    }

    fn acquire(&mut self) {
        let now = self.now();
        let before = self.breaker.state(&mut self.ledger, now);
        let live = self.ledger.leases.live() as usize;
        let got = self.breaker.try_acquire(&mut self.ledger, now);
        match (self.breaker.operator, before, got) {
            (_, _, Err(Refusal::Capacity)) => assert_eq!(live, PERMITS_MAX, "{self:?}"),
            (Operator::Disabled, _, got) => assert!(got.is_ok(), "disabled and refused {self:?}"),
            (Operator::ForcedOpen, _, got) => assert_eq!(got, Err(Refusal::ForcedOpen), "{self:?}"),
            (_, State::Open { until_us, .. }, got) => {
                assert!(got == Err(Refusal::Open) && now < until_us, "open beyond its period {self:?}");
            }
            (_, State::Closed { .. }, got) => assert!(got.is_ok(), "closed and refused {self:?}"),
            (_, State::HalfOpen { issued, .. }, got) => {
                assert_eq!(got.is_ok(), issued < self.breaker.config.probes, "{self:?}");
            }
        }
        let Ok(permit) = got else { return };
        assert!(self.held.iter().all(|held| held.permit != permit), "handed out twice {self:?}");
        // One of more than can be out at once is not: the oldest of those is forgotten.
        let gone = |held: &Held| held.told || now - held.at_us >= LEASE_US;
        if self.held.len() == HELD_MAX
            && let Some(at) = self.held.iter().position(gone)
        {
            self.held.remove(at);
        }
        self.held.push(Held { permit, era: self.breaker.era, at_us: now, told: false });
    }

    fn tell(&mut self, which: usize, outcome: Outcome) {
        let now = self.now();
        self.breaker.advance(&mut self.ledger, now);
        let before = (self.breaker.state, self.breaker.era, self.breaker.tally(now));
        let held = self.held[which].clone();
        let told = self.breaker.tell(&mut self.ledger, held.permit, outcome, now);
        let after = (self.breaker.state, self.breaker.era, self.breaker.tally(now));
        let expired = now - held.at_us >= LEASE_US;
        match told {
            Told::Unknown => {
                assert!(held.told || expired, "a permit that is out was not known {self:?}");
                assert_eq!(before, after, "{self:?}");
            }
            Told::NotCounted(_) => {
                assert!(!held.told && !expired, "{self:?}");
                let says_nothing = outcome == Outcome::Ignored;
                assert!(held.era != before.1 || says_nothing, "{self:?}");
                assert_eq!(
                    (before.1, before.2),
                    (after.1, after.2),
                    "what did not count changed it {self:?}"
                );
                assert!(held.era == before.1 || before.0 == after.0, "an old result counted {self:?}");
            }
            Told::Counted(took) => {
                assert!(!held.told && !expired, "counted twice, or after its lease {self:?}");
                assert_eq!(held.era, before.1, "a result of an earlier era counted {self:?}");
                assert_eq!(took, now - held.at_us, "{self:?}");
            }
        }
        self.held[which].told = true;
    }

    fn check(&mut self) {
        let now = self.now();
        let era = self.breaker.era;
        self.ledger.take();
        let state = self.breaker.state(&mut self.ledger, now);
        let out = |held: &&Held| !held.told && now - held.at_us < LEASE_US;
        assert_eq!(self.breaker.in_flight() as usize, self.held.iter().filter(out).count(), "{self:?}");
        assert_eq!(self.breaker.in_flight(), self.ledger.leases.live(), "{self:?}");
        if let State::HalfOpen { issued, succeeded, failed, .. } = state {
            let probes = self.breaker.config.probes;
            let current = |held: &&Held| held.era == self.breaker.era;
            let outstanding = self.held.iter().filter(out).filter(current).count() as u32;
            assert!(issued <= probes && succeeded + failed < probes, "{self:?}");
            assert_eq!(issued, outstanding + succeeded + failed, "a probe was lost or given twice {self:?}");
            assert_eq!(failed, 0, "one bad probe opens it again {self:?}");
        }
        if matches!(state, State::Closed { .. }) && self.breaker.operator == Operator::Auto {
            let tally = self.breaker.tally(now);
            assert_eq!(self.breaker.trouble(tally), None, "closed in trouble {self:?}");
        }
        // Transitions follow each other, each starts a generation, and the latest leads to where it stands.
        let (transitions, dropped) = self.ledger.take();
        assert_eq!((dropped, transitions.len() as u32), (0, self.breaker.era.wrapping_sub(era)), "{self:?}");
        for pair in transitions.windows(2) {
            assert_eq!(pair[0].to, pair[1].from, "{self:?}");
        }
        assert!(transitions.last().is_none_or(|last| last.to == state), "{self:?}");
    }

    /// Left alone for a while by everybody but an operator, and then treated well, it is closed: nothing can wedge it.
    fn recovers(&self) {
        let mut node = self.clone();
        if node.breaker.operator != Operator::Auto {
            node.step(Step::Operate(Operator::Auto));
        }
        for _ in 0..3 {
            let now = node.now();
            node.raw_us = now + LEASE_US + 2 * OPEN_US;
            let now = node.now();
            node.breaker.advance(&mut node.ledger, now);
        }
        for _ in 0..node.breaker.config.probes {
            let now = node.now();
            let permit = node.breaker.try_acquire(&mut node.ledger, now).expect("a probe passes");
            node.breaker.tell(&mut node.ledger, permit, Outcome::Success, now);
        }
        let now = node.now();
        let state = node.breaker.state(&mut node.ledger, now);
        // What a window by calls still remembers of slow ones may open it once more, at its volume: then it begins afresh.
        let again = node.ledger.take().0.last().is_some_and(|last| last.cause == Cause::SlowRate);
        assert!(matches!(state, State::Closed { .. }) || again, "wedged: {self:?}");
    }
}

/// Every state that can be reached: how many there are, and the length of the longest shortest way to one.
fn explore(probes: u32, steps: &[&[Step]]) -> (usize, usize) {
    let mut seen = HashSet::new();
    let mut frontier = vec![Node::new(probes)];
    let mut depth = 0;
    while !frontier.is_empty() {
        let mut next = Vec::new();
        for node in &frontier {
            let outcomes = [Outcome::Success, Outcome::Failure, Outcome::Ignored];
            let tells =
                (0..node.held.len()).flat_map(|which| outcomes.map(|outcome| Step::Tell(which, outcome)));
            for step in steps.concat().into_iter().chain(tells) {
                let mut after = node.clone();
                after.step(step);
                if seen.insert(after.key()) {
                    after.recovers();
                    next.push(after);
                }
            }
        }
        frontier = next;
        depth += 1;
    }
    (seen.len(), depth)
}

#[test]
fn no_interleaving_breaks_one_probe() {
    let (states, depth) = explore(1, &[WORLD, OPERATORS]);
    println!("{states} states, {depth} steps deep");
    assert!(states > 1_000, "only {states} states: the model does not move");
}

#[test]
fn no_interleaving_breaks_two_probes() {
    let (states, depth) = explore(2, &[WORLD]);
    println!("{states} states, {depth} steps deep");
    assert!(states > 1_000, "only {states} states: the model does not move");
}

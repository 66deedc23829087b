//! The share of the device's time that is taken beside the runs, and the AGGRESSIVE tier: over hours of a clock that the test moves.

use super::*;

const SHARE: f64 = 0.2;
/// What a command of the device takes.
const COMMAND_US: u64 = 40_000;

/// A device whose commands take their time, and what was done on it: when each command began, and for which kernel.
struct Machine {
    bench: Bench,
    done: Vec<(u64, KernelId)>,
}

impl Machine {
    fn new() -> Self {
        let kernel = KernelOptions { backend: Backend::Gpu, evaluations: 12, ..KernelOptions::default() };
        let mut engine = Engine::new(Options { share: SHARE, kernel, ..Options::default() }).unwrap();
        engine.attach(device("d", "1"), Limits::PORTABLE, 0).unwrap();
        Self { bench: Bench { engine, ..Bench::new() }, done: Vec::new() }
    }

    fn kernel(&mut self, n: u32, tier: Tier) -> KernelId {
        let options = KernelOptions { tier, ..self.bench.engine.registry().options().kernel };
        self.bench.engine.kernel(blueprint(n), options, self.bench.now_us).unwrap()
    }

    /// One command, where there is one.
    fn step(&mut self) -> bool {
        let now_us = self.bench.now_us;
        let Some((id, command)) = self.bench.engine.next(now_us) else { return false };
        let given_up = matches!(command, Command::Drop(_));
        let reply = self.bench.carry_out(id, command);
        self.bench.now_us = now_us + if given_up { 0 } else { COMMAND_US };
        self.bench.engine.reply(reply);
        // As a binding does: it asks again as soon as the command was carried out.
        if let Some(id) = id.filter(|_| !given_up) {
            self.done.push((now_us, id));
        }
        true
    }

    /// Until this time; a kernel runs every `each_us` where it says so.
    fn until(&mut self, end_us: u64, runs: Option<(KernelId, u64)>) {
        let mut next_us = self.bench.now_us;
        while self.bench.now_us < end_us {
            if let Some((id, each_us)) = runs
                && self.bench.now_us >= next_us
            {
                self.bench.run(id);
                next_us = self.bench.now_us + each_us;
            }
            if !self.step() {
                self.bench.now_us += 5000.max(self.bench.engine.wait_us(self.bench.now_us));
            }
        }
    }

    fn done_of(&self, id: KernelId) -> usize {
        self.done.iter().filter(|(_, of)| *of == id).count()
    }

    /// The greatest share that any stretch of so long had, of what was done from then on.
    fn most(&self, from_us: u64, stretch_us: u64) -> f64 {
        let all: Vec<u64> = self.done.iter().map(|(at, _)| *at).filter(|at| *at >= from_us).collect();
        let within = |at: &u64| all.iter().filter(|other| (*at..at + stretch_us).contains(*other)).count();
        let most = all.iter().map(within).max().unwrap_or(0);
        (most as u64 * COMMAND_US) as f64 / stretch_us as f64
    }
}

#[test]
fn a_hot_kernel_is_searched_for_again_while_the_device_is_idle_and_a_cold_one_is_not() {
    let mut machine = Machine::new();
    let (hot, cold) = (machine.kernel(20, Tier::Aggressive), machine.kernel(24, Tier::Aggressive));
    let modest = machine.kernel(28, Tier::Standard);
    machine.until(120 * SECOND, None);
    for id in [hot, cold, modest] {
        assert!(machine.bench.answers(id) && machine.bench.engine.has_settled(id));
    }
    let before = machine.done.len();
    // Nobody runs them: nothing is done. Then somebody does, what is hot and what is modest as often.
    machine.until(180 * SECOND, None);
    assert_eq!(machine.done.len(), before);
    for id in [hot, modest] {
        (0..40).for_each(|_| machine.bench.run(id));
    }
    machine.until(400 * SECOND, None);
    let later = |id| machine.done[before..].iter().filter(|(_, of)| *of == id).count();
    assert!(later(hot) > 50, "{}", later(hot));
    assert_eq!((later(cold), later(modest)), (0, 0));
    // One round, then it rests until it has run as often again; after four rounds there is nothing left.
    let counts: Vec<usize> = (2..8)
        .map(|turn| {
            (0..40).for_each(|_| machine.bench.run(hot));
            machine.until(turn * 400 * SECOND, None);
            machine.done_of(hot)
        })
        .collect();
    assert!(counts[0] < counts[1] && counts[1] < counts[2] && counts[3] == counts[5], "{counts:?}");
}

#[test]
fn polishing_keeps_its_share_of_the_device_over_an_hour() {
    let mut machine = Machine::new();
    let ids: Vec<KernelId> = (0..40).map(|n| machine.kernel(16 + n, Tier::Aggressive)).collect();
    machine.until(1200 * SECOND, None);
    assert!(ids.iter().all(|id| machine.bench.engine.has_settled(*id)));
    let start_us = machine.bench.now_us;
    // All are used a little now and then, the device is idle in between.
    while machine.bench.now_us < start_us + 3600 * SECOND {
        for id in &ids {
            (0..4).for_each(|_| machine.bench.run(*id));
        }
        let end_us = machine.bench.now_us + 60 * SECOND;
        machine.until(end_us, None);
    }
    let spent_us = machine.done.iter().filter(|(at, _)| *at >= start_us).count() as u64 * COMMAND_US;
    let share = spent_us as f64 / (machine.bench.now_us - start_us) as f64;
    // It is used, over the hour and over every ten seconds of it never by more than one command above.
    assert!(share > SHARE / 2.0 && share <= SHARE, "{share}");
    let most = machine.most(start_us, 10 * SECOND);
    assert!(most <= SHARE + COMMAND_US as f64 / 10e6, "{most}");
}

#[test]
fn polishing_stops_when_a_user_runs() {
    let mut machine = Machine::new();
    let id = machine.kernel(20, Tier::Aggressive);
    machine.until(120 * SECOND, None);
    (0..40).for_each(|_| machine.bench.run(id));
    machine.until(125 * SECOND, None);
    let before = machine.done.len();
    assert!(machine.done.iter().any(|(at, _)| *at > 120 * SECOND), "it polishes");
    // Runs every 20 ms for ten seconds: what was out is the last of it.
    machine.until(135 * SECOND, Some((id, 20_000)));
    assert!(machine.done.len() <= before + 1, "{}", machine.done.len() - before);
    // Whoever waits for the kernel to settle does not wait for that. When the device is idle, it goes on.
    assert!(machine.bench.engine.has_settled(id));
    machine.until(140 * SECOND, None);
    assert!(machine.done.len() > before + 1);
    // What somebody asks for does not wait for polishing that has stopped: it takes its place.
    machine.until(141 * SECOND, Some((id, 20_000)));
    let before = machine.done.len();
    let schedules = machine.bench.engine.registry().current(id).unwrap().unwrap().schedules.clone();
    machine.bench.engine.propose(id, schedules);
    machine.until(160 * SECOND, Some((id, 20_000)));
    assert!(machine.done.len() > before);
}

#[test]
fn a_search_leaves_the_runs_their_share_and_takes_all_where_there_are_none() {
    let mut machine = Machine::new();
    let id = machine.kernel(20, Tier::Standard);
    // A run every 10 ms of ten seconds.
    machine.until(10 * SECOND, Some((id, 10_000)));
    let most = machine.most(0, 5 * SECOND);
    assert!(most > SHARE / 2.0 && most <= SHARE + COMMAND_US as f64 / 5e6, "{most}");
    let before = machine.done.len();
    let now_us = machine.bench.now_us;
    machine.until(now_us + SECOND, None);
    // Without runs one command follows the other, but for the pause that was begun.
    assert!(machine.done.len() - before >= 20, "{}", machine.done.len() - before);
}

#[test]
fn polishing_that_stops_keeps_no_other_kernel_from_its_stage() {
    let mut machine = Machine::new();
    let objective = Objective::Precision;
    let options = KernelOptions {
        tier: Tier::Aggressive,
        objective,
        ..machine.bench.engine.registry().options().kernel
    };
    // Who searches for precision proves whatever is fast.
    let polished = machine.bench.engine.kernel(blueprint(20), options, 1).unwrap();
    machine.until(120 * SECOND, None);
    machine.bench.ill = Ill::Wrong;
    for n in 0..3 {
        machine.kernel(40 + n, Tier::Fast);
    }
    machine.until(140 * SECOND, None);
    machine.bench.ill = Ill::No;
    assert!(machine.bench.engine.take_journal(usize::MAX).contains("validate: closed to open"));
    machine.until(180 * SECOND, None);
    // The first of those that show whether it is well again is a candidate of the kernel that is polished.
    (0..40).for_each(|_| machine.bench.run(polished));
    loop {
        let now_us = machine.bench.now_us;
        let Some((id, command)) = machine.bench.engine.next(now_us) else {
            machine.bench.now_us += 5000.max(machine.bench.engine.wait_us(now_us));
            continue;
        };
        let proves = matches!(command, Command::Execute { guarded: true, .. });
        let reply = machine.bench.carry_out(id, command);
        machine.bench.engine.reply(reply);
        if proves {
            break;
        }
    }
    // From now on somebody runs all the time, and others come.
    let others: Vec<KernelId> = (0..6).map(|n| machine.kernel(60 + n, Tier::Fast)).collect();
    let now_us = machine.bench.now_us;
    machine.until(now_us + 200 * SECOND, Some((polished, 20_000)));
    assert!(others.iter().all(|id| machine.bench.answers(*id)));
    assert!(machine.bench.engine.take_journal(usize::MAX).contains("validate: half-open to closed"));
}

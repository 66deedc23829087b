//! Every kind of breach is detected, and what is within the rules is not.

use super::*;

const HALF: Setting = [0.5; KNOBS_MAX];

/// Applies updates to one knob and hands each to the auditor, as an honest contender would.
struct Harness {
    auditor: Auditor,
    live: f64,
    baseline: f64,
}

impl Harness {
    fn new(preset: Preset) -> Self {
        Self { auditor: Auditor::new(Rules::of(preset), 1, HALF), live: 0.5, baseline: 0.5 }
    }

    fn apply(&mut self, time_ms: u64, kind: UpdateKind, live: f64, baseline: f64) -> &mut Self {
        let change = |before: f64, after: f64| Change { before: [before; 4], after: [after; 4] };
        self.auditor.record(&Update {
            time_us: time_ms * 1000,
            kind,
            live: change(self.live, live),
            baseline: change(self.baseline, baseline),
        });
        (self.live, self.baseline) = (live, baseline);
        self
    }

    fn shift(&mut self, time_ms: u64, by: f64) -> &mut Self {
        self.apply(time_ms, UpdateKind::Move, self.live + by, self.baseline + by)
    }

    fn probe(&mut self, time_ms: u64, offset: f64) -> &mut Self {
        self.apply(time_ms, UpdateKind::Probe, self.baseline + offset, self.baseline)
    }

    /// Exactly these breaches, one each, and no other.
    fn expect(&self, kinds: &[BreachKind]) {
        let found: Vec<BreachKind> =
            self.auditor.breaches().first().iter().map(|breach| breach.kind).collect();
        assert_eq!(found, kinds, "{:#?}", self.auditor.breaches().first());
        assert_eq!(self.auditor.breaches().total(), kinds.len() as u64);
    }
}

#[test]
fn probes_and_moves_at_every_limit_pass() {
    let mut run = Harness::new(Preset::Balanced);
    for k in 0..100 {
        run.probe(k * 500, if k % 2 == 0 { 0.05 } else { -0.05 });
    }
    run.expect(&[]);
    let mut run = Harness::new(Preset::Balanced);
    // 0.5 a minute in five steps of the maximum delta, then four more flips-free ones a minute later.
    for k in 0..5 {
        run.shift(k * 100, -0.1);
    }
    for k in 0..5 {
        run.shift(60_000 + k * 100, 0.1);
    }
    run.expect(&[]);
}

#[test]
fn out_of_bounds() {
    let mut run = Harness::new(Preset::Balanced);
    for k in 0..5 {
        run.shift(k * 13_000, 0.1);
    }
    run.apply(70_000, UpdateKind::Probe, 1.0 + 1e-6, 1.0);
    run.expect(&[BreachKind::OutOfBounds]);
}

#[test]
fn not_a_number_is_out_of_bounds_and_beyond_every_limit() {
    let mut run = Harness::new(Preset::Balanced);
    run.apply(0, UpdateKind::Probe, f64::NAN, 0.5);
    run.expect(&[BreachKind::OutOfBounds, BreachKind::DeltaTooLarge, BreachKind::OutsideTube]);
}

#[test]
fn delta_too_large() {
    Harness::new(Preset::Balanced).shift(0, 0.1).expect(&[]);
    Harness::new(Preset::Balanced).shift(0, 0.1001).expect(&[BreachKind::DeltaTooLarge]);
    // A probe from one side of the tube to the other is twice the amplitude: too much for conservative limits.
    Harness::new(Preset::Conservative).probe(0, 0.05).probe(1000, -0.05).expect(&[BreachKind::DeltaTooLarge]);
}

#[test]
fn rate_exceeded_in_a_window_that_rolls() {
    let burst = |updates: u64, every_ms: u64| {
        let mut run = Harness::new(Preset::Balanced);
        run.auditor.rules.min_interval_us = 0;
        // Around the boundary at one second, where a window that jumps would see two halves.
        for k in 0..updates {
            run.shift(550 + k * every_ms, 0.001);
        }
        run
    };
    burst(10, 90).expect(&[]);
    burst(11, 100).expect(&[]);
    burst(11, 99).expect(&[BreachKind::RateExceeded]);
}

#[test]
fn too_soon() {
    Harness::new(Preset::Conservative).shift(0, 0.01).shift(500, 0.01).expect(&[]);
    Harness::new(Preset::Conservative).shift(0, 0.01).shift(499, 0.01).expect(&[BreachKind::TooSoon]);
    // An exceptional update starts the interval as well, but does not wait for it.
    let mut run = Harness::new(Preset::Balanced);
    run.shift(0, 0.01).apply(50, UpdateKind::Rollback, 0.5, 0.5).expect(&[]);
    run.shift(149, 0.01).expect(&[BreachKind::TooSoon]);
}

#[test]
fn flips_exceeded() {
    let mut run = Harness::new(Preset::Balanced);
    for k in 0..4 {
        run.shift(k * 19_000, if k % 2 == 0 { 0.05 } else { -0.05 });
    }
    run.expect(&[]);
    // The flips were at 19, 38 and 57 s; the next at 79 s finds the first expired, one at 78.999 s does not.
    let mut late = Harness::new(Preset::Balanced);
    let mut early = Harness::new(Preset::Balanced);
    for k in 0..4 {
        let step = if k % 2 == 0 { 0.05 } else { -0.05 };
        late.shift(k * 19_000, step);
        early.shift(k * 19_000, step);
    }
    late.shift(79_000, 0.05).expect(&[]);
    early.shift(78_999, 0.05).expect(&[BreachKind::FlipsExceeded]);
}

#[test]
fn probes_are_no_flips_and_a_rollback_forgets_no_direction() {
    let mut run = Harness::new(Preset::Conservative);
    run.shift(0, 0.01).apply(1000, UpdateKind::Rollback, 0.5, 0.5);
    for k in 0..3 {
        run.shift(2000 + k * 1000, if k % 2 == 0 { -0.01 } else { 0.01 });
    }
    run.expect(&[BreachKind::FlipsExceeded]);
}

#[test]
fn cumulative_exceeded() {
    let mut run = Harness::new(Preset::Conservative);
    for k in 0..5 {
        run.shift(k * 1000, 0.05);
    }
    run.expect(&[]);
    run.shift(59_999, 0.001).expect(&[BreachKind::CumulativeExceeded]);
    let mut run = Harness::new(Preset::Conservative);
    for k in 0..5 {
        run.shift(k * 1000, 0.05);
    }
    run.shift(60_000, 0.05).expect(&[]);
}

#[test]
fn outside_the_tube() {
    Harness::new(Preset::Balanced).probe(0, 0.051).expect(&[BreachKind::OutsideTube]);
    // A move that leaves the live value behind stretches the tube, too.
    Harness::new(Preset::Balanced).apply(0, UpdateKind::Move, 0.5, 0.56).expect(&[BreachKind::OutsideTube]);
    // Nor may anything but a challenge end away from the baseline.
    Harness::new(Preset::Balanced)
        .apply(0, UpdateKind::Rollback, 0.4, 0.5)
        .expect(&[BreachKind::OutsideTube]);
    Harness::new(Preset::Balanced).apply(0, UpdateKind::Challenge, 0.1, 0.5).expect(&[]);
}

#[test]
fn a_probe_while_away_at_the_anchor_is_outside_the_tube() {
    Harness::new(Preset::Balanced)
        .apply(0, UpdateKind::Challenge, 0.3, 0.5)
        .apply(1000, UpdateKind::Probe, 0.35, 0.5)
        .expect(&[BreachKind::OutsideTube]);
}

#[test]
fn probe_rate() {
    let mut run = Harness::new(Preset::Balanced);
    run.probe(0, 0.01).probe(500, -0.01).probe(1000, 0.01).expect(&[]);
    run.probe(1499, -0.01).expect(&[BreachKind::ProbeRate]);
}

#[test]
fn baseline_moved_under_a_probe_or_a_challenge() {
    Harness::new(Preset::Balanced)
        .apply(0, UpdateKind::Probe, 0.52, 0.51)
        .expect(&[BreachKind::BaselineMoved]);
    Harness::new(Preset::Balanced)
        .apply(0, UpdateKind::Challenge, 0.2, 0.51)
        .apply(5000, UpdateKind::ChallengeReturn, 0.5, 0.5)
        .expect(&[BreachKind::BaselineMoved, BreachKind::BaselineMoved]);
}

#[test]
fn caps_of_the_exceptional_kinds() {
    let kinds = [
        (UpdateKind::Rollback, 4),
        (UpdateKind::Challenge, 36),
        (UpdateKind::Adoption, 36),
        (UpdateKind::BackOff, 60),
        (UpdateKind::SafeMode, 120),
    ];
    for (kind, cap) in kinds {
        let mut run = Harness::new(Preset::Balanced);
        for k in 0..cap {
            run.apply(k * 1000, kind, 0.5, 0.5);
        }
        run.expect(&[]);
        run.apply(3_599_999, kind, 0.5, 0.5).expect(&[BreachKind::CapExceeded]);
        let mut later = Harness::new(Preset::Balanced);
        for k in 0..cap {
            later.apply(k * 1000, kind, 0.5, 0.5);
        }
        later.apply(3_600_000, kind, 0.5, 0.5).expect(&[]);
    }
}

#[test]
fn back_off_too_large() {
    Harness::new(Preset::Balanced).apply(0, UpdateKind::BackOff, 0.4, 0.4).expect(&[]);
    Harness::new(Preset::Balanced)
        .apply(0, UpdateKind::BackOff, 0.39, 0.39)
        .expect(&[BreachKind::BackOffTooLarge]);
}

#[test]
fn changed_in_safe_mode() {
    let mut run = Harness::new(Preset::Balanced);
    run.apply(0, UpdateKind::SafeMode, 0.3, 0.3).apply(1000, UpdateKind::Rollback, 0.4, 0.4);
    run.expect(&[]);
    run.probe(29_999, 0.01).expect(&[BreachKind::ChangedInSafeMode]);
    // After the cooldown, or after an early exit, ordinary life goes on.
    Harness::new(Preset::Balanced).apply(0, UpdateKind::SafeMode, 0.3, 0.3).probe(30_000, 0.01).expect(&[]);
    Harness::new(Preset::Balanced)
        .apply(0, UpdateKind::SafeMode, 0.3, 0.3)
        .apply(5000, UpdateKind::SafeModeExit, 0.3, 0.3)
        .probe(5250, 0.01)
        .expect(&[]);
}

#[test]
fn unreported_changes() {
    let mut run = Harness::new(Preset::Balanced);
    run.shift(0, 0.05);
    run.auditor.observe_live(250_000, &[0.55, 0.0, 0.0, 0.0]);
    run.expect(&[]);
    run.auditor.observe_live(500_000, &[0.56, 0.0, 0.0, 0.0]);
    run.expect(&[BreachKind::Unreported]);
    let mut run = Harness::new(Preset::Balanced);
    run.live = 0.52;
    run.shift(0, 0.05);
    run.expect(&[BreachKind::Unreported]);
}

#[test]
fn time_reversed() {
    let mut run = Harness::new(Preset::Balanced);
    run.apply(1000, UpdateKind::Rollback, 0.5, 0.5).apply(999, UpdateKind::Rollback, 0.5, 0.5);
    run.expect(&[BreachKind::TimeReversed]);
}

#[test]
fn details_are_bounded_and_counts_are_exact() {
    let mut run = Harness::new(Preset::Balanced);
    for k in 0..100 {
        run.probe(k * 1000, if k % 2 == 0 { 0.06 } else { 0.0 });
    }
    assert_eq!(run.auditor.breaches().count(BreachKind::OutsideTube), 50);
    assert_eq!(run.auditor.breaches().first().len(), 8);
    assert_eq!(run.auditor.count(UpdateKind::Probe), 100);
    let mut all = run.auditor.breaches().clone();
    all.merge(run.auditor.breaches());
    assert_eq!((all.total(), all.first().len()), (100, 8));
}

/// The rules of rolling windows once more, in the plainest way: over the whole list of updates, for every window that
/// ends at one of them.
fn naive(updates: &[Update], rules: &Rules) -> [u64; 4] {
    let within = |a: u64, b: u64, length: u64| b <= a && a - b < length;
    let moved = |update: &Update| {
        let change = update.baseline.after[0] - update.baseline.before[0];
        if update.kind == UpdateKind::Move && change.abs() > TOLERANCE { change } else { 0.0 }
    };
    let flips = |i: usize| {
        let last = updates[..i].iter().map(moved).rfind(|change| *change != 0.0).unwrap_or(0.0);
        last * moved(&updates[i]) < 0.0
    };
    let mut found = [0; 4];
    for (i, update) in updates.iter().enumerate() {
        let before = &updates[..=i];
        let ordinary = matches!(update.kind, UpdateKind::Probe | UpdateKind::Move);
        let second = before.iter().filter(|b| within(update.time_us, b.time_us, SECOND_US)).count();
        let minute: Vec<usize> =
            (0..=i).filter(|&b| within(update.time_us, updates[b].time_us, MINUTE_US)).collect();
        let travelled: f64 = minute.iter().map(|&b| moved(&updates[b]).abs()).sum();
        found[0] += u64::from(ordinary && second > rules.updates_per_second);
        found[1] +=
            u64::from(ordinary && i > 0 && update.time_us - updates[i - 1].time_us < rules.min_interval_us);
        found[2] +=
            u64::from(flips(i) && minute.iter().filter(|&&b| flips(b)).count() > rules.flips_per_minute);
        found[3] += u64::from(moved(update) != 0.0 && travelled > rules.cumulative_per_minute + TOLERANCE);
    }
    found
}

#[test]
fn rolling_windows_agree_with_a_recount() {
    let mut rng = crate::rng::Rng::new(5);
    let mut found = [0; 4];
    for preset in Preset::ALL.into_iter().cycle().take(60) {
        let mut run = Harness::new(preset);
        let mut updates = Vec::new();
        let mut time_ms = 0;
        for _ in 0..200 {
            time_ms += [10, 50, 100, 250, 500, 5000, 10_000][(rng.uniform() * 7.0) as usize];
            let (live, baseline) = (run.live, run.baseline);
            let target = (baseline + 0.1 * rng.symmetric()).clamp(0.0, 1.0);
            let kinds = [UpdateKind::Probe, UpdateKind::Rollback, UpdateKind::Move, UpdateKind::Move];
            let kind = kinds[(rng.uniform() * 4.0) as usize];
            match kind {
                UpdateKind::Probe => run.probe(time_ms, 0.02 * rng.sign()),
                _ => run.apply(time_ms, kind, target, target),
            };
            let change = |before: f64, after: f64| Change { before: [before; 4], after: [after; 4] };
            updates.push(Update {
                time_us: time_ms * 1000,
                kind,
                live: change(live, run.live),
                baseline: change(baseline, run.baseline),
            });
        }
        let kinds = [
            BreachKind::RateExceeded,
            BreachKind::TooSoon,
            BreachKind::FlipsExceeded,
            BreachKind::CumulativeExceeded,
        ];
        let audited = kinds.map(|kind| run.auditor.breaches().count(kind));
        assert_eq!(audited, naive(&updates, &run.auditor.rules));
        (0..4).for_each(|i| found[i] += audited[i]);
    }
    assert!(found.iter().all(|&count| count > 100), "every rule was put to the test: {found:?}");
}

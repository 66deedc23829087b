//! Scenarios that nobody tunes on: other work, sizes, rates, jumps and their combinations than in the 31. They were checked in
//! before the limiter was worked on again, and are only ever reported.

use super::{Change, Scenario};
use crate::station::{Contention, Work};

/// All of them, in the order of the tables.
pub fn unseen() -> Vec<Scenario> {
    let mut scenarios = other_work();
    scenarios.extend(other_sizes());
    scenarios.extend(other_loads());
    scenarios.extend(other_faults());
    scenarios.extend(combined());
    scenarios
}

fn named(name: &str, set: impl FnOnce(&mut Scenario)) -> Scenario {
    let mut scenario = Scenario { name: name.into(), ..Scenario::base() };
    set(&mut scenario);
    scenario
}

/// Cores, mean service time, requests per second.
fn sized(s: &mut Scenario, cores: usize, service_s: f64, rate: f64) {
    (s.cores, s.service_s, s.rate) = (cores, service_s, rate);
    s.target_s = 12.0 * service_s + 0.02;
}

fn other_work() -> Vec<Scenario> {
    vec![
        named("u-two-120", |s| {
            sized(s, 10, 0.01, 1200.0);
            (s.work, s.target_s) = (Work::TwoPoint(0.1, 20.0), 0.2);
        }),
        named("u-two-90", |s| {
            sized(s, 10, 0.01, 900.0);
            (s.work, s.target_s) = (Work::TwoPoint(0.1, 20.0), 0.2);
        }),
        named("u-const-110", |s| {
            sized(s, 16, 0.005, 3520.0);
            s.work = Work::Constant;
        }),
        named("u-exp-105", |s| {
            sized(s, 8, 0.04, 210.0);
            (s.work, s.end_s) = (Work::Exponential, 900.0);
        }),
        named("u-par1.3-110", |s| {
            sized(s, 32, 0.015, 2347.0);
            (s.work, s.target_s) = (Work::Pareto(1.3), 0.3);
        }),
    ]
}

fn other_sizes() -> Vec<Scenario> {
    vec![
        named("u-k1-130", |s| {
            sized(s, 1, 0.01, 130.0);
            s.work = Work::Exponential;
        }),
        named("u-k2-150", |s| {
            sized(s, 2, 0.1, 30.0);
            (s.work, s.end_s) = (Work::Exponential, 600.0);
        }),
        named("u-k300-115", |s| {
            sized(s, 300, 0.05, 6900.0);
            s.end_s = 80.0;
        }),
        named("u-500ms-120", |s| {
            sized(s, 30, 0.5, 72.0);
            (s.end_s, s.from_s) = (900.0, 60.0);
        }),
        named("u-2s-70", |s| {
            sized(s, 1, 0.35, 2.0);
            (s.end_s, s.from_s) = (1800.0, 100.0);
        }),
    ]
}

fn other_loads() -> Vec<Scenario> {
    let stairs =
        |i: i32| (f64::from(i) * 10.0 + 20.0, Change::Rate(400.0 + 100.0 * f64::from(16 - (i - 16).abs())));
    // Nothing at all for 9 s, then as much as can be served and half as much again for one.
    let burst = |i: i32| (10.0 + 5.0 * f64::from(i), Change::Rate(if i % 2 == 0 { 1500.0 } else { 0.0 }));
    let short = |i: i32| {
        let start_s = 10.0 + 10.0 * f64::from(i);
        [(start_s, Change::Rate(1500.0)), (start_s + 1.0, Change::Rate(0.0))]
    };
    vec![
        named("u-morning", |s| {
            (s.rate, s.end_s) = (700.0, 330.0);
            s.changes = vec![(60.0, Change::Rate(0.5)), (240.0, Change::Rate(1500.0))];
        }),
        named("u-bursts-5s", |s| (s.end_s, s.changes) = (210.0, (0..40).map(burst).collect())),
        named("u-bursts-1s", |s| (s.end_s, s.changes) = (310.0, (0..30).flat_map(short).collect())),
        named("u-stairs", |s| (s.rate, s.end_s, s.changes) = (400.0, 360.0, (0..33).map(stairs).collect())),
        named("u-tenfold", |s| {
            (s.rate, s.changes) = (700.0, vec![(50.0, Change::Rate(10_000.0)), (70.0, Change::Rate(700.0))]);
        }),
    ]
}

fn other_faults() -> Vec<Scenario> {
    let flapping =
        |i: i32| (30.0 + 15.0 * f64::from(i), Change::Network(if i % 2 == 0 { 0.03 } else { 0.002 }));
    let warming = |i: i32| (f64::from(i), Change::Speed(0, 0.2 + 0.8 * f64::from(i) / 30.0));
    let long_pauses = |i: i32| {
        let start_s = 15.0 + 20.0 * f64::from(i);
        [(start_s, Change::Speed(0, 0.0)), (start_s + 0.5, Change::Speed(0, 1.0))]
    };
    vec![
        named("u-outage-5s", |s| {
            (s.rate, s.target_s) = (900.0, 0.4);
            s.changes = vec![(50.0, Change::Speed(0, 0.0)), (55.0, Change::Speed(0, 1.0))];
        }),
        named("u-cold", |s| {
            (s.rate, s.from_s, s.changes) = (900.0, 5.0, (0..=30).map(warming).collect());
        }),
        named("u-net-flap", |s| (s.end_s, s.changes) = (180.0, (0..10).map(flapping).collect())),
        named("u-net+200", |s| {
            (s.rate, s.target_s, s.from_s) = (1100.0, 0.7, 60.0);
            s.changes = vec![(60.0, Change::Network(0.202))];
        }),
        named("u-pause-500", |s| {
            (s.rate, s.target_s) = (900.0, 0.7);
            s.changes = (0..6).flat_map(long_pauses).collect();
        }),
    ]
}

fn combined() -> Vec<Scenario> {
    let behind = |i: i32| (30.0 + 20.0 * f64::from(i), Change::Speed(1, if i % 2 == 0 { 0.5 } else { 1.0 }));
    vec![
        named("u-slow-flash", |s| {
            (s.rate, s.end_s, s.target_s) = (700.0, 160.0, 0.5);
            s.changes = vec![
                (50.0, Change::Speed(0, 0.35)),
                (70.0, Change::Rate(1400.0)),
                (100.0, Change::Speed(0, 1.0)),
                (130.0, Change::Rate(700.0)),
            ];
        }),
        named("u-scale-out", |s| {
            (s.cores, s.rate, s.end_s) = (10, 3000.0, 140.0);
            s.changes = vec![
                (40.0, Change::Cores(0, 20)),
                (70.0, Change::Cores(0, 40)),
                (100.0, Change::Cores(0, 80)),
            ];
        }),
        named("u-dep-flap", |s| {
            (s.cores, s.service_s, s.downstream) = (40, 0.01, Some((12, 0.01)));
            (s.work, s.end_s) = (Work::Exponential, 200.0);
            s.changes = (0..8).map(behind).collect();
        }),
        named("u-usl-150", |s| {
            (s.rate, s.cores, s.service_s) = (1900.0, 1_000_000, 0.008);
            s.contention = Some(Contention { alpha: 0.04, beta: 0.001 });
        }),
        named("u-mix-surge", |s| {
            (s.rate, s.end_s, s.mix, s.mix_delay_s, s.target_s) = (900.0, 200.0, 0.05, 0.2, 0.5);
            s.changes =
                vec![(60.0, Change::Mix(0.4)), (100.0, Change::Rate(1300.0)), (140.0, Change::Mix(0.05))];
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_25_with_names_of_their_own_and_changes_in_order() {
        let all = unseen();
        assert_eq!(all.len(), 25);
        for (i, scenario) in all.iter().enumerate() {
            assert!(all[..i].iter().all(|other| other.name != scenario.name), "{}", scenario.name);
            assert!(scenario.changes.is_sorted_by_key(|change| change.0), "{}", scenario.name);
            assert!(scenario.name.starts_with("u-") && scenario.from_s < scenario.end_s);
        }
    }
}

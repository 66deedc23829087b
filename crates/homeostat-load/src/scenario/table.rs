//! The 31 scenarios. Names that begin with `h-` were held out while the limiter was designed.

use super::{Change, Scenario};
use crate::station::{Contention, Work};

/// All of them, in the order of the tables.
pub fn all() -> Vec<Scenario> {
    let mut scenarios = steady();
    scenarios.extend(changing());
    scenarios.extend(disturbed());
    scenarios.extend(held_out());
    scenarios
}

fn named(name: &str, set: impl FnOnce(&mut Scenario)) -> Scenario {
    let mut scenario = Scenario { name: name.into(), ..Scenario::base() };
    set(&mut scenario);
    scenario
}

fn steady() -> Vec<Scenario> {
    vec![
        named("steady60", |s| s.rate = 600.0),
        named("steady95", |s| s.rate = 950.0),
        named("steady103", |s| (s.rate, s.end_s) = (1030.0, 600.0)),
        named("steady120", |s| s.rate = 1200.0),
        named("par1.8-120", |s| s.work = Work::Pareto(1.8)),
        named("cv.3-120", |s| s.work = Work::Variation(0.3)),
    ]
}

fn changing() -> Vec<Scenario> {
    let slow_leak = |i: i32| {
        let speed = libm::pow(0.9, f64::from(i) / 6.0);
        (60.0 + f64::from(i) * 10.0, Change::Speed(0, speed))
    };
    vec![
        named("capdown", |s| {
            (s.rate, s.from_s, s.changes) = (900.0, 60.0, vec![(60.0, Change::Cores(0, 10))]);
        }),
        named("capup", |s| {
            (s.rate, s.from_s, s.changes) = (1900.0, 60.0, vec![(60.0, Change::Cores(0, 40))]);
        }),
        named("slowx2", |s| {
            (s.rate, s.from_s, s.target_s) = (900.0, 60.0, 0.4);
            s.changes = vec![(60.0, Change::Speed(0, 0.5))];
        }),
        named("leak", |s| {
            (s.rate, s.end_s, s.from_s, s.target_s) = (800.0, 540.0, 60.0, 0.4);
            s.changes = (1..=48).map(slow_leak).collect();
        }),
        named("flash", |s| {
            (s.rate, s.end_s, s.from_s) = (600.0, 130.0, 50.0);
            s.changes = vec![(60.0, Change::Rate(3000.0)), (90.0, Change::Rate(600.0))];
        }),
        named("mild1h", |s| (s.rate, s.end_s) = (1050.0, 3600.0)),
        named("mixrtt", |s| {
            (s.rate, s.end_s, s.mix, s.mix_delay_s, s.target_s) = (1100.0, 240.0, 0.1, 0.08, 0.3);
            s.changes = vec![(60.0, Change::Mix(0.5)), (120.0, Change::Mix(0.1)), (180.0, Change::Mix(0.5))];
        }),
        named("low5-50", |s| {
            (s.rate, s.cores, s.service_s, s.end_s, s.target_s) = (5.0, 2, 0.2, 1200.0, 2.5);
        }),
        named("low5-120", |s| {
            (s.rate, s.cores, s.service_s, s.end_s, s.target_s) = (6.0, 1, 0.2, 1200.0, 2.5);
        }),
        named("net+20", |s| (s.from_s, s.changes) = (60.0, vec![(60.0, Change::Network(0.022))])),
    ]
}

/// The first station stands still for 200 ms, every 5 s.
fn pauses(end_s: f64) -> Vec<(f64, Change)> {
    let starts = (0..).map(|i| 2.0 + 5.0 * f64::from(i)).take_while(|&start_s| start_s < end_s);
    starts.flat_map(|start| [(start, Change::Speed(0, 0.0)), (start + 0.2, Change::Speed(0, 1.0))]).collect()
}

/// So many cores that only contention limits what is worth running at once.
const UNBOUNDED: usize = 1_000_000;

fn contended(s: &mut Scenario, rate: f64, alpha: f64, beta: f64) {
    (s.rate, s.cores, s.service_s) = (rate, UNBOUNDED, 0.01);
    s.contention = Some(Contention { alpha, beta });
}

fn disturbed() -> Vec<Scenario> {
    vec![
        named("gc80", |s| (s.rate, s.target_s, s.changes) = (800.0, 0.4, pauses(120.0))),
        named("gc120", |s| (s.rate, s.target_s, s.changes) = (1200.0, 0.4, pauses(120.0))),
        named("usl120", |s| contended(s, 1880.0, 0.02, 0.0005)),
        named("usl80spike", |s| {
            contended(s, 1250.0, 0.02, 0.0005);
            s.changes = vec![(40.0, Change::Rate(3100.0)), (50.0, Change::Rate(1250.0))];
        }),
        named("dep120", |s| {
            (s.cores, s.service_s, s.downstream) = (40, 0.01, Some((10, 0.01)));
            s.changes = vec![(70.0, Change::Speed(1, 0.5))];
        }),
    ]
}

fn held_out() -> Vec<Scenario> {
    let on_off = |i: i32| (f64::from(i) * 3.0 + 1.0, Change::Rate(if i % 2 == 0 { 600.0 } else { 1800.0 }));
    let sine =
        |i: i32| (f64::from(i) * 5.0 + 1.0, Change::Rate(1000.0 + 500.0 * libm::sin(f64::from(i) * 0.39)));
    let flapping = |i: i32| (20.0 + 20.0 * f64::from(i), Change::Cores(0, if i % 2 == 0 { 8 } else { 24 }));
    vec![
        named("h-k4-120", |s| (s.cores, s.rate) = (4, 240.0)),
        named("h-k4-80", |s| (s.cores, s.rate) = (4, 160.0)),
        named("h-k100-120", |s| (s.cores, s.rate, s.end_s) = (100, 6000.0, 60.0)),
        named("h-1ms-24k", |s| {
            (s.service_s, s.network_s, s.rate, s.target_s, s.end_s) = (0.001, 0.0002, 24000.0, 0.02, 40.0);
        }),
        named("h-onoff", |s| s.changes = (0..40).map(on_off).collect()),
        named("h-sine", |s| (s.end_s, s.changes) = (320.0, (0..64).map(sine).collect())),
        named("h-par1.5-90", |s| (s.work, s.rate, s.target_s) = (Work::Pareto(1.5), 900.0, 0.4)),
        named("h-flapcap", |s| {
            (s.rate, s.end_s, s.changes) = (1100.0, 240.0, (0..11).map(flapping).collect());
        }),
        named("h-uslgc", |s| {
            contended(s, 1700.0, 0.03, 0.001);
            (s.target_s, s.changes) = (0.4, pauses(120.0));
        }),
        named("h-net-20", |s| {
            (s.network_s, s.from_s, s.changes) = (0.05, 60.0, vec![(60.0, Change::Network(0.002))]);
        }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_31_with_names_of_their_own_and_changes_in_order() {
        let all = all();
        assert_eq!(all.len(), 31);
        for (i, scenario) in all.iter().enumerate() {
            assert!(all[..i].iter().all(|other| other.name != scenario.name), "{}", scenario.name);
            assert!(scenario.changes.is_sorted_by_key(|change| change.0), "{}", scenario.name);
            assert!(scenario.from_s < scenario.end_s);
        }
        assert_eq!(all.iter().filter(|scenario| scenario.name.starts_with("h-")).count(), 10);
    }
}

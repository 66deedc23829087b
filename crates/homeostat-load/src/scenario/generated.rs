//! Scenarios from a seed, so that a limiter can be checked on ones that nobody looked at while it was written.

use super::{Change, Scenario};
use crate::rng::Rng;
use crate::station::{Contention, Work};

/// Requests that one scenario offers, about.
const REQUESTS: f64 = 100_000.0;
/// Services that could do more per second work slower instead: a run stays short.
const PEAK_MAX: f64 = 5_000.0;

/// The scenario of this seed. Neighbouring seeds are unrelated.
pub fn generated(seed: u64) -> Scenario {
    let rng = &mut Rng::new(seed ^ 0x10AD_5EED_0000_0000);
    let service_s = rng.log_between(0.001, 0.3);
    let work = match rng.next_u64() % 5 {
        0 => Work::LogNormal(rng.between(0.3, 1.4)),
        1 => Work::Pareto(rng.between(1.5, 3.0)),
        2 => Work::Exponential,
        3 => Work::Variation(rng.between(0.05, 0.6)),
        _ => Work::LogNormal(1.0),
    };
    let mut scenario = Scenario { service_s, work, ..Scenario::base() };
    let peak = slowed(&mut scenario, rng);
    let service_s = scenario.service_s;
    let network_s = service_s * rng.log_between(0.02, 1.0);
    scenario.network_s = network_s;
    scenario.rate = peak * rng.between(0.5, 1.6);
    if rng.next_u64().is_multiple_of(6) {
        (scenario.mix, scenario.mix_delay_s) = (rng.between(0.05, 0.5), service_s * rng.between(1.0, 5.0));
    }
    let seconds = (REQUESTS / scenario.rate).max(60.0);
    (scenario.from_s, scenario.end_s) = (seconds / 6.0, seconds);
    let kind = disturb(&mut scenario, peak, rng);
    scenario.name = format!("g{seed}-{kind}");
    let delays_s = network_s + scenario.mix_delay_s;
    let downstream_s = scenario.downstream.map_or(0.0, |(_, service_s)| service_s);
    scenario.target_s = rng.between(10.0, 18.0) * (service_s + downstream_s) + 2.0 * delays_s;
    scenario
}

/// Decides what limits throughput, below `PEAK_MAX`.
fn slowed(scenario: &mut Scenario, rng: &mut Rng) -> f64 {
    let peak = capacity(scenario, rng);
    let slower = (peak / PEAK_MAX).max(1.0);
    scenario.service_s *= slower;
    if let Some((_, downstream_s)) = &mut scenario.downstream {
        *downstream_s *= slower;
    }
    peak / slower
}

/// Decides what limits throughput; the most requests per second that it can serve.
fn capacity(scenario: &mut Scenario, rng: &mut Rng) -> f64 {
    let service_s = scenario.service_s;
    match rng.next_u64() % 5 {
        0 => {
            let (alpha, beta) = (rng.between(0.005, 0.04), rng.log_between(0.0002, 0.002));
            (scenario.cores, scenario.contention) = (1_000_000, Some(Contention { alpha, beta }));
            let n = ((1.0 - alpha) / beta).sqrt();
            n / service_s / (1.0 + alpha * (n - 1.0) + beta * n * (n - 1.0))
        }
        1 => {
            let behind = rng.log_between(2.0, 60.0) as usize;
            scenario.downstream = Some((behind, service_s * rng.log_between(0.5, 2.0)));
            let behind_rate = behind as f64 / scenario.downstream.map_or(service_s, |(_, s)| s);
            scenario.cores = (1.5 * behind_rate * service_s).ceil() as usize;
            behind_rate
        }
        _ => {
            scenario.cores = rng.log_between(1.0, 150.0) as usize;
            scenario.cores as f64 / service_s
        }
    }
}

/// Adds what changes on the way, and names it.
fn disturb(scenario: &mut Scenario, peak: f64, rng: &mut Rng) -> &'static str {
    let (from_s, end_s) = (scenario.from_s, scenario.end_s);
    let at = |share: f64| from_s + share * (end_s - from_s);
    let changes = &mut scenario.changes;
    match rng.next_u64() % 8 {
        0 | 1 => "steady",
        2 => {
            changes.push((at(0.3), Change::Speed(0, rng.between(0.5, 0.9))));
            changes.push((at(0.7), Change::Speed(0, 1.0)));
            "slow"
        }
        3 => {
            changes.push((at(0.3), Change::Rate(peak * rng.between(1.5, 3.0))));
            changes.push((at(0.6), Change::Rate(peak * rng.between(0.4, 0.9))));
            "flash"
        }
        4 => {
            let factor = rng.log_between(0.1, 10.0);
            changes.push((at(0.3), Change::Network(scenario.network_s * factor)));
            "network"
        }
        5 => {
            let (every_s, pause_s) = (rng.between(2.0, 8.0), rng.between(0.05, 0.3));
            let mut start_s = rng.between(0.0, every_s);
            while start_s < end_s {
                changes.push((start_s, Change::Speed(0, 0.0)));
                changes.push((start_s + pause_s, Change::Speed(0, 1.0)));
                start_s += every_s;
            }
            "pauses"
        }
        6 => {
            let period_s = rng.between(4.0, 40.0);
            let (low, high) = (peak * rng.between(0.4, 0.9), peak * rng.between(1.1, 2.0));
            let steps = (end_s / period_s) as usize;
            changes.extend((0..steps).map(|i| {
                let rate = if i % 2 == 0 { low } else { high };
                (0.5 + period_s * i as f64, Change::Rate(rate))
            }));
            "waves"
        }
        _ => {
            let factor = rng.log_between(0.4, 2.5);
            let cores = ((scenario.cores as f64 * factor).ceil() as usize).max(1);
            changes.push((at(0.3), Change::Cores(0, cores)));
            "cores"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_one_scenario_and_all_are_usable() {
        for seed in 0..500 {
            let scenario = generated(seed);
            assert_eq!(scenario, generated(seed));
            let name = &scenario.name;
            assert!(scenario.changes.is_sorted_by_key(|change| change.0), "{name}");
            assert!(
                scenario.rate > 1.0 && scenario.rate * scenario.end_s < 2_000_000.0,
                "{name}: {scenario:?}"
            );
            assert!(scenario.cores >= 1 && scenario.target_s > 5.0 * scenario.service_s, "{name}");
        }
    }
}

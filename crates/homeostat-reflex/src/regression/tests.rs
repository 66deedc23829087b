use super::*;
use homeostat_core::rng::Rng;

/// Log-normal latencies with sigma 1 and a median of 16 ms.
struct Source(Rng);

impl Source {
    fn unit(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    fn next_us(&mut self) -> f64 {
        let (a, b) = (self.unit(), self.unit());
        16_000.0 * libm::exp(libm::sqrt(-2.0 * libm::log(a)) * libm::cos(core::f64::consts::TAU * b))
    }
}

const RATE: u64 = 200;

/// Feeds `seconds` of latencies times `factor`; gives the first alarm.
fn feed(
    detector: &mut RegressionDetector,
    source: &mut Source,
    now_us: &mut u64,
    seconds: u64,
    factor: f64,
) -> Option<(u64, Regression)> {
    for _ in 0..seconds * RATE {
        *now_us += 1_000_000 / RATE;
        if let Some(found) = detector.record(*now_us, factor * source.next_us()) {
            return Some((*now_us, found));
        }
    }
    None
}

#[test]
fn sees_a_doubling_and_says_what_it_saw() {
    for seed in 0..5 {
        let (mut detector, mut source, mut now_us) = (RegressionDetector::new(), Source(Rng::new(seed)), 0);
        assert_eq!(feed(&mut detector, &mut source, &mut now_us, 300, 1.0), None);
        assert!(detector.armed());
        let changed_us = now_us;
        let (at_us, found) = feed(&mut detector, &mut source, &mut now_us, 10, 2.0).unwrap();
        assert!(at_us - changed_us < 5_000_000, "{} us", at_us - changed_us);
        assert!((found.median_before_us / 16_000.0 - 1.0).abs() < 0.15, "{found:?}");
        assert!(found.median_now_us > 1.2 * found.median_before_us, "{found:?}");
        assert!(found.evidence >= 1.0 && found.since_us >= changed_us - 1_000_000);
        assert!(!detector.armed(), "it learns what is normal now");
        assert_eq!(feed(&mut detector, &mut source, &mut now_us, 300, 2.0), None);
        assert!(detector.armed());
    }
}

#[test]
fn a_tolerated_shift_and_an_improvement_are_no_regression() {
    for factor in [1.2, 0.5] {
        let (mut detector, mut source, mut now_us) = (RegressionDetector::new(), Source(Rng::new(7)), 0);
        feed(&mut detector, &mut source, &mut now_us, 300, 1.0);
        assert_eq!(feed(&mut detector, &mut source, &mut now_us, 300, factor), None);
    }
}

#[test]
fn an_idle_night_and_a_clock_that_stands_still_are_no_regression() {
    let (mut detector, mut source, mut now_us) = (RegressionDetector::new(), Source(Rng::new(9)), 0);
    feed(&mut detector, &mut source, &mut now_us, 300, 1.0);
    now_us += 8 * 3_600_000_000;
    assert_eq!(feed(&mut detector, &mut source, &mut now_us, 300, 1.0), None);
    for _ in 0..100_000 {
        assert_eq!(detector.record(now_us, source.next_us()), None);
    }
}

#[test]
fn what_is_no_latency_is_ignored_and_counted() {
    let mut detector = RegressionDetector::new();
    for latency_us in [f64::NAN, -1.0, f64::NEG_INFINITY] {
        assert_eq!(detector.record(0, latency_us), None);
    }
    assert_eq!(detector.ignored(), 3);
    // The same latency for ever, zero and infinity: nothing to divide by, nothing to learn from.
    for (now_us, latency_us) in [0.0, 5.0, f64::INFINITY].into_iter().cycle().take(100_000).enumerate() {
        assert_eq!(detector.record(now_us as u64 * 10_000, latency_us), None);
    }
    assert!(detector.evidence().is_finite() && detector.median_us().is_finite());
    let mut same = RegressionDetector::new();
    for now_us in 0..100_000u64 {
        assert_eq!(same.record(now_us * 10_000, 1000.0), None);
    }
    let slower = (100_000..101_000u64).find_map(|now_us| same.record(now_us * 10_000, 1500.0));
    assert!(slower.is_some());
}

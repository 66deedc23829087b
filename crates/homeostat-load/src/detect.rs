//! The latency-regression detector over simulated days of the streams.

use homeostat_reflex::regression::RegressionDetector;

use crate::stream::{Regression, STREAMS, Shape, Stream};

/// Independent trials of a regression.
pub const TRIALS: u64 = 300;

/// What one stream showed without any regression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FalseAlarms {
    /// Alarms.
    pub alarms: u32,
    /// Simulated days.
    pub days: f64,
}

/// What one stream showed of a regression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Delay {
    /// Median delay, seconds; infinity where it was not found.
    pub median_s: f64,
    /// 95th percentile.
    pub p95_s: f64,
    /// Alarms before there was a regression.
    pub early: u32,
}

/// The stream's shape by name.
pub fn shape(name: &str) -> Option<Shape> {
    STREAMS.iter().find(|stream| stream.0 == name).map(|stream| stream.1)
}

fn record(detector: &mut RegressionDetector, at_s: f64, log2_ms: f64) -> bool {
    detector.record((at_s * 1e6) as u64, 1000.0 * libm::exp2(log2_ms)).is_some()
}

/// Alarms in so many days without a regression.
pub fn false_alarms(shape: Shape, rate: f64, days: f64, seed: u64) -> FalseAlarms {
    let (mut stream, mut detector) = (Stream::new(shape, rate, seed), RegressionDetector::new());
    let samples = (days * 86_400.0 * rate) as u64;
    let alarms = (0..samples).filter(|_| {
        let (at_s, log2_ms) = stream.next_log2_ms();
        record(&mut detector, at_s, log2_ms)
    });
    FalseAlarms { alarms: alarms.count() as u32, days }
}

/// Delays until a regression is seen, over `trials`. It comes after two minutes (15 where samples are few), at any point of a period.
pub fn delay(shape: Shape, rate: f64, regression: Regression, trials: u64) -> Delay {
    let quick = rate > 100.0;
    let (warm_up_s, give_up_s) = if quick { (120.0, 30.0) } else { (900.0, 600.0) };
    let mut early = 0;
    let mut delays_s: Vec<f64> = (0..trials)
        .map(|trial| {
            let (mut stream, mut detector) =
                (Stream::new(shape, rate, 1000 + trial), RegressionDetector::new());
            let warm_up = (warm_up_s * rate) as u64 + (trial * 37) % (10.0 * rate) as u64;
            for _ in 0..warm_up {
                let (at_s, log2_ms) = stream.next_log2_ms();
                early += u32::from(record(&mut detector, at_s, log2_ms));
            }
            let found = (1..=(give_up_s * rate) as u64).find(|_| {
                let (at_s, log2_ms) = stream.next_log2_ms();
                record(&mut detector, at_s, regression.apply(log2_ms))
            });
            found.map_or(f64::INFINITY, |samples| samples as f64 / rate)
        })
        .collect();
    delays_s.sort_by(f64::total_cmp);
    let at = |share: f64| delays_s.get((delays_s.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN);
    Delay { median_s: at(0.5), p95_s: at(0.95), early }
}

/// What the detector is held to on a stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// The stream's name.
    pub stream: &'static str,
    /// Most alarms in eight days at 1000/s without a regression.
    pub alarms_in_8_days: u32,
    /// Largest median delay of a doubling at 1000/s, seconds.
    pub median_s: f64,
    /// Largest 95th percentile of it.
    pub p95_s: f64,
    /// The same at 5/s.
    pub slow_p95_s: f64,
}

const fn target(
    stream: &'static str,
    alarms_in_8_days: u32,
    median_s: f64,
    p95_s: f64,
    slow_p95_s: f64,
) -> Target {
    Target { stream, alarms_in_8_days, median_s, p95_s, slow_p95_s }
}

/// Where nothing is asked for.
const ANY: f64 = f64::INFINITY;

/// The targets.
pub const TARGETS: [Target; 5] = [
    target("log-normal", 0, 1.5, 1.5, 60.0),
    target("pareto-1.5", 0, 1.5, 1.5, 20.0),
    target("pareto-2.5", 0, 1.5, 1.5, 20.0),
    target("bimodal", 0, 1.5, 1.5, 20.0),
    target("autocorrelated", 8, 6.0, ANY, ANY),
];

//! The latency-regression detector over simulated days of the streams: false alarms without a regression, and how soon one is seen.

use std::fmt::Write;

use homeostat_reflex::regression::RegressionDetector;

use crate::stream::{Regression, STREAMS, Shape, Stream};

/// Independent trials of a regression.
pub const TRIALS: u64 = 300;
/// Samples per second where they are many, and where they are few.
pub const FAST: f64 = 1000.0;
/// See `FAST`.
pub const SLOW: f64 = 5.0;
/// At `SLOW`, a day is so many days: it has few samples.
pub const SLOW_DAYS: f64 = 12.5;

/// Delays of one regression on one stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Delay {
    /// Median delay, seconds; infinity where it was not found.
    pub median_s: f64,
    /// 95th percentile.
    pub p95_s: f64,
    /// Alarms before there was a regression.
    pub early: u32,
}

/// What one stream showed at one rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// The stream's name.
    pub stream: &'static str,
    /// Samples per second.
    pub rate: f64,
    /// Simulated days without a regression.
    pub days: f64,
    /// Alarms in them.
    pub alarms: u32,
    /// Everything takes twice as long.
    pub doubled: Delay,
    /// The slowest tenth takes twice as long.
    pub slowest_doubled: Delay,
    /// The slowest tenth takes four times as long.
    pub slowest_fourfold: Delay,
}

/// The stream's shape by name.
pub fn shape(name: &str) -> Option<Shape> {
    STREAMS.iter().find(|stream| stream.0 == name).map(|stream| stream.1)
}

fn record(detector: &mut RegressionDetector, at_s: f64, log2_ms: f64) -> bool {
    detector.record((at_s * 1e6) as u64, 1000.0 * libm::exp2(log2_ms)).is_some()
}

/// Alarms in so many days without a regression.
pub fn false_alarms(shape: Shape, rate: f64, days: f64, seed: u64) -> u32 {
    let (mut stream, mut detector) = (Stream::new(shape, rate, seed), RegressionDetector::new());
    let samples = (days * 86_400.0 * rate) as u64;
    let alarms = (0..samples).filter(|_| {
        let (at_s, log2_ms) = stream.next_log2_ms();
        record(&mut detector, at_s, log2_ms)
    });
    alarms.count() as u32
}

/// Delays until each of the regressions is seen, over `trials`. They come after two minutes (15 where samples are few), at any point
/// of a period, and each to a detector that went through the same warm-up.
pub fn delays<const N: usize>(
    shape: Shape,
    rate: f64,
    regressions: [Regression; N],
    trials: u64,
    seed: u64,
) -> [Delay; N] {
    let quick = rate > 100.0;
    let (warm_up_s, give_up_s) = if quick { (120.0, 30.0) } else { (900.0, 600.0) };
    let mut early = 0;
    let mut delays_s = [(); N].map(|()| Vec::with_capacity(trials as usize));
    for trial in 0..trials {
        let mut stream = Stream::new(shape, rate, seed * 1_000_000 + 1000 + trial);
        let mut detector = RegressionDetector::new();
        let warm_up = (warm_up_s * rate) as u64 + (trial * 37) % (10.0 * rate) as u64;
        for _ in 0..warm_up {
            let (at_s, log2_ms) = stream.next_log2_ms();
            early += u32::from(record(&mut detector, at_s, log2_ms));
        }
        for (regression, delays_s) in regressions.iter().zip(&mut delays_s) {
            let (mut stream, mut detector) = (stream.clone(), detector.clone());
            let found = (1..=(give_up_s * rate) as u64).find(|_| {
                let (at_s, log2_ms) = stream.next_log2_ms();
                record(&mut detector, at_s, regression.apply(shape, log2_ms))
            });
            delays_s.push(found.map_or(f64::INFINITY, |samples| samples as f64 / rate));
        }
    }
    delays_s.map(|mut delays_s| {
        delays_s.sort_by(f64::total_cmp);
        let at =
            |share: f64| delays_s.get((delays_s.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN);
        Delay { median_s: at(0.5), p95_s: at(0.95), early }
    })
}

/// Everything about one stream at one rate. `None` if there is no such stream.
pub fn row(name: &str, rate: f64, days: f64, trials: u64, seed: u64) -> Option<Row> {
    let &(stream, shape) = STREAMS.iter().find(|stream| stream.0 == name)?;
    let regressions = [Regression::All(2.0), Regression::Slowest(2.0), Regression::Slowest(4.0)];
    let [doubled, slowest_doubled, slowest_fourfold] = delays(shape, rate, regressions, trials, seed);
    let alarms = false_alarms(shape, rate, days, seed);
    Some(Row { stream, rate, days, alarms, doubled, slowest_doubled, slowest_fourfold })
}

/// What the detector is held to on a stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// The stream's name.
    pub stream: &'static str,
    /// Most alarms a day without a regression, at both rates.
    pub alarms_per_day: f64,
    /// Largest median delay of a doubling at 1000/s, seconds.
    pub median_s: f64,
    /// Largest 95th percentile of it.
    pub p95_s: f64,
    /// The same at 5/s.
    pub slow_p95_s: f64,
}

const fn target(
    stream: &'static str,
    alarms_per_day: f64,
    median_s: f64,
    p95_s: f64,
    slow_p95_s: f64,
) -> Target {
    Target { stream, alarms_per_day, median_s, p95_s, slow_p95_s }
}

/// Where nothing is asked for.
const ANY: f64 = f64::INFINITY;

/// The targets. For the last three nothing was asked for: they are held to what the others are.
pub const TARGETS: [Target; 8] = [
    target("log-normal", 0.0, 1.5, 1.5, 60.0),
    target("pareto-1.5", 0.0, 1.5, 1.5, 20.0),
    target("pareto-2.5", 0.0, 1.5, 1.5, 20.0),
    target("bimodal", 0.0, 1.5, 1.5, 20.0),
    target("autocorrelated", 1.0, 6.0, ANY, ANY),
    target("narrow", 0.0, 1.5, 1.5, 20.0),
    target("stalls", 0.0, 1.5, 1.5, 60.0),
    target("diurnal", 0.0, 1.5, 1.5, 60.0),
];

impl Row {
    /// Whether the stream's target is met.
    pub fn met(&self) -> bool {
        let Some(target) = TARGETS.iter().find(|target| target.stream == self.stream) else { return false };
        let (median_s, p95_s) =
            if self.rate > 100.0 { (target.median_s, target.p95_s) } else { (ANY, target.slow_p95_s) };
        let delays = self.doubled.median_s <= median_s && self.doubled.p95_s <= p95_s;
        // Early alarms are false alarms of the trials' warm-ups: nobody alarms where none may.
        let early = target.alarms_per_day > 0.0 || self.doubled.early == 0;
        delays && early && f64::from(self.alarms) <= target.alarms_per_day * self.days
    }
}

/// The rows as text.
pub fn table(rows: &[Row]) -> String {
    let mut out = format!(
        "{:15} {:>5} {:>5} {:>6} {:>6} {:>15} {:>15} {:>15}\n",
        "stream", "/s", "days", "alarms", "early", "x2 median/p95", "slowest 10% x2", "slowest 10% x4"
    );
    for row in rows {
        let delay = |delay: &Delay| {
            let digits = if row.rate > 100.0 { 2 } else { 0 };
            format!("{:.digits$}/{:.digits$} s", delay.median_s, delay.p95_s)
        };
        let _ = writeln!(
            out,
            "{:15} {:>5} {:>5} {:>6} {:>6} {:>15} {:>15} {:>15}  {}",
            row.stream,
            row.rate,
            row.days,
            row.alarms,
            row.doubled.early,
            delay(&row.doubled),
            delay(&row.slowest_doubled),
            delay(&row.slowest_fourfold),
            if row.met() { "met" } else { "MISSED" }
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_miss_is_a_miss() {
        let delay = |s: f64| Delay { median_s: s, p95_s: s, early: 0 };
        let row = |stream, rate, alarms, s| Row {
            stream,
            rate,
            days: 8.0,
            alarms,
            doubled: delay(s),
            slowest_doubled: delay(s),
            slowest_fourfold: delay(s),
        };
        assert!(row("log-normal", FAST, 0, 1.5).met() && row("log-normal", SLOW, 0, 60.0).met());
        assert!(!row("log-normal", FAST, 1, 1.5).met() && !row("log-normal", FAST, 0, 1.51).met());
        assert!(!row("pareto-1.5", SLOW, 0, 21.0).met() && !row("bimodal", FAST, 0, f64::NAN).met());
        assert!(row("autocorrelated", FAST, 8, 6.0).met() && !row("autocorrelated", FAST, 9, 6.0).met());
        assert!(!row("nobody", FAST, 0, 1.0).met());
        assert!(table(&[row("log-normal", FAST, 1, 1.0)]).contains("MISSED"));
        assert!(STREAMS.iter().all(|stream| TARGETS.iter().any(|target| target.stream == stream.0)));
    }
}

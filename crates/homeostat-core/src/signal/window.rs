use super::{Histogram, Signal, SignalKind};
use alloc::vec::Vec;

/// Numbers that a window reports per signal: count, sum, mean, min, max, p50, p90, p99.
pub const METRIC_STRIDE: usize = 8;

/// One report of the application.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Index of its signal.
    pub signal: usize,
    /// What was reported.
    pub value: f64,
    /// Whether the configuration changed between the request's start and its report: such a sample counts for health, not
    /// for learning.
    pub spans_change: bool,
}

/// What one window's samples add up to.
#[derive(Clone, Debug, Default)]
struct Fold {
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
    histogram: Option<Histogram>,
}

impl Fold {
    fn new(kind: SignalKind) -> Self {
        Self { histogram: (kind == SignalKind::Duration).then(Histogram::default), ..Self::default() }
    }

    fn add(&mut self, value: f64) {
        (self.min, self.max) =
            if self.count == 0 { (value, value) } else { (self.min.min(value), self.max.max(value)) };
        self.count += 1;
        self.sum += value;
        if let Some(h) = &mut self.histogram {
            h.record(value);
        }
    }

    fn clear(&mut self) {
        (self.count, self.sum, self.min, self.max) = (0, 0.0, 0.0, 0.0);
        if let Some(h) = &mut self.histogram {
            h.clear();
        }
    }

    fn metrics(&self) -> [f64; METRIC_STRIDE] {
        if self.count == 0 {
            let nan = f64::NAN;
            return [0.0, 0.0, nan, nan, nan, nan, nan, nan];
        }
        let q = |q: f64| self.histogram.as_ref().and_then(|h| h.quantile(q)).unwrap_or(f64::NAN);
        let mean = self.sum / self.count as f64;
        [self.count as f64, self.sum, mean, self.min, self.max, q(0.5), q(0.9), q(0.99)]
    }
}

/// The samples of the window that is open now.
///
/// Twice the same folds: over the samples that count for learning, and over all of them (for health).
#[derive(Clone, Debug)]
pub struct Window {
    signals: Vec<Signal>,
    learning: Vec<Fold>,
    health: Vec<Fold>,
    /// Samples refused: not finite, or of a signal that does not exist.
    refused: u64,
}

impl Window {
    /// An empty window for these signals.
    pub fn new(signals: Vec<Signal>) -> Self {
        let folds: Vec<Fold> = signals.iter().map(|s| Fold::new(s.kind)).collect();
        Self { signals, learning: folds.clone(), health: folds, refused: 0 }
    }

    /// The signals in order.
    pub fn signals(&self) -> &[Signal] {
        &self.signals
    }

    /// Folds one sample. O(1), allocates nothing. A negative duration counts as 0, a ratio is clamped to [0, 1].
    pub fn add(&mut self, sample: Sample) {
        let Some(signal) = self.signals.get(sample.signal) else {
            self.refused += 1;
            return;
        };
        if !sample.value.is_finite() {
            self.refused += 1;
            return;
        }
        let value = match signal.kind {
            SignalKind::Duration => sample.value.max(0.0),
            SignalKind::Ratio => sample.value.clamp(0.0, 1.0),
            SignalKind::Count | SignalKind::Gauge => sample.value,
        };
        self.health[sample.signal].add(value);
        if !sample.spans_change {
            self.learning[sample.signal].add(value);
        }
    }

    /// Samples that count for learning, of all signals.
    pub fn samples(&self) -> u64 {
        self.learning.iter().map(|f| f.count).sum()
    }

    /// Samples refused since the window was made.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Writes the metrics of every signal, for learning and then for health, as far as `out` reaches.
    pub fn write_metrics(&self, out: &mut [f64]) {
        let folds = self.learning.iter().chain(&self.health);
        for (chunk, fold) in out.chunks_exact_mut(METRIC_STRIDE).zip(folds) {
            chunk.copy_from_slice(&fold.metrics());
        }
    }

    /// 99th percentile of the first duration signal, over all samples, in microseconds.
    pub fn latency_p99_us(&self) -> Option<f64> {
        self.health.iter().find_map(|f| f.histogram.as_ref())?.quantile(0.99).map(|ms| ms * 1000.0)
    }

    /// Sum and count of the guard ratios, over all samples.
    pub fn guard_counts(&self) -> (f64, f64) {
        let guards = self.signals.iter().zip(&self.health).filter(|(s, _)| s.guard);
        guards.fold((0.0, 0.0), |(bad, all), (_, f)| (bad + f.sum, all + f.count as f64))
    }

    /// Samples of the busiest signal: the best guess at the number of requests.
    pub fn requests(&self) -> u64 {
        self.health.iter().map(|f| f.count).max().unwrap_or(0)
    }

    /// Opens the next window.
    pub fn clear(&mut self) {
        self.learning.iter_mut().chain(&mut self.health).for_each(Fold::clear);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::validate;

    fn signal(name: &str, kind: SignalKind) -> Signal {
        Signal { name: name.into(), kind, guard: false }
    }

    #[test]
    fn spanning_samples_count_for_health_only() {
        let mut w =
            Window::new(vec![signal("latency", SignalKind::Duration), signal("miss", SignalKind::Ratio)]);
        for (signal, value, spans_change) in [
            (0, 10.0, false),
            (0, 1000.0, true),
            (1, 1.0, false),
            (1, 0.0, false),
            (1, f64::NAN, false),
            (9, 1.0, false),
        ] {
            w.add(Sample { signal, value, spans_change });
        }
        let mut out = [0.0; 4 * METRIC_STRIDE];
        w.write_metrics(&mut out);
        assert_eq!((out[0], out[4], out[8], out[10]), (1.0, 10.0, 2.0, 0.5), "learning");
        assert_eq!((out[16], out[20]), (2.0, 1000.0), "health");
        assert_eq!((w.samples(), w.requests(), w.refused()), (3, 2, 2));
        assert!(w.latency_p99_us().unwrap() > 9e5);
        w.clear();
        w.write_metrics(&mut out);
        assert!(out[0] == 0.0 && out[2].is_nan() && w.latency_p99_us().is_none());
    }

    #[test]
    fn definitions_are_checked() {
        let twice = [signal("a", SignalKind::Ratio), signal("a", SignalKind::Count)];
        assert!(validate(&twice).unwrap_err().message.contains("used twice"));
        assert!(validate(&[signal("", SignalKind::Ratio)]).is_err());
        let guard = Signal { guard: true, ..signal("g", SignalKind::Gauge) };
        assert!(validate(&[guard]).unwrap_err().message.contains("only a ratio"));
    }
}

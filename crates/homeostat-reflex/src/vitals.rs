//! How a component does: errors within a sliding window, latencies, queue depth.

use crate::breaker::{Tally, TimeWindow};

const BUCKETS: usize = 112;

/// Latencies in buckets of a quarter octave, 1 us to 268 s: a quantile is off by at most an eighth. Two halves that take turns, so
/// that it covers one to two windows. Bound: 450 bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Latencies {
    halves: [[u16; BUCKETS]; 2],
    newer: usize,
    since_us: u64,
}

impl Default for Latencies {
    fn default() -> Self {
        Self { halves: [[0; BUCKETS]; 2], newer: 0, since_us: 0 }
    }
}

impl Latencies {
    /// Counts a latency.
    #[inline]
    pub fn record(&mut self, now_us: u64, window_us: u64, latency_us: u64) {
        self.advance(now_us, window_us);
        let half = &mut self.halves[self.newer];
        let count = &mut half[bucket(latency_us)];
        *count += 1;
        if *count == u16::MAX {
            half.iter_mut().for_each(|count| *count /= 2);
        }
    }

    #[inline]
    fn advance(&mut self, now_us: u64, window_us: u64) {
        let age_us = now_us.saturating_sub(self.since_us);
        if age_us >= window_us {
            if age_us >= window_us.saturating_mul(2) {
                self.halves[self.newer] = [0; BUCKETS];
            }
            self.newer = 1 - self.newer;
            self.halves[self.newer] = [0; BUCKETS];
            self.since_us = now_us;
        }
    }

    /// The quantile `q` of the last window or two, in microseconds; 0 where there was nothing.
    pub fn quantile_us(&mut self, now_us: u64, window_us: u64, q: f64) -> f64 {
        self.advance(now_us, window_us);
        let count = |bucket: usize| u32::from(self.halves[0][bucket]) + u32::from(self.halves[1][bucket]);
        let total: u32 = (0..BUCKETS).map(count).sum();
        if total == 0 {
            return 0.0;
        }
        let wanted = libm::ceil(q * f64::from(total));
        let mut below = 0;
        for bucket in 0..BUCKETS {
            below += count(bucket);
            if f64::from(below) >= wanted {
                return middle_us(bucket);
            }
        }
        middle_us(BUCKETS - 1)
    }
}

fn bucket(latency_us: u64) -> usize {
    let us = latency_us.max(1);
    let octave = us.ilog2();
    let quarter = if octave >= 2 { us >> (octave - 2) } else { us << (2 - octave) } & 3;
    ((octave * 4) as usize + quarter as usize).min(BUCKETS - 1)
}

fn middle_us(bucket: usize) -> f64 {
    let quarter = (1u64 << (bucket / 4)) as f64 / 4.0;
    quarter * (4.0 + (bucket % 4) as f64 + 0.5)
}

/// How one component does.
///
/// Bound: 800 bytes.
#[derive(Clone, Debug)]
pub struct Vitals {
    errors: TimeWindow,
    window_us: u64,
    latencies: Latencies,
    /// What waits for it.
    pub queue_depth: f64,
    /// The latest resource that was used up: when, which, how far.
    pub spike: Option<(u64, u32, f64)>,
    /// The first error of the present spell of errors.
    pub onset_us: Option<u64>,
    /// The class of the latest error.
    pub error: u16,
    /// Calls so far.
    pub calls: u64,
    /// Errors so far.
    pub failed: u64,
    /// State of its breaker in another process, as a number; 255 where none was told.
    pub remote_breaker: u8,
}

impl Vitals {
    /// Of a component that nothing is known about.
    pub fn new(window_us: u64) -> Self {
        Self {
            errors: TimeWindow::new(window_us),
            window_us,
            latencies: Latencies::default(),
            queue_depth: 0.0,
            spike: None,
            onset_us: None,
            error: 0,
            calls: 0,
            failed: 0,
            remote_breaker: u8::MAX,
        }
    }

    /// A call of the component ended, at `at_us` by the clock of whoever tells it.
    #[inline]
    pub fn record(&mut self, now_us: u64, at_us: u64, ok: bool, latency_us: Option<u64>, error: u16) {
        self.errors.advance(now_us);
        if !ok {
            if self.errors.tally().failures == 0 {
                self.onset_us = Some(at_us);
            }
            self.error = error;
            self.failed += 1;
        }
        self.calls += 1;
        self.errors.push(!ok, false);
        if let Some(latency_us) = latency_us {
            self.latencies.record(now_us, self.window_us, latency_us);
        }
    }

    /// Calls and errors within the window.
    #[inline]
    pub fn tally(&mut self, now_us: u64) -> Tally {
        self.errors.advance(now_us);
        self.errors.tally()
    }

    /// The 99th percentile of its latency, in microseconds; 0 where nothing was timed.
    pub fn p99_us(&mut self, now_us: u64) -> f64 {
        self.latencies.quantile_us(now_us, self.window_us, 0.99)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_quantile_is_off_by_at_most_an_eighth(mut all in prop::collection::vec(1u64..200_000_000, 1..300), q in 0.01f64..1.0) {
            let mut latencies = Latencies::default();
            all.iter().for_each(|us| latencies.record(0, 1_000_000, *us));
            all.sort();
            let exact = all[((q * all.len() as f64).ceil() as usize).clamp(1, all.len()) - 1] as f64;
            let got = latencies.quantile_us(0, 1_000_000, q);
            prop_assert!((got / exact - 1.0).abs() <= 0.126, "{got} for {exact}");
        }
    }

    #[test]
    fn old_latencies_are_forgotten_and_any_count_fits() {
        let mut latencies = Latencies::default();
        (0..200_000).for_each(|_| latencies.record(0, 100, 1_000));
        latencies.record(150, 100, 10);
        assert!(latencies.quantile_us(150, 100, 0.99) > 900.0);
        assert!(latencies.quantile_us(260, 100, 0.99) < 12.0);
        assert_eq!(latencies.quantile_us(10_000, 100, 0.99), 0.0);
        latencies.record(10_000, 100, u64::MAX);
        assert!(latencies.quantile_us(10_000, 100, 0.99) > 1e8);
    }

    #[test]
    fn a_spell_of_errors_starts_with_its_first() {
        let mut vitals = Vitals::new(1_000);
        for (now, ok) in [(10, true), (20, false), (30, false), (5_000, true), (5_010, false)] {
            vitals.record(now, now, ok, None, 3);
        }
        assert_eq!(vitals.onset_us, Some(5_010));
        assert_eq!((vitals.calls, vitals.failed, vitals.error), (5, 3, 3));
    }
}

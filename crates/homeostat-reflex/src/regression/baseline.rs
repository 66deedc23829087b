//! Histograms of latencies: the period that runs, the one before, and the baseline that forgets with a time constant of ten
//! minutes. What is new reaches the baseline only after one to two periods, so a sudden change is compared with what was before it.

use alloc::boxed::Box;

/// Eight buckets to an octave, forty octaves.
pub(super) const BUCKETS: usize = 320;
const PERIOD_US: u64 = 10_000_000;
const PERIOD_S: f64 = 10.0;
/// exp(-10 s / 600 s): what a period leaves of the baseline.
const KEPT: f64 = 0.983_471_453_821_617_5;
/// While the evidence is high, so many periods are left out; then they are the new normal.
const HOLDS_MAX: u32 = 12;
/// Upper ends of the eight buckets of an octave, 2^(i/8).
const EIGHTHS: [f64; 7] = [
    1.090_507_732_665_257_7,
    1.189_207_115_002_721,
    1.296_839_554_651_009_7,
    core::f64::consts::SQRT_2,
    1.542_210_825_407_940_7,
    1.681_792_830_507_429,
    1.834_008_086_409_342_4,
];

/// floor(8 log2 us) by the number's own exponent; what is below 1 us is in the first bucket.
#[inline]
pub(super) fn bucket(latency_us: f64) -> usize {
    if latency_us < 1.0 {
        return 0;
    }
    let bits = latency_us.to_bits();
    let octave = (bits >> 52) as usize - 1023;
    let mantissa = f64::from_bits((bits & ((1 << 52) - 1)) | (1023 << 52));
    let eighth = EIGHTHS.iter().filter(|end| mantissa >= **end).count();
    (octave * 8 + eighth).min(BUCKETS - 1)
}

/// Middle of a bucket.
fn middle_us(bucket: usize) -> f64 {
    libm::exp2((bucket as f64 + 0.5) / 8.0)
}

#[derive(Clone, Debug)]
pub(super) struct Baseline {
    base: Box<[f64; BUCKETS]>,
    pending: Box<[f64; BUCKETS]>,
    current: Box<[f64; BUCKETS]>,
    /// Share of the baseline below the middle of a bucket's mass.
    ranks: Box<[f64; BUCKETS]>,
    samples: f64,
    period_samples: f64,
    period_end_us: Option<u64>,
    holds: u32,
}

impl Baseline {
    pub fn new() -> Self {
        let zero = || Box::new([0.0; BUCKETS]);
        Self {
            base: zero(),
            pending: zero(),
            current: zero(),
            ranks: zero(),
            samples: 0.0,
            period_samples: 0.0,
            period_end_us: None,
            holds: 0,
        }
    }

    pub fn samples(&self) -> f64 {
        self.samples
    }

    #[inline]
    pub fn rank(&self, bucket: usize) -> f64 {
        self.ranks.get(bucket).copied().unwrap_or(1.0)
    }

    #[inline]
    pub fn add(&mut self, bucket: usize) {
        if let Some(count) = self.current.get_mut(bucket) {
            *count += 1.0;
        }
        self.period_samples += 1.0;
    }

    /// Whether a period ended. The first call starts the first.
    #[inline]
    pub fn due(&mut self, now_us: u64) -> bool {
        let end_us = *self.period_end_us.get_or_insert(now_us.saturating_add(PERIOD_US));
        now_us >= end_us
    }

    /// Ends a period; gives the samples per second in it. While the evidence is `elevated`, what came is not learned. Until it is
    /// `settled` there is nothing to compare with, and what comes is learned at once.
    pub fn fold(&mut self, now_us: u64, elevated: bool, settled: bool) -> Option<f64> {
        let per_second = self.period_samples / PERIOD_S;
        self.period_samples = 0.0;
        self.period_end_us = Some(now_us.saturating_add(PERIOD_US));
        if elevated && self.holds < HOLDS_MAX {
            self.holds += 1;
        } else {
            self.holds = 0;
            for (base, pending) in self.base.iter_mut().zip(self.pending.iter_mut()) {
                *base = *base * KEPT + core::mem::take(pending);
            }
            core::mem::swap(&mut self.pending, &mut self.current);
            if !settled {
                for (base, pending) in self.base.iter_mut().zip(self.pending.iter_mut()) {
                    *base += core::mem::take(pending);
                }
            }
            self.rank_all();
        }
        if elevated {
            self.current.fill(0.0);
        }
        Some(per_second)
    }

    fn rank_all(&mut self) {
        self.samples = self.base.iter().sum();
        let (mut below, all) = (0.0, self.samples.max(1.0));
        for (rank, count) in self.ranks.iter_mut().zip(self.base.iter()) {
            *rank = (below + 0.5 * count) / all;
            below += count;
        }
    }

    pub fn clear(&mut self) {
        for histogram in [&mut self.base, &mut self.pending, &mut self.current] {
            histogram.fill(0.0);
        }
        self.samples = 0.0;
        self.holds = 0;
    }

    pub fn median_us(&self) -> f64 {
        median_us(self.base.iter().copied())
    }

    pub fn recent_median_us(&self) -> f64 {
        median_us(self.current.iter().copied())
    }
}

fn median_us(counts: impl Iterator<Item = f64> + Clone) -> f64 {
    let half = 0.5 * counts.clone().sum::<f64>();
    if half == 0.0 {
        return 0.0;
    }
    let mut below = 0.0;
    for (bucket, count) in counts.enumerate() {
        below += count;
        if below >= half {
            return middle_us(bucket);
        }
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_eighths_of_octaves() {
        for bits in 0..20_000u32 {
            let us = libm::exp2(f64::from(bits) / 500.0) * 1.000_001;
            assert_eq!(bucket(us), (libm::floor(8.0 * libm::log2(us)) as usize).min(BUCKETS - 1), "{us}");
        }
        assert_eq!((bucket(0.0), bucket(0.99), bucket(1.0), bucket(f64::INFINITY)), (0, 0, 0, BUCKETS - 1));
    }

    #[test]
    fn ranks_are_the_middle_of_a_buckets_mass() {
        let mut baseline = Baseline::new();
        assert!(!baseline.due(5));
        [1.0, 2.0, 2.0, 4.0].into_iter().for_each(|us| baseline.add(bucket(us)));
        assert!(baseline.due(10_000_005));
        assert_eq!(baseline.fold(10_000_005, false, false), Some(0.4));
        assert_eq!([1.0, 2.0, 4.0, 8.0].map(|us| baseline.rank(bucket(us))), [0.125, 0.5, 0.875, 1.0]);
        assert_eq!(bucket(baseline.median_us()), bucket(2.0));
    }
}

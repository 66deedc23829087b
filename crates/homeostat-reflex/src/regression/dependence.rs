//! How much more the mean of a batch varies than it would if samples were independent: bets are divided by that.

use super::bounded;

const BATCH_US: u64 = 1_000_000;
const BATCH_SAMPLES: f64 = 32.0;
/// Batches before the estimate counts, and before outliers are clipped.
const BATCHES_MIN: u32 = 10;
const CLIP_SIGMAS: f64 = 4.0;
const WEIGHT_MIN: f64 = 0.01;
/// Weight of a sample in the variance of one.
const SAMPLE_WEIGHT: f64 = 0.0005;
/// For the error of the estimate.
const MARGIN: f64 = 1.5;

#[derive(Clone, Debug)]
pub(super) struct Dependence {
    start_us: u64,
    samples: f64,
    sum: f64,
    sample_variance: f64,
    mean: f64,
    variance: f64,
    batch_samples: f64,
    batches: u32,
    inflation: f64,
}

impl Dependence {
    pub fn new() -> Self {
        Self {
            start_us: 0,
            samples: 0.0,
            sum: 0.0,
            // Of a uniform rank in [-1, 1].
            sample_variance: 0.33,
            mean: 0.0,
            variance: 0.0,
            batch_samples: 0.0,
            batches: 0,
            inflation: 1.0,
        }
    }

    pub fn batches(&self) -> u32 {
        self.batches
    }

    pub fn inflation(&self) -> f64 {
        self.inflation
    }

    /// A centred rank, in [-1, 1].
    #[inline]
    pub fn add(&mut self, now_us: u64, rank: f64) {
        if self.samples == 0.0 {
            self.start_us = now_us;
        }
        self.samples += 1.0;
        self.sum += rank;
        self.sample_variance += SAMPLE_WEIGHT * (rank * rank - self.sample_variance);
        if self.samples >= BATCH_SAMPLES && now_us.saturating_sub(self.start_us) >= BATCH_US {
            self.batch();
        }
    }

    fn batch(&mut self) {
        let weight = (1.0 / (f64::from(self.batches) + 1.0)).max(WEIGHT_MIN);
        let mut off = self.sum / self.samples - self.mean;
        if self.batches >= BATCHES_MIN {
            let limit = CLIP_SIGMAS * libm::sqrt(self.variance);
            off = homeostat_core::real::clamp(off, -limit, limit);
        }
        self.mean += weight * off;
        self.variance += weight * (off * off * (1.0 - weight) - self.variance);
        self.batch_samples += weight * (self.samples - self.batch_samples);
        self.batches = self.batches.saturating_add(1);
        (self.samples, self.sum) = (0.0, 0.0);
    }

    /// Takes the estimate over.
    pub fn refresh(&mut self) {
        if self.batches >= BATCHES_MIN && self.sample_variance > 0.0 {
            self.inflation = bounded(MARGIN * self.batch_samples * self.variance / self.sample_variance);
        }
    }
}

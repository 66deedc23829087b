//! Latency regression: has the distribution of latencies moved up, against a baseline that is learned all the time?
//!
//! An e-detector: every sample becomes its rank in the baseline, shifted by a tolerance of 1.30; four Shiryaev-Roberts sums bet on
//! ranks being too high (three on the body, one on the slowest twentieth). Without a change their expectation grows by one a
//! sample, so the threshold bounds the rate of false alarms: ten days between two on average, if samples are independent.
//! Where they are not, the variance of batch means tells, and the bets are made smaller. Ranks need no assumption about the
//! distribution: heavy tails are as good as any. Cost: O(1) per sample, and 5 x 320 numbers every ten seconds.
//!
//! Bound: 10 kB. Latencies are bucketed eight to an octave from 1 us to 12 days; what is not a number or negative is ignored,
//! and counted.

mod baseline;
mod dependence;

use baseline::Baseline;
use dependence::Dependence;

use homeostat_core::real::clamp;

/// Buckets by which a latency may grow unnoticed: 2^(3/8) = 1.30.
const TOLERANCE_BUCKETS: usize = 3;
/// Bets on the body, and on the tail.
const BETS: [f64; 3] = [0.12, 0.35, 0.8];
const TAIL_BET: f64 = 2.0;
const TAIL: f64 = 0.95;
/// Mean time between two false alarms, and the samples that a threshold stands for at least.
const BETWEEN_ALARMS_S: f64 = 10.0 * 86_400.0;
const THRESHOLD_MIN: f64 = 1e6;
/// A sum may exceed the threshold by this factor, so that it falls again within a reasonable time.
const CAP: f64 = 20.0;
/// Below this the sums tell nothing: an excursion starts above.
const EXCURSION: f64 = 1000.0;
/// An excursion that is shorter is a stall, not a regression.
const EXCURSION_US_MIN: u64 = 1_000_000;
const EXCURSION_SAMPLES_MIN: u32 = 20;

/// What a regression was seen from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Regression {
    /// When the excursion started.
    pub since_us: u64,
    /// Median of the baseline, microseconds.
    pub median_before_us: f64,
    /// Median of what came in the present and the last period of ten seconds, microseconds.
    pub median_now_us: f64,
    /// How many times the threshold the evidence is.
    pub evidence: f64,
}

/// Watches one stream of latencies.
#[derive(Clone, Debug)]
pub struct RegressionDetector {
    baseline: Baseline,
    dependence: Dependence,
    sums: [f64; 4],
    threshold: f64,
    excursion_us: u64,
    excursion_samples: u32,
    ignored: u64,
}

impl Default for RegressionDetector {
    fn default() -> Self {
        Self::new()
    }
}

impl RegressionDetector {
    /// One that knows nothing yet.
    pub fn new() -> Self {
        Self {
            baseline: Baseline::new(),
            dependence: Dependence::new(),
            sums: [0.0; 4],
            threshold: THRESHOLD_MIN,
            excursion_us: 0,
            excursion_samples: 0,
            ignored: 0,
        }
    }

    /// Whether it knows enough to alarm: 200 samples and 20 batches.
    pub fn armed(&self) -> bool {
        self.baseline.samples() >= 200.0 && self.dependence.batches() >= 20
    }

    /// Evidence as a multiple of what an alarm needs; 0 at first.
    pub fn evidence(&self) -> f64 {
        self.sums.iter().sum::<f64>() / (4.0 * self.threshold)
    }

    /// Median of the baseline in microseconds; 0 while there is none.
    pub fn median_us(&self) -> f64 {
        self.baseline.median_us()
    }

    /// Samples that were no latencies.
    pub fn ignored(&self) -> u64 {
        self.ignored
    }

    /// One latency. `Some` once a regression is certain; it then learns a new baseline.
    #[inline]
    pub fn record(&mut self, now_us: u64, latency_us: f64) -> Option<Regression> {
        if latency_us.is_nan() || latency_us < 0.0 {
            self.ignored = self.ignored.saturating_add(1);
            return None;
        }
        if self.baseline.due(now_us) {
            self.fold(now_us);
        }
        let bucket = baseline::bucket(latency_us);
        self.baseline.add(bucket);
        if self.baseline.samples() >= 100.0 {
            self.dependence.add(now_us, 2.0 * self.baseline.rank(bucket) - 1.0);
        }
        if !self.armed() {
            return None;
        }
        self.bet(self.baseline.rank(bucket.saturating_sub(TOLERANCE_BUCKETS)));
        self.judge(now_us)
    }

    fn fold(&mut self, now_us: u64) {
        let largest = self.sums.iter().copied().fold(0.0, f64::max);
        let elevated = largest > libm::sqrt(self.threshold);
        let settled = self.armed();
        let per_second = self.baseline.fold(now_us, elevated, settled);
        if let Some(per_second) = per_second {
            self.threshold = (BETWEEN_ALARMS_S * per_second).max(THRESHOLD_MIN);
        }
        if !elevated {
            self.dependence.refresh();
        }
    }

    fn bet(&mut self, rank: f64) {
        let (inflation, cap) = (self.dependence.inflation(), CAP * self.threshold);
        let [body @ .., tail] = &mut self.sums;
        for (sum, bet) in body.iter_mut().zip(BETS) {
            *sum = ((*sum + 1.0) * (1.0 + bet / inflation * (2.0 * rank - 1.0))).min(cap);
        }
        let slow = if rank > TAIL { 1.0 } else { 0.0 };
        *tail = ((*tail + 1.0) * (1.0 + TAIL_BET / inflation * (slow - (1.0 - TAIL)))).min(cap);
    }

    fn judge(&mut self, now_us: u64) -> Option<Regression> {
        let total: f64 = self.sums.iter().sum();
        if total < EXCURSION {
            (self.excursion_us, self.excursion_samples) = (now_us, 0);
            return None;
        }
        self.excursion_samples = self.excursion_samples.saturating_add(1);
        let lasted = now_us.saturating_sub(self.excursion_us) >= EXCURSION_US_MIN
            && self.excursion_samples >= EXCURSION_SAMPLES_MIN;
        if !lasted || total < 4.0 * self.threshold {
            return None;
        }
        let found = Regression {
            since_us: self.excursion_us,
            median_before_us: self.baseline.median_us(),
            median_now_us: self.baseline.recent_median_us(),
            evidence: total / (4.0 * self.threshold),
        };
        self.sums = [0.0; 4];
        self.baseline.clear();
        Some(found)
    }
}

/// What a share of the excess of a bet is worth in dependence is bounded by this.
fn bounded(inflation: f64) -> f64 {
    clamp(inflation, 1.0, 1000.0)
}

#[cfg(test)]
mod tests;

//! Netflix `Gradient2Limit`: the long average of round trips over the present one, plus a constant queue.

use super::{LIMIT_MAX, LIMIT_START, Rule};

const WARM_UP: usize = 10;
/// Weight of a sample in the average over 600.
const LONG_WEIGHT: f64 = 2.0 / 601.0;
const TOLERANCE: f64 = 1.5;
const QUEUE: f64 = 4.0;
const SMOOTHING: f64 = 0.2;
const LIMIT_MIN: f64 = 4.0;

/// Gradient2.
#[derive(Clone, Debug)]
pub struct Gradient2 {
    limit: f64,
    long_s: f64,
    samples: usize,
    sum_s: f64,
}

impl Gradient2 {
    /// At its defaults.
    #[expect(clippy::new_without_default, reason = "built by name")]
    pub fn new() -> Self {
        Self { limit: LIMIT_START, long_s: 0.0, samples: 0, sum_s: 0.0 }
    }
}

impl Rule for Gradient2 {
    fn limit(&self) -> usize {
        self.limit as usize
    }

    fn update(&mut self, round_trip_s: f64, in_flight: usize, _dropped: bool) {
        if self.samples < WARM_UP {
            self.samples += 1;
            self.sum_s += round_trip_s;
            self.long_s = self.sum_s / self.samples as f64;
        } else {
            self.long_s = self.long_s * (1.0 - LONG_WEIGHT) + round_trip_s * LONG_WEIGHT;
        }
        let long_s = self.long_s;
        if long_s / round_trip_s > 2.0 {
            self.long_s *= 0.9;
        }
        if (in_flight as f64) < self.limit / 2.0 {
            return;
        }
        let gradient = (TOLERANCE * long_s / round_trip_s).clamp(0.5, 1.0);
        let wanted = self.limit * gradient + QUEUE;
        self.limit = (self.limit * (1.0 - SMOOTHING) + wanted * SMOOTHING).clamp(LIMIT_MIN, LIMIT_MAX);
    }
}

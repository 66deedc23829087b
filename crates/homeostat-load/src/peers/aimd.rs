//! Netflix `AIMDLimit`: one more while at least half is used, a tenth less after a drop or a timeout.

use super::{LIMIT_MAX, LIMIT_START, Rule};

/// Additive increase, multiplicative decrease.
#[derive(Clone, Debug)]
pub struct Aimd {
    limit: usize,
    timeout_s: f64,
}

impl Aimd {
    /// What takes longer than `timeout_s` counts as dropped.
    pub fn new(timeout_s: f64) -> Self {
        Self { limit: LIMIT_START as usize, timeout_s }
    }
}

impl Rule for Aimd {
    fn limit(&self) -> usize {
        self.limit
    }

    fn update(&mut self, round_trip_s: f64, in_flight: usize, dropped: bool) {
        if dropped || round_trip_s > self.timeout_s {
            self.limit = ((self.limit as f64 * 0.9) as usize).max(1);
        } else if in_flight * 2 >= self.limit {
            self.limit = (self.limit + 1).min(LIMIT_MAX as usize);
        }
    }
}

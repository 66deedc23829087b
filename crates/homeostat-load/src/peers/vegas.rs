//! Netflix `VegasLimit`: the queue estimated from the shortest round trip, which is forgotten at random intervals.

use super::{LIMIT_MAX, LIMIT_START, Rule};
use crate::rng::Rng;

/// Probes for a new shortest round trip every 30 limits' worth of samples, about.
const PROBE_MULTIPLIER: f64 = 30.0;

/// Vegas.
#[derive(Clone, Debug)]
pub struct Vegas {
    limit: f64,
    shortest_s: f64,
    probe_count: usize,
    probe_jitter: f64,
    rng: Rng,
}

impl Vegas {
    /// The seed decides when it probes.
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed + 99);
        let probe_jitter = rng.between(0.5, 1.0);
        Self { limit: LIMIT_START, shortest_s: 0.0, probe_count: 0, probe_jitter, rng }
    }
}

/// The original's table of whole logarithms, at least 1.
fn log10(limit: f64) -> f64 {
    libm::log10(limit.max(1.0).floor()).floor().max(1.0)
}

impl Rule for Vegas {
    fn limit(&self) -> usize {
        self.limit as usize
    }

    fn update(&mut self, round_trip_s: f64, in_flight: usize, dropped: bool) {
        self.probe_count += 1;
        if self.probe_jitter * PROBE_MULTIPLIER * self.limit <= self.probe_count as f64 {
            self.probe_jitter = self.rng.between(0.5, 1.0);
            self.probe_count = 0;
            self.shortest_s = round_trip_s;
            return;
        }
        if self.shortest_s == 0.0 || round_trip_s < self.shortest_s {
            self.shortest_s = round_trip_s;
            return;
        }
        let queue = (self.limit * (1.0 - self.shortest_s / round_trip_s)).ceil();
        let step = log10(self.limit);
        let limit = if dropped {
            self.limit - step
        } else if (in_flight as f64) * 2.0 < self.limit {
            return;
        } else if queue <= step {
            self.limit + 6.0 * step
        } else if queue < 3.0 * step {
            self.limit + step
        } else if queue > 6.0 * step {
            self.limit - step
        } else {
            return;
        };
        self.limit = limit.clamp(1.0, LIMIT_MAX);
    }
}

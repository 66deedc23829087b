//! Envoy's adaptive concurrency: every 100 ms the limit times the ratio of the uncongested round trip to the present one, both at
//! a percentile. The uncongested one is measured every minute, at a limit of 3.

use super::LIMIT_MAX;
use crate::limiter::{Completion, Limiter};
use crate::rng::Rng;

const SAMPLING_S: f64 = 0.1;
const MINIMUM_INTERVAL_S: f64 = 60.0;
const MINIMUM_JITTER: f64 = 0.15;
const MINIMUM_SAMPLES: usize = 50;
const LIMIT_MIN: f64 = 3.0;
/// The uncongested round trip may be this much longer.
const BUFFER: f64 = 1.25;
/// So many updates at the smallest limit in a row, and it measures again.
const STUCK_UPDATES: u32 = 5;

/// Envoy's gradient controller.
#[derive(Clone, Debug)]
pub struct Envoy {
    limit: f64,
    deferred: f64,
    measuring_minimum: bool,
    minimum_s: f64,
    samples: Vec<f32>,
    next_update_s: f64,
    next_minimum_s: f64,
    /// Samples of requests that started before do not count.
    epoch_s: f64,
    at_minimum: u32,
    percentile: f64,
    rng: Rng,
}

impl Envoy {
    /// Compares round trips at this percentile, in [0, 1). The seed decides the jitter.
    pub fn new(seed: u64, percentile: f64) -> Self {
        Self {
            limit: LIMIT_MIN,
            deferred: LIMIT_MIN,
            measuring_minimum: true,
            minimum_s: 0.0,
            samples: Vec::new(),
            next_update_s: SAMPLING_S,
            next_minimum_s: f64::MAX,
            epoch_s: 0.0,
            at_minimum: 0,
            percentile,
            rng: Rng::new(seed + 5),
        }
    }

    fn take_percentile_s(&mut self) -> f64 {
        let n = self.samples.len();
        let rank = ((n as f64 * self.percentile) as usize).min(n - 1);
        let (_, &mut value, _) = self.samples.select_nth_unstable_by(rank, f32::total_cmp);
        self.samples.clear();
        f64::from(value)
    }

    fn set_limit(&mut self, limit: f64, now_s: f64) {
        let before = self.limit;
        self.limit = limit;
        if before == LIMIT_MIN && limit == LIMIT_MIN {
            self.at_minimum += 1;
        } else {
            self.at_minimum = 0;
        }
        if self.at_minimum >= STUCK_UPDATES {
            self.next_minimum_s = now_s;
        }
    }
}

impl Limiter for Envoy {
    fn limit(&self) -> usize {
        self.limit as usize
    }

    fn tick(&mut self, now_s: f64) {
        if !self.measuring_minimum && now_s >= self.next_minimum_s {
            self.measuring_minimum = true;
            (self.deferred, self.limit) = (self.limit, LIMIT_MIN);
            self.at_minimum = 0;
            self.samples.clear();
            self.epoch_s = now_s;
            self.next_minimum_s = f64::MAX;
        }
        if now_s < self.next_update_s {
            return;
        }
        self.next_update_s = now_s + SAMPLING_S;
        if !self.measuring_minimum && !self.samples.is_empty() {
            let gradient = (self.minimum_s * BUFFER / self.take_percentile_s()).clamp(0.5, 2.0);
            let limit = self.limit * gradient;
            self.set_limit((limit + limit.sqrt()).floor().clamp(LIMIT_MIN, LIMIT_MAX), now_s);
        }
    }

    fn completed(&mut self, c: &Completion) {
        if c.start_s < self.epoch_s {
            return;
        }
        self.samples.push(c.round_trip_s() as f32);
        if self.measuring_minimum && self.samples.len() >= MINIMUM_SAMPLES {
            self.minimum_s = self.take_percentile_s();
            self.limit = self.deferred;
            self.measuring_minimum = false;
            self.at_minimum = 0;
            self.next_minimum_s = c.now_s + MINIMUM_INTERVAL_S * (1.0 + MINIMUM_JITTER * self.rng.unit());
            self.next_update_s = c.now_s + SAMPLING_S;
        }
    }
}

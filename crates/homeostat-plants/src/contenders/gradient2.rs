//! Gradient2: compares the latency with its own long-term average. Under sustained overload the average becomes the
//! overload, and the limit grows without end.

use super::limiter::{LimitRule, saturated};
use crate::contender::Concurrency;

const LONG_WEIGHT: f64 = 0.01;
const TOLERANCE: f64 = 1.5;
const SMOOTHING: f64 = 0.2;

#[derive(Default)]
pub struct Gradient2 {
    long_s: Option<f64>,
}

impl LimitRule for Gradient2 {
    fn next(&mut self, limit: f64, state: &Concurrency) -> f64 {
        let mut long = self.long_s.unwrap_or(state.latency_s);
        long += LONG_WEIGHT * (state.latency_s - long);
        // After an overload has passed, the average comes down faster.
        if long / state.latency_s > 2.0 {
            long *= 0.95;
        }
        self.long_s = Some(long);
        if !saturated(limit, state) {
            return limit;
        }
        let gradient = (TOLERANCE * long / state.latency_s).clamp(0.5, 1.0);
        let queue = limit.sqrt().max(4.0);
        (1.0 - SMOOTHING) * limit + SMOOTHING * (limit * gradient + queue)
    }
}

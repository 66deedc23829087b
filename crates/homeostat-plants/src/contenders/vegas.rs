//! TCP Vegas for concurrency limits: keeps the estimated queue between two bounds. The lowest latency seen stands for
//! an empty queue and is forgotten slowly.

use super::limiter::{LimitRule, saturated};
use crate::contender::Concurrency;

/// Growth per window of the remembered lowest latency.
const FORGETTING: f64 = 1.0005;

#[derive(Default)]
pub struct Vegas {
    lowest_s: Option<f64>,
}

impl LimitRule for Vegas {
    fn next(&mut self, limit: f64, state: &Concurrency) -> f64 {
        let lowest =
            self.lowest_s.map_or(state.latency_s, |lowest| (lowest * FORGETTING).min(state.latency_s));
        self.lowest_s = Some(lowest);
        let queue = limit * (1.0 - lowest / state.latency_s);
        let unit = libm::log10(limit).max(1.0);
        if !saturated(limit, state) {
            limit
        } else if queue < 3.0 * unit {
            limit + unit
        } else if queue > 6.0 * unit {
            limit - unit
        } else {
            limit
        }
    }
}

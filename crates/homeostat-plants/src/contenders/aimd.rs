//! Additive increase, multiplicative decrease on a latency threshold.

use super::limiter::{LimitRule, saturated};
use crate::contender::Concurrency;

const LATENCY_MAX_S: f64 = 0.3;

pub struct Aimd;

impl LimitRule for Aimd {
    fn next(&mut self, limit: f64, state: &Concurrency) -> f64 {
        if state.latency_s > LATENCY_MAX_S {
            0.9 * limit
        } else if saturated(limit, state) {
            limit + 1.0
        } else {
            limit
        }
    }
}

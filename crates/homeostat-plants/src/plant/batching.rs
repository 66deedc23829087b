//! P3: batch size (1 to 512, log) and linger (0.1 to 100 ms, log) of a producer before two servers. Small batches waste
//! the servers' fixed cost until the queue saturates; large ones make requests wait. Load rises by 60 % at 600 s and
//! falls to 60 % at 1200 s.

use super::{Optimum, Plant};
use crate::Setting;

pub struct Batching;

/// Arrivals per millisecond.
fn arrivals(t: f64) -> f64 {
    5.0 * if t < 600.0 {
        1.0
    } else if t < 1200.0 {
        1.6
    } else {
        0.6
    }
}

impl Plant for Batching {
    fn name(&self) -> &'static str {
        "P3"
    }
    fn knobs(&self) -> usize {
        2
    }
    fn initial(&self) -> Setting {
        [0.738, 0.767, 0.0, 0.0]
    }
    fn cost(&self, t: f64, u: &Setting) -> f64 {
        let batch_max = libm::pow(2.0, 9.0 * u[0]);
        let linger_ms = 0.1 * libm::pow(1000.0, u[1]);
        let rate = arrivals(t);
        let by_time = 1.0 + rate * linger_ms;
        // A smooth minimum: a batch closes when it is full or when its time is up.
        let batch = libm::pow(libm::pow(batch_max, -4.0) + libm::pow(by_time, -4.0), -0.25);
        let wait_ms = (batch - 1.0).max(0.0) / rate;
        let service_ms = 2.0 + 0.1 * batch;
        let utilisation = rate * service_ms / batch / 2.0;
        let queue = if utilisation < 0.95 {
            utilisation / (1.0 - utilisation)
        } else {
            // Beyond the last stable point the queue keeps growing; a slope stands in for the pole.
            19.0 + (utilisation - 0.95) * 400.0
        };
        let p99_ms = wait_ms + service_ms * (1.0 + 2.3 * queue);
        p99_ms.min(300.0) / 15.0 + 1.5 * utilisation.min(3.0)
    }
    fn optimum(&self) -> Optimum {
        Optimum::Plane { intervals: 150 }
    }
    fn jumps_s(&self) -> &'static [f64] {
        &[600.0, 1200.0]
    }
}

use super::rule::{Level, Returned, Rule};
use super::{Ended, LimiterConfig};

/// Additive increase, multiplicative decrease: a tenth less after a drop or a timeout, one more while at least half is used.
#[derive(Clone, Debug)]
pub struct Aimd {
    level: Level,
    timeout_us: f64,
}

impl Aimd {
    /// With the options' bounds and timeout.
    pub fn new(config: &LimiterConfig) -> Self {
        Self { level: config.level(), timeout_us: config.timeout_us as f64 }
    }
}

impl Rule for Aimd {
    fn limit(&self) -> u32 {
        self.level.value as u32
    }

    fn returned(&mut self, call: &Returned) {
        let limit = self.level.value;
        match call.ended {
            Ended::Ignored => {}
            Ended::Served if call.round_trip_us() <= self.timeout_us => {
                if 2.0 * f64::from(call.in_flight_then) >= limit {
                    self.level.set(limit + 1.0);
                }
            }
            _ => self.level.set(libm::floor(0.9 * limit)),
        }
    }

    fn set_bounds(&mut self, min: u32, max: u32) {
        self.level.set_bounds(min, max);
    }
}

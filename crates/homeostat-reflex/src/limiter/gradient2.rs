use super::rule::{Level, Returned, Rule};
use super::{Ended, LimiterConfig};
use homeostat_core::real::clamp;

const WINDOW_US: u64 = 1_000_000;
/// A window with fewer calls is thrown away.
const WINDOW_CALLS: f64 = 10.0;
/// Windows whose plain mean starts the long average.
const WARM_UP: f64 = 10.0;
/// Weight of a window in the long average.
const LONG_WEIGHT: f64 = 2.0 / 601.0;

/// Gradient2: the limit times the long average of round trips over the present one (times 1.5, within 0.5 and 1), plus 4; a fifth of
/// the way each time. Fed with means over a second, as its authors do.
#[derive(Clone, Debug)]
pub struct Gradient2 {
    level: Level,
    long_us: f64,
    windows: f64,
    end_us: u64,
    sum_us: f64,
    calls: f64,
    in_flight_max: u32,
}

impl Gradient2 {
    /// With the options' bounds.
    pub fn new(config: &LimiterConfig) -> Self {
        let level = config.level();
        Self { level, long_us: 0.0, windows: 0.0, end_us: 0, sum_us: 0.0, calls: 0.0, in_flight_max: 0 }
    }

    fn window(&mut self, round_trip_us: f64) {
        if self.windows < WARM_UP {
            self.windows += 1.0;
            self.long_us += (round_trip_us - self.long_us) / self.windows;
        } else {
            self.long_us += LONG_WEIGHT * (round_trip_us - self.long_us);
        }
        let long_us = self.long_us;
        if long_us > 2.0 * round_trip_us {
            self.long_us *= 0.9;
        }
        let limit = self.level.value;
        if 2.0 * f64::from(self.in_flight_max) >= limit {
            let gradient = clamp(1.5 * long_us / round_trip_us, 0.5, 1.0);
            self.level.set(0.8 * limit + 0.2 * (gradient * limit + 4.0));
        }
    }
}

impl Rule for Gradient2 {
    fn limit(&self) -> u32 {
        self.level.value as u32
    }

    fn returned(&mut self, call: &Returned) {
        if call.ended == Ended::Ignored {
            return;
        }
        self.sum_us += call.round_trip_us();
        self.calls += 1.0;
        self.in_flight_max = self.in_flight_max.max(call.in_flight_then);
        if call.now_us < self.end_us {
            return;
        }
        self.end_us = call.now_us.saturating_add(WINDOW_US);
        if self.calls >= WINDOW_CALLS {
            self.window(self.sum_us / self.calls);
        }
        (self.sum_us, self.calls, self.in_flight_max) = (0.0, 0.0, 0);
    }

    fn set_bounds(&mut self, min: u32, max: u32) {
        self.level.set_bounds(min, max);
    }
}

use super::rule::{Level, Returned, Rule};
use super::{Ended, LimiterConfig};
use homeostat_core::rng::Rng;

/// The shortest round trip is forgotten every 15 to 30 limits' worth of calls, so that it can grow again.
const FORGET_AFTER: f64 = 30.0;

/// Vegas: the queue that the shortest round trip tells of is kept between one and six times log10 of the limit.
#[derive(Clone, Debug)]
pub struct Vegas {
    level: Level,
    shortest_us: f64,
    calls: f64,
    patience: f64,
    rng: Rng,
}

impl Vegas {
    /// With the options' bounds; the seed decides when the shortest round trip is forgotten.
    pub fn new(config: &LimiterConfig) -> Self {
        let mut rng = Rng::new(config.seed);
        let patience = patience(&mut rng);
        Self { level: config.level(), shortest_us: 0.0, calls: 0.0, patience, rng }
    }
}

fn patience(rng: &mut Rng) -> f64 {
    FORGET_AFTER * (0.5 + 0.5 * (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64)
}

impl Rule for Vegas {
    fn limit(&self) -> u32 {
        self.level.value as u32
    }

    fn returned(&mut self, call: &Returned) {
        if call.ended == Ended::Ignored {
            return;
        }
        let (limit, round_trip_us) = (self.level.value, call.round_trip_us());
        self.calls += 1.0;
        if self.calls >= self.patience * limit {
            (self.calls, self.patience) = (0.0, patience(&mut self.rng));
            self.shortest_us = round_trip_us;
            return;
        }
        if self.shortest_us == 0.0 || round_trip_us < self.shortest_us {
            self.shortest_us = round_trip_us;
            return;
        }
        let queue = libm::ceil(limit * (1.0 - self.shortest_us / round_trip_us));
        let step = libm::floor(libm::log10(limit)).max(1.0);
        if call.ended == Ended::Dropped {
            self.level.set(limit - step);
        } else if 2.0 * f64::from(call.in_flight_then) < limit {
            // Not enough is asked for to tell.
        } else if queue <= step {
            self.level.set(limit + 6.0 * step);
        } else if queue < 3.0 * step {
            self.level.set(limit + step);
        } else if queue > 6.0 * step {
            self.level.set(limit - step);
        }
    }

    fn set_bounds(&mut self, min: u32, max: u32) {
        self.level.set_bounds(min, max);
    }
}

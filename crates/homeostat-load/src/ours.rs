//! Homeostat's limiters behind the simulator's interface: every call takes a real permit and gives it back.

use homeostat_reflex::limiter::{Ended, Kind, Limiter as Real, LimiterConfig};

use crate::limiter::{Completion, Limiter};
use crate::scenario::Scenario;

/// The limiter that is judged.
pub const SUBJECT: &str = "adaptive";

struct Ours {
    limiter: Real,
    /// Permits by the simulator's slots.
    permits: Vec<u64>,
    drops: bool,
}

/// Ours of this name, at its defaults: `adaptive`, and `our-aimd`, `our-vegas`, `our-gradient2`.
pub fn create(name: &str, scenario: &Scenario, seed: u64) -> Option<Box<dyn Limiter>> {
    let kind = match name {
        SUBJECT => Kind::Adaptive,
        "our-aimd" => Kind::Aimd,
        "our-vegas" => Kind::Vegas,
        "our-gradient2" => Kind::Gradient2,
        _ => return None,
    };
    let timeout_us = (scenario.target_s * 1e6) as u64;
    let config = LimiterConfig { timeout_us, seed, ..LimiterConfig::of(kind) };
    // The peers are told of late calls as dropped; `adaptive` does not need to know of any target.
    let drops = kind != Kind::Adaptive;
    Some(Box::new(Ours { limiter: Real::new(&config), permits: Vec::new(), drops }))
}

fn micros(seconds: f64) -> u64 {
    (seconds * 1e6) as u64
}

impl Limiter for Ours {
    fn limit(&self) -> usize {
        self.limiter.limit() as usize
    }

    fn tick(&mut self, now_s: f64) {
        self.limiter.expire(micros(now_s));
    }

    fn admitted(&mut self, now_s: f64, in_flight: usize, slot: u32) {
        let permit = self.limiter.try_acquire(micros(now_s)).expect("fewer are in flight than the limit");
        // Where permits expired, fewer are out than the simulator has in flight.
        assert!(self.limiter.in_flight() as usize <= in_flight);
        let slot = slot as usize;
        self.permits.resize(self.permits.len().max(slot + 1), u64::MAX);
        self.permits[slot] = permit;
    }

    fn refused(&mut self, now_s: f64) {
        // Takes a permit only where one expired, and then gives it back.
        if let Some(permit) = self.limiter.try_acquire(micros(now_s)) {
            self.limiter.release(permit, Ended::Ignored, micros(now_s));
        }
    }

    fn completed(&mut self, call: &Completion) {
        let ended = if call.late && self.drops { Ended::Dropped } else { Ended::Served };
        self.limiter.release(self.permits[call.slot as usize], ended, micros(call.now_s));
    }
}

use super::{Ended, Limiter, LimiterConfig};
use crate::clock::{Clock, time_us};
use homeostat_core::error::Result;

/// What `try_acquire` returns instead of a permit.
const REFUSED: f64 = -1.0;

/// A limiter by itself, as the bindings expose it: times and permits are plain numbers, any of which may be nonsense.
#[derive(Debug)]
pub struct SoloLimiter {
    clock: Clock,
    limiter: Limiter,
}

impl SoloLimiter {
    /// A limiter with these options in JSON (see `LimiterConfig`); empty text is the default.
    pub fn new(config: &str) -> Result<Self> {
        Ok(Self { clock: Clock::default(), limiter: Limiter::new(&LimiterConfig::parse(config)?) })
    }

    /// A permit, or -1 while as many are in flight as may be.
    #[inline]
    pub fn try_acquire(&mut self, now_us: f64) -> f64 {
        let now_us = self.clock.advance(time_us(now_us));
        self.limiter.try_acquire(now_us).map_or(REFUSED, |permit| permit as f64)
    }

    /// Takes a permit back: `ended` is 0 served, 1 dropped, anything else says nothing. False if it is not out.
    #[inline]
    pub fn release(&mut self, permit: f64, ended: u32, now_us: f64) -> bool {
        let now_us = self.clock.advance(time_us(now_us));
        let ended = match ended {
            0 => Ended::Served,
            1 => Ended::Dropped,
            _ => Ended::Ignored,
        };
        // What is not a whole number of at least 0 is no permit; slot 0 has one that is, but its sequence starts at 1.
        let known = permit >= 0.0 && permit == libm::trunc(permit);
        known && self.limiter.release(permit as u64, ended, now_us)
    }

    /// Calls that may be in flight.
    pub fn limit(&self) -> u32 {
        self.limiter.limit()
    }

    /// Calls that are in flight.
    pub fn in_flight(&mut self, now_us: f64) -> u32 {
        self.limiter.expire(self.clock.advance(time_us(now_us)));
        self.limiter.in_flight()
    }

    /// Calls that were turned away.
    pub fn refused(&self) -> f64 {
        self.limiter.refused() as f64
    }

    /// Permits that were not returned in time.
    pub fn expired(&self) -> f64 {
        self.limiter.expired() as f64
    }

    /// The limit stays between these from now on; what is out of range is moved into it.
    pub fn set_bounds(&mut self, min: u32, max: u32) {
        self.limiter.set_bounds(min, max);
    }
}

//! Concurrency limits: how many calls may be in flight at once, and who is.
//!
//! A `Limiter` hands out permits under lease (see `lease`): a call that hangs loses its place after `lease_us`, and is told
//! to the rule as dropped. How the limit moves is a `Rule`; the default, `adaptive`, is described in its own module and
//! measured in `design.md`.
//!
//! Bound: 40 bytes for every call that was in flight at once, at most `LEASES_MAX` of them, and a rule of under 300 bytes.

mod adaptive;
mod aimd;
mod alone;
mod baseline;
mod config;
mod gradient2;
mod meter;
mod rule;
mod saturated;
mod vegas;

pub use adaptive::Adaptive;
pub use aimd::Aimd;
pub use alone::SoloLimiter;
pub use config::{Kind, LIMIT_MAX, LimiterConfig};
pub use gradient2::Gradient2;
pub use rule::{Fixed, Returned, Rule};
pub use vegas::Vegas;

use crate::lease::{LEASES_MAX, Leases, Line};
use alloc::boxed::Box;

/// How a call ended, as its limiter sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Served, well or not: its duration counts.
    Served,
    /// Dropped or timed out: a sign of overload.
    Dropped,
    /// Says nothing about the load: cancelled, refused elsewhere, never sent.
    Ignored,
}

/// A limit, its permits, and the rule that moves it. Times are those of a `Clock`: they never run backwards.
#[derive(Debug)]
pub struct Limiter {
    rule: Box<dyn Rule>,
    leases: Leases,
    line: Line,
    lease_us: u64,
    refused: u64,
    expired: u64,
}

impl Limiter {
    /// A limiter with these options.
    pub fn new(config: &LimiterConfig) -> Self {
        Self::with_rule(config.rule(), config.lease_us)
    }

    /// A limiter with a rule of one's own.
    pub fn with_rule(rule: Box<dyn Rule>, lease_us: u64) -> Self {
        let (leases, line) = (Leases::new(LEASES_MAX), Line::default());
        Self { rule, leases, line, lease_us, refused: 0, expired: 0 }
    }

    /// Calls that may be in flight.
    pub fn limit(&self) -> u32 {
        self.rule.limit()
    }

    /// Calls that are in flight.
    pub fn in_flight(&self) -> u32 {
        self.line.len()
    }

    /// Calls that were turned away.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Permits that were not returned in time.
    pub fn expired(&self) -> u64 {
        self.expired
    }

    /// A permit, or `None` while as many are in flight as may be.
    #[inline]
    pub fn try_acquire(&mut self, now_us: u64) -> Option<u64> {
        self.expire(now_us);
        let in_flight = self.line.len();
        if in_flight < self.rule.limit()
            && let Some(permit) = self.leases.open(&mut self.line, 0, in_flight + 1, now_us)
        {
            self.rule.admitted(now_us, in_flight + 1);
            return Some(permit);
        }
        self.refused = self.refused.saturating_add(1);
        self.rule.refused(now_us);
        None
    }

    /// Takes a permit back; false if it is not out: returned before, expired, or never given.
    #[inline]
    pub fn release(&mut self, permit: u64, ended: Ended, now_us: u64) -> bool {
        let Some((place, lease)) = self.leases.find(permit) else { return false };
        let (started_us, in_flight_then) = (lease.started_us, lease.era);
        self.take_back(place, started_us, in_flight_then, ended, now_us);
        true
    }

    fn take_back(&mut self, place: u32, started_us: u64, in_flight_then: u32, ended: Ended, now_us: u64) {
        self.leases.close(&mut self.line, place);
        let in_flight = self.line.len();
        self.rule.returned(&Returned { now_us, started_us, in_flight_then, in_flight, ended });
    }

    /// Takes back what was not returned in time. Calls are in the order of their start: at most one look when nothing expired.
    #[inline]
    pub fn expire(&mut self, now_us: u64) {
        while let Some((place, lease)) = self.leases.oldest(&self.line)
            && now_us.saturating_sub(lease.started_us) >= self.lease_us
        {
            let (started_us, in_flight_then) = (lease.started_us, lease.era);
            self.expired = self.expired.saturating_add(1);
            self.take_back(place, started_us, in_flight_then, Ended::Dropped, now_us);
        }
    }

    /// The limit moves between these from now on; see `LimiterConfig` for their range.
    pub fn set_bounds(&mut self, min: u32, max: u32) {
        self.rule.set_bounds(min.max(1), max.clamp(min.max(1), LIMIT_MAX));
    }
}

#[cfg(test)]
mod tests;

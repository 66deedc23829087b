use super::Ended;
use core::fmt::{Debug, Formatter};

/// A call that came back, or whose permit expired.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Returned {
    /// Now.
    pub now_us: u64,
    /// When it was admitted.
    pub started_us: u64,
    /// Calls in flight when it was admitted, itself included.
    pub in_flight_then: u32,
    /// Calls in flight now, without it.
    pub in_flight: u32,
    /// How it ended.
    pub ended: Ended,
}

impl Returned {
    /// How long it took, at least a microsecond: no rule divides by zero.
    pub fn round_trip_us(&self) -> f64 {
        self.now_us.saturating_sub(self.started_us).max(1) as f64
    }
}

/// How a limit moves. Not `Debug` itself: a table of methods keeps what nobody calls, here the formatting of doubles.
pub trait Rule {
    /// Calls that may be in flight: 1 at least.
    fn limit(&self) -> u32;
    /// A call was admitted; `in_flight` includes it.
    fn admitted(&mut self, _now_us: u64, _in_flight: u32) {}
    /// A call was turned away.
    fn refused(&mut self, _now_us: u64) {}
    /// A call came back.
    fn returned(&mut self, returned: &Returned);
    /// The limit stays between these from now on.
    fn set_bounds(&mut self, min: u32, max: u32);
}

impl Debug for dyn Rule {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        write!(f, "a rule with a limit of {}", self.limit())
    }
}

/// A limit that does not move.
#[derive(Clone, Debug)]
pub struct Fixed(pub u32);

impl Rule for Fixed {
    fn limit(&self) -> u32 {
        self.0
    }
    fn returned(&mut self, _: &Returned) {}
    fn set_bounds(&mut self, min: u32, max: u32) {
        self.0 = self.0.clamp(min, max);
    }
}

/// A limit as a rule computes it, in its bounds.
#[derive(Clone, Debug)]
pub(super) struct Level {
    pub value: f64,
    pub min: f64,
    pub max: f64,
}

impl Level {
    pub fn new(value: u32, min: u32, max: u32) -> Self {
        let mut level = Self { value: 0.0, min: min.into(), max: max.into() };
        level.set(value.into());
        level
    }

    pub fn set(&mut self, value: f64) {
        self.value = homeostat_core::real::clamp(value, self.min, self.max);
    }

    pub fn set_bounds(&mut self, min: u32, max: u32) {
        (self.min, self.max) = (min.into(), max.into());
        self.set(self.value);
    }
}

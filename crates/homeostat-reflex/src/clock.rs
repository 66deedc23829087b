//! Time as the reflex knows it: monotonic microseconds that its callers pass in.

/// The latest time that was passed in. A time that lies before it counts as it: durations never underflow, and no deadline
/// that has passed comes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    now_us: u64,
    backwards: u64,
}

impl Clock {
    /// Takes the caller's time, and gives the time to work with.
    pub fn advance(&mut self, now_us: u64) -> u64 {
        if now_us < self.now_us {
            self.backwards = self.backwards.saturating_add(1);
        } else {
            self.now_us = now_us;
        }
        self.now_us
    }

    /// The latest time.
    pub fn now_us(&self) -> u64 {
        self.now_us
    }

    /// How often the caller's time lay before the latest.
    pub fn backwards(&self) -> u64 {
        self.backwards
    }
}

/// A time that JavaScript passed: NaN and what is negative are 0, and what is too large is the largest that a double holds exactly.
pub fn time_us(value: f64) -> u64 {
    const MAX: f64 = 9_007_199_254_740_991.0;
    // A signed conversion is one instruction, an unsigned one a dozen.
    if value >= MAX { MAX as u64 } else { (value as i64).max(0) as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_runs_backwards() {
        let mut clock = Clock::default();
        assert_eq!(clock.advance(10), 10);
        assert_eq!(clock.advance(3), 10);
        assert_eq!(clock.advance(11), 11);
        assert_eq!(clock.backwards(), 1);
    }

    #[test]
    fn takes_any_number() {
        let times: [(f64, u64); 5] =
            [(-1.0, 0), (f64::NAN, 0), (f64::NEG_INFINITY, 0), (1.9, 1), (f64::INFINITY, (1 << 53) - 1)];
        for (value, wanted) in times {
            assert_eq!(time_us(value), wanted, "{value}");
        }
    }
}

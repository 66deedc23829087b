//! What the service can do per second, measured only while most of the limit is in use.
//!
//! While calls are few, completions per second tell what is asked for and not what is possible: averaged over idle time they would
//! make a burst look like a collapse. What is learned here stands still while nothing much is asked for.

/// In use is the service while at least this share of the limit is in flight.
const BUSY_SHARE: f64 = 0.66;
/// A measurement has so many calls and lasts so long at least.
const CALLS_MIN: f64 = 20.0;
const BUSY_US_MIN: f64 = 100_000.0;
/// Weight of an interval; and what is off by more than this (in logarithm) is not noise: it counts at once.
const WEIGHT: f64 = 0.15;
const JUMP: f64 = 0.3;

#[derive(Clone, Debug, Default)]
pub(super) struct Saturated {
    recent: [f64; 3],
    measured: u32,
    smooth: f64,
    done: f64,
    busy_us: f64,
    last_us: u64,
    in_flight: u32,
}

impl Saturated {
    /// The number in flight changed. No `limit` while it is not the one that is aimed at.
    pub fn moved(&mut self, now_us: u64, in_flight: u32, limit: Option<f64>) {
        if let Some(limit) = limit
            && f64::from(self.in_flight) >= BUSY_SHARE * limit
        {
            self.busy_us += now_us.saturating_sub(self.last_us) as f64;
            self.done += if in_flight < self.in_flight { 1.0 } else { 0.0 };
            if self.done >= CALLS_MIN.max(limit) && self.busy_us >= BUSY_US_MIN {
                self.measured(self.done * 1e6 / self.busy_us);
                (self.done, self.busy_us) = (0.0, 0.0);
            }
        }
        (self.last_us, self.in_flight) = (now_us, in_flight);
    }

    fn measured(&mut self, per_second: f64) {
        self.recent[self.measured as usize % 3] = per_second;
        self.measured = if self.measured == 5 { 3 } else { self.measured + 1 };
    }

    /// Completions per second while in use. An interval ended; `per_second` is all there is as long as nothing was measured.
    pub fn interval(&mut self, per_second: f64) -> f64 {
        if self.measured == 0 {
            self.measured(per_second);
        }
        let typical = self.typical();
        let off = libm::log(typical / self.smooth);
        self.smooth =
            if off.abs() <= JUMP { self.smooth + WEIGHT * (typical - self.smooth) } else { typical };
        self.smooth
    }

    /// As of the last interval.
    pub fn per_second(&self) -> f64 {
        self.smooth
    }

    /// The median of three, so that one odd measurement (a pause) moves nothing.
    fn typical(&self) -> f64 {
        let [a, b, c] = self.recent;
        if self.measured < 3 { if self.measured == 2 { b } else { a } } else { a.max(b).min(a.min(b).max(c)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_time_does_not_count() {
        let mut saturated = Saturated::default();
        let mut now_us = 0;
        // Bursts of 30 calls that take 300 ms, one after another, and a minute of nothing.
        for _ in 0..5 {
            (1..=30).for_each(|n| saturated.moved(now_us, n, Some(30.0)));
            for left in (0..30).rev() {
                now_us += 10_000;
                saturated.moved(now_us, left, Some(30.0));
            }
            now_us += 60_000_000;
            saturated.interval(0.5);
        }
        assert!((saturated.per_second() - 100.0).abs() < 12.0, "{}", saturated.per_second());
    }
}

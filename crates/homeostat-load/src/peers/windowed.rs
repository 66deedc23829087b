//! How the Netflix limits are fed: `WindowedLimit` (a second at least, ten samples at least, the mean round trip and the largest
//! number in flight), or every sample by itself.

use crate::limiter::{Completion, Limiter};

/// A rule that moves a limit.
pub trait Rule {
    /// Requests that may be in flight.
    fn limit(&self) -> usize;
    /// One round trip (or a window's mean), with the number in flight at its start and whether any was dropped.
    fn update(&mut self, round_trip_s: f64, in_flight: usize, dropped: bool);
}

/// Feeds every sample.
#[derive(Clone, Debug)]
pub struct Direct<R>(pub R);

impl<R: Rule> Limiter for Direct<R> {
    fn limit(&self) -> usize {
        self.0.limit()
    }
    fn completed(&mut self, c: &Completion) {
        self.0.update(c.round_trip_s(), c.in_flight_then, c.late);
    }
}

const WINDOW_S: f64 = 1.0;
const SAMPLES_MIN: usize = 10;
/// Shorter round trips are ignored.
const ROUND_TRIP_S_MIN: f64 = 1e-4;

/// Feeds a window's mean.
#[derive(Clone, Debug)]
pub struct Windowed<R> {
    rule: R,
    end_s: f64,
    sum_s: f64,
    samples: usize,
    in_flight_max: usize,
    dropped: bool,
}

impl<R: Rule> Windowed<R> {
    /// Around this rule.
    pub fn new(rule: R) -> Self {
        Self { rule, end_s: 0.0, sum_s: 0.0, samples: 0, in_flight_max: 0, dropped: false }
    }
}

impl<R: Rule> Limiter for Windowed<R> {
    fn limit(&self) -> usize {
        self.rule.limit()
    }

    fn completed(&mut self, c: &Completion) {
        let round_trip_s = c.round_trip_s();
        let end_s = c.start_s + round_trip_s;
        if round_trip_s < ROUND_TRIP_S_MIN {
            return;
        }
        self.sum_s += round_trip_s;
        self.samples += 1;
        self.in_flight_max = self.in_flight_max.max(c.in_flight_then);
        self.dropped |= c.late;
        if end_s <= self.end_s {
            return;
        }
        // The original's minimum and maximum window are both a second by default.
        self.end_s = end_s + WINDOW_S;
        if self.samples >= SAMPLES_MIN {
            self.rule.update(self.sum_s / self.samples as f64, self.in_flight_max, self.dropped);
        }
        (self.sum_s, self.samples, self.in_flight_max, self.dropped) = (0.0, 0, 0, false);
    }
}

//! A promoted kernel in the field: spot checks at a stated rate, and latency against what was measured when it was promoted.
//!
//! One run of every `1 / rate` is checked, at a place drawn anew for each such stretch, so that a fault is found within two
//! stretches and cannot hide in a rhythm. A wrong answer demotes at once; so does a median whose whole interval is too slow.

use crate::measure::{Median, median};
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use homeostat_core::list::List;
use homeostat_core::rng::Rng;

/// A promoted kernel is too slow when its median exceeds this many times what was measured before its promotion.
pub const SLOWER_MAX: f64 = 1.25;
/// Runs that latency is judged by.
pub const SAMPLES_MIN: usize = 32;

/// Why a kernel has to go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Report {
    /// A spot check was out of bounds.
    Wrong {
        /// After so many runs.
        runs: u64,
    },
    /// It is slower than it was.
    Slow {
        /// The median of the latest runs over what was measured before.
        ratio: Median,
        /// After so many runs.
        runs: u64,
    },
}

/// A promoted kernel under watch.
#[derive(Clone, Debug)]
pub struct Watch {
    /// Seconds of a run when it was promoted.
    expected_s: f64,
    /// Runs of one stretch.
    stretch: u64,
    /// Place in the present stretch that is checked.
    place: u64,
    runs: u64,
    recent: VecDeque<f64>,
    rng: Rng,
}

impl Watch {
    /// Watches a kernel that took this long when it was promoted; `rate` is the share of runs that are checked, 0 for none.
    pub fn new(expected_s: f64, rate: f64, seed: u64) -> Self {
        let stretch = if rate > 0.0 { libm::ceil(1.0 / rate).max(1.0) as u64 } else { 0 };
        let mut watch =
            Self { expected_s, stretch, place: 0, runs: 0, recent: VecDeque::new(), rng: Rng::new(seed) };
        watch.draw();
        watch
    }

    fn draw(&mut self) {
        self.place = if self.stretch > 0 { self.rng.next_u64() % self.stretch } else { 0 };
    }

    /// Runs so far.
    pub fn runs(&self) -> u64 {
        self.runs
    }

    /// From now on a run is expected to take so long: nobody knew when it was promoted.
    pub fn expect(&mut self, seconds: f64) {
        self.expected_s = seconds;
        self.recent.clear();
    }

    /// From now on a run is expected to take this many times as long.
    pub fn rescale(&mut self, ratio: f64) {
        self.expected_s *= ratio;
        self.recent.clear();
    }

    /// Counts a run; whether its answer is to be checked before it is given.
    pub fn begin(&mut self) -> bool {
        let at = self.runs;
        self.runs += 1;
        if self.stretch == 0 {
            return false;
        }
        let chosen = at % self.stretch == self.place;
        if self.runs.is_multiple_of(self.stretch) {
            self.draw();
        }
        chosen
    }

    /// Tells how long a run took; a report where the kernel has become slow.
    pub fn took(&mut self, seconds: f64) -> Option<Report> {
        if !seconds.is_finite() || self.expected_s <= 0.0 {
            return None;
        }
        self.recent.push_back(seconds / self.expected_s);
        if self.recent.len() < SAMPLES_MIN {
            return None;
        }
        if self.recent.len() > SAMPLES_MIN {
            self.recent.pop_front();
        }
        let ratios: Vec<f64> = self.recent.iter().copied().listed();
        let ratio = median(&ratios)?;
        (ratio.low > SLOWER_MAX).then_some(Report::Slow { ratio, runs: self.runs })
    }

    /// Tells whether a checked answer was right.
    pub fn checked(&self, right: bool) -> Option<Report> {
        (!right).then_some(Report::Wrong { runs: self.runs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_found_within_two_stretches() {
        for seed in 0..500 {
            let mut watch = Watch::new(1.0, 0.01, seed);
            let begins = seed * 7 % 350;
            let found = (0..).find(|run| watch.begin() && *run >= begins).unwrap();
            assert!(found - begins < 200, "seed {seed}: {}", found - begins);
        }
    }

    #[test]
    fn the_share_of_checks_is_the_stated_one() {
        let mut watch = Watch::new(1.0, 0.05, 3);
        assert_eq!((0..10_000).filter(|_| watch.begin()).count(), 500);
        let mut never = Watch::new(1.0, 0.0, 3);
        assert!((0..1000).all(|_| !never.begin()));
        let mut always = Watch::new(1.0, 1.0, 3);
        assert!((0..1000).all(|_| always.begin()));
    }

    #[test]
    fn a_kernel_that_becomes_slow_is_reported_and_noise_is_not() {
        let mut rng = Rng::new(9);
        let mut noisy = || {
            1.0 + (rng.next_u64() % 100) as f64 / 500.0
                + if rng.next_u64().is_multiple_of(6) { 3.0 } else { 0.0 }
        };
        let mut watch = Watch::new(1.1, 0.0, 1);
        assert!((0..5000).all(|_| watch.took(noisy()).is_none()));
        let found = (0..200).find(|_| watch.took(1.6 * noisy()).is_some());
        assert!(found.is_some_and(|n| n < 2 * SAMPLES_MIN), "{found:?}");
    }

    #[test]
    fn a_wrong_answer_is_reported_at_once() {
        let mut watch = Watch::new(1.0, 1.0, 1);
        watch.begin();
        assert_eq!(watch.checked(false), Some(Report::Wrong { runs: 1 }));
        assert_eq!(watch.checked(true), None);
    }
}

use crate::journal::Evidence;

/// Time constant of the short mean, seconds.
const SHORT_S: f64 = 8.0;
/// Time constants of the reference: slow to accept a rise, quick to accept a fall.
const RISE_S: f64 = 900.0;
const FALL_S: f64 = 60.0;
/// Time constant of the spread between them.
const SPREAD_S: f64 = 240.0;
/// An excess below this is never elevated.
const EXCESS_MIN: f64 = 0.15;
/// Nor is one below so many standard deviations.
const DEVIATIONS: f64 = 2.0;

/// The level of the objective against its own past.
#[derive(Clone, Debug)]
pub(super) struct Level {
    short: f64,
    reference: f64,
    spread: f64,
}

impl Level {
    pub fn new(y: f64) -> Self {
        Self { short: y, reference: y, spread: 0.01 }
    }

    pub fn observe(&mut self, y: f64, dt: f64) {
        let share = |s: f64| (dt / s).min(1.0);
        self.short += share(SHORT_S) * (y - self.short);
        let excess = self.excess();
        self.reference += share(if excess > 0.0 { RISE_S } else { FALL_S }) * excess;
        self.spread += share(SPREAD_S) * ((excess * excess).min(9.0 * self.spread + 1e-4) - self.spread);
    }

    pub fn short(&self) -> f64 {
        self.short
    }

    pub fn excess(&self) -> f64 {
        self.short - self.reference
    }

    /// Whether the objective is so much worse than it used to be that the anchor may be better.
    pub fn is_elevated(&self) -> bool {
        self.excess() > EXCESS_MIN.max(DEVIATIONS * libm::sqrt(self.spread))
    }

    /// Whether a sudden rise alone is enough.
    pub fn is_high(&self) -> bool {
        self.excess() > EXCESS_MIN
    }

    /// The level is the anchor's now.
    pub fn restart(&mut self, y: f64) {
        (self.short, self.reference) = (y, y);
    }

    /// The anchor was no better: the rise is half accepted.
    pub fn accept_half(&mut self) {
        self.reference += 0.5 * self.excess();
    }

    pub fn evidence(&self) -> Evidence {
        let deviation = libm::sqrt(self.spread);
        Evidence::Level { level: self.short, reference: self.reference, deviation }
    }
}

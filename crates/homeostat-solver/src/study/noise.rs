//! What is known of the objective's noise, and how it is found out.
//!
//! Only a point that was evaluated twice proves noise, or that there is none. `auto` does so on spaces of real numbers, at a few
//! moments of a study (20 told trials, or 2 n if that is more, and whenever there are twice as many): once if values near the
//! best ones differ by more than their places explain, and again while noise is proven. So a study without noise is charged at
//! most one evaluation, and a noisy one the logarithm of its length.

use super::Study;
use crate::config::Method;
use crate::smooth::Smooth;

/// Told trials before the first second look.
const FIRST_LOOK: usize = 20;

/// What repeated points have shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noise {
    /// No point was evaluated twice.
    Unknown,
    /// Repeats gave what was known.
    None,
    /// Repeats gave something else.
    Proven,
}

impl Noise {
    pub fn word(self) -> &'static str {
        match self {
            Noise::Unknown => "unknown",
            Noise::None => "none",
            Noise::Proven => "proven",
        }
    }
}

/// Counts repeats.
#[derive(Clone, Debug, Default)]
pub struct Repeats {
    equal: u32,
    different: u32,
    /// Told trials after which the next second look is due; 0: the first one.
    due: usize,
}

impl Repeats {
    /// Takes in what a new value at a known point showed, if it was one.
    pub fn count(&mut self, differs: Option<bool>) {
        match differs {
            Some(true) => self.different += 1,
            Some(false) => self.equal += 1,
            None => {}
        }
    }

    pub fn noise(&self) -> Noise {
        match (self.equal, self.different) {
            (0, 0) => Noise::Unknown,
            (_, 0) => Noise::None,
            _ => Noise::Proven,
        }
    }

    /// Looks again once there are twice as many trials.
    pub fn look_again_after(&mut self, told: usize) {
        self.due = 2 * told;
    }
}

impl Study {
    /// The trial whose point should be evaluated once more, if it is time for that.
    pub(super) fn second_look(&mut self) -> Option<u32> {
        let probing = self.probed < self.probe_end;
        if self.config.method != Method::Auto || self.config.space.size().is_some() || probing {
            return None;
        }
        let told = self.told.len();
        if told < self.repeats.due.max(FIRST_LOOK).max(2 * self.config.space.len()) {
            return None;
        }
        self.repeats.look_again_after(told);
        let wanted = match self.repeats.noise() {
            Noise::Unknown => self.looks_noisy(),
            Noise::None => false,
            Noise::Proven => true,
        };
        let best = self.best().filter(|_| wanted)?;
        let place = self.places.get(&self.trials[best as usize].values)?;
        place.open.is_empty().then_some(best)
    }

    /// Whether the values around the best ones differ by more than their places explain.
    fn looks_noisy(&self) -> bool {
        self.surface().is_some_and(|(_, smooth): (_, Smooth)| smooth.is_noisy())
    }
}

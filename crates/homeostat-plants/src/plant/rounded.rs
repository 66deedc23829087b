//! P1I to P4I: the plants of the same number, their knobs as services have them: whole numbers, most on a log scale.
//!
//! Only what the live tuner is told differs: it moves knobs of a kind, in their own unit, and a value that the kind cannot
//! hold never goes live. The cost, the noise and the references are the twin's, so the twin's figures are the measure.

use super::{Optimum, Plant};
use crate::Setting;
use crate::contender::Window;
use crate::noise::{Noise, Tails};
use crate::rng::Rng;

/// What a knob's values are, and how they are laid out on [0, 1].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// Kind, as the core names it.
    pub kind: &'static str,
    /// Whether equal ratios are equal steps.
    pub log: bool,
    /// Least value.
    pub min: f64,
    /// Greatest value.
    pub max: f64,
}

impl Grid {
    /// Any number from 0 to 1.
    pub const REAL: Self = Self { kind: "number", log: false, min: 0.0, max: 1.0 };

    const fn whole(log: bool, min: f64, max: f64) -> Self {
        Self { kind: "integer", log, min, max }
    }

    /// The nearest value that the kind can hold.
    pub fn value(&self, unit: f64) -> f64 {
        let exact = if self.log {
            self.min * libm::pow(self.max / self.min, unit)
        } else {
            self.min + unit * (self.max - self.min)
        };
        if self.kind == "integer" { exact.round() } else { exact }
    }

    /// Where a value lies.
    pub fn unit(&self, value: f64) -> f64 {
        if self.log {
            libm::log(value / self.min) / libm::log(self.max / self.min)
        } else {
            (value - self.min) / (self.max - self.min)
        }
    }
}

/// A plant whose knobs have a grid.
pub struct Rounded {
    name: &'static str,
    twin: &'static dyn Plant,
    grids: [Grid; 4],
}

/// Seconds: steps of 0.1 to 1 % of the range.
pub static TTL: Rounded =
    Rounded { name: "P1I", twin: &super::cache_ttl::CacheTtl, grids: [Grid::whole(true, 30.0, 900.0); 4] };
/// Steps of 0.1 to 5 %: the coarsest, at the lower end, is more than the conservative preset lets one update move.
pub static LIMIT: Rounded = Rounded {
    name: "P2I",
    twin: &super::concurrency::ConcurrencyLimit,
    grids: [Grid::whole(true, 4.0, 256.0); 4],
};
/// Messages and tenths of a millisecond: steps of 0.1 to 11 %; below 8 they are more than some updates may move.
pub static BATCH: Rounded = Rounded {
    name: "P3I",
    twin: &super::batching::Batching,
    grids: [Grid::whole(true, 1.0, 512.0), Grid::whole(true, 1.0, 1000.0), Grid::REAL, Grid::REAL],
};
/// Steps of 4 %, about as large as a probe.
pub static FOUR: Rounded =
    Rounded { name: "P4I", twin: &super::drift::Drift, grids: [Grid::whole(false, 0.0, 24.0); 4] };

impl Plant for Rounded {
    fn name(&self) -> &'static str {
        self.name
    }
    fn knobs(&self) -> usize {
        self.twin.knobs()
    }
    fn grid(&self, knob: usize) -> Grid {
        self.grids[knob]
    }
    fn initial(&self) -> Setting {
        let twin = self.twin.initial();
        std::array::from_fn(|i| {
            if i < self.knobs() { self.grids[i].unit(self.grids[i].value(twin[i])) } else { twin[i] }
        })
    }
    fn cost(&self, t: f64, u: &Setting) -> f64 {
        self.twin.cost(t, u)
    }
    fn optimum(&self) -> Optimum {
        self.twin.optimum()
    }
    fn lag_s(&self) -> f64 {
        self.twin.lag_s()
    }
    fn declared_lag_s(&self) -> f64 {
        self.twin.declared_lag_s()
    }
    fn jumps_s(&self) -> &'static [f64] {
        self.twin.jumps_s()
    }
    fn tails(&self) -> Tails {
        self.twin.tails()
    }
    fn sense(&self, t: f64, u: &Setting, noise: &mut Noise, counts: &mut Rng, window: &mut Window) {
        self.twin.sense(t, u, noise, counts, window);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_whole_and_units_are_their_places() {
        for plant in [&TTL, &LIMIT, &BATCH, &FOUR] {
            for knob in 0..plant.knobs() {
                let grid = plant.grid(knob);
                for k in 0..=100 {
                    let value = grid.value(f64::from(k) / 100.0);
                    assert_eq!(value, value.round());
                    assert!((grid.unit(value) - f64::from(k) / 100.0).abs() < 0.07, "{} {k}", plant.name());
                }
                let start = plant.initial()[knob];
                assert!(
                    (grid.unit(grid.value(start)) - start).abs() < 1e-12,
                    "{} starts on its grid",
                    plant.name()
                );
            }
        }
    }
}

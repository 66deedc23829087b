use super::{Seen, Strategy, View};
use crate::draw;
use alloc::vec::Vec;
use homeostat_core::rng::Rng;

/// Points that are drawn for one that a finite space has not had.
const TRIES: usize = 64;

/// Independent uniform points: the yardstick, and hard to beat where there is nothing to learn.
pub struct Random {
    dimensions: usize,
    rng: Rng,
}

impl Random {
    pub fn new(dimensions: usize, seed: u64) -> Self {
        Self { dimensions, rng: Rng::new(seed) }
    }
}

impl Strategy for Random {
    fn name(&self) -> &'static str {
        "random"
    }

    fn ask(&mut self, view: &View) -> Option<Vec<f64>> {
        let mut draw =
            || -> Vec<f64> { (0..self.dimensions).map(|_| draw::uniform(&mut self.rng)).collect() };
        let unit = draw();
        if !view.is_finite() {
            return Some(unit);
        }
        core::iter::once(unit)
            .chain(core::iter::repeat_with(draw).take(TRIES))
            .find(|u| view.seen(u) == Seen::New)
    }

    fn tell(&mut self, _unit: &[f64], _y: f64) {}
}

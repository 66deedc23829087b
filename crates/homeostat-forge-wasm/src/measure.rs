//! When a difference is one, and the watch over a promoted kernel, across WebAssembly.

use alloc::vec::Vec;
use homeostat_forge::controller;
use homeostat_forge::measure::{self, Decision};
use wasm_bindgen::prelude::*;

/// How many runs make a batch, where one takes about this long.
#[wasm_bindgen(js_name = batchRuns)]
pub fn batch_runs(estimate_s: f64) -> u32 {
    measure::runs(estimate_s)
}

/// The median of samples and its interval; empty without any.
#[wasm_bindgen]
pub fn median(samples: &[f64]) -> Vec<f64> {
    measure::median(samples).map_or(Vec::new(), |m| [m.value, m.low, m.high].to_vec())
}

/// Interleaved pairs: 1 promote, 0 keep, -1 undecided; then the ratio's median and interval.
#[wasm_bindgen]
pub fn decide(candidates: &[f64], incumbents: &[f64]) -> Vec<f64> {
    let pairs: Vec<(f64, f64)> = candidates.iter().copied().zip(incumbents.iter().copied()).collect();
    let Some(decision) = measure::decide(&pairs) else { return Vec::new() };
    let (verdict, m) = match decision {
        Decision::Promote(m) => (1.0, m),
        Decision::Keep(m) => (0.0, m),
        Decision::Undecided(m) => (-1.0, m),
    };
    [verdict, m.value, m.low, m.high].to_vec()
}

/// A promoted kernel in the field.
#[wasm_bindgen]
pub struct Watch(controller::Watch);

#[wasm_bindgen]
impl Watch {
    /// Watches a kernel that took so long; `rate` is the share of runs that are checked.
    #[wasm_bindgen(constructor)]
    pub fn new(expected_s: f64, rate: f64, seed: u32) -> Self {
        Self(controller::Watch::new(expected_s, rate, u64::from(seed)))
    }

    /// Counts a run; whether its answer is to be checked before it is given.
    pub fn begin(&mut self) -> bool {
        self.0.begin()
    }

    /// How long a run took; the ratio to what is usual where it has become slow, else 0.
    pub fn took(&mut self, seconds: f64) -> f64 {
        match self.0.took(seconds) {
            Some(controller::Report::Slow { ratio, .. }) => ratio.value,
            _ => 0.0,
        }
    }
}

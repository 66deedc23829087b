//! What a run is scored against: the untouched default, the dynamic oracle, and the best fixed setting in hindsight.

use super::{Optimum, Plant};
use crate::stats::mean;
use crate::{RUN_S, Setting, WINDOW_S, WINDOWS};

/// Costs per window of the reference policies, without lag, noise or guardrails.
#[derive(Debug)]
pub struct Reference {
    /// Cost of leaving the initial setting.
    pub initial_cost: Vec<f64>,
    /// Cost of the best setting of each moment.
    pub oracle_cost: Vec<f64>,
    /// The best setting of each moment.
    pub oracle: Vec<Setting>,
    /// The best setting that never changes.
    pub fixed: Setting,
    /// Its mean cost.
    pub fixed_mean: f64,
}

impl Reference {
    /// Computes the references of a plant; for two knobs this takes some milliseconds.
    pub fn of(plant: &dyn Plant) -> Self {
        let initial = plant.initial();
        let mut reference = Self {
            initial_cost: Vec::with_capacity(WINDOWS),
            oracle_cost: Vec::with_capacity(WINDOWS),
            oracle: Vec::with_capacity(WINDOWS),
            fixed: best_fixed(plant),
            fixed_mean: 0.0,
        };
        for k in 0..WINDOWS {
            let t = k as f64 * WINDOW_S;
            let best = match (plant.optimum(), reference.oracle.last()) {
                (Optimum::Known(optimum), _) => optimum(t),
                (Optimum::Line { .. }, Some(&last)) if k % 4 != 0 => last,
                (Optimum::Plane { .. }, Some(&last)) if !plant.jumps_s().contains(&t) => last,
                (Optimum::Line { intervals, rest }, _) => search_line(plant, t, intervals, rest),
                (Optimum::Plane { intervals }, _) => search_plane(plant, t, intervals),
            };
            reference.initial_cost.push(plant.cost(t, &initial));
            reference.oracle_cost.push(plant.cost(t, &best));
            reference.oracle.push(best);
        }
        let fixed: Vec<f64> =
            (0..WINDOWS).map(|k| plant.cost(k as f64 * WINDOW_S, &reference.fixed)).collect();
        reference.fixed_mean = mean(&fixed);
        reference
    }

    /// Mean cost of leaving the initial setting.
    pub fn initial_mean(&self) -> f64 {
        mean(&self.initial_cost)
    }

    /// Mean cost of the dynamic oracle.
    pub fn oracle_mean(&self) -> f64 {
        mean(&self.oracle_cost)
    }

    /// Regret of a mean cost: 0 is the dynamic oracle, 1 the untouched default. None where the default is optimal.
    pub fn regret(&self, mean_cost: f64) -> Option<f64> {
        let (initial, oracle) = (self.initial_mean(), self.oracle_mean());
        (initial - oracle > 1e-6).then(|| (mean_cost - oracle) / (initial - oracle))
    }
}

fn search_line(plant: &dyn Plant, t: f64, intervals: usize, rest: Setting) -> Setting {
    let candidates = (0..=intervals).map(|i| {
        let mut u = rest;
        u[0] = i as f64 / intervals as f64;
        u
    });
    cheapest(plant, t, candidates)
}

fn search_plane(plant: &dyn Plant, t: f64, intervals: usize) -> Setting {
    let at = move |i: usize| i as f64 / intervals as f64;
    let candidates =
        (0..=intervals).flat_map(move |i| (0..=intervals).map(move |j| [at(i), at(j), 0.0, 0.0]));
    cheapest(plant, t, candidates)
}

fn cheapest(plant: &dyn Plant, t: f64, candidates: impl Iterator<Item = Setting>) -> Setting {
    let mut best = (f64::INFINITY, [0.0; 4]);
    for u in candidates {
        let cost = plant.cost(t, &u);
        if cost < best.0 {
            best = (cost, u);
        }
    }
    best.1
}

/// Pattern search from the default over the mean cost at 90 evenly spaced moments.
fn best_fixed(plant: &dyn Plant) -> Setting {
    const SAMPLES: usize = 90;
    let spacing = RUN_S / SAMPLES as f64;
    let evaluate = |u: &Setting| -> f64 {
        (0..SAMPLES).map(|i| plant.cost((i as f64 + 0.5) * spacing, u)).sum::<f64>() / SAMPLES as f64
    };
    let mut best = (evaluate(&plant.initial()), plant.initial());
    let mut step = 0.2;
    while step > 0.004 {
        let mut improved = false;
        for knob in 0..plant.knobs() {
            for direction in [-1.0, 1.0] {
                let mut u = best.1;
                u[knob] = (u[knob] + direction * step).clamp(0.0, 1.0);
                let cost = evaluate(&u);
                if cost < best.0 - 1e-12 {
                    best = (cost, u);
                    improved = true;
                }
            }
        }
        if !improved {
            step *= 0.5;
        }
    }
    best.1
}

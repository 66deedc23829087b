//! The closed loop: a plant, its noise, a contender and the auditor, in windows of 250 ms for 30 minutes.

mod metrics;
mod summary;
mod sweep;

pub use metrics::Metrics;
pub use summary::{Stat, Summary};
pub use sweep::{Job, parallel, sweep};

use crate::auditor::{Auditor, Rules};
use crate::contender::{Case, Contender, Window};
use crate::noise::Noise;
use crate::rng::Rng;
use crate::{Setting, WINDOW_S, WINDOW_US, WINDOWS};

/// One run's conditions.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// What the auditor holds the contender to.
    pub rules: Rules,
    /// Coefficient of variation of the noise.
    pub cv: f64,
    /// Seed of everything random in the plant and its noise.
    pub seed: u64,
    /// The plant's true lag, where it is not the plant's own.
    pub lag_s: Option<f64>,
}

/// Streams drawn from one seed; far apart, so that none repeats another's.
fn noise_seed(seed: u64) -> u64 {
    seed.wrapping_mul(7919).wrapping_add(13)
}

fn count_seed(seed: u64) -> u64 {
    seed.wrapping_mul(31).wrapping_add(777)
}

/// Runs a contender against a plant and scores it.
pub fn run(case: &Case, contender: &mut dyn Contender, conditions: &Conditions) -> Metrics {
    let plant = case.plant;
    let mut noise = Noise::new(noise_seed(conditions.seed), conditions.cv, plant.tails());
    let mut counts = Rng::new(count_seed(conditions.seed));
    let mut process = plant.process(conditions.seed.wrapping_add(5));
    let mut auditor = Auditor::new(conditions.rules, plant.knobs(), plant.initial());
    let follow = 1.0 - libm::exp(-WINDOW_S / conditions.lag_s.unwrap_or(plant.lag_s()));

    let mut in_force: Setting = plant.initial();
    let mut costs = Vec::with_capacity(WINDOWS);
    let mut applied = Vec::new();
    for k in 0..WINDOWS {
        let t = k as f64 * WINDOW_S;
        let live = contender.live();
        auditor.observe_live(k as u64 * WINDOW_US, &live);
        for knob in 0..plant.knobs() {
            in_force[knob] += follow * (live[knob] - in_force[knob]);
        }
        let mut window = Window {
            end_us: (k as u64 + 1) * WINDOW_US,
            objective: 0.0,
            requests: 0.0,
            errors: 0.0,
            concurrency: None,
            shadow: None,
            context: 0.0,
        };
        if let Some(process) = process.as_mut() {
            let cost = process.window(t, &in_force);
            window.objective = cost;
            window.shadow = Some(*process.shadow());
            costs.push(cost);
        } else {
            let cost = plant.cost(t, &in_force);
            window.objective = noise.disturb(cost);
            costs.push(cost);
        }
        plant.sense(t, &in_force, &mut noise, &mut counts, &mut window);
        contender.step(&window, &mut applied);
        for update in applied.drain(..) {
            auditor.record(&update);
        }
    }
    auditor.observe_live(WINDOWS as u64 * WINDOW_US, &contender.live());
    Metrics::score(case, &costs, contender.safe_mode_entries(), &auditor)
}

//! Tree-structured Parzen estimator (Bergstra et al. 2011), used online: the candidate with the best ratio of the
//! densities of good and of other trials.

use super::literal::Executor;
use super::trial::{HISTORY_MAX, Sampler, Trial};
use crate::Setting;
use crate::rng::Rng;

const STARTUP_TRIALS: usize = 10;
const CANDIDATES: usize = 24;
const BANDWIDTH: f64 = 0.1;

#[derive(Default)]
pub struct Tpe {
    ranked: Vec<Trial>,
}

fn density(knobs: usize, trials: &[Trial], at: &Setting) -> f64 {
    let kernel = |trial: &Trial| {
        let squared: f64 = (0..knobs)
            .map(|i| {
                let z = (trial.0[i] - at[i]) / BANDWIDTH;
                z * z
            })
            .sum();
        libm::exp(-0.5 * squared)
    };
    trials.iter().map(kernel).sum::<f64>() / trials.len() as f64 + 1e-6
}

impl Sampler for Tpe {
    fn propose(
        &mut self,
        incumbent: &Setting,
        history: &[Trial],
        executor: &Executor,
        rng: &mut Rng,
    ) -> Setting {
        let knobs = executor.knobs();
        if history.len() < STARTUP_TRIALS {
            let mut candidate = *incumbent;
            candidate[..knobs].fill_with(|| rng.uniform());
            return candidate;
        }
        debug_assert!(history.len() <= HISTORY_MAX);
        self.ranked.clear();
        self.ranked.extend_from_slice(history);
        self.ranked.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (good, rest) = self.ranked.split_at((history.len() / 4).max(3));
        let mut best = (f64::NEG_INFINITY, *incumbent);
        for _ in 0..CANDIDATES {
            let mut candidate = good[(rng.uniform() * good.len() as f64) as usize].0;
            for value in &mut candidate[..knobs] {
                *value = (*value + BANDWIDTH * rng.normal()).clamp(0.0, 1.0);
            }
            let ratio = density(knobs, good, &candidate) / density(knobs, rest, &candidate);
            if ratio > best.0 {
                best = (ratio, candidate);
            }
        }
        best.1
    }
}

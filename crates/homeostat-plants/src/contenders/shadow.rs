//! Counterfactual control of a TTL: the cheapest of the shadow values, averaged over a minute, approached within the
//! guardrails. No probe at all.

use super::literal::{Executor, Strategy, Verdict};
use crate::WINDOW_S;
use crate::contender::Window;
use crate::plant::{SHADOW_POINTS, shadow_setting};

const AVERAGING_S: f64 = 60.0;
const WARM_UP_WINDOWS: u64 = 120;
const DECIDE_EVERY: u64 = 20;
/// Relative gain below which it stays.
const GAIN_MIN: f64 = 0.01;

#[derive(Default)]
pub struct Shadow {
    costs: [f64; SHADOW_POINTS],
    windows: u64,
}

impl Strategy for Shadow {
    fn step(&mut self, window: &Window, executor: &mut Executor) {
        let Some(shadow) = &window.shadow else { return };
        self.windows += 1;
        let weight = (1.0 / self.windows as f64).max(WINDOW_S / AVERAGING_S);
        for (cost, seen) in self.costs.iter_mut().zip(shadow) {
            if !seen.is_nan() {
                *cost += weight * (seen - *cost);
            }
        }
        if executor.frozen() || !self.windows.is_multiple_of(DECIDE_EVERY) || self.windows < WARM_UP_WINDOWS {
            return;
        }
        let best = (0..SHADOW_POINTS).min_by(|&a, &b| self.costs[a].total_cmp(&self.costs[b])).unwrap_or(0);
        let mut wanted = executor.baseline();
        let here = ((wanted[0] * (SHADOW_POINTS - 1) as f64).round() as usize).min(SHADOW_POINTS - 1);
        if self.costs[here] - self.costs[best] < GAIN_MIN * self.costs[here] {
            return;
        }
        let step = executor.affordable(0, shadow_setting(best) - wanted[0]);
        wanted[0] += step;
        if step.abs() > 0.005 {
            let before = executor.baseline();
            if executor.propose(&wanted) == Verdict::Applied {
                executor.certify(before);
            }
        }
    }
}

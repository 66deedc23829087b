use crate::journal::{Evidence, ShadowInput};
use crate::real::clamp;
use crate::space::Knob;

/// Time constant of the smoothed costs, seconds. Recipes smooth by themselves; this only evens out single windows.
const SMOOTH_S: f64 = 3.0;
/// Evaluations before the first decision.
const EVALUATIONS_MIN: u32 = 8;
/// The best candidate has to be better than the present value by this share.
const GAIN_MIN: f64 = 0.02;
/// Least time between two steps: the regression watch gets windows to compare.
pub(super) const PACE_US: u64 = 1_000_000;

/// What the same traffic would have cost at other values of one knob, smoothed.
#[derive(Clone, Debug)]
pub struct ShadowLearner {
    input: Option<ShadowInput>,
    evaluations: u32,
    last_us: u64,
}

impl ShadowLearner {
    /// Nothing known yet.
    pub fn new() -> Self {
        Self { input: None, evaluations: 0, last_us: 0 }
    }

    /// One evaluation. Costs that are not finite leave their candidate's estimate as it is.
    pub fn observe(&mut self, now_us: u64, input: &ShadowInput) {
        let len = usize::from(input.len);
        let same = self
            .input
            .as_ref()
            .is_some_and(|known| known.len == input.len && known.values[..len] == input.values[..len]);
        if !same {
            self.evaluations = 0;
            if input.costs[..len].iter().all(|c| c.is_finite()) && len >= 2 {
                (self.input, self.evaluations) = (Some(*input), 1);
            } else {
                self.input = None;
            }
            self.last_us = now_us;
            return;
        }
        let Some(known) = &mut self.input else { return };
        let dt = now_us.saturating_sub(self.last_us) as f64 / 1e6;
        self.last_us = now_us;
        self.evaluations = self.evaluations.saturating_add(1);
        let share = (dt / SMOOTH_S).max(1.0 / f64::from(self.evaluations)).min(1.0);
        for (old, new) in known.costs[..len].iter_mut().zip(&input.costs[..len]) {
            if new.is_finite() {
                *old += share * (new - *old);
            }
        }
    }

    /// The smoothed candidates and costs.
    pub fn curve(&self) -> Option<(&[f64], &[f64])> {
        let known = self.input.as_ref()?;
        let len = usize::from(known.len);
        Some((&known.values[..len], &known.costs[..len]))
    }

    /// Where the knob should be, in units of its range, if that is clearly better than `here` (units).
    pub fn target(&self, knob: &Knob, here: f64) -> Option<(f64, Evidence)> {
        if self.evaluations < EVALUATIONS_MIN {
            return None;
        }
        let (values, costs) = self.curve()?;
        let unit = |i: usize| knob.to_unit(values[i]);
        let best = (0..costs.len()).min_by(|a, b| costs[*a].total_cmp(&costs[*b]))?;
        let cost_here = interpolate(values.len(), unit, costs, here);
        if cost_here - costs[best] <= GAIN_MIN * cost_here.abs() {
            return None;
        }
        let target = vertex(values.len(), unit, costs, best);
        let evidence = Evidence::Shadow { here: cost_here, best: costs[best], value: knob.to_value(target) };
        Some((target, evidence))
    }
}

impl Default for ShadowLearner {
    fn default() -> Self {
        Self::new()
    }
}

fn interpolate(len: usize, unit: impl Fn(usize) -> f64, costs: &[f64], at: f64) -> f64 {
    let right = (0..len).find(|i| unit(*i) >= at);
    match right {
        Some(0) => costs[0],
        None => costs[len - 1],
        Some(r) => {
            let (a, b) = (unit(r - 1), unit(r));
            let share = if b > a { (at - a) / (b - a) } else { 0.0 };
            costs[r - 1] + share * (costs[r] - costs[r - 1])
        }
    }
}

/// The lowest point of the parabola through the best candidate and its neighbours.
fn vertex(len: usize, unit: impl Fn(usize) -> f64, costs: &[f64], best: usize) -> f64 {
    if best == 0 || best + 1 == len {
        return unit(best);
    }
    let (a, b, c) = (unit(best - 1), unit(best), unit(best + 1));
    let (left, right) =
        ((costs[best] - costs[best - 1]) / (b - a), (costs[best + 1] - costs[best]) / (c - b));
    if right <= left {
        return b;
    }
    let zero_slope = 0.5 * (a + b) - left * 0.5 * (c - a) / (right - left);
    clamp(zero_slope, a, c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::{Kind, Learn, Scale};

    fn knob() -> Knob {
        Knob {
            name: "ttl".into(),
            kind: Kind::Number,
            scale: Scale::Linear,
            min: 0.0,
            max: 1.0,
            initial: 0.9,
            lag_us: 0,
            learn: Learn::Shadow,
            push: false,
        }
    }

    fn evaluation(at: impl Fn(f64) -> f64) -> ShadowInput {
        let values = core::array::from_fn(|i| i as f64 / 10.0);
        ShadowInput { knob: 0, len: 11, values, costs: values.map(at) }
    }

    #[test]
    fn finds_the_minimum_between_candidates() {
        let mut learner = ShadowLearner::new();
        for k in 0..EVALUATIONS_MIN {
            assert!(learner.target(&knob(), 0.9).is_none());
            learner.observe(u64::from(k) * 250_000, &evaluation(|u| 1.0 + (u - 0.33) * (u - 0.33)));
        }
        let (target, _) = learner.target(&knob(), 0.9).unwrap();
        assert!((target - 0.33).abs() < 1e-9, "{target}");
        assert!(learner.target(&knob(), 0.35).is_none(), "not clearly better");
        learner.observe(9_000_000, &evaluation(|_| f64::NAN));
        assert!(learner.target(&knob(), 0.9).is_some(), "what is not finite teaches nothing");
    }
}

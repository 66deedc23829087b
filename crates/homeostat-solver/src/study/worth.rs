use super::{Outcome, Trial};
use alloc::{collections::VecDeque, vec::Vec};
use homeostat_core::real;

/// Feasible values that the usual spread is taken from.
const RECENT: usize = 64;
/// A constraint that is missed by this share of its limit costs the usual spread.
const VIOLATION_UNIT: f64 = 0.1;

/// What outcomes are worth to a model: one finite number each, where lower is better.
///
/// - A feasible value is worth itself.
/// - An infeasible one is never better than the best feasible one, and worse the farther the constraint is missed, in units of
///   the usual spread of feasible values. While nothing is feasible, the violation alone counts.
/// - A pruned one is worth its value so far, but never better than the best.
/// - A failed one, or a value that is not finite, is worth the worst seen; nothing while nothing was seen.
#[derive(Clone, Debug)]
pub struct Worth {
    best: Option<f64>,
    worst: Option<f64>,
    recent: VecDeque<f64>,
}

impl Worth {
    pub fn new() -> Self {
        Self { best: None, worst: None, recent: VecDeque::with_capacity(RECENT) }
    }

    /// Takes a told trial in. `None`: it cannot be said yet.
    pub fn of(&mut self, trial: &Trial) -> Option<f64> {
        let y = match (&trial.outcome, trial.value()) {
            (Some(Outcome::Complete { .. }), Some(value)) if trial.violation() == 0.0 => {
                self.best = Some(self.best.map_or(value, |best| best.min(value)));
                if self.recent.len() == RECENT {
                    self.recent.pop_front();
                }
                self.recent.push_back(value);
                value
            }
            (Some(Outcome::Complete { .. }), Some(value)) => self.infeasible(value, trial.violation()),
            (Some(Outcome::Pruned { value }), _) if value.is_finite() => {
                self.best.map_or(*value, |best| best.max(*value))
            }
            _ => self.worst?,
        };
        // Sums of extreme values may leave the finite numbers.
        let y = real::clamp(y, -f64::MAX, f64::MAX);
        self.worst = Some(self.worst.map_or(y, |worst| worst.max(y)));
        Some(y)
    }

    /// Whether something feasible was seen.
    pub fn has_feasible(&self) -> bool {
        self.best.is_some()
    }

    fn infeasible(&self, value: f64, violation: f64) -> f64 {
        let missed = (violation / VIOLATION_UNIT).min(1e6);
        self.best.map_or(missed, |best| best.max(value) + self.spread(best) * missed)
    }

    /// How far the median of the recent feasible values is from the best.
    fn spread(&self, best: f64) -> f64 {
        let mut sorted: Vec<f64> = self.recent.iter().copied().collect();
        real::sort(&mut sorted);
        let median = sorted.get(sorted.len() / 2).copied().unwrap_or(best);
        let spread = (median - best).min(f64::MAX);
        if spread > 0.0 { spread } else { best.abs().max(1e-9) * 0.1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(outcome: Outcome) -> Trial {
        Trial { values: vec![], unit: vec![], outcome: Some(outcome), second_look: false }
    }

    fn complete(value: f64, margin: f64) -> Trial {
        trial(Outcome::Complete { value, margin })
    }

    #[test]
    fn the_worst_stands_for_what_has_no_value() {
        let mut worth = Worth::new();
        let failed = trial(Outcome::Failed { reason: "x".into() });
        assert_eq!(worth.of(&failed), None);
        assert_eq!(worth.of(&complete(f64::NAN, f64::NAN)), None);
        assert_eq!(worth.of(&complete(3.0, f64::NAN)), Some(3.0));
        assert_eq!(worth.of(&complete(-2.0, f64::NAN)), Some(-2.0));
        assert_eq!(worth.of(&failed), Some(3.0));
        assert_eq!(
            worth.of(&trial(Outcome::Pruned { value: -9.0 })),
            Some(-2.0),
            "never better than the best"
        );
        assert_eq!(worth.of(&trial(Outcome::Pruned { value: 7.0 })), Some(7.0));
    }

    #[test]
    fn feasibility_comes_first_and_grows_with_the_violation() {
        let mut worth = Worth::new();
        let far = worth.of(&complete(-100.0, -2.0)).unwrap();
        let near = worth.of(&complete(100.0, -0.1)).unwrap();
        assert!(near < far && !worth.has_feasible());
        let best = worth.of(&complete(50.0, 0.0)).unwrap();
        worth.of(&complete(60.0, 0.3));
        assert!(worth.has_feasible());
        let cheap_but_infeasible = worth.of(&complete(-1e9, -0.01)).unwrap();
        assert!(cheap_but_infeasible > best);
        assert!(worth.of(&complete(-1e9, -0.02)).unwrap() > cheap_but_infeasible);
        assert!(worth.of(&complete(f64::MAX, -1e9)).unwrap().is_finite());
    }
}

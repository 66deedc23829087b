//! What an operator asks for: a move by hand, an explicit A/B.

use super::Tuner;
use crate::journal::Evidence;
use crate::safety::{ApplyKind, Verdict, Violation};
use crate::space::Values;
use crate::tuning::Trial;

impl Tuner {
    pub(super) fn on_propose(&mut self, values: &Values, generation: Option<u64>) -> Verdict {
        if generation.is_some_and(|g| g != self.exec.generation()) {
            let (exec, stale) = (&mut self.exec, Violation::StaleGeneration);
            return exec.refuse(self.now_us, ApplyKind::Operator, stale, Evidence::None, &mut self.journal);
        }
        // What an operator asks for does not wait for an experiment.
        self.exec.end_visit(self.now_us, &mut self.journal);
        let (exec, j, kind) = (&mut self.exec, &mut self.journal, ApplyKind::Operator);
        let mut target = *exec.baseline();
        if values.len() != target.len() {
            return exec.refuse(self.now_us, kind, Violation::UnknownParameter, Evidence::None, j);
        }
        for (i, v) in values.iter().enumerate().filter(|(_, v)| !v.is_nan()) {
            let knob = &self.config.space[i];
            if v.is_infinite() {
                return exec.refuse(self.now_us, kind, Violation::NotFinite, Evidence::None, j);
            }
            if *v < knob.min || *v > knob.max {
                return exec.refuse(self.now_us, kind, Violation::OutOfBounds, Evidence::None, j);
            }
            target[i] = knob.quantise(knob.to_unit(*v));
        }
        exec.shift(self.now_us, kind, &target, Evidence::None, j)
    }

    pub(super) fn on_trial(&mut self, i: usize, value: f64) -> Verdict {
        self.exec.end_visit(self.now_us, &mut self.journal);
        let (exec, j, kind) = (&mut self.exec, &mut self.journal, ApplyKind::Trial);
        let refusal = match self.config.space.knobs().get(i) {
            None => Some(Violation::UnknownParameter),
            Some(_) if !value.is_finite() => Some(Violation::NotFinite),
            Some(k) if value < k.min || value > k.max => Some(Violation::OutOfBounds),
            Some(_) if exec.safe_mode().is_some() => Some(Violation::SafeMode),
            Some(_) if !exec.may_change() || exec.is_frozen(i) => Some(Violation::Frozen),
            Some(_) if self.trial.is_some() => Some(Violation::RateLimitExceeded),
            Some(k) => {
                let way = k.way(exec.baseline()[i], k.quantise(k.to_unit(value))).abs();
                let too_far = way > exec.guardrails().max_delta + 1e-9 && !k.kind.is_categorical();
                too_far.then_some(Violation::DeltaTooLarge)
            }
        };
        if let Some(violation) = refusal {
            return exec.refuse(self.now_us, kind, violation, Evidence::None, j);
        }
        exec.settle_down(self.now_us, j);
        self.trial = Some(Trial::new(i, value, exec, self.config.window_us));
        Ok(())
    }
}

//! Regressions, certification, and the way into SafeMode and out of it.

use super::{RECOVERY, SAME_PLACE, SafetyExecutor, VIOLATIONS_PER_MINUTE};
use crate::journal::{Body, Evidence, Journal};
use crate::safety::regression::Judgement;
use crate::safety::{ApplyKind, Control, Mode, SafeMode, SafeModeReason, Violation};
use crate::space::Values;

impl SafetyExecutor {
    /// Enters SafeMode: any probe is undone, the certified configuration is live, and nothing but a rollback follows.
    pub fn enter_safe_mode(&mut self, now_us: u64, reason: SafeModeReason, j: &mut Journal) {
        if self.safe_mode.is_some() {
            return;
        }
        self.safe_mode_entries += 1;
        self.safe_mode = Some(SafeMode::enter(reason, now_us, self.rails.cooldown_us as u64, self.level));
        j.push(now_us, 0, self.generation, Body::SafeMode(reason));
        self.regression.reset();
        if self.control == Control::On && self.mode == Mode::Auto {
            let target = self.certified.unwrap_or(self.anchor);
            self.exceptional(now_us, ApplyKind::SafeMode, target, Evidence::Reason(reason), j);
        }
    }

    /// Leaves SafeMode by hand.
    pub fn acknowledge(&mut self, now_us: u64, j: &mut Journal) -> bool {
        self.leave_safe_mode(now_us, "by-hand", j)
    }

    pub(super) fn leave_safe_mode(&mut self, now_us: u64, how: &'static str, j: &mut Journal) -> bool {
        if self.safe_mode.take().is_none() {
            return false;
        }
        self.regression.reset();
        self.candidate_since_us = now_us;
        j.push(now_us, 0, self.generation, Body::Recovered(how));
        true
    }

    /// One window: judges regressions, certifies, and leaves SafeMode when it is time. `y`: the objective on the learning
    /// scale, `None` when the window says nothing. Returns whether SafeMode was left.
    pub fn observe(&mut self, now_us: u64, y: Option<f64>, healthy: bool, j: &mut Journal) -> bool {
        if let Some(safe) = &mut self.safe_mode {
            let recovered = y.is_some_and(|y| safe.recovered(y, RECOVERY));
            let how = if safe.expired(now_us) { "timer" } else { "recovery" };
            return (recovered || how == "timer") && self.leave_safe_mode(now_us, how, j);
        }
        if let Some(y) = y {
            self.level = Some(self.level.map_or(y, |l| l + 0.125 * (y - l)));
            if !self.away
                && self.mode == Mode::Auto
                && let Some(judgement) = self.regression.observe(y)
            {
                self.judged(now_us, judgement, j);
            }
        }
        if self.safe_mode.is_none() {
            self.certify(now_us, healthy, j);
        }
        false
    }

    pub(super) fn certify(&mut self, now_us: u64, healthy: bool, j: &mut Journal) {
        let moved = !self.is_at(&self.candidate.clone());
        if moved || !healthy || self.regression.in_a_row() > 0 || self.away || self.push.is_some() {
            self.candidate = self.baseline;
            self.candidate_since_us = now_us;
            return;
        }
        let stable = now_us.saturating_sub(self.candidate_since_us) as f64 >= self.rails.min_stable_us;
        if stable && self.certified != Some(self.candidate) {
            self.certified = Some(self.candidate);
            let knobs = self.space.knobs().iter().zip(self.candidate.iter());
            let values = knobs.map(|(k, u)| k.to_value(*u)).collect();
            j.push(now_us, 0, self.generation, Body::Certify(values));
        }
    }

    /// Whether the baseline is practically this place.
    pub fn is_at(&self, place: &Values) -> bool {
        self.way(place).iter().all(|d| d.abs() <= SAME_PLACE)
    }

    pub(super) fn judged(&mut self, now_us: u64, judgement: Judgement, j: &mut Journal) {
        if judgement.in_a_row == 0 {
            return;
        }
        let Judgement { before, after, standard_error, in_a_row } = judgement;
        let evidence = Evidence::Comparison { before, after, standard_error };
        j.push(now_us, 0, self.generation, Body::Regression(evidence));
        if f64::from(in_a_row) >= self.rails.regressions {
            self.enter_safe_mode(now_us, SafeModeReason::ObjectiveRegression, j);
        } else if f64::from(in_a_row) == self.rails.rollback_after && self.may_change() {
            let _ = self.rollback(now_us, false, evidence, j);
        }
    }

    pub(super) fn count_regression(&mut self, now_us: u64, j: &mut Journal) {
        if f64::from(self.regression.count()) >= self.rails.regressions && self.safe_mode.is_none() {
            self.enter_safe_mode(now_us, SafeModeReason::ObjectiveRegression, j);
        }
    }

    /// Counts a refusal: repeated ones are SafeMode, whoever proposes, since something keeps asking for what must not be. Not
    /// counted is what says nothing of the kind about an operator: come later, look again, no such knob.
    pub(super) fn refused(&mut self, now_us: u64, kind: ApplyKind, why: Violation, j: &mut Journal) {
        let later = matches!(
            why,
            Violation::RateLimitExceeded
                | Violation::StaleGeneration
                | Violation::UnknownParameter
                | Violation::Frozen
        );
        if later && matches!(kind, ApplyKind::Operator | ApplyKind::Trial) {
            return;
        }
        if self.safe_mode.is_some() || self.control != Control::On || self.mode != Mode::Auto {
            return;
        }
        self.violations.push(now_us);
        if self.violations.count(now_us) >= VIOLATIONS_PER_MINUTE {
            self.enter_safe_mode(now_us, SafeModeReason::RepeatedViolations, j);
        }
    }
}

//! Exceptional updates: beyond the largest step, each with a cap of its own per hour.

use super::SafetyExecutor;
use crate::journal::{Evidence, Journal};
use crate::safety::{ApplyKind, Control, Mode, SafeModeReason, Verdict, Violation};
use crate::space::{Knob, Learn, Values};

impl SafetyExecutor {
    /// Exceptional: back to the certified configuration. Beyond its cap it is SafeMode instead, but never when `by_hand`.
    pub fn rollback(&mut self, now_us: u64, by_hand: bool, evidence: Evidence, j: &mut Journal) -> Verdict {
        if self.control != Control::On || self.mode != Mode::Auto {
            return self.refuse(now_us, ApplyKind::Rollback, Violation::Frozen, evidence, j);
        }
        let Some(certified) = self.certified else {
            return self.refuse(now_us, ApplyKind::Rollback, Violation::NoBaseline, evidence, j);
        };
        if !by_hand && self.rollbacks.count(now_us) >= self.rails.rollbacks_per_hour as usize {
            self.propose(now_us, ApplyKind::Rollback, Err(Violation::BudgetExhausted), evidence, j);
            self.enter_safe_mode(now_us, SafeModeReason::BudgetExhausted, j);
            return Err(Violation::BudgetExhausted);
        }
        self.rollbacks.push(now_us);
        self.exceptional(now_us, ApplyKind::Rollback, certified, evidence, j);
        // The rollback answers the regressions before it, and counts as one itself.
        self.regression.reset();
        self.count_regression(now_us, j);
        Ok(())
    }

    /// Exceptional: a visit to the anchor; the baseline stays.
    pub fn challenge(&mut self, now_us: u64, evidence: Evidence, j: &mut Journal) -> Verdict {
        self.check_writable()?;
        if self.challenges.count(now_us) >= self.rails.challenges_per_hour as usize || self.push.is_some() {
            return Err(Violation::BudgetExhausted);
        }
        self.challenges.push(now_us);
        let id = self.propose(now_us, ApplyKind::Challenge, Ok(()), evidence, j);
        self.regression.restart();
        self.away = true;
        let mut offset = self.way(&self.anchor.clone());
        for i in 0..offset.len() {
            // What shadow evaluation can compute, and what operators hold, is not experimented with.
            if self.knobs[i].frozen || self.space[i].learn != Learn::Probe {
                offset[i] = 0.0;
            }
        }
        self.apply(now_us, id, ApplyKind::Challenge, self.baseline, offset, j);
        Ok(())
    }

    /// Ends a visit: the anchor becomes the baseline, or the live values return to it.
    pub fn end_challenge(&mut self, now_us: u64, adopt: bool, evidence: Evidence, j: &mut Journal) {
        assert!(self.away, "a challenge is only ended while it lasts");
        let (kind, target) = if adopt {
            let knobs = self.space.knobs().iter().enumerate();
            let probed = |(i, k): (usize, &Knob)| {
                if k.learn == Learn::Probe { self.anchor[i] } else { self.baseline[i] }
            };
            (ApplyKind::ChallengeAdopt, knobs.map(probed).collect())
        } else {
            (ApplyKind::ChallengeReturn, self.baseline)
        };
        self.exceptional(now_us, kind, target, evidence, j);
        if adopt {
            self.count_regression(now_us, j);
        }
    }

    /// Exceptional: the baseline goes `distance` of the way to the anchor (all of it when nearer). Beyond its cap: SafeMode.
    pub fn back_off(&mut self, now_us: u64, distance: f64, evidence: Evidence, j: &mut Journal) -> Verdict {
        self.check_writable()?;
        if self.back_offs.count(now_us) >= self.rails.back_offs_per_hour as usize {
            self.propose(now_us, ApplyKind::BackOff, Err(Violation::BudgetExhausted), evidence, j);
            self.enter_safe_mode(now_us, SafeModeReason::ConstraintViolation, j);
            return Err(Violation::BudgetExhausted);
        }
        self.back_offs.push(now_us);
        let mut way = self.way(&self.anchor.clone());
        for i in 0..way.len() {
            if self.space[i].learn == Learn::Hold {
                way[i] = 0.0;
            }
        }
        let far = way.iter().fold(0.0, |m: f64, d| m.max(d.abs()));
        let share = if far > distance { distance / far } else { 1.0 };
        let target = self.baseline.iter().zip(way.iter()).map(|(b, d)| b + share * d).collect();
        self.exceptional(now_us, ApplyKind::BackOff, target, evidence, j);
        self.count_regression(now_us, j);
        Ok(())
    }

    /// Exceptional: one knob of a trial that was broken off returns to what it had.
    pub fn end_trial(&mut self, now_us: u64, knob: usize, unit: f64, j: &mut Journal) {
        if self.may_change() && !self.knobs[knob].frozen {
            let mut target = self.baseline;
            target[knob] = unit;
            self.exceptional(now_us, ApplyKind::Rollback, target, Evidence::None, j);
        }
    }

    /// Ends a visit to the anchor that nobody waits for any more.
    pub fn end_visit(&mut self, now_us: u64, j: &mut Journal) {
        if self.away && self.may_change() {
            self.end_challenge(now_us, false, Evidence::None, j);
        }
        self.away = false;
    }

    pub(super) fn exceptional(
        &mut self,
        now_us: u64,
        kind: ApplyKind,
        target: Values,
        evidence: Evidence,
        j: &mut Journal,
    ) {
        let id = self.propose(now_us, kind, Ok(()), evidence, j);
        self.regression.restart();
        self.away = false;
        let mut baseline = target;
        for i in 0..baseline.len() {
            if self.knobs[i].frozen {
                baseline[i] = self.baseline[i];
            }
        }
        self.apply(now_us, id, kind, baseline, Values::zeros(self.space.len()), j);
    }
}

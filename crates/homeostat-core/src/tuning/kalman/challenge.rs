//! Anchor challenges: a visit to the initial values, to see whether they are better today.

use super::{BACK_OFF_US, KalmanTube, SLOW_US, Step};
use crate::journal::{Evidence, Journal};
use crate::safety::SafetyExecutor;

/// Windows in a row with an elevated level that lead to a challenge.
pub(super) const ELEVATED_WINDOWS: u32 = 12;
/// A challenge is for a baseline at least this far from the anchor, and not in the first minute.
const CHALLENGE_DISTANCE: f64 = 0.05;
const CHALLENGE_AFTER_US: u64 = 60_000_000;
/// Windows that a visit averages, after skipping what is still settling.
const VISIT_WINDOWS: u32 = 8;
const VISIT_SKIP: u64 = 3;
const VISIT_SKIP_LAGS: f64 = 1.5;
/// The anchor has to be better by this much, and by 1.5 standard errors.
const ADOPT: f64 = 0.07;

/// A visit to the anchor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visit {
    windows: u64,
    sum: f64,
    /// Level before.
    before: f64,
}

impl KalmanTube {
    /// While the anchor is visited: average, then adopt it or return.
    pub(super) fn visiting(
        &mut self,
        step: &Step,
        y: f64,
        exec: &mut SafetyExecutor,
        j: &mut Journal,
    ) -> bool {
        let Some(mut visit) = self.visit else { return false };
        if !exec.is_away() {
            // Somebody else ended it: an operator, SafeMode, a failed push.
            self.visit = None;
            self.arrive(exec);
            return false;
        }
        visit.windows += 1;
        let skip = self.visit_skip();
        if visit.windows > skip {
            visit.sum += y;
        }
        self.visit = Some(visit);
        if visit.windows < skip + u64::from(VISIT_WINDOWS) {
            return true;
        }
        self.visit = None;
        self.challenge_after_us = step.now_us + self.challenge_rest_us;
        let there = visit.sum / f64::from(VISIT_WINDOWS);
        let error = libm::sqrt(2.0 * self.model.noise() / f64::from(VISIT_WINDOWS));
        let adopt = there < visit.before - ADOPT.max(1.5 * error);
        let evidence = Evidence::Comparison { before: visit.before, after: there, standard_error: error };
        exec.end_challenge(step.now_us, adopt, evidence, j);
        if adopt {
            self.challenge_rest_us = BACK_OFF_US.0;
            self.follow(exec, 0.0);
            self.model.set_level(there);
            self.model.zero_slopes();
            self.relearn();
            self.recent = there;
            if let Some(level) = &mut self.level {
                level.restart(there);
            }
        } else {
            self.challenge_rest_us = (2 * self.challenge_rest_us).min(BACK_OFF_US.1);
            self.model.loosen_level(0.3 * self.model.noise());
            if let Some(level) = &mut self.level {
                level.accept_half();
            }
        }
        self.arrive(exec);
        self.elevated = 0;
        true
    }

    pub(super) fn challenged(&mut self, step: &Step, exec: &mut SafetyExecutor, j: &mut Journal) -> bool {
        let Some(level) = &self.level else { return false };
        self.elevated = if level.is_elevated() { self.elevated + 1 } else { 0 };
        let due = self.elevated >= ELEVATED_WINDOWS && level.is_high();
        let rested =
            step.now_us >= self.challenge_after_us && step.now_us - self.started_us > CHALLENGE_AFTER_US;
        if !due || !rested || self.distance(exec) <= CHALLENGE_DISTANCE {
            return false;
        }
        let before = level.short();
        if exec.challenge(step.now_us, level.evidence(), j).is_err() {
            self.elevated = 0;
            return false;
        }
        self.visit = Some(Visit { windows: 0, sum: 0.0, before });
        true
    }

    fn visit_skip(&self) -> u64 {
        if self.lag_us > SLOW_US {
            (VISIT_SKIP_LAGS * self.lag_us as f64 / self.window_us as f64) as u64 + 1
        } else {
            VISIT_SKIP
        }
    }
}

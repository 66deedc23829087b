//! Runs a concurrency limiter on P2, either as published, without guardrails, or within them.

use super::literal::{Executor, Strategy};
use crate::contender::{Concurrency, Window};
use crate::plant::{LIMIT_MAX, LIMIT_MIN, limit_of, setting_of};

/// A rule that turns a limit and a measurement into the next limit.
pub trait LimitRule {
    fn next(&mut self, limit: f64, state: &Concurrency) -> f64;
}

/// A limit that is not used says nothing about raising it.
pub fn saturated(limit: f64, state: &Concurrency) -> bool {
    state.in_flight >= 0.5 * limit
}

pub struct Limiter<R> {
    rule: R,
    guarded: bool,
    limit: Option<f64>,
}

impl<R: LimitRule> Limiter<R> {
    pub fn new(rule: R, guarded: bool) -> Self {
        Self { rule, guarded, limit: None }
    }
}

impl<R: LimitRule> Strategy for Limiter<R> {
    fn step(&mut self, window: &Window, executor: &mut Executor) {
        let Some(state) = &window.concurrency else { return };
        let in_force = limit_of(executor.baseline()[0]);
        // Within guardrails a step may have been clipped, so the rule continues from what is in force.
        let limit = if self.guarded { in_force } else { self.limit.unwrap_or(in_force) };
        if executor.frozen() {
            return;
        }
        let next = self.rule.next(limit, state).clamp(LIMIT_MIN, LIMIT_MAX);
        self.limit = Some(next);
        let mut wanted = executor.baseline();
        if self.guarded {
            let step = executor.affordable(0, setting_of(next) - wanted[0]);
            wanted[0] += step;
            if step.abs() > 1e-4 {
                executor.propose(&wanted);
            }
            executor.certify(executor.baseline());
        } else {
            wanted[0] = setting_of(next);
            executor.write_unguarded(wanted);
        }
    }
}

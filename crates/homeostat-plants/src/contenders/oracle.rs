//! Bounds on what is possible: the best setting of each moment, reached at once or within the guardrails.

use super::literal::{Executor, Strategy};
use crate::auditor::{Change, Update, UpdateKind};
use crate::contender::{Contender, Setup, Window};
use crate::plant::Reference;
use crate::{Setting, WINDOW_US, WINDOWS};

fn best_at(reference: &Reference, end_us: u64) -> Setting {
    reference.oracle[((end_us / WINDOW_US) as usize).min(WINDOWS - 1)]
}

/// Jumps to the best setting; only the plant's lag holds it up.
pub struct Oracle<'a> {
    reference: &'a Reference,
    live: Setting,
}

impl<'a> Oracle<'a> {
    pub fn new(setup: &Setup<'a>) -> Self {
        Self { reference: &setup.case.reference, live: setup.case.plant.initial() }
    }
}

impl Contender for Oracle<'_> {
    fn step(&mut self, window: &Window, applied: &mut Vec<Update>) {
        let best = best_at(self.reference, window.end_us);
        if best != self.live {
            let change = Change { before: self.live, after: best };
            applied.push(Update {
                time_us: window.end_us,
                kind: UpdateKind::Move,
                live: change,
                baseline: change,
            });
            self.live = best;
        }
    }

    fn live(&self) -> Setting {
        self.live
    }
}

/// Knows the best setting and keeps every guardrail.
pub struct GuardedOracle<'a> {
    reference: &'a Reference,
}

impl<'a> GuardedOracle<'a> {
    pub fn new(setup: &Setup<'a>) -> Self {
        Self { reference: &setup.case.reference }
    }
}

impl Strategy for GuardedOracle<'_> {
    fn step(&mut self, window: &Window, executor: &mut Executor) {
        let best = best_at(self.reference, window.end_us);
        let mut wanted = executor.baseline();
        for knob in 0..executor.knobs() {
            let step = executor.affordable(knob, best[knob] - wanted[knob]);
            if step.abs() > 0.004 {
                wanted[knob] += step;
            }
        }
        executor.propose(&wanted);
    }
}

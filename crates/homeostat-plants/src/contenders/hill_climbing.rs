//! Coordinate hill climbing: average, step one knob, average, keep or step back and turn round. It asks what room the
//! guardrails leave, and passes to the next knob where there is none.

use super::literal::{Executor, Strategy, Verdict, settling_windows};
use crate::contender::{Setup, Window};
use crate::stats::mean;
use crate::{KNOBS_MAX, Setting};

const WINDOWS_PER_SIDE: usize = 20;
/// Step as a share of the maximum delta.
const STEP: f64 = 0.6;

pub struct HillClimbing {
    settle: usize,
    skip: usize,
    knob: usize,
    direction: Setting,
    before: Vec<f64>,
    /// Where the knob stepped from and what was measured since, while a step is on trial.
    trial: Option<(Setting, Vec<f64>)>,
}

impl HillClimbing {
    pub fn new(setup: &Setup<'_>) -> Self {
        Self {
            settle: settling_windows(setup.lag_s, 2.0, 1),
            skip: 0,
            knob: 0,
            direction: [1.0; KNOBS_MAX],
            before: Vec::with_capacity(WINDOWS_PER_SIDE + 1),
            trial: None,
        }
    }

    fn next_knob(&mut self, executor: &Executor) {
        self.knob = (self.knob + 1) % executor.knobs();
    }

    fn start(&mut self, y: f64, executor: &mut Executor) {
        self.before.push(y);
        if self.before.len() < WINDOWS_PER_SIDE {
            return;
        }
        let excess = self.before.len() - WINDOWS_PER_SIDE;
        self.before.drain(..excess);
        let knob = self.knob;
        let step = STEP * executor.limits().max_delta * self.direction[knob];
        let room = executor.room(knob);
        // Room for the way back, which is a flip, and for this step, if it is one.
        let flips = if executor.direction(knob) * step < 0.0 { 2 } else { 1 };
        if room.travel < 2.0 * step.abs() || room.flips < flips {
            self.next_knob(executor);
            return;
        }
        let from = executor.baseline();
        let mut wanted = from;
        wanted[knob] = (wanted[knob] + step).clamp(0.0, 1.0);
        if executor.propose(&wanted) == Verdict::Applied {
            self.trial = Some((from, Vec::with_capacity(WINDOWS_PER_SIDE)));
            self.skip = self.settle;
        } else {
            self.direction[knob] = -self.direction[knob];
            self.next_knob(executor);
        }
    }
}

impl Strategy for HillClimbing {
    fn step(&mut self, window: &Window, executor: &mut Executor) {
        if executor.frozen() {
            self.trial = None;
            self.before.clear();
            return;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return;
        }
        let Some((from, after)) = &mut self.trial else {
            self.start(window.objective, executor);
            return;
        };
        after.push(window.objective);
        if after.len() < WINDOWS_PER_SIDE {
            return;
        }
        if mean(after) < mean(&self.before) {
            executor.certify(executor.baseline());
            self.before = std::mem::take(after);
            self.trial = None;
        } else if executor.propose(from) == Verdict::Applied {
            self.trial = None;
            self.before.clear();
            self.direction[self.knob] = -self.direction[self.knob];
            self.next_knob(executor);
            self.skip = self.settle;
        }
    }
}

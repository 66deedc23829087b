//! The loop that random search and TPE share: average a few windows at the incumbent, walk to a candidate in steps of
//! at most the maximum delta, average there, keep what was better. Neither asks what room the guardrails leave.

use super::literal::{Executor, Strategy, Verdict, settling_windows};
use crate::Setting;
use crate::contender::{Setup, Window};
use crate::rng::Rng;
use crate::stats::mean;

const WINDOWS_PER_TRIAL: usize = 8;
/// Trials that are remembered.
pub const HISTORY_MAX: usize = 64;

/// A setting and what it measured.
pub type Trial = (Setting, f64);

/// Chooses where to look next.
pub trait Sampler {
    fn propose(
        &mut self,
        incumbent: &Setting,
        history: &[Trial],
        executor: &Executor,
        rng: &mut Rng,
    ) -> Setting;
}

enum Phase {
    Incumbent,
    Walking { target: Setting },
    Measuring { skip: usize },
}

pub struct Trials<S> {
    sampler: S,
    rng: Rng,
    settle: usize,
    incumbent: Setting,
    incumbent_cost: f64,
    seen: Vec<f64>,
    history: Vec<Trial>,
    phase: Phase,
}

impl<S: Sampler> Trials<S> {
    pub fn new(setup: &Setup<'_>, sampler: S) -> Self {
        Self {
            sampler,
            rng: Rng::new(setup.seed),
            settle: settling_windows(setup.lag_s, 2.0, 0),
            incumbent: setup.case.plant.initial(),
            incumbent_cost: 0.0,
            seen: Vec::with_capacity(WINDOWS_PER_TRIAL),
            history: Vec::with_capacity(HISTORY_MAX + 1),
            phase: Phase::Incumbent,
        }
    }

    /// The mean of a trial's windows, once there are enough.
    fn measured(&mut self, y: f64) -> Option<f64> {
        self.seen.push(y);
        if self.seen.len() < WINDOWS_PER_TRIAL {
            return None;
        }
        let cost = mean(&self.seen);
        self.seen.clear();
        Some(cost)
    }

    fn next_candidate(&mut self, executor: &Executor) {
        let target = self.sampler.propose(&self.incumbent, &self.history, executor, &mut self.rng);
        self.phase = Phase::Walking { target };
    }

    fn walk(&mut self, target: Setting, executor: &mut Executor) {
        let max_delta = executor.limits().max_delta;
        let mut wanted = executor.baseline();
        let mut farthest = 0.0f64;
        for knob in 0..executor.knobs() {
            let distance = target[knob] - wanted[knob];
            farthest = farthest.max(distance.abs());
            wanted[knob] += distance.clamp(-max_delta, max_delta);
        }
        match executor.propose(&wanted) {
            Verdict::SafeMode => self.phase = Phase::Incumbent,
            Verdict::Applied | Verdict::Unchanged if farthest <= max_delta + 1e-9 => {
                self.phase = Phase::Measuring { skip: self.settle };
            }
            _ => {}
        }
    }

    fn judge(&mut self, cost: f64, executor: &mut Executor) {
        let here = executor.baseline();
        self.history.push((here, cost));
        if self.history.len() > HISTORY_MAX {
            self.history.remove(0);
        }
        if cost < self.incumbent_cost {
            self.incumbent_cost = cost;
            self.incumbent = here;
            executor.certify(here);
        } else {
            // The plant drifts: an old best slowly loses its standing.
            self.incumbent_cost += 0.02 * (cost - self.incumbent_cost).abs();
        }
    }
}

impl<S: Sampler> Strategy for Trials<S> {
    fn step(&mut self, window: &Window, executor: &mut Executor) {
        if executor.frozen() {
            self.phase = Phase::Incumbent;
            self.seen.clear();
            return;
        }
        match &mut self.phase {
            Phase::Incumbent => {
                self.incumbent = executor.baseline();
                if let Some(cost) = self.measured(window.objective) {
                    self.incumbent_cost = cost;
                    self.next_candidate(executor);
                }
            }
            Phase::Walking { target } => {
                let target = *target;
                self.walk(target, executor);
            }
            Phase::Measuring { skip } if *skip > 0 => *skip -= 1,
            Phase::Measuring { .. } => {
                if let Some(cost) = self.measured(window.objective) {
                    self.judge(cost, executor);
                    self.next_candidate(executor);
                }
            }
        }
    }
}

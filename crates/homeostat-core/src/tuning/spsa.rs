//! Simultaneous perturbation stochastic approximation (Spall, 1992), inside the probe tube. Optional, and without targets.
//!
//! As the literature has it every half step flips every knob, which a limit on flips forbids within seconds; so the two
//! evaluations are probes around the baseline, and only the step is a move.
//!
//! ```text
//! ready -> applying-plus -> waiting-plus -> applying-minus -> waiting-minus -> compute-gradient -> ready
//! ```
//!
//! `applying-*` and `compute-gradient` wait for room under the rate limits; nothing is proposed before there is. A timeout
//! returns to `ready` and changes nothing; three in a row are SafeMode. A refused proposal does not advance the iteration.

use super::guard::Guard;
use super::kalman::Step;
use super::spsa_options::{Aggregate, Gains, SpsaOptions};
use crate::journal::{Evidence, Journal};
use crate::json::Writer;
use crate::real::{clamp, sort};
use crate::rng::Rng;
use crate::safety::{ApplyKind, SafeModeReason, SafetyExecutor, Verdict};
use crate::space::Values;
use alloc::vec::Vec;

/// What shows before this much time after an apply, or a knob's lag, says nothing.
const SETTLE_US: u64 = 10_000;
/// Evaluations without an answer, in a row, that are SafeMode.
const TIMEOUTS: u32 = 3;
/// Windows that an evaluation gets at least, however short its time is.
const WINDOWS_MIN: u64 = 2;
/// Share trimmed from each end of an evaluation, at least one of three digests.
const TRIM: f64 = 0.1;
/// Exponents of the decaying gains (Spall's practical values).
const STEP_DECAY: f64 = 0.602;
const PROBE_DECAY: f64 = 0.101;

/// Where one paired evaluation stands.
#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Ready,
    ApplyingPlus,
    WaitingPlus,
    ApplyingMinus { plus: f64 },
    WaitingMinus { plus: f64 },
    ComputeGradient { plus: f64, minus: f64 },
}

impl State {
    fn name(self) -> &'static str {
        match self {
            State::Ready => "ready",
            State::ApplyingPlus => "applying-plus",
            State::WaitingPlus => "waiting-plus",
            State::ApplyingMinus { .. } => "applying-minus",
            State::WaitingMinus { .. } => "waiting-minus",
            State::ComputeGradient { .. } => "compute-gradient",
        }
    }
}

/// One paired evaluation at a time.
#[derive(Clone, Debug)]
pub struct Spsa {
    options: SpsaOptions,
    active: Vec<usize>,
    rng: Rng,
    guard: Guard,
    state: State,
    signs: Values,
    digests: Vec<f64>,
    since_us: u64,
    window_us: u64,
    /// Steps that were applied; `k` of the gains.
    iteration: u64,
    timeouts: u64,
    in_a_row: u32,
}

impl Spsa {
    /// A learner for these knobs.
    pub fn new(active: Vec<usize>, options: SpsaOptions, seed: u32, window_us: u64) -> Self {
        Self {
            options,
            active,
            rng: Rng::new(u64::from(seed)),
            guard: Guard::default(),
            state: State::Ready,
            signs: Values::zeros(0),
            digests: Vec::with_capacity(options.digests),
            since_us: 0,
            window_us,
            iteration: 0,
            timeouts: 0,
            in_a_row: 0,
        }
    }

    /// Learns other knobs from now on, or the same ones from elsewhere: the gains start afresh.
    pub fn set_active(&mut self, active: Vec<usize>) {
        (self.active, self.state, self.iteration) = (active, State::Ready, 0);
    }

    /// The test of the error rate.
    pub fn guard(&mut self) -> &mut Guard {
        &mut self.guard
    }

    /// What it is doing.
    pub fn explain(&self, w: &mut Writer) {
        w.key("state").str(self.state.name());
        w.key("iteration").uint(self.iteration);
        w.key("timeouts").uint(self.timeouts);
    }

    /// One window.
    pub fn step(&mut self, step: Step, exec: &mut SafetyExecutor, j: &mut Journal) {
        if self.guard.guarded(&step, exec, j).is_some() || !exec.may_change() || self.active.is_empty() {
            self.state = State::Ready;
            return;
        }
        let now_us = step.now_us;
        match self.state {
            State::Ready => {
                // Without an answer there is nothing to ask.
                if step.y.is_some() && step.may_move {
                    self.signs = Values::zeros(exec.space().len());
                    for i in &self.active {
                        self.signs[*i] = self.rng.sign();
                    }
                    self.state = State::ApplyingPlus;
                    self.show(now_us, 1.0, State::WaitingPlus, exec, j);
                }
            }
            State::ApplyingPlus => self.show(now_us, 1.0, State::WaitingPlus, exec, j),
            State::WaitingPlus => {
                if let Some(plus) = self.collect(now_us, step.y, exec, j) {
                    self.state = State::ApplyingMinus { plus };
                    self.show(now_us, -1.0, State::WaitingMinus { plus }, exec, j);
                }
            }
            State::ApplyingMinus { plus } => {
                self.show(now_us, -1.0, State::WaitingMinus { plus }, exec, j);
            }
            State::WaitingMinus { plus } => {
                if let Some(minus) = self.collect(now_us, step.y, exec, j) {
                    self.state = State::ComputeGradient { plus, minus };
                    self.advance(&step, plus - minus, exec, j);
                }
            }
            State::ComputeGradient { plus, minus } => self.advance(&step, plus - minus, exec, j),
        }
    }

    /// Gain sequences at the present iteration: of the step, and of the probe within its tube.
    fn gains(&self, exec: &SafetyExecutor) -> (f64, f64) {
        let SpsaOptions { step, probe, stability, .. } = self.options;
        let k = self.iteration as f64 + 1.0;
        let (a, c) = match self.options.gains {
            Gains::Decaying => {
                (step / libm::pow(k + stability, STEP_DECAY), probe / libm::pow(k, PROBE_DECAY))
            }
            Gains::Constant => (step / libm::pow(1.0 + stability, STEP_DECAY), probe),
        };
        let rails = exec.guardrails();
        (a, c.min(rails.probe_amplitude).min(0.5 * rails.max_delta))
    }

    /// Shows one side as soon as the rate limits have room; a refusal ends the pair.
    fn show(&mut self, now_us: u64, sign: f64, next: State, exec: &mut SafetyExecutor, j: &mut Journal) {
        if !exec.probe_ok(now_us) {
            return;
        }
        let size = self.gains(exec).1;
        let offset = self.signs.iter().map(|s| sign * s * size).collect();
        self.digests.clear();
        self.since_us = now_us;
        self.state = if exec.probe(now_us, &offset, Evidence::None, j).is_ok() { next } else { State::Ready };
    }

    /// The objective of one side: of so many digests, or of those that came within the time of an evaluation.
    fn collect(
        &mut self,
        now_us: u64,
        y: Option<f64>,
        exec: &mut SafetyExecutor,
        j: &mut Journal,
    ) -> Option<f64> {
        let lag_us = self.active.iter().map(|i| exec.space()[*i].lag_us).max().unwrap_or(0);
        // A lag within the window is what windows are for.
        let settle_us = if lag_us > self.window_us { 2 * lag_us } else { SETTLE_US };
        let elapsed_us = now_us.saturating_sub(self.since_us);
        if let (Some(y), true) = (y, elapsed_us >= settle_us) {
            self.digests.push(y);
        }
        let least_us = self.options.evaluation_us.max(WINDOWS_MIN * self.window_us);
        let over = elapsed_us >= settle_us.saturating_add(least_us);
        if self.digests.len() >= self.options.digests || (over && !self.digests.is_empty()) {
            self.in_a_row = 0;
            return Some(aggregate(&mut self.digests, self.options.aggregate));
        }
        if over {
            self.timed_out(now_us, exec, j);
        }
        None
    }

    fn timed_out(&mut self, now_us: u64, exec: &mut SafetyExecutor, j: &mut Journal) {
        self.timeouts += 1;
        self.in_a_row += 1;
        self.state = State::Ready;
        if self.in_a_row >= TIMEOUTS {
            self.in_a_row = 0;
            exec.enter_safe_mode(now_us, SafeModeReason::EvaluationTimeout, j);
        } else if exec.probe_ok(now_us) {
            let _ = exec.probe(now_us, &Values::zeros(exec.space().len()), Evidence::None, j);
        }
    }

    fn advance(&mut self, step: &Step, difference: f64, exec: &mut SafetyExecutor, j: &mut Journal) {
        if !step.may_move || !exec.rate_ok(step.now_us) {
            return;
        }
        self.state = State::Ready;
        if self.descend(step.now_us, difference, exec, j).is_ok() {
            self.iteration += 1;
        }
    }

    fn descend(
        &mut self,
        now_us: u64,
        difference: f64,
        exec: &mut SafetyExecutor,
        j: &mut Journal,
    ) -> Verdict {
        let (gain, size) = self.gains(exec);
        let most = 0.5 * exec.guardrails().max_delta;
        let mut target = *exec.baseline();
        for i in &self.active {
            let gradient = difference / (2.0 * size) * self.signs[*i];
            let mut step = clamp(-gain * gradient, -most, most);
            let (room, flips) = exec.room(now_us, *i);
            if exec.direction(*i) * step < 0.0 && flips == 0 {
                step = 0.0;
            }
            target[*i] = exec.space()[*i].normalise(target[*i] + clamp(step, -room, room));
        }
        exec.shift(now_us, ApplyKind::Move, &target, Evidence::None, j)
    }
}

/// One number for an evaluation's digests; there is at least one.
fn aggregate(digests: &mut [f64], how: Aggregate) -> f64 {
    sort(digests);
    let n = digests.len();
    let mean = |kept: &[f64]| kept.iter().sum::<f64>() / kept.len() as f64;
    match how {
        Aggregate::Mean => mean(digests),
        Aggregate::Median => 0.5 * (digests[(n - 1) / 2] + digests[n / 2]),
        Aggregate::TrimmedMean => {
            let cut = if n < 3 { 0 } else { libm::ceil(TRIM * n as f64) as usize };
            mean(&digests[cut..n - cut])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outlier_moves_the_mean_alone() {
        let mut digests = [1.0, 9.0, 1.1, 0.9, 1.05];
        assert!((aggregate(&mut digests, Aggregate::Mean) - 2.61).abs() < 1e-12);
        assert!((aggregate(&mut digests, Aggregate::Median) - 1.05).abs() < 1e-12);
        assert!((aggregate(&mut digests, Aggregate::TrimmedMean) - 1.05).abs() < 1e-12);
        for how in [Aggregate::Mean, Aggregate::Median, Aggregate::TrimmedMean] {
            assert_eq!(aggregate(&mut [2.0], how), 2.0);
            assert_eq!(aggregate(&mut [1.0, 3.0], how), 2.0);
        }
    }
}

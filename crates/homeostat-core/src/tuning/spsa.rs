//! Simultaneous perturbation stochastic approximation (Spall, 1992), inside the probe tube.
//!
//! For comparison with the recommended learner. As the literature has it, every half step flips every knob, which a limit on
//! flips forbids within seconds; so the two evaluations are probes around the baseline, and only the step is a move.

use crate::journal::{Evidence, Journal};
use crate::real::{clamp, sort};
use crate::rng::Rng;
use crate::safety::{ApplyKind, SafeModeReason, SafetyExecutor};
use crate::space::Values;
use alloc::vec::Vec;

/// Digests per evaluation.
const DIGESTS: usize = 5;
/// An evaluation without an answer for this long is a timeout; so many in a row are SafeMode.
const TIMEOUT_US: u64 = 5_000_000;
const TIMEOUTS: u32 = 3;
/// Gains for tracking: constant, as a drifting optimum needs.
const STEP_GAIN: f64 = 0.02;
/// Share trimmed from each end of an evaluation.
const TRIM: f64 = 0.1;

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Ready,
    WaitingPlus,
    WaitingMinus { plus: f64 },
    ComputeGradient { plus: f64, minus: f64 },
}

/// One paired evaluation at a time.
#[derive(Clone, Debug)]
pub struct Spsa {
    active: Vec<usize>,
    rng: Rng,
    state: State,
    signs: Values,
    digests: Vec<f64>,
    since_us: u64,
    timeouts: u32,
}

impl Spsa {
    /// A learner for these knobs.
    pub fn new(active: Vec<usize>, seed: u32) -> Self {
        let digests = Vec::with_capacity(DIGESTS);
        let rng = Rng::new(u64::from(seed));
        Self { active, rng, state: State::Ready, signs: Values::zeros(0), digests, since_us: 0, timeouts: 0 }
    }

    /// One window.
    pub fn step(&mut self, now_us: u64, y: Option<f64>, exec: &mut SafetyExecutor, j: &mut Journal) {
        if !exec.may_change() || self.active.is_empty() {
            self.state = State::Ready;
            return;
        }
        match self.state {
            State::Ready => {
                if y.is_none() {
                    return;
                }
                self.signs = Values::zeros(exec.space().len());
                for i in &self.active {
                    self.signs[*i] = self.rng.sign();
                }
                self.try_show(now_us, 1.0, State::WaitingPlus, exec, j);
            }
            State::WaitingPlus => {
                if let Some(plus) = self.collect(now_us, y, exec, j) {
                    self.state = State::WaitingMinus { plus };
                    self.try_show(now_us, -1.0, self.state, exec, j);
                }
            }
            State::WaitingMinus { plus } => {
                // The probe may still be waiting for room under the rate limits.
                if self.showing(exec) > 0.0 {
                    self.try_show(now_us, -1.0, self.state, exec, j);
                } else if let Some(minus) = self.collect(now_us, y, exec, j) {
                    self.state = State::ComputeGradient { plus, minus };
                }
            }
            State::ComputeGradient { plus, minus } => self.advance(now_us, plus - minus, exec, j),
        }
    }

    fn showing(&self, exec: &SafetyExecutor) -> f64 {
        let i = self.active[0];
        exec.offset()[i] * self.signs[i]
    }

    fn try_show(&mut self, now_us: u64, sign: f64, next: State, exec: &mut SafetyExecutor, j: &mut Journal) {
        if !exec.probe_ok(now_us) {
            return;
        }
        let size = exec.guardrails().probe_amplitude.min(0.5 * exec.guardrails().max_delta);
        let offset = self.signs.iter().map(|s| sign * s * size).collect();
        if exec.probe(now_us, &offset, Evidence::None, j).is_ok() {
            self.state = next;
            self.digests.clear();
            self.since_us = now_us;
        }
    }

    fn collect(
        &mut self,
        now_us: u64,
        y: Option<f64>,
        exec: &mut SafetyExecutor,
        j: &mut Journal,
    ) -> Option<f64> {
        if let Some(y) = y {
            self.digests.push(y);
            if self.digests.len() < DIGESTS {
                return None;
            }
            self.timeouts = 0;
            sort(&mut self.digests);
            let cut = libm::ceil(TRIM * DIGESTS as f64) as usize;
            let kept = &self.digests[cut..DIGESTS - cut];
            return Some(kept.iter().sum::<f64>() / kept.len() as f64);
        }
        if now_us.saturating_sub(self.since_us) >= TIMEOUT_US {
            self.timeouts += 1;
            self.state = State::Ready;
            self.since_us = now_us;
            if self.timeouts >= TIMEOUTS {
                self.timeouts = 0;
                exec.enter_safe_mode(now_us, SafeModeReason::EvaluationTimeout, j);
            } else if exec.probe_ok(now_us) {
                let _ = exec.probe(now_us, &Values::zeros(exec.space().len()), Evidence::None, j);
            }
        }
        None
    }

    fn advance(&mut self, now_us: u64, difference: f64, exec: &mut SafetyExecutor, j: &mut Journal) {
        if !exec.rate_ok(now_us) {
            return;
        }
        let size = exec.guardrails().probe_amplitude.min(0.5 * exec.guardrails().max_delta);
        let most = 0.5 * exec.guardrails().max_delta;
        let mut target = *exec.baseline();
        for i in &self.active {
            let gradient = difference / (2.0 * size) * self.signs[*i];
            let mut step = clamp(-STEP_GAIN * gradient, -most, most);
            let (room, flips) = exec.room(now_us, *i);
            if exec.direction(*i) * step < 0.0 && flips == 0 {
                step = 0.0;
            }
            target[*i] = exec.space()[*i].normalise(target[*i] + clamp(step, -room, room));
        }
        let _ = exec.shift(now_us, ApplyKind::Move, &target, Evidence::None, j);
        self.state = State::Ready;
    }
}

//! Probes around the baseline, and the steps that follow from them.

use super::model::CURVATURE_MIN;
use super::{KalmanTube, Step};
use crate::journal::{Evidence, Journal};
use crate::real::clamp;
use crate::safety::{ApplyKind, Preset, SafetyExecutor};
use crate::space::Values;

/// Newton steps are over-relaxed by this ...
const RELAX: f64 = 1.2;
/// ... and shrunk by g^2 / (g^2 + 4 P_g): a slope that is not clear moves nothing far.
const SHRINK: f64 = 4.0;
/// Steps in the same direction grow by this factor, to at most `STREAK_MAX`.
const STREAK: f64 = 1.3;
const STREAK_MAX: f64 = 4.0;
/// Steps below this wait.
const STEP_MIN: f64 = 0.004;
/// Least probe, as a share of the amplitude.
const PROBE_MIN: f64 = 0.2;

impl KalmanTube {
    /// Counts the block; at its end, moves or probes.
    pub(super) fn explore(&mut self, step: &Step, exec: &mut SafetyExecutor, j: &mut Journal) {
        self.windows += 1;
        if self.active.is_empty() || self.windows < self.block_windows() || !exec.probe_ok(step.now_us) {
            return;
        }
        (self.windows, self.timeouts) = (0, 0);
        self.blocks += 1;
        // Where steps have to be small, a probe returns to the baseline between its two signs.
        let three_levels = exec.guardrails().preset == Preset::Conservative;
        let pair = if three_levels { 4 } else { 2 };
        if self.blocks.is_multiple_of(pair) && !self.moved && step.may_move && self.newton(step, exec, j) {
            // The move is an update of its own; the probe follows a block later.
            self.moved = true;
            self.blocks -= 1;
            return;
        }
        self.moved = false;
        let phase = self.blocks % pair;
        for slot in 0..self.active.len() {
            self.sign[slot] = match (phase, three_levels) {
                (0, _) => self.rng.sign(),
                (2, true) | (1, false) => -self.sign[slot],
                _ => self.sign[slot],
            };
        }
        let centred = three_levels && phase % 2 == 1;
        let mut offset = Values::zeros(exec.space().len());
        if !centred {
            for slot in 0..self.active.len() {
                offset[self.active[slot]] = self.sign[slot] * self.amplitude(slot, three_levels, exec);
            }
        }
        let _ = exec.probe(step.now_us, &offset, Evidence::None, j);
    }

    /// As large as the doubt about the optimum, within the tube.
    fn amplitude(&self, slot: usize, three_levels: bool, exec: &SafetyExecutor) -> f64 {
        let (most, step_max) = (exec.guardrails().probe_amplitude, exec.guardrails().max_delta);
        let doubt =
            libm::sqrt(self.model.gradient_variance(slot)) / self.model.curvature(slot).max(CURVATURE_MIN);
        // Rounding may have left the live value a little off: the step starts there.
        let i = self.active[slot];
        let before = exec.space()[i].way(exec.baseline()[i], exec.live()[i]).abs();
        let wanted = clamp(doubt, PROBE_MIN * most, most).min((step_max - before).max(0.0));
        if three_levels { wanted } else { wanted.min(0.5 * step_max) }
    }

    /// A shrunken Newton step of the baseline, within what the guardrails leave.
    fn newton(&mut self, step: &Step, exec: &mut SafetyExecutor, j: &mut Journal) -> bool {
        let mut target = *exec.baseline();
        let mut any = false;
        for slot in 0..self.active.len() {
            let i = self.active[slot];
            let (g, variance) = (self.model.gradient(slot), self.model.gradient_variance(slot));
            let h = self.model.curvature(slot).max(CURVATURE_MIN);
            let trust = g * g / (g * g + SHRINK * variance + 1e-12);
            let streak = self.streak[slot];
            let faster =
                if streak * g < -1.5 { libm::pow(STREAK, streak.abs() - 1.0).min(STREAK_MAX) } else { 1.0 };
            let most = exec.guardrails().max_delta;
            let mut s = clamp(-RELAX * faster * trust * g / h, -most, most);
            let (room, flips) = exec.room(step.now_us, i);
            if exec.direction(i) * s < 0.0 && flips == 0 {
                continue;
            }
            s = clamp(s, -room, room);
            if s.abs() < STEP_MIN {
                continue;
            }
            let knob = &exec.space()[i];
            let to = knob.normalise(exec.baseline()[i] + s);
            self.streak[slot] = if streak * s > 0.0 { streak + s.signum() } else { s.signum() };
            any |= knob.way(exec.baseline()[i], to).abs() > 1e-6;
            target[i] = to;
        }
        any && exec.shift(step.now_us, ApplyKind::Move, &target, Evidence::Model(self.evidence()), j).is_ok()
    }
}

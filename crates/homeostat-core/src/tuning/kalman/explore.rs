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
/// Rounding slack in comparisons of places.
const EPS: f64 = 1e-10;
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

    /// A place near `place` with a value of the grid on either side that a probe can reach: on a grid that is coarser than
    /// probes the baseline stands between two values, and probes show one and then the other.
    fn between(&self, slot: usize, place: f64, exec: &SafetyExecutor) -> f64 {
        let (knob, tube) = (&exec.space()[self.active[slot]], exec.guardrails().probe_amplitude);
        if knob.resolution() == 0.0 {
            return place;
        }
        let up = knob.way(place, knob.beside(place, true));
        let down = knob.way(knob.beside(place, false), place);
        let on_grid = knob.way(place, knob.quantise(place)).abs() < EPS;
        let grid = if on_grid { up.max(down) } else { up + down };
        if up.max(down) <= tube + EPS || grid > 2.0 * tube + EPS {
            return place;
        }
        let side = match (on_grid && up > 0.0 && down > 0.0, self.model.gradient(slot)) {
            (true, g) if g != 0.0 => -g.signum(),
            (true, _) => self.sign[slot],
            (false, _) if up > tube => 1.0,
            _ => -1.0,
        };
        knob.normalise(place + side * (up.max(down) - tube))
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
            let flips_out = |s: f64| exec.direction(i) * s < 0.0 && flips == 0;
            if flips_out(s) {
                continue;
            }
            s = clamp(s, -room, room);
            let (knob, from) = (&exec.space()[i], exec.baseline()[i]);
            if s.abs() < STEP_MIN {
                s = 0.0;
            }
            let mut to = knob.normalise(from + s);
            if knob.resolution() > 0.0 {
                to = self.between(slot, to, exec);
                s = knob.way(from, to);
            }
            if s == 0.0 || s.abs() > room.min(most) + EPS || flips_out(s) {
                continue;
            }
            self.streak[slot] = if streak * s > 0.0 { streak + s.signum() } else { s.signum() };
            any |= knob.way(from, to).abs() > 1e-6;
            target[i] = to;
        }
        any && exec.shift(step.now_us, ApplyKind::Move, &target, Evidence::Model(self.evidence()), j).is_ok()
    }
}

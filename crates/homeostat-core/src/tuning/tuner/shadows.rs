//! Knobs whose costs are computed instead of probed.

use super::Tuner;
use crate::real::clamp;
use crate::safety::{ApplyKind, Mode};
use crate::space::Learn;
use crate::tuning::shadow::PACE_US;

impl Tuner {
    /// Knobs that shadow evaluation moves: one guarded step at a time, or a recommendation.
    pub(super) fn follow_shadows(&mut self) {
        let now_us = self.now_us;
        for i in 0..self.config.space.len() {
            let knob = &self.config.space[i];
            if knob.learn != Learn::Shadow || self.exec.is_frozen(i) {
                continue;
            }
            let here = self.exec.baseline()[i];
            let found = self.shadows[i].target(knob, here);
            if self.exec.mode() == Mode::Recommend {
                self.advise(i, found);
                continue;
            }
            let Some((target, evidence)) = found else { continue };
            if !self.exec.may_change() || now_us < self.shadow_after_us || !self.exec.rate_ok(now_us) {
                continue;
            }
            let most = self.exec.guardrails().max_delta;
            let (room, flips) = self.exec.room(now_us, i);
            let step = clamp(clamp(knob.way(here, target), -most, most), -room, room);
            if step.abs() < 0.005 || (self.exec.direction(i) * step < 0.0 && flips == 0) {
                continue;
            }
            let mut baseline = *self.exec.baseline();
            baseline[i] = knob.normalise(here + step);
            let _ = self.exec.shift(now_us, ApplyKind::Shadow, &baseline, evidence, &mut self.journal);
            self.shadow_after_us = now_us + PACE_US;
        }
    }
}

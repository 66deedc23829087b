//! Knobs whose costs are computed instead of probed.

use super::Tuner;
use crate::journal::Body;
use crate::real::clamp;
use crate::safety::{ApplyKind, Mode};
use crate::space::Learn;
use crate::tuning::shadow::PACE_US;

/// The next recommendation for a knob differs by at least this, in units of its range.
const RECOMMEND_STEP: f64 = 0.02;

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
            let Some((target, evidence)) = self.shadows[i].target(knob, here) else { continue };
            if self.exec.mode() == Mode::Recommend {
                if knob.way(self.recommended[i], target).abs() >= RECOMMEND_STEP {
                    self.recommended[i] = target;
                    let value = knob.to_value(target);
                    let body = Body::Recommend(i as u8, value, evidence);
                    self.journal.push(now_us, 0, self.exec.generation(), body);
                }
                continue;
            }
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

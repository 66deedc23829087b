//! What operators and the application do: the kill switch, modes, freezing, the outcome of a push.

use super::{PUSH_FAILURES_PER_HOUR, SafetyExecutor};
use crate::journal::{Body, Evidence, Journal};
use crate::safety::{ApplyKind, Control, Mode, SafeModeReason};
use crate::space::Values;

impl SafetyExecutor {
    /// The kill switch.
    pub fn set_control(&mut self, now_us: u64, control: Control, j: &mut Journal) {
        if control == self.control {
            return;
        }
        self.hold();
        self.control = control;
        if control == Control::Off {
            let id = self.propose(now_us, ApplyKind::Off, Ok(()), Evidence::None, j);
            self.regression.reset();
            self.apply(now_us, id, ApplyKind::Off, self.anchor, Values::zeros(self.space.len()), j);
        }
        self.candidate = self.baseline;
        self.candidate_since_us = now_us;
    }

    /// Another mode. Live values stay as they are.
    pub fn set_mode(&mut self, mode: Mode) {
        self.hold();
        self.mode = mode;
    }

    /// Holds one knob, or all, at the present live value.
    pub fn freeze(&mut self, knob: Option<usize>) {
        for i in 0..self.space.len() {
            if knob.is_none_or(|k| k == i) {
                self.knobs[i].frozen = true;
                self.hold_knob(i);
            }
        }
    }

    /// Lets one knob, or all, go.
    pub fn unfreeze(&mut self, knob: Option<usize>) {
        for i in 0..self.space.len() {
            if knob.is_none_or(|k| k == i) {
                self.knobs[i].frozen = false;
            }
        }
    }

    pub(super) fn hold(&mut self) {
        (0..self.space.len()).for_each(|i| self.hold_knob(i));
        self.away = false;
        self.regression.restart();
    }

    pub(super) fn hold_knob(&mut self, i: usize) {
        self.baseline[i] = self.live[i];
        self.offset[i] = 0.0;
    }

    /// How pushing the values of `generation` went. A failed ordinary change is rolled back. What protects (off, SafeMode,
    /// rollback, back-off) stays: the application goes on pushing it. Knobs that fail too often are held.
    pub fn pushed(&mut self, now_us: u64, generation: u64, ok: bool, j: &mut Journal) {
        if self.push.as_ref().is_none_or(|p| generation < p.since || generation > self.generation) {
            return;
        }
        let Some(push) = self.push.take() else { return };
        if ok || !self.may_change() {
            return;
        }
        self.push_failures.push(now_us);
        let evidence = Evidence::Reason(SafeModeReason::PushFailed);
        match push.restore {
            Some(before) => self.exceptional(now_us, ApplyKind::Rollback, before, evidence, j),
            None => self.enter_safe_mode(now_us, SafeModeReason::PushFailed, j),
        }
        if let Some(push) = &mut self.push {
            push.restore = None;
        }
        if self.push_failures.count(now_us) >= PUSH_FAILURES_PER_HOUR {
            for i in 0..self.space.len() {
                if self.space[i].push && !self.knobs[i].frozen {
                    self.freeze(Some(i));
                    j.push(now_us, 0, self.generation, Body::Held(i as u8));
                }
            }
        }
    }

    /// The end of a run: whatever is being tried is taken back.
    pub fn settle_down(&mut self, now_us: u64, j: &mut Journal) {
        let trying = self.away || self.offset.iter().any(|d| *d != 0.0);
        if trying && self.control == Control::On {
            self.exceptional(now_us, ApplyKind::Settle, self.baseline, Evidence::None, j);
        }
    }
}

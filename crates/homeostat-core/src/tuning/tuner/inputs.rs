//! Inputs: what may be processed is recorded first, what cannot be recorded has no effect.

use super::{CHANGED, PUSH, REFUSED, SAFE_MODE, Tuner};
use crate::digest::Validity;
use crate::journal::{Admission, Body, SHADOW_MAX, ShadowInput, WindowInput};
use crate::safety::{Control, Mode, SafeModeReason, Source, Verdict, Violation};
use crate::space::Values;

impl Tuner {
    /// One closed window.
    pub fn window(&mut self, now_us: u64, input: WindowInput) -> u32 {
        self.input(now_us, Body::Window(tame(input), Validity::Valid))
    }

    /// Shadow evaluation of one knob; decided at the next window.
    pub fn shadow(&mut self, now_us: u64, knob: usize, values: &[f64], costs: &[f64]) -> u32 {
        let len = values.len().min(costs.len()).min(SHADOW_MAX);
        let mut input = ShadowInput {
            knob: knob as u8,
            len: len as u8,
            values: [0.0; SHADOW_MAX],
            costs: [0.0; SHADOW_MAX],
        };
        input.values[..len].copy_from_slice(&values[..len]);
        for (to, from) in input.costs.iter_mut().zip(&costs[..len]) {
            *to = if from.is_finite() { *from } else { f64::NAN };
        }
        self.input(now_us, Body::Shadow(input))
    }

    /// The kill switch.
    pub fn control(&mut self, now_us: u64, control: Control, source: Source) -> u32 {
        self.input(now_us, Body::Control(control, source))
    }

    /// Holds one knob, or all of them.
    pub fn freeze(&mut self, now_us: u64, knob: Option<usize>) -> u32 {
        self.input(now_us, Body::Freeze(knob.map(|k| k as u8)))
    }

    /// Lets one knob, or all of them, go.
    pub fn unfreeze(&mut self, now_us: u64, knob: Option<usize>) -> u32 {
        self.input(now_us, Body::Unfreeze(knob.map(|k| k as u8)))
    }

    /// Another mode.
    pub fn set_mode(&mut self, now_us: u64, mode: Mode) -> u32 {
        self.input(now_us, Body::Mode(mode))
    }

    /// An operator's move, knob units, NaN leaves a knob alone; made for `generation`, or for whatever is live.
    pub fn propose(&mut self, now_us: u64, values: &Values, generation: Option<u64>) -> Verdict {
        self.verdict(now_us, Body::Propose(*values, generation))
    }

    /// Starts an explicit A/B.
    pub fn start_trial(&mut self, now_us: u64, knob: usize, value: f64) -> Verdict {
        self.verdict(now_us, Body::Trial(knob as u8, value))
    }

    /// SafeMode by hand.
    pub fn enter_safe_mode(&mut self, now_us: u64) -> u32 {
        self.input(now_us, Body::EnterSafeMode)
    }

    /// Leaves SafeMode by hand.
    pub fn acknowledge(&mut self, now_us: u64) -> u32 {
        self.input(now_us, Body::Acknowledge)
    }

    /// Back to the certified configuration, by hand.
    pub fn roll_back(&mut self, now_us: u64) -> Verdict {
        self.verdict(now_us, Body::RollBack)
    }

    /// How pushing a generation went.
    pub fn pushed(&mut self, now_us: u64, generation: u64, ok: bool) -> u32 {
        self.input(now_us, Body::Pushed(generation, ok))
    }

    /// The last entry.
    pub fn stop(&mut self, now_us: u64) {
        self.input(now_us, Body::Close);
    }

    /// Feeds an input that a journal recorded.
    pub fn replay(&mut self, time_us: u64, body: Body) {
        self.now_us = self.now_us.max(time_us);
        match body {
            Body::Overflow => {
                self.journal.push(self.now_us, 0, self.exec.generation(), Body::Overflow);
                self.exec.enter_safe_mode(self.now_us, SafeModeReason::AuditQueueFull, &mut self.journal);
            }
            Body::Gap(_) | Body::HighWater(_) => {
                self.journal.push(self.now_us, 0, self.exec.generation(), body);
            }
            _ => {
                let _ = self.process(body);
            }
        }
    }

    fn verdict(&mut self, now_us: u64, body: Body) -> Verdict {
        self.now_us = self.now_us.max(now_us);
        match self.admit(&body) {
            true => self.process(body),
            false => Err(Violation::AuditQueueFull),
        }
    }

    fn input(&mut self, now_us: u64, body: Body) -> u32 {
        // Time that stands still or goes back is the latest time known.
        self.now_us = self.now_us.max(now_us);
        let before = self.marks();
        if self.admit(&body) && self.process(body).is_err() {
            self.refusals += 1;
        }
        let after = self.marks();
        let mut changed = 0;
        if after.0 != before.0 {
            changed |= CHANGED | if self.exec.pushing() { PUSH } else { 0 };
        }
        if after.1 != before.1 {
            changed |= REFUSED;
        }
        if after.2 != before.2 {
            changed |= SAFE_MODE;
        }
        changed
    }

    fn marks(&self) -> (u64, u64, bool) {
        (self.exec.generation(), self.refusals, self.exec.safe_mode().is_some())
    }

    /// Whether an input may be processed. What protects always is.
    fn admit(&mut self, body: &Body) -> bool {
        let protects = matches!(
            body,
            Body::Control(Control::Off | Control::Freeze, _)
                | Body::Freeze(_)
                | Body::EnterSafeMode
                | Body::Mode(Mode::Observe | Mode::Recommend)
                | Body::RollBack
                | Body::Pushed(..)
                | Body::Close
        );
        match self.journal.admit(self.now_us, self.exec.generation(), protects) {
            Admission::Yes => true,
            Admission::Overflowed => {
                self.exec.enter_safe_mode(self.now_us, SafeModeReason::AuditQueueFull, &mut self.journal);
                protects
            }
            Admission::Dropped => protects,
        }
    }
}

/// Numbers that are not finite say nothing; they are written as `null`, and this makes that exact.
fn tame(mut input: WindowInput) -> WindowInput {
    let d = &mut input.digest;
    let optional =
        [&mut d.latency_p99_us, &mut d.throughput_rps, &mut d.error_rate, &mut d.constraint_margin];
    let mut good = d.objective.is_finite() && input.failures.is_finite() && input.guarded.is_finite();
    for field in optional {
        if field.is_some_and(|v| !v.is_finite()) {
            *field = None;
            good = false;
        }
    }
    if !good {
        d.objective = f64::NAN;
        if !(input.failures.is_finite() && input.guarded.is_finite()) {
            (input.failures, input.guarded) = (0.0, 0.0);
        }
    }
    // Failures without samples are not written, so they must not be seen either.
    if input.guarded <= 0.0 {
        (input.failures, input.guarded) = (0.0, 0.0);
    }
    input
}

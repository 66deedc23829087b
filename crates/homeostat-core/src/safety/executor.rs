//! Applies changes: checks guardrails, journals, then changes the live values as one new generation.

mod apply;
mod exceptional;
mod health;
mod operator;
mod ordinary;

use super::guardrails::PROBES_PER_SECOND;
use super::{Control, Guardrails, Mode, RegressionWatch, RollingCount, RollingSum, SafeMode};
use crate::space::{Space, Values};
use alloc::vec::Vec;

const SECOND: u64 = 1_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
/// Refusals in a minute that lead to SafeMode.
const VIOLATIONS_PER_MINUTE: usize = 10;
/// Failed pushes in an hour, after which the pushed knobs are held.
const PUSH_FAILURES_PER_HOUR: usize = 6;
/// Steps of one baseline that a minute's window holds; the step that would not fit waits.
const STEPS_MAX: usize = 512;
/// A baseline within this distance of the candidate for certification is the same place.
const SAME_PLACE: f64 = 0.02;
/// A recovery by this much ends SafeMode early.
const RECOVERY: f64 = 0.1;
/// Rounding slack in comparisons of steps.
const EPS: f64 = 1e-9;

#[derive(Clone, Debug)]
struct KnobState {
    steps: RollingSum,
    flips: RollingCount,
    direction: f64,
    frozen: bool,
}

/// A change whose values the application is still pushing.
#[derive(Clone, Debug)]
struct Push {
    /// Generation in which the pushed values became live. Outcomes of older ones say nothing about them.
    since: u64,
    /// Where to return when it fails; `None` for what protects, which is never undone.
    restore: Option<Values>,
}

/// Owns the live configuration.
#[derive(Clone, Debug)]
pub struct SafetyExecutor {
    space: Space,
    rails: Guardrails,
    mode: Mode,
    control: Control,
    generation: u64,
    proposals: u64,
    baseline: Values,
    offset: Values,
    live: Values,
    values: Values,
    anchor: Values,
    certified: Option<Values>,
    candidate: Values,
    candidate_since_us: u64,
    away: bool,
    knobs: Vec<KnobState>,
    updates: RollingCount,
    probes: RollingCount,
    rollbacks: RollingCount,
    challenges: RollingCount,
    back_offs: RollingCount,
    violations: RollingCount,
    regression: RegressionWatch,
    safe_mode: Option<SafeMode>,
    safe_mode_entries: u64,
    changed_us: u64,
    level: Option<f64>,
    push: Option<Push>,
    push_failures: RollingCount,
}

impl SafetyExecutor {
    /// Starts at the initial values, generation 1.
    pub fn new(space: Space, rails: Guardrails, mode: Mode, now_us: u64) -> Self {
        let anchor: Values = space.initial().iter().zip(space.knobs()).map(|(u, k)| k.quantise(*u)).collect();
        let knobs = space.knobs().iter().map(|_| KnobState {
            steps: RollingSum::new(MINUTE, STEPS_MAX),
            flips: RollingCount::new(MINUTE, rails.flips_per_minute as usize + 1),
            direction: 0.0,
            frozen: false,
        });
        Self {
            knobs: knobs.collect(),
            mode,
            control: Control::On,
            generation: 1,
            proposals: 0,
            baseline: anchor,
            offset: Values::zeros(space.len()),
            live: anchor,
            values: space.knobs().iter().map(|k| k.to_value(k.to_unit(k.initial))).collect(),
            anchor,
            certified: None,
            candidate: anchor,
            candidate_since_us: now_us,
            away: false,
            updates: RollingCount::new(SECOND, rails.updates_per_second as usize + 1),
            probes: RollingCount::new(SECOND, PROBES_PER_SECOND + 1),
            rollbacks: RollingCount::new(HOUR, rails.rollbacks_per_hour as usize + 1),
            challenges: RollingCount::new(HOUR, rails.challenges_per_hour as usize + 1),
            back_offs: RollingCount::new(HOUR, rails.back_offs_per_hour as usize + 1),
            push_failures: RollingCount::new(HOUR, PUSH_FAILURES_PER_HOUR + 1),
            violations: RollingCount::new(MINUTE, VIOLATIONS_PER_MINUTE + 1),
            regression: RegressionWatch::default(),
            safe_mode: None,
            safe_mode_entries: 0,
            changed_us: now_us,
            level: None,
            push: None,
            space,
            rails,
        }
    }

    /// The knobs.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// The limits in force.
    pub fn guardrails(&self) -> &Guardrails {
        &self.rails
    }

    /// How much may be done.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The kill switch.
    pub fn control(&self) -> Control {
        self.control
    }

    /// Generation of the live values; grows by one with every change.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Live values, knob units.
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// Live values, in units of the range.
    pub fn live(&self) -> &Values {
        &self.live
    }

    /// What probes move around, in units of the range.
    pub fn baseline(&self) -> &Values {
        &self.baseline
    }

    /// What a probe adds to the baseline at the moment, in units of the range.
    pub fn offset(&self) -> &Values {
        &self.offset
    }

    /// Whether the anchor is being visited.
    pub fn is_away(&self) -> bool {
        self.away
    }

    /// Where rollback goes, in units of the range; `None` until a baseline stayed healthy for long enough.
    pub fn certified(&self) -> Option<&Values> {
        self.certified.as_ref()
    }

    /// The initial configuration, in units of the range.
    pub fn anchor(&self) -> &Values {
        &self.anchor
    }

    /// SafeMode, while it lasts.
    pub fn safe_mode(&self) -> Option<&SafeMode> {
        self.safe_mode.as_ref()
    }

    /// How often SafeMode was entered.
    pub fn safe_mode_entries(&self) -> u64 {
        self.safe_mode_entries
    }

    /// When the live values last changed.
    pub fn changed_us(&self) -> u64 {
        self.changed_us
    }

    /// Short mean of the objective on the learning scale, once it is known.
    pub fn level(&self) -> Option<f64> {
        self.level
    }

    /// Whether a change is still being pushed.
    pub fn pushing(&self) -> bool {
        self.push.is_some()
    }

    /// Regressions in a row.
    pub fn regressions(&self) -> u32 {
        self.regression.in_a_row()
    }

    /// Whether this knob is frozen by itself.
    pub fn is_frozen(&self, knob: usize) -> bool {
        self.knobs[knob].frozen
    }

    /// Whether ordinary changes may be applied at all.
    pub fn may_change(&self) -> bool {
        self.mode == Mode::Auto && self.control == Control::On && self.safe_mode.is_none()
    }

    /// What is left for one knob's baseline in this minute: (cumulative change, changes of direction).
    pub fn room(&mut self, now_us: u64, knob: usize) -> (f64, u32) {
        let state = &mut self.knobs[knob];
        let left = (self.rails.cumulative_per_minute - state.steps.sum(now_us)).max(0.0);
        let left = if state.steps.has_room() { left } else { 0.0 };
        let flips = self.rails.flips_per_minute as usize;
        (left, flips.saturating_sub(state.flips.count(now_us)) as u32)
    }

    /// Sign of the last step of a knob's baseline.
    pub fn direction(&self, knob: usize) -> f64 {
        self.knobs[knob].direction
    }
}

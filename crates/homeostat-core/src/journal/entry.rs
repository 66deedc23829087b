use crate::digest::{TelemetryDigest, Validity};
use crate::safety::{ApplyKind, Control, Mode, SafeModeReason, Source, Verdict};
use crate::space::Values;
use alloc::boxed::Box;

/// Most candidate values that one shadow evaluation compares.
pub const SHADOW_MAX: usize = 16;
/// Most knobs that are learned at once.
pub const ACTIVE_MAX: usize = 4;

/// One line of the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Place in the run, from 0.
    pub seq: u64,
    /// When, monotonic.
    pub time_us: u64,
    /// The proposal that it belongs to; 0 for none.
    pub proposal: u64,
    /// Generation of the live configuration when it was written.
    pub generation: u64,
    /// What happened.
    pub body: Body,
}

/// What happened.
///
/// *Inputs* come from outside; replay feeds them again. *Outputs* follow from the inputs; replay has to produce the same.
#[derive(Clone, Debug, PartialEq)]
#[allow(
    clippy::large_enum_variant,
    reason = "entries live in a queue that was allocated once: boxing would allocate"
)]
pub enum Body {
    /// Input: the configuration of the run, as canonical JSON.
    Start(Box<str>),
    /// Input: one closed window.
    Window(WindowInput, Validity),
    /// Input: what shadow evaluation says about other values of one knob.
    Shadow(ShadowInput),
    /// Input: the kill switch.
    Control(Control, Source),
    /// Input: hold one knob, or all of them.
    Freeze(Option<u8>),
    /// Input: let one knob go, or all of them.
    Unfreeze(Option<u8>),
    /// Input: another mode.
    Mode(Mode),
    /// Input: an operator's move; NaN leaves a knob alone, and no values at all name a knob that is not here. Made for this
    /// generation, or for whatever is live.
    Propose(Values, Option<u64>),
    /// Input: an operator starts an A/B.
    Trial(u8, f64),
    /// Input: an operator enters SafeMode.
    EnterSafeMode,
    /// Input: an operator leaves SafeMode.
    Acknowledge,
    /// Input: an operator rolls back.
    RollBack,
    /// Input: how pushing a generation went.
    Pushed(u64, bool),
    /// Input: the queue is full; what follows is not recorded and has no effect until `Gap`.
    Overflow,
    /// Input: there is room again; so many inputs were not recorded.
    Gap(u64),
    /// Input: the queue is 80 % full.
    HighWater(u64),
    /// Input: the run is to end.
    Close,
    /// Output: a change was proposed, with its evidence, and approved or refused.
    Proposal(ApplyKind, Verdict, Evidence),
    /// Output: live values changed (knob units), around this baseline (units of the range).
    Apply(ApplyKind, Values, Values),
    /// Output: SafeMode was entered.
    SafeMode(SafeModeReason),
    /// Output: SafeMode was left; how.
    Recovered(&'static str),
    /// Output: a baseline was certified (knob units).
    Certify(Values),
    /// Output: a comparison found a regression.
    Regression(Evidence),
    /// Output: the objective's level or slope changed by itself; learning starts afresh.
    Drift(f64),
    /// Output: a trial ended: which value is kept.
    TrialEnd(u8, f64, Evidence),
    /// Output: a knob is held because its values cannot be pushed.
    Held(u8),
    /// Output: the end of the run; whatever was being tried has been taken back.
    Stop,
    /// Output: in mode `recommend`, the value that evidence favours for a knob.
    Recommend(u8, f64, Evidence),
    /// Output: what was recommended for a knob no longer holds.
    Withdraw(u8),
}

/// What the tuner is told about one window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WindowInput {
    /// The digest of the window. Its objective may be NaN: then the window says nothing.
    pub digest: TelemetryDigest,
    /// Failures among `guarded` samples of the guard signals.
    pub failures: f64,
    /// Samples of the guard signals.
    pub guarded: f64,
}

/// Shadow evaluation of one knob: the objective that the same traffic would have had at other values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShadowInput {
    /// Index of the knob.
    pub knob: u8,
    /// How many candidates follow.
    pub len: u8,
    /// Candidate values, knob units, ascending.
    pub values: [f64; SHADOW_MAX],
    /// The objective at each.
    pub costs: [f64; SHADOW_MAX],
}

/// Why a change was proposed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Evidence {
    /// Nothing beyond the kind.
    None,
    /// The local model, for each learned knob.
    Model(ModelEvidence),
    /// The level of the objective against its own past.
    Level {
        /// Short mean.
        level: f64,
        /// Long mean.
        reference: f64,
        /// Standard deviation of their difference.
        deviation: f64,
    },
    /// Shadow evaluation: cost here and cost at the best candidate.
    Shadow {
        /// Smoothed cost of the present value.
        here: f64,
        /// Smoothed cost of the best candidate.
        best: f64,
        /// The best candidate, knob units.
        value: f64,
    },
    /// The sequential test of the guard ratios.
    Guard {
        /// Its log likelihood ratio.
        statistic: f64,
        /// The rate it was tested against.
        rate: f64,
    },
    /// A constraint's margin.
    Margin(f64),
    /// Two means and the standard error of their difference.
    Comparison {
        /// Before, or at A.
        before: f64,
        /// After, or at B.
        after: f64,
        /// Standard error of `after - before`.
        standard_error: f64,
    },
    /// SafeMode's reason.
    Reason(SafeModeReason),
}

/// The local quadratic model of the objective.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ModelEvidence {
    /// How many knobs are learned at the moment.
    pub len: u8,
    /// Their indices.
    pub knobs: [u8; ACTIVE_MAX],
    /// Slope per unit of range.
    pub gradient: [f64; ACTIVE_MAX],
    /// Its standard error.
    pub error: [f64; ACTIVE_MAX],
    /// Curvature.
    pub curvature: [f64; ACTIVE_MAX],
    /// Variance of a window.
    pub noise: f64,
}

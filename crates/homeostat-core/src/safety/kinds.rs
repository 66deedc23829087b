//! What kinds of change there are, and what an operator may set.

/// What kind of change. Each is journaled as what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyKind {
    /// Ordinary: a small excursion of the live values around the baseline.
    Probe,
    /// Ordinary: the baseline follows what was learned.
    Move,
    /// Ordinary: the baseline follows shadow evaluation.
    Shadow,
    /// Ordinary: an operator's move.
    Operator,
    /// Ordinary: an explicit A/B.
    Trial,
    /// Exceptional: back to the certified configuration, or to before a failed push.
    Rollback,
    /// Exceptional: a visit to the anchor, to see whether it is better today.
    Challenge,
    /// Exceptional: the end of a visit that was not better.
    ChallengeReturn,
    /// Exceptional: the anchor was better and is the baseline now.
    ChallengeAdopt,
    /// Exceptional: a part of the way to the anchor, to satisfy a constraint again.
    BackOff,
    /// Exceptional: the certified configuration, on entering SafeMode.
    SafeMode,
    /// Exceptional: the initial values, by the kill switch.
    Off,
    /// Exceptional: the end of a run, back to the baseline.
    Settle,
}

impl ApplyKind {
    /// Whether every guardrail holds for it.
    pub fn is_ordinary(self) -> bool {
        matches!(self, Self::Probe | Self::Move | Self::Shadow | Self::Operator | Self::Trial)
    }

    /// Every kind with its wire name.
    pub const ALL: [(ApplyKind, &'static str); 13] = [
        (ApplyKind::Probe, "probe"),
        (ApplyKind::Move, "move"),
        (ApplyKind::Shadow, "shadow"),
        (ApplyKind::Operator, "operator"),
        (ApplyKind::Trial, "trial"),
        (ApplyKind::Rollback, "rollback"),
        (ApplyKind::Challenge, "challenge"),
        (ApplyKind::ChallengeReturn, "challenge-return"),
        (ApplyKind::ChallengeAdopt, "challenge-adopt"),
        (ApplyKind::BackOff, "back-off"),
        (ApplyKind::SafeMode, "safe-mode"),
        (ApplyKind::Off, "off"),
        (ApplyKind::Settle, "settle"),
    ];
}

/// The kill switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Normal work.
    On,
    /// Every knob holds its present value.
    Freeze,
    /// Every knob is back at its initial value.
    Off,
}

impl Control {
    /// Every position with its wire name; the place is the number across the seam.
    pub const ALL: [(Control, &'static str); 3] =
        [(Control::On, "on"), (Control::Freeze, "freeze"), (Control::Off, "off")];
}

/// Where an operator's action came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A call.
    Api,
    /// The control file.
    File,
    /// A signal to the process.
    Signal,
    /// The environment.
    Env,
}

impl Source {
    /// Every source with its wire name; the place is the number across the seam.
    pub const ALL: [(Source, &'static str); 4] =
        [(Source::Api, "api"), (Source::File, "file"), (Source::Signal, "signal"), (Source::Env, "env")];
}

/// How much the tuner may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Watches and journals.
    Observe,
    /// Also says what it would do.
    Recommend,
    /// Does it.
    Auto,
}

impl Mode {
    /// Every mode with its wire name; the place is the number across the seam.
    pub const ALL: [(Mode, &'static str); 3] =
        [(Mode::Observe, "observe"), (Mode::Recommend, "recommend"), (Mode::Auto, "auto")];
}

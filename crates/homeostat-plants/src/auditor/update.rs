//! One applied update, as the auditor sees it.

use crate::Setting;

/// What an update is, in the specification's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateKind {
    /// A small live experiment around the baseline.
    Probe,
    /// An ordinary change of the baseline.
    Move,
    /// Back to the certified configuration.
    Rollback,
    /// A visit to the anchor.
    Challenge,
    /// Back from the anchor, which was not better.
    ChallengeReturn,
    /// The anchor was better: it is the baseline now.
    Adoption,
    /// A constraint pulled the baseline towards the anchor.
    BackOff,
    /// SafeMode was entered.
    SafeMode,
    /// SafeMode ended before its cooldown: by hand, or because the objective recovered. Changes no value.
    SafeModeExit,
}

impl UpdateKind {
    /// Number of kinds.
    pub const COUNT: usize = Self::SafeModeExit as usize + 1;
}

/// A value before and after.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Until the update.
    pub before: Setting,
    /// From the update on.
    pub after: Setting,
}

/// One applied update. Values are normalised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Update {
    /// When it was applied.
    pub time_us: u64,
    /// What it is.
    pub kind: UpdateKind,
    /// What the application reads.
    pub live: Change,
    /// What probes move around.
    pub baseline: Change,
}

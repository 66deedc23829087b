//! What the offline solver is measured on.
//!
//! [`mixed`] holds published problems over spaces with choices and whole numbers, each with its source and the best value
//! known. [`landscapes`] holds functions on the unit box that are labelled structured or chaotic: what a classifier should
//! say after a look at a few points. Both were checked in before the solver was tuned; `fixtures/solver/README.md` states
//! the rules, and golden values beside it let a port be checked.
//!
//! Everything is cheap and deterministic: the same point has the same value on every target.

#![allow(clippy::needless_range_loop, reason = "an index addresses several arrays at once")]

pub mod ffi;
pub mod golden;
pub mod landscapes;
pub mod mixed;
pub mod overhead;
pub mod random;

/// Who may look: half of everything is for development, the other half is kept for judging.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// May be looked at and tuned on.
    Develop,
    /// Judges only.
    Held,
}

impl Half {
    /// The word in tables and fixtures.
    pub fn word(self) -> &'static str {
        match self {
            Self::Develop => "develop",
            Self::Held => "held",
        }
    }
}

//! The only thing that may change live configuration.
//!
//! Three words in one sense only: the *baseline* is what probes move around; *certified* is the last baseline that stayed
//! healthy for the minimum stable time, where a rollback goes; the *anchor* is the initial configuration.
//!
//! Ordinary updates (probe, move, shadow, operator, trial) never exceed a guardrail. The exceptional kinds (rollback, anchor
//! challenge, constraint back-off) may exceed the largest step; each has a cap of its own per hour and is journaled as what
//! it is. Nothing here decides what would be better: that is `tuning`.

mod executor;
mod guardrails;
mod kinds;
mod regression;
mod rolling;
mod safe_mode;
mod violation;

pub use executor::SafetyExecutor;
pub use guardrails::{GUARDRAIL_RANGES, Guardrails, Preset};
pub use kinds::{ApplyKind, Control, Mode, Source};
pub use regression::RegressionWatch;
pub use rolling::{RollingCount, RollingSum};
pub use safe_mode::{SafeMode, SafeModeReason};
pub use violation::{Verdict, Violation};

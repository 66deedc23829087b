//! Circuit breakers: stop calling what fails or hangs, try again carefully, and never hang oneself.
//!
//! ```text
//!            too many failures, too many slow calls, done or in flight
//!   closed ───────────────────────────────────────────────────────────> open ──┐
//!     ^                                                                  ^      │ its period is over
//!     │ enough probes went well                    a probe failed, hung  │      v
//!     └───────────────────────────────────────────────────────────── half-open
//! ```
//!
//! - A permit carries the generation (`era`) in which it was handed out. A result of an older era changes nothing.
//! - A call counts as slow as soon as it *is* slow, not when it ends. What it ends as is added to the same record.
//! - A permit is a lease: a call that never ends is a failure when its lease ends, and its place is free again.
//! - Every limit is inclusive. Costs do not depend on the window's size.

mod alone;
mod config;
mod count_window;
mod machine;
mod time_window;
mod window;

pub use alone::{CHANGED, SoloBreaker};
pub(crate) use alone::{describe, operate, transition};
pub use config::{BreakerConfig, WindowKind};
pub use count_window::CountWindow;
pub use machine::{Breaker, Cause, Operator, State, Told};
pub use time_window::{BUCKETS, TimeWindow};
pub use window::{Tally, Window};

/// How a call ended, as a number across the bindings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It went well.
    Success,
    /// It failed.
    Failure,
    /// It says nothing about the dependency: cancelled by its caller, or never sent.
    Ignored,
    /// It took too long and was given up: a failure, and a sign of overload.
    TimedOut,
    /// The other side refused it for capacity: no failure, but a sign of overload.
    Rejected,
}

impl Outcome {
    /// From its number: 0 success, 1 failure, 3 timed out, 4 rejected, anything else ignored.
    pub fn from_number(number: u32) -> Self {
        match number {
            0 => Outcome::Success,
            1 => Outcome::Failure,
            3 => Outcome::TimedOut,
            4 => Outcome::Rejected,
            _ => Outcome::Ignored,
        }
    }

    /// Whether the call failed; `None` where it says nothing.
    #[inline]
    pub fn failed(self) -> Option<bool> {
        match self {
            Outcome::Success => Some(false),
            Outcome::Failure | Outcome::TimedOut => Some(true),
            Outcome::Ignored | Outcome::Rejected => None,
        }
    }
}

/// Why there is no permit, as a negative number across the bindings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The circuit is open.
    Open = 1,
    /// Half-open, and every probe is out.
    Probing = 2,
    /// An operator holds it open.
    ForcedOpen = 3,
    /// The concurrency limit is reached.
    Limit = 4,
    /// The load of this tier is shed.
    Shed = 5,
    /// Nothing is known under this number.
    Unknown = 6,
    /// Every permit that there is room for is out.
    Capacity = 7,
}

impl Refusal {
    /// Each with its name.
    pub const ALL: [(Refusal, &'static str); 7] = [
        (Refusal::Open, "open"),
        (Refusal::Probing, "probing"),
        (Refusal::ForcedOpen, "forced-open"),
        (Refusal::Limit, "limit"),
        (Refusal::Shed, "shed"),
        (Refusal::Unknown, "unknown"),
        (Refusal::Capacity, "capacity"),
    ];

    /// A permit or a refusal as one number.
    #[inline]
    pub fn encode(granted: Result<u64, Refusal>) -> f64 {
        match granted {
            // Signed conversions are one instruction, unsigned ones a dozen.
            Ok(permit) => permit as i64 as f64,
            Err(refusal) => -f64::from(refusal as u8),
        }
    }
}

/// A permit that JavaScript passed; what cannot be one is 0, which never is.
#[inline]
pub fn permit_of(value: f64) -> u64 {
    let permit = value as i64;
    if permit as f64 == value && permit > 0 { permit as u64 } else { 0 }
}

//! Which kernel answers, and whether it still deserves to.
//!
//! Pure: it is told how long runs took and whether spot checks were right, and says what to do. Choosing is `choose`; watching a
//! promoted kernel in the field is `watch`; what both say is carried out by whoever executes.

mod choose;
mod watch;

pub use choose::{Objective, choose};
pub use watch::{Report, SAMPLES_MIN, SLOWER_MAX, Watch};

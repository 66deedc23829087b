//! Flow: a bounded queue of five tiers, and what to do when there is more than can be served.
//!
//! - `queue`: who is started next, who makes room, who is refused; all O(1) at any depth.
//! - `capacity`: normal 1.0, degraded 0.7, overloaded 0.3, emergency 0.1, with hysteresis.
//! - `pipeline`: the named queues of the kernel pipeline and their breakers.

mod alone;
mod capacity;
pub mod pipeline;
mod queue;

pub use alone::SoloQueue;
pub use capacity::{Capacity, Level};
pub use queue::{DEPTH_MAX, Enqueued, Queue, QueueConfig, Refused, TIERS, Taken};

/// Never evicted; admitted even over the depth.
pub const EMERGENCY: u32 = 0;
/// Interest above 0.8.
pub const STRATEGIC: u32 = 1;
/// What says nothing about itself.
pub const NORMAL: u32 = 2;
/// May be tried again another day.
pub const EXPERIMENTAL: u32 = 3;
/// Whenever there is time.
pub const BACKGROUND: u32 = 4;

/// Tier of what somebody is this much interested in, 0 to 1; nonsense is normal.
pub fn tier_of_interest(interest: f64) -> u32 {
    if interest > 0.8 { STRATEGIC } else { NORMAL }
}

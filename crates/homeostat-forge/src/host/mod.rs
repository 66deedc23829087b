//! A forge over threads: what a native binding wraps.
//!
//! ```text
//! any thread ── run ──> registry (a lock held for microseconds) ──> Worker (the machine's thread) ──> registry ──> answer
//! pump thread ── Background::next ──> Worker ──> Background::reply,  library and journal to their files, reopens a lost device
//! ```
//!
//! # What always holds
//!
//! 1. A run is answered, by the device or the processor, or it is an error of its own inputs: no fault of the device is one. It waits
//!    for those before it, and none of them takes longer than the machine's patience: else all are answered by the processor.
//! 2. A run never waits for a search: background work is one command at a time, and at most `Options::share` of the device's time
//!    while runs come in.
//! 3. A device that hangs is abandoned with its thread; at most `ABANDONED_MAX` of them, then the processor answers for good.
//! 4. What is measured of a run leaves its waiting for the machine out: a busy queue makes no kernel slow.

mod buffers;
mod forge;
mod machine;
mod outbox;
mod pump;
#[cfg(any(test, feature = "device"))]
mod slices;
mod store;
mod worker;

pub use buffers::{BUFFERS_MAX, Given, Got, Held};
pub use forge::{Forge, Opener, Options};
pub use machine::{Machine, Opened, Operand};
pub use pump::ABANDONED_MAX;
#[cfg(feature = "device")]
pub(crate) use slices::in_slices;
pub use store::{Found, Store};
pub use worker::{Answer, Opening, Worker, rest};

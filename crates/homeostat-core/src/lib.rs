//! The pure core of Homeostat: knobs, telemetry, guardrails, the live tuner and its journal.
//!
//! No clock, no I/O, no threads, no ambient randomness: time and seeds come in as arguments, so the same inputs give the
//! same bytes on every target. Data flows one way:
//!
//! ```text
//! samples -> signal::Window -> TelemetryDigest -> tuning::Tuner -> safety::SafetyExecutor -> live values
//!                                                      |                    |
//!                                                      +-----> journal <----+
//! ```
#![cfg_attr(not(test), no_std)]

extern crate alloc;

pub mod digest;
pub mod engine;
pub mod error;
pub mod journal;
pub mod json;
pub mod list;
pub mod real;
pub mod rng;
pub mod safety;
pub mod signal;
pub mod space;
pub mod tuning;

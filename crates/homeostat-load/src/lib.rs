//! A simulated service under load, limiters that others use, and latency streams: how Homeostat's limiter and its
//! latency-regression detector are measured.
//!
//! The 31 scenarios and the peers were checked in before the limiter that is judged by them; `unseen` holds 25 that nobody tunes on, and
//! `generated` makes more.

pub mod compare;
pub mod detect;
pub mod limiter;
pub mod ours;
pub mod peers;
pub mod rng;
pub mod scenario;
pub mod simulate;
pub mod station;
pub mod stream;
pub mod targets;

//! How the live tuner is measured.
//!
//! A **plant** ([`plant`]) is a service reduced to its cost: `cost(t, u)`, lower is better, for knobs `u` in `[0, 1]`,
//! with jumps and drifts that move the optimum. A **contender** ([`contender`]) sees one noisy objective per window of
//! 250 ms and moves the knobs. The **driver** ([`run`]) closes the loop for 30 minutes and scores it against the dynamic
//! oracle and the untouched default. The **auditor** ([`auditor`]) watches every applied update and counts the
//! guardrails that it breaks; it shares no code with any contender.
//!
//! Everything is deterministic by seed: the generator and the transcendental functions are the crate's own choice
//! (`splitmix64` and `libm`), so a figure quoted from here can be reproduced.

#![allow(clippy::needless_range_loop, reason = "a knob's index addresses several arrays at once")]

pub mod auditor;
pub mod contender;
pub mod contenders;
pub mod guardrails;
pub mod noise;
pub mod plant;
pub mod report;
pub mod rng;
pub mod run;
pub mod stats;
pub mod targets;

/// Most knobs of any plant, and of a tuner's block.
pub const KNOBS_MAX: usize = 4;

/// Knob settings in normalised units; entries from the plant's knob count on are unused.
pub type Setting = [f64; KNOBS_MAX];

/// Length of a telemetry window, in seconds.
pub const WINDOW_S: f64 = 0.25;
/// Length of a telemetry window, in microseconds.
pub const WINDOW_US: u64 = 250_000;
/// Windows of one run.
pub const WINDOWS: usize = 7200;
/// Length of one run, in seconds.
pub const RUN_S: f64 = 1800.0;

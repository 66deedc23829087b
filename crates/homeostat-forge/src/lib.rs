//! The forge: compute kernels that are searched for, proven against an independent oracle, and swapped while they run.
//!
//! # Rooms, and what each must not know
//!
//! The pure part has no clock, no I/O, no threads and no ambient randomness; it is `no_std` with `alloc`, and runs in a
//! browser as it does here. Times and seeds come in as arguments.
//!
//! ```text
//! ir ── what is to be computed: a typed graph with static shapes, canonical bytes and a hash. Knows no kernel.
//!  ├─ oracle ── what is right: naive, in f64, with a bound on the error of every element. Knows no kernel either.
//!  └─ plan ── the graph cut into groups that one kernel can compute; elementwise nodes fuse into them. Knows no schedule.
//!      ├─ cpu ── a group computed on the processor: blocked and vectorised.
//!      └─ schedule ── the ways to compute a group, which of them an adapter can run, and the one to begin with.
//!          ├─ wgsl ── group + schedule -> passes: WGSL text, bindings, grid. Knows no device.
//!          ├─ search ── which schedule to try next, from a cost model and what was measured. Knows no WGSL.
//!          └─ measure ── when a difference between two kernels is one. Knows no clock.
//! library ── kernels with their lifecycle and what was measured of them, as lines. Knows no file.
//! architect ── other graphs to try, and what has paid on a device: lessons, kept in the library. Knows no device.
//! controller ── which kernel answers, and whether it still deserves to. Knows no device.
//! prove ── hostile inputs, verdicts, the smallest failing case.
//! registry ── who answers each kernel's runs, and the one journaled way in which that changes. Knows no device.
//! pipeline ── compile, prove, time, search, ask to be promoted: says what a device should do, is told what came of it.
//!  └─ engine ── registry and pipelines for one thread: what a browser's binding wraps.
//! ```
//!
//! The host's part (feature `device`):
//!
//! ```text
//! device ── the one room that touches wgpu: a thread of its own, a watchdog, whole programs.
//!  └─ host ── the registry behind a lock, the pipelines on a thread, the library and the journal as files: what Node's binding wraps.
//! ```
//!
//! # What always holds
//!
//! 1. No kernel's answer reaches a user before the kernel was proven against the oracle on this device.
//! 2. A schedule that an adapter cannot run is known before anything is compiled.
//! 3. WGSL is parsed and validated before a driver sees it.
//! 4. A device that hangs is abandoned, never destroyed: its thread may still be inside the driver.
//! 5. Elements are laid out row-major and contiguous; padding and repacking are a kernel's own affair.
#![cfg_attr(not(any(test, feature = "std")), no_std)]

extern crate alloc;

pub mod architect;
pub mod controller;
pub mod cpu;
#[cfg(feature = "device")]
pub mod device;
pub mod engine;
#[cfg(feature = "host")]
pub mod host;
pub mod ir;
pub mod library;
pub mod map;
pub mod measure;
pub mod oracle;
pub mod pipeline;
pub mod plan;
pub mod prove;
pub mod registry;
pub mod schedule;
pub mod search;
pub mod wgsl;

//! The reflex of Homeostat: what keeps a service on its feet while it learns, and when a neighbour falls.
//!
//! Pure: time and seeds come in as arguments (monotonic microseconds; a time that lies before the latest counts as the
//! latest), so the same inputs give the same bytes on every target. Everything is bounded, and each type's documentation
//! states its bound. Refusals are values. What is called per request takes and gives plain numbers and does not allocate.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod breaker;
pub mod cascade;
pub mod clock;
pub mod component;
pub mod detector;
pub mod event;
pub mod flow;
pub mod journal;
pub mod lease;
pub mod ledger;
pub mod limiter;
pub mod lru;
pub mod memory;
pub mod names;
pub mod options;
pub mod patterns;
pub mod reflex;
pub mod regression;
pub mod vitals;
pub mod witness;

//! Homeostat's core as a native add-on for Node. Bindings convert and register, nothing else.

pub mod digest;
pub mod engine;
mod error;
pub mod journal;
pub mod reflex;
pub mod solver;

use napi_derive::napi;

/// Version of the core; equals the package's version.
#[napi]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

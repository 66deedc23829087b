//! Homeostat's core as a native add-on for Node. Bindings convert and register, nothing else.

mod digest;
mod engine;
mod error;
mod journal;

use napi_derive::napi;

/// Version of the core; equals the package's version.
#[napi]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

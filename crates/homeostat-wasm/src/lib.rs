//! Homeostat's core as WebAssembly. Bindings convert and register, nothing else.

mod digest;
mod engine;
mod error;
mod journal;

use wasm_bindgen::prelude::wasm_bindgen;

/// Version of the core; equals the package's version.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

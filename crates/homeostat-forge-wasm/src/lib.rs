//! The forge as WebAssembly: it decides, and its host drives a WebGPU device or lets the processor answer. Bindings convert and
//! register, nothing else.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

mod command;
mod engine;
#[path = "../../homeostat-wasm/src/error.rs"]
mod error;
mod limits;
#[path = "../../homeostat-wasm/src/panic.rs"]
mod panic;
#[cfg(feature = "suite")]
mod suite;

use alloc::{borrow::ToOwned, string::String};
use wasm_bindgen::prelude::*;

/// A third of the code of std's allocator, and as fast.
#[cfg(all(target_family = "wasm", not(target_feature = "atomics")))]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// Version of the core; equals the package's version.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// Checks a recipe; what it takes and gives, as JSON.
#[wasm_bindgen]
pub fn facts(recipe: &str) -> Result<String, JsError> {
    error::to_js(homeostat_forge::ir::Blueprint::from_recipe(recipe)).map(|blueprint| blueprint.facts())
}

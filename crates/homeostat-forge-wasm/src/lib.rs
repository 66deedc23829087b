//! The forge as WebAssembly: what decides. A host without a native build drives WebGPU, or lets the processor answer. Bindings
//! convert and register, nothing else.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

mod blueprint;
#[path = "../../homeostat-wasm/src/error.rs"]
mod error;
mod library;
mod limits;
mod measure;
#[path = "../../homeostat-wasm/src/panic.rs"]
mod panic;
mod search;

use alloc::{borrow::ToOwned, string::String};
use wasm_bindgen::prelude::wasm_bindgen;

/// A third of the code of std's allocator, and as fast.
#[cfg(all(target_family = "wasm", not(target_feature = "atomics")))]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// Version of the core; equals the package's version.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

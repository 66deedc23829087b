//! Homeostat's reflex as WebAssembly. Bindings convert and register, nothing else.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

mod breaker;
mod detector;
#[path = "../../homeostat-wasm/src/error.rs"]
mod error;
mod limiter;
#[path = "../../homeostat-wasm/src/panic.rs"]
mod panic;
mod queue;
mod reflex;

use alloc::{borrow::ToOwned, string::String};
use homeostat_core::error::{Code, Error};
use wasm_bindgen::prelude::{JsError, wasm_bindgen};

type Result<T> = core::result::Result<T, JsError>;

/// A third of the code of std's allocator, and as fast.
#[cfg(all(target_family = "wasm", not(target_feature = "atomics")))]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// Version of the core; equals the package's version.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// The error of an object that was closed.
#[cold]
fn closed(what: &str) -> Error {
    Error::new(Code::Closed, format_args!("{what}: this object was closed"))
}

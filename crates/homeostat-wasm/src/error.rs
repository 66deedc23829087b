//! Core errors as JavaScript errors, and the text of a panic.

use std::cell::RefCell;
use wasm_bindgen::prelude::*;

/// A JavaScript error with the message `HOMEOSTAT_CODE: text`.
pub fn to_js(error: homeostat_core::error::Error) -> JsError {
    JsError::new(&error.to_string())
}

thread_local! {
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps the text of a panic. The hook must not throw: a throwing hook would leave the next panic without text.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|info| PANIC.with(|text| *text.borrow_mut() = info.to_string())));
}

/// Text of the last panic, taken; for the façade after a `WebAssembly.RuntimeError`.
#[wasm_bindgen(js_name = takePanic)]
pub fn take_panic() -> String {
    PANIC.with(RefCell::take)
}

//! Core errors as JavaScript errors.

use alloc::string::ToString;
use wasm_bindgen::prelude::*;

/// A JavaScript error with the message `HOMEOSTAT_CODE: text`.
pub fn to_js(error: homeostat_core::error::Error) -> JsError {
    JsError::new(&error.to_string())
}

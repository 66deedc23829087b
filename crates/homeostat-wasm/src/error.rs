//! Core errors as JavaScript errors.

use alloc::string::ToString;
use homeostat_core::error::Result;
use wasm_bindgen::prelude::*;

/// A failure becomes a JavaScript error with the message `HOMEOSTAT_CODE: text`.
#[inline(never)]
pub fn to_js<T>(result: Result<T>) -> core::result::Result<T, JsError> {
    result.map_err(|error| JsError::new(&error.to_string()))
}

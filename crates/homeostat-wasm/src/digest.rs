//! Telemetry digests across WebAssembly.

use crate::error::to_js;
use alloc::vec::Vec;
use homeostat_core::digest::TelemetryDigest;
use wasm_bindgen::prelude::*;

/// Encodes a digest from its numbers.
#[wasm_bindgen(js_name = encodeDigest)]
pub fn encode_digest(fields: &[f64]) -> Result<Vec<u8>, JsError> {
    to_js(TelemetryDigest::from_fields(fields).and_then(|d| d.encode())).map(|bytes| bytes.to_vec())
}

/// The numbers of a digest.
#[wasm_bindgen(js_name = decodeDigest)]
pub fn decode_digest(bytes: &[u8]) -> Result<Vec<f64>, JsError> {
    to_js(TelemetryDigest::decode(bytes)).map(|digest| digest.to_fields().to_vec())
}

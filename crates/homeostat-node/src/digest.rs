//! Telemetry digests across N-API.

use crate::error::to_js;
use homeostat_core::digest::TelemetryDigest;
use napi::bindgen_prelude::*;
use napi_derive::napi;

/// Encodes a digest from its numbers.
#[napi(catch_unwind)]
pub fn encode_digest(fields: Float64Array) -> Result<Uint8Array> {
    let bytes = TelemetryDigest::from_fields(&fields).and_then(|d| d.encode()).map_err(to_js)?;
    Ok(bytes.to_vec().into())
}

/// The numbers of a digest.
#[napi(catch_unwind)]
pub fn decode_digest(bytes: Uint8Array) -> Result<Float64Array> {
    let fields = TelemetryDigest::decode(&bytes).map(|d| d.to_fields()).map_err(to_js)?;
    Ok(fields.to_vec().into())
}

//! Journal verification and replay across N-API.

use homeostat_core::journal;
use napi::bindgen_prelude::*;
use napi_derive::napi;

/// Checks a hash-chained journal.
#[napi]
#[derive(Default)]
pub struct Verifier(journal::Verifier);

#[napi]
impl Verifier {
    /// At the start of a journal.
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Feeds bytes in any cut.
    #[napi(catch_unwind)]
    pub fn push(&mut self, bytes: Uint8Array) {
        self.0.push(&bytes);
    }

    /// What was found, as JSON.
    #[napi(catch_unwind)]
    pub fn finish(&mut self) -> String {
        std::mem::take(&mut self.0).finish().to_json("first_bad")
    }
}

/// Re-runs the decisions of a journal.
#[napi]
#[derive(Default)]
pub struct Replay(journal::Replay);

#[napi]
impl Replay {
    /// At the start of a journal.
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Feeds bytes in any cut.
    #[napi(catch_unwind)]
    pub fn push(&mut self, bytes: Uint8Array) {
        self.0.push(&bytes);
    }

    /// The bytes that the decisions gave this time.
    #[napi(catch_unwind)]
    pub fn take(&mut self) -> Uint8Array {
        self.0.take().into()
    }

    /// What was found, as JSON.
    #[napi(catch_unwind)]
    pub fn finish(&mut self) -> String {
        std::mem::take(&mut self.0).finish().to_json("first_difference")
    }
}

//! Journal verification and replay across WebAssembly.

use alloc::{string::String, vec::Vec};
use homeostat_core::journal;
use wasm_bindgen::prelude::*;

/// Checks a hash-chained journal.
#[wasm_bindgen]
#[derive(Default)]
pub struct Verifier(journal::Verifier);

#[wasm_bindgen]
impl Verifier {
    /// At the start of a journal.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Feeds bytes in any cut.
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.push(bytes);
    }

    /// What was found, as JSON.
    pub fn finish(&mut self) -> String {
        core::mem::take(&mut self.0).finish().to_json("first_bad")
    }
}

/// Re-runs the decisions of a journal.
#[wasm_bindgen]
#[derive(Default)]
pub struct Replay(journal::Replay);

#[wasm_bindgen]
impl Replay {
    /// At the start of a journal.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Feeds bytes in any cut.
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.push(bytes);
    }

    /// The bytes that the decisions gave this time.
    pub fn take(&mut self) -> Vec<u8> {
        self.0.take()
    }

    /// What was found, as JSON.
    pub fn finish(&mut self) -> String {
        core::mem::take(&mut self.0).finish().to_json("first_difference")
    }
}

//! Restoring a study across WebAssembly.

use crate::error::to_js;
use crate::study::Study;
use homeostat_solver::study;
use wasm_bindgen::prelude::*;

/// Restores a study from its log.
#[wasm_bindgen]
#[derive(Default)]
pub struct StudyReader(study::StudyReader);

#[wasm_bindgen]
impl StudyReader {
    /// At the start of a log.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Feeds bytes in any cut.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), JsError> {
        to_js(self.0.push(bytes))
    }

    /// The study.
    pub fn finish(&mut self) -> Result<Study, JsError> {
        to_js(self.0.finish()).map(Study::open)
    }

    /// Bytes of the partial last line that were left out.
    pub fn dropped(&mut self) -> u32 {
        self.0.dropped() as u32
    }
}

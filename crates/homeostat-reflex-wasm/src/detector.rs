//! A detector of latency regressions by itself across WebAssembly.

use crate::error::to_js;
use crate::{Result, closed};
use alloc::string::String;
use homeostat_reflex::detector::SoloDetector;
use wasm_bindgen::prelude::*;

/// One detector of latency regressions.
#[wasm_bindgen]
pub struct Detector(Option<SoloDetector>);

impl Detector {
    fn inner(&mut self) -> Result<&mut SoloDetector> {
        to_js(self.0.as_mut().ok_or_else(|| closed("detector")))
    }
}

#[wasm_bindgen]
impl Detector {
    /// One that knows nothing yet.
    #[wasm_bindgen(constructor)]
    #[allow(clippy::new_without_default, reason = "JavaScript has no defaults")]
    pub fn new() -> Self {
        Self(Some(SoloDetector::default()))
    }

    /// One latency; true where a regression is certain.
    pub fn record(&mut self, now_us: f64, latency_us: f64) -> Result<bool> {
        Ok(self.inner()?.record(now_us, latency_us))
    }

    /// Whether it knows enough to alarm.
    pub fn armed(&mut self) -> Result<bool> {
        Ok(self.inner()?.armed())
    }

    /// Evidence as a multiple of what an alarm needs.
    pub fn evidence(&mut self) -> Result<f64> {
        Ok(self.inner()?.evidence())
    }

    /// The latest regression and the present state as JSON.
    pub fn explain(&mut self) -> Result<String> {
        Ok(self.inner()?.explain())
    }

    /// Frees the memory.
    pub fn close(&mut self) {
        self.0 = None;
    }
}

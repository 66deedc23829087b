//! A limiter by itself across WebAssembly.

use crate::error::to_js;
use crate::{Result, closed};
use homeostat_reflex::limiter::SoloLimiter;
use wasm_bindgen::prelude::*;

/// One concurrency limiter.
#[wasm_bindgen]
pub struct Limiter(Option<SoloLimiter>);

impl Limiter {
    fn inner(&mut self) -> Result<&mut SoloLimiter> {
        to_js(self.0.as_mut().ok_or_else(|| closed("limiter")))
    }
}

#[wasm_bindgen]
impl Limiter {
    /// A limiter; its options are JSON.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &str) -> Result<Self> {
        to_js(SoloLimiter::new(options)).map(|inner| Self(Some(inner)))
    }

    /// A permit, or a refusal as a negative number.
    #[wasm_bindgen(js_name = tryAcquire)]
    pub fn try_acquire(&mut self, now_us: f64) -> f64 {
        self.0.as_mut().map_or(0.0, |inner| inner.try_acquire(now_us))
    }

    /// Takes a permit back.
    pub fn release(&mut self, permit: f64, ended: u32, now_us: f64) -> bool {
        self.0.as_mut().is_some_and(|inner| inner.release(permit, ended, now_us))
    }

    /// Calls that may be in flight.
    pub fn limit(&mut self) -> Result<u32> {
        Ok(self.inner()?.limit())
    }

    /// Calls in flight.
    #[wasm_bindgen(js_name = inFlight)]
    pub fn in_flight(&mut self, now_us: f64) -> Result<u32> {
        Ok(self.inner()?.in_flight(now_us))
    }

    /// Calls that were refused.
    pub fn refused(&mut self) -> Result<f64> {
        Ok(self.inner()?.refused())
    }

    /// Permits whose lease ended.
    pub fn expired(&mut self) -> Result<f64> {
        Ok(self.inner()?.expired())
    }

    /// The limit stays between these from now on.
    #[wasm_bindgen(js_name = setBounds)]
    pub fn set_bounds(&mut self, min: u32, max: u32) -> Result<()> {
        self.inner()?.set_bounds(min, max);
        Ok(())
    }

    /// Frees the memory. What is called per request then lets every call pass; all else is refused.
    pub fn close(&mut self) {
        self.0 = None;
    }
}

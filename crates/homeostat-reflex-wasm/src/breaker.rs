//! A breaker by itself across WebAssembly.

use crate::error::to_js;
use crate::{Result, closed};
use alloc::string::String;
use homeostat_reflex::breaker::SoloBreaker;
use wasm_bindgen::prelude::*;

/// One breaker.
#[wasm_bindgen]
pub struct Breaker(Option<SoloBreaker>);

impl Breaker {
    fn inner(&mut self) -> Result<&mut SoloBreaker> {
        to_js(self.0.as_mut().ok_or_else(|| closed("breaker")))
    }
}

#[wasm_bindgen]
impl Breaker {
    /// A closed breaker; its options are JSON.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &str, now_us: f64) -> Result<Self> {
        to_js(SoloBreaker::new(options, now_us)).map(|inner| Self(Some(inner)))
    }

    /// A permit, or a refusal as a negative number.
    #[wasm_bindgen(js_name = tryAcquire)]
    pub fn try_acquire(&mut self, now_us: f64) -> f64 {
        self.0.as_mut().map_or(0.0, |inner| inner.try_acquire(now_us))
    }

    /// Takes a permit back.
    pub fn tell(&mut self, permit: f64, outcome: u32, now_us: f64) -> u32 {
        self.0.as_mut().map_or(2, |inner| inner.tell(permit, outcome, now_us))
    }

    /// Its state as a number.
    pub fn state(&mut self, now_us: f64) -> Result<u32> {
        Ok(self.inner()?.state(now_us))
    }

    /// How long until a call may pass.
    #[wasm_bindgen(js_name = retryAfterUs)]
    pub fn retry_after_us(&mut self, now_us: f64) -> Result<f64> {
        Ok(self.inner()?.retry_after_us(now_us))
    }

    /// An operator's word.
    pub fn operate(&mut self, word: u32, now_us: f64) -> Result<()> {
        to_js(self.inner()?.operate(word, now_us))
    }

    /// Calls in flight.
    #[wasm_bindgen(js_name = inFlight)]
    pub fn in_flight(&mut self) -> Result<u32> {
        Ok(self.inner()?.in_flight())
    }

    /// The transitions since the last time, as JSON.
    #[wasm_bindgen(js_name = takeChanges)]
    pub fn take_changes(&mut self) -> Result<String> {
        Ok(self.inner()?.take_changes())
    }

    /// Its present state as JSON.
    pub fn explain(&mut self, now_us: f64) -> Result<String> {
        Ok(self.inner()?.explain(now_us))
    }

    /// Frees the memory. What is called per request then lets every call pass; all else is refused.
    pub fn close(&mut self) {
        self.0 = None;
    }
}

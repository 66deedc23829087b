//! The reflex of a process across WebAssembly.

use crate::error::to_js;
use crate::{Result, closed};
use alloc::{string::String, vec::Vec};
use homeostat_reflex::reflex;
use wasm_bindgen::prelude::*;

/// The reflex of a process.
#[wasm_bindgen]
pub struct Reflex(Option<reflex::Reflex>);

impl Reflex {
    fn inner(&mut self) -> Result<&mut reflex::Reflex> {
        to_js(self.0.as_mut().ok_or_else(|| closed("reflex")))
    }
}

#[wasm_bindgen]
impl Reflex {
    /// An empty one; its options are JSON.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &str, now_us: f64) -> Result<Self> {
        to_js(reflex::Reflex::new(options, now_us)).map(|inner| Self(Some(inner)))
    }

    /// The handle of a component, or a refusal.
    pub fn component(&mut self, name: &str, options: &str, now_us: f64) -> Result<f64> {
        to_js(self.inner()?.component(name, options, now_us))
    }

    /// Forgets a component.
    pub fn forget(&mut self, component: u32) -> Result<bool> {
        Ok(self.inner()?.forget(component))
    }

    /// The number of a class of errors.
    #[wasm_bindgen(js_name = errorClass)]
    pub fn error_class(&mut self, name: &str) -> Result<u32> {
        Ok(self.inner()?.error_class(name))
    }

    /// A permit, or a refusal as a negative number.
    #[wasm_bindgen(js_name = tryAcquire)]
    pub fn try_acquire(&mut self, component: u32, tier: u32, now_us: f64) -> f64 {
        self.0.as_mut().map_or(0.0, |inner| inner.try_acquire(component, tier, now_us))
    }

    /// Takes a permit back.
    pub fn tell(&mut self, permit: f64, outcome: u32, error: u32, now_us: f64) -> u32 {
        self.0.as_mut().map_or(2, |inner| inner.tell(permit, outcome, error, now_us))
    }

    /// One structural event.
    #[allow(clippy::too_many_arguments, reason = "the fields of a record, in its order")]
    pub fn record(
        &mut self,
        kind: u32,
        flags: u32,
        error: u32,
        component: u32,
        time: f64,
        request: f64,
        peer: u32,
        value: f64,
    ) -> u32 {
        self.0
            .as_mut()
            .map_or(0, |inner| inner.record(kind, flags, error, component, time, request, peer, value))
    }

    /// Records of 32 bytes.
    pub fn ingest(&mut self, records: &[u8], now_us: f64) -> Result<u32> {
        Ok(self.inner()?.ingest(records, now_us))
    }

    /// Lets time pass.
    pub fn tick(&mut self, now_us: f64) -> Result<u32> {
        Ok(self.inner()?.tick(now_us))
    }

    /// From this tier on load is shed.
    #[wasm_bindgen(js_name = shedsFrom)]
    pub fn sheds_from(&mut self) -> Result<u32> {
        Ok(self.inner()?.sheds_from())
    }

    /// State of a component's breaker as a number.
    pub fn state(&mut self, component: u32, now_us: f64) -> Result<f64> {
        Ok(self.inner()?.state(component, now_us))
    }

    /// How long until a call may pass.
    #[wasm_bindgen(js_name = retryAfterUs)]
    pub fn retry_after_us(&mut self, component: u32, now_us: f64) -> Result<f64> {
        Ok(self.inner()?.retry_after_us(component, now_us))
    }

    /// How many calls to a component may be in flight.
    pub fn limit(&mut self, component: u32) -> Result<f64> {
        Ok(self.inner()?.limit(component))
    }

    /// The limit of a component stays between these from now on.
    #[wasm_bindgen(js_name = setLimitBounds)]
    pub fn set_limit_bounds(&mut self, component: u32, min: u32, max: u32, now_us: f64) -> Result<bool> {
        Ok(self.inner()?.set_limit_bounds(component, min, max, now_us))
    }

    /// Something about a component was changed for the better.
    pub fn optimised(&mut self, component: u32, what: &str, now_us: f64) -> Result<bool> {
        to_js(self.inner()?.optimised(component, what, now_us))
    }

    /// An operator's word about a component's breaker.
    pub fn operate(&mut self, component: u32, word: u32, now_us: f64) -> Result<()> {
        to_js(self.inner()?.operate(component, word, now_us))
    }

    /// The notices since the last time, as JSON.
    #[wasm_bindgen(js_name = takeNotices)]
    pub fn take_notices(&mut self) -> Result<String> {
        Ok(self.inner()?.take_notices())
    }

    /// Journal entries that were not taken.
    pub fn queued(&mut self) -> Result<u32> {
        Ok(self.inner()?.queued())
    }

    /// Takes journal entries.
    #[wasm_bindgen(js_name = takeJournal)]
    pub fn take_journal(&mut self, max_bytes: u32) -> Result<Vec<u8>> {
        Ok(self.inner()?.take_journal(max_bytes))
    }

    /// Health as JSON.
    pub fn health(&mut self, now_us: f64) -> Result<String> {
        Ok(self.inner()?.health(now_us))
    }

    /// Health as OpenMetrics.
    pub fn metrics(&mut self, now_us: f64) -> Result<String> {
        Ok(self.inner()?.metrics(now_us))
    }

    /// One component's state as JSON.
    pub fn explain(&mut self, component: u32, now_us: f64) -> Result<String> {
        Ok(self.inner()?.explain(component, now_us))
    }

    /// The latest witnesses as JSON.
    pub fn witnesses(&mut self) -> Result<String> {
        Ok(self.inner()?.witnesses())
    }

    /// The learned patterns as JSON.
    pub fn patterns(&mut self) -> Result<String> {
        Ok(self.inner()?.patterns())
    }

    /// Frees the memory. What is called per request then lets every call pass; all else is refused.
    pub fn close(&mut self) {
        self.0 = None;
    }
}

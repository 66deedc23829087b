//! A queue by itself across WebAssembly.

use crate::error::to_js;
use crate::{Result, closed};
use homeostat_reflex::flow::SoloQueue;
use wasm_bindgen::prelude::*;

/// One queue of five tiers.
#[wasm_bindgen]
pub struct Queue(Option<SoloQueue>);

impl Queue {
    fn inner(&mut self) -> Result<&mut SoloQueue> {
        to_js(self.0.as_mut().ok_or_else(|| closed("queue")))
    }
}

#[wasm_bindgen]
impl Queue {
    /// An empty queue; its options are JSON.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &str) -> Result<Self> {
        to_js(SoloQueue::new(options)).map(|inner| Self(Some(inner)))
    }

    /// Takes an item in: its number, or a refusal as a negative number.
    pub fn enqueue(&mut self, tier: u32, deadline_us: f64, now_us: f64) -> f64 {
        self.0.as_mut().map_or(-1.0, |inner| inner.enqueue(tier, deadline_us, now_us))
    }

    /// Who made room for the item that was last taken in, or -1.
    pub fn evicted(&mut self) -> Result<f64> {
        Ok(self.inner()?.evicted())
    }

    /// Whether the item that was last taken in is an emergency above the depth.
    #[wasm_bindgen(js_name = overDepth)]
    pub fn over_depth(&mut self) -> Result<bool> {
        Ok(self.inner()?.over_depth())
    }

    /// Who is next, or -1.
    pub fn take(&mut self, now_us: f64) -> f64 {
        self.0.as_mut().map_or(-1.0, |inner| inner.take(now_us))
    }

    /// Whether the deadline of the item that was last handed out has passed.
    pub fn expired(&mut self) -> Result<bool> {
        Ok(self.inner()?.expired())
    }

    /// Takes an item out.
    pub fn cancel(&mut self, item: f64, now_us: f64) -> Result<bool> {
        Ok(self.inner()?.cancel(item, now_us))
    }

    /// 1, 0.7, 0.3 or 0.1.
    pub fn capacity(&mut self, now_us: f64) -> Result<f64> {
        Ok(self.inner()?.capacity(now_us))
    }

    /// Whether the capacity changed since the last time.
    #[wasm_bindgen(js_name = takeCapacityChanged)]
    pub fn take_capacity_changed(&mut self) -> Result<bool> {
        Ok(self.inner()?.take_capacity_changed())
    }

    /// The capacity is not better than this level from now on.
    #[wasm_bindgen(js_name = setFloor)]
    pub fn set_floor(&mut self, level: u32) -> Result<()> {
        self.inner()?.set_floor(level);
        Ok(())
    }

    /// Items that wait.
    pub fn length(&mut self) -> Result<u32> {
        Ok(self.inner()?.len())
    }

    /// Items of this tier that wait.
    #[wasm_bindgen(js_name = lengthOf)]
    pub fn length_of(&mut self, tier: u32) -> Result<u32> {
        Ok(self.inner()?.len_of(tier))
    }

    /// Frees the memory.
    pub fn close(&mut self) {
        self.0 = None;
    }
}

//! The engine across N-API.

use crate::error::to_js;
use homeostat_core::engine::{self, time_us};
use homeostat_core::error::{Code, Error};
use napi::bindgen_prelude::*;
use napi_derive::napi;

/// One live tuner's core.
#[napi]
pub struct Engine(Option<engine::Engine>);

impl Engine {
    fn open(&mut self) -> Result<&mut engine::Engine> {
        let closed = || Error::new(Code::Closed, "engine: this tuner was closed");
        self.0.as_mut().ok_or_else(|| to_js(closed()))
    }
}

#[napi]
impl Engine {
    /// An engine from a configuration in JSON.
    #[napi(constructor, catch_unwind)]
    pub fn new(config: String) -> Result<Self> {
        engine::Engine::new(&config).map(|e| Self(Some(e))).map_err(to_js)
    }

    /// Folds samples into the open window.
    #[napi(catch_unwind)]
    pub fn ingest(&mut self, values: Float64Array, meta: Int32Array, now_us: f64) -> Result<()> {
        let engine = self.open()?;
        let now_us = time_us(now_us, "now_us").map_err(to_js)?;
        engine.ingest(&values, &meta, now_us);
        Ok(())
    }

    /// Closes the window; how many samples count for learning.
    #[napi(catch_unwind)]
    pub fn close_window(&mut self, now_us: f64) -> Result<f64> {
        let engine = self.open()?;
        let now_us = time_us(now_us, "now_us").map_err(to_js)?;
        Ok(engine.close_window(now_us) as f64)
    }

    /// Writes the closed window's metrics.
    #[napi(catch_unwind)]
    pub fn read_metrics(&mut self, mut out: Float64Array) -> Result<()> {
        let engine = self.open()?;
        let out = exclusive(&mut out);
        engine.read_metrics(out);
        Ok(())
    }

    /// Decides on the closed window; the change bits.
    #[napi(catch_unwind)]
    pub fn decide(&mut self, objective: f64, margin: f64) -> Result<u32> {
        let engine = self.open()?;
        Ok(engine.decide(objective, margin))
    }

    /// Shadow evaluation of one knob.
    #[napi(catch_unwind)]
    pub fn shadow(&mut self, knob: i32, values: Float64Array, costs: Float64Array) -> Result<u32> {
        let engine = self.open()?;
        engine.shadow(knob, &values, &costs).map_err(to_js)
    }

    /// The kill switch.
    #[napi(catch_unwind)]
    pub fn control(&mut self, word: u32, source: u32, now_us: f64) -> Result<u32> {
        let engine = self.open()?;
        let now_us = time_us(now_us, "now_us").map_err(to_js)?;
        engine.control(word, source, now_us).map_err(to_js)
    }

    /// Holds one knob; -1: all.
    #[napi(catch_unwind)]
    pub fn freeze(&mut self, knob: i32, now_us: f64) -> Result<u32> {
        let engine = self.open()?;
        let now_us = time_us(now_us, "now_us").map_err(to_js)?;
        engine.freeze(knob, now_us).map_err(to_js)
    }

    /// Lets one knob go; -1: all.
    #[napi(catch_unwind)]
    pub fn unfreeze(&mut self, knob: i32, now_us: f64) -> Result<u32> {
        let engine = self.open()?;
        let now_us = time_us(now_us, "now_us").map_err(to_js)?;
        engine.unfreeze(knob, now_us).map_err(to_js)
    }

    /// 0 observe, 1 recommend, 2 auto.
    #[napi(catch_unwind)]
    pub fn set_mode(&mut self, mode: u32, now_us: f64) -> Result<u32> {
        let engine = self.open()?;
        let now_us = time_us(now_us, "now_us").map_err(to_js)?;
        engine.set_mode(mode, now_us).map_err(to_js)
    }

    /// An operator's move; the verdict's number.
    #[napi(catch_unwind)]
    pub fn propose(&mut self, values: Float64Array, generation: f64, now_us: f64) -> Result<u32> {
        let engine = self.open()?;
        let now_us = time_us(now_us, "now_us").map_err(to_js)?;
        engine.propose(&values, generation, now_us).map_err(to_js)
    }

    /// Starts an explicit A/B; the verdict's number.
    #[napi(catch_unwind)]
    pub fn trial(&mut self, knob: i32, value: f64, now_us: f64) -> Result<u32> {
        let engine = self.open()?;
        let now_us = time_us(now_us, "now_us").map_err(to_js)?;
        engine.trial(knob, value, now_us).map_err(to_js)
    }

    /// SafeMode by hand.
    #[napi(catch_unwind)]
    pub fn enter_safe_mode(&mut self, now_us: f64) -> Result<u32> {
        let engine = self.open()?;
        let now_us = time_us(now_us, "now_us").map_err(to_js)?;
        Ok(engine.enter_safe_mode(now_us))
    }

    /// Leaves SafeMode by hand.
    #[napi(catch_unwind)]
    pub fn acknowledge(&mut self, now_us: f64) -> Result<u32> {
        let engine = self.open()?;
        let now_us = time_us(now_us, "now_us").map_err(to_js)?;
        Ok(engine.acknowledge(now_us))
    }

    /// Back to the certified configuration; the verdict's number.
    #[napi(catch_unwind)]
    pub fn rollback(&mut self, now_us: f64) -> Result<u32> {
        let engine = self.open()?;
        let now_us = time_us(now_us, "now_us").map_err(to_js)?;
        Ok(engine.rollback(now_us))
    }

    /// How pushing a generation went.
    #[napi(catch_unwind)]
    pub fn pushed(&mut self, generation: f64, ok: bool, now_us: f64) -> Result<u32> {
        let engine = self.open()?;
        let generation = time_us(generation, "generation").map_err(to_js)?;
        let now_us = time_us(now_us, "now_us").map_err(to_js)?;
        Ok(engine.pushed(generation, ok, now_us))
    }

    /// The journal's last entry.
    #[napi(catch_unwind)]
    pub fn stop(&mut self, now_us: f64) -> Result<()> {
        let engine = self.open()?;
        let now_us = time_us(now_us, "now_us").map_err(to_js)?;
        engine.stop(now_us);
        Ok(())
    }

    /// Live values in knob units.
    #[napi(catch_unwind)]
    pub fn read_values(&mut self, mut out: Float64Array) -> Result<()> {
        let engine = self.open()?;
        let out = exclusive(&mut out);
        engine.read_values(out);
        Ok(())
    }

    /// Generation of the live values.
    #[napi(catch_unwind)]
    pub fn generation(&mut self) -> Result<f64> {
        let engine = self.open()?;
        Ok(engine.generation() as f64)
    }

    /// Journal entries not yet taken.
    #[napi(catch_unwind)]
    pub fn queued(&mut self) -> Result<u32> {
        let engine = self.open()?;
        Ok(engine.queued() as u32)
    }

    /// Takes journal entries as chained JSON Lines.
    #[napi(catch_unwind)]
    pub fn take_journal(&mut self, max_bytes: u32) -> Result<Uint8Array> {
        let engine = self.open()?;
        Ok(engine.take_journal(max_bytes as usize).into())
    }

    /// The present state as JSON.
    #[napi(catch_unwind)]
    pub fn explain(&mut self, now_us: f64) -> Result<String> {
        let engine = self.open()?;
        let now_us = time_us(now_us, "now_us").map_err(to_js)?;
        Ok(engine.explain(now_us))
    }

    /// Frees the core's memory.
    #[napi]
    pub fn close(&mut self) {
        self.0 = None;
    }
}

/// The elements of a typed array that the caller lends for the length of one call.
#[allow(unsafe_code)]
pub(crate) fn exclusive(array: &mut Float64Array) -> &mut [f64] {
    // SAFETY: the façade lends an array of its own on an unshared buffer, and JavaScript does not run on this thread until the
    // call has returned, so nothing else reads or writes the elements while this slice lives.
    unsafe { array.as_mut() }
}

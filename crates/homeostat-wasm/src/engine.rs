//! The engine across WebAssembly.

use crate::error::to_js;
use alloc::{string::String, vec::Vec};
use homeostat_core::engine::{self, time_us};
use homeostat_core::error::{Code, Error};
use wasm_bindgen::prelude::*;

type Result<T> = core::result::Result<T, JsError>;

/// One live tuner's core.
#[wasm_bindgen]
pub struct Engine(Option<engine::Engine>);

impl Engine {
    fn open(&mut self) -> Result<&mut engine::Engine> {
        let closed = || Error::new(Code::Closed, "engine: this tuner was closed");
        to_js(self.0.as_mut().ok_or_else(closed))
    }

    /// The engine, and the time of a call.
    fn at(&mut self, now_us: f64) -> Result<(&mut engine::Engine, u64)> {
        Ok((self.open()?, to_js(time_us(now_us, "now_us"))?))
    }
}

#[wasm_bindgen]
impl Engine {
    /// An engine from a configuration in JSON.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &str) -> Result<Self> {
        to_js(engine::Engine::new(config)).map(|e| Self(Some(e)))
    }

    /// Folds samples into the open window.
    #[wasm_bindgen]
    pub fn ingest(&mut self, values: &[f64], meta: &[i32], now_us: f64) -> Result<()> {
        let (engine, now_us) = self.at(now_us)?;
        engine.ingest(values, meta, now_us);
        Ok(())
    }

    /// Closes the window; how many samples count for learning.
    #[wasm_bindgen(js_name = closeWindow)]
    pub fn close_window(&mut self, now_us: f64) -> Result<f64> {
        let (engine, now_us) = self.at(now_us)?;
        Ok(engine.close_window(now_us) as f64)
    }

    /// Writes the closed window's metrics.
    #[wasm_bindgen(js_name = readMetrics)]
    pub fn read_metrics(&mut self, out: &mut [f64]) -> Result<()> {
        let engine = self.open()?;
        engine.read_metrics(out);
        Ok(())
    }

    /// Decides on the closed window; the change bits.
    #[wasm_bindgen]
    pub fn decide(&mut self, objective: f64, margin: f64) -> Result<u32> {
        let engine = self.open()?;
        Ok(engine.decide(objective, margin))
    }

    /// Shadow evaluation of one knob.
    #[wasm_bindgen]
    pub fn shadow(&mut self, knob: i32, values: &[f64], costs: &[f64]) -> Result<u32> {
        let engine = self.open()?;
        to_js(engine.shadow(knob, values, costs))
    }

    /// The kill switch.
    #[wasm_bindgen]
    pub fn control(&mut self, word: u32, source: u32, now_us: f64) -> Result<u32> {
        let (engine, now_us) = self.at(now_us)?;
        to_js(engine.control(word, source, now_us))
    }

    /// Holds one knob; -1: all.
    #[wasm_bindgen]
    pub fn freeze(&mut self, knob: i32, now_us: f64) -> Result<u32> {
        let (engine, now_us) = self.at(now_us)?;
        to_js(engine.freeze(knob, now_us))
    }

    /// Lets one knob go; -1: all.
    #[wasm_bindgen]
    pub fn unfreeze(&mut self, knob: i32, now_us: f64) -> Result<u32> {
        let (engine, now_us) = self.at(now_us)?;
        to_js(engine.unfreeze(knob, now_us))
    }

    /// 0 observe, 1 recommend, 2 auto.
    #[wasm_bindgen(js_name = setMode)]
    pub fn set_mode(&mut self, mode: u32, now_us: f64) -> Result<u32> {
        let (engine, now_us) = self.at(now_us)?;
        to_js(engine.set_mode(mode, now_us))
    }

    /// An operator's move; the verdict's number.
    #[wasm_bindgen]
    pub fn propose(&mut self, values: &[f64], generation: f64, now_us: f64) -> Result<u32> {
        let (engine, now_us) = self.at(now_us)?;
        to_js(engine.propose(values, generation, now_us))
    }

    /// Starts an explicit A/B; the verdict's number.
    #[wasm_bindgen]
    pub fn trial(&mut self, knob: i32, value: f64, now_us: f64) -> Result<u32> {
        let (engine, now_us) = self.at(now_us)?;
        to_js(engine.trial(knob, value, now_us))
    }

    /// SafeMode by hand.
    #[wasm_bindgen(js_name = enterSafeMode)]
    pub fn enter_safe_mode(&mut self, now_us: f64) -> Result<u32> {
        let (engine, now_us) = self.at(now_us)?;
        Ok(engine.enter_safe_mode(now_us))
    }

    /// Leaves SafeMode by hand.
    #[wasm_bindgen]
    pub fn acknowledge(&mut self, now_us: f64) -> Result<u32> {
        let (engine, now_us) = self.at(now_us)?;
        Ok(engine.acknowledge(now_us))
    }

    /// Back to the certified configuration; the verdict's number.
    #[wasm_bindgen]
    pub fn rollback(&mut self, now_us: f64) -> Result<u32> {
        let (engine, now_us) = self.at(now_us)?;
        Ok(engine.rollback(now_us))
    }

    /// How pushing a generation went.
    #[wasm_bindgen]
    pub fn pushed(&mut self, generation: f64, ok: bool, now_us: f64) -> Result<u32> {
        let (engine, now_us) = self.at(now_us)?;
        let generation = to_js(time_us(generation, "generation"))?;
        Ok(engine.pushed(generation, ok, now_us))
    }

    /// The journal's last entry.
    #[wasm_bindgen]
    pub fn stop(&mut self, now_us: f64) -> Result<()> {
        let (engine, now_us) = self.at(now_us)?;
        engine.stop(now_us);
        Ok(())
    }

    /// Live values in knob units.
    #[wasm_bindgen(js_name = readValues)]
    pub fn read_values(&mut self, out: &mut [f64]) -> Result<()> {
        let engine = self.open()?;
        engine.read_values(out);
        Ok(())
    }

    /// Generation of the live values.
    #[wasm_bindgen]
    pub fn generation(&mut self) -> Result<f64> {
        let engine = self.open()?;
        Ok(engine.generation() as f64)
    }

    /// Journal entries not yet taken.
    #[wasm_bindgen]
    pub fn queued(&mut self) -> Result<u32> {
        let engine = self.open()?;
        Ok(engine.queued() as u32)
    }

    /// Takes journal entries as chained JSON Lines.
    #[wasm_bindgen(js_name = takeJournal)]
    pub fn take_journal(&mut self, max_bytes: u32) -> Result<Vec<u8>> {
        let engine = self.open()?;
        Ok(engine.take_journal(max_bytes as usize))
    }

    /// The present state as JSON.
    #[wasm_bindgen]
    pub fn explain(&mut self, now_us: f64) -> Result<String> {
        let (engine, now_us) = self.at(now_us)?;
        Ok(engine.explain(now_us))
    }

    /// Frees the core's memory.
    pub fn close(&mut self) {
        self.0 = None;
    }
}

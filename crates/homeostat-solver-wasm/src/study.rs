//! A study across WebAssembly.

use crate::error::to_js;
use alloc::{string::String, vec::Vec};
use homeostat_core::error::{Code, Error};
use homeostat_solver::study::{self, Outcome, index};
use wasm_bindgen::prelude::*;

type Result<T> = core::result::Result<T, JsError>;

/// One study.
#[wasm_bindgen]
pub struct Study(Option<study::Study>);

impl Study {
    pub(crate) fn open(study: study::Study) -> Self {
        Self(Some(study))
    }

    fn inner(&mut self) -> Result<&mut study::Study> {
        let closed = || Error::new(Code::Closed, "solver: this study was closed");
        to_js(self.0.as_mut().ok_or_else(closed))
    }
}

#[wasm_bindgen]
impl Study {
    /// A new study from a configuration in JSON.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &str) -> Result<Self> {
        to_js(study::Study::new(config)).map(Self::open)
    }

    /// Writes the next point; its trial, or -1.
    pub fn ask(&mut self, out: &mut [f64]) -> Result<i32> {
        to_js(self.inner()?.ask_into(out))
    }

    /// The outcome of an asked trial.
    pub fn tell(&mut self, trial: f64, outcome: u32, value: f64, margin: f64, reason: &str) -> Result<u32> {
        let study = self.inner()?;
        let outcome = to_js(Outcome::from_parts(outcome, value, margin, reason))?;
        to_js(study.tell(index(trial), outcome)).map(u32::from)
    }

    /// A result for a point that was not asked for; its trial.
    pub fn add(&mut self, values: &[f64], outcome: u32, value: f64, margin: f64) -> Result<u32> {
        let study = self.inner()?;
        let outcome = to_js(Outcome::from_parts(outcome, value, margin, ""))?;
        to_js(study.add(values, outcome))
    }

    /// Open trial at exactly these values, or -1.
    pub fn find(&mut self, values: &[f64]) -> Result<i32> {
        to_js(self.inner()?.find(values)).map(|trial| trial.map_or(-1, |t| t as i32))
    }

    /// Writes the incumbent's values; its trial, or -1.
    pub fn best(&mut self, out: &mut [f64]) -> Result<i32> {
        to_js(self.inner()?.best_into(out))
    }

    /// Writes the point of this index of the probe.
    pub fn probe(&mut self, at: f64, out: &mut [f64]) -> Result<()> {
        to_js(self.inner()?.probe_into(index(at), out))
    }

    /// Trials so far.
    pub fn trials(&mut self) -> Result<u32> {
        Ok(self.inner()?.trials().len() as u32)
    }

    /// The present state as JSON.
    pub fn explain(&mut self) -> Result<String> {
        Ok(self.inner()?.explain())
    }

    /// One trial as JSON.
    pub fn trial(&mut self, trial: f64) -> Result<String> {
        to_js(self.inner()?.trial_json(index(trial)))
    }

    /// Takes the lines that the log grew by.
    #[wasm_bindgen(js_name = takeLog)]
    pub fn take_log(&mut self) -> Result<Vec<u8>> {
        Ok(self.inner()?.take_log())
    }

    /// Frees the memory.
    pub fn close(&mut self) {
        self.0 = None;
    }
}

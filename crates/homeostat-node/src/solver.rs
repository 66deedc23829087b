//! Studies across N-API.

use crate::engine::exclusive;
use crate::error::to_js;
use homeostat_core::error::{Code, Error};
use homeostat_solver::study::{self, Outcome, index};
use napi::bindgen_prelude::*;
use napi_derive::napi;

/// One study.
#[napi]
pub struct Study(Option<study::Study>);

impl Study {
    fn inner(&mut self) -> Result<&mut study::Study> {
        let closed = || Error::new(Code::Closed, "solver: this study was closed");
        self.0.as_mut().ok_or_else(|| to_js(closed()))
    }
}

#[napi]
impl Study {
    /// A new study from a configuration in JSON.
    #[napi(constructor, catch_unwind)]
    pub fn new(config: String) -> Result<Self> {
        study::Study::new(&config).map(|s| Self(Some(s))).map_err(to_js)
    }

    /// Writes the next point; its trial, or -1.
    #[napi(catch_unwind)]
    pub fn ask(&mut self, mut out: Float64Array) -> Result<i32> {
        self.inner()?.ask_into(exclusive(&mut out)).map_err(to_js)
    }

    /// The outcome of an asked trial.
    #[napi(catch_unwind)]
    pub fn tell(&mut self, trial: f64, outcome: u32, value: f64, margin: f64, reason: String) -> Result<u32> {
        let study = self.inner()?;
        let outcome = Outcome::from_parts(outcome, value, margin, &reason).map_err(to_js)?;
        study.tell(index(trial), outcome).map(u32::from).map_err(to_js)
    }

    /// A result for a point that was not asked for; its trial.
    #[napi(catch_unwind)]
    pub fn add(&mut self, values: Float64Array, outcome: u32, value: f64, margin: f64) -> Result<u32> {
        let study = self.inner()?;
        let outcome = Outcome::from_parts(outcome, value, margin, "").map_err(to_js)?;
        study.add(&values, outcome).map_err(to_js)
    }

    /// Open trial at exactly these values, or -1.
    #[napi(catch_unwind)]
    pub fn find(&mut self, values: Float64Array) -> Result<i32> {
        let found = self.inner()?.find(&values).map_err(to_js)?;
        Ok(found.map_or(-1, |trial| trial as i32))
    }

    /// Writes the incumbent's values; its trial, or -1.
    #[napi(catch_unwind)]
    pub fn best(&mut self, mut out: Float64Array) -> Result<i32> {
        self.inner()?.best_into(exclusive(&mut out)).map_err(to_js)
    }

    /// Writes the point of this index of the probe.
    #[napi(catch_unwind)]
    pub fn probe(&mut self, at: f64, mut out: Float64Array) -> Result<()> {
        self.inner()?.probe_into(index(at), exclusive(&mut out)).map_err(to_js)
    }

    /// Trials so far.
    #[napi(catch_unwind)]
    pub fn trials(&mut self) -> Result<u32> {
        Ok(self.inner()?.trials().len() as u32)
    }

    /// The present state as JSON.
    #[napi(catch_unwind)]
    pub fn explain(&mut self) -> Result<String> {
        Ok(self.inner()?.explain())
    }

    /// One trial as JSON.
    #[napi(catch_unwind)]
    pub fn trial(&mut self, trial: f64) -> Result<String> {
        self.inner()?.trial_json(index(trial)).map_err(to_js)
    }

    /// Takes the lines that the log grew by.
    #[napi(catch_unwind)]
    pub fn take_log(&mut self) -> Result<Uint8Array> {
        Ok(self.inner()?.take_log().into())
    }

    /// Frees the memory.
    #[napi]
    pub fn close(&mut self) {
        self.0 = None;
    }
}

/// Restores a study from its log.
#[napi]
#[derive(Default)]
pub struct StudyReader(study::StudyReader);

#[napi]
impl StudyReader {
    /// At the start of a log.
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Feeds bytes in any cut.
    #[napi(catch_unwind)]
    pub fn push(&mut self, bytes: Uint8Array) -> Result<()> {
        self.0.push(&bytes).map_err(to_js)
    }

    /// The study.
    #[napi(catch_unwind)]
    pub fn finish(&mut self) -> Result<Study> {
        self.0.finish().map(|study| Study(Some(study))).map_err(to_js)
    }

    /// Bytes of the partial last line that were left out.
    #[napi]
    pub fn dropped(&mut self) -> u32 {
        self.0.dropped() as u32
    }
}

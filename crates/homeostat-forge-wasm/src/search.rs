//! A search over the schedules of one group, across WebAssembly.

use crate::blueprint::Blueprint;
use crate::error::to_js;
use alloc::{string::String, vec::Vec};
use homeostat_core::error::{Code, Error};
use homeostat_forge::search;
use wasm_bindgen::prelude::*;

/// One search.
#[wasm_bindgen]
pub struct Search(search::Search);

#[wasm_bindgen]
impl Search {
    /// A search over what the blueprint's adapter can run.
    #[wasm_bindgen(constructor)]
    pub fn new(blueprint: &Blueprint, group: u32, seed: u32) -> Result<Self, JsError> {
        let none = || Error::new(Code::InvalidOption, "group: there is no such group");
        let group = to_js(blueprint.plan.groups.get(group as usize).ok_or_else(none))?;
        to_js(search::Search::new(group, &blueprint.limits, seed)).map(Self)
    }

    /// How many schedules there are.
    pub fn size(&self) -> u32 {
        self.0.space().len() as u32
    }

    /// The number of the schedule to measure next, -1 when all were.
    pub fn propose(&mut self) -> i32 {
        self.0.propose().map_or(-1, |n| n as i32)
    }

    /// The text of a schedule.
    pub fn schedule(&self, number: u32) -> String {
        self.0.space().get(number as usize).map_or(String::new(), |s| s.text())
    }

    /// What was measured, in seconds; infinite where it failed.
    pub fn tell(&mut self, number: u32, seconds: f64) {
        self.0.tell(number as usize, seconds);
    }

    /// The best ones measured, best first.
    pub fn best(&self, n: u32) -> Vec<u32> {
        self.0.best(n as usize).into_iter().map(|i| i as u32).collect()
    }
}

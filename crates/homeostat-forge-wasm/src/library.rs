//! The library of kernels across WebAssembly. The host keeps its lines.

use crate::blueprint::Blueprint;
use crate::error::to_js;
use alloc::{string::String, vec::Vec};
use homeostat_core::error::{Code, Result};
use homeostat_core::json::{Fields, Json};
use homeostat_forge::library::{self, DeviceKey, KernelKey, KernelState, Measures, Query, bucket};
use homeostat_forge::plan::Work;
use wasm_bindgen::prelude::*;

/// Kernels that are known.
#[wasm_bindgen]
#[derive(Default)]
pub struct Library(library::Library);

fn device(text: &str) -> Result<DeviceKey> {
    let json = Json::parse(text)?;
    let mut f = Fields::new(&json, Code::InvalidOption, "device.");
    let most = f64::from(u32::MAX);
    let key = DeviceKey {
        backend: f.text("backend").into(),
        vendor: f.whole("vendor", 0.0, most) as u32,
        device: f.whole("device", 0.0, most) as u32,
        driver: f.text("driver").into(),
        compiler: env!("CARGO_PKG_VERSION").into(),
    };
    f.finish().map(|()| key)
}

#[wasm_bindgen]
impl Library {
    /// An empty one.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes lines that were kept: how many were taken, damaged, of another version.
    pub fn read(&mut self, bytes: &[u8]) -> Vec<u32> {
        let reading = self.0.read(bytes);
        [reading.taken, reading.damaged, reading.other_version].map(|n| n as u32).to_vec()
    }

    /// Lines to append, once.
    #[wasm_bindgen(js_name = takeLines)]
    pub fn take_lines(&mut self) -> String {
        self.0.take_lines()
    }

    /// How many kernels are known.
    pub fn size(&self) -> u32 {
        self.0.len() as u32
    }

    /// The fastest usable schedule that is known for a group on a device, a candidate until it is proven; empty where there is none.
    pub fn best(&self, of: &Blueprint, group: u32, on: &str) -> core::result::Result<String, JsError> {
        let device = to_js(device(on))?;
        let query = Query { blueprint: of.blueprint.hash(), group, device: &device, tag: None };
        Ok(self.0.query(&query).first().map_or(String::new(), |(key, _)| key.schedule.clone()))
    }

    /// A kernel that was proven here and answers now.
    pub fn promoted(
        &mut self,
        of: &Blueprint,
        group: u32,
        on: &str,
        schedule: &str,
        seconds: f64,
        error: f64,
    ) -> core::result::Result<(), JsError> {
        let device = to_js(device(on))?;
        let Some(known) = of.plan.groups.get(group as usize) else { return Ok(()) };
        let work = match &known.work {
            Work::Contract(c) => c.multiply_adds(),
            _ => known.shape.elements() as f64,
        };
        let key = KernelKey {
            blueprint: of.blueprint.hash(),
            group,
            schedule: schedule.into(),
            bucket: bucket(work),
            dtype: known.dtype,
            device,
        };
        let measures = Measures { seconds, extra_bytes: 0, error, portable: false };
        self.0.add(key.clone(), measures);
        to_js(self.0.move_kernel(&key, KernelState::Validated, None))?;
        to_js(self.0.move_kernel(&key, KernelState::Promoted, None))
    }
}

//! What benches compare a forge with, on the same adapter in the same process. Nobody else calls this.

use crate::driver::Inside;
use crate::error::to_js;
use crate::forge::Forge;
use crate::pool::{Pool, promise};
use homeostat_core::error::{self, Code, Error};
use homeostat_forge::device::{Buffer, Device, Gpu, Program};
use homeostat_forge::ir::Data;
use homeostat_forge::measure::Sizing;
use homeostat_forge::prove::{Inputs, Truth, make};
use homeostat_forge::registry::{Installed, Subject};
use homeostat_forge::wgsl::{Binding, Kernel, Pass};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Places of each output that a known kernel is checked at.
const PLACES: usize = 256;

/// Seconds of a run, by the wall's clock, of so many batches of a shader that was written by hand: `main`, whose tensors of f32 are
/// the bindings of group 0, the output last.
#[napi(ts_return_type = "Promise<Array<number>>")]
pub fn time_shader(
    env: &Env,
    adapter: Option<String>,
    wgsl: String,
    elements: Vec<u32>,
    grid: Vec<u32>,
    batches: u32,
) -> Result<Object<'_>> {
    let grid = <[u32; 3]>::try_from(grid.as_slice()).ok().filter(|_| elements.len() > 1);
    let wrong =
        || Error::new(Code::InvalidOption, "a shader: expected two tensors and three numbers of groups");
    let grid = grid.ok_or_else(wrong).map_err(to_js)?;
    promise(env, &Pool::new(1)?, move || {
        let _inside = Inside::enter();
        let device = Device::open(adapter.as_deref())?;
        let patience = device.patience();
        device.submit(move |gpu| time_here(gpu, wgsl, &elements, grid, batches))?.wait(patience)
    })
}

fn time_here(
    gpu: &mut Gpu,
    wgsl: String,
    elements: &[u32],
    grid: [u32; 3],
    batches: u32,
) -> error::Result<Vec<f64>> {
    let tensors = elements.iter().map(|n| gpu.upload(&Data::F32(vec![0.5; *n as usize])));
    let tensors = tensors.collect::<error::Result<Vec<Buffer>>>()?;
    let (output, inputs) =
        tensors.split_last().ok_or_else(|| Error::new(Code::InvalidOption, "there is no output"))?;
    let mut bindings: Vec<Binding> = (0..inputs.len()).map(Binding::Tensor).collect();
    bindings.push(Binding::Output);
    let pass = Pass { wgsl, bindings, grid, subgroups: false, matrices: false, f16: false };
    let kernel = gpu.compile(&Kernel { passes: vec![pass], temporaries: Vec::new() })?;
    let bound = gpu.bind(&kernel, &inputs.iter().collect::<Vec<&Buffer>>(), output)?;
    // The first one may compile.
    gpu.time(&bound, 1)?;
    let (limits, mut sizing) = (*gpu.limits(), Sizing::default());
    let times = loop {
        let timing = gpu.time(&bound, sizing.runs())?;
        // Its groups are as many as a product has: spread evenly.
        if let Some(batch) = sizing.tell(&timing, &limits, 1.0) {
            break batch.runs;
        }
    };
    (0..batches).map(|_| Ok(gpu.time(&bound, times)?.wall_s / f64::from(times))).collect()
}

/// Seconds that no second start can do without, of a kernel that the device answers: on another device, pipelines, their first
/// dispatch and the check of what is known.
#[napi(ts_return_type = "Promise<number>")]
pub fn needed<'env>(env: &'env Env, forge: &Forge, kernel: u32) -> Result<Object<'env>> {
    let (subject, installed) = forge.answering(kernel).map_err(to_js)?;
    promise(env, &Pool::new(1)?, move || {
        let _inside = Inside::enter();
        let device = Device::open(None)?;
        start_over(&device, &subject, &installed)
    })
}

fn start_over(device: &Device, subject: &Subject, installed: &Installed) -> error::Result<f64> {
    let kept: Arc<Mutex<Option<Program>>> = Arc::default();
    let start = Instant::now();
    for kind in [Inputs::Random, Inputs::Adversarial] {
        let inputs = make(&subject.blueprint, kind, 1);
        let (own, given, kept) = (installed.clone(), inputs.clone(), kept.clone());
        let outputs = device.call(move |gpu| {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.is_none() {
                *kept = Some(gpu.program(&own.form.plan, &own.schedules)?);
            }
            kept.as_ref().map_or(Ok(Vec::new()), |program| gpu.run_program(program, &given))
        })?;
        let truth = Truth::sampled(&subject.blueprint, &inputs, PLACES, 1)?;
        if let Some(miss) = truth.judge(&outputs).miss {
            return Err(Error::new(Code::KernelRejected, miss.to_string()));
        }
    }
    Ok(start.elapsed().as_secs_f64())
}

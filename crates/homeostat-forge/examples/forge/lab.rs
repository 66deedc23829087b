//! Compiles, proves and times schedules of one workload on one device.

use crate::workload::{Check, Workload};
use homeostat_core::error::{Code, Error, Result};
use homeostat_forge::device::{Device, Gpu, Options, Program, Timing};
use homeostat_forge::ir::Data;
use homeostat_forge::measure;
use homeostat_forge::plan::{Group, Plan};
use homeostat_forge::schedule::{Limits, Schedule};
use homeostat_forge::wgsl::{Kernel, emit};
use std::sync::{Arc, Mutex};

/// The device of `--adapter`; with `--matrices on` kernels may use matrix units.
pub fn open(arguments: &crate::arguments::Arguments) -> std::result::Result<Device, String> {
    let adapter = arguments.text("adapter").map(String::from);
    Device::open_with(&Options { adapter, matrices: arguments.text("matrices") == Some("on") })
        .map_err(|e| e.to_string())
}

/// One workload on one device.
pub struct Lab {
    pub device: Device,
    pub plan: Plan,
    inputs: Vec<Data>,
    check: Arc<Check>,
    ready: Arc<Mutex<Vec<Option<Ready>>>>,
}

struct Ready {
    program: Program,
    /// How unevenly its workgroups are spread over cores.
    uneven: f64,
    runs: u32,
}

impl Lab {
    pub fn new(device: Device, workload: &Workload) -> Result<Self> {
        let plan = Plan::new(&workload.blueprint()?, device.limits().storage_buffers as usize)?;
        let (inputs, check) = workload.inputs()?;
        Ok(Self { device, plan, inputs, check: Arc::new(check), ready: Arc::default() })
    }

    pub fn group(&self) -> &Group {
        &self.plan.groups[0]
    }

    pub fn limits(&self) -> &Limits {
        self.device.limits()
    }

    /// Compiles a schedule, proves it on the workload itself, and keeps it; the number is what `sample` takes.
    pub fn prepare(&self, schedule: &Schedule) -> Result<usize> {
        let kernel = emit(self.group(), schedule, self.limits())
            .map_err(|why| Error::new(Code::ForgeUnsupported, why))?;
        self.prepare_kernel(kernel)
    }

    pub fn prepare_kernel(&self, kernel: Kernel) -> Result<usize> {
        let (plan, inputs, check, ready) =
            (self.plan.clone(), self.inputs.clone(), self.check.clone(), self.ready.clone());
        let limits = *self.limits();
        let job = move |gpu: &mut Gpu| {
            let program = gpu.program_of(&plan, std::slice::from_ref(&kernel))?;
            let results = gpu.run_program(&program, &inputs)?;
            if let Some(miss) = check.judge(&results[0]) {
                return Err(Error::new(Code::KernelRejected, format!("{miss}")));
            }
            let uneven = limits.uneven(&kernel);
            // The first run compiled.
            let mut sizing = measure::Sizing::default();
            let batch = loop {
                let timing = gpu.time(&gpu.bounds_of(&program)[0], sizing.runs())?;
                if let Some(batch) = sizing.tell(&timing, &limits, uneven) {
                    break batch;
                }
            };
            let mut ready = ready.lock().map_err(|_| Error::new(Code::Panic, "a measurement panicked"))?;
            ready.push(Some(Ready { program, uneven, runs: batch.runs }));
            Ok(ready.len() - 1)
        };
        self.device.submit(job)?.wait(self.device.patience())
    }

    pub fn forget(&self, number: usize) {
        if let Ok(mut ready) = self.ready.lock() {
            ready[number] = None;
        }
    }

    /// One batch: seconds of a run, of the device where it has a clock, of the processor where that is the device.
    pub fn sample(&self, number: usize) -> Result<f64> {
        let ready = self.ready.clone();
        let limits = *self.limits();
        let job = move |gpu: &mut Gpu| {
            let ready = ready.lock().map_err(|_| Error::new(Code::Panic, "a measurement panicked"))?;
            let Some(r) = &ready[number] else {
                return Err(Error::new(Code::Closed, "it was forgotten"));
            };
            let timing: Timing = gpu.time(&gpu.bounds_of(&r.program)[0], r.runs)?;
            Ok(timing.seconds(&limits, r.uneven) / f64::from(r.runs))
        };
        self.device.submit(job)?.wait(self.device.patience())
    }

    /// Compiles, proves and times a schedule: seconds of a run by the median of some batches.
    pub fn measure(&self, schedule: &Schedule, batches: usize) -> Result<f64> {
        let number = self.prepare(schedule)?;
        let measured = self.median(number, batches);
        self.forget(number);
        measured
    }

    pub fn median(&self, number: usize, batches: usize) -> Result<f64> {
        let samples: Vec<f64> = (0..batches).map(|_| self.sample(number)).collect::<Result<_>>()?;
        Ok(measure::median(&samples).map_or(f64::NAN, |m| m.value))
    }

    /// Interleaved pairs of two prepared kernels: the median of their ratio, with its interval.
    pub fn pairs(&self, candidate: usize, incumbent: usize, pairs: usize) -> Result<measure::Median> {
        let mut ratios = Vec::new();
        for i in 0..pairs {
            // Which of the two comes first takes turns.
            let (a, b) = if i % 2 == 0 { (candidate, incumbent) } else { (incumbent, candidate) };
            let (x, y) = (self.sample(a)?, self.sample(b)?);
            ratios.push(if i % 2 == 0 { x / y } else { y / x });
        }
        measure::median(&ratios).ok_or_else(|| Error::new(Code::InvalidOption, "no pairs"))
    }
}

//! From schedules to a program that is proven, timed, and may ask to answer.

use super::gate::Stage;
use super::life::Context;
use super::life::is_over;
use crate::ir::{Blueprint, Data};
use crate::library::Measures;
use crate::measure::median;
use crate::plan::{Group, Plan};
use crate::prove::{Inputs, Truth, make};
use crate::registry::{Event, Evidence, Form, Installed, ProgramId, Tried, is_wrong};
use crate::schedule::{Limits, Schedule};
use crate::wgsl::{Kernel, Temporary, emit};
#[cfg(feature = "std")]
use alloc::string::String;
use alloc::{format, sync::Arc, vec::Vec};
use homeostat_core::error::{Code, Error, Result};
use homeostat_core::list::List;

/// Runs that tell how long one usually takes.
const SAMPLES: usize = 5;
/// What a known kernel is checked with before it answers again. One kind is not enough: a softmax of adversarial inputs is all ones
/// and zeros, whatever its product lost.
const RECHECK: [Inputs; 2] = [Inputs::Random, Inputs::Adversarial];
/// Products up to which it is checked at every element; above, at a sample.
const RECHECK_WORK_MAX: f64 = 1e6;

/// A program that passed.
pub(super) struct Raised {
    pub program: ProgramId,
    pub form: Form,
    pub schedules: Vec<Schedule>,
    pub measures: Vec<Measures>,
    /// 0 where nobody has timed it in this life.
    pub seconds: f64,
    pub worst: f64,
}

impl Raised {
    pub fn installed(&self) -> Installed {
        Installed {
            program: self.program,
            form: self.form.clone(),
            schedules: self.schedules.clone(),
            measures: self.measures.clone(),
            seconds: self.seconds,
        }
    }
}

/// How much a candidate has to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// Every kind of inputs.
    Full,
    /// Two kinds, at a sample: it passed the full proof on this device, driver and version before.
    Recheck,
}

impl Context {
    pub(super) fn kernels(&self, schedules: &[Schedule]) -> Result<Vec<(u32, Kernel)>> {
        self.kernels_of(&self.form.plan, schedules)
    }

    /// The same of a plan of another size.
    pub(super) fn kernels_of(&self, plan: &Plan, schedules: &[Schedule]) -> Result<Vec<(u32, Kernel)>> {
        let groups = &plan.groups;
        if schedules.len() != groups.len() {
            return Err(Error::new(Code::ForgeUnsupported, "expected a schedule for each group"));
        }
        let kernel = |(g, schedule): (u32, &Schedule)| {
            let emitted = emit(&groups[g as usize], schedule, &self.limits);
            let text = |why| Error::new(Code::ForgeUnsupported, format!("{schedule}: {why}"));
            emitted.map(|kernel| (g, kernel)).map_err(text)
        };
        (0u32..).zip(schedules).map(kernel).all_or()
    }

    /// Compiles, proves and times schedules. `None` where they are wrong, or the driver refuses them; an error where the device is
    /// gone.
    pub(super) async fn raise(&self, schedules: Vec<Schedule>, proof: Proof) -> Result<Option<Raised>> {
        self.port.note(Event::Compiling, &schedules, self.evidence()).await;
        match self.try_to_raise(&schedules, proof).await {
            Ok(raised) => Ok(Some(raised)),
            Err(error) if is_over(&error) => Err(error),
            Err(error) => {
                if is_wrong(&error) {
                    self.port.ban(self.tried(&schedules), &error).await;
                }
                // It is kept from everybody before it is looked into: the device may go meanwhile, or whoever wants it.
                #[cfg(feature = "std")]
                let smallest = if self.failed.take() {
                    self.smallest_of(&schedules, &error.message).await
                } else {
                    String::new()
                };
                let reason = format!("{}: {}", error.code.as_str(), error.message);
                let evidence = Evidence { reason, ..self.evidence() };
                #[cfg(feature = "std")]
                let evidence = Evidence { smallest, ..evidence };
                self.port.note(Event::Rejected, &schedules, evidence).await;
                Ok(None)
            }
        }
    }

    async fn try_to_raise(&self, schedules: &[Schedule], proof: Proof) -> Result<Raised> {
        let kernels = self.kernels(schedules)?;
        let measures: Vec<Measures> = kernels.iter().map(|(_, k)| declared(k)).listed();
        let uneven: Vec<f64> = kernels.iter().map(|(_, k)| self.limits.uneven(k)).listed();
        let program = self.port.compile(self.tried(schedules), kernels).await?;
        let proven = self.prove(program, schedules, proof).await;
        #[cfg(feature = "std")]
        self.failed.set(proven.as_ref().is_err_and(|e| e.code == Code::KernelRejected));
        let shown = match proven {
            // What it takes is known from an earlier life, or is measured when it answers.
            Ok(worst) if proof == Proof::Recheck => Ok((worst, 0.0, alloc::vec![0.0; uneven.len()])),
            Ok(worst) => self.clock(program, &uneven).await.map(|(seconds, each)| (worst, seconds, each)),
            Err(error) => Err(error),
        };
        let (worst, seconds, each) = match shown {
            Ok(shown) => shown,
            Err(error) => {
                self.port.release(program).await;
                return Err(error);
            }
        };
        let timed = (proof == Proof::Full).then_some(seconds);
        let evidence = Evidence { worst: Some(worst), seconds: timed, ..self.evidence() };
        self.port.note(Event::Validated, schedules, evidence).await;
        let measured = |(m, seconds): (Measures, f64)| Measures { error: worst, seconds, ..m };
        let measures = measures.into_iter().zip(each).map(measured).listed();
        Ok(Raised {
            program,
            form: self.form.clone(),
            schedules: schedules.to_vec(),
            measures,
            seconds,
            worst,
        })
    }

    /// The greatest error; an error where an answer is out of bounds, or the stage's breaker is open.
    async fn prove(&self, program: ProgramId, schedules: &[Schedule], proof: Proof) -> Result<f64> {
        self.port.enter(Stage::Validate).await?;
        let worst = self.compare(program, &self.subject.blueprint, proof).await;
        self.port.leave(Stage::Validate, &worst).await;
        if let Ok(worst) = worst {
            let evidence = Evidence { worst: Some(worst), ..self.evidence() };
            self.port.note(Event::Proven, schedules, evidence).await;
        }
        worst
    }

    /// The same of a blueprint, which may be of another size than the kernel's.
    pub(super) async fn compare(
        &self,
        program: ProgramId,
        blueprint: &Blueprint,
        proof: Proof,
    ) -> Result<f64> {
        let kinds: &[Inputs] = if proof == Proof::Full { &Inputs::ALL } else { &RECHECK };
        let (own, seed) = (core::ptr::eq(blueprint, &self.subject.blueprint), self.options.seed);
        let mut worst = 0f64;
        for kind in kinds {
            let inputs = match kind {
                Inputs::Random if own => self.usual_inputs(),
                _ => Arc::new(make(blueprint, *kind, seed)),
            };
            let (outputs, _) = self.port.execute(program, &inputs, true).await?;
            let truth = match proof {
                Proof::Full => Truth::within(blueprint, &inputs, seed, self.options.proof_work_max)?,
                Proof::Recheck => Truth::within(blueprint, &inputs, seed, RECHECK_WORK_MAX)?,
            };
            let verdict = truth.judge(&outputs);
            worst = worst.max(verdict.worst);
            if let Some(miss) = verdict.miss {
                let text = format!("{} inputs: {miss}", kind.name());
                return Err(Error::new(Code::KernelRejected, text));
            }
        }
        Ok(worst)
    }

    /// The seconds of a run, and of each group alone.
    async fn clock(&self, program: ProgramId, uneven: &[f64]) -> Result<(f64, Vec<f64>)> {
        let seconds = self.time_of_run(program).await?;
        let mut each = Vec::new();
        for (group, uneven) in (0u32..).zip(uneven) {
            each.push(self.size(program, group, *uneven).await?.seconds);
        }
        Ok((seconds, each))
    }

    /// The seconds of a whole run, its way to the device and back included.
    pub(super) async fn time_of_run(&self, program: ProgramId) -> Result<f64> {
        let inputs = self.usual_inputs();
        // What was compiled just now may run for the first time in full.
        self.port.execute(program, &inputs, false).await?;
        let mut samples = Vec::new();
        for _ in 0..SAMPLES {
            samples.push(self.port.execute(program, &inputs, false).await?.1);
        }
        Ok(median(&samples).map_or(0.0, |m| m.value))
    }

    /// These schedules, one for each group.
    pub(super) fn tried(&self, schedules: &[Schedule]) -> Tried {
        Tried { form: self.form.clone(), schedules: schedules.iter().copied().enumerate().listed() }
    }

    /// Inputs like a user's.
    pub(super) fn usual_inputs(&self) -> Arc<Vec<Data>> {
        let mut kept = self.inputs.borrow_mut();
        let make = || Arc::new(make(&self.subject.blueprint, Inputs::Random, self.options.seed));
        kept.get_or_insert_with(make).clone()
    }
}

/// Bytes that a kernel needs beside its tensors.
fn bytes_of(kernel: &Kernel) -> u64 {
    let bytes = |t: &Temporary| match t {
        Temporary::Buffer(bytes) => *bytes,
        Temporary::Texture { width, height, dtype } => {
            u64::from(*width) * u64::from(*height) * 4 * dtype.bytes()
        }
    };
    kernel.temporaries.iter().map(bytes).sum()
}

/// The same of a schedule; the most where it has no kernel.
pub(super) fn extra_bytes(group: &Group, schedule: &Schedule, limits: &Limits) -> u64 {
    emit(group, schedule, limits).map_or(u64::MAX, |kernel| bytes_of(&kernel))
}

/// What follows from a kernel itself.
fn declared(kernel: &Kernel) -> Measures {
    let portable = kernel.passes.iter().all(|p| !p.subgroups && !p.matrices && !p.f16);
    Measures { extra_bytes: bytes_of(kernel), portable, ..Measures::default() }
}

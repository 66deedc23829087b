//! Runs a blueprint: right from the first call, faster later.
//!
//! Answers come from the promoted kernels, or from the processor where there is no device, where a device was lost, and while no
//! kernel is proven. Promotion swaps one pointer between calls: a call that has begun ends with the kernels it began with, and no
//! call waits for a search. Every promoted program is watched (`controller::Watch`); a wrong spot check demotes it, the answer that
//! the user gets is the processor's, and the program before it comes back. Nothing is promoted that did not pass `prove`.

mod tune;

pub use tune::{Tuned, tune};

use crate::controller::{Report, Watch};
use crate::device::{Device, Gpu, Program, first_schedules};
use crate::ir::{Blueprint, Data};
use crate::measure::median;
use crate::oracle::check_inputs;
use crate::plan::Plan;
use crate::prove::{Inputs, Truth, make};
use crate::schedule::Schedule;
use crate::wgsl::{Kernel, emit};
use homeostat_core::error::{Code, Error, Result};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

/// Most programs that can be rolled back to.
const PREVIOUS_MAX: usize = 4;
/// Most events that are kept; what is dropped is counted.
const EVENTS_MAX: usize = 1024;
/// Runs that tell how long one usually takes.
const SAMPLES: usize = 5;
/// Elements of each output that a spot check looks at.
const CHECKED: usize = 64;

/// What happened, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// These schedules answer now.
    Promoted(Vec<Schedule>),
    /// A candidate was out of bounds; nobody saw its answer.
    Rejected(Vec<Schedule>, String),
    /// A promoted program was wrong or slow, and the one before it answers again.
    RolledBack(Vec<Schedule>, Report),
    /// The device is gone; the processor answers.
    DeviceGone(Error),
}

/// A program with what it is made of.
pub(crate) struct Installed {
    program: Arc<Program>,
    schedules: Vec<Schedule>,
    /// Seconds of a run when it was promoted.
    seconds: f64,
}

struct Slot {
    current: Option<Arc<Installed>>,
    previous: Vec<Arc<Installed>>,
    watch: Watch,
    events: VecDeque<Event>,
    dropped: u64,
    promotions: u64,
}

/// Options of an executor.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Share of the runs whose answer is compared with the oracle before it is given, 0 to 1.
    pub sampling: f64,
    /// Of what is drawn: inputs of proofs, places of spot checks.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { sampling: 0.01, seed: 1 }
    }
}

/// Runs a blueprint.
pub struct Executor {
    blueprint: Blueprint,
    plan: Plan,
    device: Option<Device>,
    slot: Mutex<Slot>,
    options: Options,
}

impl Executor {
    /// An executor on a device, or on the processor alone. The first schedules are compiled and proven at once; where they do not
    /// pass, the processor answers until something does.
    pub fn new(blueprint: Blueprint, device: Option<Device>, options: Options) -> Result<Self> {
        let most = device.as_ref().map_or(8, |d| d.limits().storage_buffers) as usize;
        let plan = Plan::new(&blueprint, most)?;
        let watch = Watch::new(0.0, options.sampling, options.seed);
        let slot = Slot {
            current: None,
            previous: Vec::new(),
            watch,
            events: VecDeque::new(),
            dropped: 0,
            promotions: 0,
        };
        let executor = Self { blueprint, plan, device, slot: Mutex::new(slot), options };
        if let Some(device) = &executor.device {
            // A dtype that the adapter does not have is no error here: the processor has it.
            if let Ok(schedules) = first_schedules(&executor.plan, device.limits()) {
                executor.offer(schedules)?;
            }
        }
        Ok(executor)
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        // Nothing in here panics while it holds the lock but for a lack of memory; what it holds is whole at every step.
        self.slot.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// What is computed.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The device, while it is there.
    pub fn device(&self) -> Option<&Device> {
        self.device.as_ref().filter(|d| !d.is_abandoned())
    }

    /// The schedules that answer; `None` where the processor does.
    pub fn schedules(&self) -> Option<Vec<Schedule>> {
        self.slot().current.as_ref().map(|c| c.schedules.clone())
    }

    /// How often something was promoted.
    pub fn promotions(&self) -> u64 {
        self.slot().promotions
    }

    /// What happened since this was last asked, and how much of it was dropped.
    pub fn take_events(&self) -> (Vec<Event>, u64) {
        let mut slot = self.slot();
        (slot.events.drain(..).collect(), std::mem::take(&mut slot.dropped))
    }

    fn note(slot: &mut Slot, event: Event) {
        if slot.events.len() == EVENTS_MAX {
            slot.events.pop_front();
            slot.dropped += 1;
        }
        slot.events.push_back(event);
    }

    /// The outputs for these inputs.
    pub fn run(&self, inputs: &[Data]) -> Result<Vec<Data>> {
        check_inputs(&self.blueprint, inputs)?;
        let (current, check) = {
            let mut slot = self.slot();
            let check = slot.current.is_some() && slot.watch.begin();
            (slot.current.clone(), check)
        };
        let (Some(device), Some(current)) = (self.device(), current) else {
            return crate::cpu::run(&self.plan, inputs);
        };
        let (own, program) = (inputs.to_vec(), current.clone());
        let start = Instant::now();
        let job = move |gpu: &mut Gpu| gpu.answer(&program.program, &own);
        let results = match device.submit(job).and_then(|answer| answer.wait(device.patience())) {
            Ok(results) => results,
            Err(error) => {
                self.gone(error);
                return crate::cpu::run(&self.plan, inputs);
            }
        };
        let took = start.elapsed().as_secs_f64();
        if check {
            let turn = self.slot().promotions;
            let verdict =
                Truth::sampled(&self.blueprint, inputs, CHECKED, self.options.seed ^ turn)?.judge(&results);
            // The lock ends with this statement: rolling back takes it again.
            let report = self.slot().watch.checked(verdict.miss.is_none());
            if let Some(report) = report {
                self.roll_back(&current, report);
                return crate::cpu::run(&self.plan, inputs);
            }
        }
        let slow = self.slot().watch.took(took);
        if let Some(report) = slow {
            self.roll_back(&current, report);
        }
        Ok(results)
    }

    fn gone(&self, error: Error) {
        let mut slot = self.slot();
        slot.current = None;
        slot.previous.clear();
        Self::note(&mut slot, Event::DeviceGone(error));
    }

    /// Takes a program back, unless another call has done so already.
    fn roll_back(&self, bad: &Arc<Installed>, report: Report) {
        let mut slot = self.slot();
        if !slot.current.as_ref().is_some_and(|c| Arc::ptr_eq(c, bad)) {
            return;
        }
        // A slow program without a predecessor is still right; a wrong one never stays.
        let wrong = matches!(report, Report::Wrong { .. });
        let before = slot.previous.pop();
        if before.is_none() && !wrong {
            slot.watch = self.watch(0.0, slot.promotions);
            return;
        }
        slot.watch = self.watch(before.as_ref().map_or(0.0, |b| b.seconds), slot.promotions);
        slot.current = before;
        Self::note(&mut slot, Event::RolledBack(bad.schedules.clone(), report));
    }

    fn watch(&self, expected_s: f64, turn: u64) -> Watch {
        Watch::new(
            expected_s,
            self.options.sampling,
            self.options.seed ^ turn.wrapping_mul(0x9E37_79B9_7F4A_7C15),
        )
    }

    /// Compiles these schedules, proves them, and has them answer from now on. Whether they do; a wrong kernel is an event, not an
    /// error.
    pub fn offer(&self, schedules: Vec<Schedule>) -> Result<bool> {
        let Some(device) = self.device() else { return Ok(false) };
        let kernel = |(group, schedule)| {
            emit(group, schedule, device.limits()).map_err(|why| Error::new(Code::ForgeUnsupported, why))
        };
        let kernels = self.plan.groups.iter().zip(&schedules).map(kernel).collect::<Result<Vec<Kernel>>>()?;
        match self.prove(device, &kernels) {
            Ok(program) => {
                let seconds = self.usual(device, &program)?;
                self.install(Installed { program, schedules, seconds });
                Ok(true)
            }
            Err(error) if error.code == Code::KernelRejected => {
                Self::note(&mut self.slot(), Event::Rejected(schedules, error.message));
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// A program that was right on random, structured, extreme and adversarial inputs.
    fn prove(&self, device: &Device, kernels: &[Kernel]) -> Result<Arc<Program>> {
        let (plan, kernels) = (self.plan.clone(), kernels.to_vec());
        let program = device.call(move |gpu| gpu.program_of(&plan, &kernels))?;
        let program = Arc::new(program);
        for kind in Inputs::ALL {
            let inputs = make(&self.blueprint, kind, self.options.seed);
            let truth = Truth::of(&self.blueprint, &inputs, self.options.seed)?;
            let own = program.clone();
            let results = device.call(move |gpu| gpu.run_program(&own, &inputs))?;
            if let Some(miss) = truth.judge(&results).miss {
                return Err(Error::new(Code::KernelRejected, format!("{kind:?} inputs: {miss}")));
            }
        }
        Ok(program)
    }

    /// Seconds that a run takes, its way to the device and back included: what later runs are compared with.
    fn usual(&self, device: &Device, program: &Arc<Program>) -> Result<f64> {
        let inputs = Arc::new(make(&self.blueprint, Inputs::Random, self.options.seed));
        let mut samples = Vec::new();
        for _ in 0..SAMPLES {
            let (program, inputs) = (program.clone(), inputs.clone());
            let start = Instant::now();
            device.call(move |gpu| gpu.answer(&program, &inputs))?;
            samples.push(start.elapsed().as_secs_f64());
        }
        Ok(median(&samples).map_or(0.0, |m| m.value))
    }

    fn install(&self, new: Installed) {
        let mut slot = self.slot();
        slot.promotions += 1;
        slot.watch = self.watch(new.seconds, slot.promotions);
        Self::note(&mut slot, Event::Promoted(new.schedules.clone()));
        if let Some(old) = slot.current.replace(Arc::new(new)) {
            slot.previous.push(old);
            if slot.previous.len() > PREVIOUS_MAX {
                slot.previous.remove(0);
            }
        }
    }

    /// Has kernels answer that nobody proved: for fault tests.
    #[doc(hidden)]
    pub fn install_unproven(&self, kernels: Vec<Kernel>) -> Result<()> {
        let Some(device) = self.device() else {
            return Err(Error::new(Code::NoAdapter, "there is no device"));
        };
        let plan = self.plan.clone();
        let program = Arc::new(device.call(move |gpu| gpu.program_of(&plan, &kernels))?);
        self.install(Installed { program, schedules: Vec::new(), seconds: 0.0 });
        Ok(())
    }
}

//! A machine that computes on the processor what its kernels should, and fails on purpose: as a miscompiled tile edge, a dropped
//! barrier and a shader that stops early do, as a device that is lost or hangs. How long a group takes follows from its shader's
//! text, so that a search finds better ones.

use homeostat_core::error::{Code, Error, Result};
use homeostat_core::rng::Rng;
use homeostat_forge::host::{Machine, Opened, Operand};
use homeostat_forge::ir::{Data, NodeId};
use homeostat_forge::library::DeviceKey;
use homeostat_forge::measure::Timing;
use homeostat_forge::pipeline::Recipe;
use homeostat_forge::plan::Plan;
use homeostat_forge::registry::ProgramId;
use homeostat_forge::schedule::Limits;
use homeostat_forge::wgsl::Kernel;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How a program's answers are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// The last row is never stored.
    TileEdge,
    /// Some elements, others each time, are made of what was there before.
    Barrier,
    /// The sums lack their last terms.
    EarlyStop,
}

/// What is to fail, and how often; shared with the test.
#[derive(Default)]
pub struct Faults {
    /// Programs that are compiled from now on have this defect.
    pub of_new: Mutex<Option<Defect>>,
    /// Every program has this defect from now on.
    pub of_all: Mutex<Option<Defect>>,
    /// After so many calls the device is lost; 0 for never.
    pub lose_in: AtomicU64,
    /// After so many calls one call hangs; 0 for never.
    pub hang_in: AtomicU64,
    /// After so many calls one call panics; 0 for never.
    pub panic_in: AtomicU64,
    /// After so many calls one call is refused, as a driver refuses a kernel; 0 for never.
    pub refuse_in: AtomicU64,
    /// Programs that are there now, on all machines.
    pub programs: AtomicU64,
    /// Elements that were uploaded or kept and not given up, on all machines.
    pub buffers: AtomicU64,
    /// While it is held, calls that compute wait.
    pub gate: Mutex<()>,
    /// Machines that were opened.
    pub opened: AtomicU64,
}

/// How long a job may take before the watchdog bites; a call that hangs takes longer. A busy machine may hold a thread up for long.
pub const PATIENCE: Duration = Duration::from_secs(2);

struct Made {
    plan: Plan,
    recipe: Recipe,
    seconds: BTreeMap<u32, f64>,
    defect: Option<Defect>,
}

/// The machine.
pub struct Simulated {
    programs: BTreeMap<ProgramId, Made>,
    kept: BTreeMap<u64, Data>,
    faults: Arc<Faults>,
    rng: Rng,
    lost: bool,
}

impl Drop for Simulated {
    fn drop(&mut self) {
        self.faults.programs.fetch_sub(self.programs.len() as u64, Ordering::Relaxed);
        self.faults.buffers.fetch_sub(self.kept.len() as u64, Ordering::Relaxed);
    }
}

pub fn limits() -> Limits {
    Limits { subgroup: Some(8), ..Limits::PORTABLE }
}

pub fn open(faults: &Arc<Faults>) -> Result<(Simulated, Opened)> {
    faults.opened.fetch_add(1, Ordering::Relaxed);
    let key = DeviceKey {
        backend: "simulated".into(),
        vendor: 1,
        device: 2,
        driver: "none".into(),
        compiler: env!("CARGO_PKG_VERSION").into(),
    };
    let machine = Simulated {
        programs: BTreeMap::new(),
        kept: BTreeMap::new(),
        faults: faults.clone(),
        rng: Rng::new(faults.opened.load(Ordering::Relaxed)),
        lost: false,
    };
    Ok((machine, Opened { key, limits: limits(), patience: PATIENCE }))
}

/// Whether this call is the one.
fn due(counter: &AtomicU64) -> bool {
    let less = |n: u64| n.checked_sub(1);
    counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less) == Ok(1)
}

impl Simulated {
    fn step(&mut self) -> Result<()> {
        self.lost |= due(&self.faults.lose_in);
        if self.lost {
            return Err(Error::new(Code::DeviceLost, "as the test wants it"));
        }
        if due(&self.faults.hang_in) {
            std::thread::sleep(PATIENCE * 2);
        }
        assert!(!due(&self.faults.panic_in), "as the test wants it");
        if due(&self.faults.refuse_in) {
            return Err(Error::new(Code::KernelRejected, "as the test wants it"));
        }
        drop(self.faults.gate.lock());
        Ok(())
    }

    fn keep(&mut self, number: u64, data: Data) {
        self.kept.insert(number, data);
        self.faults.buffers.fetch_add(1, Ordering::Relaxed);
    }

    fn compute(&mut self, program: ProgramId, inputs: &[Data], guarded: bool) -> Result<Vec<Data>> {
        let made = self.programs.get(&program).ok_or_else(|| Error::new(Code::Closed, "no such program"))?;
        let wrong = made.defect.or(*self.faults.of_all.lock().unwrap());
        let mut inputs = inputs.to_vec();
        if wrong == Some(Defect::EarlyStop) {
            let last = made.plan.graph.node(made.plan.graph.inputs()[0]).shape.last() as usize;
            lose_tails(&mut inputs[0], last);
        }
        let mut outputs = homeostat_forge::cpu::run(&made.plan, &inputs)?;
        let present = |id: &NodeId| made.recipe.outputs.iter().any(|at| made.recipe.nodes[*at] == *id);
        let all = made.plan.graph.outputs().to_vec();
        let mut keep = all.iter().map(present);
        let rows: Vec<usize> = all.iter().map(|id| made.plan.graph.node(*id).shape.last() as usize).collect();
        match wrong {
            Some(Defect::TileEdge) => {
                // In a proof what is not stored is no number; else it is what was there before.
                let stale = if guarded { f32::NAN } else { 7.0 };
                outputs.iter_mut().zip(&rows).for_each(|(o, n)| overwrite(o, o.len() - n..o.len(), stale));
            }
            Some(Defect::Barrier) => {
                for output in &mut outputs {
                    for _ in 0..1 + output.len() / 16 {
                        let at = (self.rng.next_u64() % output.len() as u64) as usize;
                        overwrite(output, at..at + 1, 3.5);
                    }
                }
            }
            _ => {}
        }
        outputs.retain(|_| keep.next() == Some(true));
        Ok(outputs)
    }
}

fn overwrite(data: &mut Data, places: std::ops::Range<usize>, value: f32) {
    if let Data::F32(values) = data {
        values[places].fill(value);
    }
}

/// The last quarter of every row counts for nothing.
fn lose_tails(data: &mut Data, row: usize) {
    if let Data::F32(values) = data {
        values.chunks_mut(row).for_each(|r| {
            let from = r.len() - r.len().div_ceil(4);
            r[from..].fill(0.0);
        });
    }
}

/// Seconds of a dispatch, from its shader: between 20 and 60 microseconds, whatever the text.
fn pretended(kernel: &Kernel) -> f64 {
    let hash = kernel
        .passes
        .iter()
        .flat_map(|p| p.wgsl.bytes())
        .fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    20e-6 + (hash >> 40) as f64 / (1u64 << 24) as f64 * 40e-6
}

impl Machine for Simulated {
    fn compile(&mut self, program: ProgramId, plan: &Plan, parts: &[(u32, Kernel)]) -> Result<()> {
        self.step()?;
        let seconds = parts.iter().map(|(g, kernel)| (*g, pretended(kernel))).collect();
        let defect = *self.faults.of_new.lock().unwrap();
        let made = Made { plan: plan.clone(), recipe: Recipe::new(plan, parts), seconds, defect };
        if self.programs.insert(program, made).is_none() {
            self.faults.programs.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    fn execute(&mut self, program: ProgramId, inputs: &[Data], guarded: bool) -> Result<Vec<Data>> {
        self.step()?;
        self.compute(program, inputs, guarded)
    }

    fn time(&mut self, program: ProgramId, group: u32, times: u32) -> Result<Timing> {
        self.step()?;
        let made = self.programs.get(&program).ok_or_else(|| Error::new(Code::Closed, "no such program"))?;
        // A per cent of noise.
        let noise = 1.0 + (self.rng.next_u64() % 1000) as f64 * 1e-5;
        let wall_s = made.seconds[&group] * f64::from(times) * noise;
        Ok(Timing { wall_s, own_s: None })
    }

    fn release(&mut self, program: ProgramId) {
        if self.programs.remove(&program).is_some() {
            self.faults.programs.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn upload(&mut self, number: u64, data: &Data) -> Result<()> {
        self.step()?;
        self.keep(number, data.clone());
        Ok(())
    }

    fn download(&mut self, number: u64) -> Result<Data> {
        self.step()?;
        self.kept.get(&number).cloned().ok_or_else(|| Error::new(Code::Closed, "no such buffer"))
    }

    fn forget(&mut self, number: u64) {
        let freed = u64::from(self.kept.remove(&number).is_some());
        self.faults.buffers.fetch_sub(freed, Ordering::Relaxed);
    }

    fn chain(
        &mut self,
        program: ProgramId,
        inputs: &[Operand],
        keep: &[Option<u64>],
    ) -> Result<Vec<Option<Data>>> {
        self.step()?;
        let fetch = |o: &Operand| match o {
            Operand::Data(data) => data.clone(),
            Operand::Kept(number) => self.kept[number].clone(),
        };
        let inputs: Vec<Data> = inputs.iter().map(fetch).collect();
        let outputs = self.compute(program, &inputs, false)?;
        let mut answers = Vec::new();
        for (at, data) in outputs.into_iter().enumerate() {
            match keep.get(at).copied().flatten() {
                Some(number) => {
                    self.keep(number, data);
                    answers.push(None);
                }
                None => answers.push(Some(data)),
            }
        }
        Ok(answers)
    }
}

//! A forge on a device: tuning beside the runs, libraries, faults in the field, chains, memory.

use homeostat_core::error::{Code, Result as Checked};
use homeostat_forge::device::{Device, GpuMachine};
use homeostat_forge::host::{Forge, Given, Got, Machine, Opened, Operand, Options};
use homeostat_forge::ir::{Blueprint, Builder, DType, Data};
use homeostat_forge::measure::Timing;
use homeostat_forge::oracle::evaluate;
use homeostat_forge::plan::Plan;
use homeostat_forge::prove::{Inputs, judge, make};
use homeostat_forge::registry::{
    Backend, Event, KernelId, KernelOptions, Options as RegistryOptions, ProgramId, Tier,
};
use homeostat_forge::wgsl::Kernel;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

fn feed_forward() -> Blueprint {
    let mut g = Builder::new();
    let (x, w) = (g.input("x", DType::F32, &[40, 48]).unwrap(), g.input("w", DType::F32, &[48, 64]).unwrap());
    let bias = g.input("bias", DType::F32, &[64]).unwrap();
    let y = g.matmul(x, w, false, false).unwrap();
    let y = g.binary(homeostat_forge::ir::Binary::Add, y, bias).unwrap();
    let y = g.node(homeostat_forge::ir::Op::Softmax { axis: 1 }, &[y]).unwrap();
    g.finish(&[y]).unwrap()
}

/// wgpu, sabotaged.
struct Sabotaged {
    gpu: GpuMachine,
    faults: Arc<Faults>,
}

#[derive(Default)]
struct Faults {
    /// Kernels that are compiled from now on are wrong.
    miscompile: AtomicBool,
    /// Every kernel is wrong from now on, also those that were proven.
    begin: AtomicBool,
    /// The device is lost with the next run.
    lose: AtomicBool,
}

/// A program's wrong twin.
fn twin(program: ProgramId) -> ProgramId {
    ProgramId(program.0 | 1 << 31)
}

/// A tile's edge is one row early, and what softmax stores is a little too large.
fn spoil(parts: &[(u32, Kernel)]) -> Vec<(u32, Kernel)> {
    let mut parts = parts.to_vec();
    for (_, kernel) in &mut parts {
        let pass = kernel.passes.last_mut().unwrap();
        for (right, wrong) in [("* inverse", "* (inverse * 1.01)"), ("row >= 40u", "row >= 39u")] {
            pass.wgsl = pass.wgsl.replace(right, wrong);
        }
    }
    parts
}

impl Machine for Sabotaged {
    fn compile(&mut self, program: ProgramId, plan: &Plan, parts: &[(u32, Kernel)]) -> Checked<()> {
        if self.faults.miscompile.load(Ordering::Relaxed) {
            return self.gpu.compile(program, plan, &spoil(parts));
        }
        // Whole programs have a twin; what is only timed needs none.
        if parts.len() == plan.groups.len() {
            self.gpu.compile(twin(program), plan, &spoil(parts))?;
        }
        self.gpu.compile(program, plan, parts)
    }

    fn execute(&mut self, program: ProgramId, inputs: &[Data], guarded: bool) -> Checked<Vec<Data>> {
        if self.faults.lose.swap(false, Ordering::Relaxed) {
            self.gpu.gpu().lose();
        }
        let begun = self.faults.begin.load(Ordering::Relaxed);
        self.gpu.execute(if begun { twin(program) } else { program }, inputs, guarded)
    }

    fn time(&mut self, program: ProgramId, group: u32, times: u32) -> Checked<Timing> {
        self.gpu.time(program, group, times)
    }

    fn release(&mut self, program: ProgramId) {
        self.gpu.release(program);
        self.gpu.release(twin(program));
    }

    fn upload(&mut self, number: u64, data: &Data) -> Checked<()> {
        self.gpu.upload(number, data)
    }

    fn download(&mut self, number: u64) -> Checked<Data> {
        self.gpu.download(number)
    }

    fn forget(&mut self, number: u64) {
        self.gpu.forget(number);
    }

    fn chain(
        &mut self,
        program: ProgramId,
        inputs: &[Operand],
        keep: &[Option<u64>],
    ) -> Checked<Vec<Option<Data>>> {
        self.gpu.chain(program, inputs, keep)
    }

    fn is_hung(&self) -> bool {
        self.gpu.is_hung()
    }
}

const LONG: Duration = Duration::from_secs(100);

fn open(faults: &Arc<Faults>) -> Checked<(Sabotaged, Opened)> {
    let (gpu, opened) = GpuMachine::open(&Default::default())?;
    Ok((Sabotaged { gpu, faults: faults.clone() }, opened))
}

fn forge(
    faults: &Arc<Faults>,
    tier: Tier,
    sampling: f64,
    library: Option<std::path::PathBuf>,
) -> Forge<Sabotaged> {
    let kernel =
        KernelOptions { tier, sampling, backend: Backend::Gpu, evaluations: 3, ..KernelOptions::default() };
    let registry = RegistryOptions { kernel, ..RegistryOptions::default() };
    let faults = faults.clone();
    let options = Options { registry, library, ..Options::default() };
    let forge = Forge::open(options, Some(Arc::new(move || open(&faults)))).unwrap();
    assert!(forge.ready(LONG));
    forge
}

fn events(forge: &Forge<Sabotaged>) -> Vec<Event> {
    forge.take_events().0.iter().map(|e| e.event).collect()
}

/// Whether an answer is right.
fn is_right(forge: &Forge<Sabotaged>, id: KernelId, seed: u64) -> bool {
    let blueprint = feed_forward();
    let inputs = make(&blueprint, Inputs::Random, seed);
    let answer = forge.run(id, inputs.clone()).unwrap();
    judge(&evaluate(&blueprint, &inputs).unwrap(), &answer).miss.is_none()
}

pub fn tuning(_: &Device) {
    let forge = forge(&Arc::default(), Tier::Standard, 0.05, None);
    let id = forge.kernel(feed_forward(), None).unwrap();
    // Runs go on while it compiles, proves and searches.
    let mut seed = 1;
    while !forge.settle(id, Duration::ZERO) || seed < 20 {
        assert!(is_right(&forge, id, seed), "{seed}");
        seed += 1;
    }
    let events = events(&forge);
    assert_eq!(events.iter().filter(|e| **e == Event::Measured).count(), 6, "{events:?}");
    assert!(events.contains(&Event::Promoted) && !events.contains(&Event::Quarantined), "{events:?}");
    assert_eq!(forge.current(id).unwrap().unwrap().schedules.len(), 2);
    assert!(is_right(&forge, id, 1000));
}

pub fn warm_library(_: &Device) {
    let folder = std::env::temp_dir().join(format!("homeostat-forge-device-{}", std::process::id()));
    let start = || {
        let forge = forge(&Arc::default(), Tier::Standard, 0.0, Some(folder.join("library.jsonl")));
        let id = forge.kernel(feed_forward(), None).unwrap();
        assert!(forge.settle(id, LONG));
        assert!(is_right(&forge, id, 3));
        let measured = events(&forge).iter().filter(|e| **e == Event::Measured).count();
        (measured, forge.current(id).unwrap().unwrap().schedules)
    };
    let (cold, found) = start();
    let (warm, again) = start();
    assert_eq!((cold, warm, again), (6, 0, found));
    std::fs::remove_dir_all(&folder).unwrap();
}

pub fn miscompiled(_: &Device) {
    let faults = Arc::new(Faults::default());
    faults.miscompile.store(true, Ordering::Relaxed);
    let forge = forge(&faults, Tier::Fast, 0.0, None);
    let id = forge.kernel(feed_forward(), None).unwrap();
    assert!(forge.settle(id, LONG));
    assert!(forge.current(id).unwrap().is_none());
    assert!(events(&forge).contains(&Event::Rejected));
    assert!((0..5).all(|seed| is_right(&forge, id, seed)));
}

pub fn wrong_in_the_field(_: &Device) {
    let faults = Arc::new(Faults::default());
    let forge = forge(&faults, Tier::Fast, 0.25, None);
    let id = forge.kernel(feed_forward(), None).unwrap();
    assert!(forge.settle(id, LONG));
    faults.begin.store(true, Ordering::Relaxed);
    // Within two stretches of four; the checked answer itself is right.
    let wrong = (0..8).take_while(|seed| !is_right(&forge, id, *seed)).count();
    assert!(wrong < 8);
    let seen = events(&forge);
    assert!(seen.contains(&Event::Quarantined), "{seen:?}");
    assert!((0..20).all(|seed| is_right(&forge, id, seed)));
}

pub fn lost_in_the_field(_: &Device) {
    let faults = Arc::new(Faults::default());
    let forge = forge(&faults, Tier::Fast, 0.0, None);
    let id = forge.kernel(feed_forward(), None).unwrap();
    assert!(forge.settle(id, LONG) && is_right(&forge, id, 1));
    faults.lose.store(true, Ordering::Relaxed);
    assert!((2..6).all(|seed| is_right(&forge, id, seed)));
    assert!(events(&forge).contains(&Event::DeviceGone));
    let until = Instant::now() + LONG;
    while forge.current(id).unwrap().is_none() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(forge.current(id).unwrap().is_some() && is_right(&forge, id, 7));
}

pub fn chained(_: &Device) {
    let forge = forge(&Arc::default(), Tier::Fast, 0.0, None);
    let id = forge.kernel(feed_forward(), None).unwrap();
    let again = {
        let mut g = Builder::new();
        let x = g.input("x", DType::F32, &[40, 64]).unwrap();
        let y = g.unary(homeostat_forge::ir::Unary::Gelu, x).unwrap();
        g.finish(&[y]).unwrap()
    };
    let next = forge.kernel(again.clone(), None).unwrap();
    assert!(forge.settle(id, LONG) && forge.settle(next, LONG));
    let inputs = make(&feed_forward(), Inputs::Random, 4);
    let first = forge.upload(inputs[0].clone()).unwrap();
    let mut given = vec![Given::Buffer(first)];
    given.extend(inputs[1..].iter().cloned().map(Given::Data));
    let Got::Buffer(middle) = forge.run_with(id, given, &[true]).unwrap().remove(0) else {
        panic!("it was read")
    };
    let middle_data = forge.download(middle).unwrap();
    let before = middle_data.clone();
    let Got::Data(last) = forge.run_with(next, vec![Given::Buffer(middle)], &[]).unwrap().remove(0) else {
        panic!("it was kept")
    };
    assert!(
        judge(&evaluate(&feed_forward(), &inputs).unwrap(), std::slice::from_ref(&middle_data))
            .miss
            .is_none()
    );
    assert!(judge(&evaluate(&again, &[middle_data]).unwrap(), &[last]).miss.is_none());
    let wrong = forge.run_with(next, vec![Given::Buffer(first)], &[]).unwrap_err();
    assert_eq!(wrong.code, Code::TensorMismatch);
    // What stays is its own: a later run of the same kernel with other inputs leaves it alone, and so does what goes in.
    let others = make(&feed_forward(), Inputs::Random, 5);
    let given = others.iter().cloned().map(Given::Data).collect();
    let Got::Buffer(second) = forge.run_with(id, given, &[true]).unwrap().remove(0) else {
        panic!("it was read")
    };
    assert_eq!(forge.download(middle).unwrap(), before);
    assert_ne!(forge.download(second).unwrap(), before);
    assert_eq!(forge.download(first).unwrap(), inputs[0]);
    forge.forget(middle);
    assert_eq!(forge.run_with(next, vec![Given::Buffer(middle)], &[]).unwrap_err().code, Code::Closed);
}

/// A short one; `forge memory` makes ten thousand.
pub fn disposed(_: &Device) {
    let forge = forge(&Arc::default(), Tier::Fast, 0.0, None);
    let mut g = Builder::new();
    let x = g.input("x", DType::F32, &[64]).unwrap();
    let y = g.unary(homeostat_forge::ir::Unary::Relu, x).unwrap();
    let blueprint = g.finish(&[y]).unwrap();
    let resident = || {
        let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
        text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0)
    };
    let mut after_warm_up = 0;
    for i in 0..160 {
        let id = forge.kernel(blueprint.clone(), None).unwrap();
        assert!(forge.settle(id, LONG));
        forge.dispose(id);
        if i == 60 {
            after_warm_up = resident();
        }
    }
    let now = resident();
    assert!(now as f64 <= after_warm_up as f64 * 1.05, "{after_warm_up} {now} pages");
}

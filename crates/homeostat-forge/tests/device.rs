//! On a device: the quick part of the correctness suite, and faults. Where there is no adapter every test is counted as ignored,
//! and says so; the whole suite is `cargo run --release -p homeostat-forge --features device --example forge -- correctness`.

use homeostat_core::error::{Code, Result as Checked};
use homeostat_forge::device::{Device, Gpu, GpuMachine, first_schedules};
use homeostat_forge::host::{Forge, Given, Got, Machine, Opened, Operand, Options};
use homeostat_forge::ir::{Blueprint, Builder, DType, Data};
use homeostat_forge::measure::Timing;
use homeostat_forge::oracle::evaluate;
use homeostat_forge::plan::{Plan, Variant};
use homeostat_forge::prove::{Case, Inputs, Verdict, judge, make, suite};
use homeostat_forge::registry::{
    Backend, Event, KernelId, KernelOptions, Options as RegistryOptions, ProgramId, Tier,
};
use homeostat_forge::schedule::{Folding, Path, Schedule};
use homeostat_forge::wgsl::{Kernel, emit};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

type Test = (&'static str, fn(&Device));

const TESTS: [Test; 17] = [
    ("quick_correctness", quick_correctness),
    ("graphs_with_intermediate_tensors", graphs),
    ("rewritten_graphs_are_right", rewritten),
    ("a_dropped_barrier_is_found", dropped_barrier),
    ("a_wrong_tile_edge_is_found", wrong_tile_edge),
    ("a_lost_tail_is_found", lost_tail),
    ("a_refused_shader_is_an_error", refused_shader),
    ("too_much_memory_is_an_error", too_much_memory),
    ("a_panic_in_a_job_is_an_error_of_that_job", panic_in_a_job),
    ("the_first_call_is_right_and_tuning_keeps_it_so", tuning),
    ("a_warm_library_needs_no_search", warm_library),
    ("a_miscompiled_kernel_never_answers", miscompiled),
    ("a_fault_that_begins_later_is_rolled_back", wrong_in_the_field),
    ("the_processor_answers_while_a_lost_device_comes_back", lost_in_the_field),
    ("kernels_are_chained_without_reading_back", chained),
    ("nothing_is_left_of_kernels_that_were_disposed_of", disposed),
    ("a_lost_device_is_an_error", lost_device),
];

fn main() {
    let filter: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let wanted = |name: &str| filter.is_empty() || filter.iter().any(|f| name.contains(f.as_str()));
    let (mut passed, mut failed, mut ignored) = (0, 0, 0);
    for (name, test) in TESTS.iter().chain(&[("a_device_that_hangs_is_given_up", hang as fn(&Device))]) {
        if !wanted(name) {
            continue;
        }
        match Device::open(None) {
            Err(e) if e.code == Code::NoAdapter => {
                println!("test {name} ... ignored, {}", e.message);
                ignored += 1;
            }
            Err(e) => panic!("{e}"),
            Ok(device) => match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| test(&device))) {
                Ok(()) => {
                    println!("test {name} ... ok");
                    passed += 1;
                }
                Err(_) => {
                    println!("test {name} ... FAILED");
                    failed += 1;
                }
            },
        }
    }
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {word}. {passed} passed; {failed} failed; {ignored} ignored; 0 measured; 0 filtered out"
    );
    std::process::exit(if failed == 0 { 0 } else { 101 });
}

fn on<T: Send + 'static>(device: &Device, job: impl FnOnce(&mut Gpu) -> T + Send + 'static) -> T {
    device.submit(|gpu| Ok(job(gpu))).and_then(|a| a.wait(device.patience())).unwrap()
}

fn run(gpu: &mut Gpu, blueprint: &Blueprint, plan: &Plan, kernels: &[Kernel], inputs: Inputs) -> Verdict {
    let data = make(blueprint, inputs, 5);
    let references = evaluate(blueprint, &data).unwrap();
    let program = gpu.program_of(plan, kernels).unwrap();
    judge(&references, &gpu.run_program(&program, &data).unwrap())
}

fn quick_correctness(device: &Device) {
    let all = suite(device.limits().f16, 1);
    // Every thirteenth case: each family comes by, with first schedules and with others.
    let cases: Vec<Case> = all.into_iter().step_by(13).collect();
    let n = cases.len();
    for case in cases {
        let name =
            format!("{} {:?} {} {:?} {}", case.family.name, case.sizes, case.dtype, case.inputs, case.pick);
        let verdict = on(device, move |gpu| {
            let blueprint = case.blueprint().unwrap();
            let limits = *gpu.limits();
            let plan = Plan::new(&blueprint, limits.storage_buffers as usize).unwrap();
            let mut schedules = first_schedules(&plan, &limits).unwrap();
            if case.pick > 0 {
                for (i, s) in schedules.iter_mut().enumerate() {
                    let space = Schedule::space(&plan.groups[i], &limits);
                    *s = space[(case.family.variant * 131 + case.sizes[0] as usize * 17) % space.len()];
                }
            }
            let kernels: Vec<Kernel> =
                plan.groups.iter().zip(&schedules).map(|(g, s)| emit(g, s, &limits).unwrap()).collect();
            run(gpu, &blueprint, &plan, &kernels, case.inputs)
        });
        assert!(verdict.miss.is_none(), "{name}: {}", verdict.miss.unwrap());
    }
    assert!(n >= 60, "{n}");
}

fn graphs(device: &Device) {
    let build = || {
        let mut g = Builder::new();
        let x = g.input("x", DType::F32, &[24, 40])?;
        let (w, v) = (g.input("w", DType::F32, &[40, 64])?, g.input("v", DType::F32, &[64, 40])?);
        let hidden = g.matmul(x, w, false, false)?;
        let hidden = g.unary(homeostat_forge::ir::Unary::Gelu, hidden)?;
        let back = g.matmul(hidden, v, false, false)?;
        let sum = g.binary(homeostat_forge::ir::Binary::Add, back, x)?;
        let y = g.node(homeostat_forge::ir::Op::LayerNorm { epsilon: 1e-5 }, &[sum])?;
        g.finish(&[y, hidden])
    };
    let verdict = on(device, move |gpu| {
        let blueprint = build().unwrap();
        let limits = *gpu.limits();
        let plan = Plan::new(&blueprint, limits.storage_buffers as usize).unwrap();
        // Two products with their epilogues, and the norm.
        assert_eq!(plan.groups.len(), 3);
        let schedules = first_schedules(&plan, &limits).unwrap();
        let kernels: Vec<Kernel> =
            plan.groups.iter().zip(&schedules).map(|(g, s)| emit(g, s, &limits).unwrap()).collect();
        run(gpu, &blueprint, &plan, &kernels, Inputs::Random)
    });
    assert!(verdict.miss.is_none(), "{:?}", verdict.miss);
    assert_eq!(verdict.promised, verdict.elements);
}

fn product(m: u32, n: u32, k: u32) -> Blueprint {
    let mut g = Builder::new();
    let (a, b) = (g.input("a", DType::F32, &[m, k]).unwrap(), g.input("b", DType::F32, &[k, n]).unwrap());
    let y = g.matmul(a, b, false, false).unwrap();
    g.finish(&[y]).unwrap()
}

fn rewritten(device: &Device) {
    let mut tried = 0;
    for case in suite(false, 0).into_iter().step_by(13) {
        let Ok(blueprint) = case.blueprint() else { continue };
        for change in Plan::rewrites(&blueprint).unwrap().into_iter().take(2) {
            let variant = Variant::default().toggled(change).unwrap();
            let blueprint = blueprint.clone();
            let verdict = on(device, move |gpu| {
                let limits = *gpu.limits();
                let plan = Plan::rewritten(&blueprint, limits.storage_buffers as usize, &variant).unwrap();
                let schedules = first_schedules(&plan, &limits).unwrap();
                let kernels: Vec<Kernel> =
                    plan.groups.iter().zip(&schedules).map(|(g, s)| emit(g, s, &limits).unwrap()).collect();
                run(gpu, &blueprint, &plan, &kernels, Inputs::Random)
            });
            assert!(verdict.miss.is_none(), "{} {change:?}: {}", case.family.name, verdict.miss.unwrap());
            tried += 1;
        }
    }
    assert!(tried >= 8, "{tried}");
}

/// Workgroup memory that is read before everybody has written to it. A software adapter runs the invocations of a workgroup in
/// vectors, and everything between two barriers of one vector before the next: without barriers, the first one reads what the others
/// have not written yet.
fn dropped_barrier(device: &Device) {
    for of in ["staged8", "softmax"] {
        let verdicts = on(device, move |gpu| {
            let limits = *gpu.limits();
            let blueprint = if of == "softmax" {
                let mut g = Builder::new();
                let x = g.input("x", DType::F32, &[6, 512]).unwrap();
                let y = g.node(homeostat_forge::ir::Op::Softmax { axis: 1 }, &[x]).unwrap();
                g.finish(&[y]).unwrap()
            } else {
                product(64, 64, 64)
            };
            let plan = Plan::new(&blueprint, 8).unwrap();
            let space = Schedule::space(&plan.groups[0], &limits);
            let wanted = |s: &&Schedule| match s {
                Schedule::Contract(c) => c.path == Path::Staged8 && c.workgroup == (16, 16),
                Schedule::Row(r) => r.threads == 64 && r.rows == 1 && r.folding == Folding::Tree,
                Schedule::Map(_) => false,
            };
            let right = emit(&plan.groups[0], space.iter().find(wanted).unwrap(), &limits).unwrap();
            let mut wrong = right.clone();
            let main = wrong.passes.last_mut().unwrap();
            assert!(main.wgsl.contains("workgroupBarrier();"), "{}", main.wgsl);
            main.wgsl = main.wgsl.replace("workgroupBarrier();", "");
            let mut of = |kernel: &Kernel| {
                run(gpu, &blueprint, &plan, std::slice::from_ref(kernel), Inputs::Random).miss.is_some()
            };
            (of(&right), of(&wrong))
        });
        assert_eq!(verdicts, (false, true), "{of}");
    }
}

fn wrong_tile_edge(device: &Device) {
    let verdict = on(device, |gpu| {
        let blueprint = product(21, 20, 20);
        let plan = Plan::new(&blueprint, 8).unwrap();
        let limits = *gpu.limits();
        let space = Schedule::space(&plan.groups[0], &limits);
        let guarded = |s: &&Schedule| matches!(s, Schedule::Contract(c) if c.path == Path::Buffer4 && !c.padded && c.tile == (4, 4));
        let mut kernel = emit(&plan.groups[0], space.iter().find(guarded).unwrap(), &limits).unwrap();
        let main = kernel.passes.last_mut().unwrap();
        // The last row is taken for outside.
        assert!(main.wgsl.contains("row >= 21u"));
        main.wgsl = main.wgsl.replace("row >= 21u", "row >= 20u");
        run(gpu, &blueprint, &plan, &[kernel], Inputs::Random)
    });
    let miss = verdict.miss.unwrap();
    assert!(miss.index >= 20 * 20 && miss.got.is_nan(), "{miss}");
}

fn lost_tail(device: &Device) {
    // One software driver stops a shader after 65,536 iterations and says nothing: here the loop itself stops there.
    let verdict = on(device, |gpu| {
        let blueprint = product(4, 4, 65_600);
        let plan = Plan::new(&blueprint, 8).unwrap();
        let limits = *gpu.limits();
        let schedules = first_schedules(&plan, &limits).unwrap();
        let right = emit(&plan.groups[0], &schedules[0], &limits).unwrap();
        assert!(run(gpu, &blueprint, &plan, std::slice::from_ref(&right), Inputs::Random).miss.is_none());
        let space = Schedule::space(&plan.groups[0], &limits);
        let plain =
            |s: &&Schedule| matches!(s, Schedule::Contract(c) if c.path == Path::Buffer4 && c.split == 1);
        let mut kernel = emit(&plan.groups[0], space.iter().find(plain).unwrap(), &limits).unwrap();
        let main = kernel.passes.last_mut().unwrap();
        assert!(main.wgsl.contains("q < 65600u"), "{}", main.wgsl);
        main.wgsl = main.wgsl.replace("q < 65600u", "q < 65536u");
        run(gpu, &blueprint, &plan, &[kernel], Inputs::Random)
    });
    assert!(verdict.miss.is_some());
}

fn refused_shader(device: &Device) {
    let code = on(device, |gpu| {
        let plan = Plan::new(&product(8, 8, 8), 8).unwrap();
        let limits = *gpu.limits();
        let schedules = first_schedules(&plan, &limits).unwrap();
        let mut kernel = emit(&plan.groups[0], &schedules[0], &limits).unwrap();
        // Valid WGSL, but more than the device binds.
        kernel.passes.last_mut().unwrap().bindings.clear();
        let compiled = gpu.compile(&kernel).unwrap();
        let buffers: Vec<_> = (0..3).map(|_| gpu.allocate(DType::F32, 64).unwrap()).collect();
        let error = gpu.bind(&compiled, &[&buffers[0], &buffers[1]], &buffers[2]).err().unwrap();
        // The device goes on.
        assert!(gpu.upload(&Data::F32(vec![1.0; 4])).is_ok());
        error.code
    });
    assert_eq!(code, Code::KernelRejected);
}

fn too_much_memory(device: &Device) {
    let error = device.call(|gpu| gpu.allocate(DType::F32, 1 << 40).map(|_| ())).unwrap_err();
    assert_eq!(error.code, Code::DeviceMemory);
    assert!(device.call(|gpu| gpu.allocate(DType::F32, 1 << 10).map(|_| ())).is_ok());
}

fn panic_in_a_job(device: &Device) {
    let error = device.call(|_| -> Checked<()> { panic!("a test's own panic") }).unwrap_err();
    assert_eq!(error.code, Code::Panic);
    assert!(device.call(|_| Ok(())).is_ok());
}

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

fn tuning(_: &Device) {
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

fn warm_library(_: &Device) {
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

fn miscompiled(_: &Device) {
    let faults = Arc::new(Faults::default());
    faults.miscompile.store(true, Ordering::Relaxed);
    let forge = forge(&faults, Tier::Fast, 0.0, None);
    let id = forge.kernel(feed_forward(), None).unwrap();
    assert!(forge.settle(id, LONG));
    assert!(forge.current(id).unwrap().is_none());
    assert!(events(&forge).contains(&Event::Rejected));
    assert!((0..5).all(|seed| is_right(&forge, id, seed)));
}

fn wrong_in_the_field(_: &Device) {
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

fn lost_in_the_field(_: &Device) {
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

fn chained(_: &Device) {
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
    forge.forget(middle);
    assert_eq!(forge.run_with(next, vec![Given::Buffer(middle)], &[]).unwrap_err().code, Code::Closed);
}

/// A short one; `forge memory` makes ten thousand.
fn disposed(_: &Device) {
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

fn lost_device(device: &Device) {
    let code = device.call(|gpu| {
        gpu.lose();
        Ok(())
    });
    assert!(code.is_ok());
    let error =
        device.call(|gpu| gpu.upload(&Data::F32(vec![1.0; 1024])).and_then(|b| gpu.read(&b))).unwrap_err();
    assert!(matches!(error.code, Code::DeviceLost | Code::KernelRejected), "{error}");
    // Another one opens.
    assert!(Device::open(None).unwrap().call(|gpu| gpu.upload(&Data::F32(vec![1.0])).map(|_| ())).is_ok());
}

fn hang(device: &Device) {
    let start = Instant::now();
    let stuck = device.submit(|_| {
        std::thread::sleep(Duration::from_secs(4));
        Ok(())
    });
    let error = stuck.unwrap().wait(Duration::from_millis(200)).unwrap_err();
    assert_eq!(error.code, Code::DeviceHung);
    assert!(device.is_abandoned());
    // Refused at once, without waiting for what hangs; and another device opens beside it.
    assert_eq!(device.call(|_| Ok(())).unwrap_err().code, Code::DeviceLost);
    assert!(Device::open(None).unwrap().call(|gpu| gpu.upload(&Data::F32(vec![1.0])).map(|_| ())).is_ok());
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

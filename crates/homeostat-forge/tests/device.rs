//! On a device: the quick part of the correctness suite, and faults. Where there is no adapter every test is counted as ignored,
//! and says so; the whole suite is `cargo run --release -p homeostat-forge --features device --example forge -- correctness`.

use homeostat_core::error::Code;
use homeostat_forge::device::{Device, Gpu, first_schedules};
use homeostat_forge::executor::{Event, Executor, Options, tune};
use homeostat_forge::ir::{Blueprint, Builder, DType, Data};
use homeostat_forge::oracle::evaluate;
use homeostat_forge::plan::Plan;
use homeostat_forge::prove::{Case, Inputs, Verdict, judge, make, suite};
use homeostat_forge::schedule::{Path, Schedule};
use homeostat_forge::wgsl::{Kernel, emit};
use std::sync::Arc;
use std::time::{Duration, Instant};

type Test = (&'static str, fn(&Device));

const TESTS: [Test; 11] = [
    ("quick_correctness", quick_correctness),
    ("graphs_with_intermediate_tensors", graphs),
    ("a_wrong_tile_edge_is_found", wrong_tile_edge),
    ("a_lost_tail_is_found", lost_tail),
    ("a_refused_shader_is_an_error", refused_shader),
    ("too_much_memory_is_an_error", too_much_memory),
    ("a_panic_in_a_job_is_an_error_of_that_job", panic_in_a_job),
    ("the_first_call_is_right_and_tuning_keeps_it_so", tuning),
    ("a_wrong_kernel_in_the_field_is_rolled_back", wrong_in_the_field),
    ("the_processor_answers_when_the_device_is_lost", lost_in_the_field),
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
    let error =
        device.call(|_| -> homeostat_core::error::Result<()> { panic!("a test's own panic") }).unwrap_err();
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

fn right(executor: &Executor, seed: u64) {
    let blueprint = feed_forward();
    let inputs = make(&blueprint, Inputs::Random, seed);
    let verdict = judge(&evaluate(&blueprint, &inputs).unwrap(), &executor.run(&inputs).unwrap());
    assert!(verdict.miss.is_none(), "{:?}", verdict.miss);
}

fn tuning(device: &Device) {
    let executor = Arc::new(Executor::new(feed_forward(), Some(device.clone()), Options::default()).unwrap());
    assert_eq!(executor.schedules().unwrap().len(), 2);
    right(&executor, 1);
    // Runs go on while it searches.
    let beside = executor.clone();
    let search = std::thread::spawn(move || tune(&beside, 6, 1).unwrap());
    let mut seed = 2;
    while !search.is_finished() || seed < 20 {
        right(&executor, seed);
        seed += 1;
    }
    let tuned = search.join().unwrap();
    assert_eq!((tuned.measured, tuned.refused), (12, 0));
    assert_eq!(executor.promotions(), 1 + u64::from(tuned.replaced));
    right(&executor, 1000);
}

fn wrong_in_the_field(device: &Device) {
    let executor =
        Executor::new(feed_forward(), Some(device.clone()), Options { sampling: 0.25, seed: 3 }).unwrap();
    let proven = executor.schedules();
    let limits = *device.limits();
    for round in 0..10 {
        let plan = executor.plan();
        let schedules = first_schedules(plan, &limits).unwrap();
        let mut kernels: Vec<Kernel> =
            plan.groups.iter().zip(&schedules).map(|(g, s)| emit(g, s, &limits).unwrap()).collect();
        // Every answer is a little too large.
        let store = kernels[1].passes.last_mut().unwrap();
        assert!(store.wgsl.contains("* inverse"));
        store.wgsl = store.wgsl.replace("* inverse", "* (inverse * 1.01)");
        executor.install_unproven(kernels).unwrap();
        executor.take_events();
        let inputs = make(&feed_forward(), Inputs::Random, round);
        let reference = evaluate(&feed_forward(), &inputs).unwrap();
        // Within two stretches of four; the checked answer itself is right.
        let wrong = (0..8).take_while(|_| {
            let miss = judge(&reference, &executor.run(&inputs).unwrap()).miss.is_some();
            assert!(miss || executor.schedules() == proven);
            miss
        });
        assert!(wrong.count() < 8);
        let (events, _) = executor.take_events();
        assert!(matches!(events.last(), Some(Event::RolledBack(..))), "{events:?}");
        right(&executor, round);
    }
}

fn lost_in_the_field(device: &Device) {
    let executor = Executor::new(feed_forward(), Some(device.clone()), Options::default()).unwrap();
    right(&executor, 1);
    device
        .call(|gpu| {
            gpu.lose();
            Ok(())
        })
        .unwrap();
    for seed in 2..6 {
        right(&executor, seed);
    }
    let (events, _) = executor.take_events();
    assert!(events.iter().any(|e| matches!(e, Event::DeviceGone(_))), "{events:?}");
    assert!(executor.schedules().is_none());
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
    assert_eq!(device.call(|_| Ok(())).unwrap_err().code, Code::DeviceHung);
    assert!(Device::open(None).unwrap().call(|gpu| gpu.upload(&Data::F32(vec![1.0])).map(|_| ())).is_ok());
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

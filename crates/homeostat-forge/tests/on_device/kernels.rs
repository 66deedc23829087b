//! Kernels on a device: what is compiled is right, what was sabotaged is found, and what goes wrong is an error.

use homeostat_core::error::{Code, Result as Checked};
use homeostat_forge::device::{Device, Gpu, first_schedules};
use homeostat_forge::ir::{Blueprint, Builder, DType, Data};
use homeostat_forge::oracle::evaluate;
use homeostat_forge::plan::{Plan, Variant};
use homeostat_forge::prove::{Case, Inputs, Verdict, judge, make, suite};
use homeostat_forge::schedule::{Folding, Path, Schedule};
use homeostat_forge::wgsl::{Kernel, emit};
use std::time::Duration;

fn on<T: Send + 'static>(device: &Device, job: impl FnOnce(&mut Gpu) -> T + Send + 'static) -> T {
    device.submit(|gpu| Ok(job(gpu))).and_then(|a| a.wait(device.patience())).unwrap()
}

fn run(gpu: &mut Gpu, blueprint: &Blueprint, plan: &Plan, kernels: &[Kernel], inputs: Inputs) -> Verdict {
    let data = make(blueprint, inputs, 5);
    let references = evaluate(blueprint, &data).unwrap();
    let program = gpu.program_of(plan, kernels).unwrap();
    judge(&references, &gpu.run_program(&program, &data).unwrap())
}

pub fn quick_correctness(device: &Device) {
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

pub fn graphs(device: &Device) {
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

pub fn rewritten(device: &Device) {
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
pub fn dropped_barrier(device: &Device) {
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

pub fn wrong_tile_edge(device: &Device) {
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

pub fn lost_tail(device: &Device) {
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

pub fn refused_shader(device: &Device) {
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

pub fn too_much_memory(device: &Device) {
    let error = device.call(|gpu| gpu.allocate(DType::F32, 1 << 40).map(|_| ())).unwrap_err();
    assert_eq!(error.code, Code::DeviceMemory);
    assert!(device.call(|gpu| gpu.allocate(DType::F32, 1 << 10).map(|_| ())).is_ok());
}

pub fn panic_in_a_job(device: &Device) {
    let error = device.call(|_| -> Checked<()> { panic!("a test's own panic") }).unwrap_err();
    assert_eq!(error.code, Code::Panic);
    assert!(device.call(|_| Ok(())).is_ok());
}

pub fn lost_device(device: &Device) {
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

pub fn hang(device: &Device) {
    let (end, held) = std::sync::mpsc::channel::<()>();
    let stuck = device.submit(move |_| {
        let _ = held.recv();
        Ok(())
    });
    let error = stuck.unwrap().wait(Duration::from_millis(200)).unwrap_err();
    assert_eq!(error.code, Code::DeviceHung);
    assert!(device.is_abandoned());
    // Refused at once, without waiting for what hangs; and another device opens beside it.
    assert_eq!(device.call(|_| Ok(())).unwrap_err().code, Code::DeviceLost);
    assert!(Device::open(None).unwrap().call(|gpu| gpu.upload(&Data::F32(vec![1.0])).map(|_| ())).is_ok());
    // Until here it hung.
    drop(end);
}

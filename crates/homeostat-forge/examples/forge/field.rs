//! What users feel: runs while programs are swapped, memory after many kernels, the second start.

use crate::arguments::Arguments;
use crate::slices::Slices;
use crate::target::{at_least, at_most};
use homeostat_forge::device::{Device, GpuMachine, Options as DeviceOptions, Program};
use homeostat_forge::host::{Forge, Options};
use homeostat_forge::ir::{Blueprint, Builder, DType, Data, Unary};
use homeostat_forge::oracle::evaluate;
use homeostat_forge::prove::{Inputs, Truth, judge, make};
use homeostat_forge::registry::{
    Backend, Event, KernelId, KernelOptions, Offer, Options as RegistryOptions, Tier,
};
use homeostat_forge::schedule::Schedule;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(120);
/// A run's p99 while programs are swapped, over that outside.
const SWAP_RATIO_MAX: f64 = 1.2;
/// How far from the start memory may be after all kernels, as a share.
const MEMORY_SHARE_MAX: f64 = 0.05;
/// A second start over what it cannot do without.
const WARM_RATIO_MAX: f64 = 1.5;

fn text(e: homeostat_core::error::Error) -> String {
    e.to_string()
}

fn product(n: u32) -> Result<Blueprint, String> {
    let mut g = Builder::new();
    let a = g.input("a", DType::F32, &[n, n]).map_err(text)?;
    let b = g.input("b", DType::F32, &[n, n]).map_err(text)?;
    let y = g.matmul(a, b, false, false).map_err(text)?;
    g.finish(&[y]).map_err(text)
}

fn forge(
    arguments: &Arguments,
    tier: Tier,
    library: Option<std::path::PathBuf>,
) -> Result<Forge<GpuMachine>, String> {
    let kernel = KernelOptions { tier, backend: Backend::Gpu, ..KernelOptions::default() };
    let registry = RegistryOptions { kernel, ..RegistryOptions::default() };
    let adapter = arguments.text("adapter").map(String::from);
    let options = DeviceOptions { adapter, ..DeviceOptions::default() };
    let opener = Arc::new(move || GpuMachine::open(&options));
    let forge =
        Forge::open(Options { registry, library, ..Options::default() }, Some(opener)).map_err(text)?;
    if forge.ready(LONG) && forge.device().is_some() { Ok(forge) } else { Err("there is no adapter".into()) }
}

/// Runs of one kernel, in stretches with and without swaps that take turns.
pub fn swap(arguments: &Arguments) -> Result<(), String> {
    let runs = arguments.number("runs", 10_000)? as usize;
    let n = arguments.number("size", 64)? as u32;
    let forge = forge(arguments, Tier::Fast, None)?;
    let blueprint = product(n)?;
    let id = forge.kernel(blueprint.clone(), None).map_err(text)?;
    forge.settle(id, LONG);
    let (one, other) = two_programs(&forge, id)?;
    let inputs = make(&blueprint, Inputs::Random, 1);
    let right = evaluate(&blueprint, &inputs).map_err(text)?;
    let (mut calm, mut swapped, mut swaps, mut turn) = (Vec::new(), Vec::new(), 0u64, 0u64);
    let (mut failed, mut wrong) = (0u64, 0u64);
    let stretch = 50;
    for i in 0..runs {
        let swapping = i / stretch % 2 == 1;
        if swapping {
            // A swap before every run, promotion and rollback in turn.
            let installed = if turn % 2 == 0 { &one } else { &other };
            let done = if turn % 4 < 2 {
                let offer = Offer { installed: installed.clone(), ratio: None, worst: 0.1 };
                forge.with_registry(|r| r.promote(id, offer, 0))
            } else {
                forge.take_back(id)
            };
            // The watch may have taken one back by itself, on a busy machine.
            (turn, swaps) = (turn + 1, swaps + u64::from(done));
        }
        let start = Instant::now();
        let answer = forge.run(id, inputs.clone());
        let took = start.elapsed().as_secs_f64();
        if swapping {
            swapped.push(took)
        } else {
            calm.push(took)
        }
        match answer {
            Ok(answer) => wrong += u64::from(judge(&right, &answer).miss.is_some()),
            Err(_) => failed += 1,
        }
    }
    let stats = forge.stats(id).map_err(text)?;
    let (p_calm, p_swapped) = (at(&mut calm, 0.99), at(&mut swapped, 0.99));
    println!(
        "{runs} runs of matmul {n}^3, {swaps} swaps, {} on the device: {failed} failed, {wrong} wrong",
        stats.on_device
    );
    println!(
        "median {:.3} ms outside, {:.3} ms during swaps; p99 {:.3} ms outside, {:.3} ms during swaps: ratio {:.3}",
        at(&mut calm, 0.5) * 1e3,
        at(&mut swapped, 0.5) * 1e3,
        p_calm * 1e3,
        p_swapped * 1e3,
        p_swapped / p_calm
    );
    if failed + wrong > 0 {
        return Err("runs failed or were wrong".into());
    }
    // Else nothing was swapped, or nobody would have noticed.
    at_least("swaps for each run that had one before it", swaps as f64 / swapped.len() as f64, 0.8)?;
    at_least("share of the runs on the device", stats.on_device as f64 / runs as f64, 0.99)?;
    at_most("p99 during swaps over that outside", p_swapped / p_calm, SWAP_RATIO_MAX)
}

fn at(samples: &mut [f64], share: f64) -> f64 {
    samples.sort_by(f64::total_cmp);
    let place = ((samples.len() as f64 * share) as usize).min(samples.len().saturating_sub(1));
    samples.get(place).copied().unwrap_or(f64::NAN)
}

type Two = (homeostat_forge::registry::Installed, homeostat_forge::registry::Installed);

/// Two proven programs of a kernel, each held by a run that never ends.
fn two_programs(forge: &Forge<GpuMachine>, id: KernelId) -> Result<Two, String> {
    let nothing = || String::from("nothing answers from the device");
    let one = forge.current(id).map_err(text)?.ok_or_else(nothing)?;
    forge.with_registry(|r| r.begin(id, 0)).map_err(text)?;
    let subject = forge.subject(id).map_err(text)?;
    let limits = forge.with_registry(|r| r.device().map(|(_, limits)| *limits)).ok_or_else(nothing)?;
    let space = Schedule::space(&subject.plan.groups[0], &limits);
    let different = |s: &&Schedule| **s != one.schedules[0];
    let other = space.iter().find(different).ok_or("there is one schedule only")?;
    forge.propose(id, vec![*other]).map_err(text)?;
    forge.settle(id, LONG);
    let other = forge.current(id).map_err(text)?.ok_or_else(nothing)?;
    forge.with_registry(|r| r.begin(id, 0)).map_err(text)?;
    Ok((one, other))
}

/// Memory of the process after many kernels that were created, run and disposed of.
pub fn memory(arguments: &Arguments) -> Result<(), String> {
    let kernels = arguments.number("kernels", 10_000)? as usize;
    let until = Instant::now() + Duration::from_secs(arguments.number("seconds", 200)?);
    let forge = forge(arguments, Tier::Fast, None)?;
    let mut g = Builder::new();
    let x = g.input("x", DType::F32, &[64]).map_err(text)?;
    let y = g.unary(Unary::Relu, x).map_err(text)?;
    let blueprint = g.finish(&[y]).map_err(text)?;
    let inputs = vec![Data::F32(vec![-1.0; 64])];
    let (mut done, mut start, first) = (0, 0, kernels / 10);
    let mut slices = Slices::new(arguments)?;
    for i in 0..kernels {
        slices.pass(&format!("after {i} kernels {:.1} MiB", resident() as f64 / 1048576.0))?;
        let id = forge.kernel(blueprint.clone(), None).map_err(text)?;
        if !forge.settle(id, LONG) {
            return Err("a kernel did not settle".into());
        }
        if forge.run(id, inputs.clone()).map_err(text)? != vec![Data::F32(vec![0.0; 64])] {
            return Err("a wrong answer".into());
        }
        forge.dispose(id);
        forge.take_events();
        done = i + 1;
        if done == first {
            start = resident();
            println!("after {done} kernels {:.1} MiB", start as f64 / 1048576.0);
        }
        if Instant::now() > until {
            println!("time is up");
            break;
        }
    }
    let end = resident();
    let change = end as f64 / start as f64 - 1.0;
    println!("after {done} kernels {:.1} MiB: {:+.1} %", end as f64 / 1048576.0, change * 100.0);
    at_least("kernels created and disposed of", done as f64, kernels as f64)?;
    at_most("memory over that after a tenth of them, less one", change, MEMORY_SHARE_MAX)
}

fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}

/// The second start with a warm library against what it cannot do without: pipeline, first dispatch, one check.
pub fn warm(arguments: &Arguments) -> Result<(), String> {
    let n = arguments.number("size", 256)? as u32;
    let folder = std::env::temp_dir().join(format!("homeostat-forge-warm-{}", std::process::id()));
    let path = folder.join("library.jsonl");
    let blueprint = product(n)?;
    let (mut ratios, mut searched) = (Vec::new(), 0);
    for life in 0..6 {
        let forge = forge(arguments, Tier::Fast, Some(path.clone()))?;
        let start = Instant::now();
        let id = forge.kernel(blueprint.clone(), None).map_err(text)?;
        // What comes after the verdict holds nobody up.
        let answers = if life == 0 { forge.settle(id, LONG) } else { forge.warm(id, LONG) };
        if !answers {
            return Err(format!("life {life}: the device does not answer"));
        }
        let total = start.elapsed().as_secs_f64();
        forge.settle(id, LONG);
        let (events, _) = forge.take_events();
        let measured = events.iter().filter(|e| e.event == Event::Measured).count();
        let needed = needed(&forge, id, &blueprint)?;
        println!(
            "life {life}: {:.1} ms to the first answer of a proven kernel, {measured} measured; needed {:.1} ms: {:.2}",
            total * 1e3,
            needed * 1e3,
            total / needed
        );
        if life > 0 {
            ratios.push(total / needed);
            searched += measured;
        }
        forge.close(LONG);
    }
    let _ = std::fs::remove_dir_all(&folder);
    at_most("schedules measured in later lives", searched as f64, 0.0)?;
    at_most(
        "second start over what it needs, the median of the later lives",
        at(&mut ratios, 0.5),
        WARM_RATIO_MAX,
    )
}

/// Seconds to compile the same kernel anew, dispatch it for the first time, and check two answers at a sample.
fn needed(forge: &Forge<GpuMachine>, id: KernelId, blueprint: &Blueprint) -> Result<f64, String> {
    let current = forge.current(id).map_err(text)?.ok_or("nothing answers from the device")?;
    let device = Device::open(None).map_err(text)?;
    let subject = forge.subject(id).map_err(text)?;
    let kept: Arc<Mutex<Option<Program>>> = Arc::default();
    let start = Instant::now();
    for kind in [Inputs::Random, Inputs::Adversarial] {
        let inputs = make(blueprint, kind, 1);
        let (own, given, schedules) = (subject.clone(), inputs.clone(), current.schedules.clone());
        let kept = kept.clone();
        let outputs = device
            .call(move |gpu| {
                let mut kept = kept.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                if kept.is_none() {
                    *kept = Some(gpu.program(&own.plan, &schedules)?);
                }
                kept.as_ref().map_or(Ok(Vec::new()), |program| gpu.run_program(program, &given))
            })
            .map_err(text)?;
        let truth = Truth::sampled(blueprint, &inputs, 256, 1).map_err(text)?;
        if truth.judge(&outputs).miss.is_some() {
            return Err("a wrong answer".into());
        }
    }
    Ok(start.elapsed().as_secs_f64())
}

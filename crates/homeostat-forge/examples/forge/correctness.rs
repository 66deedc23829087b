//! The whole correctness suite on one adapter, against the oracle.

use crate::arguments::Arguments;
use crate::target::at_least;
use homeostat_forge::device::{Device, Gpu, first_schedules};
use homeostat_forge::oracle::evaluate;
use homeostat_forge::plan::Plan;
use homeostat_forge::prove::{Case, Verdict, judge, make, shrink, sizes, suite};
use homeostat_forge::schedule::Schedule;
use std::collections::BTreeMap;
use std::time::Instant;

/// Cases on every backend.
const CASES_MIN: f64 = 2000.0;

#[derive(Default)]
struct Tally {
    cases: u64,
    wrong: u64,
    worst: f64,
    promised: u64,
    elements: u64,
}

/// `--backend cpu` has the processor compute what an adapter would.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    if arguments.text("backend") == Some("cpu") {
        return on_processor(arguments);
    }
    let device = crate::lab::open(arguments)?;
    let limits = *device.limits();
    println!("{} ({}), {:?}", device.adapter().name, device.adapter().driver, limits);
    let (part, parts) = part(arguments.text("part").unwrap_or("1/1"))?;
    let only = arguments.text("only").unwrap_or("");
    let all = suite(limits.f16, arguments.number("rounds", 3)?);
    let cases: Vec<Case> =
        all.into_iter().enumerate().filter(|(i, _)| *i as u64 % parts == part - 1).map(|(_, c)| c).collect();
    let cases: Vec<Case> = cases.into_iter().filter(|c| c.family.name.starts_with(only)).collect();
    let start = Instant::now();
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut wrong = Vec::new();
    for case in &cases {
        let own = case.clone();
        let outcome =
            device.submit(move |gpu| Ok(attempt(gpu, &own))).and_then(|a| a.wait(device.patience()));
        let outcome = outcome.unwrap_or_else(|e| Err(e.to_string()));
        let name = format!("{} {}", case.family.name.split('/').next().unwrap_or(""), case.dtype);
        let tally = tallies.entry(name).or_default();
        tally.cases += 1;
        match outcome {
            Ok(verdict) => {
                tally.worst = tally.worst.max(verdict.worst);
                tally.promised += verdict.promised;
                tally.elements += verdict.elements;
                if let Some(miss) = verdict.miss {
                    tally.wrong += 1;
                    wrong.push(format!("{}: {miss}", describe(case, &case.sizes)));
                    let small = smallest(&device, case);
                    println!("WRONG {}\n  smallest: {}", wrong[wrong.len() - 1], describe(case, &small));
                }
            }
            Err(why) => {
                tally.wrong += 1;
                wrong.push(format!("{}: {why}", describe(case, &case.sizes)));
                println!("FAILED {}", wrong[wrong.len() - 1]);
            }
        }
        if device.is_abandoned() {
            return Err("the device was given up".into());
        }
    }
    println!("{:<16}{:>8}{:>8}{:>16}{:>12}", "family", "cases", "wrong", "worst / bound", "promised");
    for (name, t) in &tallies {
        let share = 100.0 * t.promised as f64 / t.elements.max(1) as f64;
        println!("{name:<16}{:>8}{:>8}{:>16.3}{share:>11.1}%", t.cases, t.wrong, t.worst);
    }
    println!("{} cases, {} wrong, {:.0} s", cases.len(), wrong.len(), start.elapsed().as_secs_f64());
    if !wrong.is_empty() {
        return Err(format!("{} cases are wrong", wrong.len()));
    }
    // Who asks for a part knows that it is one.
    if parts > 1 || !only.is_empty() { Ok(()) } else { at_least("cases", cases.len() as f64, CASES_MIN) }
}

fn on_processor(arguments: &Arguments) -> Result<(), String> {
    let text = |e: homeostat_core::error::Error| e.to_string();
    let cases = suite(true, arguments.number("rounds", 3)?);
    let (mut wrong, mut worst, start) = (0, 0f64, Instant::now());
    for case in &cases {
        let blueprint = case.blueprint().map_err(text)?;
        let inputs = make(&blueprint, case.inputs, 7 + case.pick);
        let references = evaluate(&blueprint, &inputs).map_err(text)?;
        let plan = Plan::new(&blueprint, 8).map_err(text)?;
        let verdict = judge(&references, &homeostat_forge::cpu::run(&plan, &inputs).map_err(text)?);
        worst = worst.max(verdict.worst);
        if let Some(miss) = verdict.miss {
            wrong += 1;
            println!("WRONG {}: {miss}", describe(case, &case.sizes));
        }
    }
    println!(
        "processor: {} cases, {wrong} wrong, worst {worst:.3} of its bound, {:.0} s",
        cases.len(),
        start.elapsed().as_secs_f64()
    );
    if wrong > 0 {
        return Err(format!("{wrong} cases are wrong"));
    }
    at_least("cases", cases.len() as f64, CASES_MIN)
}

fn part(text: &str) -> Result<(u64, u64), String> {
    let parsed = text.split_once('/').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    parsed.filter(|(a, b)| *a >= 1 && a <= b).ok_or_else(|| format!("--part {text}: expected like 2/3"))
}

fn describe(case: &Case, dims: &[u32]) -> String {
    format!(
        "{} {} of {}, {:?} inputs, pick {}",
        case.family.name,
        sizes(dims),
        case.dtype,
        case.inputs,
        case.pick
    )
}

fn smallest(device: &Device, case: &Case) -> Vec<u32> {
    shrink(&case.sizes, |dims| {
        let smaller = Case { sizes: dims.to_vec(), ..case.clone() };
        let outcome =
            device.submit(move |gpu| Ok(attempt(gpu, &smaller))).and_then(|a| a.wait(device.patience()));
        matches!(outcome, Ok(Ok(verdict)) if verdict.miss.is_some())
    })
}

fn attempt(gpu: &mut Gpu, case: &Case) -> Result<Verdict, String> {
    let text = |e: homeostat_core::error::Error| e.to_string();
    let blueprint = case.blueprint().map_err(text)?;
    let limits = *gpu.limits();
    let plan = Plan::new(&blueprint, limits.storage_buffers as usize).map_err(text)?;
    let mut schedules = first_schedules(&plan, &limits).map_err(text)?;
    if case.pick > 0 {
        for (i, schedule) in schedules.iter_mut().enumerate() {
            let space = Schedule::space(&plan.groups[i], &limits);
            // Spread over the space, and another place each round.
            let place = (case.pick * 2_654_435_761
                + case.family.variant as u64 * 40_503
                + u64::from(case.sizes[0]) * 97
                + i as u64 * 31)
                .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                >> 33;
            *schedule = space[place as usize % space.len()];
        }
    }
    let inputs = make(&blueprint, case.inputs, 7 + case.pick);
    let references = evaluate(&blueprint, &inputs).map_err(text)?;
    let with = |e: homeostat_core::error::Error| format!("{schedules:?}: {e}");
    let program = gpu.program(&plan, &schedules).map_err(with)?;
    let results = gpu.run_program(&program, &inputs).map_err(with)?;
    let verdict = judge(&references, &results);
    if verdict.miss.is_some() {
        let names: Vec<String> = schedules.iter().map(|s| s.text()).collect();
        println!("  schedules: {}", names.join(" | "));
    }
    Ok(verdict)
}

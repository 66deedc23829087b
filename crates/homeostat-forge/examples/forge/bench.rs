//! One workload: the rule's schedule, the search, the usual hand-written kernel, and the device's peak, in one run.

use crate::arguments::Arguments;
use crate::lab::Lab;
use crate::peak;
use crate::workload::Workload;
use homeostat_core::error::{Error, Result as Checked};
use homeostat_forge::device::Device;
use homeostat_forge::ir::DType;
use homeostat_forge::schedule::{Limits, Schedule};
use homeostat_forge::search::Search;
use homeostat_forge::wgsl::{Binding, Kernel, Pass};
use std::time::Instant;

/// Evaluations of a search.
pub const EVALUATIONS: u64 = 22;
const PAIRS: usize = 15;

pub fn run(arguments: &Arguments) -> Result<(), String> {
    let device = crate::lab::open(arguments)?;
    println!("{} ({})", device.adapter().name, device.adapter().driver);
    let peak = peak::measure(&device).map_err(|e| e.to_string())?;
    peak.print();
    let (op, dtype) = (arguments.text("op").unwrap_or("matmul"), arguments.text("dtype").unwrap_or("f32"));
    for shape in arguments.text("shape").unwrap_or("512x512x512").split(',') {
        let workload = Workload::parse(op, shape, dtype)?;
        one(&device, &workload, &peak, arguments).map_err(|e| format!("{}: {e}", workload.name()))?;
    }
    Ok(())
}

fn one(device: &Device, workload: &Workload, peak: &peak::Peak, arguments: &Arguments) -> Checked<()> {
    let lab = Lab::new(device.clone(), workload)?;
    let limits: Limits = *device.limits();
    let evaluations = arguments.number("evaluations", EVALUATIONS).unwrap_or(EVALUATIONS) as usize;
    println!("\n{}", workload.name());
    let report = |what: &str, seconds: f64, note: &str| {
        let rate = if workload.operations() > 0.0 {
            let flops = workload.operations() / seconds;
            format!("{:>10.1} GFLOP/s {:>6.1} % of peak", flops / 1e9, 100.0 * flops / peak.flops())
        } else {
            format!("{:>10.2} GB/s", workload.bytes() / seconds / 1e9)
        };
        println!("  {what:<22}{:>11.4} ms {rate}  {note}", seconds * 1e3);
    };
    let fixture = fixture(workload).map(|kernel| lab.prepare_kernel(kernel)).transpose()?;
    if let Some(number) = fixture {
        report("4x4 vec4 by hand", lab.median(number, 7)?, "");
    }
    let first = Schedule::first(lab.group(), &limits)
        .ok_or_else(|| Error::new(homeostat_core::error::Code::ForgeUnsupported, "no schedule"))?;
    let incumbent = lab.prepare(&first)?;
    report("by rule", lab.median(incumbent, 7)?, &first.text());
    let start = Instant::now();
    let mut search = Search::new(lab.group(), &limits, 7)?;
    let mut refused = 0;
    while search.told().len() < evaluations {
        let Some(number) = search.propose() else { break };
        match lab.measure(&search.space()[number], 3) {
            Ok(seconds) => search.tell(number, seconds),
            Err(e) => {
                refused += 1;
                println!(
                    "  refused {}: {}",
                    search.space()[number],
                    e.message.chars().take(300).collect::<String>()
                );
                if device.is_abandoned() {
                    return Err(e);
                }
                search.tell(number, f64::INFINITY);
            }
        }
    }
    // The best three, confirmed in interleaved pairs against the incumbent.
    let mut winner = (incumbent, first, 1.0);
    for number in search.best(3) {
        let schedule = search.space()[number];
        let candidate = lab.prepare(&schedule)?;
        let ratio = lab.pairs(candidate, incumbent, PAIRS)?;
        if ratio.high < homeostat_forge::measure::RATIO_MAX && ratio.value < winner.2 {
            winner = (candidate, schedule, ratio.value);
        }
    }
    let space = search.space().len();
    let note = format!(
        "{} ({} of {space} schedules, {refused} refused, {:.1} s)",
        winner.1,
        search.told().len(),
        start.elapsed().as_secs_f64()
    );
    report("searched, confirmed", lab.median(winner.0, 7)?, &note);
    if let Some(number) = fixture {
        let ratio = lab.pairs(winner.0, number, PAIRS)?;
        println!(
            "  against the 4x4 kernel, interleaved: {:.2} times as fast ({:.2} to {:.2})",
            1.0 / ratio.value,
            1.0 / ratio.high,
            1.0 / ratio.low
        );
    }
    Ok(())
}

/// The usual hand-written kernel, where its sizes allow it.
fn fixture(workload: &Workload) -> Option<Kernel> {
    let fits =
        workload.op == "matmul" && workload.dtype == DType::F32 && workload.dims.iter().all(|d| d % 32 == 0);
    let wgsl = include_str!("../../fixtures/matmul-4x4-vec4.wgsl")
        .replace("{{N}}", &workload.dims.get(1)?.to_string())
        .replace("{{K}}", &workload.dims.get(2)?.to_string());
    let grid = [workload.dims[1] / 32, workload.dims[0] / 32, 1];
    let bindings = vec![Binding::Tensor(0), Binding::Tensor(1), Binding::Output];
    let pass = Pass { wgsl, bindings, grid, subgroups: false, matrices: false, f16: false };
    fits.then(|| Kernel { passes: vec![pass], temporaries: Vec::new() })
}

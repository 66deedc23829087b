//! Every schedule of a workload measured, as a table; and the search replayed over tables.

use crate::arguments::Arguments;
use crate::bench::EVALUATIONS;
use crate::lab::Lab;
use crate::slices::Slices;
use crate::target::at_least;
use crate::workload::Workload;
use homeostat_forge::device::Device;
use homeostat_forge::plan::Plan;
use homeostat_forge::schedule::{Limits, Schedule};
use homeostat_forge::search::Search;
use std::collections::BTreeMap;

/// Rounds of every schedule, and of those that are close to the best one.
const ROUNDS: (usize, usize) = (3, 41);
/// What the search has to find of the optimum, the mean of the tables that are checked in, and what those have to be.
const QUALITY_MIN: f64 = 0.95;
const TABLES_MIN: f64 = 10.0;
const POINTS_MIN: f64 = 350.0;
/// How close: a schedule's median against the best one's.
const CLOSE: f64 = 1.6;

/// Measures every schedule of a workload in rounds: all of them are compiled and proven first, then each round has one batch of each, so
/// that what disturbs the machine for a while disturbs all of them. What counts is the median of a schedule's batches. `--slice <seconds>`
/// goes on for so long after every line on the standard input, and says how far it is: for a machine that is not quiet all the time.
/// Tab-separated: schedule, seconds, interval of the median; or schedule and why it was refused.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    let device = crate::lab::open(arguments)?;
    let (op, dtype) = (arguments.text("op").unwrap_or("matmul"), arguments.text("dtype").unwrap_or("f32"));
    let shape = arguments.text("shape").unwrap_or("512x512x512");
    let workload = Workload::parse(op, shape, dtype)?;
    let lab = Lab::new(device, &workload).map_err(|e| e.to_string())?;
    let path = arguments.text("out").map_or(format!("{op}-{shape}-{dtype}.tsv"), String::from);
    let mut slices = Slices::new(arguments)?;
    let space = Schedule::space(lab.group(), lab.limits());
    println!("{}: {} schedules", workload.name(), space.len());
    let mut prepared = Vec::new();
    for (i, schedule) in space.iter().enumerate() {
        slices.pass(&format!("prepared {i} of {}", space.len()))?;
        prepared.push(lab.prepare(schedule));
        if lab.device.is_abandoned() {
            return Err("the device was given up".into());
        }
    }
    slices.end("prepared all")?;
    let mut samples = vec![Vec::new(); space.len()];
    let middle = |x: &[f64]| homeostat_forge::measure::median(x).map_or(f64::INFINITY, |m| m.value);
    for round in 0..ROUNDS.1 {
        let best = samples.iter().map(|s| middle(s)).fold(f64::INFINITY, f64::min);
        // In another order each time, so that nobody always has the same neighbour.
        let order: BTreeMap<u64, usize> = (0..space.len()).map(|i| (mixed(i, round), i)).collect();
        for i in order.into_values() {
            let Ok(number) = prepared[i] else { continue };
            if round < ROUNDS.0 || middle(&samples[i]) < CLOSE * best {
                slices.pass(&format!("round {round}, {i} of {}", space.len()))?;
                let batch = lab.sample(number).map_err(|e| format!("{}: {e}", space[i]))?;
                samples[i].push(batch);
            }
        }
    }
    let mut text = String::new();
    for ((schedule, samples), prepared) in space.iter().zip(&samples).zip(&prepared) {
        text += &match (prepared, homeostat_forge::measure::median(samples)) {
            (Err(e), _) => format!("{schedule}\t{}\n", e.code.as_str()),
            (_, Some(m)) => format!("{schedule}\t{:e}\t{:e}\t{:e}\n", m.value, m.low, m.high),
            (_, None) => format!("{schedule}\tnot measured\n"),
        };
    }
    std::fs::write(&path, text).map_err(|e| format!("{path}: {e}"))?;
    let (refused, best) = (prepared.iter().filter(|p| p.is_err()).count(), samples.iter().map(|s| middle(s)));
    let best = best.fold(f64::INFINITY, f64::min);
    let work = if workload.operations() > 0.0 { workload.operations() } else { workload.bytes() };
    println!("done: best {:.4} ms ({:.1} G/s), {refused} refused", best * 1e3, work / best / 1e9);
    Ok(())
}

fn mixed(i: usize, round: usize) -> u64 {
    (i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(5 * round as u32) ^ i as u64
}

/// Replays the search over a table: what share of the optimum it finds.
pub fn replay(arguments: &Arguments) -> Result<(), String> {
    let device = Device::open(arguments.text("adapter")).map_err(|e| e.to_string())?;
    let limits: Limits = *device.limits();
    drop(device);
    let seeds = arguments.number("seeds", 5)?;
    println!(
        "{:<30}{:>8}{:>8}{:>8}{:>8}{:>8}{:>10}",
        "table", "points", "rule", "FAST", "mean", "worst", "to 95 %"
    );
    let (mut all, mut points) = (Vec::new(), f64::INFINITY);
    for path in &tables(arguments)? {
        let text = std::fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
        let name = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".tsv").trim_end_matches(".txt");
        let mut words = name.split('-');
        let (op, shape, dtype) =
            (words.next().unwrap_or(""), words.next().unwrap_or(""), words.next().unwrap_or(""));
        let workload = Workload::parse(op, shape, dtype)?;
        let blueprint = workload.blueprint().map_err(|e| e.to_string())?;
        let plan = Plan::new(&blueprint, limits.storage_buffers as usize).map_err(|e| e.to_string())?;
        let space = Schedule::space(&plan.groups[0], &limits);
        let seconds = if path.ends_with(".txt") {
            crate::table::read(&space, &text).map_err(|e| format!("{path}: {e}"))?
        } else {
            in_order(&space, &text)
        };
        if arguments.command == "pack" {
            let missing = seconds.iter().filter(|s| s.is_nan()).count();
            if missing > 0 {
                return Err(format!("{path}: {missing} of {} schedules are missing", space.len()));
            }
            let to = format!("{}/{name}.txt", arguments.text("out").unwrap_or("."));
            std::fs::write(&to, crate::table::write(&space, &seconds)).map_err(|e| format!("{to}: {e}"))?;
            println!("{to}: {} schedules", space.len());
            continue;
        }
        let table: BTreeMap<String, f64> = space.iter().map(Schedule::text).zip(seconds).collect();
        let optimum = table.values().copied().fold(f64::INFINITY, f64::min);
        let rule = Schedule::first(&plan.groups[0], &limits)
            .and_then(|s| table.get(&s.text()).copied())
            .map_or(f64::NAN, |s| optimum / s);
        let mut shares = Vec::new();
        let mut reached = Vec::new();
        for seed in 0..seeds {
            let mut search = Search::new(&plan.groups[0], &limits, seed as u32).map_err(|e| e.to_string())?;
            let (mut best, mut at) = (f64::INFINITY, f64::NAN);
            while search.told().len() < EVALUATIONS as usize {
                let Some(number) = search.propose() else { break };
                let seconds = table.get(&search.space()[number].text()).copied().unwrap_or(f64::INFINITY);
                search.tell(number, seconds);
                best = best.min(seconds);
                if at.is_nan() && optimum / best >= 0.95 {
                    at = search.told().len() as f64;
                }
            }
            shares.push(optimum / best);
            reached.push(at);
        }
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        let worst = shares.iter().copied().fold(f64::INFINITY, f64::min);
        let to = reached.iter().sum::<f64>() / reached.len() as f64;
        // What FAST begins with.
        let group = &plan.groups[0];
        let search = Search::new(group, &limits, 0).map_err(|e| e.to_string())?;
        let fast = Schedule::first(group, &limits).map(|rule| search.begin_with(rule).text());
        let fast = fast.and_then(|s| table.get(&s).copied()).map_or(f64::NAN, |s| optimum / s);
        println!("{name:<30}{:>8}{rule:>8.3}{fast:>8.3}{mean:>8.3}{worst:>8.3}{to:>10.1}", table.len());
        all.push(mean);
        points = points.min(table.len() as f64);
    }
    if arguments.command == "pack" {
        return Ok(());
    }
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    if arguments.text("tables").is_some() {
        println!("mean of all {mean:.3}");
        return Ok(());
    }
    at_least("tables", all.len() as f64, TABLES_MIN)?;
    at_least("points of a table", points, POINTS_MIN)?;
    at_least("share of the optimum, the mean of all tables", mean, QUALITY_MIN)
}

/// Those that are named; else those that are checked in.
fn tables(arguments: &Arguments) -> Result<Vec<String>, String> {
    if let Some(names) = arguments.text("tables") {
        return Ok(names.split(',').map(String::from).collect());
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tables");
    let entries = std::fs::read_dir(folder).map_err(|e| format!("{folder}: {e}"))?;
    let mut found: Vec<String> = entries.filter_map(|e| Some(e.ok()?.path().to_str()?.to_string())).collect();
    found.sort();
    Ok(found)
}

/// Every schedule of a workload, a line each.
pub fn space(arguments: &Arguments) -> Result<(), String> {
    let device = crate::lab::open(arguments)?;
    let (op, dtype) = (arguments.text("op").unwrap_or("matmul"), arguments.text("dtype").unwrap_or("f32"));
    let workload = Workload::parse(op, arguments.text("shape").unwrap_or("512x512x512"), dtype)?;
    let blueprint = workload.blueprint().map_err(|e| e.to_string())?;
    let plan = Plan::new(&blueprint, device.limits().storage_buffers as usize).map_err(|e| e.to_string())?;
    let search = Search::new(&plan.groups[0], device.limits(), 0).map_err(|e| e.to_string())?;
    for (number, schedule) in search.space().iter().enumerate() {
        // With what the cost model counts of it.
        if arguments.text("counts") == Some("on") {
            println!("{schedule}\t{:?}", search.counts(number));
        } else {
            println!("{schedule}");
        }
    }
    Ok(())
}

/// Seconds of a sweep in the order of the space: infinite where a schedule was refused, NaN where it was not measured.
fn in_order(space: &[Schedule], text: &str) -> Vec<f64> {
    let table: BTreeMap<String, f64> = text.lines().filter_map(read).collect();
    space.iter().map(|s| table.get(&s.text()).copied().unwrap_or(f64::NAN)).collect()
}

fn read(line: &str) -> Option<(String, f64)> {
    let mut cells = line.split('\t');
    let (schedule, seconds) = (cells.next()?, cells.next()?);
    // What stands there instead of seconds says why it was refused.
    Some((schedule.to_string(), seconds.parse().unwrap_or(f64::INFINITY)))
}

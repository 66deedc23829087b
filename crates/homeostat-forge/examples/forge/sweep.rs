//! Every schedule of a workload measured, as a table; and the search replayed over tables.

use crate::arguments::Arguments;
use crate::bench::EVALUATIONS;
use crate::lab::Lab;
use crate::workload::Workload;
use homeostat_core::error::Error;
use homeostat_forge::device::Device;
use homeostat_forge::plan::Plan;
use homeostat_forge::schedule::{Limits, Schedule};
use homeostat_forge::search::Search;
use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};

/// Schedules that `again` measures, and rounds of them all.
const AGAIN: (u64, u64) = (32, 15);

/// Measures the best schedules of a sweep once more, a batch of each in turn: what disturbs a measurement disturbs all of them, and single
/// measurements of short kernels cannot tell them apart. What else the sweep says stays.
pub fn again(arguments: &Arguments) -> Result<(), String> {
    let device = crate::lab::open(arguments)?;
    let (count, rounds) =
        (arguments.number("count", AGAIN.0)? as usize, arguments.number("rounds", AGAIN.1)?);
    for path in arguments.text("tables").unwrap_or("").split(',') {
        let known = std::fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
        let name = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".tsv");
        let words: Vec<&str> = name.split('-').collect();
        let [op, shape, dtype] = words[..] else {
            return Err(format!("{path}: expected <op>-<shape>-<dtype>.tsv"));
        };
        let lab = Lab::new(device.clone(), &Workload::parse(op, shape, dtype)?).map_err(|e| e.to_string())?;
        let table: BTreeMap<String, f64> = known.lines().filter_map(read).collect();
        let space = Schedule::space(lab.group(), lab.limits());
        let mut best: Vec<(&Schedule, f64)> =
            space.iter().filter_map(|s| Some((s, *table.get(&s.text())?))).collect();
        best.sort_by(|a, b| a.1.total_cmp(&b.1));
        let prepare = |(schedule, _): &(&Schedule, f64)| Ok((schedule.text(), lab.prepare(schedule)?.0));
        let prepared: Result<Vec<(String, usize)>, Error> = best.iter().take(count).map(prepare).collect();
        let prepared = prepared.map_err(|e| format!("{name}: {e}"))?;
        let mut samples = vec![Vec::new(); prepared.len()];
        for _ in 0..rounds {
            for (samples, (text, number)) in samples.iter_mut().zip(&prepared) {
                samples.push(lab.sample(*number).map_err(|e| format!("{name}, {text}: {e}"))?.0);
            }
        }
        let middle = |x: &[f64]| homeostat_forge::measure::median(x).map_or(f64::NAN, |m| m.value);
        // The machine is not as fast as it was then: by the median of the ratios.
        let seconds: Vec<f64> = samples.iter().map(|s| middle(s)).collect();
        let ratios: Vec<f64> = seconds.iter().zip(&best).map(|(now, (_, before))| now / before).collect();
        let factor = middle(&ratios);
        // The last line about a schedule is the one that counts.
        let mut text = known;
        for (seconds, (schedule, number)) in seconds.iter().zip(&prepared) {
            text += &format!("{schedule}\t{:e}\n", seconds / factor);
            lab.forget(*number);
        }
        std::fs::write(path, text).map_err(|e| format!("{path}: {e}"))?;
        println!("{name}: {} of {} measured again", prepared.len(), table.len());
    }
    Ok(())
}

/// Tab-separated: schedule, seconds, wall seconds, seconds to compile; or schedule and why it was refused.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    let device = crate::lab::open(arguments)?;
    let (op, dtype) = (arguments.text("op").unwrap_or("matmul"), arguments.text("dtype").unwrap_or("f32"));
    let shape = arguments.text("shape").unwrap_or("512x512x512");
    let until = Instant::now() + Duration::from_secs(arguments.number("seconds", 3600)?);
    let workload = Workload::parse(op, shape, dtype)?;
    let lab = Lab::new(device, &workload).map_err(|e| e.to_string())?;
    let path = arguments.text("out").map_or(format!("{op}-{shape}-{dtype}.tsv"), String::from);
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    let done: Vec<&str> = known.lines().filter_map(|l| l.split('\t').next()).collect();
    let open = std::fs::OpenOptions::new().create(true).append(true).open(&path);
    let mut out = open.map_err(|e| format!("{path}: {e}"))?;
    let space = Schedule::space(lab.group(), lab.limits());
    println!("{}: {} schedules, {} known", workload.name(), space.len(), done.len());
    // In an order that has nothing to do with the space's, so that a table cut short is still a sample.
    let mut order: Vec<usize> = (0..space.len()).collect();
    order.sort_by_key(|i| (*i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let (mut best, mut refused) = (f64::INFINITY, 0);
    for i in order {
        let text = space[i].text();
        if done.contains(&text.as_str()) {
            continue;
        }
        if Instant::now() > until {
            println!("time is up");
            break;
        }
        let line = match lab.measure(&space[i], 3) {
            Ok(m) => {
                best = best.min(m.seconds);
                format!("{text}\t{:e}\t{:e}\t{:.4}", m.seconds, m.wall_s, m.compile_s)
            }
            Err(e) => {
                refused += 1;
                println!("refused {text}: {}", e.message.chars().take(400).collect::<String>());
                format!("{text}\t{}", e.code.as_str())
            }
        };
        writeln!(out, "{line}").map_err(|e| format!("{path}: {e}"))?;
        if lab.device.is_abandoned() {
            return Err("the device was given up".into());
        }
    }
    let rate =
        if workload.operations() > 0.0 { workload.operations() } else { workload.bytes() } / best / 1e9;
    println!("best {:.4} ms ({rate:.1} G/s), {refused} refused", best * 1e3);
    Ok(())
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
    let mut all = Vec::new();
    for path in arguments.text("tables").unwrap_or("").split(',') {
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
    }
    println!("mean of all {:.3}", all.iter().sum::<f64>() / all.len().max(1) as f64);
    Ok(())
}

/// A packed table as a sweep's lines, for what of its space is still there; `--of` names the schedules that it was measured for.
pub fn unpack(arguments: &Arguments) -> Result<(), String> {
    let missing = |what: &str| format!("--{what}: expected a file");
    let path = arguments.text("tables").ok_or_else(|| missing("tables"))?;
    let of = arguments.text("of").ok_or_else(|| missing("of"))?;
    let to = arguments.text("out").ok_or_else(|| missing("out"))?;
    let text = std::fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
    let names = std::fs::read_to_string(of).map_err(|e| format!("{of}: {e}"))?;
    let space: Vec<Schedule> = names.lines().filter_map(Schedule::parse).collect();
    let seconds = crate::table::read(&space, &text).map_err(|e| format!("{path}: {e}"))?;
    let line = |(schedule, s): (&Schedule, &f64)| match s.is_finite() {
        true => format!("{schedule}\t{s:e}\n"),
        false => format!("{schedule}\trefused\n"),
    };
    let lines: String = space.iter().zip(&seconds).map(line).collect();
    std::fs::write(to, lines).map_err(|e| format!("{to}: {e}"))
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

//! Runs contenders against plants and prints how they did; see `--help`.

mod arguments;

use std::collections::BTreeSet;
use std::process::ExitCode;

use arguments::{Arguments, HELP};
use homeostat_plants::contender::Case;
use homeostat_plants::contenders::{CreateError, NAMES};
use homeostat_plants::run::{Job, Summary, parallel, sweep};
use homeostat_plants::{plant, report, targets};

/// A target was missed.
const MISSED: u8 = 1;
/// The command line asks for something that does not exist, or a file could not be written.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => return fail(&message),
    };
    if arguments.help {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    if arguments.list {
        NAMES.iter().for_each(|(name, what)| println!("{name:18} {what}"));
        return ExitCode::SUCCESS;
    }
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(MISSED),
        Err(message) => fail(&message),
    }
}

fn fail(message: &str) -> ExitCode {
    eprintln!("plants: {message}");
    ExitCode::from(USAGE)
}

/// False if targets were asked for and one was missed.
fn run(arguments: &Arguments) -> Result<bool, String> {
    let mut plants = Vec::new();
    for name in &arguments.plants {
        let known = || plant::all().iter().map(|plant| plant.name()).collect::<Vec<_>>().join(", ");
        let found = plant::find(name);
        plants.push(found.ok_or_else(|| format!("--plants: expected of {}, received {name:?}", known()))?);
    }
    let cases = parallel(&plants, arguments.threads, |plant| Case::new(*plant));
    if !arguments.targets {
        print!("{}", report::references(&cases));
    }
    let rows = measure(arguments, &cases)?;
    print!("{}", report::table(&rows));
    if let Some(path) = &arguments.json {
        std::fs::write(path, report::json(&rows)).map_err(|error| format!("--json {path}: {error}"))?;
    }
    if !arguments.targets {
        return Ok(true);
    }
    let outcomes = targets::outcomes(&rows, &arguments.subject);
    print!("\ntargets, {}\n{}", arguments.subject, targets::table(&outcomes));
    Ok(outcomes.iter().all(targets::Outcome::met))
}

fn measure(arguments: &Arguments, cases: &[Case]) -> Result<Vec<Summary>, String> {
    let mut jobs = Vec::new();
    for contender in &arguments.contenders {
        for case in cases {
            for &preset in &arguments.presets {
                for &cv in &arguments.cv {
                    jobs.push(Job {
                        contender,
                        case,
                        preset,
                        cv,
                        first_seed: arguments.first_seed,
                        seeds: arguments.seeds,
                        plant_lag_s: arguments.plant_lag_s,
                        declared_lag_s: arguments.declared_lag_s,
                    });
                }
            }
        }
    }
    let (mut rows, mut left_out) = (Vec::new(), BTreeSet::new());
    for result in sweep(&jobs, arguments.threads) {
        match result {
            Ok(row) => rows.push(row),
            Err(error @ CreateError::NotForPlant { .. }) => drop(left_out.insert(error.to_string())),
            Err(error) => return Err(error.to_string()),
        }
    }
    left_out.iter().for_each(|reason| println!("left out: {reason}"));
    Ok(rows)
}

//! Runs limiters through scenarios and prints how they did; see `--help`.

use std::process::ExitCode;

use homeostat_load::compare::{Create, measure, table};
use homeostat_load::peers;
use homeostat_load::scenario::{self, Scenario};

const HELP: &str = "\
load [options]: concurrency limiters through simulated scenarios

  --limiters A,B     only these besides the peers (default: none)
  --scenarios A,B    only scenarios whose name contains one of these
  --generated N      N generated scenarios instead of the 31
  --first-seed N     seed of the first generated scenario (default 1)
  --seeds N          runs per scenario (default 3)
";

struct Arguments {
    limiters: Vec<String>,
    filters: Vec<String>,
    generated: u64,
    first_seed: u64,
    seeds: u64,
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<Arguments>, String> {
    let mut a = Arguments { limiters: vec![], filters: vec![], generated: 0, first_seed: 1, seeds: 3 };
    while let Some(word) = words.next() {
        if word == "--help" {
            return Ok(None);
        }
        let value = words.next().ok_or_else(|| format!("{word}: expected a value, or no such option"))?;
        let number =
            || value.parse().map_err(|_| format!("{word}: expected a whole number, received {value:?}"));
        let list = || value.split(',').map(String::from).collect();
        match word.as_str() {
            "--limiters" => a.limiters = list(),
            "--scenarios" => a.filters = list(),
            "--generated" => a.generated = number()?,
            "--first-seed" => a.first_seed = number()?,
            "--seeds" => a.seeds = number()?,
            _ => return Err(format!("{word}: no such option; see --help")),
        }
    }
    Ok(Some(a))
}

fn scenarios(arguments: &Arguments) -> Vec<Scenario> {
    let mut scenarios = match arguments.generated {
        0 => scenario::all(),
        n => (0..n).map(|i| scenario::generated(arguments.first_seed + i)).collect(),
    };
    let wanted = |name: &str| arguments.filters.iter().any(|filter| name.contains(filter.as_str()));
    scenarios.retain(|scenario| arguments.filters.is_empty() || wanted(&scenario.name));
    scenarios
}

fn main() -> ExitCode {
    let arguments = match parse(std::env::args().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(message) => {
            eprintln!("load: {message}");
            return ExitCode::from(2);
        }
    };
    let scenarios = scenarios(&arguments);
    let names: Vec<&str> =
        peers::NAMES.into_iter().chain(arguments.limiters.iter().map(String::as_str)).collect();
    let create: &Create = &peers::create;
    let Some(rows) = measure(&scenarios, &names, arguments.seeds, create) else {
        eprintln!("load: --limiters: expected peers or fixed-N, received {:?}", arguments.limiters);
        return ExitCode::from(2);
    };
    print!("{}", table(&scenarios, &names, &rows, peers::NAMES.len()));
    ExitCode::SUCCESS
}

//! Runs limiters through scenarios and prints how they did; see `--help`.

use std::process::ExitCode;

use homeostat_load::compare::{Create, measure, table};
use homeostat_load::scenario::{self, Scenario};
use homeostat_load::{ours, peers};

const HELP: &str = "\
load [options]: concurrency limiters through simulated scenarios

  --limiters A,B     only these besides the peers (default: adaptive)
  --alone 1          without the peers, and so without comparison
  --scenarios A,B    only scenarios whose name contains one of these
  --generated N      N generated scenarios instead of the 31
  --first-seed N     seed of the first generated scenario (default 1)
  --seeds N          runs per scenario (default 3)
";

struct Arguments {
    limiters: Vec<String>,
    filters: Vec<String>,
    alone: bool,
    generated: u64,
    first_seed: u64,
    seeds: u64,
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<Arguments>, String> {
    let mut a = Arguments {
        limiters: vec![ours::SUBJECT.into()],
        filters: vec![],
        alone: false,
        generated: 0,
        first_seed: 1,
        seeds: 3,
    };
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
            "--alone" => a.alone = number()? != 0,
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
    let peers: &[&str] = if arguments.alone { &[] } else { &peers::NAMES };
    let ours = arguments.limiters.iter().map(String::as_str);
    let names: Vec<&str> = peers.iter().copied().chain(ours).collect();
    let create: &Create = &|name, scenario, seed| {
        ours::create(name, scenario, seed).or_else(|| peers::create(name, scenario, seed))
    };
    let Some(rows) = measure(&scenarios, &names, arguments.seeds, create) else {
        eprintln!(
            "load: --limiters: expected adaptive, our-aimd, our-vegas, our-gradient2 or fixed-N, received {:?}",
            arguments.limiters
        );
        return ExitCode::from(2);
    };
    print!("{}", table(&scenarios, &names, &rows, peers.len()));
    ExitCode::SUCCESS
}

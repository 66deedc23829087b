//! Runs limiters through scenarios and prints how they did; see `--help`.

use std::process::ExitCode;

use homeostat_load::compare::{Create, measure, table};
use homeostat_load::scenario::{self, Scenario};
use homeostat_load::{detect, ours, peers, stream, targets};

const HELP: &str = "\
load [options]: concurrency limiters through simulated scenarios
load --targets: what the adaptive limiter is held to; exit 1 on a miss
load detector [--days N] [--stream NAME] [--rate 1000|5] [--seed N]: the latency-regression detector over simulated days (default 8,
    and 12.5 times as many at 5/s) of the streams, and how soon it sees a regression; exit 1 if it misses what it is held to

  --limiters A,B     only these besides the peers (default: adaptive)
  --alone 1          without the peers, and so without comparison
  --scenarios A,B    only scenarios whose name contains one of these
  --unseen 1         the 25 scenarios that nobody tunes on instead of the 31
  --generated N      N generated scenarios instead of the 31
  --first-seed N     seed of the first generated scenario (default 1)
  --seeds N          runs per scenario (default 3)
";

struct Arguments {
    targets: bool,
    detector: bool,
    stream: Option<String>,
    days: f64,
    rate: Option<f64>,
    seed: u64,
    limiters: Vec<String>,
    filters: Vec<String>,
    alone: bool,
    unseen: bool,
    generated: u64,
    first_seed: u64,
    seeds: u64,
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<Arguments>, String> {
    let mut a = Arguments {
        targets: false,
        detector: false,
        stream: None,
        days: 8.0,
        rate: None,
        seed: 7,
        limiters: vec![ours::SUBJECT.into()],
        filters: vec![],
        alone: false,
        unseen: false,
        generated: 0,
        first_seed: 1,
        seeds: 3,
    };
    while let Some(word) = words.next() {
        if word == "--help" {
            return Ok(None);
        }
        if word == "--targets" || word == "detector" {
            (a.targets, a.detector) = (a.targets || word != "detector", a.detector || word == "detector");
            continue;
        }
        let value = words.next().ok_or_else(|| format!("{word}: expected a value, or no such option"))?;
        let number =
            || value.parse().map_err(|_| format!("{word}: expected a whole number, received {value:?}"));
        let real = || value.parse().map_err(|_| format!("{word}: expected a number, received {value:?}"));
        let list = || value.split(',').map(String::from).collect();
        match word.as_str() {
            "--limiters" => a.limiters = list(),
            "--scenarios" => a.filters = list(),
            "--alone" => a.alone = number()? != 0,
            "--unseen" => a.unseen = number()? != 0,
            "--stream" => a.stream = Some(value.clone()),
            "--days" => a.days = real()?,
            "--rate" => a.rate = Some(real()?),
            "--seed" => a.seed = number()?,
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
        0 if arguments.unseen => scenario::unseen(),
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
    if arguments.targets {
        let figures = targets::all(arguments.seeds);
        print!("{}", targets::table(&figures));
        return verdict(figures.iter().all(targets::Figure::met));
    }
    if arguments.detector {
        return detector(&arguments);
    }
    limiters(&arguments)
}

fn verdict(met: bool) -> ExitCode {
    if met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn detector(arguments: &Arguments) -> ExitCode {
    let mut rows = Vec::new();
    for (name, _) in stream::STREAMS {
        if arguments.stream.as_deref().is_some_and(|stream| stream != name) {
            continue;
        }
        let rates = [(detect::FAST, arguments.days), (detect::SLOW, arguments.days * detect::SLOW_DAYS)];
        let wanted = rates.into_iter().filter(|rate| arguments.rate.is_none_or(|wanted| wanted == rate.0));
        rows.extend(wanted.filter_map(|(rate, days)| {
            eprintln!("{name}, {rate}/s: {days} days, {} trials", detect::TRIALS);
            detect::row(name, rate, days, detect::TRIALS, arguments.seed)
        }));
    }
    if rows.is_empty() {
        let names = stream::STREAMS.map(|stream| stream.0).join(", ");
        eprintln!("load detector: --stream: expected one of {names}; --rate: expected 1000 or 5");
        return ExitCode::from(2);
    }
    print!("{}", detect::table(&rows));
    verdict(rows.iter().all(detect::Row::met))
}

fn limiters(arguments: &Arguments) -> ExitCode {
    let scenarios = scenarios(arguments);
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

//! Runs limiters through scenarios and prints how they did; see `--help`.

use std::process::ExitCode;

use homeostat_load::compare::{Create, measure, table};
use homeostat_load::scenario::{self, Scenario};
use homeostat_load::stream::{self, Regression};
use homeostat_load::{detect, ours, peers, targets};

const HELP: &str = "\
load [options]: concurrency limiters through simulated scenarios
load --targets: what the adaptive limiter is held to; exit 1 on a miss
load --detect STREAM [--days N] [--rate N]: the latency-regression detector over simulated days (default 8) of a stream, at so many
    samples per second (default 1000), and the delay of a doubling; exit 1 if it misses what it is held to

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
    detect: Option<String>,
    days: f64,
    rate: f64,
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
        detect: None,
        days: 8.0,
        rate: 1000.0,
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
        if word == "--targets" {
            a.targets = true;
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
            "--detect" => a.detect = Some(value.clone()),
            "--days" => a.days = real()?,
            "--rate" => a.rate = real()?,
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
    if let Some(name) = &arguments.detect {
        return detect(name, &arguments);
    }
    limiters(&arguments)
}

fn verdict(met: bool) -> ExitCode {
    if met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn detect(name: &str, arguments: &Arguments) -> ExitCode {
    let (days, rate) = (arguments.days, arguments.rate);
    let Some(shape) = detect::shape(name) else {
        let names = stream::STREAMS.map(|stream| stream.0).join(", ");
        eprintln!("load: --detect: expected one of {names}, received {name:?}");
        return ExitCode::from(2);
    };
    let alarms = detect::false_alarms(shape, rate, days, 7).alarms;
    println!("{name}, {rate}/s: {alarms} false alarms in {days} days");
    let regressions = [
        ("doubled", Regression::All(2.0)),
        ("slowest doubled", Regression::Slowest(2.0)),
        ("slowest x4", Regression::Slowest(4.0)),
    ];
    let mut delays = regressions.iter().map(|(what, regression)| {
        let delay = detect::delay(shape, rate, *regression, detect::TRIALS);
        println!(
            "{name}, {rate}/s, {what}: median {:.2} s, p95 {:.2} s, {} early",
            delay.median_s, delay.p95_s, delay.early
        );
        delay
    });
    let Some(doubled) = delays.next() else { return ExitCode::FAILURE };
    delays.for_each(drop);
    let Some(target) = detect::TARGETS.iter().find(|target| target.stream == name) else {
        return ExitCode::SUCCESS;
    };
    let (median_s, p95_s) =
        if rate > 100.0 { (target.median_s, target.p95_s) } else { (f64::INFINITY, target.slow_p95_s) };
    let delays_met = doubled.median_s <= median_s && doubled.p95_s <= p95_s && doubled.early == 0;
    let met = delays_met && f64::from(alarms) <= f64::from(target.alarms_in_8_days) * days / 8.0;
    println!("{}", if met { "met" } else { "MISSED" });
    verdict(met)
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

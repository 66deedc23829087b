//! Limiters against each other over scenarios.
//!
//! A limiter that admits almost nothing always has the shortest latency. So the 99th percentile is compared with the lowest
//! among the peers that are *admissible*: those whose goodput is within 3 % of the best peer's.

use std::fmt::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::limiter::Limiter;
use crate::scenario::Scenario;
use crate::simulate::simulate;

/// Within this share of the best peer's goodput, a peer's latency counts; and both figures within it are a tie.
const CLOSE: f64 = 0.03;

/// Means over the seeds of one limiter in one scenario.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cell {
    /// Responses within the target, per second.
    pub goodput: f64,
    /// 99th percentile, seconds.
    pub p99_s: f64,
    /// Mean limit.
    pub limit_mean: f64,
    /// Largest limit of any seed.
    pub limit_max: usize,
}

/// Makes the limiter of this name for a scenario and a seed.
pub type Create<'a> = dyn Fn(&str, &Scenario, u64) -> Option<Box<dyn Limiter>> + Sync + 'a;

/// Every limiter in every scenario: a row per scenario, a cell per name. `None` if a name is unknown.
pub fn measure(
    scenarios: &[Scenario],
    names: &[&str],
    seeds: u64,
    create: &Create,
) -> Option<Vec<Vec<Cell>>> {
    let jobs = scenarios.len() * names.len();
    let cells = Mutex::new(vec![None; jobs]);
    let next = AtomicUsize::new(0);
    let work = || {
        while let job = next.fetch_add(1, Ordering::Relaxed)
            && job < jobs
        {
            let cell = measure_one(&scenarios[job / names.len()], names[job % names.len()], seeds, create);
            cells.lock().expect("no thread panics while it holds the lock")[job] = cell;
        }
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        (0..threads).for_each(|_| drop(scope.spawn(work)));
    });
    let cells: Option<Vec<Cell>> = cells.into_inner().ok()?.into_iter().collect();
    Some(cells?.chunks(names.len().max(1)).map(<[Cell]>::to_vec).collect())
}

fn measure_one(scenario: &Scenario, name: &str, seeds: u64, create: &Create) -> Option<Cell> {
    let seeds = scenario.seeds(seeds);
    let mut sum = Cell::default();
    for seed in 1..=seeds {
        let outcome = simulate(scenario, create(name, scenario, seed)?.as_mut(), seed);
        let share = 1.0 / seeds as f64;
        sum.goodput += outcome.goodput * share;
        sum.p99_s += outcome.p99_s * share;
        sum.limit_mean += outcome.limit_mean * share;
        sum.limit_max = sum.limit_max.max(outcome.limit_max);
    }
    Some(sum)
}

/// One limiter against the peers in one scenario.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    /// Goodput over the best peer's.
    pub goodput: f64,
    /// 99th percentile over the lowest admissible peer's.
    pub p99: f64,
}

impl Ratio {
    /// `cell` against these peers.
    pub fn of(cell: &Cell, peers: &[Cell]) -> Self {
        let best = peers.iter().map(|peer| peer.goodput).fold(0.0, f64::max);
        let admissible = peers.iter().filter(|peer| peer.goodput >= (1.0 - CLOSE) * best);
        let p99_s = admissible.map(|peer| peer.p99_s).fold(f64::INFINITY, f64::min);
        Self { goodput: cell.goodput / best, p99: cell.p99_s / p99_s }
    }

    /// Neither figure is more than 3 % worse than the best.
    pub fn close(&self) -> bool {
        self.goodput >= 1.0 - CLOSE && self.p99 <= 1.0 + CLOSE
    }
}

/// One limiter against the peers over all scenarios.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overall {
    /// Mean of the goodput ratios.
    pub goodput_mean: f64,
    /// Smallest goodput ratio.
    pub goodput_min: f64,
    /// Geometric mean of the p99 ratios.
    pub p99_mean: f64,
    /// Scenarios in which both figures are close to the best.
    pub close: usize,
}

impl Overall {
    /// Over these ratios.
    pub fn of(ratios: &[Ratio]) -> Self {
        let n = ratios.len() as f64;
        let mean = |of: fn(&Ratio) -> f64| ratios.iter().map(of).sum::<f64>() / n;
        Self {
            goodput_mean: mean(|ratio| ratio.goodput),
            goodput_min: ratios.iter().map(|ratio| ratio.goodput).fold(f64::INFINITY, f64::min),
            p99_mean: libm::exp(mean(|ratio| libm::log(ratio.p99))),
            close: ratios.iter().filter(|ratio| ratio.close()).count(),
        }
    }
}

/// The ratios of column `subject` against the columns `peers`.
pub fn ratios(rows: &[Vec<Cell>], subject: usize, peers: std::ops::Range<usize>) -> Vec<Ratio> {
    rows.iter().map(|row| Ratio::of(&row[subject], &row[peers.clone()])).collect()
}

/// Goodput, p99 in ms and mean limit of everyone, then everyone against the peers (the first `peers` columns).
pub fn table(scenarios: &[Scenario], names: &[&str], rows: &[Vec<Cell>], peers: usize) -> String {
    let mut out = format!("{:16}", "goodput p99 L");
    for name in names {
        let _ = write!(out, "|{name:>18}");
    }
    out.push('\n');
    for (scenario, row) in scenarios.iter().zip(rows) {
        let _ = write!(out, "{:16}", scenario.name);
        for cell in row {
            let decimals = if cell.goodput < 20.0 { 2 } else { 0 };
            let p99_ms = cell.p99_s * 1e3;
            let _ = write!(out, "|{:>8.decimals$} {p99_ms:>5.0} {:>3.0}", cell.goodput, cell.limit_mean);
        }
        out.push('\n');
    }
    if peers == 0 {
        return out;
    }
    let _ = writeln!(
        out,
        "\n{:18} {:>8} {:>8} {:>8} {:>6}",
        "against the peers", "goodput", "worst", "p99", "close"
    );
    for (index, name) in names.iter().enumerate() {
        let overall = Overall::of(&ratios(rows, index, 0..peers));
        let _ = writeln!(
            out,
            "{name:18} {:>8.3} {:>8.3} {:>8.3} {:>3}/{}",
            overall.goodput_mean,
            overall.goodput_min,
            overall.p99_mean,
            overall.close,
            rows.len()
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(goodput: f64, p99_s: f64) -> Cell {
        Cell { goodput, p99_s, ..Cell::default() }
    }

    #[test]
    fn latency_is_compared_with_peers_that_serve_as_much() {
        let peers = [cell(100.0, 0.3), cell(98.0, 0.2), cell(50.0, 0.1)];
        let ratio = Ratio::of(&cell(99.0, 0.2), &peers);
        assert_eq!((ratio.goodput, ratio.p99), (0.99, 1.0));
        assert!(ratio.close());
        assert!(!Ratio::of(&cell(96.0, 0.2), &peers).close());
        assert!(!Ratio::of(&cell(99.0, 0.21), &peers).close());
        let overall = Overall::of(&[Ratio { goodput: 0.9, p99: 2.0 }, Ratio { goodput: 1.0, p99: 0.5 }]);
        assert_eq!((overall.goodput_mean, overall.goodput_min, overall.close), (0.95, 0.9, 1));
        assert!((overall.p99_mean - 1.0).abs() < 1e-12);
    }

    #[test]
    fn an_unknown_name_is_told() {
        let scenario = Scenario { end_s: 2.0, from_s: 1.0, ..crate::scenario::all().remove(0) };
        let create: &Create = &crate::peers::create;
        assert!(measure(std::slice::from_ref(&scenario), &["nobody"], 1, create).is_none());
        assert!(measure(&[scenario], &["fixed-20"], 1, create).unwrap()[0][0].goodput > 100.0);
    }
}

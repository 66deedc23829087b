//! What the adaptive limiter is held to, and whether it was met.

use std::fmt::Write;

use crate::compare::{Cell, measure};
use crate::compare::{Create, Overall, ratios};
use crate::ours;
use crate::peers::{self, NAMES};
use crate::scenario::{self, Scenario};
use crate::simulate::simulate;

/// One figure against its limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What it is.
    pub name: &'static str,
    /// What was measured.
    pub measured: f64,
    /// The limit.
    pub limit: f64,
    /// Whether the limit is the least (or else the most).
    pub at_least: bool,
}

impl Figure {
    /// NaN is not met.
    pub fn met(&self) -> bool {
        if self.at_least { self.measured >= self.limit } else { self.measured <= self.limit }
    }
}

fn least(name: &'static str, measured: f64, limit: f64) -> Figure {
    Figure { name, measured, limit, at_least: true }
}

fn most(name: &'static str, measured: f64, limit: f64) -> Figure {
    Figure { name, measured, limit, at_least: false }
}

/// The figures over rows whose first columns are the peers, and whose next is the subject.
pub fn figures(rows: &[Vec<Cell>]) -> Vec<Figure> {
    let overall = Overall::of(&ratios(rows, NAMES.len(), 0..NAMES.len()));
    vec![
        least("goodput over the best peer's, worst scenario", overall.goodput_min, 0.95),
        least("goodput over the best peer's, mean", overall.goodput_mean, 0.98),
        most("p99 over the best admissible peer's, mean", overall.p99_mean, 1.0),
    ]
}

fn named(name: &str) -> Scenario {
    scenario::all().into_iter().find(|scenario| scenario.name == name).expect("one of the 31")
}

/// Largest limit in the hour at 105 %, from the first second on, over the cores; the worst of five seeds.
pub fn hour() -> Figure {
    let scenario = named("mild1h");
    let largest = |seed: u64| {
        let mut limiter = ours::create(ours::SUBJECT, &scenario, seed).expect("the subject is known");
        let limits = simulate(&scenario, limiter.as_mut(), seed).limit_per_second;
        limits.into_iter().max().unwrap_or(0)
    };
    let worst = (1..=5).map(largest).max().unwrap_or(0);
    most("hour at 105 %: largest limit over cores", worst as f64 / scenario.cores as f64, 2.2)
}

/// Good responses from 10 to 20 s after the network became 20 ms slower, over those of the last 30 s; the worst of five seeds.
pub fn recovery() -> Figure {
    let scenario = named("net+20");
    let change_s = scenario.changes[0].0 as usize;
    let ratio = |seed: u64| {
        let mut limiter = ours::create(ours::SUBJECT, &scenario, seed).expect("the subject is known");
        let good = simulate(&scenario, limiter.as_mut(), seed).good_per_second;
        let mean = |from: usize, to: usize| {
            good[from..to].iter().map(|&good| f64::from(good)).sum::<f64>() / (to - from) as f64
        };
        mean(change_s + 10, change_s + 20) / mean(change_s + 30, change_s + 60)
    };
    let worst = (1..=5).map(ratio).fold(f64::INFINITY, f64::min);
    least("network +20 ms: served after 10 s over settled", worst, 0.97)
}

/// All figures over the 31 scenarios.
pub fn all(seeds: u64) -> Vec<Figure> {
    let create: &Create = &|name, scenario, seed| {
        ours::create(name, scenario, seed).or_else(|| peers::create(name, scenario, seed))
    };
    let names: Vec<&str> = NAMES.into_iter().chain([ours::SUBJECT]).collect();
    let rows = measure(&scenario::all(), &names, seeds, create).expect("all names are known");
    let mut all = figures(&rows);
    all.extend([hour(), recovery()]);
    all
}

/// The figures as text.
pub fn table(figures: &[Figure]) -> String {
    let mut out = String::new();
    for figure in figures {
        let (word, verdict) =
            (if figure.at_least { ">=" } else { "<=" }, if figure.met() { "" } else { "  MISSED" });
        let _ =
            writeln!(out, "{:48} {:>7.3} {word} {:.2}{verdict}", figure.name, figure.measured, figure.limit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_miss_is_a_miss() {
        assert!(
            least("", 0.95, 0.95).met() && !least("", 0.949, 0.95).met() && !least("", f64::NAN, 0.95).met()
        );
        assert!(most("", 1.0, 1.0).met() && !most("", 1.01, 1.0).met() && !most("", f64::NAN, 1.0).met());
        assert!(table(&[most("x", 2.0, 1.0)]).contains("MISSED"));
    }

    #[test]
    fn the_subject_is_compared_with_the_peers() {
        let cell = |goodput| Cell { goodput, p99_s: 0.1, ..Cell::default() };
        let mut row = vec![cell(100.0); NAMES.len()];
        row.push(cell(94.0));
        let missed: Vec<bool> = figures(&[row]).iter().map(|figure| !figure.met()).collect();
        assert_eq!(missed, [true, true, false]);
    }
}

//! The fixtures: every problem and landscape as a table, with values at a few points, so that a port can be checked.

use crate::landscapes::{Landscape, landscapes, measure};
use crate::mixed::{Dimension, problems};
use crate::random::Rng;
use std::fmt::Write;

/// Points of each entry.
const POINTS: usize = 3;
/// Paired runs behind a label's share.
const RUNS: u64 = 400;

fn points(
    dimensions: usize,
    at: impl Fn(usize, f64) -> f64,
    value: impl Fn(&[f64]) -> f64,
    rng: &mut Rng,
) -> String {
    let rows: Vec<String> = (0..POINTS)
        .map(|_| {
            let x: Vec<f64> = (0..dimensions).map(|i| at(i, rng.uniform())).collect();
            format!("{{\"x\":{x:?},\"y\":{:?}}}", value(&x))
        })
        .collect();
    rows.join(",")
}

fn dimension(d: &Dimension) -> String {
    match d {
        Dimension::Continuous { min, max, log } => {
            format!("{{\"kind\":\"continuous\",\"min\":{min:?},\"max\":{max:?},\"log\":{log}}}")
        }
        Dimension::Periodic { min, max } => {
            format!("{{\"kind\":\"periodic\",\"min\":{min:?},\"max\":{max:?}}}")
        }
        Dimension::Integer { min, max, log } => {
            format!("{{\"kind\":\"integer\",\"min\":{min},\"max\":{max},\"log\":{log}}}")
        }
        Dimension::Categorical { options } => format!("{{\"kind\":\"categorical\",\"options\":{options}}}"),
    }
}

/// `fixtures/solver/mixed.json`: one problem a line.
pub fn mixed() -> String {
    let mut rng = Rng::new(11);
    let mut rows = Vec::new();
    for p in problems() {
        let mut row = String::new();
        let dimensions: Vec<String> = p.dimensions.iter().map(dimension).collect();
        let _ = write!(
            row,
            "{{\"name\":\"{}\",\"kind\":\"{}\",\"constrained\":{},\"half\":\"{}\",\"source\":\"{}\",\
             \"best\":{:?},\"best_from\":\"{}\",\"best_at\":{:?},\"dimensions\":[{}],\"points\":[{}]}}",
            p.name,
            p.kind.word(),
            p.constrained,
            p.half.word(),
            p.source,
            p.best,
            p.best_from,
            p.best_at,
            dimensions.join(","),
            points(p.dimensions.len(), |i, u| p.dimensions[i].at(u), |x| p.evaluate(x), &mut rng)
        );
        rows.push(row);
    }
    format!("[\n{}\n]\n", rows.join(",\n"))
}

/// `fixtures/solver/landscapes.json`: one landscape a line.
pub fn labelled() -> String {
    labelled_with(|landscape| measure::share(landscape, RUNS))
}

/// The same, with another way to come by the shares.
pub fn labelled_with(share: impl Fn(&Landscape) -> f64) -> String {
    let mut rng = Rng::new(12);
    let mut rows = Vec::new();
    for l in landscapes() {
        rows.push(format!(
            "{{\"name\":\"{}\",\"family\":\"{}\",\"n\":{},\"label\":\"{}\",\"half\":\"{}\",\"share\":{:?},\"points\":[{}]}}",
            l.name,
            l.family,
            l.n,
            l.label.word(),
            l.half.word(),
            share(&l),
            points(l.n, |_, u| u, |x| l.evaluate(x), &mut rng)
        ));
    }
    format!("[\n{}\n]\n", rows.join(",\n"))
}

//! How a label is measured.
//!
//! Two searches get the same number of evaluations, `40 n` but at least 60 and at most 600. *Random* takes uniform
//! points. *Follow* spends half on uniform points too, then the rest on a (1+1) evolution strategy from the best of them
//! (normal steps, first deviation 0.1, success rule of one fifth, reflected at the edges). Paired over many seeds, the
//! share of runs in which `follow` ends better (ties count half) is the measure: about one half where nothing is near
//! what is good, near one where there is structure.

use super::{Label, Landscape};
use crate::random::Rng;

/// A structured landscape must have at least this share of wins of `follow`.
pub const STRUCTURED_MIN: f64 = 0.75;
/// A chaotic landscape must have at most this share: nothing is gained by following.
pub const CHAOTIC_MAX: f64 = 0.6;

/// Evaluations of one run in `n` dimensions.
pub fn budget(n: usize) -> usize {
    (40 * n).clamp(60, 600)
}

/// The share of `runs` paired runs in which following beats random points.
pub fn share(landscape: &Landscape, runs: u64) -> f64 {
    let wins = |seed: u64| {
        let followed = follow(landscape, &mut Rng::new(2 * seed));
        let random = sample(landscape, budget(landscape.n), &mut Rng::new(2 * seed + 1)).0;
        match followed.total_cmp(&random) {
            std::cmp::Ordering::Less => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Greater => 0.0,
        }
    };
    (0..runs).map(wins).sum::<f64>() / runs as f64
}

/// The label that a measured share stands for, if it is clear.
pub fn verdict(share: f64) -> Option<Label> {
    if share >= STRUCTURED_MIN {
        Some(Label::Structured)
    } else if share <= CHAOTIC_MAX {
        Some(Label::Chaotic)
    } else {
        None
    }
}

/// The best of uniform points.
fn sample(landscape: &Landscape, count: usize, rng: &mut Rng) -> (f64, Vec<f64>) {
    let mut best = (f64::INFINITY, Vec::new());
    for _ in 0..count {
        let x: Vec<f64> = (0..landscape.n).map(|_| rng.uniform()).collect();
        let value = landscape.evaluate(&x);
        if value < best.0 {
            best = (value, x);
        }
    }
    best
}

/// Half a sample, half a local search from its best point.
fn follow(landscape: &Landscape, rng: &mut Rng) -> f64 {
    let budget = budget(landscape.n);
    let (mut value, mut x) = sample(landscape, budget / 2, rng);
    let mut deviation = 0.1;
    for _ in budget / 2..budget {
        let moved: Vec<f64> = x.iter().map(|v| reflected(v + deviation * rng.normal())).collect();
        let found = landscape.evaluate(&moved);
        deviation = f64::max(deviation * if found < value { 1.5 } else { 0.903_602 }, 1e-9);
        if found <= value {
            (value, x) = (found, moved);
        }
    }
    value
}

fn reflected(v: f64) -> f64 {
    let folded = v.abs() % 2.0;
    if folded > 1.0 { 2.0 - folded } else { folded }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscapes::landscapes;

    #[test]
    fn every_label_is_what_is_measured() {
        for landscape in landscapes() {
            let share = share(&landscape, 60);
            // With 60 runs the share's standard error is at most .065; the table in fixtures/solver has 400.
            match landscape.label {
                Label::Structured => assert!(share >= STRUCTURED_MIN - 0.1, "{}: {share}", landscape.name),
                Label::Chaotic => assert!(share <= CHAOTIC_MAX + 0.1, "{}: {share}", landscape.name),
            }
        }
    }
}

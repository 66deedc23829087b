//! Functions of BBOB, partly discretised as in the suite `bbob-mixint` (Tusar, Brockhoff and Hansen 2019): in ten
//! dimensions two each have 2, 4, 8 and 16 steps, and two are real. Optimum and rotation are drawn here.

use super::{Dimension, Kind, Problem};
use crate::Half;
use crate::random::Rng;
use std::f64::consts::TAU;
use std::sync::OnceLock;

pub(super) fn problems() -> Vec<Problem> {
    vec![ellipsoid(), rastrigin(), rotated()]
}

const N: usize = 10;
const STEPS: [i64; 4] = [2, 4, 8, 16];

fn dimensions() -> Vec<Dimension> {
    let mut all: Vec<Dimension> =
        STEPS.iter().flat_map(|&steps| vec![Dimension::integer(0, steps - 1); 2]).collect();
    all.extend(vec![Dimension::real(-5.0, 5.0); 2]);
    all
}

/// The point in [-5, 5]: `l` steps lie evenly inside, the ends are left out.
fn place(x: &[f64]) -> [f64; N] {
    core::array::from_fn(|i| match STEPS.get(i / 2) {
        Some(&steps) => -5.0 + 10.0 * (x[i] + 1.0) / (steps + 1) as f64,
        None => x[i],
    })
}

const BEST: [f64; N] = [1.0, 0.0, 2.0, 0.0, 5.0, 2.0, 11.0, 3.0, 2.25, -1.5];

fn shifted(x: &[f64]) -> [f64; N] {
    let (here, best) = (place(x), place(&BEST));
    core::array::from_fn(|i| here[i] - best[i])
}

fn problem(name: &'static str, source: &'static str, half: Half, evaluate: fn(&[f64]) -> f64) -> Problem {
    Problem {
        name,
        source,
        kind: Kind::Integer,
        constrained: false,
        half,
        dimensions: dimensions(),
        best_at: BEST.to_vec(),
        best: 0.0,
        best_from: "proof",
        evaluate,
    }
}

fn ellipsoid() -> Problem {
    problem("mixint-ellipsoid10", "bbob-mixint f2's form: condition 1e6, separable", Half::Held, |x| {
        let scale = |i: usize| libm::pow(10.0, 6.0 * ((i * 7) % N) as f64 / (N - 1) as f64);
        shifted(x).iter().enumerate().map(|(i, z)| scale(i) * z * z).sum()
    })
}

fn rastrigin() -> Problem {
    problem("mixint-rastrigin10", "bbob-mixint f3's form: separable, many local optima", Half::Develop, |x| {
        shifted(x).iter().map(|z| z * z + 10.0 * (1.0 - libm::cos(TAU * z))).sum()
    })
}

fn rotated() -> Problem {
    problem(
        "mixint-rotated10",
        "bbob-mixint f10's form: condition 1e4, rotated by a random basis",
        Half::Develop,
        |x| {
            static BASIS: OnceLock<[[f64; N]; N]> = OnceLock::new();
            let basis = BASIS.get_or_init(|| orthonormal(&mut Rng::new(1010)));
            let z = shifted(x);
            let along = |axis: &[f64; N]| axis.iter().zip(&z).map(|(a, b)| a * b).sum::<f64>();
            let term = |(i, axis): (usize, &[f64; N])| {
                libm::pow(10.0, 4.0 * i as f64 / (N - 1) as f64) * along(axis) * along(axis)
            };
            basis.iter().enumerate().map(term).sum()
        },
    )
}

/// A random orthonormal basis, by Gram and Schmidt.
fn orthonormal(rng: &mut Rng) -> [[f64; N]; N] {
    let mut basis = [[0.0; N]; N];
    for i in 0..N {
        let mut axis: [f64; N] = core::array::from_fn(|_| rng.normal());
        for before in &basis[..i] {
            let shared: f64 = axis.iter().zip(before).map(|(a, b)| a * b).sum();
            axis.iter_mut().zip(before).for_each(|(a, b)| *a -= shared * b);
        }
        let length = axis.iter().map(|a| a * a).sum::<f64>().sqrt();
        basis[i] = axis.map(|a| a / length);
    }
    basis
}

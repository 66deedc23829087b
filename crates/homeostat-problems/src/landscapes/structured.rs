//! Families in which following what was found pays.

use super::{Family, bits, drawn, target};
use crate::random::{hash, normal};
use std::f64::consts::TAU;

pub(super) const FAMILIES: [Family; 13] = [
    Family { name: "bowl", dimensions: [1, 3, 8, 20], formula: bowl },
    Family { name: "ellipsoid", dimensions: [3, 5, 10, 15], formula: ellipsoid },
    Family { name: "separable", dimensions: [1, 4, 6, 12], formula: separable },
    Family { name: "valley", dimensions: [3, 4, 8, 16], formula: valley },
    Family { name: "rastrigin", dimensions: [1, 2, 5, 10], formula: rastrigin },
    Family { name: "steps", dimensions: [2, 3, 6, 12], formula: steps },
    Family { name: "slope", dimensions: [1, 2, 6, 20], formula: slope },
    Family { name: "noisy-bowl", dimensions: [2, 3, 5, 10], formula: noisy_bowl },
    Family { name: "two-basins", dimensions: [1, 2, 4, 8], formula: two_basins },
    Family { name: "few-matter", dimensions: [4, 8, 12, 20], formula: few_matter },
    Family { name: "learning-rate", dimensions: [1, 2, 3, 5], formula: learning_rate },
    Family { name: "corner", dimensions: [2, 3, 7, 14], formula: corner },
    Family { name: "hills", dimensions: [1, 2, 3, 4], formula: hills },
];

/// Offsets from the optimum.
fn offsets(x: &[f64], seed: u64) -> Vec<f64> {
    x.iter().enumerate().map(|(i, v)| v - target(seed, i)).collect()
}

fn sphere(z: &[f64]) -> f64 {
    z.iter().map(|v| v * v).sum()
}

/// Smooth, one optimum.
fn bowl(x: &[f64], seed: u64) -> f64 {
    sphere(&offsets(x, seed))
}

/// Smooth, turned, condition 1e4: neighbouring axes are mixed in pairs.
fn ellipsoid(x: &[f64], seed: u64) -> f64 {
    let mut z = offsets(x, seed);
    let n = z.len();
    for i in 0..n - 1 {
        let angle = TAU * drawn(seed, i, 2);
        let (s, c) = (libm::sin(angle), libm::cos(angle));
        (z[i], z[i + 1]) = (c * z[i] - s * z[i + 1], s * z[i] + c * z[i + 1]);
    }
    let weight = |i: usize| libm::pow(1e4, i as f64 / (n - 1) as f64);
    z.iter().enumerate().map(|(i, v)| weight(i) * v * v).sum()
}

/// A sum over axes of kinks, bowls and flat bottoms.
fn separable(x: &[f64], seed: u64) -> f64 {
    let term = |(i, v): (usize, f64)| {
        let weight = 0.3 + drawn(seed, i, 2);
        weight
            * [v.abs(), v * v, libm::sqrt(v.abs()), v * v * v * v * 4.0][hash(seed, [i as u64]) as usize % 4]
    };
    offsets(x, seed).into_iter().enumerate().map(term).sum()
}

/// A bent valley: Rosenbrock's, moved into the box.
fn valley(x: &[f64], seed: u64) -> f64 {
    let z: Vec<f64> = offsets(x, seed).iter().map(|v| 1.0 + 2.5 * v).collect();
    let pair = |p: &[f64]| {
        let (bend, rest) = (p[1] - p[0] * p[0], 1.0 - p[0]);
        100.0 * bend * bend + rest * rest
    };
    z.windows(2).map(pair).sum()
}

/// A bowl with ripples: many local optima on a trend.
fn rastrigin(x: &[f64], seed: u64) -> f64 {
    let ripple = 0.01 + 0.02 * drawn(seed, 99, 2);
    offsets(x, seed).iter().map(|v| v * v + ripple * (1.0 - libm::cos(TAU * 7.0 * v))).sum()
}

/// A bowl in whole steps: flat pieces with a trend.
fn steps(x: &[f64], seed: u64) -> f64 {
    let count = 24.0 + (24.0 * drawn(seed, 99, 2)).floor();
    offsets(x, seed).iter().map(|v| (count * v.abs()).floor()).sum()
}

/// Down to an edge of the box.
fn slope(x: &[f64], seed: u64) -> f64 {
    x.iter().enumerate().map(|(i, v)| (drawn(seed, i, 2) - 0.5) * v).sum()
}

/// A bowl under noise whose deviation is three to eight hundredths of the bowl's range.
fn noisy_bowl(x: &[f64], seed: u64) -> f64 {
    let z = offsets(x, seed);
    let deviation = (0.03 + 0.05 * drawn(seed, 99, 2)) * 0.25 * libm::sqrt(z.len() as f64);
    sphere(&z) + deviation * normal(hash(seed, bits(x)))
}

/// A wide basin and a narrower, deeper one.
fn two_basins(x: &[f64], seed: u64) -> f64 {
    let n = x.len() as f64;
    let deep = sphere(&offsets(x, seed)) / n;
    let wide = sphere(&offsets(x, seed ^ 1)) / n;
    -libm::exp(-deep / 0.02) - 0.7 * libm::exp(-wide / 0.08)
}

/// Many axes, two of them matter.
fn few_matter(x: &[f64], seed: u64) -> f64 {
    let z = offsets(x, seed);
    let (a, b) = (hash(seed, [5]) as usize % z.len(), hash(seed, [6]) as usize % z.len());
    let mixed = z[a] + 0.5 * z[b];
    mixed * mixed + 0.3 * z[b].abs() + 1e-3 * sphere(&z)
}

/// Loss of a model against its logarithmic learning rate and regularisation: flat on one side, a cliff on the other.
fn learning_rate(x: &[f64], seed: u64) -> f64 {
    let z = offsets(x, seed);
    let cliff = 1.0 / (1.0 + libm::exp(-30.0 * (z[0] - 0.12)));
    let rest: f64 = z[1..].iter().map(|v| 0.3 * v * v / (0.05 + v.abs())).sum();
    2.0 * cliff + 0.4 * (1.0 - libm::exp(-5.0 * z[0] * z[0])) + rest
}

/// The worst coordinate counts.
fn corner(x: &[f64], seed: u64) -> f64 {
    let z = offsets(x, seed);
    z.iter().enumerate().map(|(i, v)| (0.5 + drawn(seed, i, 2)) * v.abs()).fold(0.0, f64::max)
}

/// Six smooth hills of different size.
fn hills(x: &[f64], seed: u64) -> f64 {
    let hill = |k: u64| {
        let far: f64 = x
            .iter()
            .enumerate()
            .map(|(i, v)| (v - drawn(seed, i, 10 + k)) * (v - drawn(seed, i, 10 + k)))
            .sum();
        -(0.3 + 0.7 * drawn(seed, 0, 20 + k)) * libm::exp(-far / (0.03 * x.len() as f64))
    };
    (0..6).map(hill).sum()
}

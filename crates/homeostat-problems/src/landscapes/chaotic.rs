//! Families in which what was found says nothing about what is near, at any scale that a search can reach.

use super::{Family, bits, drawn, target};
use crate::random::{hash, normal, unit};
use std::f64::consts::TAU;

pub(super) const FAMILIES: [Family; 13] = [
    Family { name: "white", dimensions: [1, 3, 8, 20], formula: white },
    Family { name: "bell", dimensions: [2, 5, 10, 15], formula: bell },
    Family { name: "heavy-tail", dimensions: [1, 4, 6, 12], formula: heavy_tail },
    Family { name: "cells", dimensions: [2, 4, 8, 16], formula: cells },
    Family { name: "needle", dimensions: [2, 3, 5, 10], formula: needle },
    Family { name: "shuffled", dimensions: [1, 3, 6, 12], formula: shuffled },
    Family { name: "logistic", dimensions: [1, 2, 6, 20], formula: logistic },
    Family { name: "weierstrass", dimensions: [1, 2, 2, 3], formula: weierstrass },
    Family { name: "drowned-bowl", dimensions: [1, 2, 4, 8], formula: drowned_bowl },
    Family { name: "coins", dimensions: [4, 8, 12, 20], formula: coins },
    Family { name: "sines", dimensions: [1, 2, 3, 5], formula: sines },
    Family { name: "hashed-noise-floor", dimensions: [2, 3, 7, 14], formula: noise_floor },
    Family { name: "rough", dimensions: [1, 2, 2, 3], formula: rough },
];

/// Uniform noise.
fn white(x: &[f64], seed: u64) -> f64 {
    unit(hash(seed, bits(x)))
}

/// Normal noise.
fn bell(x: &[f64], seed: u64) -> f64 {
    normal(hash(seed, bits(x)))
}

/// Noise with rare, far outliers above: a latency that means nothing.
fn heavy_tail(x: &[f64], seed: u64) -> f64 {
    libm::pow(unit(hash(seed, bits(x))), -0.7)
}

/// Constant in each cell of a fine grid, without relation between cells.
fn cells(x: &[f64], seed: u64) -> f64 {
    let side = 512.0;
    unit(hash(seed, x.iter().map(|v| (v * side).floor() as u64)))
}

/// Flat but for one place that no search of this size finds.
fn needle(x: &[f64], seed: u64) -> f64 {
    let far = x.iter().enumerate().map(|(i, v)| (v - target(seed, i)).abs()).fold(0.0, f64::max);
    if far < 1e-3 { far - 1e-3 } else { 0.0 }
}

/// A bowl whose coordinates were cut into a thousand pieces and dealt anew, each by where all of them are.
fn shuffled(x: &[f64], seed: u64) -> f64 {
    let pieces = 1021;
    let piece = |v: f64| ((v * pieces as f64) as u64).min(pieces - 1);
    let cube = |v: u64| v * v % pieces * v % pieces;
    let all =
        x.iter().enumerate().map(|(i, &v)| piece(v) * (1 + hash(seed, [i as u64, 1]) % 1000)).sum::<u64>()
            % pieces;
    let term = |(i, &v): (usize, &f64)| {
        let a = 1 + hash(seed, [i as u64]) % (pieces - 1);
        // x^3 permutes the residues of a prime that leaves 2 when divided by 3; it has no slope.
        let dealt = a * (cube(piece(v)) + cube(all)) % pieces;
        let z = dealt as f64 / pieces as f64 - target(seed, i);
        z * z
    };
    x.iter().enumerate().map(term).sum()
}

/// Fifty turns of the logistic map: neighbours part within a few.
fn logistic(x: &[f64], seed: u64) -> f64 {
    let turn = |i: usize, v: f64| {
        let mut state = (v * 0.61 + drawn(seed, i, 2)) % 1.0;
        for _ in 0..50 {
            state = 4.0 * state * (1.0 - state);
        }
        state
    };
    x.iter().enumerate().map(|(i, v)| turn(i, *v)).sum()
}

/// Weierstrass' function, the slow terms left out: rough at every scale from a hundredth down.
fn weierstrass(x: &[f64], seed: u64) -> f64 {
    let term = |(i, v): (usize, &f64)| {
        (0..16)
            .map(|k| {
                let frequency = 97.0 * libm::pow(3.0, f64::from(k));
                libm::pow(0.92, f64::from(k)) * libm::cos(TAU * (frequency * v + drawn(seed, i, 2)))
            })
            .sum::<f64>()
    };
    x.iter().enumerate().map(term).sum()
}

/// A bowl under noise thirty times its range.
fn drowned_bowl(x: &[f64], seed: u64) -> f64 {
    let bowl: f64 = x.iter().enumerate().map(|(i, v)| (v - target(seed, i)) * (v - target(seed, i))).sum();
    bowl + 7.0 * libm::sqrt(x.len() as f64) * normal(hash(seed, bits(x)))
}

/// One of four values, without relation to the place.
fn coins(x: &[f64], seed: u64) -> f64 {
    (hash(seed, bits(x)) % 4) as f64
}

/// Sines far faster than any sample can follow.
fn sines(x: &[f64], seed: u64) -> f64 {
    let term = |(i, v): (usize, &f64)| libm::sin(1e7 * (1.0 + drawn(seed, i, 2)) * v);
    x.iter().enumerate().map(term).sum()
}

/// A flat floor on which rare points are better, anywhere.
fn noise_floor(x: &[f64], seed: u64) -> f64 {
    let word = hash(seed, bits(x));
    if word.is_multiple_of(20) { -unit(hash(seed, [word])) } else { 0.0 }
}

/// Interpolated random heights on grids of 1/1024 down to 1/1048576, all of one size: a fractal surface without a trend.
fn rough(x: &[f64], seed: u64) -> f64 {
    let octave = |k: u32| {
        let side = f64::from(1u32 << k);
        let corner = |i: usize, c: u64| normal(hash(seed, [u64::from(k), i as u64, c]));
        // Neighbouring axes are added before the cut: the surface is not a sum over axes.
        let height = |i: usize| {
            let place = side * (x[i] + 0.618 * x[(i + 1) % x.len()] + 0.37 * x[(i + 2) % x.len()]);
            let cell = place.floor();
            let t = place - cell;
            (1.0 - t) * corner(i, cell as u64) + t * corner(i, cell as u64 + 1)
        };
        (0..x.len()).map(height).sum::<f64>()
    };
    (10..=20).map(octave).sum()
}

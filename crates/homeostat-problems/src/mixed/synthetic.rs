//! Test functions over options and real numbers, from the literature on mixed Bayesian optimisation.

use super::{Dimension, Kind, Problem};
use crate::Half;
use std::f64::consts::{E, PI, TAU};

pub(super) fn problems() -> Vec<Problem> {
    vec![func2c(), func3c(), ackley5c(), ackley53(), rosenbrock(), branin(), goldstein()]
}

/// Rosenbrock, six-hump camel and Beale, in CoCaBO's scaling.
fn base(which: f64, x: f64, y: f64) -> f64 {
    let (xx, yy) = (x * x, y * y);
    let square = |v: f64| v * v;
    match which as u32 {
        0 => (100.0 * square(y - xx) + square(x - 1.0)) / 300.0,
        1 => ((4.0 - 2.1 * xx + xx * xx / 3.0) * xx + x * y + (4.0 * yy - 4.0) * yy) / 10.0,
        _ => (square(1.5 - x + x * y) + square(2.25 - x + x * yy) + square(2.625 - x + x * yy * y)) / 50.0,
    }
}

fn func2c() -> Problem {
    Problem {
        name: "func2c",
        source: "Ru, Alvi, Nguyen, Osborne and Roberts 2020 (CoCaBO), without its noise of 1e-6",
        kind: Kind::Mixed,
        constrained: false,
        half: Half::Held,
        dimensions: vec![
            Dimension::choice(3),
            Dimension::choice(5),
            Dimension::real(-1.0, 1.0),
            Dimension::real(-1.0, 1.0),
        ],
        best_at: vec![1.0, 1.0, 0.044_921_005_15, -0.356_328_201_5],
        best: -0.206_325_690_7,
        best_from: "proof: twice the camel's minimum, the least of the three",
        evaluate: |x| {
            let (u, v) = (2.0 * x[2], 2.0 * x[3]);
            base(x[0], u, v) + base(x[1], u, v)
        },
    }
}

fn func3c() -> Problem {
    Problem {
        name: "func3c",
        source: "Ru, Alvi, Nguyen, Osborne and Roberts 2020 (CoCaBO), without its noise of 1e-6",
        kind: Kind::Mixed,
        constrained: false,
        half: Half::Develop,
        dimensions: vec![
            Dimension::choice(3),
            Dimension::choice(5),
            Dimension::choice(4),
            Dimension::real(-1.0, 1.0),
            Dimension::real(-1.0, 1.0),
        ],
        best_at: vec![1.0, 1.0, 0.0, 0.044_921_005_15, -0.356_328_201_5],
        best: -0.722_139_917_4,
        best_from: "proof: seven times the camel's minimum",
        evaluate: |x| {
            let (u, v) = (2.0 * x[3], 2.0 * x[4]);
            let third = match x[2] as u32 {
                0 => 5.0 * base(1.0, u, v),
                1 => 2.0 * base(0.0, u, v),
                _ => x[2] * base(2.0, u, v),
            };
            base(x[0], u, v) + base(x[1], u, v) + third
        },
    }
}

fn ackley(x: impl Iterator<Item = f64>) -> f64 {
    let (mut n, mut squares, mut cosines) = (0.0, 0.0, 0.0);
    for v in x {
        n += 1.0;
        squares += v * v;
        cosines += libm::cos(TAU * v);
    }
    20.0 + E - 20.0 * libm::exp(-0.2 * (squares / n).sqrt()) - libm::exp(cosines / n)
}

/// Where option `i` of 17 lies in [-1, 1], shifted by a few options per dimension so that no option is best in all.
fn seventeenth(dimension: usize, option: f64) -> f64 {
    let place = (option as usize * 5 + 3 * dimension + 1) % 17;
    place as f64 / 8.0 - 1.0
}

fn ackley5c() -> Problem {
    let mut dimensions = vec![Dimension::choice(17); 5];
    dimensions.push(Dimension::real(-1.0, 1.0));
    Problem {
        name: "ackley5c",
        source: "Ru and others 2020 (CoCaBO): five choices of 17 places and a real number; here the options are shuffled",
        kind: Kind::Categorical,
        constrained: false,
        half: Half::Develop,
        dimensions,
        best_at: vec![15.0, 11.0, 7.0, 3.0, 16.0, 0.0],
        best: 0.0,
        best_from: "proof",
        evaluate: |x| ackley((0..6).map(|i| if i < 5 { seventeenth(i, x[i]) } else { x[i] })),
    }
}

/// Which option of each switch means 0: the published function has its optimum at all switches off, which a default
/// start would find by accident.
const ON: u64 = 0b10_1101_0011_0101_1010_0111_0010_1001_1100_0110_1011_0010_1101;

fn ackley53() -> Problem {
    let mut dimensions = vec![Dimension::choice(2); 50];
    dimensions.extend(vec![Dimension::real(-1.0, 1.0); 3]);
    let mut best_at: Vec<f64> = (0..50).map(|i| (ON >> i & 1) as f64).collect();
    best_at.extend([0.0; 3]);
    Problem {
        name: "ackley53",
        source: "Bliek, Guijt, Verwer and de Weerdt 2021 (MVRSM); 50 switches and three reals; here the switches are flipped",
        kind: Kind::Categorical,
        constrained: false,
        half: Half::Held,
        dimensions,
        best_at,
        best: 0.0,
        best_from: "proof",
        evaluate: |x| {
            ackley((0..53).map(|i| if i < 50 { (x[i] - (ON >> i & 1) as f64).abs() } else { x[i] }))
        },
    }
}

fn rosenbrock() -> Problem {
    let mut dimensions = vec![Dimension::integer(-2, 2); 3];
    dimensions.extend(vec![Dimension::real(-2.0, 2.0); 7]);
    Problem {
        name: "rosenbrock10-mixed",
        source: "Bliek, Guijt, Verwer and de Weerdt 2021 (MVRSM); three whole numbers and seven reals",
        kind: Kind::Mixed,
        constrained: false,
        half: Half::Held,
        dimensions,
        best_at: vec![1.0; 10],
        best: 0.0,
        best_from: "proof",
        evaluate: |x| {
            let pair = |p: &[f64]| {
                let (bend, rest) = (p[1] - p[0] * p[0], 1.0 - p[0]);
                100.0 * bend * bend + rest * rest
            };
            x.windows(2).map(pair).sum::<f64>() / 300.0
        },
    }
}

fn branin() -> Problem {
    Problem {
        name: "branin-mixed",
        source: "Pelamatti, Brevault, Balesdent, Talbi and Guerin 2021: Branin with two switches, unconstrained",
        kind: Kind::Mixed,
        constrained: false,
        half: Half::Develop,
        dimensions: vec![
            Dimension::real(0.0, 1.0),
            Dimension::real(0.0, 1.0),
            Dimension::choice(2),
            Dimension::choice(2),
        ],
        best_at: vec![0.0, 0.0, 1.0, 1.0],
        best: -4.517_207_270_143_658,
        best_from: "long search",
        evaluate: |x| {
            let (u, v) = (15.0 * x[0] - 5.0, 15.0 * x[1]);
            let valley = v - 5.0 / (4.0 * PI * PI) * u * u + 5.0 / PI * u - 6.0;
            let wave = 10.0 * (1.0 - 1.0 / (8.0 * PI)) * libm::cos(u) + 10.0;
            let h = (valley * valley + wave - 54.8104) / 51.9496;
            match (x[2] as u32, x[3] as u32) {
                (0, 0) => h,
                (0, _) => 0.4 * h + 1.1,
                (_, 0) => -0.75 * h + 5.2,
                _ => -0.5 * h - 2.1,
            }
        },
    }
}

fn goldstein() -> Problem {
    Problem {
        name: "goldstein-mixed",
        source: "Pelamatti, Brevault, Balesdent, Talbi and Guerin 2021: Goldstein-Price with two choices, unconstrained",
        kind: Kind::Mixed,
        constrained: false,
        half: Half::Held,
        dimensions: vec![
            Dimension::real(0.0, 100.0),
            Dimension::real(0.0, 100.0),
            Dimension::choice(3),
            Dimension::choice(3),
        ],
        best_at: vec![94.544_425_181_634_94, 100.0, 2.0, 2.0],
        best: 38.084_712_677_705_29,
        best_from: "long search",
        evaluate: |x| {
            let levels = [20.0, 50.0, 80.0];
            let (a, b, c, d) = (x[0], x[1], levels[x[2] as usize], levels[x[3] as usize]);
            53.3108 + 0.184901 * a - 5.02914e-6 * a * a * a + 7.72522e-8 * a * a * a * a
                - 0.0870775 * b
                - 0.106959 * c
                + 7.98772e-6 * c * c * c
                + 0.00242482 * d
                + 1.32851e-6 * d * d * d
                - 0.00146393 * a * b
                - 0.00301588 * a * c
                - 0.00272291 * a * d
                + 0.0017004 * b * c
                + 0.0038428 * b * d
                - 0.000198969 * c * d
                + 1.86025e-5 * a * b * c
                - 1.88719e-6 * a * b * d
                + 2.50923e-5 * a * c * d
                - 5.62199e-5 * b * c * d
        },
    }
}

//! Frames and beams from stock sections.

use super::{Dimension, Kind, Problem, penalised};
use crate::Half;

pub(super) fn problems() -> Vec<Problem> {
    vec![stepped_cantilever(), ten_bar_truss(), process_synthesis()]
}

/// Widths and heights in stock of the second and third step, in centimetres.
const WIDTHS: [f64; 4] = [2.4, 2.6, 2.8, 3.1];
const HEIGHTS: [f64; 4] = [45.0, 50.0, 55.0, 60.0];

fn stepped_cantilever() -> Problem {
    Problem {
        name: "stepped-cantilever",
        source: "Thanedar and Vanderplaats 1995; five steps, whole, stock and real sizes, volume in cubic centimetres",
        kind: Kind::Mixed,
        constrained: true,
        half: Half::Held,
        dimensions: vec![
            Dimension::integer(1, 5),
            Dimension::integer(0, 3),
            Dimension::integer(0, 3),
            Dimension::real(1.0, 5.0),
            Dimension::real(1.0, 5.0),
            Dimension::integer(30, 65),
            Dimension::integer(0, 3),
            Dimension::integer(0, 3),
            Dimension::real(30.0, 65.0),
            Dimension::real(30.0, 65.0),
        ],
        best_at: vec![
            3.0,
            3.0,
            1.0,
            2.280_887_416_695_079,
            1.749_757_011_938_004_6,
            60.0,
            2.0,
            1.0,
            45.617_748_333_921_59,
            34.995_140_238_760_094,
        ],
        best: 64_578.194_016_937_46,
        best_from: "literature (64,578.194; Erbatur, Hasancebi, Tutuncu and Kilic 2000) and a long search",
        evaluate: |x| {
            let widths = [x[0], WIDTHS[x[1] as usize], WIDTHS[x[2] as usize], x[3], x[4]];
            let heights = [x[5], HEIGHTS[x[6] as usize], HEIGHTS[x[7] as usize], x[8], x[9]];
            let (load, young, step) = (50_000.0, 2e7, 100.0);
            let (mut volume, mut bow, mut excesses) = (0.0, 0.0, Vec::with_capacity(11));
            for (i, (b, h)) in widths.into_iter().zip(heights).enumerate() {
                let reach = (5 - i) as f64;
                volume += b * h * step;
                // The share of a step whose ends are `reach - 1` and `reach` steps from the load.
                bow += (reach * reach * reach - (reach - 1.0) * (reach - 1.0) * (reach - 1.0)) * 12.0
                    / (b * h * h * h);
                excesses.push(6.0 * load * reach * step / (b * h * h) / 14_000.0 - 1.0);
                excesses.push(h / b / 20.0 - 1.0);
            }
            bow *= load * step * step * step / (3.0 * young);
            excesses.push(bow / 2.7 - 1.0);
            penalised(volume, 64_000.0, &excesses)
        },
    }
}

/// Sections in stock, in square inches (American Institute of Steel Construction).
const SECTIONS: [f64; 42] = [
    1.62, 1.80, 1.99, 2.13, 2.38, 2.62, 2.63, 2.88, 2.93, 3.09, 3.13, 3.38, 3.47, 3.55, 3.63, 3.84, 3.87,
    3.88, 4.18, 4.22, 4.49, 4.59, 4.80, 4.97, 5.12, 5.74, 7.22, 7.97, 11.5, 13.5, 13.9, 14.2, 15.5, 16.0,
    16.9, 18.8, 19.9, 22.0, 22.9, 26.5, 30.0, 33.5,
];
/// Free nodes first; the last two are held. Inches.
const NODES: [[f64; 2]; 6] =
    [[720.0, 360.0], [720.0, 0.0], [360.0, 360.0], [360.0, 0.0], [0.0, 360.0], [0.0, 0.0]];
const MEMBERS: [[usize; 2]; 10] =
    [[4, 2], [2, 0], [5, 3], [3, 1], [2, 3], [0, 1], [4, 3], [5, 2], [2, 1], [3, 0]];

fn ten_bar_truss() -> Problem {
    Problem {
        name: "ten-bar-truss",
        source: "Rajeev and Krishnamoorthy 1992; ten members from a table of 42 sections, weight in pounds",
        kind: Kind::Integer,
        constrained: true,
        half: Half::Develop,
        dimensions: vec![Dimension::integer(0, 41); 10],
        best_at: vec![41.0, 0.0, 38.0, 31.0, 0.0, 0.0, 27.0, 38.0, 37.0, 0.0],
        best: 5_490.737_892_493,
        best_from: "literature (5,490.74; Li, Huang and Liu 2009)",
        evaluate: |x| {
            let areas: [f64; 10] = core::array::from_fn(|i| SECTIONS[x[i] as usize]);
            let (young, density) = (1e4, 0.1);
            let mut stiffness = [[0.0; 9]; 8];
            let mut weight = 0.0;
            let bars: [([f64; 2], f64); 10] = core::array::from_fn(|i| {
                let [a, b] = MEMBERS[i].map(|node| NODES[node]);
                let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
                let length = (dx * dx + dy * dy).sqrt();
                ([dx / length, dy / length], length)
            });
            for (i, (direction, length)) in bars.iter().enumerate() {
                weight += density * areas[i] * length;
                let k = young * areas[i] / length;
                for (p, &from) in MEMBERS[i].iter().enumerate() {
                    for (q, &to) in MEMBERS[i].iter().enumerate() {
                        let sign = if p == q { 1.0 } else { -1.0 };
                        for (r, c) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                            if from < 4 && to < 4 {
                                stiffness[2 * from + r][2 * to + c] += sign * k * direction[r] * direction[c];
                            }
                        }
                    }
                }
            }
            stiffness[3][8] = -100.0;
            stiffness[7][8] = -100.0;
            let moved = solve(stiffness);
            let at = |node: usize, axis: usize| if node < 4 { moved[2 * node + axis] } else { 0.0 };
            let mut excesses: Vec<f64> = moved.iter().map(|d| d.abs() / 2.0 - 1.0).collect();
            for (i, (direction, length)) in bars.iter().enumerate() {
                let [a, b] = MEMBERS[i];
                let strain =
                    ((at(b, 0) - at(a, 0)) * direction[0] + (at(b, 1) - at(a, 1)) * direction[1]) / length;
                excesses.push((young * strain).abs() / 25.0 - 1.0);
            }
            penalised(weight, 5490.738, &excesses)
        },
    }
}

/// Gaussian elimination of a positive definite system whose last column is the right side.
fn solve(mut a: [[f64; 9]; 8]) -> [f64; 8] {
    for i in 0..8 {
        for j in i + 1..8 {
            let factor = a[j][i] / a[i][i];
            for k in i..9 {
                a[j][k] -= factor * a[i][k];
            }
        }
    }
    let mut x = [0.0; 8];
    for i in (0..8).rev() {
        let known: f64 = (i + 1..8).map(|j| a[i][j] * x[j]).sum();
        x[i] = (a[i][8] - known) / a[i][i];
    }
    x
}

fn process_synthesis() -> Problem {
    Problem {
        name: "process-synthesis",
        source: "Yuan, Zhang, Pibouleau and Domenech 1988; Floudas 1995: three flows, four units on or off",
        kind: Kind::Mixed,
        constrained: true,
        half: Half::Develop,
        dimensions: vec![
            Dimension::real(0.0, 1.2),
            Dimension::real(0.0, 1.8),
            Dimension::real(0.0, 2.5),
            Dimension::choice(2),
            Dimension::choice(2),
            Dimension::choice(2),
            Dimension::choice(2),
        ],
        best_at: vec![0.2, 0.8, 1.907_878_402_833_890_6, 1.0, 1.0, 0.0, 1.0],
        best: 4.579_582_402_4,
        best_from: "literature (Floudas 1995)",
        evaluate: |x| {
            let square = |v: f64| v * v;
            let cost = square(x[0] - 1.0)
                + square(x[1] - 2.0)
                + square(x[2] - 3.0)
                + square(x[3] - 1.0)
                + square(x[4] - 2.0)
                + square(x[5] - 1.0)
                - libm::log(x[6] + 1.0);
            let limits = [
                (x[..6].iter().sum::<f64>(), 5.0),
                (square(x[5]) + square(x[0]) + square(x[1]) + square(x[2]), 5.5),
                (x[3] + x[0], 1.2),
                (x[4] + x[1], 1.8),
                (x[5] + x[2], 2.5),
                (x[6] + x[0], 1.2),
                (square(x[4]) + square(x[1]), 1.64),
                (square(x[5]) + square(x[2]), 4.25),
                (square(x[4]) + square(x[2]), 4.64),
            ];
            penalised(cost, 4.5796, &limits.map(|(value, limit)| value / limit - 1.0))
        },
    }
}

//! Angles and switches: radar codes and training of small models.

use super::{Dimension, Kind, Problem};
use crate::Half;
use std::f64::consts::TAU;

pub(super) fn problems() -> Vec<Problem> {
    vec![polyphase(), boosting()]
}

const PHASES: usize = 7;

fn polyphase() -> Problem {
    let mut dimensions = vec![Dimension::integer(0, 15); 3];
    dimensions.extend(vec![Dimension::Periodic { min: 0.0, max: TAU }; 4]);
    Problem {
        name: "polyphase7",
        source: "Dukic and Dobrosavljevic 1990, spread spectrum radar code; here three of seven phases have 16 digital steps",
        kind: Kind::Mixed,
        constrained: false,
        half: Half::Develop,
        dimensions,
        best_at: vec![
            14.0,
            13.0,
            15.0,
            5.247_752_974_518_193,
            3.792_345_981_899_022_6,
            3.675_282_991_758_705,
            4.182_701_239_934_014,
        ],
        best: 0.505_263_896_815_959_6,
        best_from: "long search",
        evaluate: |x| {
            let phase: [f64; PHASES] = core::array::from_fn(|i| if i < 3 { x[i] * TAU / 16.0 } else { x[i] });
            // The sum of the phases from `from` to `to`, both counted from 1.
            let span = |from: usize, to: usize| phase[from - 1..to].iter().sum::<f64>();
            let mut worst = f64::NEG_INFINITY;
            for i in 1..=PHASES {
                let odd: f64 = (i..=PHASES).map(|j| libm::cos(span((2 * i).abs_diff(j + 1) + 1, j))).sum();
                worst = worst.max(odd).max(-odd);
                if i < PHASES {
                    let even: f64 =
                        (i + 1..=PHASES).map(|j| libm::cos(span((2 * i).abs_diff(j) + 1, j))).sum();
                    worst = worst.max(0.5 + even).max(-0.5 - even);
                }
            }
            worst
        },
    }
}

fn boosting() -> Problem {
    Problem {
        name: "response-surface8",
        source: "A hyperparameter surface in the manner of YAHPO Gym (Pfisterer and others 2022), as a formula of our own",
        kind: Kind::Integer,
        constrained: false,
        half: Half::Held,
        dimensions: vec![
            Dimension::Continuous { min: 1e-4, max: 1.0, log: true },
            Dimension::Integer { min: 8, max: 2048, log: true },
            Dimension::integer(1, 15),
            Dimension::Integer { min: 1, max: 100, log: true },
            Dimension::choice(4),
            Dimension::integer(1, 10),
            Dimension::choice(3),
            Dimension::Continuous { min: 1e-6, max: 10.0, log: true },
        ],
        best_at: vec![0.001_412_537_501_888_756_9, 2048.0, 7.0, 8.0, 1.0, 7.0, 2.0, 0.01],
        best: 0.121_277_261_587_283_15,
        best_from: "long search",
        evaluate: |x| {
            let square = |v: f64| v * v;
            let (rate, trees) = (libm::log10(x[0]), libm::log2(x[1]));
            // Small steps need many trees; which depth is best depends on the way of splitting.
            let steps = rate + 0.3 * trees - 0.45;
            let depth = [5.0, 7.0, 4.0, 9.0][x[4] as usize];
            let split = [0.02, 0.0, 0.05, 0.03][x[4] as usize];
            let sample = [0.6, 0.8, 0.7][x[6] as usize];
            let fill = square(x[5] / 10.0 - sample) * 0.2 + [0.03, 0.01, 0.0][x[6] as usize];
            let ridge = libm::log10(x[7]) + 2.0 - 0.15 * (x[2] - depth);
            let leaf = libm::log10(x[3]) - 0.9 + 0.05 * (x[2] - depth);
            let loss = 0.04 * square(steps) / (1.0 + 0.3 * steps.abs())
                + 0.004 * square(x[2] - depth) / (1.0 + 0.1 * (x[2] - depth).abs())
                + split
                + fill
                + 0.006 * square(ridge)
                + 0.05 * square(leaf)
                + 0.06 * libm::exp(-0.35 * trees);
            0.12 + loss
        },
    }
}

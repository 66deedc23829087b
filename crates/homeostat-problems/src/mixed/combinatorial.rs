//! Switches and choices only: sequences, schedules and logic.

use super::{Dimension, Kind, Problem};
use crate::Half;
use crate::random::Rng;
use std::sync::OnceLock;

pub(super) fn problems() -> Vec<Problem> {
    vec![labs(), contamination(), pest(), satisfiability()]
}

/// A point from one digit per option.
fn digits(text: &str) -> Vec<f64> {
    text.bytes().map(|digit| f64::from(digit - b'0')).collect()
}

fn labs() -> Problem {
    Problem {
        name: "labs30",
        source: "Golay 1977; low autocorrelation binary sequence of 30 signs, minus the merit factor",
        kind: Kind::Categorical,
        constrained: false,
        half: Half::Held,
        dimensions: vec![Dimension::choice(2); 30],
        best_at: digits("010100101000111000000010011011"),
        best: -7.627_118_644_067_797,
        best_from: "exhaustive search (energy 59; Mertens 1996)",
        evaluate: |x| {
            let sign = |i: usize| 2.0 * x[i] - 1.0;
            let mut energy = 0.0;
            for lag in 1..30 {
                let c: f64 = (0..30 - lag).map(|i| sign(i) * sign(i + lag)).sum();
                energy += c * c;
            }
            -900.0 / (2.0 * energy)
        },
    }
}

const STAGES: usize = 25;
const RUNS: usize = 100;

/// Uniform numbers behind the stages' rates, drawn once: the same weather for every policy.
struct Weather {
    first: [f64; RUNS],
    spread: [[f64; RUNS]; STAGES],
    cure: [[f64; RUNS]; STAGES],
}

fn weather(seed: u64) -> Box<Weather> {
    let mut rng = Rng::new(seed);
    let mut row = || core::array::from_fn(|_| rng.uniform());
    Box::new(Weather {
        first: row(),
        spread: core::array::from_fn(|_| row()),
        cure: core::array::from_fn(|_| row()),
    })
}

/// Beta(1, b) from a uniform number.
fn beta1(u: f64, b: f64) -> f64 {
    1.0 - libm::pow(1.0 - u, 1.0 / b)
}

fn contamination() -> Problem {
    Problem {
        name: "contamination25",
        source: "Hu, Hu, Xu, Wang and Cao 2010, as in Oh, Tomczak, Gavves and Welling 2019 (COMBO): 25 stages, 100 runs, lambda 0.01",
        kind: Kind::Categorical,
        constrained: false,
        half: Half::Develop,
        dimensions: vec![Dimension::choice(2); STAGES],
        best_at: digits("0111010110110110110101100"),
        best: 21.49,
        best_from: "exhaustive search",
        evaluate: |x| {
            static DRAWN: OnceLock<Box<Weather>> = OnceLock::new();
            let w = DRAWN.get_or_init(|| {
                let mut w = weather(2010);
                w.first.iter_mut().for_each(|u| *u = beta1(*u, 30.0));
                w.spread.iter_mut().flatten().for_each(|u| *u = beta1(*u, 17.0 / 3.0));
                w.cure.iter_mut().flatten().for_each(|u| *u = beta1(*u, 3.0 / 7.0));
                w
            });
            let mut dirty = w.first;
            let mut value = 0.0;
            for i in 0..STAGES {
                let mut below = 0.0;
                for k in 0..RUNS {
                    dirty[k] = if x[i] == 0.0 {
                        w.spread[i][k] * (1.0 - dirty[k]) + dirty[k]
                    } else {
                        (1.0 - w.cure[i][k]) * dirty[k]
                    };
                    below += f64::from(dirty[k] < 0.1);
                }
                value += 1.01 * x[i] - (below / RUNS as f64 - 0.95);
            }
            value
        },
    }
}

fn pest() -> Problem {
    Problem {
        name: "pest25",
        source: "Oh, Tomczak, Gavves and Welling 2019 (COMBO): nothing or one of four pesticides at 25 stages; the runs are drawn once",
        kind: Kind::Categorical,
        constrained: false,
        half: Half::Held,
        dimensions: vec![Dimension::choice(5); STAGES],
        best_at: digits("4444444444444444444444440"),
        best: 12.06,
        best_from: "long search",
        evaluate: |x| {
            static DRAWN: OnceLock<Box<Weather>> = OnceLock::new();
            let w = DRAWN.get_or_init(|| {
                let mut w = weather(2019);
                w.first.iter_mut().for_each(|u| *u = beta1(*u, 30.0));
                w.spread.iter_mut().flatten().for_each(|u| *u = beta1(*u, 17.0 / 3.0));
                w
            });
            let price = [0.0, 1.0, 0.8, 0.7, 0.5];
            let discount = [0.0, 0.2, 0.3, 0.3, 0.0];
            let resistance = [0.0, 1.0 / 7.0, 2.5 / 7.0, 2.0 / 7.0, 0.5 / 7.0];
            let mut effect = [1.0, 2.0 / 7.0, 3.0 / 7.0, 3.0 / 7.0, 5.0 / 7.0];
            let bought: [f64; 5] = core::array::from_fn(|k| {
                x.iter().filter(|&&v| v as usize == k).count() as f64 / STAGES as f64
            });
            let mut pests = w.first;
            let mut value = 0.0;
            for i in 0..STAGES {
                let used = x[i] as usize;
                value += pests.iter().filter(|&&p| p > 0.1).count() as f64 / RUNS as f64;
                value += price[used] * (1.0 - discount[used] * bought[used]);
                for k in 0..RUNS {
                    pests[k] = if used == 0 {
                        w.spread[i][k] * (1.0 - pests[k]) + pests[k]
                    } else {
                        (1.0 - beta1(w.cure[i][k], effect[used])) * pests[k]
                    };
                }
                effect[used] += resistance[used] / STAGES as f64;
            }
            value
        },
    }
}

/// A clause of three literals: variable, and the value that satisfies it; and what it weighs.
type Clause = ([(usize, f64); 3], f64);

fn clauses() -> &'static [Clause] {
    static DRAWN: OnceLock<Vec<Clause>> = OnceLock::new();
    DRAWN.get_or_init(|| {
        let mut rng = Rng::new(3);
        (0..120)
            .map(|_| {
                let mut chosen = [(24, 0.0); 3];
                for i in 0..3 {
                    let mut variable = rng.below(24);
                    while chosen[..i].iter().any(|c| c.0 == variable) {
                        variable = rng.below(24);
                    }
                    chosen[i] = (variable, rng.below(2) as f64);
                }
                (chosen, 1.0 + rng.below(9) as f64)
            })
            .collect()
    })
}

fn satisfiability() -> Problem {
    Problem {
        name: "maxsat24",
        source: "Weighted Max-3-SAT, uniform random: 24 variables, 120 clauses of weight 1 to 9; as Oh and others 2019, smaller",
        kind: Kind::Categorical,
        constrained: false,
        half: Half::Develop,
        dimensions: vec![Dimension::choice(2); 24],
        best_at: digits("111100111010011010001010"),
        best: 1.0,
        best_from: "exhaustive search",
        evaluate: |x| {
            let unmet = |(literals, weight): &Clause| {
                if literals.iter().all(|&(variable, wanted)| x[variable] != wanted) { *weight } else { 0.0 }
            };
            clauses().iter().map(unmet).sum()
        },
    }
}

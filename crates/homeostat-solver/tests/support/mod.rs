//! Random studies, driven by one seeded stream of operations.
// Every test file takes what it needs.
#![allow(dead_code)]

use homeostat_core::rng::Rng;
use homeostat_solver::study::{Outcome, Study};

pub const STRATEGIES: [&str; 6] = ["auto", "nelder-mead", "tpe", "spsa", "random", "sobol"];

/// Spaces of every kind: name, bounds, and how many points it has (0: no end).
pub const SPACES: [(&str, &str, u64); 6] = [
    ("real", r#""x":{"min":-5,"max":5},"y":{"min":1e-5,"max":1,"scale":"log"}"#, 0),
    ("angle", r#""hour":{"min":0,"max":24,"scale":"periodic"},"x":{"min":0,"max":1}"#, 0),
    (
        "mixed",
        r#""x":{"min":0,"max":1},"c":{"kind":"choice","choices":["a","b",3,true]},"b":{"kind":"boolean"}"#,
        0,
    ),
    ("levels", r#""n":{"kind":"integer","min":1,"max":6},"c":{"kind":"choice","choices":["p","q"]}"#, 12),
    (
        "uneven",
        r#""n":{"kind":"integer","min":1,"max":9,"scale":"log"},"h":{"kind":"integer","min":0,"max":5,"scale":"periodic"}"#,
        45,
    ),
    (
        "fine",
        r#""t":{"kind":"duration","min":100,"max":700},"s":{"kind":"bytes","min":1,"max":1024,"scale":"log"}"#,
        601 * 1024,
    ),
];

pub fn study(strategy: &str, bounds: &str, extra: &str, seed: u64) -> Study {
    let text =
        format!(r#"{{"seed":{seed},"budget":60,"strategy":"{strategy}","bounds":{{{bounds}}}{extra}}}"#);
    Study::new(&text).unwrap()
}

pub fn complete(value: f64) -> Outcome {
    Outcome::Complete { value, margin: f64::NAN }
}

pub fn objective(study: &Study, values: &[f64]) -> f64 {
    let unit = study.config().space.to_unit(values);
    unit.iter().enumerate().map(|(i, u)| (u - 0.3) * (u - 0.3) * (i + 1) as f64).sum()
}

/// One random operation; `constrained` outcomes have margins.
pub fn operate(study: &mut Study, rng: &mut Rng, constrained: bool) {
    let open: Vec<u32> =
        (0..study.trials().len() as u32).filter(|t| study.trials()[*t as usize].outcome.is_none()).collect();
    match rng.next_u64() % 8 {
        0..=3 if open.len() < 5 => _ = study.ask(),
        4 => {
            let values = random_values(study, rng);
            let outcome = outcome(study, &values, rng, constrained);
            study.add(&values, outcome).unwrap();
        }
        _ => {
            if let Some(trial) = open.get(rng.next_u64() as usize % open.len().max(1)) {
                let values = study.trials()[*trial as usize].values.clone();
                let outcome = outcome(study, &values, rng, constrained);
                study.tell(*trial, outcome).unwrap();
            }
        }
    }
}

pub fn random_values(study: &Study, rng: &mut Rng) -> Vec<f64> {
    let unit: Vec<f64> = (0..study.config().space.len())
        .map(|_| (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64)
        .collect();
    study.config().space.to_values(&unit)
}

fn outcome(study: &Study, values: &[f64], rng: &mut Rng, constrained: bool) -> Outcome {
    let value = objective(study, values);
    match rng.next_u64() % 16 {
        0 => Outcome::Failed { reason: "it \"broke\"\n".into() },
        1 => Outcome::Pruned { value },
        2 => Outcome::Complete { value: f64::NAN, margin: f64::NAN },
        3 => Outcome::Complete { value: f64::NEG_INFINITY, margin: f64::NAN },
        _ => Outcome::Complete { value, margin: if constrained { value - 0.2 } else { f64::NAN } },
    }
}

pub fn restore(log: &[u8]) -> Study {
    let mut reader = homeostat_solver::study::StudyReader::new();
    reader.push(log).unwrap();
    reader.finish().unwrap()
}

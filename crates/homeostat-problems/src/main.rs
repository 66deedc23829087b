//! `search` looks long for better points than the best known, `exhaust` tries every point where it can, `golden` writes the
//! fixtures, `labels` measures the landscapes' labels again, `overhead` measures what the solver costs.

use homeostat_problems::golden;
use homeostat_problems::landscapes::{landscapes, measure};
use homeostat_problems::mixed::{Dimension, Problem, problems};
use homeostat_problems::overhead::{STUDIES, measure as measure_study};
use homeostat_problems::random::Rng;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("search") => search(&arguments[1..]),
        Some("exhaust") => exhaust(),
        Some("overhead") => overhead(),
        Some("golden") => golden(),
        Some("labels") => labels(&arguments[1..]),
        _ => {
            eprintln!(
                "usage: problems search [evaluations] [name...] | exhaust | labels [runs] | golden | overhead"
            );
            std::process::exit(2);
        }
    }
}

fn search(arguments: &[String]) {
    let evaluations = arguments.first().and_then(|word| word.parse().ok()).unwrap_or(1_000_000);
    for problem in problems() {
        if arguments.len() > 1 && !arguments[1..].iter().any(|name| name == problem.name) {
            continue;
        }
        let (value, point) = evolve(&problem, evaluations, 1);
        println!("{} {value:?} (known {:?}) at {point:?}", problem.name, problem.best);
    }
}

/// One JSON line per study.
fn overhead() {
    for (dimensions, strategy, objective, trials) in STUDIES {
        let row = measure_study(dimensions, strategy, objective, trials);
        let marks: Vec<String> =
            row.marks_us().iter().map(|(mark, us)| format!("\"{mark}\":{us:.3}")).collect();
        println!(
            "{{\"layer\":\"core\",\"dimensions\":{dimensions},\"strategy\":\"{strategy}\",\"objective\":\"{objective}\",\
             \"trials\":{trials},\"mean_us\":{:.3},\"worst_us\":{:.1},\"tenths_us\":{:.3?},\"marks_us\":{{{}}}}}",
            row.mean_us(),
            row.worst_us(),
            row.tenths_us(),
            marks.join(",")
        );
    }
}

/// Writes the fixtures, from the repository's root.
fn golden() {
    for (name, text) in [("mixed", golden::mixed()), ("landscapes", golden::labelled())] {
        let path = format!("fixtures/solver/{name}.json");
        if let Err(error) = std::fs::write(&path, text) {
            eprintln!("{path}: {error}");
            std::process::exit(1);
        }
        println!("{path}");
    }
}

/// The measured share of every landscape, against its label.
fn labels(arguments: &[String]) {
    let runs = arguments.first().and_then(|word| word.parse().ok()).unwrap_or(400);
    for landscape in landscapes() {
        let share = measure::share(&landscape, runs);
        let agrees = measure::verdict(share) == Some(landscape.label);
        let verdict = if agrees { "" } else { "  DISAGREES" };
        println!(
            "{:24} {:11} {:8} {share:.3}{verdict}",
            landscape.name,
            landscape.label.word(),
            landscape.half.word()
        );
    }
}

/// Every point of the spaces with at most 2^25 of them.
fn exhaust() {
    for problem in problems() {
        let sizes: Option<Vec<u64>> = problem
            .dimensions
            .iter()
            .map(|d| match *d {
                Dimension::Categorical { options } => Some(u64::from(options)),
                Dimension::Integer { min, max, .. } => Some((max - min + 1) as u64),
                _ => None,
            })
            .collect();
        let Some(sizes) = sizes else { continue };
        let total = sizes.iter().try_fold(1u64, |product, &size| product.checked_mul(size));
        let Some(total) = total.filter(|&total| total <= 1 << 25) else { continue };
        let (mut best, mut best_at, mut x) = (f64::INFINITY, Vec::new(), vec![0.0; sizes.len()]);
        for point in 0..total {
            let mut rest = point;
            for (i, &size) in sizes.iter().enumerate() {
                let least =
                    if let Dimension::Integer { min, .. } = problem.dimensions[i] { min as f64 } else { 0.0 };
                x[i] = least + (rest % size) as f64;
                rest /= size;
            }
            let value = problem.evaluate(&x);
            if value < best {
                (best, best_at) = (value, x.clone());
            }
        }
        println!("{} {best:?} (known {:?}) at {best_at:?}", problem.name, problem.best);
    }
}

/// Differential evolution with restarts for any space: long, simple, and unlike the solver that is judged.
fn evolve(problem: &Problem, evaluations: usize, seed: u64) -> (f64, Vec<f64>) {
    let mut rng = Rng::new(seed);
    let dimensions = &problem.dimensions;
    let (size, restarts) = (60, 5);
    let (mut best, mut best_at) = (f64::INFINITY, Vec::new());
    for _ in 0..restarts {
        let mut crowd: Vec<(f64, Vec<f64>)> = (0..size)
            .map(|_| {
                let x: Vec<f64> = dimensions.iter().map(|d| d.at(rng.uniform())).collect();
                (problem.evaluate(&x), x)
            })
            .collect();
        for turn in 0..evaluations / restarts {
            let target = turn % size;
            let [a, b, c] = core::array::from_fn(|_| rng.below(size));
            let kept = rng.below(dimensions.len());
            let (rate, weight) = (rng.uniform(), rng.between(0.2, 0.9));
            let local = rng.uniform() < 0.3;
            let x: Vec<f64> = (0..dimensions.len())
                .map(|i| {
                    let d = &dimensions[i];
                    let own = crowd[target].1[i];
                    if i != kept && rng.uniform() > if local { 0.1 } else { rate } {
                        return own;
                    }
                    let base = if local { own } else { crowd[a].1[i] };
                    let fresh = d.at(rng.uniform());
                    let moved = match d {
                        Dimension::Categorical { .. } if rng.uniform() < 0.2 => fresh,
                        Dimension::Categorical { .. } => crowd[a].1[i],
                        Dimension::Integer { .. } if rng.uniform() < 0.15 => {
                            base + (rng.word() % 3) as f64 - 1.0
                        }
                        Dimension::Continuous { .. } | Dimension::Periodic { .. } if local => {
                            base + (fresh - base) * libm::pow(10.0, -rng.between(0.0, 9.0))
                        }
                        _ => base + weight * (crowd[b].1[i] - crowd[c].1[i]),
                    };
                    d.nearest(moved)
                })
                .collect();
            let value = problem.evaluate(&x);
            if value <= crowd[target].0 {
                crowd[target] = (value, x);
            }
        }
        for (value, x) in crowd {
            if value < best {
                (best, best_at) = (value, x);
            }
        }
    }
    (best, best_at)
}

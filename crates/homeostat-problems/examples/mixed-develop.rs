//! How the mixed strategy is measured while it is made: the develop half only.
//!
//! `run [problem...]` prints a line of JSON for each problem and each of the seeds 1 to 5: the best value after 10, 20, ...,
//! 100 evaluations. `time` prints what an ask and a tell cost. `serve` answers one line for each line `problem x...`, so
//! that a rival in another language can be measured on the same code; `spaces` prints the spaces.
use homeostat_problems::{
    Half,
    mixed::{Dimension as Theirs, Problem, problems},
};
use homeostat_solver::mixed::{Dimension, Mixed};
use std::io::BufRead;
use std::time::Instant;

const BUDGET: usize = 100;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.first().map(String::as_str) {
        Some("run") => run(&words[1..]),
        Some("time") => time(),
        Some("serve") => serve(),
        Some("spaces") => spaces(),
        _ => eprintln!("usage: mixed-develop run [problem...] | time | serve | spaces"),
    }
}

fn develop() -> Vec<Problem> {
    problems().into_iter().filter(|p| p.half == Half::Develop).collect()
}

/// The strategy's view of a problem's coordinate, and back.
fn view(d: &Theirs) -> Dimension {
    match *d {
        Theirs::Continuous { .. } => Dimension::Continuous,
        Theirs::Periodic { .. } => Dimension::Periodic,
        Theirs::Integer { min, max, log } if log && max - min > 64 => Dimension::Continuous,
        Theirs::Integer { min, max, .. } => Dimension::Ordered { levels: (max - min + 1) as u32 },
        Theirs::Categorical { options } => Dimension::Categorical { options },
    }
}

fn back(d: &Theirs, x: f64) -> f64 {
    match *d {
        Theirs::Continuous { min, max, log: true } => min * libm::pow(max / min, x),
        Theirs::Continuous { min, max, .. } | Theirs::Periodic { min, max } => min + (max - min) * x,
        Theirs::Integer { min, max, log } if log && max - min > 64 => {
            (min as f64 * libm::pow(max as f64 / min as f64, x)).round()
        }
        Theirs::Integer { min, .. } => min as f64 + x,
        Theirs::Categorical { .. } => x,
    }
}

fn trace(problem: &Problem, seed: u64) -> Vec<f64> {
    let dims = problem.dimensions.iter().map(view).collect();
    let mut mixed = Mixed::new(dims, seed);
    let mut best = f64::INFINITY;
    let mut trace = Vec::new();
    for i in 1..=BUDGET {
        if let Some(x) = mixed.ask(&[]) {
            let own: Vec<f64> = problem.dimensions.iter().zip(&x).map(|(d, &x)| back(d, x)).collect();
            let y = problem.evaluate(&own);
            mixed.tell(&x, y);
            best = best.min(y);
        }
        if i % 10 == 0 {
            trace.push(best);
        }
    }
    trace
}

fn run(words: &[String]) {
    let named = |p: &Problem| words.iter().any(|w| w == p.name);
    let any = develop().iter().any(named);
    for problem in develop().iter().filter(|p| !any || named(p)) {
        for seed in 1..=5 {
            let trace = trace(problem, seed);
            println!("{{\"problem\":\"{}\",\"seed\":{seed},\"trace\":{trace:?}}}", problem.name);
        }
    }
}

/// Mean and greatest cost of an ask and a tell among so many trials, 10 dimensions of every kind.
fn time() {
    let dims: Vec<Dimension> = (0..10)
        .map(|i| match i % 4 {
            0 => Dimension::Continuous,
            1 => Dimension::Ordered { levels: 8 },
            2 => Dimension::Categorical { options: 4 },
            _ => Dimension::Periodic,
        })
        .collect();
    let mut mixed = Mixed::new(dims, 1);
    let mut taken = Vec::new();
    for i in 1..=10_000 {
        let start = Instant::now();
        let x = mixed.ask(&[]).expect("a continuum is never exhausted");
        let asked = start.elapsed();
        let y: f64 = x.iter().enumerate().map(|(i, x)| (x - 0.3) * (x - 0.3) * (1.0 + i as f64)).sum();
        let start = Instant::now();
        mixed.tell(&x, y);
        taken.push((asked + start.elapsed()).as_secs_f64() * 1e3);
        if [100, 1_000, 10_000].contains(&i) {
            let greatest = taken.iter().fold(0.0f64, |a, b| a.max(*b));
            println!("{i}: mean {:.2} ms, greatest {greatest:.2} ms", taken.iter().sum::<f64>() / i as f64);
            let last = &taken[i - i.min(1_000)..];
            println!(
                "  the last {}: mean {:.2} ms",
                last.len(),
                last.iter().sum::<f64>() / last.len() as f64
            );
        }
    }
}

fn serve() {
    let all = problems();
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("text");
        let mut words = line.split_whitespace();
        let name = words.next().unwrap_or_default();
        let x: Vec<f64> = words.map(|w| w.parse().expect("a number")).collect();
        let problem = all.iter().find(|p| p.name == name).expect("a problem's name");
        println!("{:?}", problem.evaluate(&x));
    }
}

fn spaces() {
    for p in develop() {
        let dims: Vec<String> = p
            .dimensions
            .iter()
            .map(|d| match *d {
                Theirs::Continuous { min, max, log } => format!("[\"real\",{min:?},{max:?},{log}]"),
                Theirs::Periodic { min, max } => format!("[\"real\",{min:?},{max:?},false]"),
                Theirs::Integer { min, max, log } => format!("[\"integer\",{min},{max},{log}]"),
                Theirs::Categorical { options } => format!("[\"choice\",{options}]"),
            })
            .collect();
        println!(
            "{{\"name\":\"{}\",\"best\":{:?},\"kind\":\"{}\",\"dims\":[{}]}}",
            p.name,
            p.best,
            p.kind.word(),
            dims.join(",")
        );
    }
}

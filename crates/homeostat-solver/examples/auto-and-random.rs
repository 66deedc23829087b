//! Whether following pays: the share of paired runs in which `auto` ends better than uniform points (ties half), on the
//! labelled landscapes for development, and what the classifier says at the end of `auto`'s run.

use homeostat_problems::Half;
use homeostat_problems::landscapes::{Landscape, landscapes, measure};
use homeostat_solver::study::{Outcome, Report, Study};

/// The least value of a run of usual length, and what was said of it.
fn run(strategy: &str, landscape: &Landscape, seed: u64) -> (f64, Report) {
    let bounds: Vec<String> = (0..landscape.n).map(|i| format!(r#""x{i}":{{"min":0,"max":1}}"#)).collect();
    let config = format!(r#"{{"seed":{seed},"strategy":"{strategy}","bounds":{{{}}}}}"#, bounds.join(","));
    let mut study = Study::new(&config).unwrap();
    let mut least = f64::INFINITY;
    for _ in 0..measure::budget(landscape.n) {
        let trial = study.ask().unwrap();
        let value = landscape.evaluate(&study.trials()[trial as usize].values);
        least = least.min(value);
        study.tell(trial, Outcome::Complete { value, margin: f64::NAN }).unwrap();
    }
    (least, study.report())
}

fn main() {
    let runs = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(20);
    for landscape in landscapes().into_iter().filter(|l| l.half == Half::Develop) {
        let (mut wins, mut structured) = (0.0, 0);
        for seed in 0..runs {
            let (ours, report) = run("auto", &landscape, seed);
            let (theirs, _) = run("random", &landscape, 1_000_000 + seed);
            wins += f64::from(u8::from(ours < theirs)) + 0.5 * f64::from(u8::from(ours == theirs));
            structured += u64::from(report.landscape.is_some_and(|verdict| verdict.structured));
        }
        println!(
            "{:24} {:11} auto wins {:.2}, called structured {structured} of {runs}",
            landscape.name,
            landscape.label.word(),
            wins / runs as f64
        );
    }
}

//! Prints what the classifier sees of the labelled landscapes that are for development, one line per sample: landscape, label
//! (1 structured), how the sample was taken, points, dimensions, features. The classifier's weights are fitted to these lines.

use homeostat_problems::Half;
use homeostat_problems::landscapes::{Label, Landscape, landscapes};
use homeostat_solver::classify::Sample;
use homeostat_solver::probe::Probe;
use homeostat_solver::study::{Outcome, Study};

/// Points of a probe.
fn probed(landscape: &Landscape, seed: u64, count: usize) -> Vec<Vec<f64>> {
    let probe = Probe::new(landscape.n, seed);
    (0..count as u32).map(|i| probe.point(i)).collect()
}

/// Points that a strategy chose by the values that it found.
fn chosen(strategy: &str, landscape: &Landscape, seed: u64, count: usize) -> Vec<Vec<f64>> {
    let bounds: Vec<String> = (0..landscape.n).map(|i| format!(r#""x{i}":{{"min":0,"max":1}}"#)).collect();
    let config = format!(r#"{{"seed":{seed},"strategy":"{strategy}","bounds":{{{}}}}}"#, bounds.join(","));
    let mut study = Study::new(&config).unwrap();
    for _ in 0..count {
        let trial = study.ask().unwrap();
        let value = landscape.evaluate(&study.trials()[trial as usize].values);
        study.tell(trial, Outcome::Complete { value, margin: f64::NAN }).unwrap();
    }
    study.trials().iter().map(|trial| trial.values.clone()).collect()
}

fn main() {
    for landscape in landscapes().into_iter().filter(|l| l.half == Half::Develop) {
        let label = u8::from(landscape.label == Label::Structured);
        for (source, seed) in [("probe", 0), ("auto", 1), ("tpe", 2), ("probe", 3)] {
            for count in [10, 20, 40, 100, 200] {
                let points = match source {
                    "probe" => probed(&landscape, seed, count),
                    strategy => chosen(strategy, &landscape, seed, count),
                };
                let sample: Vec<(&[f64], f64)> =
                    points.iter().map(|x| (x.as_slice(), landscape.evaluate(x))).collect();
                let features = Sample::new(&sample).features();
                let text: Vec<String> = features.iter().map(|f| format!("{f:.4}")).collect();
                println!("{} {label} {source} {count} {} {}", landscape.name, landscape.n, text.join(" "));
            }
        }
    }
}

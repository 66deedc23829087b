//! What the solver itself costs per evaluation: a study is asked and told, the objective takes no time.

use crate::random::Rng;
use homeostat_solver::study::{Outcome, Study};
use std::time::Instant;

/// Numbers of past trials that the cost is looked at.
pub const MARKS: [usize; 3] = [100, 1000, 10_000];
/// Trials from each mark on that are averaged.
pub const WINDOW: usize = 100;

/// One measurement: microseconds of an ask and a tell together.
pub struct Row {
    /// Each trial's.
    pub spent_us: Vec<f64>,
}

impl Row {
    /// Mean over all trials.
    pub fn mean_us(&self) -> f64 {
        mean(&self.spent_us)
    }

    /// The slowest trial.
    pub fn worst_us(&self) -> f64 {
        self.spent_us.iter().copied().fold(0.0, f64::max)
    }

    /// Mean over each tenth of the trials.
    pub fn tenths_us(&self) -> Vec<f64> {
        self.spent_us.chunks(self.spent_us.len().div_ceil(10)).map(mean).collect()
    }

    /// Mean at each mark that the study reached.
    pub fn marks_us(&self) -> Vec<(usize, f64)> {
        MARKS.iter().filter_map(|&mark| Some((mark, mean(self.spent_us.get(mark..mark + WINDOW)?)))).collect()
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// A bent valley with a turn: no phase of the solver ends early on it.
fn valley(x: &[f64]) -> f64 {
    let pair = |p: &[f64]| {
        let (bend, rest) = (p[1] - p[0] * p[0], 1.0 - p[0]);
        100.0 * bend * bend + rest * rest
    };
    x.windows(2).map(pair).sum()
}

/// Ripples on a bowl: the solver starts over again and again.
fn ripples(x: &[f64]) -> f64 {
    x.iter().map(|v| (v - 1.3) * (v - 1.3) + 10.0 - 10.0 * libm::cos(6.0 * v)).sum::<f64>() + x[0] * x[1]
}

/// Noise that belongs to the point.
fn noise(x: &[f64]) -> f64 {
    Rng::new(crate::random::hash(0, x.iter().map(|v| v.to_bits()))).uniform()
}

/// One study of `trials` in `dimensions`.
pub fn measure(dimensions: usize, strategy: &str, objective: &str, trials: usize) -> Row {
    let bounds: Vec<String> = (0..dimensions).map(|i| format!("\"x{i}\":{{\"min\":-5,\"max\":5}}")).collect();
    let config = format!("{{\"seed\":7,\"strategy\":\"{strategy}\",\"bounds\":{{{}}}}}", bounds.join(","));
    let mut study = Study::new(&config).expect("the configuration is valid");
    let evaluate = match objective {
        "ripples" => ripples,
        "noise" => noise,
        _ => valley,
    };
    let spent_us = (0..trials)
        .map(|_| {
            let begin = Instant::now();
            let trial = study.ask().expect("a continuum has points");
            let asked = begin.elapsed();
            let value = evaluate(&study.trials()[trial as usize].values);
            let begin = Instant::now();
            study.tell(trial, Outcome::Complete { value, margin: f64::NAN }).expect("the trial is open");
            drop(study.take_log());
            (asked + begin.elapsed()).as_secs_f64() * 1e6
        })
        .collect();
    Row { spent_us }
}

/// The studies that are promised something, and a few more.
pub const STUDIES: [(usize, &str, &str, usize); 8] = [
    (5, "auto", "valley", 1000),
    (5, "auto", "valley", 10_100),
    (5, "auto", "ripples", 10_100),
    (5, "auto", "noise", 10_100),
    (40, "auto", "valley", 2000),
    (40, "auto", "ripples", 10_100),
    (40, "tpe", "valley", 1000),
    (40, "random", "valley", 10_100),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_of_the_right_trials() {
        let row = Row { spent_us: (0..1100).map(f64::from).collect() };
        assert_eq!(row.mean_us(), 549.5);
        assert_eq!(row.worst_us(), 1099.0);
        assert_eq!(row.tenths_us().len(), 10);
        assert_eq!(row.tenths_us()[9], 1044.5);
        assert_eq!(row.marks_us(), [(100, 149.5), (1000, 1049.5)]);
    }

    #[test]
    fn every_trial_of_a_study_is_timed() {
        let row = measure(3, "random", "noise", 50);
        assert_eq!(row.spent_us.len(), 50);
        assert!(row.mean_us() > 0.0 && row.marks_us().is_empty());
    }
}

//! Many seeds of the same contender, plant, preset and noise, in one row.

use super::Metrics;
use crate::auditor::Breaches;
use crate::guardrails::Preset;

/// Mean and worst over seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stat {
    /// Mean.
    pub mean: f64,
    /// Largest; NaN if any value is.
    pub worst: f64,
}

impl Stat {
    /// None for no values.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let values: Vec<f64> = values.into_iter().collect();
        let worst = values.iter().copied().reduce(|a, b| if b.is_nan() || b > a { b } else { a })?;
        Some(Self { mean: crate::stats::mean(&values), worst })
    }
}

/// One row of the table.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Who.
    pub contender: String,
    /// Against what.
    pub plant: &'static str,
    /// Under which guardrails.
    pub preset: Preset,
    /// Noise.
    pub cv: f64,
    /// Number of seeds.
    pub seeds: usize,
    /// Regret; None where the default is optimal.
    pub regret: Option<Stat>,
    /// Share of unsafe windows.
    pub unsafe_share: Stat,
    /// Time to 90 % of the gain, in seconds.
    pub t90_s: Stat,
    /// Time to recover from a jump, in seconds.
    pub recovery_s: Option<Stat>,
    /// SafeMode entries per run.
    pub safe_mode_entries: Stat,
    /// Worst window relative to the default.
    pub worst_ratio: f64,
    /// Mean cost above the oracle's, relative.
    pub excess: Stat,
    /// Ordinary updates per run.
    pub ordinary_updates: f64,
    /// Exceptional updates per run.
    pub exceptional_updates: f64,
    /// Breaches of all runs together.
    pub breaches: Breaches,
}

impl Summary {
    /// Sums up at least one run.
    pub fn of(contender: &str, plant: &'static str, preset: Preset, cv: f64, runs: &[Metrics]) -> Self {
        let stat = |value: fn(&Metrics) -> f64| Stat::of(runs.iter().map(value)).expect("at least one run");
        let mut breaches = Breaches::default();
        runs.iter().for_each(|run| breaches.merge(&run.breaches));
        Self {
            contender: contender.to_owned(),
            plant,
            preset,
            cv,
            seeds: runs.len(),
            regret: Stat::of(runs.iter().filter_map(|run| run.regret)),
            unsafe_share: stat(|run| run.unsafe_share),
            t90_s: stat(|run| run.t90_s),
            recovery_s: Stat::of(runs.iter().filter_map(|run| run.recovery_s)),
            safe_mode_entries: stat(|run| run.safe_mode_entries as f64),
            worst_ratio: stat(|run| run.worst_ratio).worst,
            excess: stat(|run| run.excess),
            ordinary_updates: stat(|run| run.ordinary_updates as f64).mean,
            exceptional_updates: stat(|run| run.exceptional_updates as f64).mean,
            breaches,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_seed_is_kept_and_nan_is_never_hidden() {
        assert_eq!(Stat::of([0.1, 0.3, 0.2]).unwrap().worst, 0.3);
        assert!(Stat::of([0.1, f64::NAN, 0.2]).unwrap().worst.is_nan());
        assert!(Stat::of([0.1, f64::NAN, 0.2]).unwrap().mean.is_nan());
        assert_eq!(Stat::of([]), None);
    }
}

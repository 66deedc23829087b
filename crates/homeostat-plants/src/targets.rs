//! The live tuner's targets, and whether a set of rows meets them.

use std::fmt::Write;

use crate::guardrails::Preset;
use crate::run::Summary;

/// Noise that the targets are stated for.
pub const CV: f64 = 0.1;
/// Seeds that the targets are stated for.
pub const SEEDS: usize = 20;
/// Plants that the targets need.
pub const PLANTS: [&str; 10] = ["P1", "P2", "P3", "P4", "P5", "P0", "P1I", "P2I", "P3I", "P4I"];
/// Presets that the targets need.
pub const PRESETS: [Preset; 2] = [Preset::Balanced, Preset::Conservative];

/// Mean regret per plant, balanced and conservative.
const REGRET: [(&str, f64, f64); 5] =
    [("P1", 0.20, 0.30), ("P2", 0.08, 0.08), ("P3", 0.04, 0.04), ("P4", 0.16, 0.21), ("P5", 0.25, 0.30)];
/// The same for whole numbers: what the twins are held to, but for P4I, where a probe cannot be smaller than 4 % of a range.
const REGRET_WHOLE: [(&str, f64, f64); 4] =
    [("P1I", 0.20, 0.30), ("P2I", 0.08, 0.08), ("P3I", 0.04, 0.04), ("P4I", 0.20, 0.25)];
/// Share of unsafe windows, mean over P1 to P5.
const UNSAFE: (f64, f64) = (0.010, 0.015);
/// Excess cost on P0.
const EXCESS: f64 = 0.02;
/// SafeMode entries per run, on the worst plant.
const SAFE_MODE: f64 = 0.5;

/// One target against what was measured.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What the target is about.
    pub target: String,
    /// Under which guardrails.
    pub preset: Preset,
    /// At most this.
    pub limit: f64,
    /// NaN where a row that the target needs was not run.
    pub measured: f64,
}

impl Outcome {
    /// What was not measured is not met.
    pub fn met(&self) -> bool {
        self.measured <= self.limit
    }
}

/// Every target for the rows of one contender.
pub fn outcomes(rows: &[Summary], contender: &str) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for preset in PRESETS {
        let pick = |balanced: f64, conservative: f64| match preset {
            Preset::Conservative => conservative,
            _ => balanced,
        };
        let row = |plant: &str| usable(rows, contender, plant, preset);
        let mut add = |target: String, limit: f64, measured: f64| {
            outcomes.push(Outcome { target, preset, limit, measured });
        };
        for (plant, balanced, conservative) in REGRET.into_iter().chain(REGRET_WHOLE) {
            let regret = row(plant).and_then(|row| row.regret).map_or(f64::NAN, |regret| regret.mean);
            add(format!("{plant} regret"), pick(balanced, conservative), regret);
        }
        let unsafe_shares =
            REGRET.map(|(plant, ..)| row(plant).map_or(f64::NAN, |row| row.unsafe_share.mean));
        add("unsafe windows, P1-P5 %".into(), 100.0 * pick(UNSAFE.0, UNSAFE.1), 100.0 * mean(&unsafe_shares));
        let excess = row("P0").map_or(f64::NAN, |row| row.excess.mean);
        add("P0 excess cost %".into(), 100.0 * EXCESS, 100.0 * excess);
        let entries = PLANTS.map(|plant| row(plant).map_or(f64::NAN, |row| row.safe_mode_entries.mean));
        add("SafeMode entries, worst plant".into(), SAFE_MODE, largest(&entries));
        let breaches = PLANTS.map(|plant| row(plant).map_or(f64::NAN, |row| row.breaches.total() as f64));
        add("guardrail breaches, all runs".into(), 0.0, breaches.iter().sum());
    }
    outcomes
}

/// A row counts only under the conditions that the targets are stated for.
fn usable<'a>(rows: &'a [Summary], contender: &str, plant: &str, preset: Preset) -> Option<&'a Summary> {
    rows.iter().find(|row| {
        row.contender == contender
            && row.plant == plant
            && row.preset == preset
            && row.seeds >= SEEDS
            && (row.cv - CV).abs() < 1e-12
    })
}

fn mean(values: &[f64]) -> f64 {
    crate::stats::mean(values)
}

fn largest(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, |max, v| if v.is_nan() || v > max { v } else { max })
}

/// The outcomes as text.
pub fn table(outcomes: &[Outcome]) -> String {
    let mut out = format!("{:30} {:12} {:>8} {:>9}\n", "target", "preset", "at most", "measured");
    for outcome in outcomes {
        let verdict = if outcome.met() {
            ""
        } else if outcome.measured.is_nan() {
            "  MISSED: not run at cv 10 % with 20 seeds"
        } else {
            "  MISSED"
        };
        let _ = writeln!(
            out,
            "{:30} {:12} {:>8.3} {:>9.3}{verdict}",
            outcome.target, outcome.preset, outcome.limit, outcome.measured
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auditor::{Auditor, Rules};
    use crate::run::Stat;

    fn row(plant: &'static str, preset: Preset) -> Summary {
        let stat = |mean| Stat { mean, worst: mean };
        Summary {
            contender: "subject".into(),
            plant,
            preset,
            cv: CV,
            seeds: SEEDS,
            regret: (plant != "P0").then_some(stat(0.02)),
            unsafe_share: stat(0.005),
            t90_s: stat(10.0),
            recovery_s: None,
            safe_mode_entries: stat(0.1),
            worst_ratio: 1.0,
            excess: stat(0.01),
            ordinary_updates: 0.0,
            exceptional_updates: 0.0,
            breaches: Default::default(),
        }
    }

    fn rows() -> Vec<Summary> {
        PRESETS.into_iter().flat_map(|preset| PLANTS.map(|plant| row(plant, preset))).collect()
    }

    fn missed(rows: &[Summary]) -> Vec<String> {
        let missed = outcomes(rows, "subject").into_iter().filter(|outcome| !outcome.met());
        missed.map(|outcome| format!("{} {}", outcome.target, outcome.preset)).collect()
    }

    #[test]
    fn good_rows_meet_every_target() {
        assert_eq!(outcomes(&rows(), "subject").len(), 26);
        assert_eq!(missed(&rows()), Vec::<String>::new());
    }

    #[test]
    fn each_target_is_missed_on_its_own() {
        let spoil = |change: fn(&mut Summary), plant: &str| {
            let mut rows = rows();
            rows.iter_mut().filter(|r| r.plant == plant && r.preset == Preset::Conservative).for_each(change);
            missed(&rows)
        };
        assert_eq!(spoil(|r| r.regret.as_mut().unwrap().mean = 0.0801, "P2"), ["P2 regret conservative"]);
        assert_eq!(spoil(|r| r.regret.as_mut().unwrap().mean = f64::NAN, "P3"), ["P3 regret conservative"]);
        assert_eq!(spoil(|r| r.unsafe_share.mean = 0.06, "P4"), ["unsafe windows, P1-P5 % conservative"]);
        assert_eq!(spoil(|r| r.excess.mean = 0.021, "P0"), ["P0 excess cost % conservative"]);
        assert_eq!(
            spoil(|r| r.safe_mode_entries.mean = 0.6, "P5"),
            ["SafeMode entries, worst plant conservative"]
        );
        let breach = |r: &mut Summary| {
            let mut auditor = Auditor::new(Rules::of(Preset::Balanced), 1, [0.5; 4]);
            auditor.observe_live(0, &[0.6; 4]);
            r.breaches = auditor.breaches().clone();
        };
        assert_eq!(spoil(breach, "P1"), ["guardrail breaches, all runs conservative"]);
    }

    #[test]
    fn what_was_not_run_under_the_stated_conditions_is_missed() {
        assert_eq!(missed(&[]).len(), 26);
        let mut fewer = rows();
        fewer.iter_mut().for_each(|row| row.seeds = 19);
        assert_eq!(missed(&fewer).len(), 26);
        let mut quieter = rows();
        quieter.iter_mut().for_each(|row| row.cv = 0.02);
        assert_eq!(missed(&quieter).len(), 26);
        let mut other = rows();
        other.iter_mut().for_each(|row| row.contender = "other".into());
        assert_eq!(missed(&other).len(), 26);
    }
}

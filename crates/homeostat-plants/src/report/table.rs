//! Results as text.

use std::fmt::Write;

use crate::contender::Case;
use crate::run::{Stat, Summary};

/// One row per contender, plant, preset and noise: means over the seeds and the worst seed.
pub fn table(rows: &[Summary]) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{:17} {:4} {:12} {:>4} {:>5} | {:>7} {:>7} {:>8} {:>7} {:>6} {:>6} {:>6} {:>6} {:>7} {:>6} {:>8}",
        "contender",
        "plant",
        "preset",
        "cv%",
        "seeds",
        "regret",
        "worst",
        "excess%",
        "unsafe%",
        "t90 s",
        "recov",
        "SM",
        "max",
        "updates",
        "except",
        "breaches"
    );
    for row in rows {
        let _ = writeln!(
            out,
            "{:17} {:4} {:12} {:>4.0} {:>5} | {:>7} {:>7} {:>8.2} {:>7.2} {:>6.0} {:>6} {:>6.2} {:>6.2} {:>7.0} {:>6.1} {:>8}",
            row.contender,
            row.plant,
            row.preset,
            100.0 * row.cv,
            row.seeds,
            optional(row.regret, |stat| stat.mean, 3),
            optional(row.regret, |stat| stat.worst, 3),
            100.0 * row.excess.mean,
            100.0 * row.unsafe_share.mean,
            row.t90_s.mean,
            optional(row.recovery_s, |stat| stat.mean, 0),
            row.safe_mode_entries.mean,
            row.worst_ratio,
            row.ordinary_updates,
            row.exceptional_updates,
            row.breaches.total()
        );
    }
    first_breaches(rows, &mut out);
    out
}

/// The first breach of each contender, in words.
fn first_breaches(rows: &[Summary], out: &mut String) {
    let mut told: Vec<&str> = Vec::new();
    for row in rows {
        let Some(breach) = row.breaches.first().first().filter(|_| !told.contains(&row.contender.as_str()))
        else {
            continue;
        };
        told.push(&row.contender);
        let seconds = breach.time_us as f64 / 1e6;
        let _ = writeln!(
            out,
            "first breach of {}: {:?} at {seconds} s on {} ({}), {}",
            row.contender, breach.kind, row.plant, row.preset, breach.detail
        );
    }
}

/// What the plants allow: default, dynamic oracle, and the best fixed setting in hindsight.
pub fn references<'a>(cases: impl IntoIterator<Item = &'a Case>) -> String {
    let mut out = String::new();
    for case in cases {
        let reference = &case.reference;
        let fixed = match reference.regret(reference.fixed_mean) {
            Some(regret) => format!("{regret:.3}"),
            None => "-".to_owned(),
        };
        let _ = writeln!(
            out,
            "{:4} default {:.4}, dynamic oracle {:.4}, best fixed setting {:.4} (regret {fixed}) at {:.3?}",
            case.plant.name(),
            reference.initial_mean(),
            reference.oracle_mean(),
            reference.fixed_mean,
            &reference.fixed[..case.plant.knobs()],
        );
    }
    out
}

fn optional(stat: Option<Stat>, pick: fn(&Stat) -> f64, digits: usize) -> String {
    stat.map_or_else(|| "-".to_owned(), |stat| format!("{:.digits$}", pick(&stat)))
}

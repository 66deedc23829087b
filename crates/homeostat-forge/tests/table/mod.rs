//! A table of everything: the seconds of every schedule of one workload, on one adapter. As a file it has two lines: how many
//! schedules and a hash of their texts, which ties it to the very space that was measured, and nanoseconds in the order of the
//! space, 0 where a schedule failed.

use homeostat_forge::schedule::Schedule;
use sha2::{Digest, Sha256};

fn fingerprint(space: &[Schedule]) -> String {
    let mut hasher = Sha256::new();
    for schedule in space {
        hasher.update(schedule.text().as_bytes());
        hasher.update(b"\n");
    }
    hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// A file of these seconds, infinite where a schedule failed.
#[allow(dead_code)]
pub fn write(space: &[Schedule], seconds: &[f64]) -> String {
    let ns = |s: &f64| if s.is_finite() { format!("{:.0}", s * 1e9) } else { "0".into() };
    let numbers: Vec<String> = seconds.iter().map(ns).collect();
    format!("{} schedules {}\n{}\n", space.len(), fingerprint(space), numbers.join(" "))
}

/// Seconds in the order of the space; an error where the table is of another one.
pub fn read(space: &[Schedule], text: &str) -> Result<Vec<f64>, String> {
    let (head, numbers) = text.split_once('\n').ok_or("expected two lines")?;
    let wanted = format!("{} schedules {}", space.len(), fingerprint(space));
    if head != wanted {
        return Err(format!("it is of another space: it says '{head}', the space is '{wanted}'"));
    }
    let seconds: Vec<f64> = numbers
        .split_whitespace()
        .map(|n| n.parse::<u64>().map(|ns| if ns == 0 { f64::INFINITY } else { ns as f64 * 1e-9 }))
        .collect::<Result<_, _>>()
        .map_err(|e| e.to_string())?;
    if seconds.len() == space.len() { Ok(seconds) } else { Err(format!("{} numbers", seconds.len())) }
}

//! A schedule as numbers.

use super::cost;
use crate::plan::{Group, Work};
use crate::schedule::{Limits, Path, Schedule};
use alloc::{vec, vec::Vec};

/// A schedule as the search sees it.
pub(super) struct Point {
    /// Schedules of one path are alike.
    pub path: u32,
    /// Its dimensions, packed: what differs counts, not how far.
    pub dims: Vec<u32>,
    /// The same as the study has them: choices by rank.
    pub values: Vec<f64>,
    /// Counted operations of one unit of work.
    pub counts: Vec<f64>,
    /// Units of work, times how unevenly they are spread.
    pub scale: f64,
}

fn log2(n: u32) -> u32 {
    n.max(1).ilog2()
}

pub(super) fn of(group: &Group, schedule: &Schedule, limits: &Limits) -> Point {
    let (path, dims) = match schedule {
        Schedule::Contract(s) => {
            let path = Path::ALL.iter().position(|p| *p == s.path).unwrap_or(0) as u32;
            let flags = u32::from(s.lanes_on_rows) + 2 * u32::from(s.spread);
            (
                path,
                vec![
                    path,
                    log2(s.tile.0),
                    log2(s.tile.1),
                    log2(s.workgroup.0),
                    log2(s.workgroup.1),
                    flags,
                    u32::from(s.padded),
                    log2(s.split),
                ],
            )
        }
        Schedule::Row(s) => {
            // Alone or together, along rows or across them, by numbers or fours.
            let path =
                u32::from(s.threads > 1) + 2 * u32::from(s.width == 4) + 4 * u32::from(s.lanes_on_rows);
            (
                path,
                vec![
                    log2(s.threads),
                    log2(s.rows),
                    log2(s.width),
                    log2(s.unroll),
                    s.folding as u32,
                    u32::from(s.online),
                    u32::from(s.lanes_on_rows),
                ],
            )
        }
        Schedule::Map(s) => {
            (log2(s.width) + 3 * log2(s.items), vec![log2(s.invocations), log2(s.width), log2(s.items)])
        }
    };
    let (counts, scale) = match (schedule, &group.work) {
        (Schedule::Contract(s), Work::Contract(c)) => cost::contract(c, s, limits),
        (Schedule::Row(s), Work::Row(r)) => cost::row(r, s, limits),
        (Schedule::Map(s), _) => cost::map(group, s, limits),
        _ => (Vec::new(), 1.0),
    };
    Point { path, values: dims.iter().map(|d| f64::from(*d)).collect(), dims, counts, scale }
}

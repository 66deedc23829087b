//! A schedule as numbers.

use super::cost;
use crate::plan::{Group, Work};
use crate::schedule::{Folding, Limits, Schedule};
use alloc::vec::Vec;
use homeostat_core::list::List;

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

impl Point {
    /// The logarithm of the seconds that these coefficients make of it.
    pub fn expected(&self, coefficients: &[f64]) -> f64 {
        let sum: f64 = self.counts.iter().zip(coefficients).map(|(n, c)| n * c).sum();
        libm::log(sum * self.scale + 1e-30)
    }
}

pub(super) fn of(group: &Group, schedule: &Schedule, limits: &Limits) -> Point {
    let dims = schedule.dimensions();
    let path = match schedule {
        Schedule::Contract(_) => dims[0],
        Schedule::Row(s) => {
            // Alone, together, or a subgroup by its own operation; along rows or across them; by numbers or fours.
            let together = match s.folding {
                _ if s.threads == 1 => 0,
                Folding::Subgroup => 2,
                _ => 1,
            };
            together + 3 * u32::from(s.width == 4) + 6 * u32::from(s.lanes_on_rows)
        }
        Schedule::Map(_) => dims[1] + 3 * dims[2],
    };
    let (counts, scale) = match (schedule, &group.work) {
        (Schedule::Contract(s), Work::Contract(c)) => cost::contract(c, s, limits),
        (Schedule::Row(s), Work::Row(r)) => cost::row(r, s, limits),
        (Schedule::Map(s), _) => cost::map(group, s, limits),
        _ => (Vec::new(), 1.0),
    };
    Point { path, values: dims.iter().map(|d| f64::from(*d)).listed(), dims, counts, scale }
}

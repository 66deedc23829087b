//! Another start, far from all that is known.

use super::{Phase, Search, star::Star};
use alloc::vec::Vec;

/// How many random points compete to be the start.
const CANDIDATES: usize = 10;

/// Ends the run and begins the next.
pub(crate) fn restart(search: &mut Search) -> Phase {
    search.goal = search.archive.best().map_or(f64::INFINITY, |best| best.y);
    search.restarts += 1;
    search.archive.begin_run();
    let mut start = (f64::NEG_INFINITY, Vec::new());
    for _ in 0..CANDIDATES {
        let x: Vec<f64> = (0..search.n).map(|_| 0.1 + 0.8 * search.chance.uniform()).collect();
        let clearance = search.archive.clearance(&x);
        if clearance > start.0 {
            start = (clearance, x);
        }
    }
    Phase::Star(Star::at(start.1))
}

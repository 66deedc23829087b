//! What is kept of the told points: at most `ROWS_MAX`, so that a proposal costs the same after any number of them.
use crate::mixed::transform::transform;
use crate::order::ascending;
use alloc::vec::Vec;
use homeostat_core::list::List;

/// At so many points some are let go.
pub const ROWS_MAX: usize = 160;
/// Of those that stay so many are the best, and as many the latest of the others.
const ROWS_KEPT: usize = 60;

/// Told points and their values, in the order in which they were told.
#[derive(Clone, Debug, Default)]
pub struct Archive {
    points: Vec<Vec<f64>>,
    /// Infinite where the evaluation failed.
    values: Vec<f64>,
    /// The worst finite value of all that were told.
    worst: Option<f64>,
    told: u64,
}

impl Archive {
    /// Adds a point; `true` where others were let go for it, and the remaining ones have other places now.
    pub fn push(&mut self, x: Vec<f64>, y: f64) -> bool {
        if y.is_finite() {
            self.worst = Some(self.worst.map_or(y, |worst| worst.max(y)));
        }
        self.points.push(x);
        self.values.push(if y.is_finite() { y } else { f64::INFINITY });
        self.told += 1;
        let full = self.values.len() >= ROWS_MAX;
        if full {
            self.prune();
        }
        full
    }

    fn prune(&mut self) {
        let count = self.values.len();
        let mut best = alloc::vec![false; count];
        ascending(&self.values).into_iter().take(ROWS_KEPT).for_each(|i| best[i] = true);
        let mut latest = (0..count).rev().filter(|&i| !best[i]);
        let from = latest.nth(ROWS_KEPT - 1).unwrap_or(0);
        let kept: Vec<usize> = (0..count).filter(|&i| best[i] || i >= from).listed();
        self.points = kept.iter().map(|&i| core::mem::take(&mut self.points[i])).listed();
        self.values = kept.iter().map(|&i| self.values[i]).listed();
    }

    /// How many points are kept.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// How many were told.
    pub fn told(&self) -> u64 {
        self.told
    }

    /// The kept points.
    pub fn points(&self) -> &[Vec<f64>] {
        &self.points
    }

    /// Where the least value is.
    pub fn best(&self) -> Option<usize> {
        (0..self.len()).min_by(|&a, &b| self.values[a].total_cmp(&self.values[b]))
    }

    /// The kept values as the model sees them; failures count as the worst value told.
    pub fn seen_values(&self) -> Vec<f64> {
        let worst = self.worst.unwrap_or(0.0);
        let finite = |y: &f64| if y.is_finite() { *y } else { worst };
        transform(&self.values.iter().map(finite).listed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn keeps_the_best_of_all_and_the_latest() {
        let mut archive = Archive::default();
        for i in 0..1000u32 {
            archive.push(vec![f64::from(i)], f64::from(i * 7919 % 1000));
            assert!(archive.len() < ROWS_MAX);
        }
        let held = |x: u32| archive.points().contains(&vec![f64::from(x)]);
        assert!((0..1000).filter(|i| i * 7919 % 1000 < ROWS_KEPT as u32).all(held));
        assert!((960..1000).all(held));
        assert!(archive.points().is_sorted_by(|a, b| a[0] < b[0]));
        assert_eq!(archive.told(), 1000);
    }

    #[test]
    fn failures_count_as_the_worst_told_before_or_after_them() {
        let mut archive = Archive::default();
        archive.push(vec![0.0], f64::NAN);
        assert_eq!(archive.seen_values(), [0.0]);
        for y in [2.0, f64::NEG_INFINITY, 5.0, 3.0] {
            archive.push(vec![y], y);
        }
        let seen = archive.seen_values();
        assert!(
            seen[0] == seen[3] && seen[2] == seen[3] && seen[1] < seen[4] && seen[4] < seen[3],
            "{seen:?}"
        );
        assert_eq!(archive.best(), Some(1));
    }
}

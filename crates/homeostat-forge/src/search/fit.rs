//! Non-negative least squares of the relative error, with a ridge towards a prior; by coordinates, which converges for these few
//! coefficients in microseconds.

use alloc::vec::Vec;
use homeostat_core::list::List;

/// How strongly the prior pulls.
const RIDGE: f64 = 0.03;
const SWEEPS: usize = 200;

/// Coefficients for rows of counts and what was measured for each. Everything is relative: a measurement counts as much whether it
/// is long or short, and the prior is first scaled to the measurements.
pub(super) fn refit(rows: &[(&[f64], f64)], prior: &[f64]) -> Vec<f64> {
    let n = prior.len();
    if rows.is_empty() {
        return prior.to_vec();
    }
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let logs: f64 = rows.iter().map(|(counts, y)| libm::log(y / (dot(counts, prior) + 1e-30))).sum();
    let scale = libm::exp(logs / rows.len() as f64);
    let start: Vec<f64> = prior.iter().map(|p| p * scale).listed();
    // In units of the scaled prior, so that one ridge fits all.
    let table: Vec<Vec<f64>> =
        rows.iter().map(|(counts, y)| counts.iter().zip(&start).map(|(c, s)| c * s / y).listed()).listed();
    let mut units = alloc::vec![1.0f64; n];
    let mut left: Vec<f64> = table.iter().map(|row| 1.0 - row.iter().sum::<f64>()).listed();
    for _ in 0..SWEEPS {
        for j in 0..n {
            let (mut up, mut down) = (RIDGE * (1.0 - units[j]), RIDGE);
            for (row, rest) in table.iter().zip(&left) {
                up += row[j] * rest;
                down += row[j] * row[j];
            }
            let next = (units[j] + up / down).max(0.0);
            let moved = next - units[j];
            table.iter().zip(&mut left).for_each(|(row, rest)| *rest -= row[j] * moved);
            units[j] = next;
        }
    }
    units.iter().zip(&start).map(|(u, s)| u * s).listed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_coefficients_that_made_the_numbers() {
        let truth = [2.0, 0.0, 5.0];
        let counts: Vec<Vec<f64>> =
            (0..12).map(|i| alloc::vec![1.0, f64::from(i % 3), f64::from(i % 5) * 0.5]).collect();
        let rows: Vec<(&[f64], f64)> =
            counts.iter().map(|c| (&c[..], c.iter().zip(truth).map(|(a, b)| a * b).sum())).collect();
        let found = refit(&rows, &[1.0, 1.0, 1.0]);
        for (f, t) in found.iter().zip(truth) {
            assert!((f - t).abs() < 0.35, "{found:?}");
        }
    }
}

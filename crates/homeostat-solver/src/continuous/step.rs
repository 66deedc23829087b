//! The minimiser of a quadratic within a ball and a box.

use super::quadratic::Quadratic;
use crate::linear::{Cholesky, Square, dot, norm};
use alloc::vec;
use alloc::vec::Vec;
use homeostat_core::real::clamp;

/// Where a step may go: dᵀ metric d ≤ radius², and lower ≤ d ≤ upper, which contains 0.
pub(crate) struct Region<'a> {
    pub metric: &'a Square,
    pub radius: f64,
    pub lower: &'a [f64],
    pub upper: &'a [f64],
}

/// Approximately the least q(d) - q(0) over the region. Solves (H + μ metric) d = -g with the least μ ≥ 0 that keeps d in the ball;
/// an axis on which the solution leaves the box is fixed at the border and the rest solved again.
pub(crate) fn step(q: &Quadratic, region: &Region) -> Vec<f64> {
    let n = q.gradient.len();
    let mut d = vec![0.0; n];
    let mut free: Vec<usize> = (0..n).collect();
    while !free.is_empty() {
        within_ball(q, region, &free, &mut d);
        let before = free.len();
        free.retain(|&i| {
            let inside = region.lower[i] <= d[i] && d[i] <= region.upper[i];
            d[i] = clamp(d[i], region.lower[i], region.upper[i]);
            inside
        });
        if free.len() == before {
            break;
        }
    }
    d
}

/// Sets the free entries of `d`, the others as they are.
fn within_ball(q: &Quadratic, region: &Region, free: &[usize], d: &mut [f64]) {
    if attempt(q, region, free, 0.0, d) {
        return;
    }
    let n = q.gradient.len();
    let trace: f64 = (0..n).map(|i| region.metric[(i, i)]).sum();
    let steepest = q.hessian.cells.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    let scale = (norm(&q.gradient) / region.radius + steepest) * n as f64 / trace;
    let mut high = scale * 1e-6 + f64::MIN_POSITIVE;
    let mut trial = d.to_vec();
    let mut doublings = 0;
    while !attempt(q, region, free, high, &mut trial) && doublings < 60 {
        high *= 4.0;
        doublings += 1;
    }
    let mut low = if doublings == 0 { 0.0 } else { high / 4.0 };
    d.copy_from_slice(&trial);
    for _ in 0..10 {
        let middle = if low == 0.0 { 0.1 * high } else { libm::sqrt(low * high) };
        if attempt(q, region, free, middle, &mut trial) {
            high = middle;
            d.copy_from_slice(&trial);
        } else {
            low = middle;
        }
    }
}

/// Solves for one μ. True if the matrix is positive definite and the step within the ball; `d` is then the step.
fn attempt(q: &Quadratic, region: &Region, free: &[usize], shift: f64, d: &mut [f64]) -> bool {
    let n = q.gradient.len();
    let mut matrix = Square::zeros(free.len());
    let mut right = vec![0.0; free.len()];
    let mut is_free = vec![false; n];
    for &i in free {
        is_free[i] = true;
    }
    for (row, &i) in free.iter().enumerate() {
        let (hessian, metric) = (q.hessian.row(i), region.metric.row(i));
        right[row] = -q.gradient[i];
        for j in (0..n).filter(|&j| !is_free[j]) {
            right[row] -= (hessian[j] + shift * metric[j]) * d[j];
        }
        for (column, &j) in free[..=row].iter().enumerate() {
            matrix[(row, column)] = hessian[j] + shift * metric[j];
        }
    }
    let Some(factor) = Cholesky::new(matrix) else { return false };
    factor.solve(&mut right);
    for (&i, &value) in free.iter().zip(&right) {
        d[i] = value;
    }
    let length_squared = dot(d, &region.metric.apply(d));
    length_squared.is_finite() && length_squared <= region.radius * region.radius * 1.0001
}

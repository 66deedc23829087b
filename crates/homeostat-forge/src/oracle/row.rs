//! Rows: reductions, softmax, norms.

use super::{HALF_ULP, HUGE, Reference, SUM, TINY};
use crate::ir::{Node, Reduction};
use alloc::vec::Vec;
use homeostat_core::list::List;

const ULP: f64 = 2.0 * HALF_ULP;

pub(super) fn reduce(
    kind: Reduction,
    axes: &[u32],
    node: &Node,
    (source, x): (&Node, &Reference),
) -> Reference {
    let n = node.shape.elements() as usize;
    let mut groups: Vec<Reference> = alloc::vec![Reference::with_capacity(0); n];
    let dims = source.shape.dims();
    for i in 0..x.value.len() {
        let (mut rest, mut place, mut stride) = (i, 0, 1);
        for d in (0..dims.len()).rev() {
            if !axes.contains(&(d as u32)) {
                place += stride * (rest % dims[d] as usize);
                stride *= dims[d] as usize;
            }
            rest /= dims[d] as usize;
        }
        groups[place].push(x.value[i], x.bound[i]);
    }
    let mut out = Reference::with_capacity(n);
    for group in &groups {
        let (value, bound) = fold(kind, group);
        out.push(value, bound);
    }
    out
}

/// One number of many, and its bound.
pub(super) fn fold(kind: Reduction, group: &Reference) -> (f64, f64) {
    let (sum, bound) = total(group);
    let count = group.value.len() as f64;
    let most = group.bound.iter().fold(0.0, |a: f64, b| a.max(*b));
    match kind {
        Reduction::Sum => (sum, bound),
        Reduction::Mean => (sum / count, bound / count + 2.0 * ULP * (sum / count).abs()),
        Reduction::Max => (group.value.iter().fold(f64::MIN, |a, b| a.max(*b)), most),
        Reduction::Min => (group.value.iter().fold(f64::MAX, |a, b| a.min(*b)), most),
    }
}

/// The sum of a row and its bound.
fn total(row: &Reference) -> (f64, f64) {
    let size: f64 = row.value.iter().map(|x| x.abs()).sum();
    let carried: f64 = row.bound.iter().sum();
    (row.value.iter().sum(), if size < HUGE { SUM * size + carried } else { f64::INFINITY })
}

pub(super) fn softmax_row(row: &Reference) -> Reference {
    let top = row.value.iter().fold(f64::MIN, |a, b| a.max(*b));
    let top_bound = row.bound.iter().fold(0.0, |a: f64, b| a.max(*b));
    if !top_bound.is_finite() {
        return Reference { value: row.value.clone(), bound: alloc::vec![f64::INFINITY; row.value.len()] };
    }
    let part = |i: usize| {
        let (x, e) = row.at(i);
        let down = top - x;
        // The difference may be rounded, and its exponential be off by 3 + 2 |x| units; far down all of it vanishes.
        let relative = libm::expm1((e + top_bound + HALF_ULP * down.min(200.0)).min(700.0))
            + (3.0 + 2.0 * down.min(200.0)) * ULP;
        (libm::exp(-down), relative)
    };
    let parts: Vec<(f64, f64)> = (0..row.value.len()).map(part).collect();
    let sum: f64 = parts.iter().map(|(p, _)| p).sum();
    let sum_relative = parts.iter().map(|(p, r)| p * r).sum::<f64>() / sum + 2e-6;
    let mut out = Reference::with_capacity(parts.len());
    for (p, relative) in parts {
        let y = p / sum;
        out.push(y, y * (relative + sum_relative + relative * sum_relative) + 2.0 * TINY);
    }
    out
}

pub(super) fn softmax(axis: usize, (node, x): (&Node, &Reference)) -> Reference {
    let dims = node.shape.dims();
    let inner: usize = dims[axis + 1..].iter().map(|d| *d as usize).product();
    let n = dims[axis] as usize;
    let mut out = x.clone();
    for start in (0..x.value.len()).filter(|i| (i / inner).is_multiple_of(n)) {
        let mut row = Reference::with_capacity(n);
        (0..n).for_each(|i| row.push(x.value[start + i * inner], x.bound[start + i * inner]));
        for (i, (value, bound)) in softmax_row(&row).pairs().enumerate() {
            (out.value[start + i * inner], out.bound[start + i * inner]) = (value, bound);
        }
    }
    out
}

impl Reference {
    fn pairs(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.value.iter().copied().zip(self.bound.iter().copied())
    }
}

/// Layer norm where `centred`, else RMS norm; the operands after the first are the scale and the bias.
pub(super) fn norm(epsilon: f64, centred: bool, operands: &[(&Node, &Reference)]) -> Reference {
    let (node, x) = operands[0];
    let n = node.shape.last() as usize;
    let mut out = Reference::with_capacity(x.value.len());
    for start in (0..x.value.len()).step_by(n) {
        let row = Reference {
            value: x.value[start..start + n].to_vec(),
            bound: x.bound[start..start + n].to_vec(),
        };
        let (sum, sum_bound) = total(&row);
        let (mean, mean_bound) = if centred {
            (sum / n as f64, sum_bound / n as f64 + 2.0 * ULP * (sum / n as f64).abs())
        } else {
            (0.0, 0.0)
        };
        let off: Vec<(f64, f64)> =
            row.pairs().map(|(x, e)| (x - mean, e + mean_bound + HALF_ULP * (x - mean).abs())).listed();
        let square: f64 = off.iter().map(|(d, _)| d * d).sum::<f64>() / n as f64;
        let square_bound =
            off.iter().map(|(d, e)| 2.0 * d.abs() * e + e * e).sum::<f64>() / n as f64 + SUM * square;
        let inverse = |s: f64| 1.0 / libm::sqrt(s + epsilon);
        let r = inverse(square);
        let r_bound = (inverse((square - square_bound).max(0.0)) - r).max(r - inverse(square + square_bound))
            + 6.0 * ULP * r;
        let overflows = row.bound.iter().any(|e| !e.is_finite())
            || off.iter().map(|(d, e)| (d.abs() + e) * (d.abs() + e)).sum::<f64>() > HUGE;
        for (i, (d, e)) in off.iter().enumerate() {
            let mut y = (d * r, e * (r + r_bound) + d.abs() * r_bound + 2.0 * ULP * (d * r).abs());
            if let Some((_, scale)) = operands.get(1) {
                y = super::elementwise::pair(crate::ir::Binary::Mul, y, scale.at(i));
            }
            if let Some((_, bias)) = operands.get(2) {
                y = super::elementwise::pair(crate::ir::Binary::Add, y, bias.at(i));
            }
            out.push(y.0, if overflows { f64::INFINITY } else { y.1 });
        }
    }
    out
}

//! Rows: reductions, softmax, norms.

use super::expr::all;
use super::math;
use crate::ir::{Data, Reduction};
use crate::plan::{Row, RowKind};
use alloc::{vec, vec::Vec};

/// Running sums, so that the error grows with a sixteenth of the length and compilers see vectors.
const SUMS: usize = 16;

/// Numbers of one part of a sum: no chain of additions is so long that its rounding adds up.
const PART: usize = 128 * SUMS;

fn sum(x: &[f32], term: impl Fn(f32) -> f32) -> f32 {
    x.chunks(PART).map(|part| part_sum(part, &term)).sum()
}

fn part_sum(x: &[f32], term: impl Fn(f32) -> f32) -> f32 {
    let mut sums = [0f32; SUMS];
    let whole = x.chunks_exact(SUMS);
    let rest: f32 = whole.remainder().iter().map(|x| term(*x)).sum();
    whole.for_each(|chunk| sums.iter_mut().zip(chunk).for_each(|(s, x)| *s += term(*x)));
    sums.iter().sum::<f32>() + rest
}

pub(super) fn compute(r: &Row, tensors: &[&Data]) -> Vec<f32> {
    let mut numbers = all(&r.input, &r.shape, tensors);
    let (len, inner, outer) = (r.len as usize, r.inner as usize, r.outer as usize);
    let vector =
        |t: Option<usize>| t.map(|t| (0..len).map(|i| tensors[t].get(i) as f32).collect::<Vec<f32>>());
    let (scale, bias) = (vector(r.scale), vector(r.bias));
    let reduces = matches!(r.kind, RowKind::Reduce(_));
    let mut out = Vec::with_capacity(if reduces { outer * inner } else { 0 });
    let mut row = vec![0f32; len];
    for at in 0..outer * inner {
        let start = at / inner * len * inner + at % inner;
        if inner == 1 {
            row.copy_from_slice(&numbers[start..start + len]);
        } else {
            row.iter_mut().enumerate().for_each(|(i, x)| *x = numbers[start + i * inner]);
        }
        match r.kind {
            RowKind::Reduce(kind) => {
                out.push(reduce(kind, &row));
                continue;
            }
            RowKind::Softmax => softmax(&mut row),
            RowKind::LayerNorm { epsilon } => {
                let mean = sum(&row, |x| x) / len as f32;
                row.iter_mut().for_each(|x| *x -= mean);
                normalise(&mut row, epsilon);
            }
            RowKind::RmsNorm { epsilon } => normalise(&mut row, epsilon),
        }
        if let Some(scale) = &scale {
            row.iter_mut().zip(scale).for_each(|(x, s)| *x *= s);
        }
        if let Some(bias) = &bias {
            row.iter_mut().zip(bias).for_each(|(x, b)| *x += b);
        }
        row.iter().enumerate().for_each(|(i, x)| numbers[start + i * inner] = *x);
    }
    if reduces { out } else { numbers }
}

fn reduce(kind: Reduction, row: &[f32]) -> f32 {
    match kind {
        Reduction::Sum => sum(row, |x| x),
        Reduction::Mean => sum(row, |x| x) / row.len() as f32,
        Reduction::Max => row.iter().fold(f32::MIN, |a, b| a.max(*b)),
        Reduction::Min => row.iter().fold(f32::MAX, |a, b| a.min(*b)),
    }
}

fn normalise(row: &mut [f32], epsilon: f32) {
    let square = sum(row, |x| x * x) / row.len() as f32;
    let inverse = 1.0 / libm::sqrtf(square + epsilon);
    row.iter_mut().for_each(|x| *x *= inverse);
}

fn softmax(row: &mut [f32]) {
    let most = row.iter().fold(f32::MIN, |a, b| a.max(*b));
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            // The difference of both ends of the range must not overflow.
            row.iter_mut().for_each(|x| *x = math::exp((*x * 0.5 - most * 0.5).max(-100.0) * 2.0));
        },
    );
    let inverse = 1.0 / sum(row, |x| x);
    row.iter_mut().for_each(|x| *x *= inverse);
}

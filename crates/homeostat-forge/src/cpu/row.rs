//! Rows: reductions, softmax, norms.

use super::expr::all;
use super::math;
use super::threads::Threads;
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

pub(super) fn compute(r: &Row, tensors: &[&Data], threads: Threads) -> Vec<f32> {
    let mut numbers = all(&r.input, &r.shape, tensors, threads);
    let (len, inner, outer) = (r.len as usize, r.inner as usize, r.outer as usize);
    let vector =
        |t: Option<usize>| t.map(|t| (0..len).map(|i| tensors[t].get(i) as f32).collect::<Vec<f32>>());
    let (scale, bias) = (vector(r.scale), vector(r.bias));
    // Three passes, of which one may have a function.
    let operations = outer as f64 * (len * inner) as f64 * 8.0;
    let slab = len * inner;
    if let RowKind::Reduce(kind) = r.kind {
        let mut out = vec![0f32; outer * inner];
        threads.rows(&mut out, inner, 1, operations, |first, part| {
            let mut row = vec![0f32; len];
            for (i, to) in part.iter_mut().enumerate() {
                gather(&numbers[(first + i / inner) * slab + i % inner..], inner, &mut row);
                *to = reduce(kind, &row);
            }
        });
        return out;
    }
    threads.rows(&mut numbers, slab, 1, operations, |_, part| {
        let mut row = vec![0f32; len];
        for slab in part.chunks_mut(slab) {
            for place in 0..inner {
                gather(&slab[place..], inner, &mut row);
                normalised(r.kind, &mut row);
                if let Some(scale) = &scale {
                    row.iter_mut().zip(scale).for_each(|(x, s)| *x *= s);
                }
                if let Some(bias) = &bias {
                    row.iter_mut().zip(bias).for_each(|(x, b)| *x += b);
                }
                row.iter().enumerate().for_each(|(i, x)| slab[place + i * inner] = *x);
            }
        }
    });
    numbers
}

/// A row whose elements lie so far apart.
fn gather(from: &[f32], apart: usize, row: &mut [f32]) {
    if apart == 1 {
        row.copy_from_slice(&from[..row.len()]);
    } else {
        row.iter_mut().enumerate().for_each(|(i, x)| *x = from[i * apart]);
    }
}

fn normalised(kind: RowKind, row: &mut [f32]) {
    match kind {
        RowKind::Reduce(_) => {}
        RowKind::Softmax => softmax(row),
        RowKind::LayerNorm { epsilon } => {
            let mean = sum(row, |x| x) / row.len() as f32;
            row.iter_mut().for_each(|x| *x -= mean);
            normalise(row, epsilon);
        }
        RowKind::RmsNorm { epsilon } => normalise(row, epsilon),
    }
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

//! Sums of products.

use super::elementwise::{pair, place};
use super::row::softmax_row;
use super::{HUGE, Reference, SUM, TINY};
use crate::ir::{Binary, Conv2d, Layout, Node, Shape};
use alloc::vec::Vec;

/// A sum of products, its absolute terms, and what the operands' errors add.
#[derive(Clone, Copy, Default)]
struct Products {
    sum: f64,
    size: f64,
    carried: f64,
}

impl Products {
    fn add(&mut self, (a, ea): (f64, f64), (b, eb): (f64, f64)) {
        self.sum += a * b;
        self.size += (a * b).abs();
        self.carried += a.abs() * eb + b.abs() * ea + ea * eb + TINY;
    }

    fn bound(&self) -> f64 {
        if self.size < HUGE { SUM * self.size + self.carried } else { f64::INFINITY }
    }
}

/// Where the matrix of batch `i` of the wide batch begins.
fn batch_at(i: usize, wide: &Shape, own: &[u32]) -> usize {
    place(i, wide, &Shape::new(own))
}

pub(super) fn matmul(
    node: &Node,
    a: (&Node, &Reference),
    b: (&Node, &Reference),
    turn_a: bool,
    turn_b: bool,
) -> Reference {
    let ([batch @ .., m, n], [batch_a @ .., a0, a1], [batch_b @ .., b0, b1]) =
        (node.shape.dims(), a.0.shape.dims(), b.0.shape.dims())
    else {
        return Reference::with_capacity(0);
    };
    let (m, n, k) = (*m as usize, *n as usize, if turn_a { *a0 } else { *a1 } as usize);
    let (step_a, step_b) = ((a0 * a1) as usize, (b0 * b1) as usize);
    let batch = Shape::new(batch);
    let mut out = Reference::with_capacity(m * n);
    for z in 0..batch.elements() as usize {
        let (za, zb) = (batch_at(z, &batch, batch_a) * step_a, batch_at(z, &batch, batch_b) * step_b);
        for i in 0..m {
            let mut row = alloc::vec![Products::default(); n];
            for p in 0..k {
                let left = a.1.at(za + if turn_a { p * m + i } else { i * k + p });
                for (j, cell) in row.iter_mut().enumerate() {
                    cell.add(left, b.1.at(zb + if turn_b { j * k + p } else { p * n + j }));
                }
            }
            row.iter().for_each(|cell| out.push(cell.sum, cell.bound()));
        }
    }
    out
}

pub(super) fn conv2d(
    conv: &Conv2d,
    node: &Node,
    image: (&Node, &Reference),
    filters: (&Node, &Reference),
) -> Reference {
    let Ok((w, channels)) = conv.window(&image.0.shape, &filters.0.shape) else {
        return Reference::with_capacity(0);
    };
    let first = conv.layout == Layout::Nchw;
    let at = |n: usize, c: usize, y: usize, x: usize, of: usize, [h, wide]: [usize; 2]| {
        if first { ((n * of + c) * h + y) * wide + x } else { ((n * h + y) * wide + x) * of + c }
    };
    let (input, output, size) =
        (w.input.map(|d| d as usize), w.output.map(|d| d as usize), w.size.map(|d| d as usize));
    let (inside, outside) = ((w.channels / conv.groups) as usize, (channels / conv.groups) as usize);
    let mut out = Reference { value: alloc::vec![0.0; node.shape.elements() as usize], bound: Vec::new() };
    out.bound = out.value.clone();
    for n in 0..w.batch as usize {
        for o in 0..channels as usize {
            for y in 0..output[0] {
                for x in 0..output[1] {
                    let mut cell = Products::default();
                    for ty in 0..size[0] {
                        for tx in 0..size[1] {
                            let iy = (y * conv.stride[0] as usize + ty * conv.dilation[0] as usize)
                                .wrapping_sub(conv.padding[0] as usize);
                            let ix = (x * conv.stride[1] as usize + tx * conv.dilation[1] as usize)
                                .wrapping_sub(conv.padding[1] as usize);
                            if iy >= input[0] || ix >= input[1] {
                                continue;
                            }
                            for i in 0..inside {
                                let from = o / outside * inside + i;
                                cell.add(
                                    image.1.at(at(n, from, iy, ix, w.channels as usize, input)),
                                    filters.1.at(at(o, i, ty, tx, inside, size)),
                                );
                            }
                        }
                    }
                    let place = at(n, o, y, x, channels as usize, output);
                    (out.value[place], out.bound[place]) = (cell.sum, cell.bound());
                }
            }
        }
    }
    out
}

pub(super) fn attention(
    node: &Node,
    [q, k, v]: [(&Node, &Reference); 3],
    scale: f64,
    causal: bool,
) -> Reference {
    let ([batch @ .., rows, wide], [batch_q @ .., _, depth], [batch_k @ .., keys, _], [batch_v @ .., _, _]) =
        (node.shape.dims(), q.0.shape.dims(), k.0.shape.dims(), v.0.shape.dims())
    else {
        return Reference::with_capacity(0);
    };
    let [rows, wide, depth, keys] = [rows, wide, depth, keys].map(|d| *d as usize);
    let batch = Shape::new(batch);
    let mut out = Reference::with_capacity(node.shape.elements() as usize);
    for z in 0..batch.elements() as usize {
        let zq = batch_at(z, &batch, batch_q) * rows * depth;
        let zk = batch_at(z, &batch, batch_k) * keys * depth;
        let zv = batch_at(z, &batch, batch_v) * keys * wide;
        for i in 0..rows {
            let query: Vec<(f64, f64)> = (0..depth).map(|d| q.1.at(zq + i * depth + d)).collect();
            let key = |at: usize| k.1.at(zk + at);
            let weights = weights(&query, key, keys, scale, seen(i, rows, keys, causal)).stored(node.dtype);
            for c in 0..wide {
                let (value, bound) = dot((0..keys).map(|j| (weights.at(j), v.1.at(zv + j * wide + c))));
                out.push(value, bound);
            }
        }
    }
    out
}

/// How many of the keys the query of row `i` sees.
pub(super) fn seen(i: usize, rows: usize, keys: usize, causal: bool) -> usize {
    if causal { (i + keys + 1).saturating_sub(rows).min(keys) } else { keys }
}

/// The weights of one query; `key` gives the numbers of all keys, one after the other.
pub(super) fn weights(
    query: &[(f64, f64)],
    key: impl Fn(usize) -> (f64, f64),
    keys: usize,
    scale: f64,
    seen: usize,
) -> Reference {
    let mut scores = Reference::with_capacity(keys);
    for j in 0..keys {
        if j >= seen {
            scores.push(-3e38, 0.0);
            continue;
        }
        let product = dot(query.iter().enumerate().map(|(d, q)| (*q, key(j * query.len() + d))));
        let (value, bound) = pair(Binary::Mul, product, (scale, 0.0));
        scores.push(value, bound);
    }
    softmax_row(&scores)
}

/// A sum of products and its bound.
pub(super) fn dot(pairs: impl Iterator<Item = ((f64, f64), (f64, f64))>) -> (f64, f64) {
    let mut cell = Products::default();
    pairs.for_each(|(a, b)| cell.add(a, b));
    (cell.sum, cell.bound())
}

//! Some elements of the outputs, and of every other node only what they need.

use super::elementwise::{self, pair, place};
use super::linear::{dot, seen, weights};
use super::{Reference, moves, row};
use crate::ir::{Blueprint, Data, Layout, Node, Op, Shape};
use alloc::{vec, vec::Vec};
use homeostat_core::error::{Code, Error, Result};
use homeostat_core::list::List;
use homeostat_core::rng::Rng;

/// Most operand elements that are read for a sample.
const READS_MAX: u64 = 1 << 29;

/// Places worth looking at: corners and edges, and some drawn ones, in few rows, so that what lies behind them stays little.
pub fn places(shape: &Shape, count: usize, seed: u64) -> Vec<usize> {
    let n = shape.elements() as usize;
    let columns = shape.last() as usize;
    let rows = n / columns;
    let mut rng = Rng::new(seed);
    let mut edges = |size: usize, most: usize| {
        let mut at: Vec<usize> =
            [0, 1, size / 2, size.saturating_sub(2), size - 1].into_iter().filter(|i| *i < size).listed();
        while at.len() < most.min(size) {
            at.push((rng.next_u64() % size as u64) as usize);
        }
        ordered(&mut at);
        at
    };
    // As many rows as columns; of a long vector only the columns are many.
    let high = (libm::sqrt(count as f64) as usize).clamp(1, 16).min(rows);
    let (rows, columns_at) = (edges(rows, high), edges(columns, count / high));
    let mut places = Vec::new();
    for row in rows {
        places.extend(columns_at.iter().map(|column| row * columns + column));
    }
    places
}

/// In ascending order, each once: a heap sort, since the standard library's sorts are 3 kB each in WebAssembly.
fn ordered(places: &mut Vec<usize>) {
    let sink = |heap: &mut [usize], mut at: usize| {
        while let Some(left) = heap.get(2 * at + 1) {
            let right = heap.get(2 * at + 2).is_some_and(|right| right > left);
            let child = 2 * at + 1 + usize::from(right);
            if heap[at] >= heap[child] {
                break;
            }
            heap.swap(at, child);
            at = child;
        }
    };
    (0..places.len() / 2).rev().for_each(|at| sink(places, at));
    for end in (1..places.len()).rev() {
        places.swap(0, end);
        sink(&mut places[..end], 0);
    }
    places.dedup();
}

/// These places of every output, in their orders.
pub fn sample(blueprint: &Blueprint, inputs: &[Data], wanted: &[Vec<usize>]) -> Result<Vec<Reference>> {
    super::check_inputs(blueprint, inputs)?;
    let nodes = blueprint.nodes();
    let mut needed: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    for (id, places) in blueprint.outputs().iter().zip(wanted) {
        needed[id.index()].extend(places);
    }
    // Backwards: what each node's places need of its operands.
    let mut reads = 0u64;
    for at in (0..nodes.len()).rev() {
        ordered(&mut needed[at]);
        let own = core::mem::take(&mut needed[at]);
        for i in &own {
            for (list, id) in operands(blueprint, &nodes[at], *i).into_iter().zip(&nodes[at].operands) {
                reads += list.len() as u64;
                if !matches!(blueprint.node(*id).op, Op::Input { .. }) {
                    needed[id.index()].extend(list);
                }
            }
        }
        needed[at] = own;
        if reads > READS_MAX {
            return Err(Error::new(
                Code::ForgeUnsupported,
                "a sample of this blueprint needs too many elements",
            ));
        }
    }
    // Forwards: their values.
    let mut known: Vec<Reference> = vec![Reference::with_capacity(0); nodes.len()];
    for at in 0..nodes.len() {
        let mut values = Reference::with_capacity(needed[at].len());
        for i in &needed[at] {
            let lists = operands(blueprint, &nodes[at], *i);
            let found = |(list, id): (Vec<usize>, &crate::ir::NodeId)| {
                let mut reference = Reference::with_capacity(list.len());
                for place in list {
                    let (value, bound) = look_up(blueprint, inputs, &needed, &known, id.index(), place);
                    reference.push(value, bound);
                }
                reference
            };
            let lists: Vec<Reference> = lists.into_iter().zip(&nodes[at].operands).map(found).listed();
            let (value, bound) = combine(blueprint, &nodes[at], *i, &lists);
            values.push(value, bound);
        }
        known[at] =
            if matches!(nodes[at].op, Op::Reshape { .. }) { values } else { values.stored(nodes[at].dtype) };
    }
    let outputs = blueprint.outputs().iter().zip(wanted);
    Ok(outputs
        .map(|(id, places)| {
            let mut reference = Reference::with_capacity(places.len());
            for place in places {
                let (value, bound) = look_up(blueprint, inputs, &needed, &known, id.index(), *place);
                reference.push(value, bound);
            }
            reference
        })
        .listed())
}

fn look_up(
    blueprint: &Blueprint,
    inputs: &[Data],
    needed: &[Vec<usize>],
    known: &[Reference],
    node: usize,
    i: usize,
) -> (f64, f64) {
    match blueprint.inputs().iter().position(|id| id.index() == node) {
        Some(input) => super::input_element(&inputs[input], i),
        None => needed[node].binary_search(&i).map_or((f64::NAN, f64::INFINITY), |at| known[node].at(at)),
    }
}

/// The elements of each operand that element `i` of a node is made of.
fn operands(blueprint: &Blueprint, node: &Node, i: usize) -> Vec<Vec<usize>> {
    let shape = |n: usize| &blueprint.node(node.operands[n]).shape;
    let all = |n: usize| (0..shape(n).elements() as usize).listed();
    match &node.op {
        Op::Input { .. } | Op::Scalar(_) => Vec::new(),
        Op::Unary(_) | Op::Cast(_) | Op::Causal | Op::Reshape { .. } => vec![vec![i]],
        Op::Binary(_) => (0..2).map(|n| vec![place(i, &node.shape, shape(n))]).listed(),
        Op::MatMul { transpose_a, transpose_b, .. } => {
            let (z, m, n, r, c) = matrix_place(&node.shape, i);
            let k = inner(shape(0), *transpose_a);
            let (a, b) = (batch(z, node, shape(0)) * m * k, batch(z, node, shape(1)) * k * n);
            let left = (0..k).map(|p| a + if *transpose_a { p * m + r } else { r * k + p }).listed();
            let right = (0..k).map(|p| b + if *transpose_b { c * k + p } else { p * n + c }).listed();
            vec![left, right]
        }
        Op::Conv2d(_) | Op::Pool(_) => windows(blueprint, node, i),
        Op::Attention { .. } => {
            let (z, rows, wide, r, c) = matrix_place(&node.shape, i);
            let (depth, keys) = (shape(0).last() as usize, inner(shape(2), true));
            let start = |n: usize, size: usize| batch(z, node, shape(n)) * size;
            let (q, k, v) =
                (start(0, rows * depth) + r * depth, start(1, keys * depth), start(2, keys * wide) + c);
            vec![
                (q..q + depth).listed(),
                (k..k + keys * depth).listed(),
                (0..keys).map(|j| v + j * wide).listed(),
            ]
        }
        Op::Reduce { axes, .. } => vec![reduced(shape(0), axes, i)],
        Op::Softmax { axis } => {
            let (n, inner) = row_of(&node.shape, *axis as usize);
            let start = i / (n * inner) * n * inner + i % inner;
            vec![(0..n).map(|j| start + j * inner).listed()]
        }
        Op::LayerNorm { .. } | Op::RmsNorm { .. } => {
            let n = node.shape.last() as usize;
            let mut lists = vec![(i / n * n..i / n * n + n).listed()];
            lists.extend((1..node.operands.len()).map(all));
            lists
        }
        Op::Transpose { permutation } => {
            let (dims, strides) = (node.shape.dims(), shape(0).strides());
            let (mut rest, mut at) = (i, 0);
            for d in (0..dims.len()).rev() {
                at += rest % dims[d] as usize * strides[permutation[d] as usize] as usize;
                rest /= dims[d] as usize;
            }
            vec![vec![at]]
        }
        Op::Gather { axis } => {
            // Which element it is depends on the index: all that it may be.
            let (n, inner) = row_of(shape(0), *axis as usize);
            let picked = shape(1).elements() as usize;
            let (outer, index) = (i / inner / picked, i / inner % picked);
            vec![(0..n).map(|j| (outer * n + j) * inner + i % inner).listed(), vec![index]]
        }
    }
}

/// Matrix, rows, columns, row and column of an element.
fn matrix_place(shape: &Shape, i: usize) -> (usize, usize, usize, usize, usize) {
    let (m, n) = (inner(shape, true), shape.last() as usize);
    (i / n / m, m, n, i / n % m, i % n)
}

/// The last dimension but one, or the last one.
fn inner(shape: &Shape, last_but_one: bool) -> usize {
    let dims = shape.dims();
    dims[dims.len() - if last_but_one { 2 } else { 1 }] as usize
}

/// Which matrix of an operand belongs to matrix `z` of the result.
fn batch(z: usize, node: &Node, operand: &Shape) -> usize {
    let outer = |shape: &Shape| Shape::new(&shape.dims()[..shape.rank() - 2]);
    place(z, &outer(&node.shape), &outer(operand))
}

/// Size of a dimension, and the product of those after it.
fn row_of(shape: &Shape, axis: usize) -> (usize, usize) {
    (shape.dims()[axis] as usize, shape.dims()[axis + 1..].iter().map(|d| *d as usize).product())
}

fn reduced(shape: &Shape, axes: &[u32], i: usize) -> Vec<usize> {
    let (dims, strides) = (shape.dims(), shape.strides());
    let folded = |d: &usize| axes.contains(&(*d as u32));
    let (mut rest, mut start) = (i, 0);
    for d in (0..dims.len()).rev().filter(|d| !folded(d)) {
        start += rest % dims[d] as usize * strides[d] as usize;
        rest /= dims[d] as usize;
    }
    let mut list = vec![start];
    for d in (0..dims.len()).filter(folded) {
        let stride = strides[d] as usize;
        let mut longer = Vec::new();
        for at in list {
            longer.extend((0..dims[d] as usize).map(|j| at + j * stride));
        }
        list = longer;
    }
    list
}

/// The pixels of a window, and for a convolution the filter's numbers with them.
fn windows(blueprint: &Blueprint, node: &Node, i: usize) -> Vec<Vec<usize>> {
    let image = &blueprint.node(node.operands[0]).shape;
    let (layout, stride, padding, dilation, groups, size, window) = match &node.op {
        Op::Conv2d(c) => match c.window(image, &blueprint.node(node.operands[1]).shape) {
            Ok((w, _)) => (c.layout, c.stride, c.padding, c.dilation, c.groups, w.size, w),
            Err(_) => return Vec::new(),
        },
        Op::Pool(p) => match p.window(image) {
            Ok(w) => (p.layout, p.stride, p.padding, [1, 1], w.channels, p.window, w),
            Err(_) => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    let first = layout == Layout::Nchw;
    let place = |n: usize, c: usize, y: usize, x: usize, of: usize, [h, w]: [usize; 2]| {
        if first { ((n * of + c) * h + y) * w + x } else { ((n * h + y) * w + x) * of + c }
    };
    let [[h, w], [oh, ow], size] = [window.input, window.output, size].map(|d| d.map(|d| d as usize));
    let channels = window.channels as usize;
    let out = node.shape.elements() as usize / (window.batch as usize * oh * ow);
    let (n, o, y, x) = if first {
        (i / ow / oh / out, i / ow / oh % out, i / ow % oh, i % ow)
    } else {
        (i / out / ow / oh, i % out, i / out / ow % oh, i / out % ow)
    };
    // A pool has one channel in and out a group.
    let (inside, outside) = (channels / groups as usize, out / groups as usize);
    let (mut pixels, mut taps) = (Vec::new(), Vec::new());
    for tap in 0..size[0] * size[1] {
        let (ty, tx) = (tap / size[1], tap % size[1]);
        let iy = (y * stride[0] as usize + ty * dilation[0] as usize).wrapping_sub(padding[0] as usize);
        let ix = (x * stride[1] as usize + tx * dilation[1] as usize).wrapping_sub(padding[1] as usize);
        if iy < h && ix < w {
            for c in 0..inside {
                pixels.push(place(n, o / outside * inside + c, iy, ix, channels, [h, w]));
                taps.push(place(o, c, ty, tx, inside, size));
            }
        }
    }
    if matches!(node.op, Op::Conv2d(_)) { vec![pixels, taps] } else { vec![pixels] }
}

/// An element from the elements that it is made of.
fn combine(blueprint: &Blueprint, node: &Node, i: usize, lists: &[Reference]) -> (f64, f64) {
    let one = |n: usize| lists[n].at(0);
    let products = || dot((0..lists[0].value.len()).map(|p| (lists[0].at(p), lists[1].at(p))));
    match &node.op {
        Op::Input { .. } => (f64::NAN, f64::INFINITY),
        Op::Scalar(x) => (f64::from(*x), 0.0),
        Op::Unary(f) => elementwise::unary(*f, &lists[0]).at(0),
        Op::Cast(dtype) => elementwise::cast(*dtype, &lists[0]).at(0),
        Op::Causal => elementwise::causal_element(node, i, one(0)),
        Op::Binary(f) => pair(*f, one(0), one(1)),
        Op::MatMul { .. } | Op::Conv2d(_) => products(),
        Op::Pool(pool) => moves::taken(pool.kind, &lists[0]),
        Op::Reduce { kind, .. } => row::fold(*kind, &lists[0]),
        Op::Softmax { axis } => {
            let (n, inner) = row_of(&node.shape, *axis as usize);
            row::softmax_row(&lists[0]).at(i / inner % n)
        }
        Op::LayerNorm { epsilon } | Op::RmsNorm { epsilon } => {
            let operands: Vec<(&Node, &Reference)> =
                node.operands.iter().map(|id| blueprint.node(*id)).zip(lists).listed();
            let centred = matches!(node.op, Op::LayerNorm { .. });
            row::norm(f64::from(*epsilon), centred, &operands).at(i % node.shape.last() as usize)
        }
        Op::Attention { scale, causal } => {
            let (_, rows, _, r, _) = matrix_place(&node.shape, i);
            let keys = lists[2].value.len();
            let query: Vec<(f64, f64)> = (0..lists[0].value.len()).map(|d| lists[0].at(d)).collect();
            let seen = seen(r, rows, keys, *causal);
            let weights =
                weights(&query, |at| lists[1].at(at), keys, f64::from(*scale), seen).stored(node.dtype);
            dot((0..keys).map(|j| (weights.at(j), lists[2].at(j))))
        }
        Op::Transpose { .. } | Op::Reshape { .. } => one(0),
        Op::Gather { .. } => {
            let picks = &lists[0];
            moves::picked_by(one(1), picks.value.len(), |index| picks.at(index))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn places_come_in_order_and_once(places in prop::collection::vec(0usize..60, 0..120)) {
            let wanted: std::collections::BTreeSet<usize> = places.iter().copied().collect();
            let mut got = places;
            ordered(&mut got);
            prop_assert_eq!(got, wanted.into_iter().collect::<Vec<usize>>());
        }
    }
}

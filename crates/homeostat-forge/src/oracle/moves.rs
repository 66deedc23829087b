//! Elements that move, and windows over images.

use super::Reference;
use super::row::fold;
use crate::ir::{Layout, Node, Pool, PoolKind, Reduction};

pub(super) fn transpose(permutation: &[u32], node: &Node, (source, x): (&Node, &Reference)) -> Reference {
    let (dims, strides) = (node.shape.dims(), source.shape.strides());
    let mut out = Reference::with_capacity(x.value.len());
    for i in 0..x.value.len() {
        let (mut rest, mut place) = (i, 0);
        for d in (0..dims.len()).rev() {
            place += rest % dims[d] as usize * strides[permutation[d] as usize] as usize;
            rest /= dims[d] as usize;
        }
        out.push(x.value[place], x.bound[place]);
    }
    out
}

pub(super) fn gather(
    axis: usize,
    node: &Node,
    (source, x): (&Node, &Reference),
    (_, indices): (&Node, &Reference),
) -> Reference {
    let dims = source.shape.dims();
    let inner: usize = dims[axis + 1..].iter().map(|d| *d as usize).product();
    let (n, picked) = (dims[axis] as usize, indices.value.len());
    let mut out = Reference::with_capacity(node.shape.elements() as usize);
    for i in 0..node.shape.elements() as usize {
        let element = |index: usize| x.at((i / inner / picked * n + index) * inner + i % inner);
        let (value, bound) = picked_by(indices.at(i / inner % picked), n, element);
        out.push(value, bound);
    }
    out
}

/// The element of `n` that an index picks. One outside of the dimension gives zero, as a product with one-hot rows would; one that
/// may be another number picks whatever it likes.
pub(super) fn picked_by(
    (index, off): (f64, f64),
    n: usize,
    element: impl FnOnce(usize) -> (f64, f64),
) -> (f64, f64) {
    if off != 0.0 {
        (0.0, f64::INFINITY)
    } else if index < 0.0 || index >= n as f64 {
        (0.0, 0.0)
    } else {
        element(index as usize)
    }
}

pub(super) fn pool(pool: &Pool, node: &Node, (source, x): (&Node, &Reference)) -> Reference {
    let Ok(w) = pool.window(&source.shape) else { return Reference::with_capacity(0) };
    let [height, width] = w.input.map(|d| d as usize);
    let [rows, columns] = w.output.map(|d| d as usize);
    let channels = w.channels as usize;
    let mut out = Reference::with_capacity(node.shape.elements() as usize);
    for i in 0..node.shape.elements() as usize {
        let (n, c, oy, ox) = match pool.layout {
            Layout::Nchw => (
                i / columns / rows / channels,
                i / columns / rows % channels,
                i / columns % rows,
                i % columns,
            ),
            Layout::Nhwc => (
                i / channels / columns / rows,
                i % channels,
                i / channels / columns % rows,
                i / channels % columns,
            ),
        };
        let mut window = Reference::with_capacity(0);
        for ty in 0..pool.window[0] {
            for tx in 0..pool.window[1] {
                let y = (oy * pool.stride[0] as usize + ty as usize).wrapping_sub(pool.padding[0] as usize);
                let at = (ox * pool.stride[1] as usize + tx as usize).wrapping_sub(pool.padding[1] as usize);
                if y >= height || at >= width {
                    continue;
                }
                let (v, e) = x.at(match pool.layout {
                    Layout::Nchw => ((n * channels + c) * height + y) * width + at,
                    Layout::Nhwc => ((n * height + y) * width + at) * channels + c,
                });
                window.push(v, e);
            }
        }
        let (value, bound) = taken(pool.kind, &window);
        out.push(value, bound);
    }
    out
}

/// What a pool takes of a window.
pub(super) fn taken(kind: PoolKind, window: &Reference) -> (f64, f64) {
    match kind {
        PoolKind::Max => fold(Reduction::Max, window),
        PoolKind::Mean => fold(Reduction::Mean, window),
    }
}

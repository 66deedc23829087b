//! A plan computed on the processor: the answer where there is no adapter, and a candidate where there is one. Blocked products,
//! vectors by `pulp`, which with the feature `std` finds at run time what the processor can do, and threads where there are some: the
//! bits are the same with any number of them.

mod contract;
mod expr;
mod math;
mod product;
mod row;
mod threads;

pub use product::plain;
pub use threads::Threads;

use crate::ir::{DType, Data, NodeId, PoolKind};
use crate::oracle::check_inputs;
use crate::plan::{Expr, Group, Plan, PoolWork, Work};
use alloc::{borrow::Cow, vec::Vec};
use expr::{BLOCK, Places, evaluate, picked};
use homeostat_core::error::{Code, Error, Result};
use homeostat_core::list::List;

/// The outputs of a plan for these inputs, on all cores.
pub fn run(plan: &Plan, inputs: &[Data]) -> Result<Vec<Data>> {
    run_on(plan, inputs, Threads::all())
}

/// The same on so many threads.
pub fn run_on(plan: &Plan, inputs: &[Data], threads: Threads) -> Result<Vec<Data>> {
    check_inputs(&plan.graph, inputs)?;
    let mut known: Vec<Option<Cow<Data>>> = alloc::vec![None; plan.graph.nodes().len()];
    for (id, data) in plan.graph.inputs().iter().zip(inputs) {
        known[id.index()] = Some(Cow::Borrowed(data));
    }
    let missing = || Error::new(Code::BlueprintInvalid, "a group reads a tensor that nothing stores");
    for group in &plan.groups {
        let tensors =
            group.tensors.iter().map(|id| known[id.index()].as_deref().ok_or_else(missing)).all_or()?;
        known[group.output.index()] = Some(Cow::Owned(compute(group, &tensors, threads)));
    }
    let outputs = plan.graph.outputs();
    let take = |(i, id): (usize, &NodeId)| {
        // A tensor may be asked for twice.
        let again = outputs[i + 1..].contains(id);
        let known = &mut known[id.index()];
        let data = if again { known.clone() } else { known.take() };
        data.map(Cow::into_owned).ok_or_else(missing)
    };
    outputs.iter().enumerate().map(take).all_or()
}

fn compute(group: &Group, tensors: &[&Data], threads: Threads) -> Data {
    let root = match &group.work {
        Work::Contract(c) => contract::compute(c, tensors, threads),
        Work::Row(r) => row::compute(r, tensors, threads),
        Work::Pool(p) => pool(p, tensors[p.tensor], group.shape.elements() as usize),
        Work::Map(body) if group.dtype.is_float() => expr::all(body, &group.shape, tensors, threads),
        Work::Map(body) => return integers(group, body, tensors, threads),
    };
    store(group, tensors, root, threads)
}

/// What the epilogue makes of the root's values, as it is stored.
fn store(group: &Group, tensors: &[&Data], mut root: Vec<f32>, threads: Threads) -> Data {
    if group.epilogue != Expr::Root {
        let operations = root.len() as f64 * 20.0 * group.epilogue.operations() as f64;
        threads.rows(&mut root, 1, BLOCK, operations, |first, part| {
            let mut out = [0f32; BLOCK];
            for (i, block) in part.chunks_mut(BLOCK).enumerate() {
                let out = &mut out[..block.len()];
                evaluate(&group.epilogue, &group.shape, tensors, first + i * BLOCK, block, out);
                block.copy_from_slice(out);
            }
        });
    }
    match group.dtype {
        DType::F32 => Data::F32(root),
        other => Data::from_f64(other, root.into_iter().map(f64::from)),
    }
}

/// Integers are moved as they are, or made from numbers.
fn integers(group: &Group, body: &Expr, tensors: &[&Data], threads: Threads) -> Data {
    let n = group.shape.elements() as usize;
    let inner = if let Expr::Cast(_, inner) = body { inner } else { body };
    match inner {
        Expr::Read(access) => {
            let places = Places::new(&group.shape, &access.strides, 0);
            Data::from_f64(group.dtype, places.take(n).map(|i| tensors[access.tensor].get(i)))
        }
        Expr::Gather { data, .. } => {
            let at = |i| picked(inner, tensors, i).map_or(0.0, |place| tensors[*data].get(place));
            Data::from_f64(group.dtype, (0..n).map(at))
        }
        other => Data::from_f64(
            group.dtype,
            expr::all(other, &group.shape, tensors, threads).into_iter().map(f64::from),
        ),
    }
}

fn pool(p: &PoolWork, image: &Data, n: usize) -> Vec<f32> {
    let ([h, w], [oh, ow]) = (p.input.map(|d| d as usize), p.output.map(|d| d as usize));
    let channels = p.channels as usize;
    let inside = |at: usize, step: u32, tap: u32, before: u32, size: usize| {
        Some((at * step as usize + tap as usize).wrapping_sub(before as usize)).filter(|i| *i < size)
    };
    let window = |i: usize| {
        let (batch, c, y, x) = if p.channels_last {
            (i / channels / ow / oh, i % channels, i / channels / ow % oh, i / channels % ow)
        } else {
            (i / ow / oh / channels, i / ow / oh % channels, i / ow % oh, i % ow)
        };
        let (mut most, mut sum, mut count) = (f32::MIN, 0f32, 0f32);
        for iy in (0..p.window[0]).filter_map(|t| inside(y, p.stride[0], t, p.padding[0], h)) {
            for ix in (0..p.window[1]).filter_map(|t| inside(x, p.stride[1], t, p.padding[1], w)) {
                let place = if p.channels_last {
                    ((batch * h + iy) * w + ix) * channels + c
                } else {
                    ((batch * channels + c) * h + iy) * w + ix
                };
                let v = image.get(place) as f32;
                (most, sum, count) = (most.max(v), sum + v, count + 1.0);
            }
        }
        if p.kind == PoolKind::Max { most } else { sum / count }
    };
    (0..n).map(window).collect()
}

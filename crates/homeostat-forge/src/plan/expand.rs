//! Operations that are made of others: attention becomes two products and a softmax, and a reduction over dimensions that are
//! not neighbours a transpose and a reduction.

use crate::ir::{Binary, Blueprint, Builder, DType, Node, NodeId, Op};
use alloc::{format, vec::Vec};
use homeostat_core::error::{Error, Result};
use homeostat_core::list::List;

/// The same graph of fewer kinds of nodes, without those that no output needs; inputs stay.
pub(super) fn expand(blueprint: &Blueprint) -> Result<Blueprint> {
    expanded(blueprint).map(|(graph, _)| graph)
}

/// For each node of the expanded graph the one that it was made of.
pub(super) fn origins(blueprint: &Blueprint) -> Result<Vec<NodeId>> {
    expanded(blueprint).map(|(_, origins)| origins)
}

fn expanded(blueprint: &Blueprint) -> Result<(Blueprint, Vec<NodeId>)> {
    let mut needed = alloc::vec![false; blueprint.nodes().len()];
    blueprint.outputs().iter().for_each(|id| needed[id.index()] = true);
    for (i, node) in blueprint.nodes().iter().enumerate().rev().filter(|(_, n)| !n.operands.is_empty()) {
        if needed[i] {
            node.operands.iter().for_each(|id| needed[id.index()] = true);
        }
    }
    let mut b = Builder::new();
    let mut at: Vec<Option<NodeId>> = Vec::new();
    let mut origins: Vec<NodeId> = Vec::new();
    for ((id, node), needed) in blueprint.ids().zip(blueprint.nodes()).zip(needed) {
        let of: Vec<NodeId> = node.operands.iter().filter_map(|id| at[id.index()]).listed();
        at.push(match &node.op {
            Op::Input { name } => Some(b.input(name, node.dtype, node.shape.dims())?),
            _ if needed => Some(one(&mut b, node, &of).map_err(|e| of_user(id, node, e))?),
            _ => None,
        });
        let made = at.last().copied().flatten().map_or(0, |last| last.index() + 1);
        origins.resize(made.max(origins.len()), id);
    }
    let outputs: Vec<NodeId> = blueprint.outputs().iter().filter_map(|id| at[id.index()]).listed();
    Ok((b.finish(&outputs)?, origins))
}

/// What is wrong with a step, of the node that a person wrote: the steps have numbers that nobody knows.
fn of_user(id: NodeId, node: &Node, error: Error) -> Error {
    let why = error.message.split_once("): ").map_or(&*error.message, |(_, why)| why);
    let message = format!("node {} ({}), in one of its steps: {why}", id.index(), node.op.name());
    error.saying(message)
}

fn one(b: &mut Builder, node: &Node, of: &[NodeId]) -> Result<NodeId> {
    match &node.op {
        Op::Attention { scale, causal } => attention(b, [of[0], of[1], of[2]], *scale, *causal, node.dtype),
        Op::Reduce { kind, axes, keep } if axes.windows(2).any(|w| w[0] + 1 != w[1]) => {
            let rank = b.shape(of[0]).rank() as u32;
            let kept = (0..rank).filter(|d| !axes.contains(d));
            let permutation: Vec<u32> = kept.chain(axes.iter().copied()).listed();
            let turned = b.node(Op::Transpose { permutation }, of)?;
            let last: Vec<u32> = (rank - axes.len() as u32..rank).listed();
            let folded = b.reduce(turned, *kind, &last, false)?;
            if *keep { b.node(Op::Reshape { shape: node.shape.clone() }, &[folded]) } else { Ok(folded) }
        }
        op => b.node(op.clone(), of),
    }
}

/// The scores stay in f32 until they are weights: in f16 they could overflow.
fn attention(
    b: &mut Builder,
    [q, k, v]: [NodeId; 3],
    scale: f32,
    causal: bool,
    dtype: DType,
) -> Result<NodeId> {
    let scores = b.node(Op::MatMul { transpose_a: false, transpose_b: true, output: DType::F32 }, &[q, k])?;
    let scale = b.scalar(scale)?;
    let mut scores = b.binary(Binary::Mul, scores, scale)?;
    if causal {
        scores = b.node(Op::Causal, &[scores])?;
    }
    let axis = b.shape(scores).rank() as u32 - 1;
    let mut weights = b.node(Op::Softmax { axis }, &[scores])?;
    if dtype != DType::F32 {
        weights = b.node(Op::Cast(dtype), &[weights])?;
    }
    b.matmul(weights, v, false, false)
}

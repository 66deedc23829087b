//! Other graphs for the same numbers: what the cutter's own rule would not do.
//!
//! - `Split`: a node that would be computed inside another kernel is stored by one of its own.
//! - `Fuse`: an elementwise node that several kernels read is computed in each of them and never stored.
//! - `Layout`: an operand that is read the other way round is laid out in memory first; a convolution is computed in the other order
//!   of channels.
//!
//! Inputs and outputs stay as they are, in their order, so that whoever runs a kernel need not know. A rewritten graph is as right as
//! its proof says: it is compared with the oracle of the blueprint that was asked for, like any kernel.

use super::cut::{Cutter, Plan};
use super::expand::expand;
use crate::ir::{Blueprint, Builder, Layout, Node, NodeId, Op};
use alloc::{string::String, vec, vec::Vec};
use core::fmt;
use homeostat_core::error::Result;
use homeostat_core::list::List;

/// Most changes of one variant.
pub const REWRITES_MAX: usize = 4;

/// One change; the number is that of a node of the plan's graph before any change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rewrite {
    /// Store what would be computed inside another kernel.
    Split(u32),
    /// Compute it wherever it is read.
    Fuse(u32),
    /// Lay an operand out in memory as it is read, or channels in the other order.
    Layout(u32),
}

impl Rewrite {
    /// Every kind by name.
    pub const KINDS: [&'static str; 3] = ["split", "fuse", "layout"];

    /// Which kind, and of which node.
    fn parts(self) -> (usize, u32) {
        match self {
            Rewrite::Split(node) => (0, node),
            Rewrite::Fuse(node) => (1, node),
            Rewrite::Layout(node) => (2, node),
        }
    }

    /// Its kind's name.
    pub fn kind(self) -> &'static str {
        Self::KINDS[self.parts().0]
    }

    fn parse(text: &str) -> Option<Self> {
        let kind = Self::KINDS.iter().position(|kind| text.starts_with(kind))?;
        let node = text[Self::KINDS[kind].len()..].parse().ok()?;
        Some([Rewrite::Split, Rewrite::Fuse, Rewrite::Layout][kind](node))
    }
}

/// Changes that are made together; none is the cutter's own rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Variant(Vec<Rewrite>);

impl Variant {
    /// Its changes, in order.
    pub fn rewrites(&self) -> &[Rewrite] {
        &self.0
    }

    /// Whether nothing is changed.
    pub fn is_plain(&self) -> bool {
        self.0.is_empty()
    }

    /// With one more change, or without it where it was made; `None` where that would be too many.
    pub fn toggled(&self, change: Rewrite) -> Option<Self> {
        let mut all = self.0.clone();
        match all.binary_search(&change) {
            Ok(at) => drop(all.remove(at)),
            Err(_) if all.len() >= REWRITES_MAX => return None,
            Err(at) => all.insert(at, change),
        }
        Some(Self(all))
    }

    /// The variant of this text, the inverse of its display.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::default());
        }
        let all = text.split('+').map(Rewrite::parse).collect::<Option<Vec<Rewrite>>>()?;
        (all.len() <= REWRITES_MAX && all.windows(2).all(|w| w[0] < w[1])).then_some(Self(all))
    }

    /// Its text, that the library keeps.
    pub fn text(&self) -> String {
        alloc::format!("{self}")
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, rewrite) in self.0.iter().enumerate() {
            let (kind, node) = rewrite.parts();
            write!(f, "{}{}{node}", if i > 0 { "+" } else { "" }, Rewrite::KINDS[kind])?;
        }
        Ok(())
    }
}

impl Plan {
    /// Cuts a blueprint after these changes. A change that the graph has no place for is none.
    pub fn rewritten(blueprint: &Blueprint, tensors_max: usize, variant: &Variant) -> Result<Self> {
        let graph = expand(blueprint)?;
        let mut stored = Vec::new();
        let (graph, at) = lay_out(&graph, variant, &mut stored)?;
        let mut cutter = Cutter::new(&graph);
        for rewrite in variant.rewrites() {
            let (kind, node) = rewrite.parts();
            let Some(id) = at.get(node as usize).copied() else { continue };
            match kind {
                0 => stored.push(id),
                1 if cutter.may_fuse(id) => cutter.everywhere[id.index()] = true,
                _ => {}
            }
        }
        stored.into_iter().for_each(|id| cutter.stored[id.index()] = true);
        let groups = cutter.cut(tensors_max)?;
        Ok(Self { graph, groups })
    }

    /// The changes that its graph, cut by the rule alone, has a place for.
    pub fn rewrites(blueprint: &Blueprint) -> Result<Vec<Rewrite>> {
        let graph = expand(blueprint)?;
        let cutter = Cutter::new(&graph);
        let mut found = Vec::new();
        for id in graph.ids() {
            let (node, n) = (graph.node(id), id.index() as u32);
            if cutter.may_split(id) {
                found.push(Rewrite::Split(n));
            }
            if cutter.may_fuse(id) {
                found.push(Rewrite::Fuse(n));
            }
            let turns = match &node.op {
                Op::MatMul { transpose_a, transpose_b, .. } => *transpose_a || *transpose_b,
                Op::Conv2d(_) => true,
                Op::Transpose { .. } => cutter.is_view(id),
                _ => false,
            };
            if turns {
                found.push(Rewrite::Layout(n));
            }
        }
        Ok(found)
    }
}

impl Cutter<'_> {
    /// Whether it could be stored, though the rule computes it inside of another kernel.
    fn may_split(&self, id: NodeId) -> bool {
        let node = self.graph.node(id);
        if matches!(node.op, Op::Scalar(_) | Op::Input { .. }) || self.is_output(id) {
            return false;
        }
        // What follows a root with its shape would be the root's epilogue.
        let [user] = self.users[id.index()][..] else { return false };
        let top = self.top_of(user);
        let is_root =
            !node.op.is_elementwise() && !self.is_view(id) && self.graph.node(user).op.is_elementwise();
        self.is_inline(id) || is_root && self.is_stored(top) && self.root_of(top) == Some(id)
    }

    /// The last of the elementwise nodes that one kernel computes.
    fn top_of(&self, mut id: NodeId) -> NodeId {
        while self.is_inline(id)
            && let [user] = self.users[id.index()][..]
            && self.graph.node(user).op.is_elementwise()
        {
            id = user;
        }
        id
    }

    /// Whether it could be computed by all that read it, though the rule stores it.
    fn may_fuse(&self, id: NodeId) -> bool {
        let users = &self.users[id.index()];
        let node = self.graph.node(id);
        node.op.is_elementwise()
            && !matches!(node.op, Op::Scalar(_) | Op::Causal)
            && node.dtype.is_float()
            && !self.is_output(id)
            && users.len() > 1
            && users.iter().all(|user| self.reads_once(id, *user))
            // Where it is a root's epilogue it is stored, or the root would be computed again.
            && node.operands.iter().all(|o| self.is_stored_or_given(*o))
    }

    fn is_stored_or_given(&self, id: NodeId) -> bool {
        let op = &self.graph.node(id).op;
        matches!(op, Op::Scalar(_) | Op::Input { .. })
            || op.is_elementwise() && self.users[id.index()].len() > 1
            || self.users[id.index()].len() > 1
    }
}

/// The graph with its layouts changed, where each node went, and what has to be stored for it.
fn lay_out(
    graph: &Blueprint,
    variant: &Variant,
    stored: &mut Vec<NodeId>,
) -> Result<(Blueprint, Vec<NodeId>)> {
    let mut b = Builder::new();
    let mut at: Vec<NodeId> = Vec::new();
    for id in graph.ids() {
        let node = graph.node(id);
        let of: Vec<NodeId> = node.operands.iter().map(|operand| at[operand.index()]).listed();
        let turned = variant.0.contains(&Rewrite::Layout(id.index() as u32));
        at.push(match &node.op {
            Op::Input { name } => b.input(name, node.dtype, node.shape.dims())?,
            _ if turned => turn(&mut b, node, &of, stored)?,
            op => b.node(op.clone(), &of)?,
        });
    }
    let outputs: Vec<NodeId> = graph.outputs().iter().map(|id| at[id.index()]).listed();
    Ok((b.finish(&outputs)?, at))
}

fn turn(b: &mut Builder, node: &Node, of: &[NodeId], stored: &mut Vec<NodeId>) -> Result<NodeId> {
    let mut transposed = |b: &mut Builder, id: NodeId, permutation: Vec<u32>| {
        let turned = b.node(Op::Transpose { permutation }, &[id])?;
        stored.push(turned);
        Ok(turned)
    };
    match &node.op {
        Op::MatMul { transpose_a, transpose_b, output } => {
            let mut swap = |b: &mut Builder, id: NodeId| {
                let rank = b.shape(id).rank() as u32;
                let mut permutation: Vec<u32> = (0..rank).listed();
                permutation.swap(rank as usize - 2, rank as usize - 1);
                transposed(b, id, permutation)
            };
            let x = if *transpose_a { swap(b, of[0])? } else { of[0] };
            let y = if *transpose_b { swap(b, of[1])? } else { of[1] };
            b.node(Op::MatMul { transpose_a: false, transpose_b: false, output: *output }, &[x, y])
        }
        Op::Conv2d(conv) => {
            let (to_last, to_first) = (vec![0, 2, 3, 1], vec![0, 3, 1, 2]);
            let (there, back, layout) = match conv.layout {
                Layout::Nchw => (to_last, to_first, Layout::Nhwc),
                Layout::Nhwc => (to_first, to_last, Layout::Nchw),
            };
            let x = transposed(b, of[0], there.clone())?;
            let w = transposed(b, of[1], there)?;
            let mut conv = conv.clone();
            conv.layout = layout;
            let y = b.conv2d(x, w, conv)?;
            b.node(Op::Transpose { permutation: back }, &[y])
        }
        op => {
            let id = b.node(op.clone(), of)?;
            stored.push(id);
            Ok(id)
        }
    }
}

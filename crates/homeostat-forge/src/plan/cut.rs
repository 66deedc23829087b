//! Cuts a graph into groups.

use super::expand::{expand, origins};
use super::expr::{Access, Expr};
use super::work::{Batch, Contract, Group, Image, PoolWork, Row, RowKind, Side, Work};
use crate::ir::{Blueprint, DType, Layout, Node, NodeId, Op, Shape};
use alloc::{boxed::Box, vec, vec::Vec};
use homeostat_core::error::{Code, Error, Result};
use homeostat_core::list::List;

/// Most operations of one expression: longer ones are cut.
const OPERATIONS_MAX: usize = 48;

/// A blueprint as groups, in the order in which they run.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The graph that the groups' nodes are of.
    pub graph: Blueprint,
    /// Its groups.
    pub groups: Vec<Group>,
}

impl Plan {
    /// Cuts a blueprint so that no kernel reads or writes more tensors than this.
    pub fn new(blueprint: &Blueprint, tensors_max: usize) -> Result<Self> {
        let graph = expand(blueprint)?;
        let groups = Cutter::new(&graph).cut(tensors_max)?;
        Ok(Self { graph, groups })
    }

    /// The node of the blueprint that a node of this plan, cut by rule, computes something of.
    pub fn origin(&self, blueprint: &Blueprint, id: NodeId) -> NodeId {
        let last = *blueprint.outputs().last().unwrap_or(&id);
        origins(blueprint).ok().and_then(|of| of.get(id.index()).copied()).unwrap_or(last)
    }
}

pub(super) struct Cutter<'a> {
    pub(super) graph: &'a Blueprint,
    /// The nodes that use each node.
    pub(super) users: Vec<Vec<NodeId>>,
    /// Nodes that are kept in memory though they could be computed where they are read.
    pub(super) stored: Vec<bool>,
    /// Nodes that are computed wherever they are read, though several read them.
    pub(super) everywhere: Vec<bool>,
}

/// A group in the making.
struct Draft {
    tensors: Vec<NodeId>,
}

impl Draft {
    fn tensor(&mut self, id: NodeId) -> usize {
        self.tensors.iter().position(|t| *t == id).unwrap_or_else(|| {
            self.tensors.push(id);
            self.tensors.len() - 1
        })
    }
}

impl<'a> Cutter<'a> {
    pub(super) fn new(graph: &'a Blueprint) -> Self {
        let mut users = vec![Vec::new(); graph.nodes().len()];
        for id in graph.ids() {
            graph.node(id).operands.iter().for_each(|operand| users[operand.index()].push(id));
        }
        let none = vec![false; graph.nodes().len()];
        Self { graph, users, stored: none.clone(), everywhere: none }
    }

    /// The groups, so that no kernel reads or writes more tensors than this.
    pub(super) fn cut(&mut self, tensors_max: usize) -> Result<Vec<Group>> {
        // Each round stores one more node in memory; a graph whose nodes are all stored fits.
        for _ in 0..=self.graph.nodes().len() {
            match self.groups(tensors_max) {
                Ok(groups) => return Ok(groups),
                Err(cut) => self.stored[cut.index()] = true,
            }
        }
        Err(Error::new(
            Code::ForgeUnsupported,
            "the blueprint needs more tensors in one kernel than the adapter binds",
        ))
    }

    /// Whether what a node computes is read by `user` once for each of its elements, where it computes.
    pub(super) fn reads_once(&self, id: NodeId, user: NodeId) -> bool {
        let user = self.graph.node(user);
        user.op.is_elementwise()
            || matches!(user.op, Op::MatMul { .. } | Op::Conv2d(_) | Op::Reduce { .. } | Op::Softmax { .. })
            || matches!(user.op, Op::LayerNorm { .. } | Op::RmsNorm { .. }) && user.operands[0] == id
    }

    pub(super) fn is_output(&self, id: NodeId) -> bool {
        self.graph.outputs().contains(&id)
    }

    /// Only other strides of a tensor in memory.
    pub(super) fn is_view(&self, id: NodeId) -> bool {
        matches!(self.graph.node(id).op, Op::Transpose { .. } | Op::Reshape { .. })
            && !self.is_output(id)
            && !self.stored[id.index()]
    }

    /// Computed where it is read.
    pub(super) fn is_inline(&self, id: NodeId) -> bool {
        let node = self.graph.node(id);
        if matches!(node.op, Op::Scalar(_)) {
            return true;
        }
        if !node.op.is_elementwise()
            || !node.dtype.is_float()
            || self.is_output(id)
            || self.stored[id.index()]
        {
            return false;
        }
        if self.everywhere[id.index()] {
            return true;
        }
        let [user] = self.users[id.index()][..] else { return false };
        let reads_once = self.reads_once(id, user);
        let user = self.graph.node(user);
        // The triangle is told by the index, which must be its own.
        reads_once && (node.op != Op::Causal || user.shape == node.shape || !user.op.is_elementwise())
    }

    /// Needs a kernel that stores it.
    pub(super) fn is_stored(&self, id: NodeId) -> bool {
        !self.is_inline(id) && !self.is_view(id) && !matches!(self.graph.node(id).op, Op::Input { .. })
    }

    /// The node whose results the elementwise node `top` is computed on.
    pub(super) fn root_of(&self, top: NodeId) -> Option<NodeId> {
        let mut found: Option<NodeId> = None;
        let mut open = vec![top];
        while let Some(id) = open.pop() {
            let node = self.graph.node(id);
            if id == top || self.is_inline(id) {
                open.extend(&node.operands);
                continue;
            }
            let takes = matches!(
                node.op,
                Op::MatMul { .. }
                    | Op::Conv2d(_)
                    | Op::Reduce { .. }
                    | Op::Softmax { .. }
                    | Op::LayerNorm { .. }
                    | Op::RmsNorm { .. }
                    | Op::Pool(_)
            );
            let alone = self.users[id.index()].len() == 1 && !self.is_output(id) && !self.stored[id.index()];
            if takes && alone && node.shape == self.graph.node(top).shape && node.dtype.is_float() {
                found = found.max(Some(id));
            }
        }
        found
    }

    /// The groups, or a node that has to be stored first.
    fn groups(&self, tensors_max: usize) -> core::result::Result<Vec<Group>, NodeId> {
        let tops: Vec<NodeId> = self.graph.ids().filter(|id| self.is_stored(*id)).listed();
        let elementwise = |id: &NodeId| self.graph.node(*id).op.is_elementwise();
        let rooted: Vec<(NodeId, Option<NodeId>)> =
            tops.iter().map(|top| (*top, if elementwise(top) { self.root_of(*top) } else { None })).listed();
        let mut groups = Vec::new();
        for (top, root) in &rooted {
            // A root is computed by the group of what follows it.
            if rooted.iter().any(|(_, taken)| *taken == Some(*top)) {
                continue;
            }
            let group = self.group(*top, *root)?;
            let mut operations = group.epilogue.operations();
            let inputs: [&Expr; 2] = match &group.work {
                Work::Contract(c) => [&c.a.expr, &c.b.expr],
                Work::Row(r) => [&r.input, &Expr::Root],
                Work::Map(e) => [e, &Expr::Root],
                Work::Pool(_) => [&Expr::Root, &Expr::Root],
            };
            operations = inputs.iter().fold(operations, |n, e| n.max(e.operations()));
            if group.tensors.len() + 1 > tensors_max || operations > OPERATIONS_MAX {
                return Err(self.to_store(*top, *root));
            }
            groups.push(group);
        }
        Ok(groups)
    }

    /// What to store so that a group reads less: an inline node below it, else its root.
    fn to_store(&self, top: NodeId, root: Option<NodeId>) -> NodeId {
        let mut open = self.graph.node(top).operands.clone();
        if let Some(root) = root {
            open.extend(&self.graph.node(root).operands);
        }
        let computed = |id: &NodeId| self.is_inline(*id) && !matches!(self.graph.node(*id).op, Op::Scalar(_));
        open.into_iter().filter(computed).max().or(root).unwrap_or(top)
    }

    /// The tensor in memory behind a node, and its strides over the node's own shape.
    fn source(&self, id: NodeId) -> core::result::Result<(NodeId, Vec<u32>), NodeId> {
        let node = self.graph.node(id);
        if !self.is_view(id) {
            return if self.is_inline(id) { Err(id) } else { Ok((id, node.shape.strides())) };
        }
        let (tensor, strides) = self.source(node.operands[0])?;
        match &node.op {
            Op::Transpose { permutation } => {
                Ok((tensor, permutation.iter().map(|d| strides[*d as usize]).listed()))
            }
            _ if strides == self.graph.node(node.operands[0]).shape.strides() => {
                Ok((tensor, node.shape.strides()))
            }
            // The elements are not in order: the view below has to be in memory.
            _ => Err(node.operands[0]),
        }
    }

    fn read(&self, draft: &mut Draft, id: NodeId, over: &Shape) -> core::result::Result<Expr, NodeId> {
        let (tensor, own) = self.source(id)?;
        let dims = self.graph.node(id).shape.dims();
        let skipped = over.rank() - dims.len();
        let stride =
            |d: usize| d.checked_sub(skipped).filter(|mine| dims[*mine] != 1).map_or(0, |mine| own[mine]);
        let strides = (0..over.rank()).map(stride).listed();
        Ok(Expr::Read(Access { tensor: draft.tensor(tensor), dtype: self.graph.node(id).dtype, strides }))
    }

    fn expr(
        &self,
        draft: &mut Draft,
        id: NodeId,
        over: &Shape,
        top: NodeId,
        root: Option<NodeId>,
    ) -> core::result::Result<Expr, NodeId> {
        let node = self.graph.node(id);
        if Some(id) == root {
            return Ok(Expr::Root);
        }
        if id != top && !self.is_inline(id) {
            return self.read(draft, id, over);
        }
        let mut of = |i: usize| self.expr(draft, node.operands[i], over, top, root).map(Box::new);
        Ok(match &node.op {
            Op::Scalar(x) => Expr::Scalar(*x),
            Op::Unary(f) => Expr::Unary(*f, of(0)?),
            Op::Binary(f) => Expr::Binary(*f, of(0)?, of(1)?),
            Op::Cast(dtype) => Expr::Cast(*dtype, of(0)?),
            Op::Causal => {
                let dims = node.shape.dims();
                let (rows, columns) = (dims[dims.len() - 2], dims[dims.len() - 1]);
                let hidden = if node.dtype == DType::F16 { -65_000.0 } else { -3e38 };
                Expr::Causal { rows, columns, hidden, of: of(0)? }
            }
            _ => self.read(draft, id, over)?,
        })
    }

    /// The group that stores `top`, with `root` before it where there is one.
    fn group(&self, top: NodeId, root: Option<NodeId>) -> core::result::Result<Group, NodeId> {
        let node = self.graph.node(top);
        let mut draft = Draft { tensors: Vec::new() };
        let work = match root {
            Some(root) => self.work(&mut draft, root)?,
            None if node.op.is_elementwise() => {
                Work::Map(self.expr(&mut draft, top, &node.shape, top, None)?)
            }
            None => self.work(&mut draft, top)?,
        };
        let epilogue = match root {
            Some(_) => self.expr(&mut draft, top, &node.shape, top, root)?,
            None => Expr::Root,
        };
        let dtypes = draft.tensors.iter().map(|id| self.graph.node(*id).dtype).listed();
        Ok(Group {
            work,
            tensors: draft.tensors,
            epilogue,
            output: top,
            shape: node.shape.clone(),
            dtype: node.dtype,
            dtypes,
        })
    }

    fn work(&self, draft: &mut Draft, id: NodeId) -> core::result::Result<Work, NodeId> {
        let node = self.graph.node(id);
        let operand = |i: usize| self.graph.node(node.operands[i]);
        Ok(match &node.op {
            Op::MatMul { transpose_a, transpose_b, .. } => {
                self.matmul(draft, node, *transpose_a, *transpose_b)?
            }
            Op::Conv2d(_) => self.conv(draft, node)?,
            Op::Reduce { kind, axes, .. } => self.row(
                draft,
                node,
                RowKind::Reduce(*kind),
                axes[0] as usize,
                axes[axes.len() - 1] as usize,
            )?,
            Op::Softmax { axis } => {
                self.row(draft, node, RowKind::Softmax, *axis as usize, *axis as usize)?
            }
            Op::LayerNorm { epsilon } | Op::RmsNorm { epsilon } => {
                let epsilon = *epsilon;
                let centred = matches!(node.op, Op::LayerNorm { .. });
                let kind =
                    if centred { RowKind::LayerNorm { epsilon } } else { RowKind::RmsNorm { epsilon } };
                let last = operand(0).shape.rank() - 1;
                self.row(draft, node, kind, last, last)?
            }
            Op::Pool(pool) => {
                let image = &operand(0).shape;
                let Ok(w) = pool.window(image) else { return Err(node.operands[0]) };
                Work::Pool(PoolWork {
                    kind: pool.kind,
                    tensor: self.plain(draft, node.operands[0])?,
                    channels: w.channels,
                    input: w.input,
                    output: w.output,
                    window: pool.window,
                    stride: pool.stride,
                    padding: pool.padding,
                    channels_last: pool.layout == Layout::Nhwc,
                })
            }
            Op::Transpose { permutation } => {
                let (tensor, strides) = self.source(node.operands[0])?;
                let strides = permutation.iter().map(|d| strides[*d as usize]).listed();
                Work::Map(Expr::Read(Access { tensor: draft.tensor(tensor), dtype: node.dtype, strides }))
            }
            Op::Reshape { .. } => {
                let tensor = self.plain(draft, node.operands[0])?;
                Work::Map(Expr::Read(Access { tensor, dtype: node.dtype, strides: node.shape.strides() }))
            }
            Op::Gather { axis } => {
                let dims = operand(0).shape.dims();
                Work::Map(Expr::Gather {
                    data: self.plain(draft, node.operands[0])?,
                    dtype: node.dtype,
                    indices: self.plain(draft, node.operands[1])?,
                    signed: operand(1).dtype == DType::I32,
                    size: dims[*axis as usize],
                    picked: operand(1).shape.elements() as u32,
                    inner: dims[*axis as usize + 1..].iter().product(),
                })
            }
            _ => return Err(id),
        })
    }

    /// A tensor in memory whose elements are in order.
    fn plain(&self, draft: &mut Draft, id: NodeId) -> core::result::Result<usize, NodeId> {
        let (tensor, strides) = self.source(id)?;
        if strides == self.graph.node(id).shape.strides() { Ok(draft.tensor(tensor)) } else { Err(id) }
    }

    /// An operand that is computed where it is read.
    fn operand(&self, draft: &mut Draft, id: NodeId) -> core::result::Result<Expr, NodeId> {
        let over = &self.graph.node(id).shape;
        if self.is_inline(id) { self.expr(draft, id, over, id, None) } else { self.read(draft, id, over) }
    }

    fn side(
        &self,
        draft: &mut Draft,
        id: NodeId,
        transposed: bool,
        matrices: u32,
    ) -> core::result::Result<Side, NodeId> {
        let node = self.graph.node(id);
        let expr = self.operand(draft, id)?;
        let plain = match &expr {
            Expr::Read(access) if access.is_plain(&node.shape) => Some(access.tensor),
            _ => None,
        };
        Ok(Side { expr, shape: node.shape.clone(), transposed, matrices, dtype: node.dtype, plain })
    }

    fn matmul(
        &self,
        draft: &mut Draft,
        node: &Node,
        transpose_a: bool,
        transpose_b: bool,
    ) -> core::result::Result<Work, NodeId> {
        let dims = |i: usize| self.graph.node(node.operands[i]).shape.dims();
        let (batch_a, batch_b) =
            (Shape::new(&dims(0)[..dims(0).len() - 2]), Shape::new(&dims(1)[..dims(1).len() - 2]));
        let wide = Shape::new(&node.shape.dims()[..node.shape.rank() - 2]);
        let (steps_a, steps_b) = (batch_a.strides_in(&wide), batch_b.strides_in(&wide));
        let mut batch: Vec<Batch> = Vec::new();
        for (d, count) in wide.dims().iter().enumerate().filter(|(_, n)| **n > 1) {
            let next = Batch { count: *count, step_a: steps_a[d], step_b: steps_b[d] };
            match batch.last_mut() {
                // Two dimensions that are one in memory, in both operands.
                Some(last) if last.step_a == next.step_a * count && last.step_b == next.step_b * count => {
                    *last = Batch { count: last.count * count, ..next };
                }
                _ => batch.push(next),
            }
        }
        let last = |i: usize, from_end: usize| dims(i)[dims(i).len() - from_end];
        let k = if transpose_a { last(0, 2) } else { last(0, 1) };
        let (m, n) = (node.shape.dims()[node.shape.rank() - 2], node.shape.last());
        // Many small products with one matrix are one large product.
        let one = |b: &[Batch]| matches!(b, [b] if b.step_b == 0 && b.step_a == 1) && !transpose_a;
        let (batch, m) = if one(&batch) { (Vec::new(), m * batch[0].count) } else { (batch, m) };
        let matrices_a = if batch.is_empty() { 1 } else { batch_a.elements() as u32 };
        let a = self.side(draft, node.operands[0], transpose_a, matrices_a)?;
        let b = self.side(draft, node.operands[1], transpose_b, batch_b.elements() as u32)?;
        Ok(Work::Contract(Contract { batch, m, n, k, a, b, image: None }))
    }

    fn conv(&self, draft: &mut Draft, node: &Node) -> core::result::Result<Work, NodeId> {
        let Op::Conv2d(conv) = &node.op else { return Err(node.operands[0]) };
        let shape = |i: usize| &self.graph.node(node.operands[i]).shape;
        let Ok((w, channels)) = conv.window(shape(0), shape(1)) else { return Err(node.operands[0]) };
        let image = Image {
            batch: w.batch,
            channels: w.channels / conv.groups,
            groups: conv.groups,
            input: w.input,
            output: w.output,
            size: w.size,
            stride: conv.stride,
            padding: conv.padding,
            dilation: conv.dilation,
            channels_last: conv.layout == Layout::Nhwc,
        };
        let batch = if conv.groups > 1 {
            vec![Batch { count: conv.groups, step_a: 1, step_b: 1 }]
        } else {
            Vec::new()
        };
        Ok(Work::Contract(Contract {
            batch,
            m: w.batch * w.output[0] * w.output[1],
            n: channels / conv.groups,
            k: w.size[0] * w.size[1] * image.channels,
            a: self.side(draft, node.operands[0], false, 1)?,
            b: self.side(draft, node.operands[1], false, conv.groups)?,
            image: Some(image),
        }))
    }

    fn row(
        &self,
        draft: &mut Draft,
        node: &Node,
        kind: RowKind,
        first: usize,
        last: usize,
    ) -> core::result::Result<Work, NodeId> {
        let shape = &self.graph.node(node.operands[0]).shape;
        let dims = shape.dims();
        let input = self.operand(draft, node.operands[0])?;
        let mut vector = |i: usize| node.operands.get(i).map(|id| self.plain(draft, *id)).transpose();
        let (scale, bias) = (vector(1)?, vector(2)?);
        Ok(Work::Row(Row {
            kind,
            outer: dims[..first].iter().product(),
            len: dims[first..=last].iter().product(),
            inner: dims[last + 1..].iter().product(),
            input,
            shape: shape.clone(),
            scale,
            bias,
        }))
    }
}

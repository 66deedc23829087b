//! The graph, and how it is built.

use super::infer::infer;
use super::op::{Binary, Conv2d, Op, Pool, Reduction, Unary};
use super::shape::{ELEMENTS_MAX, RANK_MAX, Shape};
use super::tensor::DType;
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use homeostat_core::error::{Code, Error, Result};
use homeostat_core::list::List;

/// Most nodes of a blueprint.
pub const NODES_MAX: usize = 4096;
/// Longest name of an input, in bytes.
pub const NAME_BYTES_MAX: usize = 64;

/// Which node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(super) u32);

impl NodeId {
    /// Its place among the nodes.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One node.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it computes.
    pub op: Op,
    /// Of which nodes, all of them before it.
    pub operands: Vec<NodeId>,
    /// The shape of its result.
    pub shape: Shape,
    /// What its result is stored as.
    pub dtype: DType,
}

/// A valid graph: operands come before what uses them, and something is an output.
#[derive(Clone, Debug, PartialEq)]
pub struct Blueprint {
    nodes: Vec<Node>,
    inputs: Vec<NodeId>,
    outputs: Vec<NodeId>,
}

impl Blueprint {
    /// Its nodes, operands before what uses them.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// One node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// What is given at each run, in the order of declaration.
    pub fn inputs(&self) -> &[NodeId] {
        &self.inputs
    }

    /// What comes out.
    pub fn outputs(&self) -> &[NodeId] {
        &self.outputs
    }

    /// Every node's number.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + use<> {
        (0..self.nodes.len() as u32).map(NodeId)
    }
}

/// Builds a blueprint; every step is checked.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    nodes: Vec<Node>,
    inputs: Vec<NodeId>,
}

impl Builder {
    /// An empty graph.
    pub fn new() -> Self {
        Self::default()
    }

    /// A tensor that is given at each run.
    pub fn input(&mut self, name: &str, dtype: DType, dims: &[u32]) -> Result<NodeId> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.chars().all(plain) {
            return Err(invalid(format!(
                "input '{name}': expected a name of 1 to {NAME_BYTES_MAX} letters, digits and underscores"
            )));
        }
        if self
            .inputs
            .iter()
            .any(|id| matches!(&self.nodes[id.index()].op, Op::Input { name: known } if known == name))
        {
            return Err(invalid(format!("input '{name}': there is one of this name already")));
        }
        let id = self.push(Op::Input { name: name.to_owned() }, Vec::new(), Shape::new(dims), dtype)?;
        self.inputs.push(id);
        Ok(id)
    }

    /// A node of any other kind.
    pub fn node(&mut self, op: Op, operands: &[NodeId]) -> Result<NodeId> {
        let at = self.nodes.len();
        if let Some(unknown) = operands.iter().find(|id| id.index() >= at) {
            return Err(invalid(format!("node {at} ({}): there is no node {}", op.name(), unknown.0)));
        }
        if let Some(why) = unusable_number(&op) {
            return Err(invalid(format!("node {at} ({}): {why}", op.name())));
        }
        let seen: Vec<_> =
            operands.iter().map(|id| &self.nodes[id.index()]).map(|n| (&n.shape, n.dtype)).listed();
        let (shape, dtype) = infer(&op, &seen).map_err(|why| {
            let from: Vec<String> = operands.iter().map(|id| format!("{}", id.0)).listed();
            invalid(format!("node {at} ({} of {}): {why}", op.name(), from.join(", ")))
        })?;
        self.push(op, operands.to_vec(), shape, dtype)
    }

    fn push(&mut self, op: Op, operands: Vec<NodeId>, shape: Shape, dtype: DType) -> Result<NodeId> {
        let at = self.nodes.len();
        let refuse = |why: &str| Err(invalid(format!("node {at} ({}) of shape {shape}: {why}", op.name())));
        if at >= NODES_MAX {
            return refuse("a blueprint has at most 4096 nodes");
        }
        if shape.rank() > RANK_MAX {
            return refuse("expected at most 8 dimensions");
        }
        if shape.dims().contains(&0) {
            return refuse("expected every dimension to be at least 1");
        }
        if shape.elements() > ELEMENTS_MAX {
            return refuse("expected at most 2147483648 elements");
        }
        self.nodes.push(Node { op, operands, shape, dtype });
        Ok(NodeId(at as u32))
    }

    /// Shape of a node so far.
    pub fn shape(&self, id: NodeId) -> &Shape {
        &self.nodes[id.index()].shape
    }

    /// What a node is stored as, so far.
    pub fn dtype(&self, id: NodeId) -> DType {
        self.nodes[id.index()].dtype
    }

    /// A number.
    pub fn scalar(&mut self, value: f32) -> Result<NodeId> {
        self.node(Op::Scalar(value), &[])
    }

    /// An elementwise function.
    pub fn unary(&mut self, f: Unary, x: NodeId) -> Result<NodeId> {
        self.node(Op::Unary(f), &[x])
    }

    /// An elementwise function of two, broadcasting.
    pub fn binary(&mut self, f: Binary, a: NodeId, b: NodeId) -> Result<NodeId> {
        self.node(Op::Binary(f), &[a, b])
    }

    /// A product of matrices, stored as its operands are.
    pub fn matmul(&mut self, a: NodeId, b: NodeId, transpose_a: bool, transpose_b: bool) -> Result<NodeId> {
        let output = self.nodes.get(a.index()).map_or(DType::F32, |n| n.dtype);
        self.node(Op::MatMul { transpose_a, transpose_b, output }, &[a, b])
    }

    /// A convolution.
    pub fn conv2d(&mut self, image: NodeId, filters: NodeId, conv: Conv2d) -> Result<NodeId> {
        self.node(Op::Conv2d(conv), &[image, filters])
    }

    /// A pool.
    pub fn pool(&mut self, image: NodeId, pool: Pool) -> Result<NodeId> {
        self.node(Op::Pool(pool), &[image])
    }

    /// Folds dimensions away.
    pub fn reduce(&mut self, x: NodeId, kind: Reduction, axes: &[u32], keep: bool) -> Result<NodeId> {
        self.node(Op::Reduce { kind, axes: axes.to_vec(), keep }, &[x])
    }

    /// The graph whose results these nodes are.
    pub fn finish(self, outputs: &[NodeId]) -> Result<Blueprint> {
        if outputs.is_empty() {
            return Err(invalid(String::from("outputs: expected at least one")));
        }
        for (i, id) in outputs.iter().enumerate() {
            match self.nodes.get(id.index()) {
                None => return Err(invalid(format!("output {i}: there is no node {}", id.0))),
                Some(node) if matches!(node.op, Op::Input { .. } | Op::Scalar(_)) => {
                    return Err(invalid(format!(
                        "output {i}: node {} ({}) computes nothing",
                        id.0,
                        node.op.name()
                    )));
                }
                Some(_) if outputs[..i].contains(id) => {
                    return Err(invalid(format!("output {i}: node {} comes twice", id.0)));
                }
                Some(_) => {}
            }
        }
        Ok(Blueprint { nodes: self.nodes, inputs: self.inputs, outputs: outputs.to_vec() })
    }
}

/// Numbers inside of an operation that it cannot be computed with.
fn unusable_number(op: &Op) -> Option<&'static str> {
    let ok = match op {
        Op::Scalar(x) => x.is_finite(),
        Op::LayerNorm { epsilon } | Op::RmsNorm { epsilon } => epsilon.is_finite() && *epsilon > 0.0,
        Op::Attention { scale, .. } => scale.is_finite(),
        _ => true,
    };
    (!ok).then_some("expected a finite number, and an epsilon above 0")
}

pub(super) fn invalid(message: String) -> Error {
    Error::new(Code::BlueprintInvalid, message)
}

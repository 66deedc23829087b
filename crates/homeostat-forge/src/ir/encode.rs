//! Canonical bytes of a blueprint, and its hash.
//!
//! ```text
//! "HFB1"  nodes:u32  { op:u8 arguments  operands:u32 { node:u32 }  [dtype:u8 dims]  }  outputs:u32 { node:u32 }
//! ```
//! Everything little-endian; a list is its length and its elements, text its length and UTF-8. Shape and dtype stand only with
//! inputs: the others follow. Two graphs have the same bytes exactly when they have the same nodes in the same order.

use super::blueprint::Blueprint;
use super::op::{Binary, Layout, Op, PoolKind, Reduction, Unary};
use super::tensor::DType;
use alloc::vec::Vec;
use core::fmt;
use homeostat_core::list::List;
use sha2::{Digest, Sha256};

pub(super) const MAGIC: &[u8; 4] = b"HFB1";

/// The SHA-256 of a blueprint's canonical bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash(pub [u8; 32]);

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Numbers of the canonical encoding: a place in this list. New ones go to the end.
pub(super) const UNARY: [Unary; 14] = [
    Unary::Neg,
    Unary::Abs,
    Unary::Exp,
    Unary::Log,
    Unary::Sqrt,
    Unary::Rsqrt,
    Unary::Recip,
    Unary::Relu,
    Unary::Sigmoid,
    Unary::Silu,
    Unary::Tanh,
    Unary::Erf,
    Unary::Gelu,
    Unary::GeluTanh,
];
pub(super) const BINARY: [Binary; 6] =
    [Binary::Add, Binary::Sub, Binary::Mul, Binary::Div, Binary::Max, Binary::Min];
pub(super) const REDUCTION: [Reduction; 4] =
    [Reduction::Sum, Reduction::Mean, Reduction::Max, Reduction::Min];
pub(super) const LAYOUT: [Layout; 2] = [Layout::Nchw, Layout::Nhwc];
pub(super) const POOL: [PoolKind; 2] = [PoolKind::Max, PoolKind::Mean];

struct Bytes(Vec<u8>);

impl Bytes {
    fn u32(&mut self, x: u32) {
        self.0.extend_from_slice(&x.to_le_bytes());
    }

    fn list(&mut self, list: &[u32]) {
        self.u32(list.len() as u32);
        list.iter().for_each(|x| self.u32(*x));
    }

    fn pick<T: PartialEq>(&mut self, table: &[T], x: &T) {
        // Every variant is in its table: a test walks them.
        self.0.push(table.iter().position(|y| y == x).unwrap_or(usize::MAX) as u8);
    }

    fn tagged(&mut self, tag: u8, words: &[u32]) {
        self.0.push(tag);
        words.iter().for_each(|x| self.u32(*x));
    }

    fn op(&mut self, op: &Op) {
        match op {
            Op::Input { name } => {
                self.tagged(0, &[name.len() as u32]);
                self.0.extend_from_slice(name.as_bytes());
            }
            Op::Scalar(x) => self.tagged(1, &[x.to_bits()]),
            Op::Unary(f) => {
                self.0.push(2);
                self.pick(&UNARY, f);
            }
            Op::Binary(f) => {
                self.0.push(3);
                self.pick(&BINARY, f);
            }
            Op::Cast(dtype) => {
                self.0.push(4);
                self.pick(&DType::ALL, dtype);
            }
            Op::Causal => self.0.push(5),
            Op::MatMul { transpose_a, transpose_b, output } => {
                self.0.extend_from_slice(&[6, u8::from(*transpose_a), u8::from(*transpose_b)]);
                self.pick(&DType::ALL, output);
            }
            Op::Conv2d(c) => {
                self.tagged(7, &[&c.stride[..], &c.padding, &c.dilation, &[c.groups]].concat());
                self.pick(&LAYOUT, &c.layout);
            }
            Op::Reduce { kind, axes, keep } => {
                self.0.extend_from_slice(&[8, u8::from(*keep)]);
                self.pick(&REDUCTION, kind);
                self.list(axes);
            }
            Op::Softmax { axis } => self.tagged(9, &[*axis]),
            Op::LayerNorm { epsilon } => self.tagged(10, &[epsilon.to_bits()]),
            Op::RmsNorm { epsilon } => self.tagged(11, &[epsilon.to_bits()]),
            Op::Attention { scale, causal } => self.tagged(12, &[scale.to_bits(), u32::from(*causal)]),
            Op::Pool(p) => {
                self.tagged(13, &[&p.window[..], &p.stride, &p.padding].concat());
                self.pick(&LAYOUT, &p.layout);
                self.pick(&POOL, &p.kind);
            }
            Op::Transpose { permutation } => {
                self.0.push(14);
                self.list(permutation);
            }
            Op::Reshape { shape } => {
                self.0.push(15);
                self.list(shape.dims());
            }
            Op::Gather { axis } => self.tagged(16, &[*axis]),
        }
    }
}

impl Blueprint {
    /// Its canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Bytes(MAGIC.to_vec());
        out.u32(self.nodes().len() as u32);
        for node in self.nodes() {
            out.op(&node.op);
            out.list(&node.operands.iter().map(|id| id.0).listed());
            if matches!(node.op, Op::Input { .. }) {
                out.pick(&DType::ALL, &node.dtype);
                out.list(node.shape.dims());
            }
        }
        out.list(&self.outputs().iter().map(|id| id.0).listed());
        out.0
    }

    /// The SHA-256 of its canonical bytes.
    pub fn hash(&self) -> Hash {
        Hash(Sha256::digest(self.encode()).into())
    }
}

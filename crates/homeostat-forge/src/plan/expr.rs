//! What is computed for one element, from tensors in memory.

use crate::ir::{Binary, DType, Shape, Unary};
use alloc::{boxed::Box, vec::Vec};

/// How an index of the surrounding shape finds an element of a tensor in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// Which of the group's tensors.
    pub tensor: usize,
    /// What it is stored as.
    pub dtype: DType,
    /// Elements between neighbours along each dimension of the surrounding shape; 0 along what is repeated.
    pub strides: Vec<u32>,
}

impl Access {
    /// Whether it is the tensor itself, element by element.
    pub fn is_plain(&self, over: &Shape) -> bool {
        over.strides().iter().zip(&self.strides).zip(over.dims()).all(|((a, b), n)| a == b || *n == 1)
    }
}

/// An expression over elements, all at one index of the surrounding shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// What the group's root computed.
    Root,
    /// An element in memory.
    Read(Access),
    /// A number.
    Scalar(f32),
    /// A function of one.
    Unary(Unary, Box<Expr>),
    /// A function of two.
    Binary(Binary, Box<Expr>, Box<Expr>),
    /// Another dtype.
    Cast(DType, Box<Expr>),
    /// The lower triangle of matrices of this size, and what stands above it.
    Causal {
        /// Rows of a matrix.
        rows: u32,
        /// Its columns.
        columns: u32,
        /// What stands above.
        hidden: f32,
        /// What stands below.
        of: Box<Expr>,
    },
    /// Slices picked by an index.
    Gather {
        /// The group's tensor that is picked from.
        data: usize,
        /// What it is stored as.
        dtype: DType,
        /// The group's tensor of indices.
        indices: usize,
        /// Whether they have a sign.
        signed: bool,
        /// Size of the dimension that is picked along.
        size: u32,
        /// How many indices.
        picked: u32,
        /// Elements of a slice.
        inner: u32,
    },
}

impl Expr {
    /// Visits the expression and all its parts.
    pub fn visit(&self, see: &mut impl FnMut(&Expr)) {
        see(self);
        match self {
            Expr::Unary(_, x) | Expr::Cast(_, x) | Expr::Causal { of: x, .. } => x.visit(see),
            Expr::Binary(_, a, b) => {
                a.visit(see);
                b.visit(see);
            }
            Expr::Root | Expr::Read(_) | Expr::Scalar(_) | Expr::Gather { .. } => {}
        }
    }

    /// How many operations it takes.
    pub fn operations(&self) -> usize {
        let mut n = 0;
        self.visit(&mut |e| n += usize::from(!matches!(e, Expr::Root | Expr::Read(_) | Expr::Scalar(_))));
        n
    }
}

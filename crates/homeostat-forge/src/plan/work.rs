//! What the root of a group computes.

use super::expr::Expr;
use crate::ir::{DType, NodeId, PoolKind, Reduction, Shape};
use alloc::vec::Vec;

/// What one kernel computes.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The root.
    pub work: Work,
    /// Nodes in memory that it reads.
    pub tensors: Vec<NodeId>,
    /// What becomes of the root's results, over the output's shape.
    pub epilogue: Expr,
    /// The node that it stores.
    pub output: NodeId,
    /// That node's shape.
    pub shape: Shape,
    /// What that node is stored as.
    pub dtype: DType,
    /// What the tensors are stored as.
    pub dtypes: Vec<DType>,
}

/// A root.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// Sums of products.
    Contract(Contract),
    /// Rows.
    Row(Row),
    /// Windows over an image.
    Pool(PoolWork),
    /// Elements, each by itself; over the output's shape.
    Map(Expr),
}

/// A dimension of the batch, and how many matrices apart neighbours along it are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Its size.
    pub count: u32,
    /// Matrices of the first operand; 0 where it is repeated.
    pub step_a: u32,
    /// Matrices of the second operand.
    pub step_b: u32,
}

/// An operand of a contraction: matrices, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// An element of the operand, over `shape`.
    pub expr: Expr,
    /// The operand's shape.
    pub shape: Shape,
    /// Whether its matrices are stored the other way round.
    pub transposed: bool,
    /// How many matrices.
    pub matrices: u32,
    /// What it is kept as.
    pub dtype: DType,
    /// The group's tensor, where the operand is just that.
    pub plain: Option<usize>,
}

/// `[z, m, n]` = sum over k of `[z, m, k]` times `[z, k, n]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Contract {
    /// The batch, outermost first.
    pub batch: Vec<Batch>,
    /// Rows of the result; all pixels of all images for a convolution.
    pub m: u32,
    /// Columns of the result; a group's channels for a convolution.
    pub n: u32,
    /// Length of the sums.
    pub k: u32,
    /// The first operand.
    pub a: Side,
    /// The second operand.
    pub b: Side,
    /// For a convolution, how the first operand's rows lie in the image.
    pub image: Option<Image>,
}

impl Contract {
    /// Matrices of the result.
    pub fn matrices(&self) -> u32 {
        self.batch.iter().map(|b| b.count).product()
    }

    /// Multiply-adds that it takes.
    pub fn multiply_adds(&self) -> f64 {
        f64::from(self.matrices()) * f64::from(self.m) * f64::from(self.n) * f64::from(self.k)
    }
}

/// A convolution's sizes. Batches of the contraction are the groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    /// Images.
    pub batch: u32,
    /// Channels of one group of the image.
    pub channels: u32,
    /// Groups.
    pub groups: u32,
    /// Height and width of the image.
    pub input: [u32; 2],
    /// Height and width of the result.
    pub output: [u32; 2],
    /// Height and width of the filter.
    pub size: [u32; 2],
    /// Steps down and right.
    pub stride: [u32; 2],
    /// Zeros at the top, left, bottom and right.
    pub padding: [u32; 4],
    /// Distance between taps.
    pub dilation: [u32; 2],
    /// Whether the channels come last.
    pub channels_last: bool,
}

/// What is computed of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RowKind {
    /// One number.
    Reduce(Reduction),
    /// As many numbers.
    Softmax,
    /// As many numbers: mean 0, variance 1.
    LayerNorm {
        /// Added to the variance.
        epsilon: f32,
    },
    /// As many numbers: mean square 1.
    RmsNorm {
        /// Added to the mean square.
        epsilon: f32,
    },
}

/// Rows of numbers: `outer * inner` of them, their elements `inner` apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What is computed.
    pub kind: RowKind,
    /// Product of the dimensions before the row's.
    pub outer: u32,
    /// Elements of a row.
    pub len: u32,
    /// Product of the dimensions after it.
    pub inner: u32,
    /// An element of the input, over `shape`.
    pub input: Expr,
    /// The input's shape.
    pub shape: Shape,
    /// The group's tensor of scales, one for each place of a row.
    pub scale: Option<usize>,
    /// The group's tensor of biases.
    pub bias: Option<usize>,
}

impl Row {
    /// How many rows.
    pub fn rows(&self) -> u32 {
        self.outer * self.inner
    }
}

/// A pool's sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolWork {
    /// What is taken of a window.
    pub kind: PoolKind,
    /// The group's tensor that holds the image.
    pub tensor: usize,
    /// Channels.
    pub channels: u32,
    /// Height and width of the image.
    pub input: [u32; 2],
    /// Height and width of the result.
    pub output: [u32; 2],
    /// Height and width of the window.
    pub window: [u32; 2],
    /// Steps down and right.
    pub stride: [u32; 2],
    /// Cells at the top, left, bottom and right.
    pub padding: [u32; 4],
    /// Whether the channels come last.
    pub channels_last: bool,
}

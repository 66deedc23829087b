//! What a node computes.

use super::shape::Shape;
use super::tensor::DType;
use alloc::{string::String, vec::Vec};

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unary {
    /// -x
    Neg,
    /// |x|
    Abs,
    /// e^x
    Exp,
    /// Natural logarithm.
    Log,
    /// Square root.
    Sqrt,
    /// 1 / sqrt x
    Rsqrt,
    /// 1 / x
    Recip,
    /// max(x, 0)
    Relu,
    /// 1 / (1 + e^-x)
    Sigmoid,
    /// x * sigmoid x
    Silu,
    /// Hyperbolic tangent.
    Tanh,
    /// The error function.
    Erf,
    /// x (1 + erf(x / sqrt 2)) / 2
    Gelu,
    /// The approximation of `Gelu` by tanh.
    GeluTanh,
}

/// A function of two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Binary {
    /// a + b
    Add,
    /// a - b
    Sub,
    /// a * b
    Mul,
    /// a / b
    Div,
    /// The greater one.
    Max,
    /// The lesser one.
    Min,
}

/// How dimensions are folded away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// The sum.
    Sum,
    /// The mean.
    Mean,
    /// The greatest.
    Max,
    /// The least.
    Min,
}

/// Which dimension of an image is where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layout {
    /// Images are N, C, H, W and filters O, I, H, W.
    Nchw,
    /// Images are N, H, W, C and filters O, H, W, I.
    Nhwc,
}

/// A two-dimensional convolution.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Conv2d {
    /// Steps down and right.
    pub stride: [u32; 2],
    /// Zeros at the top, left, bottom and right.
    pub padding: [u32; 4],
    /// Distance between neighbouring taps, down and right.
    pub dilation: [u32; 2],
    /// Channels come in this many independent groups.
    pub groups: u32,
    /// Where the channels are.
    pub layout: Layout,
}

impl Default for Conv2d {
    fn default() -> Self {
        Self { stride: [1, 1], padding: [0; 4], dilation: [1, 1], groups: 1, layout: Layout::Nchw }
    }
}

/// What a pool takes of its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PoolKind {
    /// The greatest.
    Max,
    /// The mean of what is inside the image.
    Mean,
}

/// A two-dimensional pool.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pool {
    /// What is taken of a window.
    pub kind: PoolKind,
    /// Height and width of the window.
    pub window: [u32; 2],
    /// Steps down and right.
    pub stride: [u32; 2],
    /// Cells outside of the image at the top, left, bottom and right; less than the window on each side.
    pub padding: [u32; 4],
    /// Where the channels are.
    pub layout: Layout,
}

/// What a node computes of its operands.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// Given at each run, by name.
    Input {
        /// Its name.
        name: String,
    },
    /// A number.
    Scalar(f32),
    /// Elementwise.
    Unary(Unary),
    /// Elementwise, broadcasting.
    Binary(Binary),
    /// Another dtype.
    Cast(DType),
    /// The lower triangle of the last two dimensions, its end at the bottom right; above it the most negative number.
    Causal,
    /// Products of the last two dimensions; the others are batches and broadcast. Accumulates in f32.
    MatMul {
        /// The first operand is [.., k, m].
        transpose_a: bool,
        /// The second operand is [.., n, k].
        transpose_b: bool,
        /// What the result is stored as.
        output: DType,
    },
    /// A convolution of an image with filters.
    Conv2d(Conv2d),
    /// Folds dimensions away.
    Reduce {
        /// How.
        kind: Reduction,
        /// Which, ascending.
        axes: Vec<u32>,
        /// Whether they stay, with one element.
        keep: bool,
    },
    /// e^x over its sum along a dimension.
    Softmax {
        /// Along which dimension.
        axis: u32,
    },
    /// Mean 0 and variance 1 over the last dimension; operands: x, then a scale, then a bias, both optional, of that dimension.
    LayerNorm {
        /// Added to the variance.
        epsilon: f32,
    },
    /// Mean square 1 over the last dimension; operands: x, then an optional scale.
    RmsNorm {
        /// Added to the mean square.
        epsilon: f32,
    },
    /// softmax(q k' * scale) v, over the last two dimensions.
    Attention {
        /// Times the products.
        scale: f32,
        /// Whether a query sees only keys up to its own place.
        causal: bool,
    },
    /// Windows of an image.
    Pool(Pool),
    /// Dimensions in another order.
    Transpose {
        /// Which dimension of the operand each one of the result is.
        permutation: Vec<u32>,
    },
    /// The same elements in another shape.
    Reshape {
        /// The shape.
        shape: Shape,
    },
    /// Slices of the first operand along a dimension, as the second one, of integers, says. An index outside gives zeros.
    Gather {
        /// Along which dimension.
        axis: u32,
    },
}

impl Op {
    /// Its name, for errors and tables.
    pub fn name(&self) -> &'static str {
        match self {
            Op::Input { .. } => "input",
            Op::Scalar(_) => "scalar",
            Op::Unary(_) => "unary",
            Op::Binary(_) => "binary",
            Op::Cast(_) => "cast",
            Op::Causal => "causal",
            Op::MatMul { .. } => "matmul",
            Op::Conv2d(_) => "conv2d",
            Op::Reduce { .. } => "reduce",
            Op::Softmax { .. } => "softmax",
            Op::LayerNorm { .. } => "layerNorm",
            Op::RmsNorm { .. } => "rmsNorm",
            Op::Attention { .. } => "attention",
            Op::Pool(_) => "pool",
            Op::Transpose { .. } => "transpose",
            Op::Reshape { .. } => "reshape",
            Op::Gather { .. } => "gather",
        }
    }

    /// Whether an element of the result needs one element of each operand, at the same place.
    pub fn is_elementwise(&self) -> bool {
        matches!(self, Op::Scalar(_) | Op::Unary(_) | Op::Binary(_) | Op::Cast(_) | Op::Causal)
    }
}

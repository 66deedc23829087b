//! The correctness suite: families of blueprints over many sizes.

use super::inputs::Inputs;
use crate::ir::{
    Binary, Blueprint, Builder, Conv2d, DType, Layout, NodeId, Op, Pool, PoolKind, Reduction, Unary,
};
use alloc::{string::String, vec::Vec};
use homeostat_core::error::Result;

/// Blueprints of one form.
#[derive(Clone)]
pub struct Family {
    /// Its name.
    pub name: String,
    /// The blueprint of these sizes.
    pub build: fn(&[u32], DType, usize) -> Result<Blueprint>,
    /// Which of its variants.
    pub variant: usize,
    /// Sizes to try.
    pub sizes: Vec<Vec<u32>>,
}

/// One case of the suite.
#[derive(Clone)]
pub struct Case {
    /// Its family.
    pub family: Family,
    /// Its sizes.
    pub sizes: Vec<u32>,
    /// What its tensors are stored as.
    pub dtype: DType,
    /// Its inputs.
    pub inputs: Inputs,
    /// Which schedules are picked: 0 the first ones, else a seed.
    pub pick: u64,
}

impl Case {
    /// Its blueprint.
    pub fn blueprint(&self) -> Result<Blueprint> {
        (self.family.build)(&self.sizes, self.dtype, self.family.variant)
    }
}

fn matmul(s: &[u32], dtype: DType, variant: usize) -> Result<Blueprint> {
    let (z, m, n, k) = (s[0], s[1], s[2], s[3]);
    let (ta, tb) = (variant & 1 == 1, variant & 2 == 2);
    let mut g = Builder::new();
    let dims = |turn: bool, a: u32, b: u32| if turn { [b, a] } else { [a, b] };
    let ([a0, a1], [b0, b1]) = (dims(ta, m, k), dims(tb, k, n));
    let a = if z > 1 { g.input("a", dtype, &[z, a0, a1])? } else { g.input("a", dtype, &[a0, a1])? };
    // Every other variant repeats the second operand over the batch.
    let b = if z > 1 && variant < 4 {
        g.input("b", dtype, &[z, b0, b1])?
    } else {
        g.input("b", dtype, &[b0, b1])?
    };
    let mut y = g.matmul(a, b, ta, tb)?;
    if variant >= 4 {
        let bias = g.input("bias", dtype, &[n])?;
        let shape: Vec<u32> = g.shape(y).dims().to_vec();
        let rest = g.input("rest", dtype, &shape)?;
        y = g.binary(Binary::Add, y, bias)?;
        y = g.unary(Unary::Gelu, y)?;
        y = g.binary(Binary::Sub, y, rest)?;
    }
    g.finish(&[y])
}

fn fed_matmul(s: &[u32], dtype: DType, _: usize) -> Result<Blueprint> {
    let mut g = Builder::new();
    let (a, b) = (g.input("a", dtype, &[s[0], s[2]])?, g.input("b", dtype, &[s[2], s[1]])?);
    let scale = g.input("scale", dtype, &[s[2]])?;
    let a = g.unary(Unary::Relu, a)?;
    let a = g.binary(Binary::Mul, a, scale)?;
    let c = g.matmul(a, b, false, false)?;
    let d = g.node(Op::Softmax { axis: 1 }, &[c])?;
    let e = g.binary(Binary::Add, c, d)?;
    g.finish(&[d, e])
}

fn conv(s: &[u32], dtype: DType, variant: usize) -> Result<Blueprint> {
    let (batch, channels, out, height, width, size) = (s[0], s[1], s[2], s[3], s[4], s[5]);
    let layout = if variant.is_multiple_of(2) { Layout::Nchw } else { Layout::Nhwc };
    let groups =
        if variant / 2 % 3 == 2 && channels.is_multiple_of(2) && out.is_multiple_of(2) { 2 } else { 1 };
    let stride = if variant / 2 % 3 == 1 { [2, 1] } else { [1, 1] };
    let dilation = if variant >= 6 { [1, 2] } else { [1, 1] };
    let pad = size / 2;
    let padding = if (variant / 2).is_multiple_of(3) { [0; 4] } else { [pad, pad, pad, pad + 1] };
    let mut g = Builder::new();
    let (image, filters) = match layout {
        Layout::Nchw => ([batch, channels, height, width], [out, channels / groups, size, size]),
        Layout::Nhwc => ([batch, height, width, channels], [out, size, size, channels / groups]),
    };
    let (x, w) = (g.input("x", dtype, &image)?, g.input("w", dtype, &filters)?);
    let mut y = g.conv2d(x, w, Conv2d { stride, padding, dilation, groups, layout })?;
    if variant % 4 == 3 {
        let bias = g.input("bias", dtype, &[out])?;
        y = g.binary(Binary::Add, y, bias)?;
        y = g.unary(Unary::Relu, y)?;
    }
    g.finish(&[y])
}

const UNARY: [Unary; 14] = [
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

fn unary(s: &[u32], dtype: DType, variant: usize) -> Result<Blueprint> {
    let mut g = Builder::new();
    let mut x = g.input("x", dtype, s)?;
    if matches!(UNARY[variant], Unary::Log | Unary::Sqrt | Unary::Rsqrt | Unary::Recip) {
        x = g.unary(Unary::Abs, x)?;
        let least = g.scalar(0.125)?;
        x = g.binary(Binary::Add, x, least)?;
    }
    let y = g.unary(UNARY[variant], x)?;
    g.finish(&[y])
}

fn binary(s: &[u32], dtype: DType, variant: usize) -> Result<Blueprint> {
    let kinds = [Binary::Add, Binary::Sub, Binary::Mul, Binary::Div, Binary::Max, Binary::Min];
    let (a, b, c) = (s[0], s[1], s[2]);
    let shapes: [(&[u32], &[u32]); 5] = [
        (&[a, b, c], &[a, b, c]),
        (&[a, b, c], &[c]),
        (&[a, b, c], &[b, 1]),
        (&[a, 1, c], &[b, 1]),
        (&[1], &[a, b, c]),
    ];
    let (left, right) = shapes[variant / 6 % 5];
    let mut g = Builder::new();
    let (x, mut y) = (g.input("x", dtype, left)?, g.input("y", dtype, right)?);
    if kinds[variant % 6] == Binary::Div {
        y = g.unary(Unary::Abs, y)?;
        let least = g.scalar(0.5)?;
        y = g.binary(Binary::Add, y, least)?;
    }
    let z = g.binary(kinds[variant % 6], x, y)?;
    g.finish(&[z])
}

fn reduce(s: &[u32], dtype: DType, variant: usize) -> Result<Blueprint> {
    let kinds = [Reduction::Sum, Reduction::Mean, Reduction::Max, Reduction::Min];
    let axes: [&[u32]; 6] = [&[2], &[1], &[0], &[0, 1], &[0, 2], &[0, 1, 2]];
    let mut g = Builder::new();
    let x = g.input("x", dtype, &s[..3])?;
    let x = if variant.is_multiple_of(3) { g.unary(Unary::Abs, x)? } else { x };
    let y = g.reduce(x, kinds[variant % 4], axes[variant / 4], variant.is_multiple_of(2))?;
    g.finish(&[y])
}

fn softmax(s: &[u32], dtype: DType, variant: usize) -> Result<Blueprint> {
    let mut g = Builder::new();
    let x = g.input("x", dtype, &s[..3])?;
    let y = g.node(Op::Softmax { axis: 2 - variant as u32 }, &[x])?;
    g.finish(&[y])
}

fn norm(s: &[u32], dtype: DType, variant: usize) -> Result<Blueprint> {
    let mut g = Builder::new();
    let x = g.input("x", dtype, &s[..2])?;
    let mut operands: Vec<NodeId> = Vec::from([x]);
    if variant > 0 {
        operands.push(g.input("scale", dtype, &[s[1]])?);
    }
    if variant == 2 {
        operands.push(g.input("bias", dtype, &[s[1]])?);
    }
    let layer = g.node(Op::LayerNorm { epsilon: 1e-5 }, &operands)?;
    operands.truncate(2);
    let root = g.node(Op::RmsNorm { epsilon: 1e-6 }, &operands)?;
    g.finish(&[layer, root])
}

fn attention(s: &[u32], dtype: DType, variant: usize) -> Result<Blueprint> {
    let (heads, queries, keys, depth) = (s[0], s[1], s[2], s[3]);
    let mut g = Builder::new();
    let q = g.input("q", dtype, &[2, heads, queries, depth])?;
    let k = g.input("k", dtype, &[2, heads, keys, depth])?;
    let v = g.input("v", dtype, &[2, heads, keys, depth + 1])?;
    let y = g.node(Op::Attention { scale: 0.25, causal: variant == 1 }, &[q, k, v])?;
    g.finish(&[y])
}

fn pool(s: &[u32], dtype: DType, variant: usize) -> Result<Blueprint> {
    let (batch, channels, height, width) = (s[0], s[1], s[2], s[3]);
    let layout = if variant.is_multiple_of(2) { Layout::Nchw } else { Layout::Nhwc };
    let kind = if (variant / 2).is_multiple_of(2) { PoolKind::Max } else { PoolKind::Mean };
    let padding = if variant >= 4 { [1, 0, 1, 1] } else { [0; 4] };
    let mut g = Builder::new();
    let image = if variant.is_multiple_of(2) {
        [batch, channels, height, width]
    } else {
        [batch, height, width, channels]
    };
    let x = g.input("x", dtype, &image)?;
    let y = g.pool(x, Pool { kind, window: [3, 2], stride: [2, 1], padding, layout })?;
    g.finish(&[y])
}

fn moves(s: &[u32], dtype: DType, variant: usize) -> Result<Blueprint> {
    let mut g = Builder::new();
    let x = g.input("x", dtype, &s[..3])?;
    let y = match variant {
        0 => g.node(Op::Transpose { permutation: Vec::from([2, 0, 1]) }, &[x])?,
        1 => g.node(Op::Transpose { permutation: Vec::from([0, 2, 1]) }, &[x])?,
        2 => {
            let turned = g.node(Op::Transpose { permutation: Vec::from([1, 0, 2]) }, &[x])?;
            let flat =
                g.node(Op::Reshape { shape: crate::ir::Shape::new(&[s[0] * s[1], s[2]]) }, &[turned])?;
            g.unary(Unary::Relu, flat)?
        }
        3 => {
            let indices = g.input("indices", DType::I32, &[3, 5])?;
            g.node(Op::Gather { axis: 1 }, &[x, indices])?
        }
        4 => {
            let indices = g.input("indices", DType::U32, &[7])?;
            let picked = g.node(Op::Gather { axis: 0 }, &[x, indices])?;
            g.unary(Unary::Neg, picked)?
        }
        5 => {
            let whole = g.node(Op::Cast(DType::I32), &[x])?;
            g.node(Op::Cast(dtype), &[whole])?
        }
        _ => {
            let turned = g.node(Op::Transpose { permutation: Vec::from([0, 2, 1]) }, &[x])?;
            let summed = g.reduce(turned, Reduction::Sum, &[2], false)?;
            let b = g.matmul(x, turned, false, false)?;
            return g.finish(&[summed, b]);
        }
    };
    g.finish(&[y])
}

/// Every family.
pub fn families() -> Vec<Family> {
    let mut all = Vec::new();
    let mut add = |name: &str,
                   build: fn(&[u32], DType, usize) -> Result<Blueprint>,
                   variants: usize,
                   sizes: &[&[u32]]| {
        for variant in 0..variants {
            let sizes = sizes.iter().map(|s| s.to_vec()).collect();
            all.push(Family { name: alloc::format!("{name}/{variant}"), build, variant, sizes });
        }
    };
    add(
        "matmul",
        matmul,
        8,
        &[
            &[1, 1, 1, 1],
            &[1, 64, 64, 64],
            &[1, 127, 129, 131],
            &[1, 33, 4, 70],
            &[1, 5, 200, 3],
            &[3, 17, 20, 24],
            &[2, 64, 32, 16],
            &[1, 1, 256, 64],
            &[1, 256, 1, 64],
            &[1, 16, 16, 2048],
        ],
    );
    add("fed matmul", fed_matmul, 1, &[&[1, 1, 1], &[64, 64, 64], &[31, 37, 41], &[128, 12, 8]]);
    add(
        "conv2d",
        conv,
        8,
        &[
            &[1, 1, 1, 5, 5, 3],
            &[1, 4, 8, 8, 8, 3],
            &[2, 3, 5, 9, 7, 3],
            &[1, 16, 16, 14, 14, 1],
            &[1, 6, 4, 11, 13, 5],
            &[3, 8, 12, 6, 6, 3],
        ],
    );
    add("unary", unary, UNARY.len(), &[&[1], &[64], &[1000], &[7, 5, 3], &[16, 64]]);
    add("binary", binary, 30, &[&[1, 1, 1], &[3, 5, 7], &[4, 8, 64]]);
    add("reduce", reduce, 24, &[&[1, 1, 1], &[3, 5, 7], &[8, 16, 64], &[2, 3, 1000]]);
    add("softmax", softmax, 3, &[&[1, 1, 1], &[4, 8, 64], &[3, 5, 129], &[2, 2, 1024], &[33, 7, 12]]);
    add("norm", norm, 3, &[&[1, 1], &[4, 64], &[5, 129], &[64, 256], &[3, 1000]]);
    add("attention", attention, 2, &[&[1, 1, 1, 1], &[2, 16, 16, 8], &[3, 9, 17, 5], &[1, 64, 64, 32]]);
    add("pool", pool, 8, &[&[1, 1, 3, 2], &[2, 3, 8, 9], &[1, 16, 14, 14]]);
    add("moves", moves, 7, &[&[1, 1, 1], &[3, 5, 7], &[8, 16, 32], &[2, 33, 65]]);
    all
}

/// All cases: every family and size with its first schedules on random inputs, and then with picked schedules on every kind of
/// inputs in turn, `rounds` times.
pub fn suite(half: bool, rounds: u64) -> Vec<Case> {
    let dtypes: &[DType] = if half { &[DType::F32, DType::F16] } else { &[DType::F32] };
    let mut cases = Vec::new();
    for pick in 0..=rounds {
        for family in families() {
            for sizes in family.sizes.clone() {
                for dtype in dtypes {
                    let turn = cases.len() as u64 / dtypes.len() as u64 + pick;
                    let inputs = if pick == 0 {
                        Inputs::Random
                    } else {
                        Inputs::ALL[turn as usize % Inputs::ALL.len()]
                    };
                    cases.push(Case {
                        family: family.clone(),
                        sizes: sizes.clone(),
                        dtype: *dtype,
                        inputs,
                        pick,
                    });
                }
            }
        }
    }
    cases
}

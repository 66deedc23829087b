//! What is right: every node computed naively in f64, with a bound on how far a kernel's element may be off.
//!
//! The bound is a running error analysis: each node's stated error of one operation, plus what the errors of its operands can
//! do. A bound is infinite where nothing is promised: past the largest number of the dtype, and where an operand's error
//! reaches a pole; whatever is computed from such an element has no bound either. Numbers below the smallest normal one may be flushed to zero, as WGSL allows.
//!
//! | operation | stated error |
//! | --- | --- |
//! | matmul, conv2d, sums | 1e-6 of the sum of the absolute terms |
//! | + - * max min | half a unit in the last place |
//! | / sqrt rsqrt 1/x | 4 units |
//! | exp | 3 + 2 abs(x) units, as WGSL has it |
//! | log | 2^-21 absolute, or 4 units |
//! | tanh, erf, sigmoid | 1e-6 absolute; gelu and silu the same times abs(x) |
//! | softmax | 2e-6 relative, and what the exponentials are off |
//! | stored as f16 | 2^-11 relative |
//!
//! `evaluate` computes every element; `sample` only some, with whatever they need, for shapes whose every element would take minutes.
//!
//! It shares no code with the kernels, nor with the processor's backend.

mod elementwise;
mod linear;
mod moves;
mod row;
mod sample;

pub use sample::{places, sample};

use crate::ir::{Blueprint, DType, Data, Node, Op};
use alloc::{format, vec, vec::Vec};
use homeostat_core::error::{Code, Error, Result};
use homeostat_core::list::List;

/// Half a unit in the last place of f32, relative.
const HALF_ULP: f64 = 1.0 / 16_777_216.0;
/// The gate of sums, relative to the sum of the absolute terms.
const SUM: f64 = 1e-6;
/// Below this f32 may be flushed to zero.
const TINY: f64 = 1.2e-38;
/// The greatest number that every intermediate result of f32 can be trusted with.
const HUGE: f64 = 3.3e38;

/// Elements and how far each may be off.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// What is right.
    pub value: Vec<f64>,
    /// How far a kernel may be off; infinite where nothing is promised.
    pub bound: Vec<f64>,
}

impl Reference {
    fn with_capacity(n: usize) -> Self {
        Self { value: Vec::with_capacity(n), bound: Vec::with_capacity(n) }
    }

    fn push(&mut self, value: f64, bound: f64) {
        self.value.push(value);
        self.bound.push(bound);
    }

    fn at(&self, i: usize) -> (f64, f64) {
        (self.value[i], self.bound[i])
    }

    /// What storing as this dtype adds.
    fn stored(mut self, dtype: DType) -> Self {
        for (value, bound) in self.value.iter().zip(&mut self.bound) {
            let size = value.abs();
            let (most, relative, least) = match dtype {
                DType::F32 => (HUGE, HALF_ULP, TINY),
                DType::F16 => (65_500.0, 1.0 / 2048.0, 6.2e-5),
                DType::I32 | DType::U32 => (f64::INFINITY, 0.0, 0.0),
            };
            let promised = size + *bound < most;
            *bound = if promised { *bound + relative * size + least } else { f64::INFINITY };
        }
        self
    }
}

/// The outputs of a blueprint for these inputs, in their orders.
pub fn evaluate(blueprint: &Blueprint, inputs: &[Data]) -> Result<Vec<Reference>> {
    check_inputs(blueprint, inputs)?;
    let mut known: Vec<Option<Reference>> = vec![None; blueprint.nodes().len()];
    let mut given = inputs.iter();
    for (at, node) in blueprint.nodes().iter().enumerate() {
        let operands: Vec<(&Node, &Reference)> = node
            .operands
            .iter()
            .filter_map(|id| Some((blueprint.node(*id), known[id.index()].as_ref()?)))
            .listed();
        let reference = match &node.op {
            Op::Input { .. } => given.next().map(input).unwrap_or(Reference::with_capacity(0)),
            _ => compute(node, &operands),
        };
        known[at] = Some(reference);
    }
    Ok(blueprint.outputs().iter().filter_map(|id| known[id.index()].take()).listed())
}

/// Refuses inputs that are not what the blueprint declares.
pub fn check_inputs(blueprint: &Blueprint, inputs: &[Data]) -> Result<()> {
    let described: Vec<(DType, u64)> = inputs.iter().map(|data| (data.dtype(), data.len() as u64)).listed();
    check_described(blueprint, &described)
}

/// The same, by dtypes and numbers of elements.
pub fn check_described(blueprint: &Blueprint, inputs: &[(DType, u64)]) -> Result<()> {
    let declared = blueprint.inputs();
    if inputs.len() != declared.len() {
        let text = format!("inputs: expected {}, got {}", declared.len(), inputs.len());
        return Err(Error::new(Code::TensorMismatch, text));
    }
    for (id, (dtype, got)) in declared.iter().zip(inputs) {
        let node = blueprint.node(*id);
        let Op::Input { name } = &node.op else { continue };
        let wanted = node.shape.elements();
        if *dtype != node.dtype || *got != wanted {
            let text = format!(
                "input '{name}': expected {wanted} elements of {} for shape {}, got {got} of {dtype}",
                node.dtype, node.shape
            );
            return Err(Error::new(Code::TensorMismatch, text));
        }
    }
    Ok(())
}

fn input(data: &Data) -> Reference {
    let mut reference = Reference::with_capacity(data.len());
    for i in 0..data.len() {
        let (value, bound) = input_element(data, i);
        reference.push(value, bound);
    }
    reference
}

/// A kernel may read a subnormal number as zero; integers are exact; WGSL may assume that there is no infinity and no NaN.
fn input_element(data: &Data, i: usize) -> (f64, f64) {
    let least = if data.dtype() == DType::F16 { 6.2e-5 } else { TINY };
    let x = data.get(i);
    if !x.is_finite() {
        return (x, f64::INFINITY);
    }
    (x, if data.dtype().is_float() && x.abs() < least { x.abs() } else { 0.0 })
}

fn compute(node: &Node, operands: &[(&Node, &Reference)]) -> Reference {
    let x = |i: usize| operands[i];
    let result = match &node.op {
        Op::Input { .. } => Reference::with_capacity(0),
        Op::Scalar(value) => Reference { value: vec![f64::from(*value)], bound: vec![0.0] },
        Op::Unary(f) => elementwise::unary(*f, x(0).1),
        Op::Binary(f) => elementwise::binary(*f, node, x(0), x(1)),
        Op::Cast(dtype) => elementwise::cast(*dtype, x(0).1),
        Op::Causal => elementwise::causal(node, x(0).1),
        Op::MatMul { transpose_a, transpose_b, .. } => {
            linear::matmul(node, x(0), x(1), *transpose_a, *transpose_b)
        }
        Op::Conv2d(conv) => linear::conv2d(conv, node, x(0), x(1)),
        Op::Attention { scale, causal } => {
            linear::attention(node, [x(0), x(1), x(2)], f64::from(*scale), *causal)
        }
        Op::Reduce { kind, axes, .. } => row::reduce(*kind, axes, node, x(0)),
        Op::Softmax { axis } => row::softmax(*axis as usize, x(0)),
        Op::LayerNorm { epsilon } => row::norm(f64::from(*epsilon), true, operands),
        Op::RmsNorm { epsilon } => row::norm(f64::from(*epsilon), false, operands),
        Op::Pool(pool) => moves::pool(pool, node, x(0)),
        Op::Transpose { permutation } => moves::transpose(permutation, node, x(0)),
        Op::Reshape { .. } => return x(0).1.clone(),
        Op::Gather { axis } => moves::gather(*axis as usize, node, x(0), x(1)),
    };
    result.stored(node.dtype)
}

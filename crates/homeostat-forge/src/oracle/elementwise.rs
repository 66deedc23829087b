//! One element from one element of each operand.

use super::{HALF_ULP, Reference};
use crate::ir::{Binary, DType, Node, Shape, Unary};

const ULP: f64 = 2.0 * HALF_ULP;

fn value(f: Unary, x: f64) -> f64 {
    let sigmoid = |x: f64| 1.0 / (1.0 + libm::exp(-x));
    match f {
        Unary::Neg => -x,
        Unary::Abs => x.abs(),
        Unary::Exp => libm::exp(x),
        Unary::Log => libm::log(x),
        Unary::Sqrt => libm::sqrt(x),
        Unary::Rsqrt => 1.0 / libm::sqrt(x),
        Unary::Recip => 1.0 / x,
        Unary::Relu => x.max(0.0),
        Unary::Sigmoid => sigmoid(x),
        Unary::Silu => x * sigmoid(x),
        Unary::Tanh => libm::tanh(x),
        Unary::Erf => libm::erf(x),
        Unary::Gelu => 0.5 * x * (1.0 + libm::erf(x / core::f64::consts::SQRT_2)),
        Unary::GeluTanh => 0.5 * x * (1.0 + libm::tanh(0.797_884_560_802_865_4 * (x + 0.044715 * x * x * x))),
    }
}

/// The stated error of one evaluation.
fn stated(f: Unary, x: f64, y: f64) -> f64 {
    match f {
        Unary::Neg | Unary::Abs | Unary::Relu => 0.0,
        Unary::Exp => (3.0 + 2.0 * x.abs()) * ULP * y.abs(),
        Unary::Log => (4.0 * ULP * y.abs()).max(1.0 / 2_097_152.0),
        Unary::Sqrt | Unary::Rsqrt | Unary::Recip => 4.0 * ULP * y.abs(),
        Unary::Sigmoid | Unary::Tanh | Unary::Erf => 1e-6,
        Unary::Silu | Unary::Gelu | Unary::GeluTanh => 1e-6 * x.abs(),
    }
}

/// Whether the function is promised between these two places, and has no pole there.
fn promised(f: Unary, low: f64, high: f64) -> bool {
    match f {
        Unary::Log | Unary::Rsqrt => low > super::TINY,
        Unary::Sqrt => low >= 0.0,
        Unary::Recip => low > super::TINY || high < -super::TINY,
        Unary::Exp => high < 88.0,
        // The cube of the approximation must not overflow.
        Unary::GeluTanh => low > -1e12 && high < 1e12,
        _ => true,
    }
}

pub(super) fn unary(f: Unary, x: &Reference) -> Reference {
    let mut out = Reference::with_capacity(x.value.len());
    for i in 0..x.value.len() {
        let (x, e) = x.at(i);
        let y = value(f, x);
        // Past an overflow, and of what is no number, nothing is promised: drivers differ in max(NaN, 0) and tanh(inf).
        if !e.is_finite() || !promised(f, x - e, x + e) {
            out.push(y, f64::INFINITY);
            continue;
        }
        let moved = (value(f, x + e) - y).abs().max((value(f, x - e) - y).abs());
        // These are not monotone; their slope is nowhere above 1.13.
        let slope = if matches!(f, Unary::Silu | Unary::Gelu | Unary::GeluTanh) { 1.13 * e } else { 0.0 };
        out.push(y, moved.max(slope) + stated(f, x, y));
    }
    out
}

/// An element of a binary operation from both operands' elements.
pub(super) fn pair(f: Binary, (a, ea): (f64, f64), (b, eb): (f64, f64)) -> (f64, f64) {
    match f {
        Binary::Add => (a + b, ea + eb + HALF_ULP * (a + b).abs()),
        Binary::Sub => (a - b, ea + eb + HALF_ULP * (a - b).abs()),
        Binary::Mul => (a * b, a.abs() * eb + b.abs() * ea + ea * eb + HALF_ULP * (a * b).abs()),
        Binary::Div => {
            let (q, least) = (a / b, b.abs() - eb);
            let bound = (ea + q.abs() * eb) / least + 4.0 * ULP * q.abs();
            (q, if least > super::TINY && b.abs() < 8e37 { bound } else { f64::INFINITY })
        }
        Binary::Max => (a.max(b), ea.max(eb)),
        Binary::Min => (a.min(b), ea.min(eb)),
    }
}

pub(super) fn binary(f: Binary, node: &Node, a: (&Node, &Reference), b: (&Node, &Reference)) -> Reference {
    let n = node.shape.elements() as usize;
    let mut out = Reference::with_capacity(n);
    for i in 0..n {
        let (value, bound) =
            pair(f, a.1.at(place(i, &node.shape, &a.0.shape)), b.1.at(place(i, &node.shape, &b.0.shape)));
        out.push(value, bound);
    }
    out
}

/// Where a broadcast operand has the element of index `i` of the wide shape.
pub(super) fn place(mut i: usize, wide: &Shape, narrow: &Shape) -> usize {
    let (mut at, mut stride) = (0, 1);
    for d in 0..wide.rank() {
        let n = wide.dims()[wide.rank() - 1 - d] as usize;
        if let Some(mine) = narrow.rank().checked_sub(1 + d).map(|k| narrow.dims()[k] as usize) {
            at += stride * if mine == 1 { 0 } else { i % n };
            stride *= mine;
        }
        i /= n;
    }
    at
}

pub(super) fn cast(dtype: DType, x: &Reference) -> Reference {
    let mut out = Reference::with_capacity(x.value.len());
    for i in 0..x.value.len() {
        let (x, e) = x.at(i);
        let (low, high) =
            if dtype == DType::I32 { (-2_147_483_520.0, 2_147_483_520.0) } else { (0.0, 4_294_967_040.0) };
        match dtype {
            DType::F32 | DType::F16 => out.push(x, e),
            // Towards zero; an error may reach the next whole number. Outside of the dtype nothing is promised.
            _ if x - e < low || x + e > high => out.push(libm::trunc(x), f64::INFINITY),
            _ => {
                let reach = |y: f64| (libm::trunc(y) - libm::trunc(x)).abs();
                out.push(libm::trunc(x), reach(x + e).max(reach(x - e)));
            }
        }
    }
    out
}

pub(super) fn causal(node: &Node, x: &Reference) -> Reference {
    let mut out = Reference::with_capacity(x.value.len());
    for i in 0..x.value.len() {
        let (value, bound) = causal_element(node, i, x.at(i));
        out.push(value, bound);
    }
    out
}

pub(super) fn causal_element(node: &Node, i: usize, x: (f64, f64)) -> (f64, f64) {
    let dims = node.shape.dims();
    let (rows, columns) = (dims[dims.len() - 2] as usize, dims[dims.len() - 1] as usize);
    // Column j of row i is seen when j - i <= columns - rows.
    let hidden = i % columns + rows > i / columns % rows + columns;
    if hidden { (if node.dtype == DType::F16 { -65_000.0 } else { -3e38 }, 0.0) } else { x }
}

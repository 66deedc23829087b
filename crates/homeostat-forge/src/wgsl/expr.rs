//! Texts of expressions.

use super::Binding;
use super::sizes::offset;
use super::source::{Form, Source, float, literal};
use crate::ir::{Binary, DType, Shape, Unary};
use crate::plan::{Access, Expr};
use alloc::{format, string::String, vec::Vec};
use homeostat_core::list::List;

/// Where an expression is computed.
pub(super) struct Place<'a> {
    /// The shape that the index is of.
    pub over: &'a Shape,
    /// The text of the index of the first element.
    pub index: &'a str,
    /// Numbers at once: 1, or 4 neighbours along the last dimension.
    pub width: u32,
    /// The text of the root's value.
    pub root: &'a str,
}

/// The text of an expression's value, in f32.
pub(super) fn emit(source: &mut Source, expr: &Expr, at: &Place) -> String {
    let ty = float(at.width);
    match expr {
        Expr::Root => String::from(at.root),
        Expr::Scalar(x) => format!("{ty}({})", literal(*x)),
        Expr::Read(access) => read(source, access, at),
        Expr::Unary(f, x) => {
            let x = emit(source, x, at);
            unary(source, *f, &x, at.width)
        }
        Expr::Binary(f, a, b) => {
            let (a, b) = (emit(source, a, at), emit(source, b, at));
            match f {
                Binary::Add => format!("({a} + {b})"),
                Binary::Sub => format!("({a} - {b})"),
                Binary::Mul => format!("({a} * {b})"),
                Binary::Div => format!("({a} / {b})"),
                Binary::Max => format!("max({a}, {b})"),
                Binary::Min => format!("min({a}, {b})"),
            }
        }
        Expr::Cast(_, x) => emit(source, x, at),
        Expr::Causal { rows, columns, hidden, of } => {
            let of = emit(source, of, at);
            let seen = |lane: u32| {
                format!(
                    "(({0} + {lane}u) % {columns}u + {rows}u > ({0} + {lane}u) / {columns}u % {rows}u + {columns}u)",
                    at.index
                )
            };
            let above = if at.width == 4 {
                format!("vec4<bool>({}, {}, {}, {})", seen(0), seen(1), seen(2), seen(3))
            } else {
                seen(0)
            };
            format!("select({of}, {ty}({}), {above})", literal(*hidden))
        }
        Expr::Gather { dtype, .. } => {
            let value = gather(source, expr, at.index);
            if dtype.is_float() { format!("f32({value})") } else { value }
        }
    }
}

/// An element in memory, or four.
fn read(source: &mut Source, access: &Access, at: &Place) -> String {
    let (dtype, last) = (access.dtype, access.strides.last().copied().unwrap_or(0));
    let place = offset(at.index, at.over, &access.strides);
    let tensor = Binding::Tensor(access.tensor);
    if at.width == 1 || last == 0 || at.over.last() == 1 {
        let name = source.bind(tensor, Form::Buffer(dtype, 1));
        let value = format!("f32({name}[{place}])");
        return if at.width == 1 { value } else { format!("vec4<f32>({value})") };
    }
    let outer = &access.strides[..access.strides.len() - 1];
    if last == 1 && outer.iter().all(|s| s % 4 == 0) {
        let name = source.bind(tensor, Form::Buffer(dtype, 4));
        return format!("vec4<f32>({name}[({place}) / 4u])");
    }
    let name = source.bind(tensor, Form::Buffer(dtype, 1));
    let lanes: Vec<String> = (0..4).map(|lane| format!("f32({name}[{place} + {}u])", lane * last)).listed();
    format!("vec4<f32>({})", lanes.join(", "))
}

/// An element in memory as it is stored, for integers.
pub(super) fn raw(source: &mut Source, expr: &Expr, at: &Place) -> Option<(String, DType)> {
    match expr {
        Expr::Read(access) => {
            let name = source.bind(Binding::Tensor(access.tensor), Form::Buffer(access.dtype, 1));
            Some((format!("{name}[{}]", offset(at.index, at.over, &access.strides)), access.dtype))
        }
        Expr::Gather { dtype, .. } => Some((gather(source, expr, at.index), *dtype)),
        _ => None,
    }
}

fn gather(source: &mut Source, expr: &Expr, index: &str) -> String {
    let Expr::Gather { data, dtype, indices, signed, size, picked, inner } = expr else {
        return String::new();
    };
    let integer = if *signed { DType::I32 } else { DType::U32 };
    let (data, indices) = (
        source.bind(Binding::Tensor(*data), Form::Buffer(*dtype, 1)),
        source.bind(Binding::Tensor(*indices), Form::Buffer(integer, 1)),
    );
    // A negative index is a very large one: outside either way.
    let pick = format!("u32({indices}[({index}) / {inner}u % {picked}u])");
    let inside = format!("min({pick}, {}u)", size - 1);
    let place = format!(
        "((({index}) / {}u) * {size}u + {inside}) * {inner}u + ({index}) % {inner}u",
        u64::from(*inner) * u64::from(*picked)
    );
    format!("select({dtype}(0), {data}[{place}], {pick} < {size}u)")
}

fn unary(source: &mut Source, f: Unary, x: &str, width: u32) -> String {
    let (ty, v) = (float(width), if width == 4 { "4" } else { "1" });
    let sigmoid = format!(
        "fn sigmoid{v}(x: {ty}) -> {ty} {{ return {ty}(1.0) / ({ty}(1.0) + exp(-clamp(x, {ty}(-87.0), {ty}(87.0)))); }}\n"
    );
    // The platform's may overflow inside; this one cannot.
    let tanh = format!(
        "fn tanh{v}(x: {ty}) -> {ty} {{ let t = exp(-2.0 * min(abs(x), {ty}(20.0))); return sign(x) * (({ty}(1.0) - t) / ({ty}(1.0) + t)); }}\n"
    );
    // Abramowitz and Stegun 7.1.26, 1.5e-7.
    let erf = format!(
        "fn erf{v}(x: {ty}) -> {ty} {{ let a = min(abs(x), {ty}(6.0)); let t = {ty}(1.0) / ({ty}(1.0) + 0.3275911 * a); let p = t * ({ty}(0.254829592) + t * ({ty}(-0.284496736) + t * ({ty}(1.421413741) + t * ({ty}(-1.453152027) + t * 1.061405429)))); return sign(x) * ({ty}(1.0) - p * exp(-a * a)); }}\n"
    );
    match f {
        Unary::Neg => format!("(-{x})"),
        Unary::Abs => format!("abs({x})"),
        Unary::Exp => format!("exp({x})"),
        Unary::Log => format!("log({x})"),
        Unary::Sqrt => format!("sqrt({x})"),
        Unary::Rsqrt => format!("inverseSqrt({x})"),
        Unary::Recip => format!("({ty}(1.0) / {x})"),
        Unary::Relu => format!("max({x}, {ty}(0.0))"),
        Unary::Sigmoid => {
            source.helper(sigmoid);
            format!("sigmoid{v}({x})")
        }
        Unary::Silu => {
            source.helper(sigmoid);
            source.helper(format!("fn silu{v}(x: {ty}) -> {ty} {{ return x * sigmoid{v}(x); }}\n"));
            format!("silu{v}({x})")
        }
        Unary::Tanh => {
            source.helper(tanh);
            format!("tanh{v}({x})")
        }
        Unary::Erf => {
            source.helper(erf);
            format!("erf{v}({x})")
        }
        Unary::Gelu => {
            source.helper(erf);
            source.helper(format!(
                "fn gelu{v}(x: {ty}) -> {ty} {{ return 0.5 * x * ({ty}(1.0) + erf{v}(x * 0.70710678)); }}\n"
            ));
            format!("gelu{v}({x})")
        }
        Unary::GeluTanh => {
            source.helper(tanh);
            source.helper(format!(
                "fn gelu_tanh{v}(x: {ty}) -> {ty} {{ let c = clamp(x, {ty}(-40.0), {ty}(40.0)); return 0.5 * x * ({ty}(1.0) + tanh{v}(0.7978845608 * (c + 0.044715 * c * c * c))); }}\n"
            ));
            format!("gelu_tanh{v}({x})")
        }
    }
}

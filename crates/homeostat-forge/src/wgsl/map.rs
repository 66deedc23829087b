//! Elements that are computed each by itself, and pools.

use super::expr::{Place, emit as value, raw};
use super::source::{Form, Source, float, linear_grid};
use super::{Binding, Kernel, Pass};
use crate::ir::{DType, PoolKind};
use crate::plan::{Expr, Group, PoolWork};
use crate::schedule::{Limits, MapSchedule};
use alloc::{format, string::String, vec::Vec};

const BUILTINS: &str = "@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) li: u32";

/// One pass whose invocation computes `items` times `width` elements, a workgroup apart; `compute` writes those at `o`.
pub(super) fn elementwise(
    mut source: Source,
    elements: u64,
    s: &MapSchedule,
    limits: &Limits,
    compute: impl Fn(&mut Source) -> String,
) -> Pass {
    let steps = elements.div_ceil(u64::from(s.width));
    let block = s.invocations * s.items;
    let groups = steps.div_ceil(u64::from(block));
    let (grid, number) = linear_grid(groups, limits.groups);
    source.line(format_args!("let first = {number} * {block}u + li;"));
    let text = compute(&mut source);
    for item in 0..s.items {
        source.line(format_args!("{{ let i = first + {}u;", item * s.invocations));
        let whole = steps == groups * u64::from(block) && u64::from(grid[0]) * u64::from(grid[1]) == groups;
        source.line(if whole { String::from("{") } else { format!("if (i < {steps}u) {{") });
        source.line(format_args!("let o = i * {}u;\n{text} }} }}", s.width));
    }
    source.finish([s.invocations, 1, 1], BUILTINS, grid)
}

pub(super) fn emit(group: &Group, body: &Expr, s: &MapSchedule, limits: &Limits) -> Kernel {
    let pass = elementwise(Source::default(), group.shape.elements(), s, limits, |source| {
        let out = source.bind(Binding::Output, Form::Buffer(group.dtype, s.width));
        let at = Place { over: &group.shape, index: "o", width: s.width, root: "0.0" };
        if group.dtype.is_float() {
            let x = value(source, body, &at);
            let y = value(source, &group.epilogue, &Place { root: "x", ..at });
            return format!("let x = {x}; {}", store(&out, group.dtype, s.width, "o", &y));
        }
        // Integers are moved as they are, or made from numbers.
        let (inner, wanted) = match body {
            Expr::Cast(dtype, inner) => (&**inner, *dtype),
            other => (other, group.dtype),
        };
        let x = match raw(source, inner, &at) {
            Some((text, _)) => text,
            None => value(source, inner, &at),
        };
        format!("{out}[o] = {wanted}({x});")
    });
    Kernel { passes: Vec::from([pass]), temporaries: Vec::new() }
}

/// The statement that stores a number, or four neighbours.
pub(super) fn store(out: &str, dtype: DType, width: u32, index: &str, value: &str) -> String {
    match width {
        4 => format!("{out}[({index}) / 4u] = vec4<{dtype}>({value});"),
        _ => format!("{out}[{index}] = {dtype}({value});"),
    }
}

pub(super) fn pool(group: &Group, p: &PoolWork, s: &MapSchedule, limits: &Limits) -> Kernel {
    let pass = elementwise(Source::default(), group.shape.elements(), s, limits, |source| {
        let out = source.bind(Binding::Output, Form::Buffer(group.dtype, 1));
        let image = source.bind(Binding::Tensor(p.tensor), Form::Buffer(group.dtypes[p.tensor], 1));
        let ([h, w], [oh, ow], c) = (p.input, p.output, p.channels);
        let (places, element) = if p.channels_last {
            (
                format!(
                    "let c = o % {c}u; let ox = o / {c}u % {ow}u; let oy = o / {}u % {oh}u; let n = o / {}u;",
                    u64::from(c) * u64::from(ow),
                    u64::from(c) * u64::from(ow) * u64::from(oh)
                ),
                format!("((n * {h}u + u32(y)) * {w}u + u32(x)) * {c}u + c"),
            )
        } else {
            (
                format!(
                    "let ox = o % {ow}u; let oy = o / {ow}u % {oh}u; let n = o / {}u;",
                    u64::from(ow) * u64::from(oh)
                ),
                format!("(n * {h}u + u32(y)) * {w}u + u32(x)"),
            )
        };
        let start = if p.kind == PoolKind::Max { "-3.4028234e38" } else { "0.0" };
        let fold = if p.kind == PoolKind::Max { "max(acc, v)" } else { "acc + v" };
        let end = if p.kind == PoolKind::Max { "acc" } else { "acc / count" };
        let [top, left, ..] = p.padding;
        let result =
            value(source, &group.epilogue, &Place { over: &group.shape, index: "o", width: 1, root: "r" });
        format!(
            "{places}\nvar acc = {}({start}); var count = 0.0;\n\
             for (var ty = 0; ty < {}; ty++) {{ let y = i32(oy * {}u) + ty - {top}; if (y < 0 || y >= {h}) {{ continue; }}\n\
             for (var tx = 0; tx < {}; tx++) {{ let x = i32(ox * {}u) + tx - {left}; if (x < 0 || x >= {w}) {{ continue; }}\n\
             let v = f32({image}[{element}]); acc = {fold}; count += 1.0; }} }}\nlet r = {end};\n{}",
            float(1),
            p.window[0],
            p.stride[0],
            p.window[1],
            p.stride[1],
            store(&out, group.dtype, 1, "o", &result),
        )
    });
    Kernel { passes: Vec::from([pass]), temporaries: Vec::new() }
}

//! Contractions in f16 on matrix units: a subgroup keeps blocks of 16 by 16 sums in f32 and multiplies blocks straight from memory.
//! The sums go to a temporary, whole blocks of them; a second pass stores what the epilogue makes of those inside.

use super::expr::{Place, emit as value};
use super::map::{elementwise, store};
use super::operand::Operand;
use super::source::{Form, Source, float};
use super::{Binding, Pass};
use crate::ir::DType;
use crate::plan::{Contract, Group};
use crate::schedule::{ContractSchedule, Limits, MapSchedule, Padded};
use alloc::{format, string::String};

/// Rows, columns and steps of a block.
const SIDE: u32 = 16;

pub(super) fn multiply(
    mut source: Source,
    c: &Contract,
    s: &ContractSchedule,
    p: &Padded,
    [a, b]: [&Operand; 2],
    temporary: usize,
    batches: (String, String),
) -> Pass {
    let out = source.bind(Binding::TemporaryOut(temporary), Form::Buffer(DType::F32, 1));
    let (tm, tn) = s.tile;
    source.matrices = true;
    source.subgroups = true;
    source.line(format_args!(
        "let z = wid.z; let za = {}; let zb = {};\n\
         let row0 = wid.y * {}u + sg * {}u; let col0 = wid.x * {}u;\n\
         let a0 = (za * {}u + row0) * {}u; let b0 = zb * {}u + col0;",
        batches.0,
        batches.1,
        p.block_rows,
        SIDE * tm,
        p.block_columns,
        a.high,
        a.wide,
        u64::from(b.high) * u64::from(b.wide)
    ));
    let places = || (0..tm * tn).map(move |n| (n / tn, n % tn));
    for (i, j) in places() {
        source.line(format_args!("var c{i}_{j}: coop_mat16x16<f32, C>;"));
    }
    source.line(format_args!("for (var k = 0u; k < {}u; k += {SIDE}u) {{", p.k));
    for i in 0..tm {
        let at = u64::from(SIDE * i) * u64::from(a.wide);
        source.line(format_args!(
            "let a_{i} = coopLoadT<coop_mat16x16<f16, A>>(&{}[a0 + {at}u + k], {}u);",
            a.name, a.wide
        ));
    }
    for j in 0..tn {
        let (name, wide) = (&b.name, b.wide);
        source.line(format_args!(
            "let b_{j} = coopLoadT<coop_mat16x16<f16, B>>(&{name}[b0 + k * {wide}u + {}u], {wide}u);",
            SIDE * j
        ));
    }
    for (i, j) in places() {
        source.line(format_args!("c{i}_{j} = coopMultiplyAdd(a_{i}, b_{j}, c{i}_{j});"));
    }
    source.line("}");
    for (i, j) in places() {
        let at = format!("(z * {}u + row0 + {}u) * {}u + col0 + {}u", p.m, SIDE * i, p.n, SIDE * j);
        source.line(format_args!("coopStoreT(c{i}_{j}, &{out}[{at}], {}u);", p.n));
    }
    debug_assert!(c.a.dtype == DType::F16);
    let builtins = "@builtin(workgroup_id) wid: vec3<u32>, @builtin(subgroup_id) sg: u32";
    let (x, y) = s.workgroup;
    source.finish([x * y, 1, 1], builtins, p.grid)
}

/// Stores what the epilogue makes of the sums that are inside.
pub(super) fn unpad(group: &Group, c: &Contract, p: &Padded, temporary: usize, limits: &Limits) -> Pass {
    let (m, n) = (c.m, c.n);
    let width = if n.is_multiple_of(4) && group.shape.last().is_multiple_of(4) { 4 } else { 1 };
    let s = MapSchedule { invocations: 256, width, items: 1 };
    elementwise(Source::default(), group.shape.elements(), &s, limits, |source| {
        let out = source.bind(Binding::Output, Form::Buffer(group.dtype, width));
        let from = source.bind(Binding::Temporary(temporary), Form::Buffer(DType::F32, width));
        let y = value(source, &group.epilogue, &Place { over: &group.shape, index: "o", width, root: "x" });
        let place = format!("(o / {n}u / {m}u * {}u + o / {n}u % {m}u) * {}u + o % {n}u", p.m, p.n);
        format!(
            "let x: {} = {from}[({place}) / {width}u]; {}",
            float(width),
            store(&out, group.dtype, width, "o", &y)
        )
    })
}

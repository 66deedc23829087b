//! The parts of a split sum, added up.

use super::expr::{Place, emit as value};
use super::map::{elementwise, store};
use super::source::{Form, Source, float};
use super::{Binding, Pass};
use crate::ir::DType;
use crate::plan::Group;
use crate::schedule::{Limits, MapSchedule};
use alloc::{format, string::String, vec::Vec};
use homeostat_core::list::List;

/// Adds `parts` results that lie one after the other in a temporary, and stores what the epilogue makes of the sum.
pub(super) fn combine(group: &Group, temporary: usize, parts: u32, limits: &Limits) -> Pass {
    let n = group.shape.elements();
    let width = if n.is_multiple_of(4) && group.shape.last().is_multiple_of(4) { 4 } else { 1 };
    let s = MapSchedule { invocations: 64, width, items: 1 };
    elementwise(Source::default(), n, &s, limits, |source| {
        let out = source.bind(Binding::Output, Form::Buffer(group.dtype, width));
        let from = source.bind(Binding::Temporary(temporary), Form::Buffer(DType::F32, width));
        let part = |i: u32| format!("{from}[(o + {}u) / {width}u]", u64::from(i) * n);
        let sum: Vec<String> = (0..parts).map(part).listed();
        let y = value(source, &group.epilogue, &Place { over: &group.shape, index: "o", width, root: "x" });
        format!("let x: {} = {}; {}", float(width), sum.join(" + "), store(&out, group.dtype, width, "o", &y))
    })
}

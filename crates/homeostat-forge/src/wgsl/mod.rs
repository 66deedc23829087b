//! WGSL of a group computed by a schedule: one or more passes, with what they bind and how many workgroups they start.
//!
//! Everything that can be known is a constant in the text: sizes, strides, steps. Numbers are computed in f32 whatever they are
//! stored as. What is read outside of a tensor is never used; what would be written outside of it is guarded.

mod combine;
mod contract;
mod expr;
mod map;
mod matrix;
mod operand;
mod pack;
mod row;
mod sizes;
mod source;
mod staged;
#[cfg(feature = "validate")]
mod validate;

#[cfg(feature = "validate")]
pub use validate::validate;

use crate::ir::DType;
use crate::plan::{Group, Work};
use crate::schedule::{Limits, Schedule};
use alloc::{string::String, vec::Vec};

/// What a pass binds, in the order of its bindings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Binding {
    /// One of the group's tensors, read.
    Tensor(usize),
    /// The group's output, written.
    Output,
    /// A temporary buffer, read.
    Temporary(usize),
    /// A temporary buffer, written.
    TemporaryOut(usize),
    /// A temporary texture, read.
    Texture(usize),
    /// A temporary texture, written.
    TextureOut(usize),
}

/// What lives between the passes of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Temporary {
    /// A buffer of this many bytes.
    Buffer(u64),
    /// A texture of four numbers a texel, f16 or f32.
    Texture {
        /// Texels of a row.
        width: u32,
        /// Rows.
        height: u32,
        /// What a number is stored as.
        dtype: DType,
    },
}

/// One dispatch.
#[derive(Clone, Debug, PartialEq)]
pub struct Pass {
    /// The shader, without the `enable` directives that browsers ask for.
    pub wgsl: String,
    /// What it binds in group 0, from binding 0 on.
    pub bindings: Vec<Binding>,
    /// Workgroups.
    pub grid: [u32; 3],
    /// Whether it uses subgroup operations.
    pub subgroups: bool,
    /// Whether it multiplies matrices.
    pub matrices: bool,
    /// Whether it reads or writes f16.
    pub f16: bool,
}

impl Pass {
    /// The shader for a browser, whose WGSL wants `enable subgroups;`, which naga refuses.
    pub fn browser_wgsl(&self) -> String {
        if self.subgroups { alloc::format!("enable subgroups;\n{}", self.wgsl) } else { self.wgsl.clone() }
    }
}

/// A group computed by a schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct Kernel {
    /// Its dispatches, in order.
    pub passes: Vec<Pass>,
    /// What lives between them.
    pub temporaries: Vec<Temporary>,
}

/// The kernel of a group by a schedule that `Schedule::check` allows.
pub fn emit(group: &Group, schedule: &Schedule, limits: &Limits) -> Result<Kernel, &'static str> {
    schedule.check(group, limits)?;
    match (schedule, &group.work) {
        (Schedule::Contract(s), Work::Contract(c)) => Ok(contract::emit(group, c, s, limits)),
        (Schedule::Row(s), Work::Row(r)) => Ok(row::emit(group, r, s, limits)),
        (Schedule::Map(s), Work::Map(body)) => Ok(map::emit(group, body, s, limits)),
        (Schedule::Map(s), Work::Pool(p)) => Ok(map::pool(group, p, s, limits)),
        _ => Err("the schedule is for another kind of group"),
    }
}

//! A blueprint cut into groups, each of which one kernel computes.
//!
//! Every contraction, row operation, window and rearrangement is the root of a group. Elementwise nodes that follow a root and
//! have its shape are computed on its results before they are stored (the epilogue); elementwise nodes that nothing else needs
//! are computed where they are read. Transposes and reshapes are only other strides, unless something needs them in memory.
//! What several groups read is stored once. Where that rule is not the best on a device, `rewrite` has other graphs for the same numbers.

mod cut;
mod expand;
mod expr;
mod rewrite;
mod work;

pub use cut::Plan;
pub use expr::{Access, Expr};
pub use rewrite::{REWRITES_MAX, Rewrite, Variant};
pub use work::{Batch, Contract, Group, Image, PoolWork, Row, RowKind, Side, Work};

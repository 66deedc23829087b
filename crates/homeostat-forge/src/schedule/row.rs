//! Schedules of row operations.

use super::limits::Limits;
use super::{ITERATIONS_MAX, pair};
use super::{Schedule, every};
use crate::ir::DType;
use crate::plan::{Expr, Group, Row, RowKind};
use alloc::vec::Vec;
use core::fmt;

/// How the invocations of a row fold what each of them has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Folding {
    /// Halves, in workgroup memory.
    Tree,
    /// Each invocation folds all, from workgroup memory.
    Serial,
    /// The subgroup's own operation.
    Subgroup,
}

const FOLDINGS: [(Folding, &str); 3] =
    [(Folding::Tree, "tree"), (Folding::Serial, "serial"), (Folding::Subgroup, "subgroup")];

/// A way to compute rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowSchedule {
    /// Invocations of one row.
    pub threads: u32,
    /// Rows of one workgroup.
    pub rows: u32,
    /// Numbers that are read at once.
    pub width: u32,
    /// Steps in one iteration.
    pub unroll: u32,
    /// How invocations of a row fold.
    pub folding: Folding,
    /// Whether softmax finds its maximum and its sum in one pass.
    pub online: bool,
    /// Whether neighbouring lanes have neighbouring rows.
    pub lanes_on_rows: bool,
}

impl RowSchedule {
    /// Every schedule, valid or not.
    pub(super) fn all() -> Vec<Schedule> {
        every(|pick| {
            let lanes_on_rows = pick.of(&[false, true]);
            let online = pick.of(&[false, true]);
            let (folding, _) = pick.of(&FOLDINGS);
            let unroll = pick.of(&[1, 2, 4]);
            let width = pick.of(&[1, 4]);
            let rows = pick.of(&[1, 4, 8, 32, 64, 256]);
            let threads = pick.of(&[1, 8, 32, 64, 128, 256]);
            Schedule::Row(RowSchedule { threads, rows, width, unroll, folding, online, lanes_on_rows })
        })
    }

    pub(super) fn check(&self, row: &Row, group: &Group, limits: &Limits) -> Result<(), &'static str> {
        let invocations = self.threads * self.rows;
        if invocations > limits.invocations || self.threads.max(self.rows) > limits.workgroup_side {
            return Err("more invocations than the adapter runs in a workgroup");
        }
        if invocations * 8 > limits.workgroup_bytes && self.threads > 1 {
            return Err("more workgroup memory than the adapter has");
        }
        if self.threads == 1 && (self.folding != Folding::Tree || !self.lanes_on_rows) {
            return Err("one invocation folds nothing");
        }
        if self.folding == Folding::Subgroup
            && (limits.subgroup != Some(self.threads)
                || self.lanes_on_rows
                || self.rows > 8
                || self.threads < 2)
        {
            return Err("a subgroup must be a row's invocations");
        }
        if self.online && row.kind != RowKind::Softmax {
            return Err("only softmax has one pass");
        }
        if self.width == 4 && !Self::is_wide(row, group) {
            return Err("rows are not made of fours");
        }
        let steps = row.len / self.width;
        if self.threads > 1 && self.threads * self.unroll > steps || self.unroll > 1 && self.unroll > steps {
            return Err("more invocations than numbers");
        }
        if self.rows > 1 && self.rows / 2 >= row.rows() {
            return Err("more rows in a workgroup than there are");
        }
        if row.rows().div_ceil(self.rows) > limits.groups * limits.groups.min(1024) {
            return Err("more workgroups than the adapter starts");
        }
        if group.tensors.len() as u32 + 1 > limits.storage_buffers {
            return Err("more tensors than storage buffers");
        }
        let passes = if matches!(row.kind, RowKind::Reduce(_)) { 1 } else { 3 };
        if passes * (steps / (self.threads * self.unroll) + self.threads * self.unroll + 8) + self.threads
            > ITERATIONS_MAX
        {
            return Err("more iterations than some drivers run");
        }
        Ok(())
    }

    /// Whether four neighbours of a row are four neighbours in memory.
    fn is_wide(row: &Row, group: &Group) -> bool {
        let float = |expr: &Expr| {
            let mut all = true;
            expr.visit(&mut |e| all &= !matches!(e, Expr::Read(a) if !a.dtype.is_float()));
            all
        };
        row.inner == 1
            && row.len.is_multiple_of(4)
            && float(&row.input)
            && float(&group.epilogue)
            && group.dtype != DType::I32
    }

    pub(super) fn parse(words: &[&str]) -> Option<Self> {
        let [size, read, folding, pass, lanes] = words else { return None };
        let ((threads, rows), (width, unroll)) = (pair(size)?, pair(read)?);
        let folding = FOLDINGS.into_iter().find(|(_, name)| name == folding)?.0;
        let flag = |text: &str, no: &str, yes: &str| {
            if text == yes {
                Some(true)
            } else if text == no {
                Some(false)
            } else {
                None
            }
        };
        let (online, lanes_on_rows) = (flag(pass, "passes", "online")?, flag(lanes, "along", "rows")?);
        Some(Self { threads, rows, width, unroll, folding, online, lanes_on_rows })
    }
}

impl fmt::Display for RowSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folding = FOLDINGS.iter().find(|(x, _)| *x == self.folding).map_or("", |(_, name)| name);
        let (pass, lanes) = (
            if self.online { "online" } else { "passes" },
            if self.lanes_on_rows { "rows" } else { "along" },
        );
        write!(f, "{}x{} {}x{} {folding} {pass} {lanes}", self.threads, self.rows, self.width, self.unroll)
    }
}

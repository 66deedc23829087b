//! Schedules of elements that are computed each by itself, and of windows.

use super::limits::Limits;
use super::pair;
use super::{Schedule, every};
use crate::plan::{Expr, Group, Work};
use alloc::vec::Vec;
use core::fmt;

/// A way to compute elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MapSchedule {
    /// Invocations of a workgroup.
    pub invocations: u32,
    /// Numbers that are computed at once.
    pub width: u32,
    /// How many times an invocation does so.
    pub items: u32,
}

impl MapSchedule {
    /// Every schedule, valid or not.
    pub(super) fn all() -> Vec<Schedule> {
        every(|pick| {
            let (items, width) = (pick.of(&[1, 2, 4, 8]), pick.of(&[1, 4]));
            Schedule::Map(MapSchedule { invocations: pick.of(&[8, 32, 64, 128, 256]), width, items })
        })
    }

    pub(super) fn check(&self, group: &Group, limits: &Limits) -> Result<(), &'static str> {
        if self.invocations > limits.invocations {
            return Err("more invocations than the adapter runs in a workgroup");
        }
        if group.tensors.len() as u32 + 1 > limits.storage_buffers {
            return Err("more tensors than storage buffers");
        }
        let n = group.shape.elements();
        let body = match &group.work {
            Work::Map(body) => Some(body),
            _ => None,
        };
        if self.width == 4
            && !(group.dtype.is_float() && group.shape.last().is_multiple_of(4) && body.is_some_and(is_float))
        {
            return Err("not made of fours");
        }
        let each = u64::from(self.width * self.items);
        if each > n.div_ceil(8) && each > 1 {
            return Err("more items than elements");
        }
        if n.div_ceil(each * u64::from(self.invocations)) > u64::from(limits.groups) * 32_768 {
            return Err("more workgroups than the adapter starts");
        }
        Ok(())
    }

    pub(super) fn parse(words: &[&str]) -> Option<Self> {
        let [invocations, size] = words else { return None };
        let (width, items) = pair(size)?;
        Some(Self { invocations: invocations.parse().ok()?, width, items })
    }
}

/// Whether everything that is read and picked is a number to compute with.
fn is_float(expr: &Expr) -> bool {
    let mut all = true;
    expr.visit(&mut |e| match e {
        Expr::Read(a) => all &= a.dtype.is_float(),
        Expr::Gather { .. } => all = false,
        _ => {}
    });
    all
}

impl fmt::Display for MapSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}x{}", self.invocations, self.width, self.items)
    }
}

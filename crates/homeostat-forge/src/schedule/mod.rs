//! The ways to compute a group. A schedule is valid for a group and an adapter or it is not, and that is known before anything
//! is compiled. `space` lists the valid ones in a fixed order; `first` is the one to begin with, chosen by rule.

mod contract;
mod first;
mod limits;
mod map;
mod row;

pub use contract::{ContractSchedule, Padded, Path, SPLITS, TILES};
pub use limits::{Kind, Limits};
pub use map::MapSchedule;
pub use row::{Folding, RowSchedule};

use crate::plan::{Group, Plan, Work};
use alloc::{string::String, vec::Vec};
use core::fmt;
use homeostat_core::error::{Code, Error, Result as Checked};
use homeostat_core::list::List;

/// Most iterations of all loops of one invocation: a software driver silently stops a shader at 65,536.
pub const ITERATIONS_MAX: u32 = 60_000;

/// A way to compute a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Schedule {
    /// Of a contraction.
    Contract(ContractSchedule),
    /// Of a row operation.
    Row(RowSchedule),
    /// Of elements and windows.
    Map(MapSchedule),
}

impl Schedule {
    /// Why this adapter cannot compute the group so; `Ok` where it can.
    pub fn check(&self, group: &Group, limits: &Limits) -> Result<(), &'static str> {
        if !limits.f16
            && (group.dtype == crate::ir::DType::F16 || group.dtypes.contains(&crate::ir::DType::F16))
        {
            return Err("the adapter has no f16");
        }
        match (self, &group.work) {
            (Schedule::Contract(s), Work::Contract(c)) => s.check(c, group, limits),
            (Schedule::Row(s), Work::Row(r)) => s.check(r, group, limits),
            (Schedule::Map(s), Work::Map(_) | Work::Pool(_)) => s.check(group, limits),
            _ => Err("the schedule is for another kind of group"),
        }
    }

    /// Its dimensions as numbers: which choice, not how much.
    pub fn dimensions(&self) -> Vec<u32> {
        let log2 = |n: u32| n.max(1).ilog2();
        match self {
            Schedule::Contract(s) => alloc::vec![
                Path::ALL.iter().position(|p| *p == s.path).unwrap_or(0) as u32,
                log2(s.tile.0),
                log2(s.tile.1),
                log2(s.workgroup.0),
                log2(s.workgroup.1),
                u32::from(s.lanes_on_rows) + 2 * u32::from(s.spread),
                u32::from(s.padded),
                log2(s.split),
            ],
            Schedule::Row(s) => alloc::vec![
                log2(s.threads),
                log2(s.rows),
                log2(s.width),
                log2(s.unroll),
                s.folding as u32,
                u32::from(s.online),
                u32::from(s.lanes_on_rows),
            ],
            Schedule::Map(s) => alloc::vec![log2(s.invocations), log2(s.width), log2(s.items)],
        }
    }

    /// Every valid schedule, in a fixed order.
    pub fn space(group: &Group, limits: &Limits) -> Vec<Schedule> {
        let mut all = match &group.work {
            Work::Contract(_) => ContractSchedule::all(limits),
            Work::Row(_) => RowSchedule::all(),
            Work::Map(_) | Work::Pool(_) => MapSchedule::all(),
        };
        all.retain(|s| s.check(group, limits).is_ok());
        all
    }

    /// The one to begin with; `None` where the adapter can compute the group in no way.
    pub fn first(group: &Group, limits: &Limits) -> Option<Schedule> {
        first::first(group, limits)
    }

    /// The schedule of this text, the inverse of its display.
    pub fn parse(text: &str) -> Option<Schedule> {
        let (kind, rest) = text.split_once(' ')?;
        let words: Vec<&str> = rest.split(' ').listed();
        match kind {
            "contract" => ContractSchedule::parse(&words).map(Schedule::Contract),
            "row" => RowSchedule::parse(&words).map(Schedule::Row),
            "map" => MapSchedule::parse(&words).map(Schedule::Map),
            _ => None,
        }
    }

    /// Its text, that the library keeps.
    pub fn text(&self) -> String {
        alloc::format!("{self}")
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Schedule::Contract(s) => write!(f, "contract {s}"),
            Schedule::Row(s) => write!(f, "row {s}"),
            Schedule::Map(s) => write!(f, "map {s}"),
        }
    }
}

/// One of all combinations, read like the digits of its number.
struct Pick(usize);

impl Pick {
    /// One of these. What is asked for first changes fastest from one combination to the next.
    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        let at = self.0 % list.len();
        self.0 /= list.len();
        list[at]
    }
}

/// Every combination of what is picked.
fn every(make: impl Fn(&mut Pick) -> Schedule) -> Vec<Schedule> {
    let mut all = Vec::new();
    for number in 0.. {
        let mut pick = Pick(number);
        let made = make(&mut pick);
        // Its number has more digits than there are lists.
        if pick.0 > 0 {
            break;
        }
        all.push(made);
    }
    all
}

/// The first schedule of every group of a plan.
pub fn first_schedules(plan: &Plan, limits: &Limits) -> Checked<Vec<Schedule>> {
    let first = |group: &Group| {
        Schedule::first(group, limits).ok_or_else(|| {
            let (at, shape, name) =
                (group.output.index(), &group.shape, plan.graph.node(group.output).op.name());
            let text =
                alloc::format!("node {at} ({name}) of shape {shape}: the adapter can compute it in no way");
            Error::new(Code::ForgeUnsupported, text)
        })
    };
    plan.groups.iter().map(first).all_or()
}

/// Two numbers written as `16x8`.
fn pair(text: &str) -> Option<(u32, u32)> {
    let (a, b) = text.split_once('x')?;
    Some((a.parse().ok()?, b.parse().ok()?))
}

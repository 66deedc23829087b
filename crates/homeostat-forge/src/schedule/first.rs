//! The schedule to begin with, by rule: one compile, close to the best.

use super::Schedule;
use super::contract::{ContractSchedule, Path};
use super::limits::{Kind, Limits};
use super::map::MapSchedule;
use super::row::{Folding, RowSchedule};
use crate::plan::{Contract, Group, Row, Work};
use alloc::vec::Vec;
use homeostat_core::list::List;

/// A processor's first-level cache.
const FIRST_LEVEL_BYTES: u64 = 32 << 10;

pub(super) fn first(group: &Group, limits: &Limits) -> Option<Schedule> {
    let wishes: Vec<Schedule> = match &group.work {
        Work::Contract(c) => contract(c, limits).into_iter().map(Schedule::Contract).listed(),
        Work::Row(r) => row(r, limits).into_iter().map(Schedule::Row).listed(),
        Work::Map(_) | Work::Pool(_) => {
            let of = |invocations, width, items| Schedule::Map(MapSchedule { invocations, width, items });
            let wide = if limits.kind == Kind::Software { 64 } else { 256 };
            Vec::from([of(wide, 4, 1), of(64, 4, 1), of(wide, 1, 1), of(64, 1, 1), of(64, 1, 8), of(8, 1, 1)])
        }
    };
    let fits = |s: &Schedule| s.check(group, limits).is_ok();
    wishes.into_iter().find(fits).or_else(|| Schedule::space(group, limits).into_iter().next())
}

fn contract(c: &Contract, limits: &Limits) -> Vec<ContractSchedule> {
    let of = |path, tile, workgroup, padded| ContractSchedule {
        path,
        tile,
        workgroup,
        lanes_on_rows: false,
        spread: false,
        padded,
        split: 1,
    };
    let mut wishes = Vec::new();
    if limits.kind == Kind::Software {
        let lanes = limits.subgroup.unwrap_or(8).max(8);
        let flat = (lanes, 1);
        // Padding the columns to whole blocks must not waste more than a quarter.
        let waste = |block: u32| c.n.div_ceil(block) * block * 4 > c.n * 5;
        let padding = |s: &ContractSchedule| {
            let p = s.padded(c, limits);
            f64::from(p.k) * f64::from(p.n) / (f64::from(c.k) * f64::from(c.n))
        };
        // A subgroup shares its rows and takes as many channels at once as it has lanes: where that pads a convolution's work by more
        // than a quarter, each lane has rows of its own instead, and columns that need no padding.
        if c.image.is_some()
            && (limits.subgroup.is_none() || padding(&of(Path::Subgroup, (16, 4), flat, true)) > 1.25)
        {
            let columns = if c.n.is_multiple_of(16) { 16 } else { 8 };
            for padded in [false, true] {
                let own = of(Path::TextureB, (4, columns), flat, padded);
                wishes.push(ContractSchedule { lanes_on_rows: true, ..own });
            }
        }
        if limits.subgroup.is_some() && !waste(lanes * 8) {
            wishes.push(of(Path::SubgroupTexture, (16, 8), flat, true));
        }
        if limits.subgroup.is_some() {
            wishes.push(of(Path::Subgroup, (16, 4), flat, true));
        }
        wishes.push(of(Path::Textures, (16, 8), flat, true));
        wishes.push(of(Path::TextureB, (16, 8), flat, true));
    } else {
        let matrix = of(Path::Matrix, (4, 4), (8, 8), true);
        wishes.extend(
            [(16, 16), (16, 8), (8, 8), (32, 1)].map(|workgroup| ContractSchedule { workgroup, ..matrix }),
        );
        // The largest block that still gives every multiprocessor something to do.
        let spread = |s: ContractSchedule| ContractSchedule { spread: s.tile.1 >= 8, ..s };
        for (tile, workgroup) in [((8, 8), (16, 16)), ((8, 8), (8, 8)), ((4, 4), (16, 16)), ((4, 4), (8, 8))]
        {
            let s = spread(of(Path::Staged16, tile, workgroup, false));
            let grid = s.padded(c, limits).grid;
            if grid[0] * grid[1] * grid[2] >= limits.cores {
                wishes.push(s);
                wishes.push(ContractSchedule { padded: true, ..s });
            }
        }
    }
    for (tile, workgroup) in
        [((4, 4), (8, 8)), ((4, 4), (8, 4)), ((4, 4), (8, 1)), ((1, 4), (8, 4)), ((1, 4), (8, 1))]
    {
        for (lanes_on_rows, padded) in [(false, false), (false, true), (true, false), (true, true)] {
            wishes.push(ContractSchedule { lanes_on_rows, ..of(Path::Buffer4, tile, workgroup, padded) });
        }
    }
    // A sum too long for one loop.
    let long: Vec<_> = wishes.iter().map(|s| ContractSchedule { split: 4, padded: true, ..*s }).listed();
    wishes.extend(long);
    wishes
}

fn row(r: &Row, limits: &Limits) -> Vec<RowSchedule> {
    let alone = |rows, width, unroll| RowSchedule {
        threads: 1,
        rows,
        width,
        unroll,
        folding: Folding::Tree,
        online: r.kind == crate::plan::RowKind::Softmax,
        lanes_on_rows: true,
    };
    let together = |threads, rows, width, unroll| RowSchedule {
        threads,
        rows,
        width,
        unroll,
        folding: Folding::Tree,
        online: r.kind == crate::plan::RowKind::Softmax,
        lanes_on_rows: false,
    };
    // Neighbouring lanes with neighbouring rows read each row again in every pass. Where so many rows do not fit into the first-level
    // cache, a subgroup has one row at a time instead.
    if let (Kind::Software, Some(lanes), 1) = (limits.kind, limits.subgroup, r.inner)
        && u64::from(r.len) * u64::from(lanes) * 4 >= FIRST_LEVEL_BYTES
    {
        let subgroup =
            |rows, unroll| RowSchedule { folding: Folding::Subgroup, ..together(lanes, rows, 4, unroll) };
        return [(4, 4), (1, 4), (4, 1), (1, 1)].map(|(rows, unroll)| subgroup(rows, unroll)).to_vec();
    }
    let many = r.rows() >= 64 * limits.cores || r.inner > 1;
    let mut wishes = Vec::new();
    if limits.kind == Kind::Software || many && r.inner > 1 {
        for rows in [8, 4, 1] {
            wishes.extend([alone(rows, 4, 4), alone(rows, 4, 1), alone(rows, 1, 4), alone(rows, 1, 1)]);
        }
    } else {
        for threads in [256, 64, 32, 8] {
            wishes.extend([
                together(threads, 1, 4, 1),
                together(threads, 1, 1, 1),
                together(threads, 4, 1, 1),
            ]);
        }
        wishes.extend([alone(64, 1, 1), alone(8, 1, 1), alone(1, 1, 1)]);
    }
    wishes
}

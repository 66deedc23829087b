//! What a schedule costs: counted operations for each unit of work. The coefficients are fitted; the priors were set by looking at
//! one adapter of each kind (see design.md).

use crate::plan::{Contract, Group, Row, RowKind, Work};
use crate::schedule::{ContractSchedule, Folding, Kind, Limits, MapSchedule, Path, RowSchedule};
use alloc::{vec, vec::Vec};

/// The coefficients to begin with.
pub(super) fn prior(group: &Group, limits: &Limits) -> Vec<f64> {
    let software = limits.kind == Kind::Software;
    match &group.work {
        // one, number loads, loads of four, textures, lane loads, broadcasts, shared loads, staging, registers, barriers, strided, packing
        Work::Contract(_) if software => {
            vec![1.0, 8.0, 16.0, 16.0, 8.0, 1.0, 16.0, 32.0, 0.1, 200.0, 0.01, 8.0]
        }
        Work::Contract(_) => vec![1.0, 12.0, 24.0, 30.0, 8.0, 4.0, 6.0, 24.0, 0.3, 40.0, 16.0, 4.0],
        // one pass over a number, over a four, a step, folding, a workgroup, lanes that read apart
        Work::Row(_) if software => vec![1.0, 0.4, 0.5, 4.0, 20.0, 0.02],
        Work::Row(_) => vec![1.0, 0.4, 0.3, 2.0, 4.0, 2.0],
        Work::Map(_) | Work::Pool(_) => vec![1.0, 0.4, 0.5, 20.0],
    }
}

/// How much longer the busiest core works than the mean one.
fn uneven(groups: f64, limits: &Limits) -> f64 {
    let cores = f64::from(limits.cores);
    libm::ceil(groups / cores) / (groups / cores)
}

/// How much of a graphics processor stands idle because too few invocations hide too little latency.
fn idle(groups: f64, invocations: f64, limits: &Limits) -> f64 {
    if limits.kind == Kind::Software {
        return 1.0;
    }
    let wanted = f64::from(limits.cores) * 512.0;
    (wanted / (groups * invocations)).max(1.0)
}

pub(super) fn contract(c: &Contract, s: &ContractSchedule, limits: &Limits) -> (Vec<f64>, f64) {
    let p = s.padded(c, limits);
    let (tm, tn) = (f64::from(s.tile.0), f64::from(s.tile.1));
    let width = f64::from(s.path.width());
    let lanes = f64::from(limits.subgroup.unwrap_or(8));
    let (a, b) = (1.0 / (tn * width), 1.0 / (tm * width));
    let mut n = vec![0.0; 12];
    n[0] = 1.0;
    let wide = if s.path.width() == 4 { 2 } else { 1 };
    if s.path == Path::Matrix {
        // Sixteen numbers of a block share a load, and one operation is many multiply-adds.
        n[0] = 0.08;
        n[2] = (a + b) / 64.0;
    } else if s.path.is_staged() {
        n[6] = a + b;
        n[7] = (1.0 / f64::from(p.block_rows) + 1.0 / f64::from(p.block_columns)) / width;
        n[9] = 1.0 / (tm * tn * f64::from(p.unroll)) * if s.path.is_ahead() { 0.5 } else { 1.0 };
        // Lanes whose fours lie apart meet in the same banks.
        n[10] = if s.spread || tn < 8.0 { 0.0 } else { b };
    } else {
        if s.path.is_subgroup() {
            n[4] = 1.0 / (tn * lanes);
            n[5] = 1.0 / tn;
        } else {
            n[if s.path.texture_a() { 3 } else { wide }] += a;
        }
        n[if s.path.texture_b() { 3 } else { wide }] += b;
        n[10] = if s.lanes_on_rows {
            a * 4.0
        } else if s.spread {
            0.0
        } else {
            b
        };
    }
    n[8] = (tm * tn - 16.0).max(0.0) / (tm * tn);
    let multiply_adds = f64::from(p.grid[0])
        * f64::from(p.grid[1])
        * f64::from(c.matrices())
        * f64::from(p.block_rows * p.block_columns)
        * f64::from(p.k);
    let mut packed = 0.0;
    if s.path.texture_a() || p.m != c.m || p.k != c.k || c.a.plain.is_none() || c.a.transposed {
        packed += s.elements_a(c, &p) as f64;
    }
    if s.path.texture_b() || p.n != c.n || p.k != c.k || c.b.plain.is_none() {
        packed += f64::from(c.b.matrices) * f64::from(p.k) * f64::from(p.n);
    }
    n[11] = packed / multiply_adds;
    let groups = p.grid.iter().map(|d| f64::from(*d)).product();
    let invocations = f64::from(s.workgroup.0 * s.workgroup.1);
    (n, multiply_adds * 1e-10 * uneven(groups, limits) * idle(groups, invocations, limits))
}

pub(super) fn row(r: &Row, s: &RowSchedule, limits: &Limits) -> (Vec<f64>, f64) {
    let passes = match r.kind {
        RowKind::Reduce(_) => 1.0,
        RowKind::RmsNorm { .. } => 2.0,
        RowKind::Softmax if s.online => 2.5,
        _ => 3.0,
    };
    let (len, threads, rows) = (f64::from(r.len), f64::from(s.threads), f64::from(s.rows));
    let folds = match s.folding {
        _ if s.threads == 1 => 0.0,
        Folding::Tree => f64::from(s.threads.ilog2()),
        Folding::Serial => 1.0 + threads / 8.0,
        Folding::Subgroup => 0.25,
    };
    let mut n = vec![0.0; 6];
    n[if s.width == 4 { 1 } else { 0 }] = passes;
    n[2] = passes / f64::from(s.width * s.unroll);
    n[3] = (passes - 1.0).max(1.0) * folds * threads / len;
    n[4] = 1.0 / (rows * len);
    n[5] = if s.lanes_on_rows == (r.inner == 1) { passes } else { 0.0 };
    let groups = libm::ceil(f64::from(r.rows()) / rows);
    let work = groups * rows * len;
    (n, work * 1e-9 * uneven(groups, limits) * idle(groups, threads * rows, limits))
}

pub(super) fn map(group: &Group, s: &MapSchedule, limits: &Limits) -> (Vec<f64>, f64) {
    let elements = group.shape.elements() as f64;
    let each = f64::from(s.width * s.items);
    let groups = libm::ceil(elements / (each * f64::from(s.invocations)));
    let mut n = vec![0.0; 4];
    n[if s.width == 4 { 1 } else { 0 }] = 1.0;
    n[2] = 1.0 / each;
    n[3] = 1.0 / (each * f64::from(s.invocations));
    (n, elements * 1e-9 * uneven(groups, limits) * idle(groups, f64::from(s.invocations), limits))
}

//! The product of two matrices in f32: blocked for the caches, packed in panels, six rows by two vectors in registers.

use super::threads::Threads;
use alloc::{vec, vec::Vec};
use pulp::{Arch, Simd, WithSimd};

/// Rows of a block in registers.
const ROWS: usize = 6;
/// Length of one chain of additions: none is so long that its rounding adds up.
const CHAIN: usize = 128;
/// Steps of a block: a panel of the second operand stays in the first-level cache.
const DEPTH: usize = 2 * CHAIN;
/// Rows of a block: it stays in the second-level cache.
const HIGH: usize = 96;
/// Columns of a block: with the rows it stays in the second-level cache, or near it.
const WIDE: usize = 512;
/// Most lanes of a vector.
const LANES_MAX: usize = 16;
/// So few rows read the second operand once as it lies: packing it would cost more than it saves.
const THIN: usize = 4;
/// Columns that few rows have at once: sums stay in the first-level cache, what is read of the second operand in the second-level one
/// from row to row.
const THIN_WIDE: usize = 512;

/// A matrix as it lies in memory: row by row, or turned, column by column.
#[derive(Clone, Copy)]
pub(super) struct Operand<'a> {
    pub numbers: &'a [f32],
    pub turned: bool,
}

/// c += a b, of `[m, k]` and `[k, n]`, c row by row; each thread has whole blocks of rows.
pub(super) fn product(a: Operand, b: Operand, c: &mut [f32], [m, n, k]: [usize; 3], threads: Threads) {
    debug_assert!(a.numbers.len() >= m * k && b.numbers.len() >= k * n && c.len() >= m * n);
    let operations = m as f64 * n as f64 * k as f64;
    // In a browser size counts more.
    let few = m <= THIN && !b.turned && cfg!(not(target_family = "wasm"));
    threads.rows(&mut c[..m * n], n, ROWS, operations, |first, c| {
        let left = if a.turned { &a.numbers[first..] } else { &a.numbers[first * k..] };
        let (down, along) = if a.turned { (1, m) } else { (k, 1) };
        let a = Left { numbers: left, down, along };
        if few {
            Arch::new().dispatch(
                #[inline(always)]
                || thin(a, b.numbers, c, n, k),
            );
        } else {
            Arch::new().dispatch(Product { a, b, c, n, k });
        }
    });
}

/// The first operand from some row on: how far its rows and its columns lie apart.
#[derive(Clone, Copy)]
struct Left<'a> {
    numbers: &'a [f32],
    down: usize,
    along: usize,
}

struct Product<'a> {
    a: Left<'a>,
    b: Operand<'a>,
    c: &'a mut [f32],
    n: usize,
    k: usize,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Product { a, b, c, n, k } = self;
        let m = c.len() / n;
        let wide = 2 * S::F32_LANES;
        let (most, deep) = (WIDE.min(n.next_multiple_of(wide)), DEPTH.min(k));
        let mut panel_b = vec![0f32; deep * most];
        let mut panel_a = vec![0f32; deep * HIGH.min(m.next_multiple_of(ROWS))];
        for column in (0..n).step_by(WIDE) {
            let columns = WIDE.min(n - column);
            for depth in (0..k).step_by(DEPTH) {
                let steps = DEPTH.min(k - depth);
                pack_right(&mut panel_b, wide, b, [depth, steps], [column, columns], [k, n]);
                for row in (0..m).step_by(HIGH) {
                    let rows = HIGH.min(m - row);
                    pack_left(&mut panel_a, a, [row, rows], [depth, steps]);
                    for j in (0..columns).step_by(wide) {
                        let right = &panel_b[j * steps..(j + wide) * steps];
                        for i in (0..rows).step_by(ROWS) {
                            let left = &panel_a[i * steps..(i + ROWS) * steps];
                            let (high, across) = (ROWS.min(rows - i), wide.min(columns - j));
                            for p in (0..steps).step_by(CHAIN) {
                                let end = steps.min(p + CHAIN);
                                let block =
                                    block(simd, &left[p * ROWS..end * ROWS], &right[p * wide..end * wide]);
                                add(simd, &block, c, (row + i) * n + column + j, n, high, across);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Panels of `wide` columns, step by step; what is missing of the last one is zero. In a browser size counts: one copy is enough there.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn pack_right(
    panel: &mut [f32],
    wide: usize,
    b: Operand,
    [depth, steps]: [usize; 2],
    [column, columns]: [usize; 2],
    [k, n]: [usize; 2],
) {
    if b.turned {
        let from = Left { numbers: b.numbers, down: k, along: 1 };
        for (i, to) in panel.chunks_exact_mut(wide * steps).take(columns.div_ceil(wide)).enumerate() {
            let first = column + i * wide;
            turn(to, wide, from, [first, wide.min(column + columns - first)], [depth, steps]);
        }
        return;
    }
    for p in 0..steps {
        let row = &b.numbers[(depth + p) * n + column..][..columns];
        // A row is spread over the panels, whose steps lie `wide` apart.
        let mut at = p * wide;
        let whole = row.chunks_exact(wide);
        let rest = whole.remainder();
        for part in whole {
            panel[at..at + wide].copy_from_slice(part);
            at += steps * wide;
        }
        if !rest.is_empty() {
            panel[at..at + rest.len()].copy_from_slice(rest);
            panel[at + rest.len()..at + wide].fill(0.0);
        }
    }
}

/// Panels of `ROWS` rows, step by step; what is missing of the last one is zero.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn pack_left(panel: &mut [f32], a: Left, [row, rows]: [usize; 2], steps: [usize; 2]) {
    for (i, to) in panel.chunks_exact_mut(ROWS * steps[1]).take(rows.div_ceil(ROWS)).enumerate() {
        let first = row + i * ROWS;
        turn(to, ROWS, a, [first, ROWS.min(row + rows - first)], steps);
    }
}

/// Rows that become columns of a panel, `wide` of them.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn turn(to: &mut [f32], wide: usize, from: Left, [row, rows]: [usize; 2], [depth, steps]: [usize; 2]) {
    if rows < wide {
        to.fill(0.0);
    }
    if from.along != 1 {
        // Neighbouring rows are neighbours: each step is copied.
        let mut p = 0;
        while p < steps {
            let part = &from.numbers[row * from.down + (depth + p) * from.along..][..rows];
            to[p * wide..p * wide + rows].copy_from_slice(part);
            p += 1;
        }
        return;
    }
    let mut i = 0;
    while i < rows {
        let line = &from.numbers[(row + i) * from.down + depth..][..steps];
        let mut p = 0;
        while p < steps {
            to[p * wide + i] = line[p];
            p += 1;
        }
        i += 1;
    }
}

/// Indices instead of iterators: their adapters are functions of their own, which compilers do not always put inside of code that is
/// made for wider vectors than the rest of the program. Sums by name instead of a loop over an array of them: what is compiled for size
/// (WebAssembly) unrolls no loop, and an array that is indexed lies in memory.
#[inline(always)]
fn block<S: Simd>(simd: S, left: &[f32], right: &[f32]) -> [[S::f32s; 2]; ROWS] {
    let (vectors, _) = S::as_simd_f32s(right);
    let (left, right) = (left.as_chunks::<ROWS>().0, vectors.as_chunks::<2>().0);
    let steps = if left.len() < right.len() { left.len() } else { right.len() };
    let zero = simd.splat_f32s(0.0);
    macro_rules! sums {
        ($($i:literal $x:ident $y:ident),*) => {{
            $(let (mut $x, mut $y) = (zero, zero);)*
            let mut p = 0;
            while p < steps {
                let (a, [b0, b1]) = (&left[p], right[p]);
                $(
                    let one = simd.splat_f32s(a[$i]);
                    $x = simd.mul_add_e_f32s(one, b0, $x);
                    $y = simd.mul_add_e_f32s(one, b1, $y);
                )*
                p += 1;
            }
            [$([$x, $y]),*]
        }};
    }
    sums!(0 x0 y0, 1 x1 y1, 2 x2 y2, 3 x3 y3, 4 x4 y4, 5 x5 y5)
}

#[inline(always)]
fn add<S: Simd>(
    simd: S,
    block: &[[S::f32s; 2]; ROWS],
    c: &mut [f32],
    at: usize,
    stride: usize,
    high: usize,
    across: usize,
) {
    let mut i = 0;
    while i < high {
        let to = &mut c[at + i * stride..at + i * stride + across];
        i += 1;
        let [left, right] = block[i - 1];
        if across == 2 * S::F32_LANES
            && let [x, y] = S::as_mut_simd_f32s(to).0
        {
            (*x, *y) = (simd.add_f32s(*x, left), simd.add_f32s(*y, right));
            continue;
        }
        let mut row = [0f32; 2 * LANES_MAX];
        simd.partial_store_f32s(&mut row[..S::F32_LANES], left);
        simd.partial_store_f32s(&mut row[S::F32_LANES..2 * S::F32_LANES], right);
        let mut j = 0;
        while j < across {
            to[j] += row[j];
            j += 1;
        }
    }
}

/// A few rows: every row of the second operand is read where it lies, four at a time.
#[inline(always)]
fn thin(a: Left, b: &[f32], c: &mut [f32], n: usize, k: usize) {
    let mut sums = [0f32; THIN_WIDE];
    for column in (0..n).step_by(THIN_WIDE) {
        let columns = THIN_WIDE.min(n - column);
        for depth in (0..k).step_by(CHAIN) {
            let end = k.min(depth + CHAIN);
            for (i, c) in c.chunks_exact_mut(n).enumerate() {
                let sums = &mut sums[..columns];
                sums.fill(0.0);
                for p in (depth..end).step_by(4) {
                    // Past the end the last row is read again, times nothing.
                    let row = |q: usize| &b[(p + q).min(end - 1) * n + column..][..columns];
                    let by = |q: usize| {
                        if p + q < end { a.numbers[i * a.down + (p + q) * a.along] } else { 0.0 }
                    };
                    let (near, far) = (row(0).iter().zip(row(1)), row(2).iter().zip(row(3)));
                    let [a0, a1, a2, a3] = [by(0), by(1), by(2), by(3)];
                    for (sum, ((x0, x1), (x2, x3))) in sums.iter_mut().zip(near.zip(far)) {
                        *sum += a0 * x0 + a1 * x1 + (a2 * x2 + a3 * x3);
                    }
                }
                c[column..column + columns].iter_mut().zip(sums).for_each(|(c, sum)| *c += *sum);
            }
        }
    }
}

/// The product without any of this, to compare with.
pub fn plain(a: &[f32], b: &[f32], [m, n, k]: [usize; 3]) -> Vec<f32> {
    let mut c = vec![0f32; m * n];
    for i in 0..m {
        for j in 0..n {
            c[i * n + j] = (0..k).map(|p| a[i * k + p] * b[p * n + j]).sum();
        }
    }
    c
}

#[cfg(test)]
mod tests {
    use super::*;
    use homeostat_core::rng::Rng;

    #[test]
    fn agrees_with_the_plain_one_on_whole_numbers() {
        let mut rng = Rng::new(1);
        let all = [
            [1, 1, 1],
            [6, 16, 8],
            [7, 17, 300],
            [100, 33, 257],
            [5, 2100, 3],
            [1, 1030, 133],
            [4, 515, 6],
            [2, 3, 5],
        ];
        for sizes in all {
            let [m, n, k] = sizes;
            let mut numbers =
                |n: usize| (0..n).map(|_| (rng.next_u64() % 17) as f32 - 8.0).collect::<Vec<f32>>();
            let (a, b) = (numbers(m * k), numbers(k * n));
            let turned = |x: &[f32], rows: usize, columns: usize| {
                (0..x.len()).map(|i| x[i % rows * columns + i / rows]).collect::<Vec<f32>>()
            };
            let (at, bt) = (turned(&a, m, k), turned(&b, k, n));
            for (at, bt) in [(None, None), (Some(&at), None), (None, Some(&bt)), (Some(&at), Some(&bt))] {
                let left = Operand { numbers: at.unwrap_or(&a), turned: at.is_some() };
                let right = Operand { numbers: bt.unwrap_or(&b), turned: bt.is_some() };
                let mut c = vec![0f32; m * n];
                product(left, right, &mut c, sizes, Threads::ONE);
                assert_eq!(c, plain(&a, &b, sizes), "{sizes:?}");
            }
        }
    }
}

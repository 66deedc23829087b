//! The product of two matrices in f32: blocked for the caches, packed in panels, six rows by two vectors in registers.

use super::threads::Threads;
use alloc::{vec, vec::Vec};
use pulp::{Arch, Simd, WithSimd};

/// Rows of a block in registers.
const ROWS: usize = 6;
/// Length of the sums of one block: a panel of the second operand stays in the first-level cache, and no chain of additions is so
/// long that its rounding adds up.
const DEPTH: usize = 128;
/// Rows of a block: it stays in the second-level cache.
const HIGH: usize = 96;
/// Columns of a block.
const WIDE: usize = 2048;
/// Most lanes of a vector.
const LANES_MAX: usize = 16;

/// c += a b, all row-major: `[m, k]`, `[k, n]`, `[m, n]`; each thread has whole blocks of rows.
pub(super) fn product(a: &[f32], b: &[f32], c: &mut [f32], [m, n, k]: [usize; 3], threads: Threads) {
    debug_assert!(a.len() >= m * k && b.len() >= k * n && c.len() >= m * n);
    let operations = m as f64 * n as f64 * k as f64;
    threads.rows(&mut c[..m * n], n, ROWS, operations, |first, c| {
        let m = c.len() / n;
        Arch::new().dispatch(Product { a: &a[first * k..(first + m) * k], b, c, m, n, k });
    });
}

struct Product<'a> {
    a: &'a [f32],
    b: &'a [f32],
    c: &'a mut [f32],
    m: usize,
    n: usize,
    k: usize,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Product { a, b, c, m, n, k } = self;
        let wide = 2 * S::F32_LANES;
        let mut panel_b = vec![0f32; DEPTH * WIDE.min(n.next_multiple_of(wide))];
        let mut panel_a = vec![0f32; DEPTH * HIGH];
        for column in (0..n).step_by(WIDE) {
            let columns = WIDE.min(n - column);
            for depth in (0..k).step_by(DEPTH) {
                let steps = DEPTH.min(k - depth);
                for p in 0..steps {
                    let row = &b[(depth + p) * n + column..][..columns];
                    // A row is spread over the panels, whose steps lie `wide` apart.
                    for (panel, part) in row.chunks(wide).enumerate() {
                        let to = &mut panel_b[(panel * steps + p) * wide..][..wide];
                        to[..part.len()].copy_from_slice(part);
                        to[part.len()..].fill(0.0);
                    }
                }
                for row in (0..m).step_by(HIGH) {
                    let rows = HIGH.min(m - row);
                    pack(&mut panel_a, ROWS, rows, steps, |i, p| a[(row + i) * k + depth + p]);
                    for j in (0..columns).step_by(wide) {
                        let right = &panel_b[j * steps..(j + wide) * steps];
                        for i in (0..rows).step_by(ROWS) {
                            let left = &panel_a[i * steps..(i + ROWS) * steps];
                            let block = block(simd, left, right);
                            let (high, across) = (ROWS.min(rows - i), wide.min(columns - j));
                            add(simd, &block, c, (row + i) * n + column + j, n, high, across);
                        }
                    }
                }
            }
        }
    }
}

/// Panels of `wide` neighbours, step by step; what is missing of the last one is zero.
#[inline(always)]
fn pack(panel: &mut [f32], wide: usize, count: usize, steps: usize, at: impl Fn(usize, usize) -> f32) {
    let mut first = 0;
    while first < count {
        let inside = if wide < count - first { wide } else { count - first };
        let panel = &mut panel[first * steps..][..wide * steps];
        let mut p = 0;
        while p < steps {
            let mut i = 0;
            while i < wide {
                panel[p * wide + i] = if i < inside { at(first + i, p) } else { 0.0 };
                i += 1;
            }
            p += 1;
        }
        first += wide;
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
        for sizes in [[1, 1, 1], [6, 16, 8], [7, 17, 300], [100, 33, 257], [5, 2100, 3]] {
            let [m, n, k] = sizes;
            let mut numbers =
                |n: usize| (0..n).map(|_| (rng.next_u64() % 17) as f32 - 8.0).collect::<Vec<f32>>();
            let (a, b) = (numbers(m * k), numbers(k * n));
            let mut c = vec![0f32; m * n];
            product(&a, &b, &mut c, sizes, Threads::ONE);
            assert_eq!(c, plain(&a, &b, sizes), "{sizes:?}");
        }
    }
}

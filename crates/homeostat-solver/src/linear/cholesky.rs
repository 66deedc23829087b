//! The Cholesky factor of a symmetric positive definite matrix.

use super::{Square, add_scaled, dot, four_dots};

/// The entries of four rows in the columns of all rows before them.
fn eliminate_four(before: &[f64], four: &mut [f64], n: usize) {
    for (j, other) in before.chunks_exact(n).enumerate() {
        let at = |row: usize| &four[row * n..][..j];
        let sums = four_dots([at(0), at(1), at(2), at(3)], &other[..j]);
        for (row, sum) in sums.into_iter().enumerate() {
            let entry = &mut four[row * n + j];
            *entry = (*entry - sum) / other[j];
        }
    }
}

/// L with L Lᵀ = A; what lies above the diagonal is not part of it.
#[derive(Clone, Debug)]
pub(crate) struct Cholesky {
    lower: Square,
}

impl Cholesky {
    /// Factors A, of which only the lower half is read. None if A is not positive definite to working precision.
    ///
    /// Row after row, but four at a time as far as they do not need each other: an entry waits for the one to its left.
    pub fn new(mut a: Square) -> Option<Self> {
        let n = a.n;
        for i in 0..n {
            let (before, rest) = a.cells.split_at_mut(i * n);
            if i % 4 == 0 && i + 4 <= n {
                eliminate_four(before, &mut rest[..4 * n], n);
            }
            let row = &mut rest[..n];
            let done = if i - i % 4 + 4 <= n { i - i % 4 } else { 0 };
            for j in done..i {
                let other = &before[j * n..][..=j];
                row[j] = (row[j] - dot(&row[..j], &other[..j])) / other[j];
            }
            let square = row[i] - dot(&row[..i], &row[..i]);
            if !(square > 0.0 && square.is_finite()) {
                return None;
            }
            row[i] = libm::sqrt(square);
        }
        Some(Self { lower: a })
    }

    /// b := L⁻¹ b.
    pub fn forward(&self, b: &mut [f64]) {
        for i in 0..b.len() {
            let row = self.lower.row(i);
            b[i] = (b[i] - dot(&row[..i], &b[..i])) / row[i];
        }
    }

    /// b := L⁻ᵀ b.
    pub fn backward(&self, b: &mut [f64]) {
        for i in (0..b.len()).rev() {
            let row = self.lower.row(i);
            b[i] /= row[i];
            let factor = -b[i];
            add_scaled(&mut b[..i], factor, &row[..i]);
        }
    }

    /// b := A⁻¹ b.
    pub fn solve(&self, b: &mut [f64]) {
        self.forward(b);
        self.backward(b);
    }

    /// log det A.
    pub fn log_determinant(&self) -> f64 {
        2.0 * (0..self.lower.n).map(|i| libm::log(self.lower.row(i)[i])).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_solution_satisfies_the_equations(
            (n, cells, b) in (1..12usize).prop_flat_map(|n| (
                Just(n), prop::collection::vec(-2.0..2.0f64, n * n), prop::collection::vec(-2.0..2.0f64, n),
            )),
        ) {
            let root = Square { n, cells };
            let mut a = root.transposed_times(&root);
            for i in 0..n {
                a[(i, i)] += 0.1;
            }
            let mut x = b.clone();
            Cholesky::new(a.clone()).expect("positive definite").solve(&mut x);
            for (got, wanted) in a.apply(&x).iter().zip(&b) {
                prop_assert!((got - wanted).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn refuses_what_is_not_positive_definite() {
        for cells in [
            [1.0, 2.0, 2.0, 1.0],
            [0.0, 0.0, 0.0, 1.0],
            [1.0, f64::NAN, f64::NAN, 1.0],
            [f64::INFINITY, 0.0, 0.0, 1.0],
        ] {
            assert!(Cholesky::new(Square { n: 2, cells: cells.into() }).is_none());
        }
    }
}

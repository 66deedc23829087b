//! A Cholesky factor that grows by a row at a time: a new point costs N², not N³.
use crate::linear::dot;
use alloc::vec::Vec;

/// L with L Lᵀ = K, packed row by row; the diagonal is kept as its reciprocal.
#[derive(Clone, Debug, Default)]
pub struct Factor {
    cells: Vec<f64>,
    /// The logarithms of the diagonal, which sum to half of log |K|.
    logs: Vec<f64>,
}

impl Factor {
    /// How many rows.
    pub fn len(&self) -> usize {
        self.logs.len()
    }

    fn row(&self, i: usize) -> &[f64] {
        &self.cells[i * (i + 1) / 2..][..=i]
    }

    /// Adds a row of K: its covariances with the rows before, and its own variance. `false`, and no change, where the
    /// matrix would not be positive definite to working precision.
    #[must_use]
    pub fn push(&mut self, mut covariances: Vec<f64>, variance: f64) -> bool {
        self.forward(&mut covariances);
        let square = variance - dot(&covariances, &covariances);
        if !(square > 1e-12 * variance && square.is_finite()) {
            return false;
        }
        let root = libm::sqrt(square);
        covariances.push(1.0 / root);
        self.cells.extend_from_slice(&covariances);
        self.logs.push(libm::log(root));
        true
    }

    /// b := L⁻¹ b.
    pub fn forward(&self, b: &mut [f64]) {
        let mut rest = &self.cells[..];
        for i in 0..b.len() {
            let (row, next) = rest.split_at(i + 1);
            rest = next;
            b[i] = (b[i] - dot(&row[..i], &b[..i])) * row[i];
        }
    }

    /// b := L⁻ᵀ b.
    pub fn backward(&self, b: &mut [f64]) {
        for i in (0..b.len()).rev() {
            let row = self.row(i);
            b[i] *= row[i];
            let factor = b[i];
            for (b, cell) in b[..i].iter_mut().zip(row) {
                *b -= factor * cell;
            }
        }
    }

    /// log |K|.
    pub fn log_determinant(&self) -> f64 {
        2.0 * self.logs.iter().sum::<f64>()
    }

    /// K⁻¹, the lower half packed row by row.
    pub fn inverse(&self) -> Vec<f64> {
        let n = self.len();
        // Row i holds column i of L⁻¹ from the diagonal down.
        let columns: Vec<Vec<f64>> = (0..n)
            .map(|i| {
                let mut column: Vec<f64> = Vec::with_capacity(n - i);
                for k in i..n {
                    let row = self.row(k);
                    let unit = if k == i { 1.0 } else { 0.0 };
                    column.push((unit - dot(&row[i..k], &column)) * row[k]);
                }
                column
            })
            .collect();
        let mut inverse = Vec::with_capacity(n * (n + 1) / 2);
        for (i, column) in columns.iter().enumerate() {
            inverse.extend((0..=i).map(|j| dot(column, &columns[j][i - j..])));
        }
        inverse
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn solves_and_inverts_what_it_was_given(
            (n, root) in (1..9usize).prop_flat_map(|n| (Just(n), prop::collection::vec(-2.0..2.0f64, n * n))),
        ) {
            let cell = |i: usize, j: usize| {
                dot(&root[i * n..][..n], &root[j * n..][..n]) + if i == j { 0.1 } else { 0.0 }
            };
            let mut factor = Factor::default();
            for i in 0..n {
                prop_assert!(factor.push((0..i).map(|j| cell(i, j)).collect(), cell(i, i)));
            }
            let inverse = factor.inverse();
            let at = |i: usize, j: usize| inverse[i.max(j) * (i.max(j) + 1) / 2 + i.min(j)];
            for i in 0..n {
                let mut unit: Vec<f64> = (0..n).map(|j| cell(i, j)).collect();
                factor.forward(&mut unit);
                factor.backward(&mut unit);
                for (j, solved) in unit.iter().enumerate() {
                    let wanted = if i == j { 1.0 } else { 0.0 };
                    prop_assert!((solved - wanted).abs() < 1e-8);
                    let product: f64 = (0..n).map(|k| cell(i, k) * at(k, j)).sum();
                    prop_assert!((product - wanted).abs() < 1e-8);
                }
            }
        }
    }

    #[test]
    fn refuses_a_repeated_row_and_stays_as_it_was() {
        let mut factor = Factor::default();
        assert!(factor.push(Vec::new(), 2.0));
        assert!(!factor.push(alloc::vec![2.0], 2.0));
        assert!(!factor.push(alloc::vec![f64::NAN], 2.0));
        assert_eq!(factor.len(), 1);
        assert!((factor.log_determinant() - core::f64::consts::LN_2).abs() < 1e-15);
    }
}

//! A square matrix.

use super::{add_scaled, dot};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::{Index, IndexMut};

/// n × n numbers, row by row.
#[derive(Clone, Debug)]
pub(crate) struct Square {
    pub n: usize,
    pub cells: Vec<f64>,
}

impl Square {
    pub fn zeros(n: usize) -> Self {
        Self { n, cells: vec![0.0; n * n] }
    }

    pub fn identity(n: usize) -> Self {
        let mut matrix = Self::zeros(n);
        for i in 0..n {
            matrix[(i, i)] = 1.0;
        }
        matrix
    }

    pub fn row(&self, i: usize) -> &[f64] {
        &self.cells[i * self.n..][..self.n]
    }

    pub fn row_mut(&mut self, i: usize) -> &mut [f64] {
        &mut self.cells[i * self.n..][..self.n]
    }

    pub fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.cells.chunks_exact(self.n.max(1))
    }

    /// A x.
    pub fn apply(&self, x: &[f64]) -> Vec<f64> {
        self.rows().map(|row| dot(row, x)).collect()
    }

    /// Aᵀ x.
    pub fn apply_transposed(&self, x: &[f64]) -> Vec<f64> {
        let mut product = vec![0.0; self.n];
        for (row, &factor) in self.rows().zip(x) {
            add_scaled(&mut product, factor, row);
        }
        product
    }

    /// xᵀ A x.
    pub fn form(&self, x: &[f64]) -> f64 {
        self.rows().zip(x).map(|(row, xi)| xi * dot(row, x)).sum()
    }

    /// A B.
    pub fn times(&self, b: &Self) -> Self {
        let mut product = Self::zeros(self.n);
        for i in 0..self.n {
            for (k, &factor) in self.row(i).iter().enumerate() {
                add_scaled(product.row_mut(i), factor, b.row(k));
            }
        }
        product
    }

    /// Aᵀ B.
    pub fn transposed_times(&self, b: &Self) -> Self {
        let mut product = Self::zeros(self.n);
        for (row, row_b) in self.rows().zip(b.rows()) {
            for (i, &factor) in row.iter().enumerate() {
                add_scaled(product.row_mut(i), factor, row_b);
            }
        }
        product
    }

    /// A += factor · v vᵀ.
    pub fn add_outer(&mut self, factor: f64, v: &[f64]) {
        for (i, vi) in v.iter().enumerate() {
            add_scaled(self.row_mut(i), factor * vi, v);
        }
    }
}

impl Index<(usize, usize)> for Square {
    type Output = f64;
    fn index(&self, (i, j): (usize, usize)) -> &f64 {
        &self.cells[i * self.n + j]
    }
}

impl IndexMut<(usize, usize)> for Square {
    fn index_mut(&mut self, (i, j): (usize, usize)) -> &mut f64 {
        &mut self.cells[i * self.n + j]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pair() -> impl Strategy<Value = (Square, Square, Vec<f64>)> {
        (1..7usize).prop_flat_map(|n| {
            let cells = || prop::collection::vec(-5.0..5.0f64, n * n);
            (cells(), cells(), prop::collection::vec(-5.0..5.0f64, n))
                .prop_map(move |(a, b, x)| (Square { n, cells: a }, Square { n, cells: b }, x))
        })
    }

    proptest! {
        #[test]
        fn products_agree_with_their_definition((a, b, x) in pair()) {
            let n = a.n;
            let (ab, atb, ax, atx) = (a.times(&b), a.transposed_times(&b), a.apply(&x), a.apply_transposed(&x));
            let mut outer = a.clone();
            outer.add_outer(0.5, &x);
            for i in 0..n {
                prop_assert!((ax[i] - (0..n).map(|k| a[(i, k)] * x[k]).sum::<f64>()).abs() < 1e-10);
                prop_assert!((atx[i] - (0..n).map(|k| a[(k, i)] * x[k]).sum::<f64>()).abs() < 1e-10);
                for j in 0..n {
                    prop_assert!((ab[(i, j)] - (0..n).map(|k| a[(i, k)] * b[(k, j)]).sum::<f64>()).abs() < 1e-10);
                    prop_assert!((atb[(i, j)] - (0..n).map(|k| a[(k, i)] * b[(k, j)]).sum::<f64>()).abs() < 1e-10);
                    prop_assert!((outer[(i, j)] - a[(i, j)] - 0.5 * x[i] * x[j]).abs() < 1e-10);
                }
            }
            prop_assert!((a.form(&x) - dot(&x, &ax)).abs() < 1e-9);
        }
    }
}

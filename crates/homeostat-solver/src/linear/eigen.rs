//! Eigenvalues and eigenvectors of a symmetric matrix: Householder reduction, then the implicit QL algorithm (Bowdler, Martin,
//! Reinsch and Wilkinson, 1968; the EISPACK routines tred2 and tql2).

use super::{Square, add_scaled, dot};
use alloc::vec;
use alloc::vec::Vec;

/// A = V diag(values) Vᵀ. The values are in no particular order.
#[derive(Clone, Debug)]
pub(crate) struct Eigen {
    pub values: Vec<f64>,
    /// Row k is the unit vector that belongs to `values[k]`.
    pub vectors: Square,
}

impl Eigen {
    /// Decomposes a symmetric matrix, of which only the lower half is read. None if QL does not converge, as with numbers that
    /// are not finite.
    pub fn new(a: &Square) -> Option<Self> {
        let mut tridiagonal = reduce(a);
        tridiagonal.converge()?;
        Some(Self { values: tridiagonal.diagonal, vectors: tridiagonal.vectors })
    }
}

struct Tridiagonal {
    diagonal: Vec<f64>,
    /// `below[i]` couples i and i + 1; the last is 0.
    below: Vec<f64>,
    /// The rows are the basis: A = Vᵀ T V.
    vectors: Square,
}

/// Householder reflections bring A to tridiagonal form, from the last row up.
fn reduce(a: &Square) -> Tridiagonal {
    let n = a.n;
    let mut a = a.clone();
    for i in 0..n {
        for j in 0..i {
            a[(j, i)] = a[(i, j)];
        }
    }
    let mut vectors = Square::identity(n);
    let mut below = vec![0.0; n];
    for last in (2..n).rev() {
        // The reflection I - u uᵀ / h takes row `last`, left of the diagonal, to a multiple of its last unit vector.
        let mut u: Vec<f64> = a.row(last)[..last].to_vec();
        let size = u.iter().fold(0.0f64, |most, x| most.max(x.abs()));
        if u[..last - 1].iter().all(|x| *x == 0.0) || size == 0.0 {
            below[last - 1] = u[last - 1];
            continue;
        }
        let length = size * libm::sqrt(u.iter().map(|x| (x / size) * (x / size)).sum());
        let image = if u[last - 1] > 0.0 { -length } else { length };
        u[last - 1] -= image;
        below[last - 1] = image;
        let half_square = 0.5 * dot(&u, &u);
        let mut p: Vec<f64> = (0..last).map(|i| dot(&a.row(i)[..last], &u) / half_square).collect();
        let overlap = dot(&p, &u) / (2.0 * half_square);
        add_scaled(&mut p, -overlap, &u);
        for i in 0..last {
            let row = &mut a.row_mut(i)[..last];
            add_scaled(row, -u[i], &p);
            add_scaled(row, -p[i], &u);
        }
        let mut shadow = vec![0.0; n];
        for (i, &ui) in u.iter().enumerate() {
            add_scaled(&mut shadow, ui / half_square, vectors.row(i));
        }
        for (i, &ui) in u.iter().enumerate() {
            add_scaled(vectors.row_mut(i), -ui, &shadow);
        }
    }
    if n > 1 {
        below[0] = a[(1, 0)];
    }
    Tridiagonal { diagonal: (0..n).map(|i| a[(i, i)]).collect(), below, vectors }
}

impl Tridiagonal {
    /// QL with implicit shifts, until every coupling is below the rounding error of its neighbours.
    fn converge(&mut self) -> Option<()> {
        let n = self.diagonal.len();
        for first in 0..n {
            for round in 0.. {
                let (diagonal, below) = (&self.diagonal, &self.below);
                let split = (first..n.saturating_sub(1))
                    .find(|&m| below[m].abs() <= f64::EPSILON * (diagonal[m].abs() + diagonal[m + 1].abs()));
                let last = split.unwrap_or(n - 1);
                if last == first {
                    break;
                }
                if round == 60 {
                    return None;
                }
                self.sweep(first, last);
            }
        }
        self.diagonal.iter().all(|value| value.is_finite()).then_some(())
    }

    fn sweep(&mut self, first: usize, last: usize) {
        let (d, e) = (&mut self.diagonal, &mut self.below);
        let half = (d[first + 1] - d[first]) / (2.0 * e[first]);
        let root = libm::hypot(half, 1.0);
        let mut g = d[last] - d[first] + e[first] / (half + if half < 0.0 { -root } else { root });
        let (mut sine, mut cosine, mut carried) = (1.0, 1.0, 0.0);
        for i in (first..last).rev() {
            let (f, b) = (sine * e[i], cosine * e[i]);
            let r = libm::hypot(f, g);
            e[i + 1] = r;
            if r == 0.0 {
                d[i + 1] -= carried;
                e[last] = 0.0;
                return;
            }
            sine = f / r;
            cosine = g / r;
            g = d[i + 1] - carried;
            let turn = (d[i] - g) * sine + 2.0 * cosine * b;
            carried = sine * turn;
            d[i + 1] = g + carried;
            g = cosine * turn - b;
            let (above, under) = self.vectors.cells.split_at_mut((i + 1) * self.vectors.n);
            let above = &mut above[i * self.vectors.n..];
            for (x, y) in above.iter_mut().zip(under) {
                let (xi, yi) = (*x, *y);
                *y = sine * xi + cosine * yi;
                *x = cosine * xi - sine * yi;
            }
        }
        d[first] -= carried;
        e[first] = g;
        e[last] = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(a: &Square) -> Result<(), TestCaseError> {
        let n = a.n;
        let eigen = Eigen::new(a).expect("converges");
        let size = 1e-300 + a.cells.iter().fold(0.0f64, |most, x| most.max(x.abs()));
        for (k, vector) in eigen.vectors.rows().enumerate() {
            for (got, x) in a.apply(vector).iter().zip(vector) {
                prop_assert!((got - eigen.values[k] * x).abs() < 1e-12 * n as f64 * size);
            }
            for (j, other) in eigen.vectors.rows().enumerate() {
                prop_assert!((dot(vector, other) - f64::from(u8::from(j == k))).abs() < 1e-12 * n as f64);
            }
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn the_vectors_are_orthonormal_and_diagonalise(
            (n, cells, power) in (1..14usize).prop_flat_map(|n| (Just(n), prop::collection::vec(-2.0..2.0f64, n * n), -60..60i32)),
        ) {
            let mut a = Square { n, cells };
            for i in 0..n {
                for j in 0..i {
                    a[(j, i)] = a[(i, j)];
                }
            }
            super::super::scale(&mut a.cells, libm::exp2(f64::from(power)));
            check(&a)?;
        }
    }

    #[test]
    fn special_matrices() {
        for n in 1..6 {
            check(&Square::identity(n)).unwrap();
            check(&Square::zeros(n)).unwrap();
            check(&Square { n, cells: vec![1.0; n * n] }).unwrap();
        }
    }

    #[test]
    fn what_is_not_finite_does_not_hang() {
        let eigen = Eigen::new(&Square { n: 3, cells: vec![f64::NAN; 9] });
        assert!(eigen.is_none());
    }
}

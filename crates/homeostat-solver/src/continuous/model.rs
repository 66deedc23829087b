//! The model that the phases share: a Bayesian quadratic.
//!
//! Over points u, a quadratic with independent normal priors on its coefficients is a Gaussian process with the kernel
//!
//! ```text
//! k(u, v) = constant + linear u·v + (square - cross)/4 Σ uᵢ²vᵢ² + cross/4 (u·v)²
//! ```
//!
//! so that m points cost one Cholesky factor of an m × m matrix, however many coefficients the quadratic has. With fewer points
//! than coefficients it is the quadratic of the least weighted norm, as in Powell's minimum-change models.

use super::quadratic::Quadratic;
use crate::linear::{Cholesky, Square, add_scaled, dot};
use alloc::vec;
use alloc::vec::Vec;
use core::array;

/// The prior variance of the coefficients: of the constant, of each slope, of each diagonal and each mixed curvature.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prior {
    pub constant: f64,
    pub linear: f64,
    pub square: f64,
    pub cross: f64,
}

impl Prior {
    fn kernel(&self, u: &[f64], v: &[f64]) -> f64 {
        let product = dot(u, v);
        let mixed = 0.25 * self.cross * product * product;
        let rest = self.square - self.cross;
        if rest == 0.0 {
            return self.constant + self.linear * product + mixed;
        }
        let squares: f64 = u.iter().zip(v).map(|(a, b)| (a * b) * (a * b)).sum();
        self.constant + self.linear * product + 0.25 * rest * squares + mixed
    }

    /// `kernel` of `u` with the first places, as many as `out` has room for, to the last bit: four at a time, since the sums of
    /// different places do not wait for each other.
    fn kernels(&self, u: &[f64], places: &Places, out: &mut [f64]) {
        let rest = self.square - self.cross;
        for (block, out) in out.chunks_mut(4).enumerate() {
            let (products, squares) = places.sums(u, 4 * block);
            for (k, out) in out.iter_mut().enumerate() {
                let product = products[k];
                let mixed = 0.25 * self.cross * product * product;
                let known = self.constant + self.linear * product;
                *out = if rest == 0.0 { known + mixed } else { known + 0.25 * rest * squares[k] + mixed };
            }
        }
    }
}

/// Places coordinate by coordinate, filled up to a multiple of four with zeros.
#[derive(Clone, Debug)]
struct Places {
    count: usize,
    stride: usize,
    cells: Vec<f64>,
}

impl Places {
    fn new(n: usize, data: &[Datum]) -> Self {
        let stride = data.len().next_multiple_of(4);
        let mut cells = vec![0.0; n * stride];
        for (j, datum) in data.iter().enumerate() {
            for (d, u) in datum.u.iter().enumerate() {
                cells[d * stride + j] = *u;
            }
        }
        Self { count: data.len(), stride, cells }
    }

    /// Σ uᵢvᵢ and Σ (uᵢvᵢ)² with the four places from `at` on; the sums are taken in the order of `dot` and of `Prior::kernel`.
    fn sums(&self, u: &[f64], at: usize) -> ([f64; 4], [f64; 4]) {
        let row = |d: usize| &self.cells[d * self.stride + at..][..4];
        let mut lanes = [[0.0; 4]; 4];
        let (mut tail, mut squares) = ([0.0; 4], [0.0; 4]);
        let add = |sums: &mut [f64; 4], squares: &mut [f64; 4], u: f64, row: &[f64]| {
            for k in 0..4 {
                let product = u * row[k];
                sums[k] += product;
                squares[k] += product * product;
            }
        };
        let (fours, rest) = u.as_chunks::<4>();
        for (chunk, four) in fours.iter().enumerate() {
            for lane in 0..4 {
                add(&mut lanes[lane], &mut squares, four[lane], row(4 * chunk + lane));
            }
        }
        for (i, u) in rest.iter().enumerate() {
            add(&mut tail, &mut squares, *u, row(4 * fours.len() + i));
        }
        let product = |k: usize| (lanes[0][k] + lanes[2][k]) + (lanes[1][k] + lanes[3][k]) + tail[k];
        (array::from_fn(product), squares)
    }
}

/// One observation: a place in the model's own coordinates, a value, and the variance of its noise.
#[derive(Clone, Debug)]
pub(crate) struct Datum {
    pub u: Vec<f64>,
    pub y: f64,
    pub noise: f64,
}

/// The posterior.
#[derive(Clone, Debug)]
pub(crate) struct Fit {
    /// Its mean, about u = 0.
    pub mean: Quadratic,
    /// What the data say of the prior's overall scale: the variances are in units of it.
    pub scale: f64,
    prior: Prior,
    factor: Cholesky,
    places: Places,
}

impl Fit {
    /// None where the matrix is singular to working precision or nothing was observed.
    pub fn new(n: usize, data: &[Datum], prior: Prior) -> Option<Self> {
        let m = data.len();
        if m == 0 {
            return None;
        }
        let places = Places::new(n, data);
        let mut covariance = Square::zeros(m);
        for (i, datum) in data.iter().enumerate() {
            prior.kernels(&datum.u, &places, &mut covariance.row_mut(i)[..=i]);
            covariance[(i, i)] += datum.noise;
        }
        let factor = Cholesky::new(covariance)?;
        let mut weights: Vec<f64> = data.iter().map(|datum| datum.y).collect();
        factor.solve(&mut weights);
        let scale = data.iter().zip(&weights).map(|(datum, weight)| datum.y * weight).sum::<f64>() / m as f64;
        let mut mean = Quadratic::zero(n);
        mean.value = prior.constant * weights.iter().sum::<f64>();
        for (datum, &weight) in data.iter().zip(&weights) {
            let u = &datum.u;
            add_scaled(&mut mean.gradient, prior.linear * weight, u);
            // Only the lower half here; the mirror below saves half of the work.
            for i in 0..n {
                let factor = 0.5 * prior.cross * weight * u[i];
                add_scaled(&mut mean.hessian.row_mut(i)[..=i], factor, &u[..=i]);
                mean.hessian[(i, i)] += 0.5 * (prior.square - prior.cross) * weight * u[i] * u[i];
            }
        }
        for i in 0..n {
            for j in 0..i {
                mean.hessian[(j, i)] = mean.hessian[(i, j)];
            }
        }
        Some(Self { mean, scale, prior, factor, places })
    }

    /// The posterior variance at `u`, in units of `scale`.
    pub fn variance(&self, u: &[f64]) -> f64 {
        let mut shared = vec![0.0; self.places.count];
        self.prior.kernels(u, &self.places, &mut shared);
        self.factor.forward(&mut shared);
        self.prior.kernel(u, u) - dot(&shared, &shared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The coefficients' features at u, and their prior variances, written out one by one.
    fn features(u: &[f64], prior: &Prior) -> Vec<(f64, f64)> {
        let mut all = vec![(1.0, prior.constant)];
        all.extend(u.iter().map(|v| (*v, prior.linear)));
        for (i, v) in u.iter().enumerate() {
            all.push((0.5 * v * v, prior.square));
            all.extend(u[..i].iter().map(|w| (v * w, 0.5 * prior.cross)));
        }
        all
    }

    /// The posterior mean at `u` by the normal equations of the coefficients.
    fn oracle(data: &[Datum], prior: &Prior, u: &[f64]) -> f64 {
        let at = features(u, prior);
        let mut normal = Square::zeros(at.len());
        let mut right = vec![0.0; at.len()];
        for (i, (_, variance)) in at.iter().enumerate() {
            normal[(i, i)] = 1.0 / variance;
        }
        for datum in data {
            let row: Vec<f64> = features(&datum.u, prior).into_iter().map(|f| f.0).collect();
            normal.add_outer(1.0 / datum.noise, &row);
            add_scaled(&mut right, datum.y / datum.noise, &row);
        }
        Cholesky::new(normal).unwrap().solve(&mut right);
        at.iter().zip(&right).map(|((f, _), c)| f * c).sum()
    }

    proptest! {
        #[test]
        fn the_dual_form_is_the_regression_on_coefficients(
            (n, places, values, at) in (1..4usize, 1..14usize).prop_flat_map(|(n, m)| (
                Just(n),
                prop::collection::vec(prop::collection::vec(-1.0..1.0f64, n), m),
                prop::collection::vec(-3.0..3.0f64, m),
                prop::collection::vec(-1.0..1.0f64, n),
            )),
        ) {
            let prior = Prior { constant: 10.0, linear: 5.0, square: 1.0, cross: 0.3 };
            let data: Vec<Datum> = places.into_iter().zip(values).map(|(u, y)| Datum { u, y, noise: 0.01 }).collect();
            let wanted = oracle(&data, &prior, &at);
            let variance_before = prior.kernel(&at, &at);
            let fit = Fit::new(n, &data, prior).unwrap();
            let got = fit.mean.value + fit.mean.change(&at);
            prop_assert!((got - wanted).abs() < 1e-6 * (1.0 + wanted.abs()), "{got} against {wanted}");
            let variance = fit.variance(&at);
            prop_assert!(-1e-9 < variance && variance <= variance_before);
        }
    }

    proptest! {
        #[test]
        fn four_kernels_at_once_are_those_of_one(
            (n, places, at) in (1..14usize, 1..14usize).prop_flat_map(|(n, m)| (
                Just(n),
                prop::collection::vec(prop::collection::vec(-1.0..1.0f64, n), m),
                prop::collection::vec(prop::sample::select(vec![-0.7, -0.0, 0.0, 0.3]), n),
            )),
            square in prop::sample::select(vec![0.3, 1.0]),
        ) {
            let prior = Prior { constant: 100.0, linear: 100.0, square, cross: 0.3 };
            let alone: Vec<u64> = places.iter().map(|place| prior.kernel(&at, place).to_bits()).collect();
            let data: Vec<Datum> = places.into_iter().map(|u| Datum { u, y: 0.0, noise: 0.0 }).collect();
            let mut together = vec![0.0; data.len()];
            prior.kernels(&at, &Places::new(n, &data), &mut together);
            prop_assert_eq!(together.into_iter().map(f64::to_bits).collect::<Vec<_>>(), alone);
        }
    }

    #[test]
    fn the_variance_is_the_noise_where_much_was_observed() {
        let prior = Prior { constant: 10.0, linear: 5.0, square: 1.0, cross: 0.3 };
        let data: Vec<Datum> =
            (0..50).map(|i| Datum { u: vec![f64::from(i % 5) - 2.0], y: 1.0, noise: 0.1 }).collect();
        assert!(Fit::new(1, &data, prior).unwrap().variance(&[0.5]) < 0.01);
        assert!(Fit::new(1, &[], prior).is_none());
    }
}

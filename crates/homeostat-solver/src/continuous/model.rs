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
use alloc::vec::Vec;

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
    places: Vec<Vec<f64>>,
}

impl Fit {
    /// None where the matrix is singular to working precision or nothing was observed.
    pub fn new(n: usize, data: Vec<Datum>, prior: Prior) -> Option<Self> {
        let m = data.len();
        if m == 0 {
            return None;
        }
        let mut covariance = Square::zeros(m);
        for (i, datum) in data.iter().enumerate() {
            for (j, other) in data[..=i].iter().enumerate() {
                covariance[(i, j)] = prior.kernel(&datum.u, &other.u);
            }
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
        let places = data.into_iter().map(|datum| datum.u).collect();
        Some(Self { mean, scale, prior, factor, places })
    }

    /// The posterior variance at `u`, in units of `scale`.
    pub fn variance(&self, u: &[f64]) -> f64 {
        let mut shared: Vec<f64> = self.places.iter().map(|place| self.prior.kernel(u, place)).collect();
        self.factor.forward(&mut shared);
        self.prior.kernel(u, u) - dot(&shared, &shared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
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
            let fit = Fit::new(n, data, prior).unwrap();
            let got = fit.mean.value + fit.mean.change(&at);
            prop_assert!((got - wanted).abs() < 1e-6 * (1.0 + wanted.abs()), "{got} against {wanted}");
            let variance = fit.variance(&at);
            prop_assert!(-1e-9 < variance && variance <= variance_before);
        }
    }

    #[test]
    fn the_variance_is_the_noise_where_much_was_observed() {
        let prior = Prior { constant: 10.0, linear: 5.0, square: 1.0, cross: 0.3 };
        let data = (0..50).map(|i| Datum { u: vec![f64::from(i % 5) - 2.0], y: 1.0, noise: 0.1 }).collect();
        assert!(Fit::new(1, data, prior).unwrap().variance(&[0.5]) < 0.01);
        assert!(Fit::new(1, Vec::new(), prior).is_none());
    }
}

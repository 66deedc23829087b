//! The covariance of two points, and how it changes with its hyperparameters.
//!
//! k(u, v) = 1 + (1 - m) P(u, v) + m A(u, v) in units of the signal's variance. P is Matérn 5/2 over the numbers, with a
//! length scale for each axis, times exp(-Σ wₐ [uₐ ≠ vₐ]) over the choices; A is the mean over the axes of one-dimensional
//! kernels, 1 / (1 + Δ²/ℓ²) or exp(-w [u ≠ v]): what each axis does by itself. The 1 stands for an unknown mean.
use super::layout::{Axis, Layout, Rows};
use crate::linear::dot;
use alloc::{vec, vec::Vec};

const ROOT5: f64 = 2.236_067_977_499_79;

/// A kernel with its hyperparameters worked out.
#[derive(Clone, Debug)]
pub struct Kernel {
    axes: Vec<Factor>,
    mix: f64,
    /// The noise's variance in units of the signal's.
    pub noise: f64,
}

#[derive(Clone, Debug)]
struct Factor {
    axis: Axis,
    column: usize,
    /// 1/ℓ², or w.
    rate: f64,
    /// exp(-w); nothing for numbers.
    differs: f64,
}

/// Sums over the axes, for one row against many.
struct Sums {
    /// Σ Δ²/ℓ².
    square: Vec<f64>,
    /// Σ w [u ≠ v].
    hamming: Vec<f64>,
    /// A.
    additive: Vec<f64>,
}

impl Kernel {
    /// The kernel of these hyperparameters, in the form in which they are optimised: for each axis log ℓ or log w, then log
    /// noise, then the logit of m.
    pub fn new(layout: &Layout, theta: &[f64]) -> Self {
        let mut column = 0;
        let mut axes = Vec::with_capacity(layout.axes.len());
        for (&axis, &log) in layout.axes.iter().zip(theta) {
            let choice = axis == Axis::Choice;
            let rate = libm::exp(if choice { log } else { -2.0 * log });
            axes.push(Factor { axis, column, rate, differs: if choice { libm::exp(-rate) } else { 0.0 } });
            column += if axis == Axis::Angle { 2 } else { 1 };
        }
        let count = axes.len();
        Self { axes, mix: 1.0 / (1.0 + libm::exp(-theta[count + 1])), noise: libm::exp(theta[count]) }
    }

    /// The variance of a point, noise excluded.
    pub fn variance(&self) -> f64 {
        2.0
    }

    /// k between a row and each of the first `count` rows, noise excluded.
    pub fn covariances(&self, rows: &Rows, count: usize, u: &[f64]) -> Vec<f64> {
        let mut sums = self.sums(rows, count, u);
        let Sums { square, hamming, additive } = &mut sums;
        for ((square, hamming), additive) in square.iter_mut().zip(hamming).zip(additive) {
            let r = ROOT5 * libm::sqrt(*square);
            let product = (1.0 + r + r * r / 3.0) * libm::exp(-r - *hamming);
            *square = 1.0 + (1.0 - self.mix) * product + self.mix * *additive;
        }
        sums.square
    }

    /// Adds Σ weightⱼ ∂k(u, vⱼ) over the rows before the `weights.len()`-th, by each hyperparameter but the noise.
    pub fn add_gradient(&self, rows: &Rows, u: &[f64], weights: &[f64], into: &mut [f64]) {
        let count = weights.len();
        let Sums { mut square, mut hamming, additive } = self.sums(rows, count, u);
        let share = self.mix / self.axes.len() as f64;
        for (((square, hamming), additive), weight) in
            square.iter_mut().zip(&mut hamming).zip(&additive).zip(weights)
        {
            let r = ROOT5 * libm::sqrt(*square);
            let fall = libm::exp(-r - *hamming);
            let product = (1.0 + r + r * r / 3.0) * fall;
            into[self.axes.len() + 1] += weight * self.mix * (1.0 - self.mix) * (additive - product);
            // From here on what a squared distance, and what a difference, weighs in P.
            *square = (1.0 - self.mix) * weight * (5.0 / 3.0) * (1.0 + r) * fall;
            *hamming = (1.0 - self.mix) * weight * product;
        }
        let mut parts = vec![0.0; count];
        for (factor, into) in self.axes.iter().zip(into) {
            if factor.axis == Axis::Choice {
                let (column, own) = (rows.column(factor.column, count), u[factor.column]);
                let alone = share * factor.differs;
                for (((part, v), level), weight) in parts.iter_mut().zip(column).zip(&hamming).zip(weights) {
                    *part = if *v == own { 0.0 } else { level + weight * alone };
                }
                *into -= factor.rate * parts.iter().sum::<f64>();
                continue;
            }
            factor.squares(rows, u, &mut parts);
            *into += dot(&parts, &square);
            for (part, weight) in parts.iter_mut().zip(weights) {
                *part = weight * *part / ((1.0 + *part) * (1.0 + *part));
            }
            *into += 2.0 * share * parts.iter().sum::<f64>();
        }
    }

    fn sums(&self, rows: &Rows, count: usize, u: &[f64]) -> Sums {
        let mut square = vec![0.0; count];
        let mut hamming = vec![0.0; count];
        let mut additive = vec![0.0; count];
        let mut parts = vec![0.0; count];
        for factor in &self.axes {
            if factor.axis == Axis::Choice {
                let own = u[factor.column];
                let column = rows.column(factor.column, count);
                for ((hamming, additive), v) in hamming.iter_mut().zip(&mut additive).zip(column) {
                    *hamming += if *v == own { 0.0 } else { factor.rate };
                    *additive += if *v == own { 1.0 } else { factor.differs };
                }
            } else {
                factor.squares(rows, u, &mut parts);
                for ((square, additive), part) in square.iter_mut().zip(&mut additive).zip(&parts) {
                    *square += part;
                    *additive += 1.0 / (1.0 + part);
                }
            }
        }
        let share = 1.0 / self.axes.len().max(1) as f64;
        additive.iter_mut().for_each(|a| *a *= share);
        Sums { square, hamming, additive }
    }
}

impl Factor {
    /// Δ²/ℓ² between a row's number or angle and those of the first rows.
    fn squares(&self, rows: &Rows, u: &[f64], into: &mut [f64]) {
        let (count, own) = (into.len(), u[self.column]);
        for (part, v) in into.iter_mut().zip(rows.column(self.column, count)) {
            *part = (v - own) * (v - own) * self.rate;
        }
        if self.axis == Axis::Angle {
            let own = u[self.column + 1];
            for (part, v) in into.iter_mut().zip(rows.column(self.column + 1, count)) {
                *part += (v - own) * (v - own) * self.rate;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mixed::space::{Dimension, Space};

    fn layout() -> Layout {
        let dims = vec![
            Dimension::Continuous,
            Dimension::Periodic,
            Dimension::Ordered { levels: 5 },
            Dimension::Categorical { options: 3 },
        ];
        Layout::new(&Space::new(dims))
    }

    const THETA: [f64; 6] = [-0.3, -1.2, 0.1, 0.2, -4.0, -0.5];

    fn rows(layout: &Layout) -> (Rows, Vec<f64>) {
        let mut rows = Rows::new(layout.width());
        let mut row = Vec::new();
        for x in [[0.1, 0.9, 4.0, 1.0], [0.7, 0.05, 4.0, 2.0], [0.3, 0.5, 0.0, 0.0]] {
            layout.encode(&x, &mut row);
            rows.push(&row);
        }
        layout.encode(&[0.3, 0.5, 1.0, 2.0], &mut row);
        (rows, row)
    }

    /// The formula at the top, of two points as they are told.
    fn naive(u: [f64; 4], v: [f64; 4], theta: &[f64; 6]) -> f64 {
        let chord = 0.5 * libm::sin(core::f64::consts::PI * (u[1] - v[1]));
        let squares = [(u[0] - v[0]) * (u[0] - v[0]), chord * chord, (u[2] - v[2]) * (u[2] - v[2]) / 16.0];
        let scaled: Vec<f64> = (0..3).map(|i| squares[i] / libm::exp(2.0 * theta[i])).collect();
        let w = if u[3] == v[3] { 0.0 } else { libm::exp(theta[3]) };
        let r = libm::sqrt(5.0 * scaled.iter().sum::<f64>());
        let product = (1.0 + r + r * r / 3.0) * libm::exp(-r) * libm::exp(-w);
        let alone = scaled.iter().map(|s| 1.0 / (1.0 + s)).sum::<f64>() + libm::exp(-w);
        let m = 1.0 / (1.0 + libm::exp(-theta[5]));
        1.0 + (1.0 - m) * product + m * alone / 4.0
    }

    #[test]
    fn agrees_with_the_formula() {
        let layout = layout();
        let (rows, row) = rows(&layout);
        let got = Kernel::new(&layout, &THETA).covariances(&rows, 3, &row);
        let u = [0.3, 0.5, 1.0, 2.0];
        let points = [[0.1, 0.9, 4.0, 1.0], [0.7, 0.05, 4.0, 2.0], [0.3, 0.5, 0.0, 0.0]];
        for (got, v) in got.iter().zip(points) {
            assert!((got - naive(u, v, &THETA)).abs() < 1e-12);
        }
        assert!((naive(u, u, &THETA) - Kernel::new(&layout, &THETA).variance()).abs() < 1e-12);
    }

    #[test]
    fn gradient_agrees_with_differences() {
        let layout = layout();
        let (rows, row) = rows(&layout);
        let weights = [0.7, -1.3, 0.4];
        let value = |theta: &[f64]| dot(&Kernel::new(&layout, theta).covariances(&rows, 3, &row), &weights);
        let mut gradient = vec![0.0; 6];
        Kernel::new(&layout, &THETA).add_gradient(&rows, &row, &weights, &mut gradient);
        for i in [0, 1, 2, 3, 5] {
            let (mut up, mut down) = (THETA, THETA);
            up[i] += 1e-5;
            down[i] -= 1e-5;
            let wanted = (value(&up) - value(&down)) / 2e-5;
            assert!((gradient[i] - wanted).abs() < 1e-8, "{i}: {} is not {wanted}", gradient[i]);
        }
    }
}

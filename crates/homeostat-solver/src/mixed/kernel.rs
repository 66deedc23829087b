//! The covariance of two points, and how it changes with its hyperparameters.
//!
//! k(u, v) = 1 + (1 - m) P(u, v) + m A(u, v) in units of the signal's variance. P is Matérn 5/2 over the numbers, with a
//! length scale for each axis, times exp(-Σ wₐ [uₐ ≠ vₐ]) over the choices; A is the mean over the axes of one-dimensional
//! kernels, 1 / (1 + Δ²/ℓ²) or exp(-w [u ≠ v]): what each axis does by itself. The 1 stands for an unknown mean.
use super::layout::Layout;
use alloc::{vec, vec::Vec};

const ROOT5: f64 = 2.236_067_977_499_79;

/// Hyperparameters in the form that is optimised: for each axis log ℓ or log w, then log noise, then the logit of m.
pub type Theta = Vec<f64>;

/// A kernel with its hyperparameters worked out.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// For each column 1/ℓ², or w.
    rates: Vec<f64>,
    /// For each column exp(-w); nothing for numbers.
    differs: Vec<f64>,
    choices: Vec<bool>,
    axis_of: Vec<usize>,
    axes: usize,
    mix: f64,
    /// The noise's variance in units of the signal's.
    pub noise: f64,
}

/// What one pair of points contributes to the gradient.
struct Pair {
    square: f64,
    hamming: f64,
    additive: f64,
}

impl Kernel {
    /// The kernel of these hyperparameters.
    pub fn new(layout: &Layout, theta: &[f64]) -> Self {
        let rate = |c: &super::layout::Column| {
            let log = theta[c.axis];
            libm::exp(if c.choice { log } else { -2.0 * log })
        };
        let rates: Vec<f64> = layout.columns.iter().map(rate).collect();
        let differs = layout
            .columns
            .iter()
            .zip(&rates)
            .map(|(c, rate)| if c.choice { libm::exp(-rate) } else { 0.0 })
            .collect();
        Self {
            rates,
            differs,
            choices: layout.columns.iter().map(|c| c.choice).collect(),
            axis_of: layout.columns.iter().map(|c| c.axis).collect(),
            axes: layout.axes,
            mix: 1.0 / (1.0 + libm::exp(-theta[layout.axes + 1])),
            noise: libm::exp(theta[layout.axes]),
        }
    }

    /// The variance of a point, noise excluded.
    pub fn variance(&self) -> f64 {
        2.0
    }

    fn pair(&self, u: &[f64], v: &[f64]) -> Pair {
        let mut pair = Pair { square: 0.0, hamming: 0.0, additive: 0.0 };
        let mut c = 0;
        while c < u.len() {
            if self.choices[c] {
                let differ = u[c] != v[c];
                pair.hamming += if differ { self.rates[c] } else { 0.0 };
                pair.additive += if differ { self.differs[c] } else { 1.0 };
                c += 1;
            } else {
                let axis = self.axis_of[c];
                let mut part = 0.0;
                while c < u.len() && self.axis_of[c] == axis {
                    part += (u[c] - v[c]) * (u[c] - v[c]) * self.rates[c];
                    c += 1;
                }
                pair.square += part;
                pair.additive += 1.0 / (1.0 + part);
            }
        }
        pair.additive /= self.axes.max(1) as f64;
        pair
    }

    /// k(u, v) of two rows of columns, noise excluded.
    pub fn covariance(&self, u: &[f64], v: &[f64]) -> f64 {
        let pair = self.pair(u, v);
        let r = ROOT5 * libm::sqrt(pair.square);
        let product = (1.0 + r + r * r / 3.0) * libm::exp(-r - pair.hamming);
        1.0 + (1.0 - self.mix) * product + self.mix * pair.additive
    }

    /// Adds `weight` times the derivatives of k(u, v) by the axes' hyperparameters and by the logit of m (the last).
    pub fn add_gradient(&self, u: &[f64], v: &[f64], weight: f64, into: &mut [f64]) {
        let pair = self.pair(u, v);
        let r = ROOT5 * libm::sqrt(pair.square);
        let fall = libm::exp(-r - pair.hamming);
        let product = (1.0 + r + r * r / 3.0) * fall;
        let steep = (1.0 - self.mix) * weight * (5.0 / 3.0) * (1.0 + r) * fall;
        let level = (1.0 - self.mix) * weight * product;
        let share = self.mix * weight / self.axes.max(1) as f64;
        let mut c = 0;
        while c < u.len() {
            let axis = self.axis_of[c];
            if self.choices[c] {
                if u[c] != v[c] {
                    into[axis] -= self.rates[c] * (level + share * self.differs[c]);
                }
                c += 1;
                continue;
            }
            let mut part = 0.0;
            while c < u.len() && self.axis_of[c] == axis {
                part += (u[c] - v[c]) * (u[c] - v[c]) * self.rates[c];
                c += 1;
            }
            into[axis] += steep * part + share * 2.0 * part / ((1.0 + part) * (1.0 + part));
        }
        into[self.axes + 1] += weight * self.mix * (1.0 - self.mix) * (pair.additive - product);
    }

    /// k between a row and each of many rows.
    pub fn covariances(&self, rows: &[f64], u: &[f64]) -> Vec<f64> {
        if u.is_empty() {
            return vec![self.variance(); 0];
        }
        rows.chunks_exact(u.len()).map(|v| self.covariance(u, v)).collect()
    }
}

//! A Gaussian process through the told values, with an unknown signal variance.
use super::{factor::Factor, kernel::Kernel};
use crate::linear::dot;
use alloc::vec::Vec;

/// The signal's variance is inverse-gamma with this shape and scale beforehand: about 1, as values are standardised.
pub const SHAPE: f64 = 2.0;
/// See `SHAPE`.
pub const SCALE: f64 = 2.0;

/// A conditioned process. Rows are columns of numbers as `Layout` writes them.
#[derive(Clone, Debug)]
pub struct Process {
    kernel: Kernel,
    width: usize,
    rows: Vec<f64>,
    values: Vec<f64>,
    factor: Factor,
    /// K⁻¹ z.
    weights: Vec<f64>,
    /// The expected variance of the signal.
    signal: f64,
}

impl Process {
    /// Conditions the kernel on these rows. `None` where the covariances are singular to working precision.
    pub fn new(kernel: Kernel, width: usize, rows: &[f64], values: &[f64]) -> Option<Self> {
        let mut factor = Factor::default();
        let variance = kernel.variance() + kernel.noise;
        for i in 0..values.len() {
            let row = &rows[i * width..][..width];
            if !factor.push(kernel.covariances(&rows[..i * width], row), variance) {
                return None;
            }
        }
        let (rows, values) = (rows.to_vec(), values.to_vec());
        let mut process = Self { kernel, width, rows, values, factor, weights: Vec::new(), signal: 1.0 };
        process.solve();
        Some(process)
    }

    fn solve(&mut self) {
        self.weights.clone_from(&self.values);
        self.factor.forward(&mut self.weights);
        let square = dot(&self.weights, &self.weights);
        self.factor.backward(&mut self.weights);
        self.signal = (SCALE + 0.5 * square) / (SHAPE + 0.5 * self.values.len() as f64);
    }

    /// Adds a row with its value; `false` where that would make the covariances singular.
    pub fn push(&mut self, row: &[f64], value: f64) -> bool {
        let variance = self.kernel.variance() + self.kernel.noise;
        if !self.factor.push(self.kernel.covariances(&self.rows, row), variance) {
            return false;
        }
        self.rows.extend_from_slice(row);
        self.values.push(value);
        self.solve();
        true
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// The mean at a row.
    pub fn mean(&self, row: &[f64]) -> f64 {
        dot(&self.kernel.covariances(&self.rows, row), &self.weights)
    }

    /// The mean and the standard deviation of the noise-free value at a row.
    pub fn predict(&self, row: &[f64]) -> (f64, f64) {
        let mut covariances = self.kernel.covariances(&self.rows, row);
        let mean = dot(&covariances, &self.weights);
        self.factor.forward(&mut covariances);
        let variance = self.kernel.variance() - dot(&covariances, &covariances);
        (mean, libm::sqrt(self.signal * variance.max(1e-12)))
    }

    /// The mean at row `i` of its own: what is left of its value without the noise.
    pub fn smoothed(&self, i: usize) -> f64 {
        self.values[i] - self.kernel.noise * self.weights[i]
    }

    /// The logarithm of the likelihood but for a constant, the signal's variance integrated out.
    pub fn log_likelihood(&self) -> f64 {
        let square = dot(&self.values, &self.weights);
        let freedom = SHAPE + 0.5 * self.values.len() as f64;
        -freedom * libm::log(SCALE + 0.5 * square) - 0.5 * self.factor.log_determinant()
    }

    /// Its gradient by the kernel's hyperparameters.
    pub fn gradient(&self, parameters: usize) -> Vec<f64> {
        let mut gradient = alloc::vec![0.0; parameters];
        let inverse = self.factor.inverse();
        let (n, w) = (self.len(), self.width);
        let mut at = 0;
        for i in 0..n {
            let row = &self.rows[i * w..][..w];
            for j in 0..i {
                let weight = self.weights[i] * self.weights[j] / self.signal - inverse[at + j];
                self.kernel.add_gradient(row, &self.rows[j * w..][..w], weight, &mut gradient);
            }
            let own = self.weights[i] * self.weights[i] / self.signal - inverse[at + i];
            gradient[parameters - 2] += 0.5 * self.kernel.noise * own;
            at += i + 1;
        }
        gradient
    }
}

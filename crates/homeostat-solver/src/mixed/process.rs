//! A Gaussian process through the told values, with an unknown signal variance.
use super::{factor::Factor, kernel::Kernel, layout::Rows};
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
    rows: Rows,
    values: Vec<f64>,
    factor: Factor,
    /// K⁻¹ z.
    weights: Vec<f64>,
    /// The expected variance of the signal.
    signal: f64,
}

impl Process {
    /// Conditions the kernel on these rows. `None` where the covariances are singular to working precision.
    pub fn new(kernel: Kernel, rows: &Rows, values: &[f64]) -> Option<Self> {
        let mut factor = Factor::default();
        let variance = kernel.variance() + kernel.noise;
        let mut row = Vec::new();
        for i in 0..values.len() {
            rows.copy(i, &mut row);
            if !factor.push(kernel.covariances(rows, i, &row), variance) {
                return None;
            }
        }
        let (rows, values) = (rows.clone(), values.to_vec());
        let mut process = Self { kernel, rows, values, factor, weights: Vec::new(), signal: 1.0 };
        process.solve();
        Some(process)
    }

    /// Takes other values at the same rows.
    pub fn revalue(&mut self, values: &[f64]) {
        self.values.clear();
        self.values.extend_from_slice(values);
        self.solve();
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
        if !self.factor.push(self.kernel.covariances(&self.rows, self.rows.len(), row), variance) {
            return false;
        }
        self.rows.push(row);
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
        dot(&self.kernel.covariances(&self.rows, self.rows.len(), row), &self.weights)
    }

    /// The mean and the standard deviation of the noise-free value at a row.
    pub fn predict(&self, row: &[f64]) -> (f64, f64) {
        let mut covariances = self.kernel.covariances(&self.rows, self.rows.len(), row);
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
        let (mut row, mut pulls, mut at) = (Vec::new(), Vec::new(), 0);
        for i in 0..self.len() {
            let own = self.weights[i] / self.signal;
            let pull = |(weight, cell): (&f64, &f64)| weight * own - cell;
            pulls.clear();
            pulls.extend(self.weights[..i].iter().zip(&inverse[at..]).map(pull));
            self.rows.copy(i, &mut row);
            self.kernel.add_gradient(&self.rows, &row, &pulls, &mut gradient);
            gradient[parameters - 2] += 0.5 * self.kernel.noise * (self.weights[i] * own - inverse[at + i]);
            at += i + 1;
        }
        gradient
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mixed::layout::Layout;
    use crate::mixed::space::{Dimension, Space};
    use alloc::vec;

    const THETA: [f64; 4] = [-0.7, 0.1, -3.0, -0.5];

    fn layout() -> Layout {
        Layout::new(&Space::new(vec![Dimension::Continuous, Dimension::Categorical { options: 2 }]))
    }

    fn data() -> (Rows, Vec<f64>) {
        let mut rows = Rows::new(2);
        let mut values = Vec::new();
        for i in 0..7 {
            let x = f64::from(i * 5 % 7) / 7.0;
            rows.push(&[x, f64::from(i % 2)]);
            values.push(x * x - 0.3 * f64::from(i % 2) - 0.1);
        }
        (rows, values)
    }

    /// Solves A x = b by elimination with row exchanges.
    fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
        let n = b.len();
        for i in 0..n {
            let pivot = (i..n).max_by(|&p, &q| a[p][i].abs().total_cmp(&a[q][i].abs())).unwrap();
            a.swap(i, pivot);
            b.swap(i, pivot);
            for k in (0..n).filter(|&k| k != i) {
                let factor = a[k][i] / a[i][i];
                let pivot = a[i].clone();
                a[k].iter_mut().zip(pivot).for_each(|(x, p)| *x -= factor * p);
                b[k] -= factor * b[i];
            }
        }
        (0..n).map(|i| b[i] / a[i][i]).collect()
    }

    #[test]
    fn agrees_with_plain_elimination() {
        let (rows, values) = data();
        let kernel = Kernel::new(&layout(), &THETA);
        let n = values.len();
        let mut row = Vec::new();
        let full: Vec<Vec<f64>> = (0..n)
            .map(|i| {
                rows.copy(i, &mut row);
                let mut covariances = kernel.covariances(&rows, n, &row);
                covariances[i] += kernel.noise;
                covariances
            })
            .collect();
        let weights = solve(full.clone(), values.clone());
        let at = [0.33, 1.0];
        let covariances = kernel.covariances(&rows, n, &at);
        let signal = (SCALE + 0.5 * dot(&values, &weights)) / (SHAPE + 0.5 * n as f64);
        let variance = kernel.variance() - dot(&covariances, &solve(full, covariances.clone()));
        let process = Process::new(kernel, &rows, &values).unwrap();
        let (mean, deviation) = process.predict(&at);
        assert!((mean - dot(&covariances, &weights)).abs() < 1e-10);
        assert!((deviation * deviation - signal * variance).abs() < 1e-10);
        assert!((process.mean(&at) - mean).abs() < 1e-14);
        rows.copy(2, &mut row);
        assert!((process.smoothed(2) - process.mean(&row)).abs() < 1e-10);
    }

    #[test]
    fn grows_to_what_it_would_be_at_once() {
        let (rows, values) = data();
        let mut part = Rows::new(2);
        let mut row = Vec::new();
        for i in 0..4 {
            rows.copy(i, &mut row);
            part.push(&row);
        }
        let mut grown = Process::new(Kernel::new(&layout(), &THETA), &part, &values[..4]).unwrap();
        for i in 4..values.len() {
            rows.copy(i, &mut row);
            assert!(grown.push(&row, 9.0));
        }
        grown.revalue(&values);
        let whole = Process::new(Kernel::new(&layout(), &THETA), &rows, &values).unwrap();
        assert_eq!(grown.predict(&[0.5, 0.0]), whole.predict(&[0.5, 0.0]));
    }

    #[test]
    fn gradient_agrees_with_differences() {
        let (rows, values) = data();
        let at = |theta: &[f64]| Process::new(Kernel::new(&layout(), theta), &rows, &values).unwrap();
        let gradient = at(&THETA).gradient(4);
        for i in 0..4 {
            let (mut up, mut down) = (THETA, THETA);
            up[i] += 1e-5;
            down[i] -= 1e-5;
            let wanted = (at(&up).log_likelihood() - at(&down).log_likelihood()) / 2e-5;
            assert!((gradient[i] - wanted).abs() < 1e-6, "{i}: {} is not {wanted}", gradient[i]);
        }
    }
}

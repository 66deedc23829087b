//! A quadratic function.

use crate::linear::{Square, difference, dot};
use alloc::vec;
use alloc::vec::Vec;

/// q(d) = value + gradient·d + ½ dᵀ hessian d.
#[derive(Clone, Debug)]
pub(crate) struct Quadratic {
    pub value: f64,
    pub gradient: Vec<f64>,
    pub hessian: Square,
}

impl Quadratic {
    pub fn zero(n: usize) -> Self {
        Self { value: 0.0, gradient: vec![0.0; n], hessian: Square::zeros(n) }
    }

    /// q(d) - q(0).
    pub fn change(&self, d: &[f64]) -> f64 {
        dot(&self.gradient, d) + 0.5 * self.hessian.form(d)
    }
}

/// A quadratic about a centre.
#[derive(Clone, Debug)]
pub(crate) struct Surface {
    pub centre: Vec<f64>,
    pub shape: Quadratic,
}

impl Surface {
    pub fn at(&self, x: &[f64]) -> f64 {
        self.shape.value + self.shape.change(&difference(x, &self.centre))
    }
}

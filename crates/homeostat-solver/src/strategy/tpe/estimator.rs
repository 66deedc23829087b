use super::axis::Axis;
use alloc::vec::Vec;
use homeostat_core::rng::Rng;

/// Terms this far below the greatest add nothing to a sum of doubles.
const NEGLIGIBLE: f64 = -40.0;

/// A mixture of products of kernels: one kernel per observation, and one as wide as the space.
pub struct Estimator {
    /// Per axis: where each kernel is, and how narrow. The last kernel is the wide one.
    columns: Vec<Column>,
    /// Per kernel: logarithm of its weight and of everything that does not depend on the place.
    base: Vec<f64>,
    weights: Vec<f64>,
}

/// All kernels along one axis.
pub enum Column {
    /// Place and 1 / (σ √2) of each.
    Normal { mu: Vec<f64>, narrow: Vec<f64>, circle: bool },
    /// Option of each, and the logarithm of the probabilities of the same option, another one, and any in the wide kernel.
    Options { place: Vec<f64>, same: f64, other: f64, any: f64 },
}

impl Estimator {
    /// Kernels with these weights; the last one is the wide one.
    pub fn new(columns: Vec<Column>, mass: &[f64], weights: Vec<f64>) -> Self {
        let base = weights.iter().zip(mass).map(|(w, m)| libm::log(*w) - m).collect();
        Self { columns, base, weights }
    }

    /// A random point of the mixture.
    pub fn draw(&self, axes: &[Axis], rng: &mut Rng) -> Vec<f64> {
        let mut rest = crate::draw::uniform(rng) * self.weights.iter().sum::<f64>();
        let chosen = self.weights.iter().position(|w| {
            rest -= w;
            rest < 0.0
        });
        let kernel = chosen.unwrap_or(self.weights.len() - 1);
        let wide = kernel + 1 == self.weights.len();
        let coordinate = |(axis, column): (&Axis, &Column)| match column {
            Column::Normal { mu, narrow, .. } => {
                axis.draw(mu[kernel], core::f64::consts::FRAC_1_SQRT_2 / narrow[kernel], rng)
            }
            Column::Options { place, same, .. } => {
                let Axis::Options(count) = axis else { return 0.0 };
                let keep = !wide && crate::draw::uniform(rng) < libm::exp(*same);
                // Among the others, or among all in the wide kernel.
                let step = if keep {
                    0
                } else if wide {
                    rng.next_u64() % u64::from(*count)
                } else {
                    1 + rng.next_u64() % u64::from(count - 1)
                };
                let last = f64::from(count - 1);
                let now = libm::round(place[kernel] * last) as u64;
                ((now + step) % u64::from(*count)) as f64 / last
            }
        };
        axes.iter().zip(&self.columns).map(coordinate).collect()
    }

    /// Logarithm of the density at a point, but for a constant.
    pub fn log_density(&self, unit: &[f64], terms: &mut Vec<f64>) -> f64 {
        terms.clear();
        terms.extend_from_slice(&self.base);
        for (column, u) in self.columns.iter().zip(unit) {
            match column {
                Column::Normal { mu, narrow, circle: false } => {
                    for ((term, mu), narrow) in terms.iter_mut().zip(mu).zip(narrow) {
                        let z = (u - mu) * narrow;
                        *term -= z * z;
                    }
                }
                Column::Normal { mu, narrow, circle: true } => {
                    for ((term, mu), narrow) in terms.iter_mut().zip(mu).zip(narrow) {
                        let way = u - mu;
                        let z = (way - libm::round(way)) * narrow;
                        *term -= z * z;
                    }
                }
                Column::Options { place, same, other, any } => {
                    let last = place.len() - 1;
                    for (term, place) in terms[..last].iter_mut().zip(place) {
                        *term += if (place - u).abs() < 1e-9 { same } else { other };
                    }
                    terms[last] += any;
                }
            }
        }
        let greatest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum = terms
            .iter()
            .filter(|t| **t - greatest > NEGLIGIBLE)
            .map(|t| libm::exp(t - greatest))
            .sum::<f64>();
        greatest + libm::log(sum)
    }
}

//! A smooth surface through a few points, for telling what is noise: a Gaussian process with one length for all axes (Matérn,
//! ν = 5/2), whose length and share of noise are the likeliest of a few.

use crate::linear::{Cholesky, Square, distance_squared, dot};
use alloc::vec::Vec;

/// Lengths, in units of the mean distance of the points. What changes within less is noise to a surface of so few points.
const LENGTHS: [f64; 4] = [0.6, 1.2, 2.5, 5.0];
/// Shares of the variance that are noise. The first stands for none.
const NOISES: [f64; 7] = [1e-6, 1e-3, 0.01, 0.05, 0.2, 0.5, 0.9];
/// Gain in log likelihood that makes noise likely: odds of twenty to one.
const GAIN_MIN: f64 = 3.0;
/// A smaller share of noise is none.
const SHARE_MIN: f64 = 0.01;

/// The likeliest surface.
pub struct Smooth {
    noise: f64,
    gain: f64,
    means: Vec<f64>,
}

impl Smooth {
    /// A surface through these points, of which each has the mean of `count` values. `None` where all values are equal or no
    /// surface can be told from the points.
    pub fn new(points: &[Vec<f64>], values: &[f64], counts: &[f64]) -> Option<Self> {
        let n = points.len();
        let mean = values.iter().sum::<f64>() / n as f64;
        let deviation = libm::sqrt(values.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / n as f64);
        if n < 4 || !(deviation > 1e-14 * mean.abs() && deviation.is_finite()) {
            return None;
        }
        let scaled: Vec<f64> = values.iter().map(|y| (y - mean) / deviation).collect();
        let mut distances = Square::zeros(n);
        let mut total = 0.0;
        for i in 0..n {
            for j in 0..i {
                distances[(i, j)] = libm::sqrt(distance_squared(&points[i], &points[j]));
                total += distances[(i, j)];
            }
        }
        let unit = 2.0 * total / (n * (n - 1)) as f64;
        let (mut best, mut without): (Option<Fit>, f64) = (None, f64::NEG_INFINITY);
        for length in LENGTHS {
            let kernel = Kernel::new(&distances, length * unit);
            for noise in NOISES {
                let Some(fit) = Fit::new(&kernel, noise, &scaled, counts) else { continue };
                if noise == NOISES[0] {
                    without = without.max(fit.likelihood);
                }
                if best.as_ref().is_none_or(|best| fit.likelihood > best.likelihood) {
                    best = Some(fit);
                }
            }
        }
        let best = best?;
        // The surface at its own points: what was told, less the noise that the surface takes it for.
        let smoothed = |i: usize| {
            let residual = best.noise / counts[i] * best.dual[i];
            mean + deviation * (scaled[i] - residual)
        };
        let means = (0..n).map(smoothed).collect();
        Some(Self { noise: best.noise, gain: best.likelihood - without, means })
    }

    /// Whether values differ by more than their places explain.
    pub fn is_noisy(&self) -> bool {
        self.noise >= SHARE_MIN && self.gain >= GAIN_MIN
    }

    /// The surface at each point.
    pub fn means(&self) -> &[f64] {
        &self.means
    }
}

/// The correlation of any two points: (1 + z + z²/3) e⁻ᶻ, both factors by themselves. Only the lower half.
struct Kernel {
    polynomial: Square,
    decay: Square,
}

impl Kernel {
    fn new(distances: &Square, length: f64) -> Self {
        let n = distances.n;
        let (mut polynomial, mut decay) = (Square::zeros(n), Square::zeros(n));
        for i in 0..n {
            for j in 0..i {
                let z = libm::sqrt(5.0) * distances[(i, j)] / length;
                polynomial[(i, j)] = 1.0 + z + z * z / 3.0;
                decay[(i, j)] = libm::exp(-z);
            }
        }
        Self { polynomial, decay }
    }
}

struct Fit {
    noise: f64,
    likelihood: f64,
    /// (K + noise)⁻¹ y.
    dual: Vec<f64>,
}

impl Fit {
    fn new(kernel: &Kernel, noise: f64, values: &[f64], counts: &[f64]) -> Option<Self> {
        let n = values.len();
        let mut covariance = Square::zeros(n);
        for i in 0..n {
            for j in 0..i {
                covariance[(i, j)] = (1.0 - noise) * kernel.polynomial[(i, j)] * kernel.decay[(i, j)];
            }
            covariance[(i, i)] = 1.0 - noise + noise / counts[i];
        }
        let factor = Cholesky::new(covariance)?;
        let mut dual = values.to_vec();
        factor.solve(&mut dual);
        // The variance is the likeliest one, given the rest.
        let variance = dot(&dual, values) / n as f64;
        if variance.is_nan() || variance <= 0.0 {
            return None;
        }
        let likelihood = -0.5 * n as f64 * libm::log(variance) - 0.5 * factor.log_determinant();
        Some(Self { noise, likelihood, dual })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw;
    use homeostat_core::rng::Rng;

    fn surface(noise: f64, seed: u64) -> (Smooth, Vec<f64>, Vec<f64>) {
        let mut rng = Rng::new(seed);
        let points: Vec<Vec<f64>> =
            (0..48).map(|_| (0..3).map(|_| draw::uniform(&mut rng)).collect()).collect();
        let truth: Vec<f64> = points.iter().map(|x| x.iter().map(|u| (u - 0.4) * (u - 0.4)).sum()).collect();
        let told: Vec<f64> = truth.iter().map(|y| 7.0 + y + noise * draw::normal(&mut rng)).collect();
        (Smooth::new(&points, &told, &[1.0; 48]).unwrap(), truth, told)
    }

    #[test]
    fn noise_is_told_from_slopes() {
        for seed in 0..20 {
            assert!(!surface(0.0, seed).0.is_noisy(), "seed {seed}");
            assert!(surface(0.15, seed).0.is_noisy(), "seed {seed}");
        }
    }

    #[test]
    fn means_are_nearer_to_the_truth_than_what_was_told() {
        let (smooth, truth, told) = surface(0.15, 2);
        let off =
            |found: &[f64]| found.iter().zip(&truth).map(|(a, b)| (a - 7.0 - b) * (a - 7.0 - b)).sum::<f64>();
        assert!(off(smooth.means()) < 0.5 * off(&told));
        let (smooth, _, told) = surface(0.0, 2);
        let same = smooth.means().iter().zip(&told).all(|(a, b)| (a - b).abs() < 1e-3);
        assert!(same, "without noise it goes through the points");
    }

    #[test]
    fn what_says_nothing_gives_nothing() {
        let points = alloc::vec![alloc::vec![0.5]; 8];
        assert!(Smooth::new(&points, &[1.0; 8], &[1.0; 8]).is_none());
        assert!(Smooth::new(&points[..2], &[1.0, 2.0], &[1.0; 2]).is_none());
    }
}

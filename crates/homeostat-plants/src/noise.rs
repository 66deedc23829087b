//! Measurement noise: what stands between a plant's cost and the objective that a contender sees.

use crate::WINDOW_S;
use crate::rng::Rng;

/// How far single windows stray.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tails {
    /// Normal.
    Normal,
    /// Student's t with three degrees of freedom, unit variance.
    Student3,
}

/// Correlation time of the slow component, in seconds.
const CORRELATION_S: f64 = 30.0;

/// `y = f · exp(cv a - cv²/2) · (1 + cv ε)`: `a` a stationary AR(1) process of unit variance and 30 s (load that comes
/// and goes, which no contender controls), `ε` independent from window to window. The mean of `y` is `f`.
#[derive(Debug)]
pub struct Noise {
    rng: Rng,
    cv: f64,
    tails: Tails,
    level: f64,
    persistence: f64,
}

impl Noise {
    /// `cv` is the coefficient of variation of each of the two components.
    pub fn new(seed: u64, cv: f64, tails: Tails) -> Self {
        let mut rng = Rng::new(seed);
        let level = rng.normal();
        Self { rng, cv, tails, level, persistence: libm::exp(-WINDOW_S / CORRELATION_S) }
    }

    /// The objective measured in the next window for the true cost `cost`.
    pub fn disturb(&mut self, cost: f64) -> f64 {
        let innovation = (1.0 - self.persistence * self.persistence).sqrt();
        self.level = self.persistence * self.level + innovation * self.rng.normal();
        let independent = match self.tails {
            Tails::Normal => self.rng.normal(),
            Tails::Student3 => self.rng.student3(),
        };
        cost * libm::exp(self.cv * self.level - 0.5 * self.cv * self.cv) * (1.0 + self.cv * independent)
    }

    /// Coefficient of variation.
    pub fn cv(&self) -> f64 {
        self.cv
    }

    /// The generator, for the noise of a plant's other readings.
    pub fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_unbiased_and_has_the_stated_spread() {
        for tails in [Tails::Normal, Tails::Student3] {
            let (mut sum, mut squares, mut n) = (0.0, 0.0, 0.0);
            for seed in 0..100 {
                let mut noise = Noise::new(seed, 0.1, tails);
                for _ in 0..4000 {
                    let y = noise.disturb(2.0) / 2.0;
                    sum += y;
                    squares += y * y;
                    n += 1.0;
                }
            }
            let mean = sum / n;
            let sd = (squares / n - mean * mean).sqrt();
            assert!((mean - 1.0).abs() < 0.01, "{tails:?} mean {mean}");
            assert!((sd - 0.1 * 2f64.sqrt()).abs() < 0.01, "{tails:?} sd {sd}");
        }
    }

    #[test]
    fn the_slow_component_is_correlated_over_thirty_seconds() {
        let (mut product, mut variance) = (0.0, 0.0);
        let lag = (CORRELATION_S / WINDOW_S) as usize;
        for seed in 0..200 {
            let mut noise = Noise::new(seed, 0.1, Tails::Normal);
            let levels: Vec<f64> = (0..2000)
                .map(|_| {
                    noise.disturb(1.0);
                    noise.level
                })
                .collect();
            for k in lag..levels.len() {
                product += levels[k] * levels[k - lag];
                variance += levels[k] * levels[k];
            }
        }
        let correlation = product / variance;
        assert!((correlation - libm::exp(-1.0)).abs() < 0.05, "{correlation}");
    }

    #[test]
    fn without_variation_the_cost_is_seen_as_it_is() {
        let mut noise = Noise::new(3, 0.0, Tails::Student3);
        assert_eq!(noise.disturb(1.25), 1.25);
    }
}

//! Random variates and hashes from SplitMix64, the same on every target.

use std::f64::consts::TAU;

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// SplitMix64's finaliser: neighbouring words give unrelated words.
pub fn scramble(word: u64) -> u64 {
    let mut z = word.wrapping_add(GOLDEN);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A hash of whole numbers under a seed.
pub fn hash(seed: u64, words: impl IntoIterator<Item = u64>) -> u64 {
    words.into_iter().fold(scramble(seed), |h, word| scramble(h ^ scramble(word)))
}

/// A word as a number in the open interval (0, 1): safe under a logarithm.
pub fn unit(word: u64) -> f64 {
    ((word >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0
}

/// A word as a standard normal variate, by Box-Muller.
pub fn normal(word: u64) -> f64 {
    let radius = (-2.0 * libm::log(unit(word))).sqrt();
    radius * libm::cos(TAU * unit(scramble(word ^ GOLDEN)))
}

/// A seeded sequence of variates.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// Neighbouring seeds give unrelated sequences.
    pub fn new(seed: u64) -> Self {
        Self(scramble(seed))
    }

    /// 64 uniform bits.
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        scramble(self.0)
    }

    /// Uniform in (0, 1).
    pub fn uniform(&mut self) -> f64 {
        unit(self.word())
    }

    /// Uniform between two numbers.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// Standard normal.
    pub fn normal(&mut self) -> f64 {
        normal(self.word())
    }

    /// A whole number below `count`.
    pub fn below(&mut self, count: usize) -> usize {
        ((self.uniform() * count as f64) as usize).min(count - 1)
    }

    /// Beta(1, b), by inversion.
    pub fn beta1(&mut self, b: f64) -> f64 {
        1.0 - libm::pow(1.0 - self.uniform(), 1.0 / b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variates_have_their_moments() {
        let mut rng = Rng::new(1);
        let n = 100_000;
        let (mut uniform, mut normal, mut squares, mut beta) = (0.0, 0.0, 0.0, 0.0);
        for _ in 0..n {
            uniform += rng.uniform();
            let z = rng.normal();
            normal += z;
            squares += z * z;
            beta += rng.beta1(3.0);
        }
        let n = f64::from(n);
        assert!((uniform / n - 0.5).abs() < 0.005);
        assert!((normal / n).abs() < 0.015);
        assert!((squares / n - 1.0).abs() < 0.02);
        assert!((beta / n - 0.25).abs() < 0.005, "the mean of Beta(1, b) is 1 / (1 + b)");
    }
}

//! A seeded generator: `splitmix64`, with the variates that the plants and the rivals need.

use std::f64::consts::TAU;

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// `splitmix64`. One seed, one sequence, on every target.
#[derive(Clone, Debug)]
pub struct Rng {
    state: u64,
    /// The second normal variate of the last Box-Muller pair.
    spare: Option<f64>,
}

impl Rng {
    /// Seeds are scrambled and the first draws dropped, so neighbouring seeds are unrelated.
    pub fn new(seed: u64) -> Self {
        let mut rng = Self { state: seed.wrapping_mul(GOLDEN) ^ 0xD1B5_4A32_D192_ED03, spare: None };
        for _ in 0..4 {
            rng.uniform();
        }
        rng
    }

    /// Uniform in the open interval (0, 1): safe under a logarithm.
    pub fn uniform(&mut self) -> f64 {
        self.state = self.state.wrapping_add(GOLDEN);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        ((z >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0
    }

    /// Uniform in (-1, 1).
    pub fn symmetric(&mut self) -> f64 {
        2.0 * self.uniform() - 1.0
    }

    /// Standard normal, by Box-Muller.
    pub fn normal(&mut self) -> f64 {
        if let Some(value) = self.spare.take() {
            return value;
        }
        let radius = (-2.0 * libm::log(self.uniform())).sqrt();
        let angle = TAU * self.uniform();
        self.spare = Some(radius * libm::sin(angle));
        radius * libm::cos(angle)
    }

    /// Student's t with three degrees of freedom, scaled to unit variance: the tails of real latency noise.
    pub fn student3(&mut self) -> f64 {
        let z = self.normal();
        let mut chi_squared = 0.0;
        for _ in 0..3 {
            let n = self.normal();
            chi_squared += n * n;
        }
        z / (chi_squared / 3.0).sqrt() / 3f64.sqrt()
    }

    /// -1 or +1 with equal probability.
    pub fn sign(&mut self) -> f64 {
        if self.uniform() < 0.5 { -1.0 } else { 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variates_have_their_moments() {
        let mut rng = Rng::new(1);
        let n = 200_000;
        let (mut uniform, mut normal, mut squares, mut signs) = (0.0, 0.0, 0.0, 0.0);
        for _ in 0..n {
            uniform += rng.uniform();
            let z = rng.normal();
            normal += z;
            squares += z * z;
            signs += rng.sign();
        }
        let n = f64::from(n);
        assert!((uniform / n - 0.5).abs() < 0.005);
        assert!((normal / n).abs() < 0.01);
        assert!((squares / n - 1.0).abs() < 0.02);
        assert!((signs / n).abs() < 0.01);
    }

    #[test]
    fn student_has_heavier_tails_than_normal() {
        let mut rng = Rng::new(2);
        let far = |values: Vec<f64>| values.iter().filter(|v| v.abs() > 4.0).count();
        let student = far((0..100_000).map(|_| rng.student3()).collect());
        let normal = far((0..100_000).map(|_| rng.normal()).collect());
        assert!(student > 20 * normal.max(1), "student {student}, normal {normal}");
    }

    #[test]
    fn seeds_give_different_sequences_and_repeat_themselves() {
        let draw = |seed| Rng::new(seed).uniform();
        assert_ne!(draw(7), draw(8));
        assert_eq!(draw(7), draw(7));
    }
}

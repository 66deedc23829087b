//! A seeded generator: `splitmix64`, with the variates that the simulator and the streams need.

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// A seeded generator.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// A generator for this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(GOLDEN) ^ 0xD1B5_4A32_D192_ED03)
    }

    /// 64 uniform bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in (0, 1), ends excluded.
    pub fn unit(&mut self) -> f64 {
        ((self.next_u64() >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0
    }

    /// Uniform in (low, high).
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform in (low, high) on a logarithmic scale.
    pub fn log_between(&mut self, low: f64, high: f64) -> f64 {
        low * libm::pow(high / low, self.unit())
    }

    /// Exponential with mean 1.
    pub fn exponential(&mut self) -> f64 {
        -libm::log(self.unit())
    }

    /// Standard normal.
    pub fn normal(&mut self) -> f64 {
        let (a, b) = (self.unit(), self.unit());
        normal_of(a, b)
    }
}

/// Box and Muller's standard normal of two uniforms.
pub fn normal_of(a: f64, b: f64) -> f64 {
    (-2.0 * libm::log(a)).sqrt() * libm::cos(core::f64::consts::TAU * b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variates_have_their_moments() {
        let mut rng = Rng::new(1);
        let n = 200_000;
        let mean = |draw: &mut dyn FnMut() -> f64| (0..n).map(|_| draw()).sum::<f64>() / f64::from(n);
        assert!((mean(&mut || rng.unit()) - 0.5).abs() < 0.005);
        assert!((mean(&mut || rng.exponential()) - 1.0).abs() < 0.01);
        assert!(mean(&mut || rng.normal()).abs() < 0.01);
        assert!((mean(&mut || libm::pow(rng.normal(), 2.0)) - 1.0).abs() < 0.02);
        assert!((mean(&mut || libm::log(rng.log_between(0.01, 1.0))) - libm::log(0.1)).abs() < 0.02);
    }
}

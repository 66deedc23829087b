//! Random numbers of a few kinds from the one generator.

use core::f64::consts::PI;
use homeostat_core::rng::Rng;

/// Uniform in [0, 1), in steps of 2^-53.
pub fn uniform(rng: &mut Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
}

/// Standard normal (Box and Muller, 1958).
pub fn normal(rng: &mut Rng) -> f64 {
    let radius = libm::sqrt(-2.0 * libm::log(1.0 - uniform(rng)));
    radius * libm::cos(2.0 * PI * uniform(rng))
}

/// A seed of its own for the part `salt` of a study.
pub fn seed(seed: u64, salt: u64) -> u64 {
    Rng::new(seed ^ salt.wrapping_mul(0xD6E8_FEB8_6659_FD93)).next_u64()
}

#[cfg(test)]
#[test]
fn moments_are_as_they_should_be() {
    let mut rng = Rng::new(1);
    let (mut sum, mut squares, mut normals) = (0.0, 0.0, 0.0);
    for _ in 0..100_000 {
        let u = uniform(&mut rng);
        assert!((0.0..1.0).contains(&u));
        sum += u;
        let z = normal(&mut rng);
        normals += z;
        squares += z * z;
    }
    assert!(
        (sum / 1e5 - 0.5).abs() < 0.005 && (normals / 1e5).abs() < 0.02 && (squares / 1e5 - 1.0).abs() < 0.02
    );
}

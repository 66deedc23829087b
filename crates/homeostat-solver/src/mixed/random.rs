//! Draws from the one generator, in the shapes that the search needs.
use homeostat_core::rng::Rng;

/// Uniform in [0, 1), 53 bits.
pub fn unit(rng: &mut Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
}

/// A whole number below `n` (0 where `n` is 0). Multiply-shift: the bias is below n / 2^64.
pub fn below(rng: &mut Rng, n: usize) -> usize {
    below_wide(rng, n as u64) as usize
}

/// The same for counts that a 32-bit `usize` could not hold.
pub fn below_wide(rng: &mut Rng, n: u64) -> u64 {
    ((u128::from(rng.next_u64()) * u128::from(n)) >> 64) as u64
}

/// Standard normal, by Box and Muller.
pub fn normal(rng: &mut Rng) -> f64 {
    let radius = libm::sqrt(-2.0 * libm::log(1.0 - unit(rng)));
    radius * libm::cos(2.0 * core::f64::consts::PI * unit(rng))
}

/// A random order of the items.
pub fn shuffle<T>(rng: &mut Rng, items: &mut [T]) {
    for end in (1..items.len()).rev() {
        items.swap(end, below(rng, end + 1));
    }
}

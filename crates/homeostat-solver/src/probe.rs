//! The probe: a Kronecker sequence with a share of uniform points.
//!
//! Point i has x_d = frac(i √p_d + s_d), where p_d is the d-th prime and s a shift drawn from the seed (Cranley and Patterson,
//! 1976). Every tenth point is uniform instead: what is periodic in the sequence's own step would go unseen. A point depends
//! on the seed and its index alone, so a probe may be cut anywhere, made longer, or shared out among machines.

use crate::draw;
use alloc::vec::Vec;
use homeostat_core::rng::Rng;

/// One point in so many is uniform.
const UNIFORM_EVERY: u32 = 10;

/// A probe of the unit box.
#[derive(Clone, Debug)]
pub struct Probe {
    seed: u64,
    shifts: Vec<f64>,
    /// Fractional parts of the square roots of the primes.
    steps: Vec<f64>,
}

impl Probe {
    /// A probe of this many dimensions.
    pub fn new(dimensions: usize, seed: u64) -> Self {
        let mut rng = Rng::new(draw::seed(seed, 1));
        let shifts = (0..dimensions).map(|_| draw::uniform(&mut rng)).collect();
        let steps = primes().take(dimensions).map(|p| fraction(libm::sqrt(f64::from(p)))).collect();
        Self { seed, shifts, steps }
    }

    /// The point of this index.
    pub fn point(&self, index: u32) -> Vec<f64> {
        if index % UNIFORM_EVERY == UNIFORM_EVERY - 1 {
            let mut rng = Rng::new(draw::seed(self.seed, (1 << 32) + u64::from(index)));
            return self.shifts.iter().map(|_| draw::uniform(&mut rng)).collect();
        }
        let place = |(step, shift)| fraction(f64::from(index) * step + shift);
        self.steps.iter().zip(&self.shifts).map(place).collect()
    }
}

fn fraction(x: f64) -> f64 {
    x - libm::floor(x)
}

fn primes() -> impl Iterator<Item = u32> {
    (2u32..).filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_follow_the_formula_and_fill_the_box_evenly() {
        let probe = Probe::new(3, 42);
        assert_eq!(primes().take(6).collect::<Vec<_>>(), [2, 3, 5, 7, 11, 13]);
        for (d, prime) in [2.0f64, 3.0, 5.0].into_iter().enumerate() {
            let expected = (7.0 * prime.sqrt() + probe.shifts[d]) % 1.0;
            assert!((probe.point(7)[d] - expected).abs() < 1e-12);
        }
        for d in 0..3 {
            let mut cells = [0; 20];
            (0..2000).for_each(|i| cells[(probe.point(i)[d] * 20.0) as usize] += 1);
            assert!(cells.iter().all(|n| (80..=120).contains(n)), "{cells:?}");
        }
    }

    #[test]
    fn seeds_give_unrelated_shifts_and_uniform_points() {
        let (a, b) = (Probe::new(2, 0), Probe::new(2, 1));
        assert_ne!(a.point(0), b.point(0));
        assert_ne!(a.point(9), b.point(9));
        assert_ne!(a.point(9), a.point(19));
        assert_eq!(Probe::new(300, 7).point(1_000_000).len(), 300);
    }
}

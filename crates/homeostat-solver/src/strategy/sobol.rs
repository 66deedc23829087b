use super::sobol_table::TABLE;
use super::{Seen, Strategy, View};
use crate::draw;
use alloc::vec::Vec;

const BITS: usize = 32;
/// Points that are passed over for one that a finite space has not had.
const TRIES: usize = 64;

/// The Sobol sequence with Joe and Kuo's direction numbers, scrambled by seed.
///
/// Scrambling is Owen's, by the hash of Laine and Karras (2011) as improved by Burley, "Practical Hash-based Owen Scrambling"
/// (2020): every stretch of 2^m points keeps its even spread, and the seeds give independent sequences.
pub struct Sobol {
    /// For each dimension its direction numbers and the seed of its scrambling.
    axes: Vec<([u32; BITS], u32)>,
    index: u32,
}

impl Sobol {
    pub fn new(dimensions: usize, seed: u64) -> Self {
        let axes = directions().zip(0u64..).take(dimensions).map(|(v, d)| (v, draw::seed(seed, d) as u32));
        Self { axes: axes.collect(), index: 0 }
    }

    fn point(&self, index: u32) -> Vec<f64> {
        let coordinate = |(directions, seed): &([u32; BITS], u32)| {
            (f64::from(scramble(number(directions, index), *seed)) + 0.5) / 4_294_967_296.0
        };
        self.axes.iter().map(coordinate).collect()
    }
}

/// The direction numbers of each dimension, the first one's being those of van der Corput.
fn directions() -> impl Iterator<Item = [u32; BITS]> {
    let mut at = 0;
    let first: [u32; BITS] = core::array::from_fn(|i| 1 << (BITS - 1 - i));
    core::iter::once(first).chain(core::iter::from_fn(move || {
        let polynomial = *TABLE.get(at)?;
        let degree = polynomial.ilog2() as usize;
        let initial = &TABLE[at + 1..at + 1 + degree];
        at += 1 + degree;
        let mut v = [0u32; BITS];
        for i in 0..BITS {
            v[i] = match initial.get(i) {
                Some(m) => u32::from(*m) << (BITS - 1 - i),
                None => (1..degree)
                    .filter(|j| polynomial >> (degree - j) & 1 == 1)
                    .fold(v[i - degree] ^ (v[i - degree] >> degree), |x, j| x ^ v[i - j]),
            };
        }
        Some(v)
    }))
}

/// The unscrambled coordinate of a point, in units of 2^-32.
fn number(directions: &[u32; BITS], index: u32) -> u32 {
    let bits = directions.iter().enumerate().filter(|(i, _)| index >> i & 1 == 1);
    bits.fold(0, |x, (_, v)| x ^ v)
}

/// A permutation of the bits' tree: a bit is flipped depending on the bits above it alone.
fn scramble(x: u32, seed: u32) -> u32 {
    let mut x = x.reverse_bits();
    x ^= x.wrapping_mul(0x3D20_ADEA);
    x = x.wrapping_add(seed);
    x = x.wrapping_mul((seed >> 16) | 1);
    x ^= x.wrapping_mul(0x0552_6C56);
    x ^= x.wrapping_mul(0x53A2_2864);
    x.reverse_bits()
}

impl Strategy for Sobol {
    fn name(&self) -> &'static str {
        "sobol"
    }

    fn ask(&mut self, view: &View) -> Option<Vec<f64>> {
        for _ in 0..TRIES {
            let unit = self.point(self.index);
            self.index = self.index.wrapping_add(1);
            if !view.is_finite() || view.seen(&unit) == Seen::New {
                return Some(unit);
            }
        }
        None
    }

    fn tell(&mut self, _unit: &[f64], _y: f64) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unscrambled_points_are_the_published_ones() {
        // `scipy.stats.qmc.Sobol(256, scramble=False)`, dimensions 0, 1, 2, 10, 100 and 255. Its point i is ours of number
        // i ^ i >> 1: it runs in the order of Gray codes.
        let published = [
            (1u32, [0.5, 0.5, 0.5, 0.5, 0.5, 0.5]),
            (2, [0.75, 0.25, 0.25, 0.75, 0.25, 0.75]),
            (3, [0.25, 0.75, 0.75, 0.25, 0.75, 0.25]),
            (4, [0.375, 0.375, 0.625, 0.875, 0.625, 0.375]),
            (100, [0.4140625, 0.2578125, 0.7734375, 0.4609375, 0.0390625, 0.5703125]),
        ];
        let axes: Vec<[u32; BITS]> = directions().collect();
        assert_eq!(axes.len(), 256);
        for (i, wanted) in published {
            for (d, wanted) in [0, 1, 2, 10, 100, 255].into_iter().zip(wanted) {
                assert_eq!(
                    f64::from(number(&axes[d], i ^ i >> 1)) / 4_294_967_296.0,
                    wanted,
                    "point {i}, dimension {d}"
                );
            }
        }
    }

    #[test]
    fn every_axis_and_every_pair_of_the_first_is_evenly_filled() {
        let sobol = Sobol::new(256, 9);
        let points: Vec<Vec<f64>> = (0..256).map(|i| sobol.point(i)).collect();
        for d in 0..256 {
            let mut cells = [0; 256];
            points.iter().for_each(|p| cells[(p[d] * 256.0) as usize] += 1);
            assert!(cells.iter().all(|n| *n == 1), "dimension {d}");
        }
        let mut cells = [0; 256];
        points.iter().for_each(|p| cells[(p[0] * 16.0) as usize * 16 + (p[1] * 16.0) as usize] += 1);
        assert!(cells.iter().all(|n| *n == 1), "the first two dimensions are a net");
        assert_ne!(sobol.point(5), Sobol::new(256, 10).point(5));
    }
}

//! Dense linear algebra of the size the solver needs. Vectors are slices; square matrices are held row by row.
//!
//! Every sum is taken in an order that the source fixes, so that all targets give the same bits.

mod cholesky;
mod eigen;
mod square;

pub(crate) use cholesky::Cholesky;
pub(crate) use eigen::Eigen;
pub(crate) use square::Square;

use alloc::vec::Vec;

/// Σ aᵢ bᵢ in four interleaved partial sums: the compiler may use vector registers without changing a bit.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    debug_assert_eq!(a.len(), b.len());
    let (fours_a, fours_b) = (a.chunks_exact(4), b.chunks_exact(4));
    let tail = fours_a.remainder().iter().zip(fours_b.remainder()).map(|(x, y)| x * y).sum::<f64>();
    let mut sums = [0.0; 4];
    for (x, y) in fours_a.zip(fours_b) {
        for lane in 0..4 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    (sums[0] + sums[2]) + (sums[1] + sums[3]) + tail
}

/// `dot` of four vectors with one: the sums of different vectors do not wait for each other.
pub(crate) fn four_dots(four: [&[f64]; 4], b: &[f64]) -> [f64; 4] {
    let (fours_b, tail_b) = b.as_chunks::<4>();
    let each = four.map(|a| a.as_chunks::<4>());
    let mut sums = [[0.0; 4]; 4];
    for (k, y) in fours_b.iter().enumerate() {
        for (sums, (fours, _)) in sums.iter_mut().zip(&each) {
            let x = &fours[k];
            for lane in 0..4 {
                sums[lane] += x[lane] * y[lane];
            }
        }
    }
    let mut all = [0.0; 4];
    for ((all, sums), (_, tail_a)) in all.iter_mut().zip(&sums).zip(&each) {
        let tail = tail_a.iter().zip(tail_b).map(|(x, y)| x * y).sum::<f64>();
        *all = (sums[0] + sums[2]) + (sums[1] + sums[3]) + tail;
    }
    all
}

/// The Euclidean length.
pub(crate) fn norm(a: &[f64]) -> f64 {
    libm::sqrt(dot(a, a))
}

/// a - b.
pub(crate) fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(x, y)| x - y).collect()
}

/// |a - b|².
pub(crate) fn distance_squared(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum()
}

/// `into` += factor · a.
pub(crate) fn add_scaled(into: &mut [f64], factor: f64, a: &[f64]) {
    for (sum, x) in into.iter_mut().zip(a) {
        *sum += factor * x;
    }
}

/// a · factor, in place.
pub(crate) fn scale(a: &mut [f64], factor: f64) {
    for x in a {
        *x *= factor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn dot_agrees_with_the_plain_sum(pairs in prop::collection::vec((-1e3..1e3f64, -1e3..1e3f64), 0..40)) {
            let (a, b): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
            let plain: f64 = pairs.iter().map(|(x, y)| x * y).sum();
            let size: f64 = pairs.iter().map(|(x, y)| (x * y).abs()).sum();
            prop_assert!((dot(&a, &b) - plain).abs() <= 1e-13 * size);
            let reversed: Vec<f64> = a.iter().rev().copied().collect();
            let four = four_dots([&a, &reversed, &b, &a], &b);
            let alone = [dot(&a, &b), dot(&reversed, &b), dot(&b, &b), dot(&a, &b)];
            prop_assert_eq!(four.map(f64::to_bits), alone.map(f64::to_bits));
        }
    }
}

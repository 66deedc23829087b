//! Whether a landscape has something to follow, from a sample of it, and how sure that is.
//!
//! Two questions are put to the sample's ranks: do neighbours predict a point, and does a surface with slopes and curvatures
//! along the axes? Both answers are in standard deviations, so that few points give weak answers. A logistic model turns them
//! into the probability that the landscape is structured. Its weights were fitted (ridge 1) to what
//! `examples/landscape-features.rs` prints of the landscapes for development: samples of 10 to 200 points, taken by the probe
//! and by strategies. `tests/classify.rs` judges it on the landscapes that were held back.

mod features;

pub use features::{COUNT, Sample};

use alloc::vec::Vec;

/// Fewest points that anything is said from.
pub const POINTS_MIN: usize = 10;
/// Most points that are looked at.
pub const POINTS_MAX: usize = 200;

/// Constant, and the weight of each feature.
const WEIGHTS: [f64; 1 + COUNT] = [-1.4443, 0.1895, 0.5883];
/// Features count within these ends.
const ENDS: (f64, f64) = (-3.0, 12.0);

/// What a landscape looks like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// Following what was found pays; else values have nothing to do with places that a search of this size could see.
    pub structured: bool,
    /// Probability that this is right, 0.5 to 1.
    pub confidence: f64,
}

impl Verdict {
    /// The word for it.
    pub fn word(self) -> &'static str {
        if self.structured { "structured" } else { "chaotic" }
    }
}

/// The verdict on places and their finite values; `None` from fewer than [`POINTS_MIN`]. Of more than [`POINTS_MAX`], evenly
/// spread ones are taken.
pub fn classify(points: &[(&[f64], f64)]) -> Option<Verdict> {
    if points.len() < POINTS_MIN {
        return None;
    }
    let sample = Sample::new(&spread(points, POINTS_MAX));
    let features = sample.features();
    let terms = features.iter().zip(&WEIGHTS[1..]);
    let sum = terms.fold(WEIGHTS[0], |sum, (f, w)| sum + w * f.clamp(ENDS.0, ENDS.1));
    let probability = 1.0 / (1.0 + libm::exp(-sum));
    let structured = probability > 0.5;
    Some(Verdict { structured, confidence: if structured { probability } else { 1.0 - probability } })
}

/// At most `most` of these, evenly spread over all, the last one among them.
pub(crate) fn spread<T: Copy>(all: &[T], most: usize) -> Vec<T> {
    let take = all.len().min(most);
    (1..=take).map(|i| all[i * all.len() / take - 1]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Probe;

    fn verdict(n: usize, count: u32, f: impl Fn(&[f64]) -> f64) -> Option<Verdict> {
        let probe = Probe::new(n, 3);
        let points: Vec<Vec<f64>> = (0..count).map(|i| probe.point(i)).collect();
        let sample: Vec<(&[f64], f64)> = points.iter().map(|x| (x.as_slice(), f(x))).collect();
        classify(&sample)
    }

    #[test]
    fn more_points_make_it_surer() {
        let bowl = |x: &[f64]| x.iter().map(|u| (u - 0.4) * (u - 0.4)).sum::<f64>();
        assert_eq!(verdict(3, 9, bowl), None);
        let (few, many) = (verdict(3, 12, bowl).unwrap(), verdict(3, 500, bowl).unwrap());
        assert!(many.structured && many.confidence > 0.99 && many.confidence > few.confidence);
    }

    #[test]
    fn the_scale_of_values_says_nothing() {
        let bowl = |x: &[f64]| x.iter().map(|u| (u - 0.4) * (u - 0.4)).sum::<f64>();
        let steep = |x: &[f64]| libm::exp(100.0 * bowl(x));
        assert_eq!(verdict(3, 60, bowl), verdict(3, 60, steep));
    }

    #[test]
    fn a_plain_without_a_slope_is_chaotic() {
        let flat = verdict(2, 100, |_| 7.0).unwrap();
        assert!(!flat.structured);
        assert_eq!(flat.word(), "chaotic");
    }

    #[test]
    fn a_spread_keeps_the_ends_in_reach() {
        assert_eq!(spread(&[1, 2, 3], 5), [1, 2, 3]);
        assert_eq!(spread(&[1, 2, 3, 4, 5, 6], 3), [2, 4, 6]);
    }
}

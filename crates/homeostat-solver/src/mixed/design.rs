//! The first points: a Latin-like design, every coordinate spread evenly over its values, and the middle first.
use super::{random, space::Dimension, space::Space};
use alloc::{vec, vec::Vec};
use homeostat_core::list::List;
use homeostat_core::rng::Rng;

/// `count` points. Ordered coordinates of the first are in the middle; those of the others fall one into each of
/// `count - 1` equal slices, in an order of their own; options take turns.
pub fn points(space: &Space, count: usize, rng: &mut Rng) -> Vec<Vec<f64>> {
    let mut points = vec![vec![0.0; space.dims().len()]; count];
    let mut slices: Vec<usize> = (0..count.saturating_sub(1)).listed();
    for (axis, dim) in space.dims().iter().enumerate() {
        random::shuffle(rng, &mut slices);
        let offset = random::below(rng, 1 << 20);
        for (at, point) in points.iter_mut().enumerate() {
            let slice = at.checked_sub(1).map(|at| slices[at]);
            let unit = match slice {
                Some(slice) => (slice as f64 + random::unit(rng)) / (count - 1) as f64,
                None => 0.5,
            };
            point[axis] = match *dim {
                Dimension::Continuous | Dimension::Periodic => unit,
                Dimension::Ordered { levels } => libm::floor(unit * f64::from(levels)),
                Dimension::Categorical { options } => {
                    ((slice.map_or(0, |s| s + 1) + offset) % options.max(1) as usize) as f64
                }
            };
        }
    }
    points.iter().map(|x| space.snap(x)).listed()
}

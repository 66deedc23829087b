//! Which points were told or are pending: what keeps a finite space from being asked the same point twice.
use super::{random, space::Space};
use alloc::{collections::BTreeSet, vec::Vec};
use homeostat_core::rng::Rng;

/// A set of points; exact also for continua, where it compares bits.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    indices: BTreeSet<u64>,
    points: BTreeSet<Vec<u64>>,
}

impl Seen {
    /// Remembers a valid point.
    pub fn insert(&mut self, space: &Space, x: &[f64]) {
        if space.size().is_some() {
            self.indices.insert(space.index(x));
        } else {
            self.points.insert(bits(x));
        }
    }

    /// Whether this point was remembered.
    pub fn contains(&self, space: &Space, x: &[f64]) -> bool {
        if space.size().is_some() {
            self.indices.contains(&space.index(x))
        } else {
            self.points.contains(&bits(x))
        }
    }

    /// How many points of the space are left, where it can be counted.
    pub fn left(&self, space: &Space) -> Option<u64> {
        space.size().map(|size| size - self.indices.len() as u64)
    }

    /// A random point that was not remembered; `None` where none is left. Bounded: after a few draws it walks on from the
    /// last one, and meets a new point after at most as many steps as there are remembered points.
    pub fn fresh(&self, space: &Space, rng: &mut Rng) -> Option<Vec<f64>> {
        if self.left(space) == Some(0) {
            return None;
        }
        for _ in 0..32 {
            let x = space.random(rng);
            if !self.contains(space, &x) {
                return Some(x);
            }
        }
        let Some(size) = space.size() else { return Some(space.random(rng)) };
        let start = random::below(rng, size as usize) as u64;
        let walk = (start..size).chain(0..start);
        walk.into_iter().find(|index| !self.indices.contains(index)).map(|index| space.point(index))
    }
}

fn bits(x: &[f64]) -> Vec<u64> {
    x.iter().map(|x| x.to_bits()).collect()
}

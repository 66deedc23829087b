//! Which points were told or are pending: what keeps a finite space from being asked the same point twice.
use super::{random, space::Space};
use alloc::vec::Vec;
use homeostat_core::list::List;
use homeostat_core::rng::Rng;

/// A set of points; exact also for continua, where it compares bits. Sorted lists: trees would be 6 kB more of WebAssembly.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    indices: Vec<u64>,
    points: Vec<Vec<u64>>,
}

fn insert<T: Ord>(into: &mut Vec<T>, one: T) {
    if let Err(at) = into.binary_search(&one) {
        into.insert(at, one);
    }
}

impl Seen {
    /// Remembers a valid point.
    pub fn insert(&mut self, space: &Space, x: &[f64]) {
        if space.size().is_some() {
            insert(&mut self.indices, space.index(x));
        } else {
            insert(&mut self.points, bits(x));
        }
    }

    /// Whether this point was remembered.
    pub fn contains(&self, space: &Space, x: &[f64]) -> bool {
        if space.size().is_some() {
            self.has_index(space.index(x))
        } else {
            self.points.binary_search(&bits(x)).is_ok()
        }
    }

    fn has_index(&self, index: u64) -> bool {
        self.indices.binary_search(&index).is_ok()
    }
}

/// What must not be proposed: the told points, and those pending.
#[derive(Debug)]
pub struct Taken<'a> {
    space: &'a Space,
    told: &'a Seen,
    /// Pending and not told.
    pending: Seen,
}

impl<'a> Taken<'a> {
    /// Told and pending points together.
    pub fn new<'p>(space: &'a Space, told: &'a Seen, pending: impl Iterator<Item = &'p [f64]>) -> Self {
        let mut fresh = Seen::default();
        for x in pending.filter(|x| !told.contains(space, x)) {
            fresh.insert(space, x);
        }
        Self { space, told, pending: fresh }
    }

    /// Whether this point is told or pending.
    pub fn contains(&self, x: &[f64]) -> bool {
        self.told.contains(self.space, x) || self.pending.contains(self.space, x)
    }

    /// How many points of the space are left, where it can be counted.
    pub fn left(&self) -> Option<u64> {
        self.space.size().map(|size| size - (self.told.indices.len() + self.pending.indices.len()) as u64)
    }

    /// A random point that is left; `None` where none is. Bounded: after a few draws it walks on from a random one, and
    /// meets a new point after at most as many steps as there are told and pending ones.
    pub fn fresh(&self, rng: &mut Rng) -> Option<Vec<f64>> {
        if self.left() == Some(0) {
            return None;
        }
        for _ in 0..32 {
            let x = self.space.random(rng);
            if !self.contains(&x) {
                return Some(x);
            }
        }
        // More points than 64 bits can count are never all taken where 32 draws meet.
        let Some(size) = self.space.size() else { return Some(self.space.random(rng)) };
        let start = random::below_wide(rng, size);
        let walk = (start..size).chain(0..start);
        let free = |index: &u64| !self.told.has_index(*index) && !self.pending.has_index(*index);
        walk.into_iter().find(free).map(|index| self.space.point(index))
    }
}

fn bits(x: &[f64]) -> Vec<u64> {
    x.iter().map(|x| x.to_bits()).listed()
}

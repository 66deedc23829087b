//! What a point may be: its dimensions, and how many points there are.
use super::random;
use alloc::vec::Vec;
use homeostat_core::list::List;
use homeostat_core::{real::clamp, rng::Rng, space::Knob};

/// One coordinate of a mixed space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Dimension {
    /// A number in [0, 1].
    Continuous,
    /// An angle in [0, 1], where 1 is 0 again.
    Periodic,
    /// A level's index, 0 to `levels - 1`; neighbouring levels are alike. Any number of levels will do; where levels are
    /// spaced unevenly (whole numbers on a logarithmic scale), more than about 64 are better given as `Continuous` and
    /// rounded by the caller, because the model takes levels as evenly spaced.
    Ordered {
        /// How many levels; none counts as one.
        levels: u32,
    },
    /// An option's index, 0 to `options - 1`; no two options are more alike than any other two.
    Categorical {
        /// How many options; none counts as one.
        options: u32,
    },
}

impl Dimension {
    /// How many values there are; `None` where they are not counted.
    pub(super) fn count(self) -> Option<u64> {
        match self {
            Dimension::Continuous | Dimension::Periodic => None,
            Dimension::Ordered { levels: count } | Dimension::Categorical { options: count } => {
                Some(u64::from(count.max(1)))
            }
        }
    }

    /// The nearest valid value. NaN becomes 0, so that a point is valid whatever comes in; an angle of 1 becomes 0.
    pub(super) fn snap(self, x: f64) -> f64 {
        let x = if x.is_nan() { 0.0 } else { x };
        match (self, self.count()) {
            (_, Some(count)) => libm::round(clamp(x, 0.0, (count - 1) as f64)),
            (Dimension::Periodic, _) if !(0.0..1.0).contains(&x) => {
                // A tiny negative angle would round up to 1 exactly.
                let turn = x - libm::floor(x);
                if (0.0..1.0).contains(&turn) { turn } else { 0.0 }
            }
            _ => clamp(x, 0.0, 1.0) + 0.0,
        }
    }

    fn random(self, rng: &mut Rng) -> f64 {
        match self.count() {
            Some(count) => random::below_wide(rng, count) as f64,
            None => random::unit(rng),
        }
    }
}

/// The dimensions together.
#[derive(Clone, Debug)]
pub struct Space {
    dims: Vec<Dimension>,
    size: Option<u64>,
    /// For a coordinate that is rounded, the knob that says to what. Missing ones are not.
    grids: Vec<Option<Knob>>,
}

impl Space {
    /// The space of these dimensions.
    pub fn new(dims: Vec<Dimension>) -> Self {
        let size = dims.iter().try_fold(1u64, |size, d| d.count().and_then(|n| size.checked_mul(n)));
        Self { dims, size, grids: Vec::new() }
    }

    /// The same with coordinates, otherwise free, that have only the places which a knob's values have: what differs by less
    /// is one point.
    pub fn rounded(self, grids: Vec<Option<Knob>>) -> Self {
        Self { grids, ..self }
    }

    /// The dimensions.
    pub fn dims(&self) -> &[Dimension] {
        &self.dims
    }

    /// How many points there are; `None` for a continuum, and for more than 64 bits can count.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// The valid point nearest to `x`. Missing coordinates count as 0, surplus ones are dropped.
    pub fn snap(&self, x: &[f64]) -> Vec<f64> {
        let given = x.iter().copied().chain(core::iter::repeat(0.0));
        let mut place: Vec<f64> = self.dims.iter().zip(given).map(|(d, x)| d.snap(x)).listed();
        for (x, grid) in place.iter_mut().zip(&self.grids) {
            *x = grid.as_ref().map_or(*x, |knob| knob.quantise(*x));
        }
        place
    }

    /// A uniform point.
    pub fn random(&self, rng: &mut Rng) -> Vec<f64> {
        let free: Vec<f64> = self.dims.iter().map(|d| d.random(rng)).listed();
        if self.grids.is_empty() { free } else { self.snap(&free) }
    }

    /// The number of a valid point in a space that has a size.
    pub fn index(&self, x: &[f64]) -> u64 {
        self.dims.iter().zip(x).fold(0, |index, (d, &x)| index * d.count().unwrap_or(1) + x as u64)
    }

    /// The point of this number.
    pub fn point(&self, mut index: u64) -> Vec<f64> {
        let mut x = alloc::vec![0.0; self.dims.len()];
        for (d, x) in self.dims.iter().zip(&mut x).rev() {
            let count = d.count().unwrap_or(1);
            *x = (index % count) as f64;
            index /= count;
        }
        x
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_every_point_once(counts in prop::collection::vec(1u32..5, 0..5)) {
            let space = Space::new(counts.iter().map(|&levels| Dimension::Ordered { levels }).collect());
            let size = space.size().unwrap();
            prop_assert_eq!(size, counts.iter().map(|&n| u64::from(n)).product::<u64>());
            let mut points: Vec<_> = (0..size).map(|i| space.point(i)).collect();
            for (i, x) in points.iter().enumerate() {
                prop_assert_eq!(space.index(x), i as u64);
                prop_assert_eq!(&space.snap(x), x);
            }
            points.dedup();
            prop_assert_eq!(points.len() as u64, size);
        }

        #[test]
        fn snaps_anything_to_a_valid_value(x in any::<f64>(), n in 0u32..9) {
            let unit = Dimension::Continuous.snap(x);
            prop_assert!((0.0..=1.0).contains(&unit) && !(unit == 0.0 && unit.is_sign_negative()));
            prop_assert!((0.0..1.0).contains(&Dimension::Periodic.snap(x)));
            let level = Dimension::Ordered { levels: n }.snap(x);
            prop_assert!(level >= 0.0 && level <= f64::from(n.max(1) - 1) && libm::floor(level) == level);
        }
    }

    #[test]
    fn counts_only_what_64_bits_can() {
        let dims = |n| alloc::vec![Dimension::Categorical { options: 2 }; n];
        assert_eq!(Space::new(dims(63)).size(), Some(1 << 63));
        assert_eq!(Space::new(dims(64)).size(), None);
        assert_eq!(Space::new(alloc::vec![Dimension::Continuous]).size(), None);
        assert_eq!(Space::new(Vec::new()).size(), Some(1));
    }
}

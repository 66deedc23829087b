//! Shapes: row-major, contiguous, static.

use alloc::vec::Vec;
use core::fmt;
use homeostat_core::list::List;

/// Most dimensions of a tensor.
pub const RANK_MAX: usize = 8;
/// Most elements of a tensor: an index and the end of a padded row fit into 32 bits.
pub const ELEMENTS_MAX: u64 = 1 << 31;

/// The dimensions of a tensor, outermost first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shape(pub(super) Vec<u32>);

impl Shape {
    /// A shape of these dimensions; whether they are within the limits is the builder's to check.
    pub fn new(dims: &[u32]) -> Self {
        Self(dims.to_vec())
    }

    /// Its dimensions.
    pub fn dims(&self) -> &[u32] {
        &self.0
    }

    /// How many dimensions.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// How many elements; saturates far above the limit.
    pub fn elements(&self) -> u64 {
        self.0.iter().fold(1u64, |n, d| n.saturating_mul(u64::from(*d)))
    }

    /// The last dimension, 1 for a scalar.
    pub fn last(&self) -> u32 {
        self.0.last().copied().unwrap_or(1)
    }

    /// Distance, in elements, between neighbours along each dimension.
    pub fn strides(&self) -> Vec<u32> {
        let mut strides = alloc::vec![1u32; self.rank()];
        for d in (1..self.rank()).rev() {
            strides[d - 1] = strides[d] * self.0[d];
        }
        strides
    }

    /// Strides with which an index of `wide` finds this shape's element; 0 along what is repeated.
    pub fn strides_in(&self, wide: &Shape) -> Vec<u32> {
        let skipped = wide.rank() - self.rank();
        let own = self.strides();
        (0..wide.rank())
            .map(|d| match d.checked_sub(skipped) {
                Some(mine) if self.0[mine] != 1 => own[mine],
                _ => 0,
            })
            .listed()
    }

    /// The shape of an elementwise operation on both; `None` where they do not fit.
    pub fn broadcast(&self, other: &Shape) -> Option<Shape> {
        let rank = self.rank().max(other.rank());
        let at = |shape: &Shape, d: usize| (d + shape.rank()).checked_sub(rank).map_or(1, |i| shape.0[i]);
        (0..rank)
            .map(|d| match (at(self, d), at(other, d)) {
                (a, b) if a == b || b == 1 => Some(a),
                (1, b) => Some(b),
                _ => None,
            })
            .collect::<Option<Vec<u32>>>()
            .map(Shape)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (d, n) in self.0.iter().enumerate() {
            if d > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{n}")?;
        }
        f.write_str("]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcasts_as_everyone_does() {
        let shape = Shape::new;
        assert_eq!(shape(&[4, 1, 3]).broadcast(&shape(&[5, 1])), Some(shape(&[4, 5, 3])));
        assert_eq!(shape(&[]).broadcast(&shape(&[2])), Some(shape(&[2])));
        assert_eq!(shape(&[2]).broadcast(&shape(&[3])), None);
        assert_eq!(shape(&[3, 1]).strides_in(&shape(&[2, 3, 4])), [0, 1, 0]);
    }
}

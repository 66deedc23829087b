//! Functions on the unit box that are labelled: is there something to follow, or not?
//!
//! A landscape enters the table only where two things agree. By **construction**, its family is written to have structure
//! that a few tens of points per dimension can reveal, or to have none at that scale. By **measurement** ([`measure`]), a
//! reference search that starts from a sample and then follows what it found beats an equal number of random points in
//! the share of paired runs that the label asks for. Half of each family is for development, half is held.

mod chaotic;
pub mod measure;
mod structured;

use crate::Half;
use crate::random::hash;

/// What a classifier should say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// Following what was found pays: a local or model-based search profits.
    Structured,
    /// What was found says nothing about what is near: nothing beats random points.
    Chaotic,
}

impl Label {
    /// The word in tables and fixtures.
    pub fn word(self) -> &'static str {
        match self {
            Self::Structured => "structured",
            Self::Chaotic => "chaotic",
        }
    }
}

/// What a family's formula gets: the point, and the instance's seed.
type Formula = fn(&[f64], u64) -> f64;

/// A labelled function on [0, 1]^n, lower is better.
pub struct Landscape {
    /// Family, number of dimensions and instance: `bowl-5-1`.
    pub name: String,
    /// The family's name.
    pub family: &'static str,
    /// Number of dimensions.
    pub n: usize,
    /// What a classifier should say.
    pub label: Label,
    /// Who may look.
    pub half: Half,
    seed: u64,
    formula: Formula,
}

impl Landscape {
    /// The value of a point in the unit box. Deterministic, noise included: noise is a hash of the point.
    ///
    /// # Panics
    /// If the point has another number of dimensions.
    pub fn evaluate(&self, x: &[f64]) -> f64 {
        assert_eq!(x.len(), self.n, "{} has {} dimensions", self.name, self.n);
        (self.formula)(x, self.seed)
    }
}

/// A family: a name, the dimensions of its members, and their formula.
struct Family {
    name: &'static str,
    dimensions: [usize; 4],
    formula: Formula,
}

/// Every landscape, in a fixed order. Members alternate between the halves, and the first member's half alternates
/// between families, so that neither half has the small dimensions.
pub fn landscapes() -> Vec<Landscape> {
    let structured = structured::FAMILIES.iter().map(|family| (Label::Structured, family));
    let chaotic = chaotic::FAMILIES.iter().map(|family| (Label::Chaotic, family));
    let member = |index: usize, label: Label, family: &'static Family, i: usize| Landscape {
        name: format!("{}-{}-{i}", family.name, family.dimensions[i]),
        family: family.name,
        n: family.dimensions[i],
        label,
        half: if (index + i).is_multiple_of(2) { Half::Develop } else { Half::Held },
        seed: hash(family.name.len() as u64, family.name.bytes().map(u64::from).chain([i as u64])),
        formula: family.formula,
    };
    structured
        .chain(chaotic)
        .enumerate()
        .flat_map(|(index, (label, family))| (0..4).map(move |i| member(index, label, family, i)))
        .collect()
}

/// A uniform number that belongs to a coordinate of an instance.
fn drawn(seed: u64, axis: usize, what: u64) -> f64 {
    crate::random::unit(hash(seed, [axis as u64, what]))
}

/// Where the instance's optimum lies on an axis: not at the middle, not at the edge.
fn target(seed: u64, axis: usize) -> f64 {
    let u = drawn(seed, axis, 1);
    if u < 0.5 { 0.12 + 0.56 * u } else { 0.32 + 0.56 * u }
}

/// Bits of a point: the same for the same point only.
fn bits(x: &[f64]) -> impl Iterator<Item = u64> + '_ {
    x.iter().map(|v| v.to_bits())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_is_large_and_even() {
        let all = landscapes();
        let count =
            |label: Label, half: Half| all.iter().filter(|l| l.label == label && l.half == half).count();
        assert!(all.len() >= 72, "{}", all.len());
        for label in [Label::Structured, Label::Chaotic] {
            assert_eq!(count(label, Half::Develop), count(label, Half::Held));
            assert!(count(label, Half::Held) >= 18);
        }
        let names: BTreeSet<_> = all.iter().map(|l| &l.name).collect();
        assert_eq!(names.len(), all.len());
        assert!(all.iter().any(|l| l.n == 1) && all.iter().all(|l| (1..=20).contains(&l.n)));
    }

    #[test]
    fn values_are_finite_and_repeat() {
        let mut rng = crate::random::Rng::new(4);
        for l in landscapes() {
            for _ in 0..50 {
                let x: Vec<f64> = (0..l.n).map(|_| rng.uniform()).collect();
                let value = l.evaluate(&x);
                assert!(value.is_finite() && value.to_bits() == l.evaluate(&x).to_bits(), "{}", l.name);
            }
            assert!(
                l.evaluate(&vec![0.0; l.n]).is_finite() && l.evaluate(&vec![1.0; l.n]).is_finite(),
                "{}",
                l.name
            );
        }
    }
}

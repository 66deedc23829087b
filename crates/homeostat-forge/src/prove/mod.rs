//! What a kernel has to pass before its answer reaches anyone: hostile inputs, the oracle's bounds, and, where it fails, the
//! smallest case that fails.

mod cases;
mod inputs;

pub use cases::{Case, Family, families, suite};
pub use inputs::{Inputs, make};

use crate::ir::Data;
use crate::oracle::Reference;
use alloc::{string::String, vec::Vec};
use core::fmt;

/// An element that is too far off.
#[derive(Clone, Debug, PartialEq)]
pub struct Miss {
    /// Which output.
    pub output: usize,
    /// Which element.
    pub index: usize,
    /// What a kernel computed.
    pub got: f64,
    /// What is right.
    pub wanted: f64,
    /// How far it may be off.
    pub bound: f64,
}

impl fmt::Display for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { output, index, got, wanted, bound } = self;
        write!(f, "output {output}, element {index}: got {got:e}, expected {wanted:e} within {bound:e}")
    }
}

/// How far a result is off.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// The first element out of bounds.
    pub miss: Option<Miss>,
    /// The greatest error, as a share of its bound.
    pub worst: f64,
    /// Elements for which something is promised.
    pub promised: u64,
    /// All elements.
    pub elements: u64,
}

/// Compares results with what is right.
pub fn judge(references: &[Reference], results: &[Data]) -> Verdict {
    let mut verdict = Verdict::default();
    for (output, (reference, data)) in references.iter().zip(results).enumerate() {
        for (index, (wanted, bound)) in reference.value.iter().zip(&reference.bound).enumerate() {
            verdict.elements += 1;
            if !bound.is_finite() {
                continue;
            }
            verdict.promised += 1;
            let got = data.get(index);
            let off = (got - wanted).abs();
            // A result that is not a number is never within its bound.
            if !(off <= *bound) && verdict.miss.is_none() {
                verdict.miss = Some(Miss { output, index, got, wanted: *wanted, bound: *bound });
            }
            if off > 0.0 {
                verdict.worst = verdict.worst.max(off / bound);
            }
        }
    }
    verdict
}

/// The smallest sizes, reached by halving or lessening one at a time, for which something still fails.
pub fn shrink(sizes: &[u32], mut fails: impl FnMut(&[u32]) -> bool) -> Vec<u32> {
    let mut best = sizes.to_vec();
    loop {
        let mut smaller = None;
        'search: for i in 0..best.len() {
            for next in [best[i] / 2, best[i].saturating_sub(1)] {
                if next == 0 || next == best[i] {
                    continue;
                }
                let mut tried = best.clone();
                tried[i] = next;
                if fails(&tried) {
                    smaller = Some(tried);
                    break 'search;
                }
            }
        }
        match smaller {
            Some(tried) => best = tried,
            None => return best,
        }
    }
}

/// Sizes for people: `64x3x7`.
pub fn sizes(dims: &[u32]) -> String {
    dims.iter().map(|d| alloc::format!("{d}")).collect::<Vec<String>>().join("x")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_smallest_failing_sizes() {
        assert_eq!(shrink(&[64, 100, 7], |s| s[1] >= 33 && s[2] > 2), [1, 33, 3]);
    }

    #[test]
    fn what_is_no_number_is_a_miss() {
        let reference = Reference { value: alloc::vec![1.0, 1.0], bound: alloc::vec![f64::INFINITY, 0.5] };
        let verdict = judge(&[reference], &[Data::F32(alloc::vec![f32::NAN, f32::NAN])]);
        assert_eq!((verdict.promised, verdict.miss.map(|m| m.index)), (1, Some(1)));
    }
}

//! What a kernel has to pass before its answer reaches anyone: hostile inputs, the oracle's bounds, and, where it fails, the
//! smallest case that fails.

mod cases;
mod inputs;
mod smaller;

pub use cases::{Case, Family, families, suite};
pub use inputs::{Inputs, make};
pub use smaller::{Between, Together, choices, shrink};

use crate::ir::{Blueprint, Data, Node, Op};
use crate::oracle::{Reference, evaluate, places, sample};
use alloc::{string::String, vec::Vec};
use core::fmt;
use homeostat_core::error::Result;
use homeostat_core::json::Number;
use homeostat_core::list::List;

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
        let (got, wanted, bound) = (Number(*got), Number(*wanted), Number(*bound));
        write!(f, "output {output}, element {index}: got {got}, expected {wanted} within {bound}")
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
    judge_at(references, results, |_, i| i)
}

/// Compares results with what is right; `place` says which element of an output the reference's one is.
fn judge_at(references: &[Reference], results: &[Data], place: impl Fn(usize, usize) -> usize) -> Verdict {
    let mut verdict = Verdict::default();
    for (output, (reference, data)) in references.iter().zip(results).enumerate() {
        for (at, (wanted, bound)) in reference.value.iter().zip(&reference.bound).enumerate() {
            verdict.elements += 1;
            if !bound.is_finite() {
                continue;
            }
            verdict.promised += 1;
            let index = place(output, at);
            let got = data.get(index);
            let off = (got - wanted).abs();
            // A result that is not a number is never within its bound.
            let within = off <= *bound;
            if !within && verdict.miss.is_none() {
                verdict.miss = Some(Miss { output, index, got, wanted: *wanted, bound: *bound });
            }
            if off > 0.0 {
                verdict.worst = verdict.worst.max(off / bound);
            }
        }
    }
    verdict
}

/// Products that the oracle computes for every element; above, it looks at a sample.
const WORK_MAX: f64 = 1e8;
/// Elements of an output that a sample has.
const SAMPLE: usize = 256;

/// What is right for some inputs: of every element where that takes seconds, else of a sample in corners, on edges and at drawn
/// places.
#[derive(Clone, Debug)]
pub struct Truth {
    /// Which elements of each output; all of them without.
    places: Option<Vec<Vec<usize>>>,
    references: Vec<Reference>,
}

impl Truth {
    /// What is right for these inputs.
    pub fn of(blueprint: &Blueprint, inputs: &[Data], seed: u64) -> Result<Self> {
        Self::within(blueprint, inputs, seed, WORK_MAX)
    }

    /// The same, where every element is computed up to so many products.
    pub fn within(blueprint: &Blueprint, inputs: &[Data], seed: u64, work_max: f64) -> Result<Self> {
        if work(blueprint) <= work_max {
            return Ok(Self { places: None, references: evaluate(blueprint, inputs)? });
        }
        Self::sampled(blueprint, inputs, SAMPLE, seed)
    }

    /// What is right at about so many places of each output.
    pub fn sampled(blueprint: &Blueprint, inputs: &[Data], count: usize, seed: u64) -> Result<Self> {
        let places: Vec<Vec<usize>> =
            blueprint.outputs().iter().map(|id| places(&blueprint.node(*id).shape, count, seed)).listed();
        let references = sample(blueprint, inputs, &places)?;
        Ok(Self { places: Some(places), references })
    }

    /// Compares results with it.
    pub fn judge(&self, results: &[Data]) -> Verdict {
        match &self.places {
            None => judge(&self.references, results),
            Some(places) => judge_at(&self.references, results, |output, at| places[output][at]),
        }
    }
}

/// Products and elements that the oracle would compute.
pub fn work(blueprint: &Blueprint) -> f64 {
    let each = |node: &Node| {
        let shape = |i: usize| &blueprint.node(node.operands[i]).shape;
        let last = |i: usize| f64::from(shape(i).last());
        match &node.op {
            Op::MatMul { transpose_a: false, .. } => last(0),
            Op::MatMul { .. } => f64::from(shape(0).dims()[shape(0).rank() - 2]),
            Op::Conv2d(_) => shape(1).elements() as f64 / f64::from(shape(1).dims()[0]),
            Op::Attention { .. } => last(0) + f64::from(shape(2).dims()[shape(2).rank() - 2]),
            Op::Reduce { .. } => shape(0).elements() as f64 / node.shape.elements() as f64,
            Op::Pool(p) => f64::from(p.window[0] * p.window[1]),
            _ => 4.0,
        }
    };
    blueprint.nodes().iter().map(|node| each(node) * node.shape.elements() as f64).sum()
}

/// Sizes for people: `64x3x7`.
pub fn sizes(dims: &[u32]) -> String {
    dims.iter().map(|d| alloc::format!("{d}")).listed().join("x")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_shapes_are_sampled_and_a_wrong_corner_is_seen() {
        use crate::ir::{Builder, DType};
        let mut g = Builder::new();
        let a = g.input("a", DType::F32, &[2048, 64]).unwrap();
        let b = g.input("b", DType::F32, &[64, 2048]).unwrap();
        let y = g.matmul(a, b, false, false).unwrap();
        let blueprint = g.finish(&[y]).unwrap();
        let inputs = make(&blueprint, Inputs::Random, 1);
        let truth = Truth::of(&blueprint, &inputs, 1).unwrap();
        let plan = crate::plan::Plan::new(&blueprint, 8).unwrap();
        let mut results = crate::cpu::run(&plan, &inputs).unwrap();
        let verdict = truth.judge(&results);
        assert!(verdict.miss.is_none() && (200..2000).contains(&verdict.elements), "{verdict:?}");
        if let Data::F32(values) = &mut results[0] {
            values[2048 * 2048 - 1] += 1.0;
        }
        assert_eq!(truth.judge(&results).miss.map(|m| m.index), Some(2048 * 2048 - 1));
    }

    #[test]
    fn what_is_no_number_is_a_miss() {
        let reference = Reference { value: alloc::vec![1.0, 1.0], bound: alloc::vec![f64::INFINITY, 0.5] };
        let verdict = judge(&[reference], &[Data::F32(alloc::vec![f32::NAN, f32::NAN])]);
        assert_eq!((verdict.promised, verdict.miss.map(|m| m.index)), (1, Some(1)));
    }
}

//! What a kernel computes, as everyone who works on it shares it.

use crate::ir::{Blueprint, Data, Hash};
use crate::plan::{Plan, Work};
use alloc::vec::Vec;
use homeostat_core::error::Result;

/// A blueprint with its plan and its hash.
#[derive(Debug)]
pub struct Subject {
    /// What is computed.
    pub blueprint: Blueprint,
    /// How it is cut into kernels.
    pub plan: Plan,
    /// What the library knows it by.
    pub hash: Hash,
}

impl Subject {
    /// A blueprint, cut so that no kernel reads or writes more tensors than this.
    pub fn new(blueprint: Blueprint, tensors_max: usize) -> Result<Self> {
        let plan = Plan::new(&blueprint, tensors_max)?;
        let hash = blueprint.hash();
        Ok(Self { blueprint, plan, hash })
    }

    /// The outputs for these inputs, on the processor.
    pub fn compute(&self, inputs: &[Data]) -> Result<Vec<Data>> {
        crate::cpu::run(&self.plan, inputs)
    }

    /// Units of work of a group: what the library's buckets are made of.
    pub fn work(&self, group: usize) -> f64 {
        let group = &self.plan.groups[group];
        match &group.work {
            Work::Contract(c) => c.multiply_adds(),
            Work::Row(r) => f64::from(r.rows()) * f64::from(r.len),
            _ => group.shape.elements() as f64,
        }
    }
}

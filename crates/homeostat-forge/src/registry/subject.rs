//! What a kernel computes, as everyone who works on it shares it.

use crate::ir::{Blueprint, Data, Hash, NodeId};
use crate::plan::{Plan, Variant, Work};
use crate::schedule::Schedule;
use alloc::{format, sync::Arc, vec::Vec};
use homeostat_core::error::{Code, Error, Result};

/// A graph that computes what was asked for: the blueprint's own as it is cut by rule, or another one for the same numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    /// What was changed.
    pub variant: Variant,
    /// How it is cut into kernels.
    pub plan: Arc<Plan>,
}

impl Form {
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

/// Schedules of some groups of a graph, by the group's number.
#[derive(Clone, Debug, PartialEq)]
pub struct Tried {
    /// Which graph.
    pub form: Form,
    /// Of which groups.
    pub schedules: Vec<(usize, Schedule)>,
}

/// A blueprint with its plan and its hash.
#[derive(Debug)]
pub struct Subject {
    /// What is computed.
    pub blueprint: Blueprint,
    /// How it is cut into kernels.
    pub plan: Arc<Plan>,
    /// What the library knows it by.
    pub hash: Hash,
    tensors_max: usize,
}

impl Subject {
    /// A blueprint, cut so that no kernel reads or writes more tensors than this.
    pub fn new(blueprint: Blueprint, tensors_max: usize) -> Result<Self> {
        let plan = Arc::new(Plan::new(&blueprint, tensors_max)?);
        let hash = blueprint.hash();
        Ok(Self { blueprint, plan, hash, tensors_max })
    }

    /// Refuses what needs more bytes than this, in tensors that are given, stored between two kernels, or come out.
    pub fn fits(&self, memory_max: u64) -> Result<()> {
        let graph = &self.plan.graph;
        let bytes = |id: &NodeId| {
            let node = graph.node(*id);
            node.shape.elements().saturating_mul(node.dtype.bytes())
        };
        let all = || graph.inputs().iter().chain(self.plan.groups.iter().map(|group| &group.output));
        let total = all().fold(0u64, |sum, id| sum.saturating_add(bytes(id)));
        let Some(largest) = all().max_by_key(|id| bytes(id)).filter(|_| total > memory_max) else {
            return Ok(());
        };
        let of = self.plan.origin(&self.blueprint, *largest);
        let (node, user) = (graph.node(*largest), self.blueprint.node(of));
        let text = format!(
            "node {} ({}): {} of shape {} takes {} bytes, all tensors {total}: expected at most {memory_max} (memoryMax)",
            of.index(),
            user.op.name(),
            node.dtype,
            node.shape,
            bytes(largest)
        );
        Err(Error::new(Code::DeviceMemory, text))
    }

    /// The graph as it is cut by rule.
    pub fn own(&self) -> Form {
        Form { variant: Variant::default(), plan: self.plan.clone() }
    }

    /// The graph after these changes.
    pub fn form(&self, variant: &Variant) -> Result<Form> {
        if variant.is_plain() {
            return Ok(self.own());
        }
        let plan = Plan::rewritten(&self.blueprint, self.tensors_max, variant)?;
        Ok(Form { variant: variant.clone(), plan: Arc::new(plan) })
    }

    /// The outputs for these inputs, on the processor.
    pub fn compute(&self, inputs: &[Data]) -> Result<Vec<Data>> {
        crate::cpu::run(&self.plan, inputs)
    }
}

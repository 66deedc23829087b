//! A whole plan on a device: each group by its schedule, intermediate tensors kept.

use super::buffer::Buffer;
use super::gpu::{Bound, Gpu};
use crate::ir::{Blueprint, Data};
use crate::oracle::check_inputs;
use crate::plan::{Group, Plan};
use crate::schedule::Schedule;
use crate::wgsl::{Kernel, emit};
use homeostat_core::error::{Code, Error, Result};

/// A plan that is ready to run.
pub struct Program {
    graph: Blueprint,
    /// The tensors, by node.
    buffers: Vec<Option<Buffer>>,
    bounds: Vec<Bound>,
}

impl Gpu {
    /// Compiles a plan by these schedules, one for each group.
    pub fn program(&mut self, plan: &Plan, schedules: &[Schedule]) -> Result<Program> {
        let limits = *self.limits();
        let kernel = |(group, schedule): (&Group, &Schedule)| {
            emit(group, schedule, &limits)
                .map_err(|why| Error::new(Code::ForgeUnsupported, format!("{schedule}: {why}")))
        };
        let kernels = plan.groups.iter().zip(schedules).map(kernel).collect::<Result<Vec<Kernel>>>()?;
        self.program_of(plan, &kernels)
    }

    /// Compiles a plan of these kernels, one for each group.
    pub fn program_of(&mut self, plan: &Plan, kernels: &[Kernel]) -> Result<Program> {
        let mut buffers: Vec<Option<Buffer>> = Vec::new();
        buffers.resize_with(plan.graph.nodes().len(), || None);
        let stored = plan.graph.inputs().iter().copied().chain(plan.groups.iter().map(|g| g.output));
        for id in stored {
            let node = plan.graph.node(id);
            buffers[id.index()] = Some(self.allocate(node.dtype, node.shape.elements())?);
        }
        let missing = || Error::new(Code::BlueprintInvalid, "a group reads a tensor that nothing stores");
        let mut bounds = Vec::new();
        for (group, kernel) in plan.groups.iter().zip(kernels) {
            let compiled = self.compile(kernel)?;
            let find = |id: &crate::ir::NodeId| buffers[id.index()].as_ref().ok_or_else(missing);
            let tensors = group.tensors.iter().map(find).collect::<Result<Vec<&Buffer>>>()?;
            bounds.push(self.bind(&compiled, &tensors, find(&group.output)?)?);
        }
        Ok(Program { graph: plan.graph.clone(), buffers, bounds })
    }

    /// Runs a program; every tensor that it stores is unwritten before.
    pub fn run_program(&mut self, program: &Program, inputs: &[Data]) -> Result<Vec<Data>> {
        check_inputs(&program.graph, inputs)?;
        for (id, data) in program.graph.inputs().iter().zip(inputs) {
            if let Some(buffer) = &program.buffers[id.index()] {
                self.write(buffer, data)?;
            }
        }
        for id in program.graph.ids().filter(|id| !program.graph.inputs().contains(id)) {
            if let Some(buffer) = &program.buffers[id.index()] {
                self.unwrite(buffer)?;
            }
        }
        self.run(&program.bounds.iter().collect::<Vec<&Bound>>())?;
        // Canaries of every tensor, intermediate ones too.
        let mut outputs = Vec::new();
        for id in program.graph.ids() {
            let Some(buffer) = &program.buffers[id.index()] else { continue };
            if program.graph.outputs().contains(&id) || program.bounds.len() > 1 {
                let data = self.read(buffer)?;
                outputs.push((id, data));
            }
        }
        let take = |id: &crate::ir::NodeId| {
            outputs.iter().find(|(known, _)| known == id).map(|(_, data)| data.clone())
        };
        Ok(program.graph.outputs().iter().filter_map(take).collect())
    }

    /// Runs a program for a user: inputs are written, outputs are read, nothing else.
    pub fn answer(&mut self, program: &Program, inputs: &[Data]) -> Result<Vec<Data>> {
        check_inputs(&program.graph, inputs)?;
        for (id, data) in program.graph.inputs().iter().zip(inputs) {
            if let Some(buffer) = &program.buffers[id.index()] {
                self.write(buffer, data)?;
            }
        }
        self.run(&program.bounds.iter().collect::<Vec<&Bound>>())?;
        let outputs = program.graph.outputs().iter().filter_map(|id| program.buffers[id.index()].as_ref());
        outputs.map(|buffer| self.read(buffer)).collect()
    }

    /// A program's groups, to be timed one by one.
    pub fn bounds_of<'a>(&self, program: &'a Program) -> &'a [Bound] {
        &program.bounds
    }
}

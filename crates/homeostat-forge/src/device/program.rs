//! A whole plan, or some groups of one, on a device.

use super::buffer::Buffer;
use super::gpu::{Bound, Gpu};
use crate::ir::{Blueprint, Data};
use crate::oracle::check_inputs;
use crate::pipeline::Recipe;
use crate::plan::{Group, Plan};
use crate::schedule::Schedule;
use crate::wgsl::{Kernel, emit};
use homeostat_core::error::{Code, Error, Result};

/// Groups of a plan that are ready to run.
pub struct Program {
    graph: Blueprint,
    recipe: Recipe,
    /// In the order of the recipe's tensors.
    buffers: Vec<Buffer>,
    /// Which group each one is.
    groups: Vec<u32>,
    bounds: Vec<Bound>,
}

impl Program {
    /// A group, to be timed by itself.
    pub fn bound(&self, group: u32) -> Result<&Bound> {
        let place = self.groups.iter().position(|g| *g == group);
        let missing = || Error::new(Code::InvalidOption, "the program does not have this group");
        place.map(|at| &self.bounds[at]).ok_or_else(missing)
    }
}

impl Program {
    /// Its groups, in their order.
    pub(super) fn all(&self) -> Vec<&Bound> {
        self.bounds.iter().collect()
    }

    /// Tensors of the inputs, in the order of the blueprint.
    pub(super) fn inputs(&self) -> &[Buffer] {
        &self.buffers[..self.recipe.inputs]
    }

    /// Tensors of the outputs, in the order of the blueprint.
    pub(super) fn outputs(&self) -> impl Iterator<Item = &Buffer> {
        self.recipe.outputs.iter().map(|at| &self.buffers[*at])
    }
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
        let parts: Vec<(u32, Kernel)> = (0u32..).zip(kernels.iter().cloned()).collect();
        self.program_of_parts(plan, &parts)
    }

    /// Compiles some groups of a plan.
    pub fn program_of_parts(&mut self, plan: &Plan, parts: &[(u32, Kernel)]) -> Result<Program> {
        let recipe = Recipe::new(plan, parts);
        let mut buffers: Vec<Buffer> = Vec::new();
        for tensor in &recipe.tensors {
            buffers.push(self.allocate(tensor.dtype, tensor.elements)?);
        }
        for at in &recipe.zeroed {
            self.zero(&buffers[*at])?;
        }
        let missing = || Error::new(Code::BlueprintInvalid, "a group reads a tensor that nothing stores");
        let place = |id| recipe.nodes.iter().position(|node| *node == id).ok_or_else(missing);
        let (mut groups, mut bounds) = (Vec::new(), Vec::new());
        for (g, kernel) in parts {
            let group = &plan.groups[*g as usize];
            let compiled = self.compile(kernel)?;
            let tensors = group
                .tensors
                .iter()
                .map(|id| place(*id).map(|at| &buffers[at]))
                .collect::<Result<Vec<&Buffer>>>()?;
            bounds.push(self.bind(&compiled, &tensors, &buffers[place(group.output)?])?);
            groups.push(*g);
        }
        Ok(Program { graph: plan.graph.clone(), recipe, buffers, groups, bounds })
    }

    fn write_inputs(&mut self, program: &Program, inputs: &[Data]) -> Result<()> {
        check_inputs(&program.graph, inputs)?;
        inputs.iter().zip(&program.buffers).try_for_each(|(data, buffer)| self.write(buffer, data))
    }

    /// Runs a program; every tensor that it stores is unwritten before, and the canaries of all tensors are looked at.
    pub fn run_program(&mut self, program: &Program, inputs: &[Data]) -> Result<Vec<Data>> {
        let recipe = &program.recipe;
        self.write_inputs(program, inputs)?;
        let stored = (recipe.inputs..program.buffers.len()).filter(|at| !recipe.zeroed.contains(at));
        for at in stored.clone() {
            self.unwrite(&program.buffers[at])?;
        }
        self.dispatch(program)?;
        let mut read: Vec<Option<Data>> = vec![None; program.buffers.len()];
        for at in stored {
            read[at] = Some(self.read(&program.buffers[at])?);
        }
        for buffer in &program.buffers[..recipe.inputs] {
            self.read(buffer)?;
        }
        Ok(recipe.outputs.iter().filter_map(|at| read[*at].take()).collect())
    }

    /// Runs a program for a user: inputs are written, outputs are read, nothing else.
    pub fn answer(&mut self, program: &Program, inputs: &[Data]) -> Result<Vec<Data>> {
        self.write_inputs(program, inputs)?;
        self.dispatch(program)?;
        program.outputs().map(|buffer| self.read(buffer)).collect()
    }

    /// Dispatches a program's groups in their order, and waits.
    fn dispatch(&mut self, program: &Program) -> Result<()> {
        self.run(&program.all())
    }

    /// A program's groups, to be timed one by one.
    pub fn bounds_of<'a>(&self, program: &'a Program) -> &'a [Bound] {
        &program.bounds
    }
}

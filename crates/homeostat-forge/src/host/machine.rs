//! What a forge asks of a machine that computes; every call may block. wgpu is one (`device`), a simulated one that fails on purpose
//! is another (`tests/faults`).

use crate::ir::Data;
use crate::library::DeviceKey;
use crate::measure::Timing;
use crate::plan::Plan;
use crate::registry::ProgramId;
use crate::schedule::Limits;
use crate::wgsl::Kernel;
use homeostat_core::error::Result;

/// A machine that computes. It is on a thread of its own and never leaves it.
pub trait Machine: 'static {
    /// Compiles some groups of a plan, and gives them tensors.
    fn compile(&mut self, program: ProgramId, plan: &Plan, parts: &[(u32, Kernel)]) -> Result<()>;

    /// Writes the inputs, dispatches every group, reads the outputs; in a proof every tensor that is stored is unwritten before, and
    /// canaries are looked at after.
    fn execute(&mut self, program: ProgramId, inputs: &[Data], guarded: bool) -> Result<Vec<Data>>;

    /// Dispatches a group so often and waits.
    fn time(&mut self, program: ProgramId, group: u32, times: u32) -> Result<Timing>;

    /// Gives a program up; one that it does not have is none of its business.
    fn release(&mut self, program: ProgramId);

    /// Elements in the machine's memory, that runs can take as inputs.
    fn upload(&mut self, number: u64, data: &Data) -> Result<()>;

    /// Reads elements that were uploaded or kept.
    fn download(&mut self, number: u64) -> Result<Data>;

    /// Gives elements up.
    fn forget(&mut self, number: u64);

    /// Runs for a user with inputs from the machine's memory or from outside; outputs that have a number are kept under it and are
    /// not read.
    fn chain(
        &mut self,
        program: ProgramId,
        inputs: &[Operand],
        keep: &[Option<u64>],
    ) -> Result<Vec<Option<Data>>>;

    /// Whether it hangs: then it is never destroyed.
    fn is_hung(&self) -> bool {
        false
    }
}

/// An input of a run.
#[derive(Clone, Debug)]
pub enum Operand {
    /// From outside.
    Data(Data),
    /// From the machine's memory.
    Kept(u64),
}

/// What a machine says of itself.
#[derive(Clone, Debug)]
pub struct Opened {
    /// What the library knows it by.
    pub key: DeviceKey,
    /// What it can do.
    pub limits: Limits,
    /// How long a job may take before it is given up.
    pub patience: std::time::Duration,
}

//! What is asked of the owner of a device, and what it answers.

use super::gate::Stage;
use crate::architect::Topic;
use crate::ir::Data;
use crate::measure::Timing;
use crate::plan::Plan;
use crate::registry::{Event, Evidence, Extent, Offer, ProgramId, Tried};
use crate::schedule::Schedule;
use crate::wgsl::Kernel;
use alloc::{sync::Arc, vec::Vec};
use homeostat_core::error::Error;

/// What a device should do.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Compile these groups of a plan, each with its number, and give them tensors: every input, and what the groups read and
    /// write. What they read and nobody of them stores holds zeros. Replied by `Done`.
    Compile(ProgramId, Arc<Plan>, Vec<(u32, Kernel)>),
    /// Write the inputs, dispatch every group in order, read the outputs. Where it is `guarded`, every other tensor holds NaN between
    /// canaries before, and what wrote outside of one is an error (`KernelRejected`). Replied by `Executed`.
    Execute {
        /// Which program.
        program: ProgramId,
        /// The inputs, in the order of the blueprint.
        inputs: Arc<Vec<Data>>,
        /// Whether it is a proof.
        guarded: bool,
    },
    /// Run on the processor, as a user's run would be. Replied by `Executed`.
    Compute(Arc<Vec<Data>>),
    /// Dispatch one group so often, as one submission, and wait. Replied by `Timed`.
    Time(ProgramId, u32, u32),
    /// Give a program up. Replied by `Done`.
    Drop(ProgramId),
}

/// What a pipeline asks for: of a device, of the registry, of the stages before it.
pub(super) enum Ask {
    /// A device's work.
    Device(Command),
    /// Record something.
    Note(Event, Vec<Schedule>, Evidence),
    /// Have a program answer. Replied by `Accepted`.
    Promote(Offer),
    /// A run of a program that answers takes so many seconds.
    Expect(ProgramId, f64),
    /// Go on when the kernel is hot and the device is idle. Replied by `Accepted`: whether there is reason to go on at all.
    Rest,
    /// A candidate comes to a stage. Replied by `Done`, or by `Failed` (`ForgeBusy`) while the stage's breaker is open.
    Enter(Stage),
    /// It has left the stage: whether it failed there; `None` where that says nothing about the device.
    Leave(Stage, Option<bool>),
    /// These failed, for this reason.
    Ban(Tried, Error),
    /// The processor answers, and takes so many seconds: what was tried is this.
    Stay(Extent, f64),
    /// The device has taught something.
    Learn(Topic, Vec<f64>),
    /// End here, and begin anew when the stages let somebody in again.
    Defer,
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// It is done.
    Done,
    /// The outputs, and the seconds from before the first write to after the last read.
    Executed(Vec<Data>, f64),
    /// How long it took.
    Timed(Timing),
    /// Whether it was accepted.
    Accepted(bool),
    /// It failed.
    Failed(Error),
}

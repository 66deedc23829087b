//! Where commands go out and replies come in.

use super::command::{Command, Reply};
use crate::ir::Data;
use crate::measure::Timing;
use crate::registry::{Event, Evidence, Offer, ProgramId};
use crate::schedule::Schedule;
use crate::wgsl::Kernel;
use alloc::{rc::Rc, sync::Arc, vec::Vec};
use core::cell::{Cell, RefCell};
use core::future::poll_fn;
use core::task::Poll;
use homeostat_core::error::{Code, Error, Result};

/// One command and one reply.
#[derive(Default)]
pub(super) struct Slot {
    pub command: Option<Command>,
    pub reply: Option<Reply>,
}

/// A pipeline's side of the slot.
#[derive(Clone)]
pub(super) struct Port {
    slot: Rc<RefCell<Slot>>,
    programs: Rc<Cell<u32>>,
}

fn unexpected() -> Error {
    Error::new(Code::InvalidOption, "reply: it does not belong to the command")
}

impl Port {
    pub fn new(slot: Rc<RefCell<Slot>>, programs: Rc<Cell<u32>>) -> Self {
        Self { slot, programs }
    }

    /// Sends a command and waits for its reply.
    async fn ask(&self, command: Command) -> Result<Reply> {
        self.slot.borrow_mut().command = Some(command);
        let reply = poll_fn(|_| self.slot.borrow_mut().reply.take().map_or(Poll::Pending, Poll::Ready)).await;
        match reply {
            Reply::Failed(error) => Err(error),
            other => Ok(other),
        }
    }

    pub async fn compile(&self, parts: Vec<(u32, Kernel)>) -> Result<ProgramId> {
        let program = ProgramId(self.programs.get());
        self.programs.set(program.0.wrapping_add(1));
        match self.ask(Command::Compile(program, parts)).await {
            Ok(_) => Ok(program),
            // What was made of it before it failed.
            Err(error) => {
                self.release(program).await;
                Err(error)
            }
        }
    }

    pub async fn execute(
        &self,
        program: ProgramId,
        inputs: &Arc<Vec<Data>>,
        guarded: bool,
    ) -> Result<(Vec<Data>, f64)> {
        match self.ask(Command::Execute { program, inputs: inputs.clone(), guarded }).await? {
            Reply::Executed(outputs, seconds) => Ok((outputs, seconds)),
            _ => Err(unexpected()),
        }
    }

    pub async fn compute(&self, inputs: &Arc<Vec<Data>>) -> Result<f64> {
        match self.ask(Command::Compute(inputs.clone())).await? {
            Reply::Executed(_, seconds) => Ok(seconds),
            _ => Err(unexpected()),
        }
    }

    pub async fn time(&self, program: ProgramId, group: u32, times: u32) -> Result<Timing> {
        match self.ask(Command::Time(program, group, times)).await? {
            Reply::Timed(timing) => Ok(timing),
            _ => Err(unexpected()),
        }
    }

    /// Gives a program up; what goes wrong with that changes nothing.
    pub async fn release(&self, program: ProgramId) {
        let _ = self.ask(Command::Drop(program)).await;
    }

    pub async fn note(&self, event: Event, schedules: &[Schedule], evidence: Evidence) {
        let _ = self.ask(Command::Note(event, schedules.to_vec(), evidence)).await;
    }

    pub async fn promote(&self, offer: Offer) -> bool {
        matches!(self.ask(Command::Promote(offer)).await, Ok(Reply::Accepted(true)))
    }

    pub async fn rest(&self) -> bool {
        matches!(self.ask(Command::Rest).await, Ok(Reply::Accepted(true)))
    }
}

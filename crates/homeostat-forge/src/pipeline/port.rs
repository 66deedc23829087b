//! Where commands go out and replies come in.

use super::command::{Ask, Command, Reply};
use super::gate::Stage;
use crate::architect::Topic;
use crate::ir::Data;
use crate::measure::Timing;
use crate::plan::{Plan, Variant};
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
    pub ask: Option<Ask>,
    pub reply: Option<Reply>,
    /// How much what it does now matters: one of flow's tiers.
    pub tier: u32,
}

/// What all pipelines share.
#[derive(Default)]
pub(super) struct Common {
    /// The next program's number.
    pub programs: Cell<u32>,
    /// Share of the usual work that is welcome.
    pub capacity: Cell<f64>,
}

/// A pipeline's side of the slot.
#[derive(Clone)]
pub(super) struct Port {
    slot: Rc<RefCell<Slot>>,
    common: Rc<Common>,
}

fn unexpected() -> Error {
    Error::new(Code::InvalidOption, "reply: it does not belong to the command")
}

impl Port {
    pub fn new(slot: Rc<RefCell<Slot>>, common: Rc<Common>) -> Self {
        Self { slot, common }
    }

    /// What is done from now on matters so much.
    pub fn matters(&self, tier: u32) {
        self.slot.borrow_mut().tier = tier;
    }

    /// Share of the usual work that is welcome.
    pub fn capacity(&self) -> f64 {
        self.common.capacity.get()
    }

    /// Sends a command and waits for its reply.
    async fn ask(&self, ask: Ask) -> Result<Reply> {
        self.slot.borrow_mut().ask = Some(ask);
        let reply = poll_fn(|_| self.slot.borrow_mut().reply.take().map_or(Poll::Pending, Poll::Ready)).await;
        match reply {
            Reply::Failed(error) => Err(error),
            other => Ok(other),
        }
    }

    /// Comes to a stage; an error while its breaker is open.
    pub async fn enter(&self, stage: Stage) -> Result<()> {
        self.ask(Ask::Enter(stage)).await.map(drop)
    }

    /// Leaves a stage with what became of the candidate there.
    pub async fn leave<T>(&self, stage: Stage, result: &Result<T>) {
        let failed = match result {
            Ok(_) => Some(false),
            // Of the caller's making, or of the machine's size: the driver did nothing wrong.
            Err(e) => match e.code {
                Code::DeviceMemory | Code::ForgeUnsupported | Code::ForgeBusy => None,
                Code::Closed | Code::InvalidOption => None,
                _ => Some(true),
            },
        };
        let _ = self.ask(Ask::Leave(stage, failed)).await;
    }

    pub async fn compile(&self, plan: &Arc<Plan>, parts: Vec<(u32, Kernel)>) -> Result<ProgramId> {
        // The breaker is asked when its turn comes: what waits for the driver meanwhile may become ill.
        let program = ProgramId(self.common.programs.get());
        self.common.programs.set(program.0.wrapping_add(1));
        let compiled = self.ask(Ask::Device(Command::Compile(program, plan.clone(), parts))).await;
        self.leave(Stage::Compile, &compiled).await;
        match compiled {
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
        match self.ask(Ask::Device(Command::Execute { program, inputs: inputs.clone(), guarded })).await? {
            Reply::Executed(outputs, seconds) => Ok((outputs, seconds)),
            _ => Err(unexpected()),
        }
    }

    pub async fn compute(&self, inputs: &Arc<Vec<Data>>) -> Result<f64> {
        match self.ask(Ask::Device(Command::Compute(inputs.clone()))).await? {
            Reply::Executed(_, seconds) => Ok(seconds),
            _ => Err(unexpected()),
        }
    }

    pub async fn time(&self, program: ProgramId, group: u32, times: u32) -> Result<Timing> {
        match self.ask(Ask::Device(Command::Time(program, group, times))).await? {
            Reply::Timed(timing) => Ok(timing),
            _ => Err(unexpected()),
        }
    }

    /// Gives a program up; what goes wrong with that changes nothing.
    pub async fn release(&self, program: ProgramId) {
        let _ = self.ask(Ask::Device(Command::Drop(program))).await;
    }

    pub async fn note(&self, event: Event, schedules: &[Schedule], evidence: Evidence) {
        let _ = self.ask(Ask::Note(event, schedules.to_vec(), evidence)).await;
    }

    pub async fn promote(&self, offer: Offer) -> bool {
        matches!(self.ask(Ask::Promote(offer)).await, Ok(Reply::Accepted(true)))
    }

    pub async fn rest(&self) -> bool {
        matches!(self.ask(Ask::Rest).await, Ok(Reply::Accepted(true)))
    }

    pub async fn ban(&self, variant: &Variant, group: usize, schedule: Schedule) {
        let _ = self.ask(Ask::Ban(variant.clone(), group, schedule)).await;
    }

    pub async fn learn(&self, topic: Topic, numbers: Vec<f64>) {
        let _ = self.ask(Ask::Learn(topic, numbers)).await;
    }

    pub async fn defer(&self) {
        let _ = self.ask(Ask::Defer).await;
    }
}

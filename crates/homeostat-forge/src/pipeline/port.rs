//! Where commands go out and replies come in.

use super::command::{Ask, Command, Reply};
use super::gate::Stage;
use crate::architect::Topic;
use crate::ir::Data;
use crate::measure::Timing;
use crate::plan::Plan;
use crate::registry::{Event, Evidence, Extent, Offer, ProgramId, Tried};
use crate::schedule::Schedule;
use crate::wgsl::Kernel;
use alloc::{rc::Rc, sync::Arc, vec::Vec};
use core::cell::{Cell, RefCell};
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use homeostat_core::error::{Code, Error, Result};

/// One command and one reply.
#[derive(Default)]
pub(super) struct Slot {
    pub ask: Option<Ask>,
    pub reply: Option<Reply>,
    /// How much what it does now matters: one of flow's tiers.
    pub tier: u32,
    /// What the program is made of that it has compiled next.
    pub tried: Option<Tried>,
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

    /// Sends a command. What it gives waits for the reply, and makes of it what `read` says.
    fn ask<T>(&self, ask: Ask, read: fn(Result<Reply>) -> T) -> Asked<'_, T> {
        self.send(ask);
        Asked { slot: &self.slot, read }
    }

    #[inline(never)]
    fn send(&self, ask: Ask) {
        self.slot.borrow_mut().ask = Some(ask);
    }

    /// Comes to a stage; an error while its breaker is open.
    pub fn enter(&self, stage: Stage) -> Asked<'_, Result<()>> {
        self.ask(Ask::Enter(stage), |reply| reply.map(drop))
    }

    /// Leaves a stage with what became of the candidate there.
    pub fn leave<T>(&self, stage: Stage, result: &Result<T>) -> Asked<'_, ()> {
        let failed = match result {
            Ok(_) => Some(false),
            // Of the caller's making, or of the machine's size: the driver did nothing wrong.
            Err(e) => match e.code {
                Code::DeviceMemory | Code::ForgeUnsupported | Code::ForgeBusy => None,
                Code::Closed | Code::InvalidOption => None,
                _ => Some(true),
            },
        };
        self.ask(Ask::Leave(stage, failed), drop)
    }

    /// Compiles kernels of these schedules.
    pub async fn compile(&self, tried: Tried, parts: Vec<(u32, Kernel)>) -> Result<ProgramId> {
        let plan = tried.form.plan.clone();
        self.compile_plan(tried, plan, parts).await
    }

    /// The same, of a plan of another size.
    pub async fn compile_plan(
        &self,
        tried: Tried,
        plan: Arc<Plan>,
        parts: Vec<(u32, Kernel)>,
    ) -> Result<ProgramId> {
        // The breaker is asked when its turn comes: what waits for the driver meanwhile may become ill.
        let program = ProgramId(self.common.programs.get());
        self.common.programs.set(program.0.wrapping_add(1));
        self.slot.borrow_mut().tried = Some(tried);
        let compiled = self.ask(Ask::Device(Command::Compile(program, plan, parts)), |reply| reply).await;
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

    pub fn execute(
        &self,
        program: ProgramId,
        inputs: &Arc<Vec<Data>>,
        guarded: bool,
    ) -> Asked<'_, Result<(Vec<Data>, f64)>> {
        let command = Command::Execute { program, inputs: inputs.clone(), guarded };
        self.ask(Ask::Device(command), |reply| match reply? {
            Reply::Executed(outputs, seconds) => Ok((outputs, seconds)),
            _ => Err(unexpected()),
        })
    }

    pub fn compute(&self, inputs: &Arc<Vec<Data>>) -> Asked<'_, Result<f64>> {
        self.ask(Ask::Device(Command::Compute(inputs.clone())), |reply| match reply? {
            Reply::Executed(_, seconds) => Ok(seconds),
            _ => Err(unexpected()),
        })
    }

    pub fn time(&self, program: ProgramId, group: u32, times: u32) -> Asked<'_, Result<Timing>> {
        self.ask(Ask::Device(Command::Time(program, group, times)), |reply| match reply? {
            Reply::Timed(timing) => Ok(timing),
            _ => Err(unexpected()),
        })
    }

    /// Gives a program up; what goes wrong with that changes nothing.
    pub fn release(&self, program: ProgramId) -> Asked<'_, ()> {
        self.ask(Ask::Device(Command::Drop(program)), drop)
    }

    pub fn note(&self, event: Event, schedules: &[Schedule], evidence: Evidence) -> Asked<'_, ()> {
        self.ask(Ask::Note(event, schedules.to_vec(), evidence), drop)
    }

    pub fn promote(&self, offer: Offer) -> Asked<'_, bool> {
        self.ask(Ask::Promote(offer), accepted)
    }

    /// From now on runs of what answers are expected to take so long.
    pub fn expect(&self, program: ProgramId, seconds: f64) -> Asked<'_, ()> {
        self.ask(Ask::Expect(program, seconds), drop)
    }

    pub fn rest(&self) -> Asked<'_, bool> {
        self.ask(Ask::Rest, accepted)
    }

    /// What failed is not tried again: in this life, or, where it was wrong, on this device.
    pub fn ban(&self, tried: Tried, error: &Error) -> Asked<'_, ()> {
        self.ask(Ask::Ban(tried, error.clone()), drop)
    }

    /// The processor answers, whatever the device was tried with.
    pub fn stay(&self, extent: Extent, seconds: f64) -> Asked<'_, ()> {
        self.ask(Ask::Stay(extent, seconds), drop)
    }

    pub fn learn(&self, topic: Topic, numbers: Vec<f64>) -> Asked<'_, ()> {
        self.ask(Ask::Learn(topic, numbers), drop)
    }

    pub fn defer(&self) -> Asked<'_, ()> {
        self.ask(Ask::Defer, drop)
    }
}

fn accepted(reply: Result<Reply>) -> bool {
    matches!(reply, Ok(Reply::Accepted(true)))
}

/// A command that was sent and whose reply is waited for. A type of its own rather than an `async` function around another one: at each of
/// the many places that ask, WebAssembly would have a copy of both.
#[must_use = "nobody waits for the reply"]
pub(super) struct Asked<'a, T> {
    slot: &'a RefCell<Slot>,
    read: fn(Result<Reply>) -> T,
}

impl<T> Future for Asked<'_, T> {
    type Output = T;

    #[inline(never)]
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        match take(self.slot) {
            Some(reply) => Poll::Ready((self.read)(reply)),
            None => Poll::Pending,
        }
    }
}

#[inline(never)]
fn take(slot: &RefCell<Slot>) -> Option<Result<Reply>> {
    slot.borrow_mut().reply.take().map(|reply| match reply {
        Reply::Failed(error) => Err(error),
        other => Ok(other),
    })
}

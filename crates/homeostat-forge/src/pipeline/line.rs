//! One kernel's pipeline, and what it asks for that needs no device.

use super::command::{Ask, Command, Reply};
use super::gate::{Gates, Stage};
use super::life::{Goal, Start};
use super::port::Slot;
use crate::registry::{KernelId, ProgramId, Registry, Tried};
use alloc::{boxed::Box, rc::Rc, vec::Vec};
use core::cell::RefCell;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use homeostat_core::error::{Code, Error, Result};
use homeostat_core::list::List;
use homeostat_reflex::breaker::Outcome;

/// Who keeps the registry: its owner, or a lock that runs share.
pub trait Keeper {
    /// Does something with the registry.
    fn with<T>(&self, work: impl FnOnce(&mut Registry) -> T) -> T;
}

impl Keeper for RefCell<Registry> {
    fn with<T>(&self, work: impl FnOnce(&mut Registry) -> T) -> T {
        work(&mut self.borrow_mut())
    }
}

#[cfg(feature = "std")]
impl Keeper for std::sync::Mutex<Registry> {
    fn with<T>(&self, work: impl FnOnce(&mut Registry) -> T) -> T {
        // The registry is whole at every step; a panic while it was held was a lack of memory.
        work(&mut self.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }
}

/// A pipeline that was begun.
pub(super) struct Line {
    pub future: Pin<Box<dyn Future<Output = ()>>>,
    pub slot: Rc<RefCell<Slot>>,
    /// Runs when it began to rest.
    pub resting: Option<u64>,
    /// Tells it from an earlier one of the same kernel.
    pub serial: u64,
    /// What it waits for the device with.
    pub pending: Option<Command>,
    /// Its place in that stage's queue.
    pub item: Option<(Stage, u64)>,
    /// Permits of the stages that it is in.
    pub permits: Vec<(Stage, u64)>,
    /// Programs that it compiled, and that neither answer nor were given up.
    pub open: Vec<(ProgramId, Option<Tried>)>,
    pub deferred: bool,
}

/// What a kernel's pipeline begins with; `None` without a device.
pub(super) fn start_of(registry: &Registry, id: KernelId) -> Result<Option<Start>> {
    let (subject, options) = (registry.subject(id)?, registry.kernel_options(id)?);
    let Some((_, limits)) = registry.device() else { return Ok(None) };
    let groups = 0..subject.plan.groups.len();
    Ok(Some(Start {
        limits: *limits,
        known: registry.known(id),
        stays: registry.stays(id),
        alike: groups.map(|g| registry.alike(id, g)).listed(),
        banned: registry.banned(id),
        lessons: registry.lessons(),
        strategies: registry.options().strategies.clone(),
        current: registry.current(id)?.cloned(),
        goal: Goal::Tune,
        subject,
        options,
    }))
}

/// Moves a pipeline on until it needs the device; `None` when it rests or has ended.
pub(super) fn advance(
    line: &mut Line,
    gates: &mut Gates,
    keeper: &impl Keeper,
    id: KernelId,
    now_us: u64,
) -> Option<Command> {
    loop {
        let polled = line.future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        if polled == Poll::Ready(()) {
            return None;
        }
        let ask = line.slot.borrow_mut().ask.take();
        let reply = match ask {
            Some(Ask::Device(command)) => {
                match &command {
                    Command::Compile(program, ..) => {
                        let tried = line.slot.borrow_mut().tried.take();
                        line.open.push((*program, tried));
                    }
                    Command::Drop(program) => line.open.retain(|(open, _)| open != program),
                    _ => {}
                }
                return Some(command);
            }
            Some(Ask::Rest) => match keeper.with(|r| r.last_run(id)) {
                Some((_, runs)) => {
                    line.resting = Some(runs);
                    return None;
                }
                None => Reply::Accepted(false),
            },
            Some(ask) => own(line, gates, keeper, id, ask, now_us),
            // It waits for a reply that was never sent: the owner asked twice.
            None => {
                Reply::Failed(Error::new(Code::InvalidOption, "next: the command before it has no reply yet"))
            }
        };
        line.slot.borrow_mut().reply = Some(reply);
    }
}

/// What needs no device.
fn own(
    line: &mut Line,
    gates: &mut Gates,
    keeper: &impl Keeper,
    id: KernelId,
    ask: Ask,
    now_us: u64,
) -> Reply {
    match ask {
        Ask::Note(event, schedules, evidence) => {
            keeper.with(|r| r.note(now_us, Some(id), event, &schedules, evidence));
        }
        Ask::Promote(offer) => {
            let program = offer.installed.program;
            let accepted = keeper.with(|r| r.promote(id, offer, now_us));
            line.open.retain(|(open, _)| !accepted || *open != program);
            return Reply::Accepted(accepted);
        }
        Ask::Expect(program, seconds) => keeper.with(|r| r.expect(id, program, seconds)),
        Ask::Enter(stage) => match gates.enter(stage, now_us) {
            Ok(permit) => line.permits.push((stage, permit)),
            Err(error) => return Reply::Failed(error),
        },
        Ask::Leave(stage, failed) => {
            let outcome = match failed {
                Some(true) => Outcome::Failure,
                Some(false) => Outcome::Success,
                None => Outcome::Ignored,
            };
            if let Some(at) = line.permits.iter().rposition(|(of, _)| *of == stage) {
                gates.leave(stage, line.permits.remove(at).1, outcome, now_us);
            }
        }
        Ask::Ban(tried, error) => keeper.with(|r| r.ban(id, &tried, &error, now_us)),
        Ask::Stay(extent, seconds) => keeper.with(|r| r.stay(id, extent, seconds)),
        Ask::Learn(topic, numbers) => keeper.with(|r| r.learn(topic, &numbers)),
        Ask::Defer => line.deferred = true,
        Ask::Device(_) | Ask::Rest => {}
    }
    Reply::Done
}

//! The pipelines of all kernels, in turn.

use super::command::{Command, Reply};
use super::life::{Goal, Start, live};
use super::port::{Port, Slot};
use crate::registry::{FieldReport, KernelId, ProgramId, Registry, Tier};
use crate::schedule::Schedule;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::{boxed::Box, rc::Rc, vec::Vec};
use core::cell::{Cell, RefCell};
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use homeostat_core::error::{Code, Error, Result};

/// Runs that make a kernel hot.
const HOT_RUNS: u64 = 32;
/// Without a run for so long, the device is idle.
const IDLE_US: u64 = 50_000;
/// Times that a kernel's slowness in the field is looked into again.
const REVIEWS_MAX: u32 = 4;

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

struct Line {
    future: Pin<Box<dyn Future<Output = ()>>>,
    slot: Rc<RefCell<Slot>>,
    /// Runs when it began to rest.
    resting: Option<u64>,
    /// Tells it from an earlier one of the same kernel.
    serial: u64,
    /// Programs that it compiled, and that neither answer nor were given up.
    open: Vec<ProgramId>,
}

/// The pipelines of all kernels.
#[derive(Default)]
pub struct Background {
    lines: BTreeMap<KernelId, Line>,
    order: VecDeque<KernelId>,
    programs: Rc<Cell<u32>>,
    /// The pipeline whose command is out.
    out: Option<(KernelId, u64)>,
    serial: u64,
    drops: VecDeque<ProgramId>,
    /// Whether a `Drop` without a kernel is out.
    dropping: bool,
    reviews: BTreeMap<KernelId, u32>,
    proposals: BTreeMap<KernelId, Vec<Schedule>>,
}

impl Background {
    /// Nothing to do.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a kernel's pipeline, or begins it anew.
    pub fn start(&mut self, keeper: &impl Keeper, id: KernelId) -> Result<()> {
        let start = keeper.with(|r| start_of(r, id))?;
        if let Some(start) = start {
            self.begin(id, start);
        }
        Ok(())
    }

    fn begin(&mut self, id: KernelId, start: Start) {
        let slot = Rc::new(RefCell::new(Slot::default()));
        let port = Port::new(slot.clone(), self.programs.clone());
        self.end(id);
        self.serial += 1;
        let future = Box::pin(live(port, start));
        self.lines.insert(id, Line { future, slot, resting: None, serial: self.serial, open: Vec::new() });
        self.order.push_back(id);
    }

    /// Ends a kernel's pipeline; a command that is out is still to be replied to.
    pub fn stop(&mut self, id: KernelId) {
        self.end(id);
        self.reviews.remove(&id);
        self.proposals.remove(&id);
    }

    /// Candidates of a pipeline that ends early are given up.
    fn end(&mut self, id: KernelId) {
        if let Some(line) = self.lines.remove(&id) {
            self.drops.extend(line.open);
            self.order.retain(|known| *known != id);
        }
    }

    /// Ends every pipeline, as after a device's loss. What is out needs no reply.
    pub fn clear(&mut self) {
        self.lines.clear();
        self.order.clear();
        self.drops.clear();
        (self.out, self.dropping) = (None, false);
    }

    /// Whether every pipeline has come to its end; one that rests has.
    pub fn is_settled(&self) -> bool {
        self.out.is_none() && self.lines.values().all(|line| line.resting.is_some())
    }

    /// Whether this kernel's pipeline has come to its end.
    pub fn has_settled(&self, id: KernelId) -> bool {
        self.is_free(id) && !self.proposals.contains_key(&id)
    }

    /// What the device should do next, and for which kernel (none for a program that is given up); `None` when there is nothing to
    /// do now, or a command is out.
    pub fn next(&mut self, keeper: &impl Keeper, now_us: u64) -> Option<(Option<KernelId>, Command)> {
        if self.out.is_some() || self.dropping {
            return None;
        }
        let (drops, reports) = keeper.with(|r| (r.take_drops(), r.take_reports()));
        self.drops.extend(drops);
        for report in reports {
            self.review(keeper, report);
        }
        self.begin_proposals(keeper);
        if let Some(program) = self.drops.pop_front() {
            self.dropping = true;
            return Some((None, Command::Drop(program)));
        }
        for _ in 0..self.order.len() {
            let id = self.order.pop_front()?;
            let Some(line) = self.lines.get_mut(&id) else { continue };
            if let Some(command) = advance(line, keeper, id, now_us) {
                self.order.push_back(id);
                self.out = Some((id, line.serial));
                return Some((Some(id), command));
            }
            if line.resting.is_some() {
                self.order.push_back(id);
            } else {
                self.end(id);
            }
        }
        None
    }

    /// What came of the command that is out.
    pub fn reply(&mut self, reply: Reply) {
        if core::mem::take(&mut self.dropping) {
            return;
        }
        // A kernel that was stopped meanwhile hears nothing.
        if let Some((id, serial)) = self.out.take()
            && let Some(line) = self.lines.get(&id).filter(|line| line.serial == serial)
        {
            line.slot.borrow_mut().reply = Some(reply);
        }
    }

    /// Has schedules proven and promoted, as soon as the kernel's pipeline has nothing else to do; a later proposal replaces one that
    /// waits.
    pub fn propose(&mut self, id: KernelId, schedules: Vec<Schedule>) {
        self.proposals.insert(id, schedules);
    }

    fn is_free(&self, id: KernelId) -> bool {
        self.lines.get(&id).is_none_or(|line| line.resting.is_some())
    }

    fn begin_proposals(&mut self, keeper: &impl Keeper) {
        let free: Vec<KernelId> = self.proposals.keys().copied().filter(|id| self.is_free(*id)).collect();
        for id in free {
            let Some(schedules) = self.proposals.remove(&id) else { continue };
            if let Ok(Some(start)) = keeper.with(|r| start_of(r, id)) {
                self.begin(id, Start { goal: Goal::Propose(schedules), ..start });
            }
        }
    }

    /// Something failed in the field. What was slow is compared once more; what was wrong is not tried again, and its kernel is
    /// searched for anew.
    fn review(&mut self, keeper: &impl Keeper, report: FieldReport) {
        let id = report.kernel;
        let reviews = self.reviews.entry(id).or_default();
        if *reviews >= REVIEWS_MAX || self.lines.get(&id).is_some_and(|line| line.resting.is_none()) {
            return;
        }
        *reviews += 1;
        let Ok(Some(start)) = keeper.with(|r| start_of(r, id)) else { return };
        if !report.wrong {
            self.begin(id, Start { goal: Goal::Review(report.schedules), ..start });
        } else if start.current.is_none() || start.options.tier != Tier::Fast {
            self.begin(id, start);
        }
    }
}

/// What a kernel's pipeline begins with; `None` without a device.
fn start_of(registry: &Registry, id: KernelId) -> Result<Option<Start>> {
    let (subject, options) = (registry.subject(id)?, registry.kernel_options(id)?);
    let Some((_, limits)) = registry.device() else { return Ok(None) };
    let groups = 0..subject.plan.groups.len();
    Ok(Some(Start {
        limits: *limits,
        known: registry.known(id),
        alike: groups.map(|g| registry.alike(id, g)).collect(),
        banned: registry.banned(id),
        current: registry.current(id)?.cloned(),
        goal: Goal::Tune,
        subject,
        options,
    }))
}

/// Moves a pipeline on until it needs the device; `None` when it rests or has ended.
fn advance(line: &mut Line, keeper: &impl Keeper, id: KernelId, now_us: u64) -> Option<Command> {
    if let Some(runs) = line.resting {
        let (last_us, now) = keeper.with(|r| r.last_run(id))?;
        if now - runs < HOT_RUNS || now_us.saturating_sub(last_us) < IDLE_US {
            return None;
        }
        line.resting = None;
        line.slot.borrow_mut().reply = Some(Reply::Accepted(true));
    }
    loop {
        let polled = line.future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        if polled == Poll::Ready(()) {
            return None;
        }
        let command = line.slot.borrow_mut().command.take();
        let reply = match command {
            Some(Command::Note(event, schedules, evidence)) => {
                keeper.with(|r| r.note(now_us, Some(id), event, &schedules, evidence));
                Reply::Done
            }
            Some(Command::Promote(offer)) => {
                let program = offer.installed.program;
                let accepted = keeper.with(|r| r.promote(id, offer, now_us));
                line.open.retain(|open| !accepted || *open != program);
                Reply::Accepted(accepted)
            }
            Some(Command::Rest) => match keeper.with(|r| r.last_run(id)) {
                Some((_, runs)) => {
                    line.resting = Some(runs);
                    return None;
                }
                None => Reply::Accepted(false),
            },
            Some(command) => {
                match &command {
                    Command::Compile(program, _) => line.open.push(*program),
                    Command::Drop(program) => line.open.retain(|open| open != program),
                    _ => {}
                }
                return Some(command);
            }
            // It waits for a reply that was never sent: the owner asked twice.
            None => {
                Reply::Failed(Error::new(Code::InvalidOption, "next: the command before it has no reply yet"))
            }
        };
        line.slot.borrow_mut().reply = Some(reply);
    }
}

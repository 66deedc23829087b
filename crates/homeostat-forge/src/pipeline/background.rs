//! The pipelines of all kernels: who is worked for, and whose command the device gets next.

use super::command::{Command, Reply};
use super::gate::{Gates, Stage};
use super::intake::{Admission, Intake};
use super::life::{Goal, Start, live};
use super::line::{Keeper, Line, advance, start_of};
use super::pace::Pace;
use super::port::{Common, Port, Slot};
use crate::map::{Map, Set};
use crate::registry::{Event, Evidence, FieldReport, KernelId, ProgramId, Tier};
use crate::schedule::Schedule;
use alloc::collections::VecDeque;
use alloc::{boxed::Box, format, rc::Rc, string::String, vec::Vec};
use core::cell::RefCell;
use homeostat_core::error::{Code, Error, Result};
use homeostat_core::list::List;
use homeostat_reflex::breaker::Outcome;
use homeostat_reflex::flow::pipeline::{COMPILATION, VALIDATION};
use homeostat_reflex::flow::{BACKGROUND, EMERGENCY, Queue, STRATEGIC, Taken, tier_of_interest};

/// Runs that make a kernel hot.
const HOT_RUNS: u64 = 32;
/// Times that a kernel's slowness in the field is looked into again.
const REVIEWS_MAX: u32 = 4;
/// Times that a pipeline is begun anew because a breaker was open.
const DEFERRALS_MAX: u32 = 8;
/// Shortest time until then.
const DEFER_US: u64 = 1_000_000;

/// A stage's queue: kernels whose pipelines wait there for the device.
struct Waiting {
    queue: Queue,
    of_item: Map<u64, KernelId>,
}

/// The pipelines of all kernels.
pub struct Background {
    intake: Intake,
    gates: Gates,
    lines: Map<KernelId, Line>,
    /// Pipelines that are to be moved on.
    ready: VecDeque<KernelId>,
    resting: Set<KernelId>,
    /// Pipelines that polish, and were stopped while they waited for the device.
    held: Set<KernelId>,
    pace: Pace,
    /// Whether polishing may go on now.
    may_polish: bool,
    compilation: Waiting,
    validation: Waiting,
    common: Rc<Common>,
    /// The pipeline whose command is out, and the program that it is about.
    out: Option<(KernelId, u64, Option<ProgramId>)>,
    /// When it went out.
    out_us: u64,
    serial: u64,
    drops: VecDeque<ProgramId>,
    /// Whether a `Drop` without a kernel is out.
    dropping: bool,
    reviews: Map<KernelId, u32>,
    deferrals: Map<KernelId, u32>,
    proposals: Map<KernelId, Vec<Schedule>>,
}

impl Default for Background {
    fn default() -> Self {
        let common = Common::default();
        common.capacity.set(1.0);
        let waiting = |config| Waiting { queue: Queue::new(config), of_item: Map::new() };
        Self {
            intake: Intake::default(),
            gates: Gates::default(),
            lines: Map::new(),
            ready: VecDeque::new(),
            resting: Set::new(),
            held: Set::new(),
            pace: Pace::default(),
            may_polish: false,
            compilation: waiting(COMPILATION),
            validation: waiting(VALIDATION),
            common: Rc::new(common),
            out: None,
            out_us: 0,
            serial: 0,
            drops: VecDeque::new(),
            dropping: false,
            reviews: Map::new(),
            deferrals: Map::new(),
            proposals: Map::new(),
        }
    }
}

impl Background {
    /// Nothing to do.
    pub fn new() -> Self {
        Self::default()
    }

    /// Has a kernel worked for, or worked for anew. Where there is no room for it, it is recorded, and comes back by itself.
    pub fn start(&mut self, keeper: &impl Keeper, id: KernelId, now_us: u64) -> Result<Admission> {
        let (there, runs) = keeper
            .with(|r| r.subject(id).map(|_| (r.device().is_some(), r.last_run(id).map_or(0, |l| l.1))))?;
        if !there {
            return Ok(Admission::Aside);
        }
        self.end(id, now_us);
        let interest = runs as f64 / (runs + HOT_RUNS / 4) as f64;
        Ok(self.offer(keeper, id, Goal::Tune, tier_of_interest(interest), now_us))
    }

    fn offer(&mut self, keeper: &impl Keeper, id: KernelId, goal: Goal, tier: u32, now_us: u64) -> Admission {
        let (admission, evicted) = self.intake.offer(id, goal, tier, now_us);
        let note = |id, event, reason: &str| {
            let evidence = Evidence { reason: reason.into(), ..Evidence::default() };
            keeper.with(|r| r.note(now_us, Some(id), event, &[], evidence));
        };
        match admission {
            Admission::Shed(_) => note(id, Event::Shed, "blueprints: the queue is full"),
            _ => note(id, Event::Queued, ""),
        }
        if let Some(other) = evicted {
            note(other, Event::Shed, "blueprints: what matters more took its place");
        }
        self.observe(keeper, now_us);
        admission
    }

    fn observe(&mut self, keeper: &impl Keeper, now_us: u64) {
        if let Some(capacity) = self.intake.observe(now_us) {
            self.common.capacity.set(capacity);
            // The four levels are whole per cents.
            let reason = format!("{} %", libm::round(capacity * 100.0) as u32);
            let evidence = Evidence { reason, ..Evidence::default() };
            keeper.with(|r| r.note(now_us, None, Event::Capacity, &[], evidence));
        }
    }

    /// Share of the usual work that is welcome: 1, 0.7, 0.3 or 0.1.
    pub fn capacity(&self) -> f64 {
        self.common.capacity.get()
    }

    fn begin(&mut self, id: KernelId, start: Start, now_us: u64) {
        let slot = Rc::new(RefCell::new(Slot::default()));
        let port = Port::new(slot.clone(), self.common.clone());
        self.end(id, now_us);
        self.serial += 1;
        let line = Line {
            future: Box::pin(live(port, start)),
            slot,
            resting: None,
            serial: self.serial,
            pending: None,
            item: None,
            permits: Vec::new(),
            open: Vec::new(),
            deferred: false,
        };
        self.lines.insert(id, line);
        self.ready.push_back(id);
    }

    /// Ends a kernel's pipeline; a command that is out is still to be replied to.
    pub fn stop(&mut self, id: KernelId, now_us: u64) {
        self.end(id, now_us);
        self.intake.remove(id);
        self.reviews.remove(&id);
        self.deferrals.remove(&id);
        self.proposals.remove(&id);
    }

    /// Candidates of a pipeline that ends early are given up, and say nothing of the stage that they were in.
    fn end(&mut self, id: KernelId, now_us: u64) {
        let Some(line) = self.lines.remove(&id) else { return };
        self.drops.extend(line.open.into_iter().map(|(program, _)| program));
        for (stage, permit) in line.permits {
            self.gates.leave(stage, permit, Outcome::Ignored, now_us);
        }
        if let Some((stage, item)) = line.item {
            let waiting = self.waiting(stage);
            waiting.queue.cancel(item);
            waiting.of_item.remove(&item);
        }
        self.ready.retain(|known| *known != id);
        self.resting.remove(&id);
        self.held.remove(&id);
    }

    fn waiting(&mut self, stage: Stage) -> &mut Waiting {
        match stage {
            Stage::Compile => &mut self.compilation,
            Stage::Validate => &mut self.validation,
        }
    }

    /// Ends every pipeline, as after a device's loss. What is out needs no reply; it counts as failed in the stage that it was in.
    pub fn clear(&mut self, now_us: u64) {
        if let Some(line) = self.out.and_then(|(id, ..)| self.lines.get_mut(&id)) {
            for (stage, permit) in core::mem::take(&mut line.permits) {
                self.gates.leave(stage, permit, Outcome::Failure, now_us);
            }
        }
        let ids: Vec<KernelId> = self.lines.keys().copied().listed();
        ids.into_iter().for_each(|id| self.end(id, now_us));
        self.intake = Intake::default();
        self.common.capacity.set(1.0);
        self.drops.clear();
        (self.out, self.dropping) = (None, false);
        self.pace = Pace::default();
    }

    /// Whether every pipeline has come to its end; one that rests has, or that would only polish and has to wait.
    pub fn is_settled(&self) -> bool {
        let free = || self.lines.keys().all(|id| self.is_free(*id));
        self.out.is_none() && self.intake.is_empty() && free()
    }

    /// Whether this kernel's pipeline has come to its end, and it does not wait for another one.
    pub fn has_settled(&self, id: KernelId) -> bool {
        self.is_free(id) && !self.intake.has(id) && !self.proposals.contains_key(&id)
    }

    /// What the device should do next, and for which kernel (none for a program that is given up); `None` when there is nothing to
    /// do now, or a command is out.
    pub fn next(&mut self, keeper: &impl Keeper, now_us: u64) -> Option<(Option<KernelId>, Command)> {
        if self.out.is_some() || self.dropping {
            return None;
        }
        self.ended(keeper, now_us);
        self.gates.advance(now_us);
        let (drops, reports, last_run) =
            keeper.with(|r| (r.take_drops(), r.take_reports(), r.latest_run_us()));
        self.drops.extend(drops);
        for report in reports {
            self.review(keeper, report, now_us);
        }
        self.begin_proposals(keeper, now_us);
        self.admit(keeper, now_us);
        if let Some(program) = self.drops.pop_front() {
            self.dropping = true;
            return Some((None, Command::Drop(program)));
        }
        if !self.pace.may_work(last_run, now_us) {
            return None;
        }
        self.may_polish = self.pace.may_polish(last_run, now_us);
        if self.may_polish {
            self.ready.extend(core::mem::take(&mut self.held).iter().copied());
        }
        self.wake(keeper);
        let command = loop {
            self.advance_all(keeper, now_us);
            if let Some(command) = self.pick(now_us) {
                break Some(command);
            }
            // Pipelines that ended made room for others.
            self.admit(keeper, now_us);
            if self.ready.is_empty() {
                break None;
            }
        };
        for change in self.gates.changes(now_us) {
            let evidence = Evidence { reason: change, ..Evidence::default() };
            keeper.with(|r| r.note(now_us, None, Event::Breaker, &[], evidence));
        }
        command
    }

    /// Begins pipelines for those that wait, as many as the compilation's queue has places.
    fn admit(&mut self, keeper: &impl Keeper, now_us: u64) {
        self.intake.readmit(now_us, |id| keeper.with(|r| r.last_run(id).map_or(0, |(_, runs)| runs)));
        // While a stage lets nobody in they wait in the queue: beginning them would only be work.
        let aside = self.resting.len() + self.held.len();
        while self.gates.wait_us() == 0 && self.lines.len() - aside < COMPILATION.depth as usize {
            let Some((id, goal)) = self.intake.take(now_us) else { break };
            if let Ok(Some(start)) = keeper.with(|r| start_of(r, id)) {
                self.begin(id, Start { goal, ..start }, now_us);
            }
        }
        self.observe(keeper, now_us);
    }

    /// Pipelines that rest go on where their kernel is hot and the device idle; polishing waits while capacity is short.
    fn wake(&mut self, keeper: &impl Keeper) {
        if self.capacity() < 1.0 || !self.may_polish {
            return;
        }
        let resting: Vec<KernelId> = self.resting.iter().copied().listed();
        for id in resting {
            let Some(line) = self.lines.get_mut(&id) else { continue };
            let (Some(before), Some((_, runs))) = (line.resting, keeper.with(|r| r.last_run(id))) else {
                continue;
            };
            if runs - before >= HOT_RUNS {
                line.resting = None;
                line.slot.borrow_mut().reply = Some(Reply::Accepted(true));
                self.resting.remove(&id);
                self.ready.push_back(id);
            }
        }
    }

    /// Moves every pipeline on that has something to go on with, until it needs the device.
    fn advance_all(&mut self, keeper: &impl Keeper, now_us: u64) {
        for _ in 0..self.ready.len() {
            let Some(id) = self.ready.pop_front() else { break };
            let Some(line) = self.lines.get_mut(&id) else { continue };
            if line.pending.is_none() {
                line.pending = advance(line, &mut self.gates, keeper, id, now_us);
            }
            let Some(command) = &line.pending else {
                if line.resting.is_some() {
                    self.resting.insert(id);
                } else {
                    let deferred = line.deferred;
                    self.end(id, now_us);
                    if deferred {
                        self.defer(keeper, id, now_us);
                    }
                }
                continue;
            };
            let stage = match command {
                Command::Compile(..) => Stage::Compile,
                _ => Stage::Validate,
            };
            let tier = line.slot.borrow().tier;
            let waiting = self.waiting(stage);
            match waiting.queue.enqueue(tier, u64::MAX, now_us) {
                Ok(enqueued) => {
                    waiting.of_item.insert(enqueued.item, id);
                    let evicted = enqueued.evicted.and_then(|item| waiting.of_item.remove(&item));
                    if let Some(line) = self.lines.get_mut(&id) {
                        line.item = Some((stage, enqueued.item));
                    }
                    // It keeps what it waits with, and comes again.
                    if let Some(other) = evicted.and_then(|other| self.lines.get_mut(&other)) {
                        other.item = None;
                    }
                    self.ready.extend(evicted);
                }
                // It keeps what it waits with, and comes again.
                Err(_) => self.ready.push_back(id),
            }
        }
    }

    /// The next command: what was compiled is proven and timed before anything else is compiled.
    fn pick(&mut self, now_us: u64) -> Option<(Option<KernelId>, Command)> {
        for stage in [Stage::Validate, Stage::Compile] {
            while let Some(Taken::Start(item) | Taken::Expired(item)) = self.waiting(stage).queue.take(now_us)
            {
                let Some(id) = self.waiting(stage).of_item.remove(&item) else { continue };
                let line = self.lines.get_mut(&id)?;
                line.item = None;
                let polishes = line.slot.borrow().tier == BACKGROUND;
                // Who is in a stage ends there first: its permit may be the one that a breaker waits for.
                if polishes && !self.may_polish && line.permits.is_empty() {
                    self.held.insert(id);
                    continue;
                }
                let command = line.pending.take()?;
                if let Command::Compile(..) = command {
                    match self.gates.enter(Stage::Compile, now_us) {
                        Ok(permit) => line.permits.push((Stage::Compile, permit)),
                        Err(error) => {
                            line.slot.borrow_mut().reply = Some(Reply::Failed(error));
                            self.ready.push_back(id);
                            return None;
                        }
                    }
                }
                let program = match &command {
                    Command::Compile(program, ..)
                    | Command::Execute { program, .. }
                    | Command::Time(program, ..) => Some(*program),
                    Command::Compute(_) | Command::Drop(_) => None,
                };
                (self.out, self.out_us) = (Some((id, line.serial, program)), now_us);
                self.pace.begin(polishes, now_us);
                return Some((Some(id), command));
            }
        }
        None
    }

    /// The command that was out has just been carried out: what it took counts from when it went out until then. Who does not tell is
    /// taken to have been at it until the next one is asked for.
    pub fn ended(&mut self, keeper: &impl Keeper, now_us: u64) {
        let (share, last_run) = keeper.with(|r| (r.options().share, r.latest_run_us()));
        self.pace.end(share, last_run, now_us);
    }

    /// How long nothing is given out, so that the runs keep their share of the device.
    pub fn wait_us(&self, now_us: u64) -> u64 {
        self.pace.wait_us(now_us)
    }

    /// What hung the device would hang the next one too: the schedules of the program that is out are not tried again.
    pub fn blame(&mut self, keeper: &impl Keeper, error: &Error) {
        let Some((id, serial, Some(program))) = self.out else { return };
        if error.code != Code::DeviceHung {
            return;
        }
        let line = self.lines.get(&id).filter(|line| line.serial == serial);
        let of = |line: &Line| line.open.iter().find(|(open, _)| *open == program).cloned();
        keeper.with(|r| match line.and_then(of) {
            Some((_, Some(tried))) => r.ban(id, &tried, error, self.out_us),
            // It answers already.
            _ => r.quarantine(id, program, &error.message, self.out_us),
        });
    }

    /// What came of the command that is out. Of a device that hung it is told before the registry is.
    pub fn reply(&mut self, keeper: &impl Keeper, reply: Reply) {
        if core::mem::take(&mut self.dropping) {
            return;
        }
        if let Reply::Failed(error) = &reply {
            self.blame(keeper, error);
        }
        // A kernel that was stopped meanwhile hears nothing.
        if let Some((id, serial, _)) = self.out.take()
            && let Some(line) = self.lines.get(&id).filter(|line| line.serial == serial)
        {
            line.slot.borrow_mut().reply = Some(reply);
            self.ready.push_back(id);
        }
    }

    /// Has schedules proven and promoted, as soon as the kernel's pipeline has nothing else to do; a later proposal replaces one that
    /// waits.
    pub fn propose(&mut self, id: KernelId, schedules: Vec<Schedule>) {
        self.proposals.insert(id, schedules);
    }

    fn is_free(&self, id: KernelId) -> bool {
        self.held.contains(&id) || self.lines.get(&id).is_none_or(|line| line.resting.is_some())
    }

    fn begin_proposals(&mut self, keeper: &impl Keeper, now_us: u64) {
        let is_free = |id: &KernelId| self.is_free(*id) && !self.intake.has(*id);
        let free: Vec<KernelId> = self.proposals.keys().copied().filter(is_free).listed();
        for id in free {
            let Some(schedules) = self.proposals.remove(&id) else { continue };
            if keeper.with(|r| r.device().is_some() && r.subject(id).is_ok()) {
                self.offer(keeper, id, Goal::Propose(schedules), STRATEGIC, now_us);
            }
        }
    }

    /// Something failed in the field. What was slow is compared once more; what was wrong is not tried again, and its kernel is
    /// searched for anew.
    fn review(&mut self, keeper: &impl Keeper, report: FieldReport, now_us: u64) {
        let id = report.kernel;
        if *self.reviews.or_default(id) >= REVIEWS_MAX || !self.is_free(id) {
            return;
        }
        *self.reviews.or_default(id) += 1;
        let Ok(Some(start)) = keeper.with(|r| start_of(r, id)) else { return };
        if !report.wrong {
            self.offer(keeper, id, Goal::Review(report.form, report.schedules), STRATEGIC, now_us);
        } else if start.current.is_none() {
            // What answered was wrong, and nothing of the device's is left.
            self.offer(keeper, id, Goal::Tune, EMERGENCY, now_us);
        } else if start.options.tier != Tier::Fast {
            self.offer(keeper, id, Goal::Tune, STRATEGIC, now_us);
        }
    }

    /// A breaker was open: the kernel comes back when it is not, but not for ever.
    fn defer(&mut self, keeper: &impl Keeper, id: KernelId, now_us: u64) {
        let deferrals = self.deferrals.or_default(id);
        *deferrals += 1;
        let (event, reason) = if *deferrals <= DEFERRALS_MAX {
            let tier = homeostat_reflex::flow::EXPERIMENTAL;
            self.intake.defer(id, Goal::Tune, tier, now_us + self.gates.wait_us().max(DEFER_US));
            (Event::Shed, "a stage's breaker is open")
        } else {
            (Event::Settled, "the breakers were open every time: what answers stays")
        };
        let evidence = Evidence { reason: String::from(reason), ..Evidence::default() };
        keeper.with(|r| r.note(now_us, Some(id), event, &[], evidence));
    }
}

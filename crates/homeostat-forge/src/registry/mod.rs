//! Every kernel of a forge: who answers its runs, what is known of it, and the one way in which that changes.
//!
//! ```text
//!           begin ─> Ticket ─> (device or processor computes) ─> end ─> Outcome
//! propose ─> check ─> journal ─> apply ─> watch ─┬─> keep
//!                                                └─> demote | quarantine ─> journal ─> roll back ─> report
//! ```
//!
//! Every step here takes microseconds: a lock around the registry holds no run up. What takes longer (compiling, proving, timing) is
//! done by `pipeline`, which then asks to be promoted.
//!
//! # What always holds
//!
//! 1. A program answers only after it was promoted; it is promoted only with the evidence of its proof, and only where that can be
//!    recorded. What protects needs no room in the journal.
//! 2. A run ends with the program that it began with: a program is given up (`take_drops`) when its last run has ended.
//! 3. A program that was wrong once never answers again, even where it had been rolled back to or the run began before a swap. Its
//!    schedules are quarantined in the library, and not proposed again.
//! 4. Without a device every run is the processor's.

mod change;
mod entry;
mod field;
mod journal;
mod known;
mod learned;
mod options;
mod query;
mod subject;

pub use entry::{Entry, Event, Evidence};
pub use field::{Installed, Stats, Ticket};
pub use journal::{CAPACITY, Journal};
pub use known::Extent;
pub use options::{Backend, KernelOptions, Options, Tier};
pub use subject::{Form, Subject, Tried};

use crate::ir::{Blueprint, Data, Hash};
use crate::library::{DeviceKey, Library, Reading};
use crate::map::Map;
use crate::measure::Median;
use crate::prove::{Truth, Verdict, work};
use crate::schedule::{Limits, Schedule};
use alloc::collections::VecDeque;
use alloc::{format, string::String, sync::Arc, vec::Vec};
use field::Field;
use homeostat_core::error::{Code, Error, Result};
use homeostat_core::list::List;
use homeostat_solver::order::ascending;

/// Most events that wait to be taken; what is dropped is counted.
const EVENTS_MAX: usize = 4096;
/// Elements of each output that a spot check looks at.
const CHECKED: usize = 64;
/// Products up to which a spot check looks at every element: about a millisecond.
const CHECK_WORK_MAX: f64 = 1e6;
/// Most kernels of a forge.
pub const KERNELS_MAX: usize = 65_536;

/// Which kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KernelId(pub u32);

/// Which program: a kernel compiled by some schedules, with its tensors, on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProgramId(pub u32);

/// How a run came out.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// There is an answer, after so many seconds; compared with the oracle where the ticket asked for it.
    Answered(f64, Option<Verdict>),
    /// The device failed.
    Failed(Error),
    /// The processor answered, or the caller gave up.
    Aside,
}

/// What to do with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Give it.
    Keep,
    /// Do not: compute on the processor.
    Recompute,
}

/// A program that asks to answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// What is to be installed.
    pub installed: Installed,
    /// Its time over that of what answers now, where they were compared.
    pub ratio: Option<Median>,
    /// Its greatest error in the proof, as a share of what is allowed.
    pub worst: f64,
}

/// A program that failed in the field: for whoever looks for better ones.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldReport {
    /// Of which kernel.
    pub kernel: KernelId,
    /// Which graph it computed.
    pub form: Form,
    /// What failed.
    pub schedules: Vec<Schedule>,
    /// Whether it was wrong; else it was slow.
    pub wrong: bool,
}

/// Every kernel of a forge.
pub struct Registry {
    options: Options,
    device: Option<(DeviceKey, Limits)>,
    /// Devices that came.
    epoch: u32,
    fields: Map<KernelId, Field>,
    /// How many kernels there are of each blueprint.
    wanted: Map<Hash, u32>,
    next: u32,
    /// What was learned.
    pub library: Library,
    journal: Journal,
    events: VecDeque<Entry>,
    dropped: u64,
    /// When something was noted last.
    latest_us: u64,
    /// When a run began last, of whatever kernel.
    latest_run_us: Option<u64>,
    /// Runs of each program that have not ended.
    users: Map<ProgramId, u32>,
    drops: Vec<ProgramId>,
    reports: Vec<FieldReport>,
}

impl Registry {
    /// A forge without kernels and without a device.
    pub fn new(options: Options) -> Result<Self> {
        Ok(Self {
            journal: Journal::new(options.run_id.clone(), options.previous.clone())?,
            options,
            device: None,
            epoch: 0,
            fields: Map::new(),
            wanted: Map::new(),
            next: 0,
            library: Library::new(),
            events: VecDeque::new(),
            dropped: 0,
            latest_us: 0,
            latest_run_us: None,
            users: Map::new(),
            drops: Vec::new(),
            reports: Vec::new(),
        })
    }

    /// A device is there, the first one or another one after a loss.
    pub fn attach(&mut self, device: DeviceKey, limits: Limits, now_us: u64) {
        let reason = format!("{} {}", device.backend, device.driver);
        self.library.mark_device(&device, true);
        self.device = Some((device, limits));
        self.epoch = self.epoch.wrapping_add(1);
        self.note(now_us, None, Event::Attached, &[], Evidence { reason, ..Evidence::default() });
    }

    /// The device is gone: from now on the processor answers.
    pub fn gone(&mut self, error: &Error, now_us: u64) {
        let Some((device, _)) = self.device.take() else { return };
        let reason = format!("{}: {}", error.code.as_str(), error.message);
        self.note(now_us, None, Event::DeviceGone, &[], Evidence { reason, ..Evidence::default() });
        for id in self.ids() {
            self.retire_all(id, "its device is gone", now_us);
        }
        self.library.mark_device(&device, false);
        // Its programs went with it.
        self.drops.clear();
    }

    /// The device, while it is there.
    pub fn device(&self) -> Option<(&DeviceKey, &Limits)> {
        self.device.as_ref().map(|(key, limits)| (key, limits))
    }

    /// The forge's options.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// A kernel of a blueprint. Until something is promoted the processor answers.
    pub fn add(&mut self, blueprint: Blueprint, options: KernelOptions, now_us: u64) -> Result<KernelId> {
        if self.fields.len() >= KERNELS_MAX {
            let text = format!("kernels: expected at most {KERNELS_MAX} at once");
            return Err(Error::new(Code::InvalidOption, text));
        }
        let most = self.device.as_ref().map_or(8, |(_, limits)| limits.storage_buffers);
        let subject = Arc::new(Subject::new(blueprint, most as usize)?);
        subject.fits(options.memory_max)?;
        *self.wanted.or_default(subject.hash) += 1;
        self.library.want_blueprint(&subject.hash);
        let id = KernelId(self.next);
        self.next = self.next.wrapping_add(1);
        self.fields.insert(id, Field::new(subject, options));
        self.note(now_us, Some(id), Event::Added, &[], Evidence::default());
        Ok(id)
    }

    /// Gives a kernel up. Runs that have begun end as they began.
    pub fn dispose(&mut self, id: KernelId, now_us: u64) {
        let Some(hash) = self.fields.get(&id).map(|f| f.subject.hash) else { return };
        let wanted = self.wanted.or_default(hash);
        *wanted -= 1;
        let last = *wanted == 0;
        let reason = String::from(if last { "nobody wants its blueprint any more" } else { "" });
        self.note(now_us, Some(id), Event::Disposed, &[], Evidence { reason, ..Evidence::default() });
        let programs = self.retire_all(id, "it was disposed of", now_us);
        self.fields.remove(&id);
        programs.into_iter().for_each(|program| self.give_up(program));
        if last {
            self.wanted.remove(&hash);
            self.library.retire_blueprint(&hash);
        }
    }

    /// Every kernel.
    pub fn ids(&self) -> Vec<KernelId> {
        self.fields.keys().copied().listed()
    }

    /// Every kernel, the most used ones first.
    pub fn ids_by_use(&self) -> Vec<KernelId> {
        let ids = self.ids();
        let fewest: Vec<f64> =
            ids.iter().map(|id| -self.last_run(*id).map_or(0.0, |(_, runs)| runs as f64)).listed();
        ascending(&fewest).into_iter().map(|i| ids[i]).listed()
    }

    fn field(&self, id: KernelId) -> Result<&Field> {
        self.fields.get(&id).ok_or_else(closed)
    }

    /// What a kernel computes.
    pub fn subject(&self, id: KernelId) -> Result<Arc<Subject>> {
        self.field(id).map(|f| f.subject.clone())
    }

    /// A kernel's options.
    pub fn kernel_options(&self, id: KernelId) -> Result<KernelOptions> {
        self.field(id).map(|f| f.options)
    }

    /// What a kernel's runs came to.
    pub fn stats(&self, id: KernelId) -> Result<Stats> {
        self.field(id).map(|f| f.stats)
    }

    /// The program that answers; `None` where the processor does.
    pub fn current(&self, id: KernelId) -> Result<Option<&Installed>> {
        self.field(id).map(|f| f.current.as_ref())
    }

    /// The last candidate of a kernel that was wrong or refused: why, and the smallest case found that fails.
    pub fn rejected(&self, id: KernelId) -> Option<&Entry> {
        self.fields.get(&id).and_then(|f| f.rejected.as_ref())
    }

    /// When a kernel ran last, and how often it did.
    pub fn last_run(&self, id: KernelId) -> Option<(u64, u64)> {
        self.fields.get(&id).map(|f| (f.last_us, f.stats.runs))
    }

    /// When a run of any kernel began last.
    pub fn latest_run_us(&self) -> Option<u64> {
        self.latest_run_us
    }

    /// Begins a run.
    pub fn begin(&mut self, id: KernelId, now_us: u64) -> Result<Ticket> {
        let field = self.fields.get_mut(&id).ok_or_else(closed)?;
        let (program, check) = field.begin(now_us);
        self.latest_run_us = Some(now_us);
        if let Some(program) = program {
            *self.users.or_default(program) += 1;
        }
        let seed = field.options.seed ^ field.stats.runs.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Ok(Ticket { kernel: id, program, check, seed, epoch: self.epoch })
    }

    /// Ends a run, and says what to do with its answer.
    pub fn end(&mut self, ticket: Ticket, ended: Ended, now_us: u64) -> Outcome {
        let Some(program) = ticket.program else { return Outcome::Keep };
        self.release(ticket.kernel, program);
        let Some(field) = self.fields.get_mut(&ticket.kernel) else {
            // Disposed of meanwhile: its answer is still right.
            return if matches!(ended, Ended::Failed(_)) { Outcome::Recompute } else { Outcome::Keep };
        };
        let report = match ended {
            Ended::Aside => return Outcome::Keep,
            Ended::Failed(error) => {
                field.stats.failed += 1;
                if is_loss(&error) && ticket.epoch != self.epoch {
                    // Of a device that went before this one came.
                } else if is_loss(&error) {
                    if error.code == Code::DeviceHung {
                        // It would hang the next device too.
                        self.quarantine(ticket.kernel, program, &error.message, now_us);
                    }
                    self.gone(&error, now_us);
                } else if matches!(error.code, Code::KernelRejected | Code::Panic) {
                    self.quarantine(ticket.kernel, program, &error.message, now_us);
                }
                // A full queue or a lack of memory is not the program's fault.
                return Outcome::Recompute;
            }
            Ended::Answered(seconds, verdict) => {
                field.stats.on_device += 1;
                if let Some(verdict) = verdict {
                    field.stats.checked += 1;
                    if let Some(miss) = verdict.miss {
                        field.stats.wrong += 1;
                        self.quarantine(ticket.kernel, program, &format!("{miss}"), now_us);
                        return Outcome::Recompute;
                    }
                }
                let answers = field.current.as_ref().is_some_and(|c| c.program == program);
                if answers { field.watch.took(seconds) } else { None }
            }
        };
        match report {
            Some(report) => self.demote(ticket.kernel, program, report, now_us),
            None => self.keep(ticket.kernel, now_us),
        }
        Outcome::Keep
    }

    fn report(&mut self, report: FieldReport) {
        // Whoever looks at them is slower than they can come in only where everything fails.
        if self.reports.len() < EVENTS_MAX {
            self.reports.push(report);
        }
    }

    /// A run has ended: the last one of a program that was taken out gives it up.
    fn release(&mut self, id: KernelId, program: ProgramId) {
        let Some(n) = self.users.get_mut(&program) else { return };
        *n -= 1;
        if *n == 0 {
            self.users.remove(&program);
            if !self.fields.get(&id).is_some_and(|f| f.has(program)) {
                self.give_up(program);
            }
        }
    }

    /// A program that was taken out is given up, now or when its last run ends.
    fn give_up(&mut self, program: ProgramId) {
        if !self.users.contains_key(&program) && self.device.is_some() {
            self.drops.push(program);
        }
    }

    /// Records something of a kernel.
    pub fn note(
        &mut self,
        time_us: u64,
        id: Option<KernelId>,
        event: Event,
        schedules: &[Schedule],
        evidence: Evidence,
    ) {
        let kernel = id.and_then(|id| Some((id, self.fields.get(&id)?.subject.hash)));
        let entry = Entry { seq: 0, time_us, kernel, event, schedules: schedules.to_vec(), evidence };
        self.latest_us = self.latest_us.max(time_us);
        if let Some((id, hash)) = kernel {
            self.follow(hash, event);
            if event == Event::Rejected
                && let Some(field) = self.fields.get_mut(&id)
            {
                field.rejected = Some(entry.clone());
            }
        }
        if event.is_decision() {
            self.journal.push(entry.clone());
        }
        if self.events.len() == EVENTS_MAX {
            self.events.pop_front();
            self.dropped += 1;
        }
        self.events.push_back(entry);
    }

    /// Takes lines that were kept, by an earlier life or by other processes. What those found wrong does not answer here any more.
    pub fn read_library(&mut self, bytes: &[u8]) -> Reading {
        let reading = self.library.read(bytes);
        if reading.quarantined > 0 {
            self.heed(self.latest_us);
        }
        reading
    }

    /// What was found in the library besides facts: lines that are damaged, or of another version. They are refused.
    pub fn note_found(&mut self, damaged: u64, other_version: u64, now_us: u64) {
        for (n, code) in [(damaged, Code::LibraryDamaged), (other_version, Code::LibraryVersion)] {
            if n > 0 {
                let reason = format!("{}: {n} lines of the library", code.as_str());
                self.note(now_us, None, Event::Rejected, &[], Evidence { reason, ..Evidence::default() });
            }
        }
    }

    /// There is no device, or something of the host's failed.
    pub fn note_no_device(&mut self, error: &Error, now_us: u64) {
        let reason = format!("{error}");
        self.note(now_us, None, Event::DeviceGone, &[], Evidence { reason, ..Evidence::default() });
    }

    /// What happened since this was last asked, and how much of it was dropped.
    pub fn take_events(&mut self) -> (Vec<Entry>, u64) {
        (self.events.drain(..).listed(), core::mem::take(&mut self.dropped))
    }

    /// Chained lines of the journal, about so many bytes of them.
    pub fn take_journal(&mut self, max_bytes: usize) -> String {
        self.journal.take(max_bytes)
    }

    /// Decisions that were never recorded.
    pub fn lost(&self) -> u64 {
        self.journal.lost()
    }

    /// Programs that nothing needs any more.
    pub fn take_drops(&mut self) -> Vec<ProgramId> {
        core::mem::take(&mut self.drops)
    }

    /// What failed in the field since this was last asked.
    pub fn take_reports(&mut self) -> Vec<FieldReport> {
        core::mem::take(&mut self.reports)
    }
}

/// Compares an answer with the oracle: all of it where that is little work, else at the places that its ticket draws.
pub fn check(subject: &Subject, ticket: &Ticket, inputs: &[Data], outputs: &[Data]) -> Result<Verdict> {
    let (blueprint, seed) = (&subject.blueprint, ticket.seed);
    let truth = if work(blueprint) <= CHECK_WORK_MAX {
        Truth::of(blueprint, inputs, seed)?
    } else {
        Truth::sampled(blueprint, inputs, CHECKED, seed)?
    };
    Ok(truth.judge(outputs))
}

/// Whether an error means that nothing of the device is left.
pub fn is_loss(error: &Error) -> bool {
    matches!(error.code, Code::DeviceLost | Code::DeviceHung | Code::NoAdapter)
}

/// Whether an error says that a candidate is wrong, here and whenever it is tried again.
pub(crate) fn is_wrong(error: &Error) -> bool {
    matches!(error.code, Code::KernelRejected | Code::Panic | Code::DeviceHung)
}

fn closed() -> Error {
    Error::new(Code::Closed, "the kernel was disposed of before this call")
}

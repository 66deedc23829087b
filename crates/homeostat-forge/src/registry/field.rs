//! One kernel in the field: who answers now, who did before, and which programs are still in use.

use super::options::KernelOptions;
use super::subject::{Form, Subject};
use super::{Entry, KernelId, ProgramId};
use crate::controller::Watch;
use crate::library::Measures;
use crate::plan::Variant;
use crate::schedule::Schedule;
use alloc::{sync::Arc, vec::Vec};
use homeostat_core::list::List;

/// Most programs that can be rolled back to; each keeps its tensors on the device.
const PREVIOUS_MAX: usize = 2;
/// Runs after a wrong answer that are all checked: what comes back may be as wrong, where it is the device that errs.
pub(super) const WARY_RUNS: u32 = 16;
/// Runs without a complaint after which a promotion is kept for good.
pub(super) const KEPT_RUNS: u64 = 256;

/// A program that answers, or could.
#[derive(Clone, Debug, PartialEq)]
pub struct Installed {
    /// Its number.
    pub program: ProgramId,
    /// Which graph it computes.
    pub form: Form,
    /// A schedule for each group of that graph.
    pub schedules: Vec<Schedule>,
    /// What was measured of each group's kernel.
    pub measures: Vec<Measures>,
    /// Seconds of a whole run when it was promoted, its way to the device and back included; 0 where nobody measured.
    pub seconds: f64,
}

/// What a kernel's runs came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Runs that began.
    pub runs: u64,
    /// Of them, answered by the device.
    pub on_device: u64,
    /// Answers that were compared with the oracle before they were given.
    pub checked: u64,
    /// Of them, wrong; the processor's answer was given instead.
    pub wrong: u64,
    /// Runs that the device failed; the processor answered.
    pub failed: u64,
    /// Programs that were promoted.
    pub promotions: u64,
    /// Programs that were taken back.
    pub rollbacks: u64,
}

/// A kernel in the field.
pub(super) struct Field {
    pub subject: Arc<Subject>,
    pub options: KernelOptions,
    pub current: Option<Installed>,
    pub previous: Vec<Installed>,
    pub watch: Watch,
    pub kept: bool,
    pub wary: u32,
    pub stats: Stats,
    /// When the last run began.
    pub last_us: u64,
    /// Groups and schedules that the driver refused, with the graph that they are of.
    pub banned: Vec<(Variant, usize, Schedule)>,
    /// The last candidate that was wrong or refused.
    pub rejected: Option<Entry>,
}

impl Field {
    pub fn new(subject: Arc<Subject>, options: KernelOptions) -> Self {
        let watch = Watch::new(0.0, options.sampling, options.seed);
        Self {
            subject,
            options,
            current: None,
            previous: Vec::new(),
            watch,
            kept: true,
            wary: 0,
            stats: Stats::default(),
            last_us: 0,
            banned: Vec::new(),
            rejected: None,
        }
    }

    /// Who answers the next run, and whether it is to be checked.
    pub fn begin(&mut self, now_us: u64) -> (Option<ProgramId>, bool) {
        self.stats.runs += 1;
        self.last_us = now_us;
        let Some(current) = &self.current else { return (None, false) };
        let program = current.program;
        let mut check = self.watch.begin();
        if self.wary > 0 {
            self.wary -= 1;
            check = true;
        }
        (Some(program), check)
    }

    /// Whether a program answers, or could again.
    pub fn has(&self, program: ProgramId) -> bool {
        self.current.iter().chain(&self.previous).any(|i| i.program == program)
    }

    /// Has another program answer; those that cannot be rolled back to any more.
    pub fn install(&mut self, new: Installed) -> Vec<Installed> {
        self.stats.promotions += 1;
        self.wary = 0;
        self.rewatch(new.seconds);
        self.previous.extend(self.current.replace(new));
        let surplus = self.previous.len().saturating_sub(PREVIOUS_MAX);
        self.previous.drain(..surplus).listed()
    }

    /// Takes a program back, whether it answers or waits; what it was, and whether it answered.
    pub fn remove(&mut self, program: ProgramId) -> Option<(Installed, bool)> {
        if self.current.as_ref().is_some_and(|c| c.program == program) {
            let before = self.previous.pop();
            let bad = core::mem::replace(&mut self.current, before)?;
            self.stats.rollbacks += 1;
            self.rewatch(self.current.as_ref().map_or(0.0, |c| c.seconds));
            return Some((bad, true));
        }
        let place = self.previous.iter().position(|i| i.program == program)?;
        Some((self.previous.remove(place), false))
    }

    /// What answers takes so many seconds, where it is this one.
    pub fn expect(&mut self, program: ProgramId, seconds: f64) {
        if let Some(current) = self.current.as_mut().filter(|c| c.program == program) {
            current.seconds = seconds;
            self.watch.expect(seconds);
        }
    }

    /// Forgets every program, as after a device's loss.
    pub fn clear(&mut self) -> Vec<Installed> {
        let gone = self.previous.drain(..).chain(self.current.take()).listed();
        self.rewatch(0.0);
        gone
    }

    fn rewatch(&mut self, expected_s: f64) {
        let turn = self.stats.promotions + self.stats.rollbacks;
        let seed = self.options.seed ^ turn.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.watch = Watch::new(expected_s, self.options.sampling, seed);
        self.kept = false;
    }
}

/// A run that has begun. It has to be ended, whatever becomes of it.
#[derive(Debug, PartialEq)]
pub struct Ticket {
    /// Of which kernel.
    pub kernel: KernelId,
    /// The program that answers; `None` where the processor does.
    pub program: Option<ProgramId>,
    /// Whether the answer is to be compared with the oracle before it is given.
    pub check: bool,
    /// Which places of it, by this seed.
    pub seed: u64,
    /// Of which device, counted as they came: how a run on an earlier one ends says nothing of this one.
    pub(super) epoch: u32,
}

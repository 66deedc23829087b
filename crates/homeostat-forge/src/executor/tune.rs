//! A search for better schedules beside the runs: every measurement is a job of the device's queue, so runs come in between.

use super::Executor;
use crate::device::{Device, Gpu, Program};
use crate::measure::{Decision, decide, median, runs};
use crate::plan::Plan;
use crate::prove::{Inputs, make};
use crate::schedule::Schedule;
use crate::search::Search;
use crate::wgsl::{Kernel, emit};
use homeostat_core::error::{Code, Error, Result};
use std::sync::Arc;

/// Batches of one measurement.
const BATCHES: usize = 3;
/// Pairs after which what is undecided stays as it is.
const PAIRS_MAX: usize = 24;
/// Pairs before anything is decided.
const PAIRS_MIN: usize = 8;
/// The best ones that are compared with the incumbent.
const FINALISTS: usize = 3;

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tuned {
    /// Schedules that were measured.
    pub measured: u32,
    /// Schedules that the driver refused.
    pub refused: u32,
    /// Groups whose schedule was replaced.
    pub replaced: u32,
}

/// Searches for better schedules of every group, with this many measurements for each, and promotes what is confirmed and proven.
pub fn tune(executor: &Executor, evaluations: u32, seed: u32) -> Result<Tuned> {
    let mut tuned = Tuned::default();
    let Some(device) = executor.device().cloned() else { return Ok(tuned) };
    for group in 0..executor.plan().groups.len() {
        let Some(schedules) = executor.schedules() else { return Ok(tuned) };
        // What answers may be kernels that no schedule describes.
        if schedules.len() != executor.plan().groups.len() {
            return Ok(tuned);
        }
        let bench = Bench { device: &device, plan: executor.plan(), schedules, group };
        if let Some(better) = bench.search(evaluations, seed, &mut tuned)? {
            tuned.replaced += u32::from(executor.offer(better)?);
        }
    }
    Ok(tuned)
}

/// One group of a program on the bench.
struct Bench<'a> {
    device: &'a Device,
    plan: &'a Plan,
    schedules: Vec<Schedule>,
    group: usize,
}

/// A program to be timed.
struct Candidate {
    program: Arc<Program>,
    estimate_s: f64,
    uneven: f64,
}

impl Bench<'_> {
    fn with(&self, schedule: Schedule) -> Vec<Schedule> {
        let mut schedules = self.schedules.clone();
        schedules[self.group] = schedule;
        schedules
    }

    fn prepare(&self, schedule: Schedule) -> Result<Candidate> {
        let (plan, limits, group) = (self.plan.clone(), *self.device.limits(), self.group);
        let kernel = |(g, s)| emit(g, s, &limits).map_err(|why| Error::new(Code::ForgeUnsupported, why));
        let schedules = self.with(schedule);
        let kernels = plan.groups.iter().zip(&schedules).map(kernel).collect::<Result<Vec<Kernel>>>()?;
        let uneven = limits.uneven(&kernels[group]);
        self.device.call(move |gpu: &mut Gpu| {
            let program = gpu.program_of(&plan, &kernels)?;
            gpu.answer(&program, &make(&plan.graph, Inputs::Random, 1))?;
            // The first run may compile; the second tells how long a run takes.
            gpu.time(&gpu.bounds_of(&program)[group], 1)?;
            let estimate_s = gpu.time(&gpu.bounds_of(&program)[group], 1)?.wall_s;
            Ok(Candidate { program: Arc::new(program), estimate_s, uneven })
        })
    }

    /// Seconds of a run, by one batch.
    fn sample(&self, c: &Candidate) -> Result<f64> {
        let (program, group, times, uneven) = (c.program.clone(), self.group, runs(c.estimate_s), c.uneven);
        let limits = *self.device.limits();
        self.device.call(move |gpu: &mut Gpu| {
            let timing = gpu.time(&gpu.bounds_of(&program)[group], times)?;
            Ok(timing.seconds(&limits, uneven) / f64::from(times))
        })
    }

    fn measure(&self, schedule: Schedule) -> Result<f64> {
        let candidate = self.prepare(schedule)?;
        let samples = (0..BATCHES).map(|_| self.sample(&candidate)).collect::<Result<Vec<f64>>>()?;
        Ok(median(&samples).map_or(f64::INFINITY, |m| m.value))
    }

    /// Schedules with a better one for this group, confirmed in interleaved pairs; `None` where nothing is.
    fn search(&self, evaluations: u32, seed: u32, tuned: &mut Tuned) -> Result<Option<Vec<Schedule>>> {
        let mut search = Search::new(&self.plan.groups[self.group], self.device.limits(), seed)?;
        for _ in 0..evaluations {
            let Some(number) = search.propose() else { break };
            let seconds = match self.measure(search.space()[number]) {
                Ok(seconds) => seconds,
                Err(e)
                    if matches!(
                        e.code,
                        Code::KernelRejected | Code::ForgeUnsupported | Code::DeviceMemory
                    ) =>
                {
                    tuned.refused += 1;
                    f64::INFINITY
                }
                Err(e) => return Err(e),
            };
            tuned.measured += 1;
            search.tell(number, seconds);
        }
        let present = self.schedules[self.group];
        let incumbent = self.prepare(present)?;
        let mut best: Option<(f64, Schedule)> = None;
        for number in search.best(FINALISTS) {
            let schedule = search.space()[number];
            if schedule == present {
                continue;
            }
            let candidate = self.prepare(schedule)?;
            let mut pairs = Vec::new();
            let decision = loop {
                let (first, second) =
                    if pairs.len() % 2 == 0 { (&candidate, &incumbent) } else { (&incumbent, &candidate) };
                let (x, y) = (self.sample(first)?, self.sample(second)?);
                pairs.push(if pairs.len() % 2 == 0 { (x, y) } else { (y, x) });
                let decision = decide(&pairs);
                if pairs.len() >= PAIRS_MAX
                    || pairs.len() >= PAIRS_MIN && !matches!(decision, Some(Decision::Undecided(_)))
                {
                    break decision;
                }
            };
            if let Some(Decision::Promote(ratio)) = decision
                && best.is_none_or(|(least, _)| ratio.value < least)
            {
                best = Some((ratio.value, schedule));
            }
        }
        Ok(best.map(|(_, schedule)| self.with(schedule)))
    }
}

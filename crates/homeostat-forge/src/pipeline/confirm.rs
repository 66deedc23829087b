//! Timing: the measurements of a search, and the pairs that decide.

use super::life::Context;
use super::life::is_over;
use super::raise::Raised;
use crate::measure::{Batch, Decision, Median, Sizing, decide, median};
use crate::prove::work;
use crate::registry::{Backend, Event, Evidence, ProgramId, Tried};
use crate::schedule::Schedule;
use crate::search::Search;
use alloc::{string::String, vec::Vec};
use homeostat_core::error::{Code, Error, Result};
use homeostat_core::list::List;

/// Batches of one measurement.
const BATCHES: usize = 3;
/// A schedule that takes this many times the best one is not timed any further.
const HOPELESS: f64 = 6.0;
/// Products above which the processor is no rival for hardware: it is not held up to find out.
const PROCESSOR_WORK_MAX: f64 = 5e8;

/// How a program stands against the processor.
pub(super) enum Rival {
    /// It is faster.
    Won(Option<Median>),
    /// It is not, by more than the noise; and so many seconds are the processor's.
    Lost(Median, f64),
    /// The processor does not compete.
    None,
}

/// A group that is ready to be timed.
pub(super) struct Bench {
    program: ProgramId,
    group: u32,
    uneven: f64,
    runs: u32,
}

impl Context {
    /// Measures what the search proposes, until its budget is spent.
    pub(super) async fn measure(&self, group: usize, search: &mut Search) -> Result<()> {
        let mut best = f64::INFINITY;
        // Where many kernels wait, each gets less.
        let share = f64::from(self.options.evaluations) * self.port.capacity();
        for _ in 0..libm::ceil(share) as u32 {
            let Some(number) = search.propose() else { break };
            let schedule = search.space()[number];
            let (seconds, reason) = match self.seconds_of(group, schedule, best).await {
                Ok(seconds) => (seconds, String::new()),
                Err(error) if is_over(&error) => return Err(error),
                Err(error) => {
                    self.port.ban(self.one(group, schedule), &error).await;
                    (f64::INFINITY, String::from(error.code.as_str()))
                }
            };
            best = best.min(seconds);
            search.tell(number, seconds);
            let seconds = seconds.is_finite().then_some(seconds);
            let evidence = Evidence { seconds, runs: search.told().len() as u64, reason, ..self.evidence() };
            self.port.note(Event::Measured, &[schedule], evidence).await;
        }
        Ok(())
    }

    fn one(&self, group: usize, schedule: Schedule) -> Tried {
        Tried { form: self.form.clone(), schedules: alloc::vec![(group, schedule)] }
    }

    /// Compiles one group alone.
    async fn prepare(&self, group: usize, schedule: Schedule) -> Result<Bench> {
        let of = &self.form.plan.groups[group];
        let kernel = crate::wgsl::emit(of, &schedule, &self.limits)
            .map_err(|why| Error::new(Code::ForgeUnsupported, why))?;
        let tried = self.one(group, schedule);
        let (uneven, group) = (self.limits.uneven(&kernel), group as u32);
        let program = self.port.compile(tried, alloc::vec![(group, kernel)]).await?;
        let sized = match self.warm_up(program).await {
            Ok(()) => self.size(program, group, uneven).await,
            Err(error) => Err(error),
        };
        match sized {
            Ok(batch) => Ok(Bench { program, group, uneven, runs: batch.runs }),
            Err(error) => {
                self.port.release(program).await;
                Err(error)
            }
        }
    }

    /// The first dispatch may compile.
    async fn warm_up(&self, program: ProgramId) -> Result<()> {
        let inputs = self.usual_inputs();
        self.port.execute(program, &inputs, false).await.map(drop)
    }

    /// The batch of a group that has run before.
    pub(super) async fn size(&self, program: ProgramId, group: u32, uneven: f64) -> Result<Batch> {
        let mut sizing = Sizing::default();
        loop {
            let timing = self.port.time(program, group, sizing.runs()).await?;
            if let Some(batch) = sizing.tell(&timing, &self.limits, uneven) {
                return Ok(batch);
            }
        }
    }

    /// Seconds of a dispatch, by one batch.
    async fn sample(&self, bench: &Bench) -> Result<f64> {
        let timing = self.port.time(bench.program, bench.group, bench.runs).await?;
        Ok(timing.seconds(&self.limits, bench.uneven) / f64::from(bench.runs))
    }

    async fn sum(&self, program: &[Bench]) -> Result<f64> {
        let mut sum = 0.0;
        for bench in program {
            sum += self.sample(bench).await?;
        }
        Ok(sum)
    }

    /// Every group of a whole program, ready to be timed.
    pub(super) async fn benches(&self, program: ProgramId, schedules: &[Schedule]) -> Result<Vec<Bench>> {
        let kernels = self.kernels(schedules)?;
        let mut benches = Vec::new();
        self.warm_up(program).await?;
        for (group, kernel) in &kernels {
            let uneven = self.limits.uneven(kernel);
            let runs = self.size(program, *group, uneven).await?.runs;
            benches.push(Bench { program, group: *group, uneven, runs });
        }
        Ok(benches)
    }

    async fn seconds_of(&self, group: usize, schedule: Schedule, best: f64) -> Result<f64> {
        let bench = self.prepare(group, schedule).await?;
        let mut samples = Vec::new();
        let result = loop {
            match self.sample(&bench).await {
                Ok(seconds) => samples.push(seconds),
                Err(error) => break Err(error),
            }
            if samples.len() >= BATCHES || samples[0] > HOPELESS * best {
                break Ok(median(&samples).map_or(f64::INFINITY, |m| m.value));
            }
        };
        self.port.release(bench.program).await;
        result
    }

    /// The finalist that is faster than the incumbent beyond the noise, and most so.
    pub(super) async fn confirm(
        &self,
        group: usize,
        incumbent: Schedule,
        finalists: &[Schedule],
    ) -> Result<Option<Schedule>> {
        let mut best: Option<(f64, Schedule)> = None;
        let present = self.prepare(group, incumbent).await?;
        for schedule in finalists.iter().filter(|s| **s != incumbent) {
            let decision = match self.prepare(group, *schedule).await {
                Ok(bench) => {
                    let program = bench.program;
                    let decision = self.pairs(&[bench], core::slice::from_ref(&present)).await;
                    self.port.release(program).await;
                    decision
                }
                Err(error) => Err(error),
            };
            match decision {
                Ok(Some(Decision::Promote(ratio))) if best.is_none_or(|(least, _)| ratio.value < least) => {
                    best = Some((ratio.value, *schedule));
                }
                Ok(Some(Decision::Keep(ratio) | Decision::Undecided(ratio))) => {
                    let reason = String::from("not faster by more than the noise");
                    let evidence = Evidence { ratio: Some(ratio), reason, ..self.evidence() };
                    self.port.note(Event::Refused, &[*schedule], evidence).await;
                }
                Err(error) if is_over(&error) => return Err(error),
                _ => {}
            }
        }
        self.port.release(present.program).await;
        Ok(best.map(|(_, schedule)| schedule))
    }

    /// Two programs in interleaved pairs, each the sum of its groups.
    pub(super) async fn pairs(&self, candidate: &[Bench], incumbent: &[Bench]) -> Result<Option<Decision>> {
        let mut pairs = Vec::new();
        loop {
            // Which of the two comes first takes turns.
            let first = pairs.len() % 2 == 0;
            let pair = if first {
                let x = self.sum(candidate).await?;
                (x, self.sum(incumbent).await?)
            } else {
                let y = self.sum(incumbent).await?;
                (self.sum(candidate).await?, y)
            };
            pairs.push(pair);
            let decision = decide(&pairs);
            if decision.is_some_and(|d| d.is_final()) {
                return Ok(decision);
            }
        }
    }

    /// Whole runs on the device against whole runs on the processor, in interleaved pairs.
    pub(super) async fn against_processor(&self, raised: &Raised) -> Result<Rival> {
        let no_rival = work(&self.subject.blueprint) > PROCESSOR_WORK_MAX;
        if self.options.backend != Backend::Auto || no_rival {
            return Ok(Rival::None);
        }
        let inputs = self.usual_inputs();
        let mut pairs = Vec::new();
        loop {
            let first = pairs.len() % 2 == 0;
            let pair = if first {
                let x = self.port.execute(raised.program, &inputs, false).await?.1;
                (x, self.port.compute(&inputs).await?)
            } else {
                let y = self.port.compute(&inputs).await?;
                (self.port.execute(raised.program, &inputs, false).await?.1, y)
            };
            pairs.push(pair);
            let decision = decide(&pairs);
            if decision.is_some_and(|d| d.is_final()) {
                return Ok(match decision {
                    Some(Decision::Promote(ratio)) => Rival::Won(Some(ratio)),
                    // Inside the noise nothing changes: the processor answers already.
                    Some(Decision::Keep(ratio) | Decision::Undecided(ratio)) => {
                        let own: Vec<f64> = pairs.iter().map(|(_, own)| *own).listed();
                        Rival::Lost(ratio, median(&own).map_or(0.0, |m| m.value))
                    }
                    None => Rival::None,
                });
            }
        }
    }
}

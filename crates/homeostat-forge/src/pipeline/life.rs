//! A kernel's life beside its runs, from its first program to its last search.

use super::confirm::Rival;
use super::port::Port;
use super::raise::{Proof, Raised};
use crate::ir::Data;
use crate::measure::Median;
use crate::registry::{Backend, Event, Evidence, Installed, KernelOptions, Offer, Subject, Tier, is_loss};
use crate::schedule::{Limits, Schedule, first_schedules};
use crate::search::Search;
use alloc::{format, string::String, sync::Arc, vec::Vec};
use core::cell::RefCell;
use homeostat_core::error::{Code, Error, Result};

/// The best ones that are compared with the incumbent.
const FINALISTS: usize = 3;
/// Searches that an aggressive kernel gets beside the first.
const ROUNDS_MAX: u32 = 4;

/// What a pipeline begins with.
#[derive(Clone, Debug)]
pub struct Start {
    /// What is computed.
    pub subject: Arc<Subject>,
    /// How much is to be done.
    pub options: KernelOptions,
    /// What the device can do.
    pub limits: Limits,
    /// What answered best before, as the library knows it.
    pub known: Option<Vec<Schedule>>,
    /// For each group, schedules that did well with kernels like it: a search looks at them first.
    pub alike: Vec<Vec<Schedule>>,
    /// Schedules that are not to be tried: group and schedule.
    pub banned: Vec<(usize, Schedule)>,
    /// What answers now, where the pipeline comes back after a field report.
    pub current: Option<Installed>,
    /// What for.
    pub goal: Goal,
}

/// What a pipeline is for.
#[derive(Clone, Debug, PartialEq)]
pub enum Goal {
    /// Everything that the kernel's tier asks for.
    Tune,
    /// To compare these schedules with what answers now: they became slow, and it may have been the machine.
    Review(Vec<Schedule>),
    /// To prove these schedules and have them answer: somebody asked for them.
    Propose(Vec<Schedule>),
}

/// What every step of a pipeline has at hand.
pub(super) struct Context {
    pub port: Port,
    pub subject: Arc<Subject>,
    pub options: KernelOptions,
    pub limits: Limits,
    pub alike: Vec<Vec<Schedule>>,
    pub banned: Vec<(usize, Schedule)>,
    pub inputs: RefCell<Option<Arc<Vec<Data>>>>,
}

/// Lives a pipeline, and notes why it ends.
pub(super) async fn live(port: Port, start: Start) {
    let Start { subject, options, limits, known, alike, banned, current, goal } = start;
    let context =
        Context { port: port.clone(), subject, options, limits, alike, banned, inputs: RefCell::new(None) };
    let ended = match (goal, current) {
        (Goal::Propose(schedules), _) => context.propose(schedules).await,
        (Goal::Review(suspect), Some(current)) => context.review(current, suspect).await,
        (Goal::Tune, Some(current)) => context.improve(current).await,
        (_, None) => context.begin(known).await,
    };
    // The owner knows of a lost device by itself; it starts anew with another one.
    if !ended.as_ref().is_err_and(is_loss) {
        let reason = ended.map_or_else(|e| format!("{e}"), String::from);
        port.note(Event::Settled, &[], Evidence { reason, ..Evidence::default() }).await;
    }
}

type Ending = Result<&'static str>;

impl Context {
    /// The rule's schedules, unless the cost model expects far better ones; where one of them failed in the field before, what the
    /// search would try first instead.
    fn first(&self) -> Result<Vec<Schedule>> {
        let mut schedules = first_schedules(&self.subject.plan, &self.limits)?;
        for (group, schedule) in schedules.iter_mut().enumerate() {
            if let Some(search) = self.search(group)? {
                let of = &self.subject.plan.groups[group];
                *schedule = search.begin_with(of, *schedule, &self.limits);
            }
            if self.banned.contains(&(group, *schedule)) {
                let mut search = self.search(group)?;
                let refused = || Error::new(Code::ForgeUnsupported, "every schedule failed in the field");
                let next = search.as_mut().and_then(|s| s.propose().map(|n| s.space()[n]));
                *schedule = next.ok_or_else(refused)?;
            }
        }
        Ok(schedules)
    }

    /// A search over a group's schedules; `None` where there is nothing to choose from: some small groups have but the rule's one.
    fn search(&self, group: usize) -> Result<Option<Search>> {
        let of = &self.subject.plan.groups[group];
        if Schedule::space(of, &self.limits).len() < 2 {
            return Ok(None);
        }
        let mut search = Search::new(of, &self.limits, self.options.seed as u32)?;
        search.ban(self.banned.iter().filter(|(g, _)| *g == group).map(|(_, s)| s));
        Ok(Some(search))
    }

    /// FAST, or what the library knows; then STANDARD where nothing was known.
    async fn begin(&self, known: Option<Vec<Schedule>>) -> Ending {
        if self.options.backend == Backend::Cpu {
            return Ok("the processor answers, as it was asked to");
        }
        let first = match self.first() {
            Ok(first) => first,
            Err(error) => {
                let reason = format!("{error}");
                self.port.note(Event::Rejected, &[], Evidence { reason, ..Evidence::default() }).await;
                return Ok("the adapter cannot compute it: the processor answers");
            }
        };
        let known = known.filter(|k| !self.is_banned(k));
        if let Some(known) = known
            && let Some(raised) = self.raise(known, Proof::Recheck).await?
        {
            // Its own search was done in an earlier life; who is faster, device or processor, was found then.
            return match self.answer(raised, None).await {
                Some(installed) if self.options.tier == Tier::Aggressive => self.improve(installed).await,
                Some(_) => Ok("the library's kernel answers"),
                None => Ok("it was refused: see the event before"),
            };
        }
        let Some(raised) = self.raise(first, Proof::Full).await? else {
            return Ok("the first schedules are not right here: the processor answers");
        };
        self.compete(raised).await
    }

    /// Whether the device's program is to answer, now and after a search.
    async fn compete(&self, raised: Raised) -> Ending {
        let ratio = match self.against_processor(&raised).await? {
            Rival::Won(ratio) => ratio,
            Rival::Lost(ratio) => {
                // It may win when it is better: it stays a candidate while it is searched for.
                if self.options.tier == Tier::Fast {
                    self.refuse(&raised, Some(ratio), "the processor is as fast").await;
                    self.port.release(raised.program).await;
                    return Ok("the processor is as fast as the first schedules: it answers");
                }
                return self.search_behind(raised, ratio).await;
            }
            Rival::None => None,
        };
        match self.answer(raised, ratio).await {
            Some(installed) if self.options.tier != Tier::Fast => self.improve(installed).await,
            Some(_) => Ok("the first schedules answer, as it was asked"),
            None => Ok("it was refused: see the event before"),
        }
    }

    /// The processor answers: the device's program gets one search to do better.
    async fn search_behind(&self, raised: Raised, ratio: Median) -> Ending {
        let mut best = raised.installed();
        let found = self.search_all(&mut best).await;
        let better = match found {
            Ok(Some(schedules)) => self.raise(schedules, Proof::Full).await,
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        self.port.release(raised.program).await;
        let Some(better) = better? else {
            self.refuse(&raised, Some(ratio), "the processor is as fast").await;
            return Ok("the processor is as fast as the device: it answers");
        };
        match self.against_processor(&better).await? {
            Rival::Lost(ratio) => {
                self.refuse(&better, Some(ratio), "the processor is as fast").await;
                self.port.release(better.program).await;
                Ok("the processor is as fast as the best schedules found: it answers")
            }
            Rival::Won(ratio) => self.answer(better, ratio).await.map_or(REFUSED, |_| FOUND),
            Rival::None => self.answer(better, None).await.map_or(REFUSED, |_| FOUND),
        }
    }

    /// Asks to be promoted; gives the program up where it is not.
    async fn answer(&self, raised: Raised, ratio: Option<Median>) -> Option<Installed> {
        let installed = raised.installed();
        let offer = Offer { installed: installed.clone(), ratio, worst: raised.worst };
        if self.port.promote(offer).await {
            return Some(installed);
        }
        self.port.release(raised.program).await;
        None
    }

    async fn refuse(&self, raised: &Raised, ratio: Option<Median>, reason: &str) {
        let evidence = Evidence {
            ratio,
            seconds: Some(raised.seconds),
            worst: Some(raised.worst),
            reason: reason.into(),
            ..Evidence::default()
        };
        self.port.note(Event::Refused, &raised.schedules, evidence).await;
    }

    fn is_banned(&self, schedules: &[Schedule]) -> bool {
        schedules.iter().enumerate().any(|(g, s)| self.banned.contains(&(g, *s)))
    }

    /// Searches for better schedules of every group, and has them answer; in rounds where it was asked to.
    async fn improve(&self, mut current: Installed) -> Ending {
        let rounds = if self.options.tier == Tier::Aggressive { ROUNDS_MAX } else { 0 };
        for round in 0..=rounds {
            if round > 0 && !self.port.rest().await {
                break;
            }
            let Some(schedules) = self.search_all(&mut current).await? else { continue };
            let Some(raised) = self.raise(schedules, Proof::Full).await? else { continue };
            match self.answer(raised, None).await {
                Some(installed) => current = installed,
                None => return REFUSED,
            }
        }
        FOUND
    }

    /// Better schedules, where there are any, confirmed group by group against what answers.
    async fn search_all(&self, current: &mut Installed) -> Result<Option<Vec<Schedule>>> {
        let mut schedules = current.schedules.clone();
        for (group, schedule) in schedules.iter_mut().enumerate() {
            let Some(mut search) = self.search(group)? else { continue };
            let alike = self.alike.get(group).into_iter().flatten();
            search.look_first(alike.chain([&*schedule]));
            self.measure(group, &mut search).await?;
            let finalists: Vec<Schedule> =
                search.best(FINALISTS).into_iter().map(|n| search.space()[n]).collect();
            if let Some(better) = self.confirm(group, *schedule, &finalists).await? {
                *schedule = better;
            }
        }
        Ok((schedules != current.schedules).then_some(schedules))
    }

    /// Somebody's own schedules: proven like any others.
    async fn propose(&self, schedules: Vec<Schedule>) -> Ending {
        if self.is_banned(&schedules) {
            return Ok("the proposed schedules failed in the field before");
        }
        let Some(raised) = self.raise(schedules, Proof::Full).await? else { return REFUSED };
        self.answer(raised, None).await.map_or(REFUSED, |_| Ok("the proposed schedules answer"))
    }

    /// Something became slow and was taken back: whether it was the machine is found in interleaved pairs.
    async fn review(&self, current: Installed, suspect: Vec<Schedule>) -> Ending {
        if suspect.len() != current.schedules.len() {
            return Ok("the report is of another plan");
        }
        let mut schedules = current.schedules.clone();
        for group in 0..schedules.len() {
            let better = self.confirm(group, schedules[group], &suspect[group..=group]).await?;
            schedules[group] = better.unwrap_or(schedules[group]);
        }
        if schedules == current.schedules {
            return Ok("what was taken back is not faster: the one before it stays");
        }
        let Some(raised) = self.raise(schedules, Proof::Recheck).await? else { return REFUSED };
        self.answer(raised, None)
            .await
            .map_or(REFUSED, |_| Ok("it was the machine: what was taken back answers again"))
    }
}

const REFUSED: Ending = Ok("it was refused: see the event before");
const FOUND: Ending = Ok("the best schedules found answer");

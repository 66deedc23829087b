//! A kernel's life beside its runs, from its first program to its last search.

use super::confirm::Rival;
use super::port::Port;
use super::raise::extra_bytes;
use super::raise::{Proof, Raised};
use crate::architect::{Lessons, Topic, work_of};
use crate::controller::Objective;
use crate::ir::Data;
use crate::measure::Median;
use crate::plan::Variant;
use crate::registry::{
    Backend, Event, Evidence, Extent, Form, Installed, KernelOptions, Offer, Subject, Tier, is_loss,
};
use crate::schedule::{Limits, Schedule, first_schedules};
use crate::search::{Search, Strategies};
use alloc::{format, string::String, sync::Arc, vec::Vec};
#[cfg(feature = "std")]
use core::cell::Cell;
use core::cell::RefCell;
use homeostat_core::error::{Code, Error, Result};
use homeostat_core::list::List;
use homeostat_reflex::flow::{BACKGROUND, EXPERIMENTAL, NORMAL, STRATEGIC};

/// The best ones that are compared with the incumbent.
const FINALISTS: usize = 3;
/// Other graphs that are tried after a search, and after each of an aggressive kernel's.
const REWRITES: usize = 2;
const REWRITES_AGGRESSIVE: usize = 4;
/// Measurements below which a search has no coefficients to tell of.
const TOLD_MIN: usize = 8;
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
    /// What answered best before, as the library knows it: the graph, and a schedule for each of its groups.
    pub known: Option<(Form, Vec<Schedule>)>,
    /// Whether the processor won before, on this device.
    pub stays: bool,
    /// For each group, schedules that did well with kernels like it: a search looks at them first.
    pub alike: Vec<Vec<Schedule>>,
    /// Schedules that are not to be tried: of which graph, group and schedule.
    pub banned: Vec<(Variant, usize, Schedule)>,
    /// What this device and others like it have taught.
    pub lessons: Lessons,
    /// How searches find the next schedule.
    pub strategies: Strategies,
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
    Review(Form, Vec<Schedule>),
    /// To prove these schedules of the blueprint's own graph and have them answer: somebody asked for them.
    Propose(Vec<Schedule>),
}

/// What every step of a pipeline has at hand.
#[derive(Clone)]
pub(super) struct Context {
    pub port: Port,
    pub subject: Arc<Subject>,
    pub options: KernelOptions,
    pub limits: Limits,
    /// The graph that is worked on: the blueprint's own, or another one for the same numbers.
    pub form: Form,
    pub alike: Vec<Vec<Schedule>>,
    pub banned: RefCell<Vec<(Variant, usize, Schedule)>>,
    pub lessons: Lessons,
    pub strategies: Strategies,
    pub inputs: RefCell<Option<Arc<Vec<Data>>>>,
    /// Whether the last candidate failed its proof: then there is a smallest case of that.
    #[cfg(feature = "std")]
    pub failed: Cell<bool>,
}

/// Lives a pipeline, and notes why it ends.
pub(super) async fn live(port: Port, start: Start) {
    let Start { subject, options, limits, known, stays, alike, banned, lessons, strategies, current, goal } =
        start;
    let (form, inputs, banned) = (subject.own(), RefCell::new(None), RefCell::new(banned));
    let port_of = port.clone();
    let context = Context {
        port: port_of,
        subject,
        options,
        limits,
        form,
        alike,
        banned,
        lessons,
        strategies,
        inputs,
        #[cfg(feature = "std")]
        failed: Cell::default(),
    };
    let ended = match (goal, current) {
        (Goal::Propose(schedules), _) => context.propose(schedules).await,
        (Goal::Review(form, suspect), Some(current)) => context.review(current, form, suspect).await,
        (Goal::Tune, Some(current)) => context.improve(current).await,
        (_, None) => context.begin(known, stays).await,
    };
    // The owner knows of a lost device by itself; it starts anew with another one.
    if ended.as_ref().is_err_and(|e| e.code == Code::ForgeBusy) {
        port.defer().await;
    } else if !ended.as_ref().is_err_and(is_loss) {
        let reason = ended.map_or_else(|e| format!("{e}"), String::from);
        port.note(Event::Settled, &[], Evidence { reason, ..Evidence::default() }).await;
    }
}

type Ending = Result<&'static str>;

/// Whether an error ends a pipeline, and is not the candidate's own: the device is gone, or takes nothing now.
pub(super) fn is_over(error: &Error) -> bool {
    is_loss(error) || error.code == Code::ForgeBusy
}

impl Context {
    /// The same for another graph.
    pub(super) fn of(&self, form: &Form) -> Self {
        // What did well with groups alike says something of the blueprint's own groups.
        let alike = if form.variant == self.form.variant { self.alike.clone() } else { Vec::new() };
        Self { form: form.clone(), alike, ..self.clone() }
    }

    /// Evidence, to begin with.
    pub(super) fn evidence(&self) -> Evidence {
        Evidence { variant: self.form.variant.clone(), ..Evidence::default() }
    }

    /// The rule's schedules, unless the cost model expects far better ones; where one of them failed in the field before, what the
    /// search would try first instead.
    pub(super) fn first(&self) -> Result<Vec<Schedule>> {
        let mut schedules = first_schedules(&self.form.plan, &self.limits)?;
        for (group, schedule) in schedules.iter_mut().enumerate() {
            let banned = self.is_banned(group, schedule);
            let Some(mut search) = self.search(group)? else {
                if banned {
                    return Err(Error::new(Code::ForgeUnsupported, "its only schedule failed in the field"));
                }
                continue;
            };
            // Where little memory is what matters, the rule's own choice may need more than another one.
            if banned || self.options.objective == Objective::Memory {
                let refused = || Error::new(Code::ForgeUnsupported, "every schedule failed in the field");
                *schedule = search.propose().map(|n| search.space()[n]).ok_or_else(refused)?;
            } else {
                *schedule = search.begin_with(*schedule);
                if self.is_banned(group, schedule) {
                    *schedule = search.propose().map_or(*schedule, |n| search.space()[n]);
                }
            }
        }
        Ok(schedules)
    }

    /// A search over a group's schedules; `None` where there is nothing to choose from: some small groups have but the rule's one.
    fn search(&self, group: usize) -> Result<Option<Search>> {
        let of = &self.form.plan.groups[group];
        let mut search = Search::with(of, &self.limits, self.options.seed as u32, &self.strategies)?;
        if search.space().len() < 2 {
            return Ok(None);
        }
        let work = work_of(&of.work);
        if let Some((coefficients, trust)) = self.lessons.model(work) {
            search.adopt(coefficients, trust);
        }
        search.expect_of_moves(self.lessons.moves(work));
        if self.options.objective == Objective::Memory {
            search.ban_others(|schedule| extra_bytes(of, schedule, &self.limits));
        }
        let here = |(v, g, _): &&(Variant, usize, Schedule)| *v == self.form.variant && *g == group;
        search.ban(self.banned.borrow().iter().filter(here).map(|(.., s)| s));
        Ok(Some(search))
    }

    fn is_banned(&self, group: usize, schedule: &Schedule) -> bool {
        self.banned.borrow().iter().any(|(v, g, s)| (v, *g, s) == (&self.form.variant, group, schedule))
    }

    /// What a search has found out is told to the device's lessons.
    async fn teach(&self, group: usize, search: &Search) {
        let work = work_of(&self.form.plan.groups[group].work);
        let told = search.told().iter().filter(|(_, s)| s.is_finite()).count();
        if told >= TOLD_MIN {
            let mut numbers = alloc::vec![told as f64];
            numbers.extend(search.coefficients());
            self.port.learn(Topic::Model(work), numbers).await;
        }
        let moves = search.lessons();
        if moves.iter().any(|(tries, _)| *tries > 0.0) {
            let pairs: Vec<[f64; 2]> = moves.into_iter().map(|(tries, gain)| [tries, gain]).listed();
            let numbers = pairs.concat();
            self.port.learn(Topic::Moves(work), numbers).await;
        }
    }

    /// FAST, or what the library knows; then STANDARD where nothing was known.
    async fn begin(&self, known: Option<(Form, Vec<Schedule>)>, stays: bool) -> Ending {
        self.port.matters(NORMAL);
        if self.options.backend == Backend::Cpu {
            return Ok("the processor answers, as it was asked to");
        }
        if let Some((form, known)) = known
            && let here = self.of(&form)
            && !here.are_banned(&known)
        {
            if let Some(raised) = here.raise(known.clone(), Proof::Recheck).await? {
                // Its own search was done in an earlier life; who is faster, device or processor, was found then.
                return match self.answer(raised, None).await {
                    Some(installed) if self.options.tier == Tier::Aggressive => self.improve(installed).await,
                    Some(_) => Ok("the library's kernel answers"),
                    None => Ok("it was refused: see the event before"),
                };
            }
            // What failed just now is not what to begin with.
            self.avoid(&form.variant, known);
        }
        if stays {
            return Ok("the processor answers: it was found to be the better one before");
        }
        let first = match self.first() {
            Ok(first) => first,
            Err(error) => {
                let reason = format!("{error}");
                self.port.note(Event::Rejected, &[], Evidence { reason, ..Evidence::default() }).await;
                return Ok("the adapter cannot compute it: the processor answers");
            }
        };
        if let Some(raised) = self.raise(first.clone(), Proof::Full).await? {
            return self.compete(raised).await;
        }
        // Another try has others for all groups.
        self.avoid(&Variant::default(), first);
        if self.options.tier != Tier::Fast
            && let Ok(second) = self.first()
            && let Some(raised) = self.raise(second, Proof::Full).await?
        {
            return self.compete(raised).await;
        }
        Ok("the first schedules are not right here: the processor answers")
    }

    /// Does not try these again: which group is to blame is not known, so none of them.
    fn avoid(&self, variant: &Variant, schedules: Vec<Schedule>) {
        let failed = schedules.into_iter().enumerate();
        self.banned.borrow_mut().extend(failed.map(|(g, s)| (variant.clone(), g, s)));
    }

    /// Whether the device's program is to answer, now and after a search.
    async fn compete(&self, raised: Raised) -> Ending {
        let ratio = match self.against_processor(&raised).await? {
            Rival::Won(ratio) => ratio,
            Rival::Lost(ratio, seconds) => {
                // It may win when it is better: it stays a candidate while it is searched for.
                if self.options.tier == Tier::Fast {
                    self.refuse(&raised, Some(ratio), "the processor is as fast").await;
                    self.port.release(raised.program).await;
                    self.port.stay(Extent::First, seconds).await;
                    return Ok("the processor is as fast as the first schedules: it answers");
                }
                return self.search_behind(raised, ratio, seconds).await;
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
    async fn search_behind(&self, raised: Raised, ratio: Median, seconds: f64) -> Ending {
        let mut best = raised.installed();
        let found = self.search_all(&mut best, EXPERIMENTAL).await;
        let better = match found {
            Ok(Some(schedules)) => self.raise(schedules, Proof::Full).await,
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        self.port.release(raised.program).await;
        let Some(better) = better? else {
            self.refuse(&raised, Some(ratio), "the processor is as fast").await;
            self.port.stay(Extent::Search, seconds).await;
            return Ok("the processor is as fast as the device: it answers");
        };
        match self.against_processor(&better).await? {
            Rival::Lost(ratio, seconds) => {
                self.refuse(&better, Some(ratio), "the processor is as fast").await;
                self.port.release(better.program).await;
                self.port.stay(Extent::Search, seconds).await;
                Ok("the processor is as fast as the best schedules found: it answers")
            }
            Rival::Won(ratio) => self.answer(better, ratio).await.map_or(REFUSED, |_| FOUND),
            Rival::None => self.answer(better, None).await.map_or(REFUSED, |_| FOUND),
        }
    }

    /// Asks to be promoted; gives the program up where it is not. What nobody has timed in this life is timed when it answers: nobody waits
    /// for that.
    pub(super) async fn answer(&self, raised: Raised, ratio: Option<Median>) -> Option<Installed> {
        let installed = raised.installed();
        let offer = Offer { installed: installed.clone(), ratio, worst: raised.worst };
        if self.port.promote(offer).await {
            if raised.seconds == 0.0
                && let Ok(seconds) = self.time_of_run(raised.program).await
            {
                self.port.expect(raised.program, seconds).await;
                return Some(Installed { seconds, ..installed });
            }
            return Some(installed);
        }
        self.port.release(raised.program).await;
        None
    }

    pub(super) async fn refuse(&self, raised: &Raised, ratio: Option<Median>, reason: &str) {
        let evidence = Evidence {
            ratio,
            seconds: Some(raised.seconds),
            worst: Some(raised.worst),
            reason: reason.into(),
            variant: raised.form.variant.clone(),
            ..Evidence::default()
        };
        self.port.note(Event::Refused, &raised.schedules, evidence).await;
    }

    fn are_banned(&self, schedules: &[Schedule]) -> bool {
        schedules.iter().enumerate().any(|(g, s)| self.is_banned(g, s))
    }

    /// Searches for better schedules of every group and for better graphs, and has them answer; in rounds where it was asked to.
    async fn improve(&self, mut current: Installed) -> Ending {
        let aggressive = self.options.tier == Tier::Aggressive;
        let rounds = if aggressive { ROUNDS_MAX } else { 0 };
        for round in 0..=rounds {
            if round > 0 && !self.port.rest().await {
                break;
            }
            let tier = if round > 0 { BACKGROUND } else { EXPERIMENTAL };
            let here = self.of(&current.form);
            if let Some(schedules) = here.search_all(&mut current, tier).await?
                && let Some(raised) = here.raise(schedules, Proof::Full).await?
            {
                match self.answer(raised, None).await {
                    Some(installed) => current = installed,
                    None => return REFUSED,
                }
            }
            let tries = if aggressive { REWRITES_AGGRESSIVE } else { REWRITES };
            current = self.rewrite(current, round as usize * REWRITES_AGGRESSIVE, tries).await?;
        }
        FOUND
    }

    /// Better schedules, where there are any, confirmed group by group against what answers.
    async fn search_all(&self, current: &mut Installed, tier: u32) -> Result<Option<Vec<Schedule>>> {
        self.port.matters(tier);
        let mut schedules = current.schedules.clone();
        for group in 0..schedules.len() {
            let Some(mut search) = self.search(group)? else { continue };
            let schedules_of = schedules.clone();
            let schedule = &mut schedules[group];
            let alike = self.alike.get(group).into_iter().flatten();
            search.look_first(alike.chain([&*schedule]));
            self.measure(group, &mut search).await?;
            self.teach(group, &search).await;
            let finalists: Vec<Schedule> =
                search.best(FINALISTS).into_iter().map(|n| search.space()[n]).listed();
            *schedule = match self.options.objective {
                Objective::Precision => self.most_precise(group, &schedules_of, &finalists).await?,
                _ => self.confirm(group, *schedule, &finalists).await?.unwrap_or(*schedule),
            };
        }
        Ok((schedules != current.schedules).then_some(schedules))
    }

    /// Of the finalists the one with the least error, in a proof of the whole program; they are the fastest that were measured.
    async fn most_precise(&self, group: usize, now: &[Schedule], finalists: &[Schedule]) -> Result<Schedule> {
        let mut best = (f64::INFINITY, now[group]);
        for schedule in finalists.iter().chain([&now[group]]) {
            let mut all = now.to_vec();
            all[group] = *schedule;
            if let Some(raised) = self.raise(all, Proof::Full).await? {
                self.port.release(raised.program).await;
                if raised.worst < best.0 {
                    best = (raised.worst, *schedule);
                }
            }
        }
        Ok(best.1)
    }

    /// Somebody's own schedules: proven like any others.
    async fn propose(&self, schedules: Vec<Schedule>) -> Ending {
        self.port.matters(STRATEGIC);
        if self.are_banned(&schedules) {
            return Ok("the proposed schedules failed in the field before");
        }
        let Some(raised) = self.raise(schedules, Proof::Full).await? else { return REFUSED };
        self.answer(raised, None).await.map_or(REFUSED, |_| Ok("the proposed schedules answer"))
    }

    /// Something became slow and was taken back: whether it was the machine is found in interleaved pairs.
    async fn review(&self, current: Installed, form: Form, suspect: Vec<Schedule>) -> Ending {
        self.port.matters(STRATEGIC);
        let here = self.of(&form);
        let schedules = if form.variant == current.form.variant && suspect.len() == current.schedules.len() {
            let mut schedules = current.schedules.clone();
            for group in 0..schedules.len() {
                let better = here.confirm(group, schedules[group], &suspect[group..=group]).await?;
                schedules[group] = better.unwrap_or(schedules[group]);
            }
            if schedules == current.schedules {
                return Ok("what was taken back is not faster: the one before it stays");
            }
            schedules
        } else {
            suspect
        };
        let Some(raised) = here.raise(schedules, Proof::Recheck).await? else { return REFUSED };
        if form.variant != current.form.variant && !self.beats(&raised, &current).await?.0 {
            self.port.release(raised.program).await;
            return Ok("what was taken back is not faster: the one before it stays");
        }
        self.answer(raised, None)
            .await
            .map_or(REFUSED, |_| Ok("it was the machine: what was taken back answers again"))
    }
}

const REFUSED: Ending = Ok("it was refused: see the event before");
const FOUND: Ending = Ok("the best schedules found answer");

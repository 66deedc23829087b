//! The machine that every input goes through.

mod advice;
mod inputs;
mod operator;
mod shadows;
mod turns;

use super::constraint::Demand;
use super::guard::Guard;
use super::kalman::Step;
use super::objective::Scaled;
use super::{Config, ConstraintWatch, KalmanTube, Objective, ShadowLearner, Spsa, Strategy, Trial};
use crate::digest::Validity;
use crate::journal::{Body, Chain, Evidence, Journal, WindowInput};
use crate::safety::{SafeModeReason, SafetyExecutor, Verdict};
use advice::{Advice, Learned};
use alloc::vec::Vec;

/// Live values changed.
pub const CHANGED: u32 = 1;
/// A changed knob has to be pushed.
pub const PUSH: u32 = 2;
/// Something was refused.
pub const REFUSED: u32 = 4;
/// SafeMode was entered or left.
pub const SAFE_MODE: u32 = 8;

/// A change settles for this long before its windows may teach anything.
const SETTLE_US: u64 = 10_000;
/// A window that ended longer ago than this many windows is too old.
const AGE_WINDOWS: u64 = 4;
/// An anchor that violated a constraint is no refuge for this long.
const ANCHOR_BAD_US: u64 = 1_800_000_000;
/// How far a constraint takes the baseline towards the anchor.
const BACK_OFF: f64 = 0.1;
/// Shadow evaluation, which knows nothing of constraints, rests for this long after one asked for a back-off.
const SHADOW_REST_US: u64 = 30_000_000;
/// A gap between windows counts as at most this many of them.
const GAP_WINDOWS: f64 = 8.0;

#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "one per tuner, and changed in place")]
enum Learner {
    /// The objective's scale is not known yet.
    WarmingUp,
    Kalman(KalmanTube),
    Spsa(Spsa),
}

impl Learner {
    fn guard(&mut self) -> Option<&mut Guard> {
        match self {
            Learner::WarmingUp => None,
            Learner::Kalman(learner) => Some(learner.guard()),
            Learner::Spsa(learner) => Some(learner.guard()),
        }
    }
}

/// The live tuner: one input at a time, journaled before it has an effect.
#[derive(Clone, Debug)]
pub struct Tuner {
    config: Config,
    exec: SafetyExecutor,
    journal: Journal,
    objective: Objective,
    learner: Learner,
    constraint: ConstraintWatch,
    shadows: Vec<ShadowLearner>,
    shadow_after_us: u64,
    /// Until when the anchor counts as no refuge: it violated a constraint itself.
    anchor_bad_until_us: u64,
    advice: Vec<Advice>,
    learned: Option<Learned>,
    trial: Option<Trial>,
    /// First of the knobs whose turn it is, and since when.
    turn: usize,
    turn_us: u64,
    now_us: u64,
    window_us: u64,
    windows: u64,
    valid_windows: u64,
    refusals: u64,
}

impl Tuner {
    /// Starts a run: its first journal entry is the configuration.
    pub fn new(config: Config) -> Self {
        let knobs: Vec<_> = config.space.knobs().iter().map(|k| k.name.clone()).collect();
        let chain = config.previous.as_deref().and_then(|h| Chain::after(h).ok()).unwrap_or_default();
        let mut journal = Journal::new(config.run_id.clone(), knobs, config.journal_capacity, chain);
        let exec = SafetyExecutor::new(config.space.clone(), config.guardrails, config.mode, config.now_us);
        journal.push(config.now_us, 0, exec.generation(), Body::Start(config.to_members()));
        Self {
            journal,
            objective: Objective::default(),
            learner: Learner::WarmingUp,
            constraint: ConstraintWatch::default(),
            shadows: config.space.knobs().iter().map(|_| ShadowLearner::new()).collect(),
            shadow_after_us: 0,
            anchor_bad_until_us: 0,
            advice: config.space.knobs().iter().map(|_| Advice::default()).collect(),
            learned: None,
            trial: None,
            turn: 0,
            turn_us: config.now_us,
            now_us: config.now_us,
            window_us: config.now_us,
            windows: 0,
            valid_windows: 0,
            refusals: 0,
            exec,
            config,
        }
    }

    /// What it was made from.
    pub fn config(&self) -> &Config {
        &self.config
    }
    /// The owner of the live configuration.
    pub fn executor(&self) -> &SafetyExecutor {
        &self.exec
    }
    /// The journal's queue.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }
    /// What is known about the slopes, if the Kalman learner runs.
    pub fn model(&self) -> Option<crate::journal::ModelEvidence> {
        if let Learner::Kalman(k) = &self.learner { Some(k.evidence()) } else { None }
    }
    /// What the strategy `spsa` does, if it runs.
    pub fn spsa(&self) -> Option<&Spsa> {
        if let Learner::Spsa(s) = &self.learner { Some(s) } else { None }
    }
    /// What shadow evaluation knows about a knob.
    pub fn shadow_of(&self, knob: usize) -> &ShadowLearner {
        &self.shadows[knob]
    }
    /// Windows so far, and those that counted for learning.
    pub fn windows(&self) -> (u64, u64) {
        (self.windows, self.valid_windows)
    }
    /// Whether an explicit trial runs.
    pub fn trial_runs(&self) -> bool {
        self.trial.is_some()
    }

    /// Takes journal entries as chained JSON Lines.
    pub fn take_journal(&mut self, max_bytes: usize) -> Vec<u8> {
        self.journal.take(max_bytes)
    }

    fn process(&mut self, mut body: Body) -> Verdict {
        let now_us = self.now_us;
        if let Body::Window(input, validity) = &mut body {
            *validity = self.validity(input);
        }
        self.journal.push(now_us, 0, self.exec.generation(), body.clone());
        match body {
            Body::Window(input, validity) => self.on_window(&input, validity),
            Body::Shadow(input) => {
                if let Some(learner) = self.shadows.get_mut(usize::from(input.knob)) {
                    learner.observe(now_us, &input);
                }
            }
            Body::Control(control, _) => {
                self.exec.set_control(now_us, control, &mut self.journal);
                self.relearn();
            }
            Body::Freeze(knob) => {
                self.exec.freeze(knob.map(usize::from));
                self.relearn();
            }
            Body::Unfreeze(knob) => {
                self.exec.unfreeze(knob.map(usize::from));
                self.relearn();
            }
            Body::Mode(mode) => {
                self.keep_learned(mode);
                self.exec.set_mode(mode);
                self.learned_here();
                self.relearn();
            }
            Body::Propose(values, generation) => return self.on_propose(&values, generation),
            Body::Trial(knob, value) => return self.on_trial(usize::from(knob), value),
            Body::EnterSafeMode => {
                self.exec.enter_safe_mode(now_us, SafeModeReason::ByHand, &mut self.journal)
            }
            Body::Acknowledge => {
                self.exec.acknowledge(now_us, &mut self.journal);
            }
            Body::RollBack => return self.exec.rollback(now_us, true, Evidence::None, &mut self.journal),
            Body::Pushed(generation, ok) => self.exec.pushed(now_us, generation, ok, &mut self.journal),
            Body::Close => self.on_close(),
            _ => {}
        }
        Ok(())
    }

    fn validity(&self, input: &WindowInput) -> Validity {
        let age = AGE_WINDOWS * self.config.window_us;
        let settled = self.exec.changed_us() + SETTLE_US;
        match input.digest.validity(self.now_us, self.exec.generation(), settled, age) {
            Validity::Valid if self.exec.pushing() => Validity::Settling,
            validity => validity,
        }
    }

    fn on_window(&mut self, input: &WindowInput, validity: Validity) {
        let (now_us, margin) = (self.now_us, input.digest.constraint_margin);
        let usual = self.config.window_us as f64 / 1e6;
        let dt = (now_us.saturating_sub(self.window_us) as f64 / 1e6).min(GAP_WINDOWS * usual);
        self.window_us = now_us;
        self.windows += 1;
        let y = if validity == Validity::Valid { self.scaled(input.digest.objective, margin) } else { None };
        let suspects = self.learner.guard().is_some_and(|guard| guard.suspects());
        let healthy = margin.is_none_or(|m| m >= 0.0) && !suspects;
        let j = &mut self.journal;
        if self.exec.observe(now_us, y, healthy, j) {
            self.relearn();
        }
        let demand = self.constraint.observe(margin);
        if self.constrained(demand, margin) {
            return;
        }
        // Where even the anchor violates it, only the penalised objective leads to where it is satisfied.
        let may_move = demand == Demand::Nothing || now_us < self.anchor_bad_until_us;
        let step = Step { now_us, dt, y, guard: (input.failures, input.guarded), may_move };
        if self.trial.is_some() {
            return self.on_trial_window(&step, demand);
        }
        if may_move {
            self.follow_shadows();
            self.recommend_learned();
        }
        self.take_turns();
        match &mut self.learner {
            Learner::WarmingUp => {}
            Learner::Kalman(learner) => learner.step(step, &mut self.exec, &mut self.journal),
            Learner::Spsa(learner) => learner.step(step, &mut self.exec, &mut self.journal),
        }
    }

    /// A window while an explicit trial runs: what protects comes first, then the trial.
    fn on_trial_window(&mut self, step: &Step, demand: Demand) {
        let (failures, samples) = step.guard;
        let guard = self.learner.guard();
        let alarm = guard.is_some_and(|guard| guard.observe(failures, samples, step.dt).is_some());
        let Some(mut trial) = self.trial.take() else { return };
        let (exec, j) = (&mut self.exec, &mut self.journal);
        if alarm || matches!(demand, Demand::RollBack | Demand::BackOff) {
            trial.break_off(step.now_us, exec, j);
        } else if trial.step(step.now_us, step.y, exec, j) {
            self.trial = Some(trial);
        }
    }

    /// The end of the run: whatever is being tried is taken back.
    fn on_close(&mut self) {
        let (exec, j) = (&mut self.exec, &mut self.journal);
        if let Some(mut trial) = self.trial.take() {
            trial.break_off(self.now_us, exec, j);
        }
        exec.settle_down(self.now_us, j);
        j.push(self.now_us, 0, exec.generation(), Body::Stop);
    }

    /// The objective on the learning scale; `None` while the scale is not known.
    fn scaled(&mut self, objective: f64, margin: Option<f64>) -> Option<f64> {
        self.valid_windows += 1;
        let recent = if let Learner::Kalman(k) = &self.learner { k.recent() } else { 1.0 };
        match self.objective.scale(objective, recent) {
            Scaled::WarmingUp => {
                if !matches!(self.learner, Learner::WarmingUp) {
                    self.exec.end_visit(self.now_us, &mut self.journal);
                    self.learner = Learner::WarmingUp;
                }
                None
            }
            Scaled::Fixed { noise } => {
                let active = self.active();
                self.learner = match self.config.strategy {
                    Strategy::Kalman => Learner::Kalman(KalmanTube::new(
                        active,
                        &self.exec,
                        self.config.seed,
                        noise,
                        self.config.window_us,
                        self.config.now_us,
                    )),
                    Strategy::Spsa => Learner::Spsa(Spsa::new(
                        active,
                        self.config.spsa,
                        self.config.seed,
                        self.config.window_us,
                    )),
                };
                None
            }
            Scaled::Value(y) => Some(y + ConstraintWatch::penalty(margin)),
        }
    }

    /// Feasibility first. True when the window ends with it.
    fn constrained(&mut self, demand: Demand, margin: Option<f64>) -> bool {
        let evidence = Evidence::Margin(margin.unwrap_or(f64::NAN));
        if !self.exec.may_change() {
            return false;
        }
        let (now_us, exec, j) = (self.now_us, &mut self.exec, &mut self.journal);
        if now_us < self.anchor_bad_until_us {
            return false;
        }
        let home = exec.is_at(&exec.anchor().clone());
        match demand {
            Demand::Nothing | Demand::Wait => false,
            Demand::BackOff if home => {
                self.anchor_bad_until_us = now_us + ANCHOR_BAD_US;
                false
            }
            // Grave, and nothing better is known: what is being tried is taken back, or the anchor is a refuge.
            Demand::RollBack => match exec.certified().copied() {
                Some(certified) if exec.is_at(&certified) => {
                    exec.settle_down(now_us, j);
                    false
                }
                Some(_) => exec.rollback(now_us, false, evidence, j).is_ok(),
                None if home => false,
                None => exec.back_off(now_us, 1.0, evidence, j).is_ok(),
            },
            Demand::BackOff => {
                self.shadow_after_us = now_us + SHADOW_REST_US;
                exec.back_off(now_us, BACK_OFF, evidence, j).is_ok()
            }
        }
    }
}

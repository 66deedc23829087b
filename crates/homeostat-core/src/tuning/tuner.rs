use super::constraint::Demand;
use super::kalman::Step;
use super::objective::Scaled;
use super::shadow::PACE_US;
use super::{Config, ConstraintWatch, KalmanTube, Objective, ShadowLearner, Spsa, Strategy, Trial};
use crate::digest::Validity;
use crate::journal::{
    ACTIVE_MAX, Admission, Body, Chain, Evidence, Journal, SHADOW_MAX, ShadowInput, WindowInput,
};
use crate::real::clamp;
use crate::safety::{ApplyKind, Control, Mode, SafeModeReason, SafetyExecutor, Source, Verdict, Violation};
use crate::space::{Learn, Values};
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
/// More knobs than can be learned at once take turns of this length.
const TURN_US: u64 = 60_000_000;
/// Or of so many pairs of probes, where lags are long.
const TURN_PAIRS: u64 = 12;
/// An anchor that violated a constraint is no refuge for this long.
const ANCHOR_BAD_US: u64 = 1_800_000_000;
/// How far a constraint takes the baseline towards the anchor.
const BACK_OFF: f64 = 0.1;
/// Shadow evaluation, which knows nothing of constraints, rests for this long after one asked for a back-off.
const SHADOW_REST_US: u64 = 30_000_000;
/// The next recommendation for a knob differs by at least this, in units of its range.
const RECOMMEND_STEP: f64 = 0.02;
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
    recommended: Values,
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
            recommended: *exec.baseline(),
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

    /// One closed window.
    pub fn window(&mut self, now_us: u64, input: WindowInput) -> u32 {
        self.input(now_us, Body::Window(tame(input), Validity::Valid))
    }

    /// Shadow evaluation of one knob; decided at the next window.
    pub fn shadow(&mut self, now_us: u64, knob: usize, values: &[f64], costs: &[f64]) -> u32 {
        let len = values.len().min(costs.len()).min(SHADOW_MAX);
        let mut input = ShadowInput {
            knob: knob as u8,
            len: len as u8,
            values: [0.0; SHADOW_MAX],
            costs: [0.0; SHADOW_MAX],
        };
        input.values[..len].copy_from_slice(&values[..len]);
        for (to, from) in input.costs.iter_mut().zip(&costs[..len]) {
            *to = if from.is_finite() { *from } else { f64::NAN };
        }
        self.input(now_us, Body::Shadow(input))
    }

    /// The kill switch.
    pub fn control(&mut self, now_us: u64, control: Control, source: Source) -> u32 {
        self.input(now_us, Body::Control(control, source))
    }

    /// Holds one knob, or all of them.
    pub fn freeze(&mut self, now_us: u64, knob: Option<usize>) -> u32 {
        self.input(now_us, Body::Freeze(knob.map(|k| k as u8)))
    }

    /// Lets one knob, or all of them, go.
    pub fn unfreeze(&mut self, now_us: u64, knob: Option<usize>) -> u32 {
        self.input(now_us, Body::Unfreeze(knob.map(|k| k as u8)))
    }

    /// Another mode.
    pub fn set_mode(&mut self, now_us: u64, mode: Mode) -> u32 {
        self.input(now_us, Body::Mode(mode))
    }

    /// An operator's move, knob units, NaN leaves a knob alone.
    pub fn propose(&mut self, now_us: u64, values: &Values) -> Verdict {
        self.verdict(now_us, Body::Propose(*values))
    }

    /// Starts an explicit A/B.
    pub fn start_trial(&mut self, now_us: u64, knob: usize, value: f64) -> Verdict {
        self.verdict(now_us, Body::Trial(knob as u8, value))
    }

    /// SafeMode by hand.
    pub fn enter_safe_mode(&mut self, now_us: u64) -> u32 {
        self.input(now_us, Body::EnterSafeMode)
    }

    /// Leaves SafeMode by hand.
    pub fn acknowledge(&mut self, now_us: u64) -> u32 {
        self.input(now_us, Body::Acknowledge)
    }

    /// Back to the certified configuration, by hand.
    pub fn roll_back(&mut self, now_us: u64) -> Verdict {
        self.verdict(now_us, Body::RollBack)
    }

    /// How pushing a generation went.
    pub fn pushed(&mut self, now_us: u64, generation: u64, ok: bool) -> u32 {
        self.input(now_us, Body::Pushed(generation, ok))
    }

    /// The last entry.
    pub fn stop(&mut self, now_us: u64) {
        self.input(now_us, Body::Close);
    }

    /// Feeds an input that a journal recorded.
    pub fn replay(&mut self, time_us: u64, body: Body) {
        self.now_us = self.now_us.max(time_us);
        match body {
            Body::Overflow => {
                self.journal.push(self.now_us, 0, self.exec.generation(), Body::Overflow);
                self.exec.enter_safe_mode(self.now_us, SafeModeReason::AuditQueueFull, &mut self.journal);
            }
            Body::Gap(_) | Body::HighWater(_) => {
                self.journal.push(self.now_us, 0, self.exec.generation(), body);
            }
            _ => {
                let _ = self.process(body);
            }
        }
    }

    fn verdict(&mut self, now_us: u64, body: Body) -> Verdict {
        self.now_us = self.now_us.max(now_us);
        match self.admit(&body) {
            true => self.process(body),
            false => Err(Violation::AuditQueueFull),
        }
    }

    fn input(&mut self, now_us: u64, body: Body) -> u32 {
        // Time that stands still or goes back is the latest time known.
        self.now_us = self.now_us.max(now_us);
        let before = self.marks();
        if self.admit(&body) && self.process(body).is_err() {
            self.refusals += 1;
        }
        let after = self.marks();
        let mut changed = 0;
        if after.0 != before.0 {
            changed |= CHANGED | if self.exec.pushing() { PUSH } else { 0 };
        }
        if after.1 != before.1 {
            changed |= REFUSED;
        }
        if after.2 != before.2 {
            changed |= SAFE_MODE;
        }
        changed
    }

    fn marks(&self) -> (u64, u64, bool) {
        (self.exec.generation(), self.refusals, self.exec.safe_mode().is_some())
    }

    /// Whether an input may be processed. What protects always is.
    fn admit(&mut self, body: &Body) -> bool {
        let protects = matches!(
            body,
            Body::Control(Control::Off | Control::Freeze, _)
                | Body::Freeze(_)
                | Body::EnterSafeMode
                | Body::Mode(Mode::Observe | Mode::Recommend)
                | Body::RollBack
                | Body::Pushed(..)
                | Body::Close
        );
        match self.journal.admit(self.now_us, self.exec.generation(), protects) {
            Admission::Yes => true,
            Admission::Overflowed => {
                self.exec.enter_safe_mode(self.now_us, SafeModeReason::AuditQueueFull, &mut self.journal);
                protects
            }
            Admission::Dropped => protects,
        }
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
                self.exec.set_mode(mode);
                self.relearn();
            }
            Body::Propose(values) => return self.on_propose(&values),
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
        let suspects = matches!(&self.learner, Learner::Kalman(k) if k.guard_suspects());
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
        }
        self.take_turns();
        match &mut self.learner {
            Learner::WarmingUp => {}
            Learner::Kalman(learner) => learner.step(step, &mut self.exec, &mut self.journal),
            Learner::Spsa(learner) => learner.step(now_us, y, &mut self.exec, &mut self.journal),
        }
    }

    /// A window while an explicit trial runs: what protects comes first, then the trial.
    fn on_trial_window(&mut self, step: &Step, demand: Demand) {
        let alarm = if let Learner::Kalman(k) = &mut self.learner { k.guard_alarm(step) } else { false };
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
                    Strategy::Spsa => Learner::Spsa(Spsa::new(active, self.config.seed)),
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

    /// Knobs that shadow evaluation moves: one guarded step at a time, or a recommendation.
    fn follow_shadows(&mut self) {
        let now_us = self.now_us;
        for i in 0..self.config.space.len() {
            let knob = &self.config.space[i];
            if knob.learn != Learn::Shadow || self.exec.is_frozen(i) {
                continue;
            }
            let here = self.exec.baseline()[i];
            let Some((target, evidence)) = self.shadows[i].target(knob, here) else { continue };
            if self.exec.mode() == Mode::Recommend {
                if knob.way(self.recommended[i], target).abs() >= RECOMMEND_STEP {
                    self.recommended[i] = target;
                    let value = knob.to_value(target);
                    let body = Body::Recommend(i as u8, value, evidence);
                    self.journal.push(now_us, 0, self.exec.generation(), body);
                }
                continue;
            }
            if !self.exec.may_change() || now_us < self.shadow_after_us || !self.exec.rate_ok(now_us) {
                continue;
            }
            let most = self.exec.guardrails().max_delta;
            let (room, flips) = self.exec.room(now_us, i);
            let step = clamp(clamp(knob.way(here, target), -most, most), -room, room);
            if step.abs() < 0.005 || (self.exec.direction(i) * step < 0.0 && flips == 0) {
                continue;
            }
            let mut baseline = *self.exec.baseline();
            baseline[i] = knob.normalise(here + step);
            let _ = self.exec.shift(now_us, ApplyKind::Shadow, &baseline, evidence, &mut self.journal);
            self.shadow_after_us = now_us + PACE_US;
        }
    }

    fn on_propose(&mut self, values: &Values) -> Verdict {
        // What an operator asks for does not wait for an experiment.
        self.exec.end_visit(self.now_us, &mut self.journal);
        let (exec, j, kind) = (&mut self.exec, &mut self.journal, ApplyKind::Operator);
        let mut target = *exec.baseline();
        if values.len() != target.len() {
            return exec.refuse(self.now_us, kind, Violation::UnknownParameter, Evidence::None, j);
        }
        for (i, v) in values.iter().enumerate().filter(|(_, v)| !v.is_nan()) {
            let knob = &self.config.space[i];
            if v.is_infinite() {
                return exec.refuse(self.now_us, kind, Violation::NotFinite, Evidence::None, j);
            }
            if *v < knob.min || *v > knob.max {
                return exec.refuse(self.now_us, kind, Violation::OutOfBounds, Evidence::None, j);
            }
            target[i] = knob.quantise(knob.to_unit(*v));
        }
        exec.shift(self.now_us, kind, &target, Evidence::None, j)
    }

    fn on_trial(&mut self, i: usize, value: f64) -> Verdict {
        self.exec.end_visit(self.now_us, &mut self.journal);
        let (exec, j, kind) = (&mut self.exec, &mut self.journal, ApplyKind::Trial);
        let refusal = match self.config.space.knobs().get(i) {
            None => Some(Violation::UnknownParameter),
            Some(_) if !value.is_finite() => Some(Violation::NotFinite),
            Some(k) if value < k.min || value > k.max => Some(Violation::OutOfBounds),
            Some(_) if exec.safe_mode().is_some() => Some(Violation::SafeMode),
            Some(_) if !exec.may_change() || exec.is_frozen(i) => Some(Violation::Frozen),
            Some(_) if self.trial.is_some() => Some(Violation::RateLimitExceeded),
            Some(k) => {
                let way = k.way(exec.baseline()[i], k.quantise(k.to_unit(value))).abs();
                let too_far = way > exec.guardrails().max_delta + 1e-9 && !k.kind.is_categorical();
                too_far.then_some(Violation::DeltaTooLarge)
            }
        };
        if let Some(violation) = refusal {
            return exec.refuse(self.now_us, kind, violation, Evidence::None, j);
        }
        exec.settle_down(self.now_us, j);
        self.trial = Some(Trial::new(i, value, exec, self.config.window_us));
        Ok(())
    }

    /// Knobs that probing learns and that are free.
    fn learnable(&self) -> Vec<usize> {
        let knobs = self.config.space.knobs().iter().enumerate();
        knobs.filter(|(i, k)| k.learn == Learn::Probe && !self.exec.is_frozen(*i)).map(|(i, _)| i).collect()
    }

    /// The knobs whose turn it is.
    fn active(&self) -> Vec<usize> {
        let all = self.learnable();
        let n = all.len();
        (0..n.min(ACTIVE_MAX)).map(|k| all[(self.turn + k) % n]).collect()
    }

    fn take_turns(&mut self) {
        let count = self.learnable_count();
        let pairs = if let Learner::Kalman(k) = &self.learner { TURN_PAIRS * k.pair_us() } else { 0 };
        let turn_us = TURN_US.max(pairs);
        if count <= ACTIVE_MAX || self.now_us.saturating_sub(self.turn_us) < turn_us || self.exec.is_away() {
            return;
        }
        self.turn = (self.turn + ACTIVE_MAX) % count;
        self.relearn();
    }

    fn learnable_count(&self) -> usize {
        let knobs = self.config.space.knobs().iter().enumerate();
        knobs.filter(|(i, k)| k.learn == Learn::Probe && !self.exec.is_frozen(*i)).count()
    }

    /// The set of learned knobs, or what is live, changed by other means than learning.
    fn relearn(&mut self) {
        self.turn_us = self.now_us;
        self.exec.end_visit(self.now_us, &mut self.journal);
        let active = self.active();
        match &mut self.learner {
            Learner::WarmingUp => {}
            Learner::Kalman(learner) => learner.set_active(active, &self.exec),
            Learner::Spsa(learner) => *learner = Spsa::new(active, self.config.seed),
        }
    }
}

/// Numbers that are not finite say nothing; they are written as `null`, and this makes that exact.
fn tame(mut input: WindowInput) -> WindowInput {
    let d = &mut input.digest;
    let optional =
        [&mut d.latency_p99_us, &mut d.throughput_rps, &mut d.error_rate, &mut d.constraint_margin];
    let mut good = d.objective.is_finite() && input.failures.is_finite() && input.guarded.is_finite();
    for field in optional {
        if field.is_some_and(|v| !v.is_finite()) {
            *field = None;
            good = false;
        }
    }
    if !good {
        d.objective = f64::NAN;
        if !(input.failures.is_finite() && input.guarded.is_finite()) {
            (input.failures, input.guarded) = (0.0, 0.0);
        }
    }
    // Failures without samples are not written, so they must not be seen either.
    if input.guarded <= 0.0 {
        (input.failures, input.guarded) = (0.0, 0.0);
    }
    input
}

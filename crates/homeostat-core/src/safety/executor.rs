//! Applies changes: checks guardrails, journals, then changes the live values as one new generation.

use super::{
    Guardrails, RegressionWatch, RollingCount, RollingSum, SafeMode, SafeModeReason, Verdict, Violation,
    guardrails::PROBES_PER_SECOND,
};
use crate::journal::{Body, Evidence, Journal};
use crate::space::{KNOBS_MAX, Knob, Learn, Space, Values};
use alloc::vec::Vec;

/// What kind of change. Each is journaled as what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyKind {
    /// Ordinary: a small excursion of the live values around the baseline.
    Probe,
    /// Ordinary: the baseline follows what was learned.
    Move,
    /// Ordinary: the baseline follows shadow evaluation.
    Shadow,
    /// Ordinary: an operator's move.
    Operator,
    /// Ordinary: an explicit A/B.
    Trial,
    /// Exceptional: back to the certified configuration, or to before a failed push.
    Rollback,
    /// Exceptional: a visit to the anchor, to see whether it is better today.
    Challenge,
    /// Exceptional: the end of a visit that was not better.
    ChallengeReturn,
    /// Exceptional: the anchor was better and is the baseline now.
    ChallengeAdopt,
    /// Exceptional: a part of the way to the anchor, to satisfy a constraint again.
    BackOff,
    /// Exceptional: the certified configuration, on entering SafeMode.
    SafeMode,
    /// Exceptional: the initial values, by the kill switch.
    Off,
}

impl ApplyKind {
    /// Every kind with its wire name.
    pub const ALL: [(ApplyKind, &'static str); 12] = [
        (ApplyKind::Probe, "probe"),
        (ApplyKind::Move, "move"),
        (ApplyKind::Shadow, "shadow"),
        (ApplyKind::Operator, "operator"),
        (ApplyKind::Trial, "trial"),
        (ApplyKind::Rollback, "rollback"),
        (ApplyKind::Challenge, "challenge"),
        (ApplyKind::ChallengeReturn, "challenge-return"),
        (ApplyKind::ChallengeAdopt, "challenge-adopt"),
        (ApplyKind::BackOff, "back-off"),
        (ApplyKind::SafeMode, "safe-mode"),
        (ApplyKind::Off, "off"),
    ];
}

/// The kill switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Normal work.
    On,
    /// Every knob holds its present value.
    Freeze,
    /// Every knob is back at its initial value.
    Off,
}

impl Control {
    /// Every position with its wire name; the place is the number across the seam.
    pub const ALL: [(Control, &'static str); 3] =
        [(Control::On, "on"), (Control::Freeze, "freeze"), (Control::Off, "off")];
}

/// Where an operator's action came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A call.
    Api,
    /// The control file.
    File,
    /// A signal to the process.
    Signal,
    /// The environment.
    Env,
}

impl Source {
    /// Every source with its wire name; the place is the number across the seam.
    pub const ALL: [(Source, &'static str); 4] =
        [(Source::Api, "api"), (Source::File, "file"), (Source::Signal, "signal"), (Source::Env, "env")];
}

/// How much the tuner may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Watches and journals.
    Observe,
    /// Also says what it would do.
    Recommend,
    /// Does it.
    Auto,
}

impl Mode {
    /// Every mode with its wire name; the place is the number across the seam.
    pub const ALL: [(Mode, &'static str); 3] =
        [(Mode::Observe, "observe"), (Mode::Recommend, "recommend"), (Mode::Auto, "auto")];
}

const SECOND: u64 = 1_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
/// Refusals in a minute that lead to SafeMode.
const VIOLATIONS_PER_MINUTE: usize = 10;
/// Steps of one baseline that a minute's window holds; the step that would not fit waits.
const STEPS_MAX: usize = 512;
/// A baseline within this distance of the candidate for certification is the same place.
const SAME_PLACE: f64 = 0.02;
/// A recovery by this much ends SafeMode early.
const RECOVERY: f64 = 0.1;
/// Rounding slack in comparisons of steps.
const EPS: f64 = 1e-9;

#[derive(Clone, Debug)]
struct KnobState {
    steps: RollingSum,
    flips: RollingCount,
    direction: f64,
    frozen: bool,
}

/// A change whose values the application is still pushing.
#[derive(Clone, Debug)]
struct Push {
    generation: u64,
    /// Where to return when it fails; `None` when this already is the return.
    baseline_before: Option<Values>,
}

/// Owns the live configuration.
#[derive(Clone, Debug)]
pub struct SafetyExecutor {
    space: Space,
    rails: Guardrails,
    mode: Mode,
    control: Control,
    generation: u64,
    proposals: u64,
    baseline: Values,
    offset: Values,
    live: Values,
    values: Values,
    anchor: Values,
    certified: Option<Values>,
    candidate: Values,
    candidate_since_us: u64,
    away: bool,
    knobs: Vec<KnobState>,
    updates: RollingCount,
    probes: RollingCount,
    rollbacks: RollingCount,
    challenges: RollingCount,
    back_offs: RollingCount,
    violations: RollingCount,
    regression: RegressionWatch,
    safe_mode: Option<SafeMode>,
    safe_mode_entries: u64,
    changed_us: u64,
    level: Option<f64>,
    push: Option<Push>,
}

impl SafetyExecutor {
    /// Starts at the initial values, generation 1.
    pub fn new(space: Space, rails: Guardrails, mode: Mode, now_us: u64) -> Self {
        let anchor: Values = space.initial().iter().zip(space.knobs()).map(|(u, k)| k.quantise(*u)).collect();
        let knobs = space.knobs().iter().map(|_| KnobState {
            steps: RollingSum::new(MINUTE, STEPS_MAX),
            flips: RollingCount::new(MINUTE, rails.flips_per_minute as usize + 1),
            direction: 0.0,
            frozen: false,
        });
        Self {
            knobs: knobs.collect(),
            mode,
            control: Control::On,
            generation: 1,
            proposals: 0,
            baseline: anchor,
            offset: Values::zeros(space.len()),
            live: anchor,
            values: space.knobs().iter().map(|k| k.to_value(k.to_unit(k.initial))).collect(),
            anchor,
            certified: None,
            candidate: anchor,
            candidate_since_us: now_us,
            away: false,
            updates: RollingCount::new(SECOND, rails.updates_per_second as usize + 1),
            probes: RollingCount::new(SECOND, PROBES_PER_SECOND + 1),
            rollbacks: RollingCount::new(HOUR, rails.rollbacks_per_hour as usize + 1),
            challenges: RollingCount::new(HOUR, rails.challenges_per_hour as usize + 1),
            back_offs: RollingCount::new(HOUR, rails.back_offs_per_hour as usize + 1),
            violations: RollingCount::new(MINUTE, VIOLATIONS_PER_MINUTE + 1),
            regression: RegressionWatch::default(),
            safe_mode: None,
            safe_mode_entries: 0,
            changed_us: now_us,
            level: None,
            push: None,
            space,
            rails,
        }
    }

    /// The knobs.
    pub fn space(&self) -> &Space {
        &self.space
    }
    /// The limits in force.
    pub fn guardrails(&self) -> &Guardrails {
        &self.rails
    }
    /// How much may be done.
    pub fn mode(&self) -> Mode {
        self.mode
    }
    /// The kill switch.
    pub fn control(&self) -> Control {
        self.control
    }
    /// Generation of the live values; grows by one with every change.
    pub fn generation(&self) -> u64 {
        self.generation
    }
    /// Live values, knob units.
    pub fn values(&self) -> &Values {
        &self.values
    }
    /// Live values, in units of the range.
    pub fn live(&self) -> &Values {
        &self.live
    }
    /// What probes move around, in units of the range.
    pub fn baseline(&self) -> &Values {
        &self.baseline
    }
    /// What a probe adds to the baseline at the moment, in units of the range.
    pub fn offset(&self) -> &Values {
        &self.offset
    }
    /// Whether the anchor is being visited.
    pub fn is_away(&self) -> bool {
        self.away
    }
    /// Where rollback goes, in units of the range; `None` until a baseline stayed healthy for long enough.
    pub fn certified(&self) -> Option<&Values> {
        self.certified.as_ref()
    }
    /// The initial configuration, in units of the range.
    pub fn anchor(&self) -> &Values {
        &self.anchor
    }
    /// SafeMode, while it lasts.
    pub fn safe_mode(&self) -> Option<&SafeMode> {
        self.safe_mode.as_ref()
    }
    /// How often SafeMode was entered.
    pub fn safe_mode_entries(&self) -> u64 {
        self.safe_mode_entries
    }
    /// When the live values last changed.
    pub fn changed_us(&self) -> u64 {
        self.changed_us
    }
    /// Whether a change is still being pushed.
    pub fn pushing(&self) -> bool {
        self.push.is_some()
    }
    /// Regressions in a row.
    pub fn regressions(&self) -> u32 {
        self.regression.in_a_row()
    }
    /// Whether this knob is frozen by itself.
    pub fn is_frozen(&self, knob: usize) -> bool {
        self.knobs[knob].frozen
    }
    /// Whether ordinary changes may be applied at all.
    pub fn may_change(&self) -> bool {
        self.mode == Mode::Auto && self.control == Control::On && self.safe_mode.is_none()
    }

    /// What is left for one knob's baseline in this minute: (cumulative change, changes of direction).
    pub fn room(&mut self, now_us: u64, knob: usize) -> (f64, u32) {
        let state = &mut self.knobs[knob];
        let left = (self.rails.cumulative_per_minute - state.steps.sum(now_us)).max(0.0);
        let left = if state.steps.has_room() { left } else { 0.0 };
        let flips = self.rails.flips_per_minute as usize;
        (left, flips.saturating_sub(state.flips.count(now_us)) as u32)
    }

    /// Sign of the last step of a knob's baseline.
    pub fn direction(&self, knob: usize) -> f64 {
        self.knobs[knob].direction
    }

    /// Whether another ordinary update would be within the rate limits.
    pub fn rate_ok(&mut self, now_us: u64) -> bool {
        self.updates.count(now_us) < self.rails.updates_per_second as usize
            && self
                .updates
                .last()
                .is_none_or(|t| now_us.saturating_sub(t) as f64 >= self.rails.min_interval_us)
            && self.push.is_none()
    }

    /// Whether a probe would be within the rate limits.
    pub fn probe_ok(&mut self, now_us: u64) -> bool {
        self.rate_ok(now_us) && self.probes.count(now_us) < PROBES_PER_SECOND
    }

    /// Ordinary: offsets around the baseline, at most the probe amplitude each. Zero offsets end a probe.
    pub fn probe(&mut self, now_us: u64, offset: &Values, evidence: Evidence, j: &mut Journal) -> Verdict {
        if offset == &self.offset && !self.away {
            return Ok(());
        }
        let verdict = self.check_probe(now_us, offset);
        let id = self.propose(now_us, ApplyKind::Probe, verdict, evidence, j);
        verdict.inspect_err(|_| self.refused(now_us, j))?;
        self.probes.push(now_us);
        self.apply(now_us, id, ApplyKind::Probe, self.baseline, *offset, j);
        Ok(())
    }

    fn check_probe(&mut self, now_us: u64, offset: &Values) -> Verdict {
        self.check_writable()?;
        for (i, d) in offset.iter().enumerate() {
            if !d.is_finite() {
                return Err(Violation::NotFinite);
            }
            if d.abs() > self.rails.probe_amplitude + EPS {
                return Err(Violation::DeltaTooLarge);
            }
            if *d != 0.0 && self.knobs[i].frozen {
                return Err(Violation::Frozen);
            }
            let knob = &self.space.knobs()[i];
            let target = knob.normalise(self.baseline[i] + d);
            if knob.way(self.live[i], target).abs() > self.rails.max_delta + EPS {
                return Err(Violation::DeltaTooLarge);
            }
        }
        if !self.probe_ok(now_us) {
            return Err(Violation::RateLimitExceeded);
        }
        Ok(())
    }

    /// Ordinary: a new baseline (`Move`, `Shadow`, `Operator`, `Trial`), probe offsets unchanged.
    pub fn shift(
        &mut self,
        now_us: u64,
        kind: ApplyKind,
        target: &Values,
        evidence: Evidence,
        j: &mut Journal,
    ) -> Verdict {
        let way = self.way(target);
        if way.iter().all(|d| d.abs() <= EPS) {
            return Ok(());
        }
        let mut verdict = self.check_shift(now_us, kind, &way);
        if verdict.is_ok() && self.judge_before_moving(now_us, kind, j) {
            verdict = Err(Violation::ObjectiveRegression);
        }
        let id = self.propose(now_us, kind, verdict, evidence, j);
        if let Err(violation) = verdict {
            self.refused(now_us, j);
            let strategy = !matches!(kind, ApplyKind::Operator | ApplyKind::Trial);
            match violation {
                Violation::Thrashing if strategy => {
                    self.enter_safe_mode(now_us, SafeModeReason::Thrashing, j)
                }
                Violation::BudgetExhausted if strategy => {
                    self.enter_safe_mode(now_us, SafeModeReason::BudgetExhausted, j)
                }
                _ => {}
            }
            return verdict;
        }
        let mut baseline = self.baseline;
        for (i, d) in way.iter().enumerate().filter(|(_, d)| d.abs() > EPS) {
            baseline[i] = self.space.knobs()[i].normalise(baseline[i] + d);
            let categorical = self.space.knobs()[i].kind.is_categorical();
            let state = &mut self.knobs[i];
            if kind != ApplyKind::Trial {
                if !categorical {
                    state.steps.push(now_us, d.abs());
                }
                if state.direction * d < 0.0 {
                    state.flips.push(now_us);
                }
                state.direction = d.signum();
            }
        }
        self.apply(now_us, id, kind, baseline, self.offset, j);
        Ok(())
    }

    /// Judges the present baseline with what is known of it. True when that led away from it.
    fn judge_before_moving(&mut self, now_us: u64, kind: ApplyKind, j: &mut Journal) -> bool {
        if kind == ApplyKind::Trial {
            // A trial goes to and fro by design and judges itself.
            self.regression.restart();
            return false;
        }
        let Some(judgement) = self.regression.moved() else { return false };
        let before = self.baseline;
        self.judged(now_us, judgement, j);
        self.safe_mode.is_some() || self.baseline != before
    }

    fn check_shift(&mut self, now_us: u64, kind: ApplyKind, way: &Values) -> Verdict {
        self.check_writable()?;
        if way.iter().any(|d| !d.is_finite()) {
            return Err(Violation::NotFinite);
        }
        for (i, d) in way.iter().enumerate().filter(|(_, d)| d.abs() > EPS) {
            let categorical = self.space.knobs()[i].kind.is_categorical();
            if self.knobs[i].frozen {
                return Err(Violation::Frozen);
            }
            if d.abs() > self.rails.max_delta + EPS && !categorical {
                return Err(Violation::DeltaTooLarge);
            }
        }
        if !self.rate_ok(now_us) {
            return Err(Violation::RateLimitExceeded);
        }
        for (i, d) in way.iter().enumerate().filter(|(_, d)| d.abs() > EPS) {
            let (cumulative, flips) = self.room(now_us, i);
            let categorical = self.space.knobs()[i].kind.is_categorical();
            if kind != ApplyKind::Trial && self.knobs[i].direction * d < 0.0 && flips == 0 {
                return Err(Violation::Thrashing);
            }
            if kind != ApplyKind::Trial && d.abs() > cumulative + EPS && !categorical {
                return Err(Violation::BudgetExhausted);
            }
        }
        Ok(())
    }

    fn check_writable(&self) -> Verdict {
        if self.safe_mode.is_some() {
            Err(Violation::SafeMode)
        } else if self.control != Control::On || self.mode != Mode::Auto {
            Err(Violation::Frozen)
        } else {
            Ok(())
        }
    }

    /// Refuses without applying: for what is wrong before it reaches a guardrail (bounds, stale generation, ...).
    pub fn refuse(
        &mut self,
        now_us: u64,
        kind: ApplyKind,
        violation: Violation,
        evidence: Evidence,
        j: &mut Journal,
    ) -> Verdict {
        self.propose(now_us, kind, Err(violation), evidence, j);
        self.refused(now_us, j);
        Err(violation)
    }

    /// Exceptional: back to the certified configuration. Beyond its cap it is SafeMode instead, but never when `by_hand`.
    pub fn rollback(&mut self, now_us: u64, by_hand: bool, evidence: Evidence, j: &mut Journal) -> Verdict {
        if self.control != Control::On || self.mode != Mode::Auto {
            return self.refuse(now_us, ApplyKind::Rollback, Violation::Frozen, evidence, j);
        }
        let Some(certified) = self.certified else {
            return self.refuse(now_us, ApplyKind::Rollback, Violation::NoBaseline, evidence, j);
        };
        if !by_hand && self.rollbacks.count(now_us) >= self.rails.rollbacks_per_hour as usize {
            self.propose(now_us, ApplyKind::Rollback, Err(Violation::BudgetExhausted), evidence, j);
            self.enter_safe_mode(now_us, SafeModeReason::BudgetExhausted, j);
            return Err(Violation::BudgetExhausted);
        }
        self.rollbacks.push(now_us);
        self.exceptional(now_us, ApplyKind::Rollback, certified, evidence, j);
        // The rollback answers the regressions before it, and counts as one itself.
        self.regression.reset();
        self.count_regression(now_us, j);
        Ok(())
    }

    /// Exceptional: a visit to the anchor; the baseline stays.
    pub fn challenge(&mut self, now_us: u64, evidence: Evidence, j: &mut Journal) -> Verdict {
        self.check_writable()?;
        if self.challenges.count(now_us) >= self.rails.challenges_per_hour as usize || self.push.is_some() {
            return Err(Violation::BudgetExhausted);
        }
        self.challenges.push(now_us);
        let id = self.propose(now_us, ApplyKind::Challenge, Ok(()), evidence, j);
        self.regression.restart();
        self.away = true;
        let mut offset = self.way(&self.anchor.clone());
        for i in 0..offset.len() {
            // What shadow evaluation can compute, and what operators hold, is not experimented with.
            if self.knobs[i].frozen || self.space.knobs()[i].learn != Learn::Probe {
                offset[i] = 0.0;
            }
        }
        self.apply(now_us, id, ApplyKind::Challenge, self.baseline, offset, j);
        Ok(())
    }

    /// Ends a visit: the anchor becomes the baseline, or the live values return to it.
    pub fn end_challenge(&mut self, now_us: u64, adopt: bool, evidence: Evidence, j: &mut Journal) {
        assert!(self.away, "a challenge is only ended while it lasts");
        let (kind, target) = if adopt {
            let knobs = self.space.knobs().iter().enumerate();
            let probed = |(i, k): (usize, &Knob)| {
                if k.learn == Learn::Probe { self.anchor[i] } else { self.baseline[i] }
            };
            (ApplyKind::ChallengeAdopt, knobs.map(probed).collect())
        } else {
            (ApplyKind::ChallengeReturn, self.baseline)
        };
        self.exceptional(now_us, kind, target, evidence, j);
        if adopt {
            self.count_regression(now_us, j);
        }
    }

    /// Exceptional: the baseline goes `distance` of the way to the anchor (all of it when nearer). Beyond its cap: SafeMode.
    pub fn back_off(&mut self, now_us: u64, distance: f64, evidence: Evidence, j: &mut Journal) -> Verdict {
        self.check_writable()?;
        if self.back_offs.count(now_us) >= self.rails.back_offs_per_hour as usize {
            self.propose(now_us, ApplyKind::BackOff, Err(Violation::BudgetExhausted), evidence, j);
            self.enter_safe_mode(now_us, SafeModeReason::ConstraintViolation, j);
            return Err(Violation::BudgetExhausted);
        }
        self.back_offs.push(now_us);
        let mut way = self.way(&self.anchor.clone());
        for i in 0..way.len() {
            if self.space.knobs()[i].learn == Learn::Hold {
                way[i] = 0.0;
            }
        }
        let far = way.iter().fold(0.0, |m: f64, d| m.max(d.abs()));
        let share = if far > distance { distance / far } else { 1.0 };
        let target = self.baseline.iter().zip(way.iter()).map(|(b, d)| b + share * d).collect();
        self.exceptional(now_us, ApplyKind::BackOff, target, evidence, j);
        self.count_regression(now_us, j);
        Ok(())
    }

    /// Enters SafeMode: any probe is undone, the certified configuration is live, and nothing but a rollback follows.
    pub fn enter_safe_mode(&mut self, now_us: u64, reason: SafeModeReason, j: &mut Journal) {
        if self.safe_mode.is_some() {
            return;
        }
        self.safe_mode_entries += 1;
        self.safe_mode = Some(SafeMode::enter(reason, now_us, self.rails.cooldown_us as u64, self.level));
        j.push(now_us, 0, self.generation, Body::SafeMode(reason));
        self.regression.reset();
        if self.control == Control::On && self.mode == Mode::Auto {
            let target = self.certified.unwrap_or(self.anchor);
            self.exceptional(now_us, ApplyKind::SafeMode, target, Evidence::Reason(reason), j);
        }
    }

    /// Leaves SafeMode by hand.
    pub fn acknowledge(&mut self, now_us: u64, j: &mut Journal) -> bool {
        self.leave_safe_mode(now_us, "by-hand", j)
    }

    fn leave_safe_mode(&mut self, now_us: u64, how: &'static str, j: &mut Journal) -> bool {
        if self.safe_mode.take().is_none() {
            return false;
        }
        self.regression.reset();
        self.candidate_since_us = now_us;
        j.push(now_us, 0, self.generation, Body::Recovered(how));
        true
    }

    /// One window: judges regressions, certifies, and leaves SafeMode when it is time. `y`: the objective on the learning
    /// scale, `None` when the window says nothing. Returns whether SafeMode was left.
    pub fn observe(&mut self, now_us: u64, y: Option<f64>, healthy: bool, j: &mut Journal) -> bool {
        if let Some(safe) = &mut self.safe_mode {
            let recovered = y.is_some_and(|y| safe.recovered(y, RECOVERY));
            let how = if safe.expired(now_us) { "timer" } else { "recovery" };
            return (recovered || how == "timer") && self.leave_safe_mode(now_us, how, j);
        }
        if let Some(y) = y {
            self.level = Some(self.level.map_or(y, |l| l + 0.125 * (y - l)));
            if !self.away
                && self.mode == Mode::Auto
                && let Some(judgement) = self.regression.observe(y)
            {
                self.judged(now_us, judgement, j);
            }
        }
        if self.safe_mode.is_none() {
            self.certify(now_us, healthy, j);
        }
        false
    }

    fn certify(&mut self, now_us: u64, healthy: bool, j: &mut Journal) {
        let moved = self.way(&self.candidate.clone()).iter().any(|d| d.abs() > SAME_PLACE);
        if moved || !healthy || self.regression.in_a_row() > 0 || self.away || self.push.is_some() {
            self.candidate = self.baseline;
            self.candidate_since_us = now_us;
            return;
        }
        let stable = now_us.saturating_sub(self.candidate_since_us) as f64 >= self.rails.min_stable_us;
        if stable && self.certified != Some(self.candidate) {
            self.certified = Some(self.candidate);
            let knobs = self.space.knobs().iter().zip(self.candidate.iter());
            let values = knobs.map(|(k, u)| k.to_value(*u)).collect();
            j.push(now_us, 0, self.generation, Body::Certify(values));
        }
    }

    /// The kill switch.
    pub fn set_control(&mut self, now_us: u64, control: Control, j: &mut Journal) {
        if control == self.control {
            return;
        }
        self.hold();
        self.control = control;
        if control == Control::Off {
            let id = self.propose(now_us, ApplyKind::Off, Ok(()), Evidence::None, j);
            self.regression.reset();
            self.apply(now_us, id, ApplyKind::Off, self.anchor, Values::zeros(self.space.len()), j);
        }
        self.candidate = self.baseline;
        self.candidate_since_us = now_us;
    }

    /// Another mode. Live values stay as they are.
    pub fn set_mode(&mut self, mode: Mode) {
        self.hold();
        self.mode = mode;
    }

    /// Holds one knob, or all, at the present live value.
    pub fn freeze(&mut self, knob: Option<usize>) {
        for i in 0..self.space.len() {
            if knob.is_none_or(|k| k == i) {
                self.knobs[i].frozen = true;
                self.hold_knob(i);
            }
        }
    }

    /// Lets one knob, or all, go.
    pub fn unfreeze(&mut self, knob: Option<usize>) {
        for i in 0..self.space.len() {
            if knob.is_none_or(|k| k == i) {
                self.knobs[i].frozen = false;
            }
        }
    }

    fn hold(&mut self) {
        (0..self.space.len()).for_each(|i| self.hold_knob(i));
        self.away = false;
        self.regression.restart();
    }

    fn hold_knob(&mut self, i: usize) {
        self.baseline[i] = self.live[i];
        self.offset[i] = 0.0;
    }

    /// How pushing `generation` went. A failure rolls that change back; a failure of the rollback is SafeMode.
    pub fn pushed(&mut self, now_us: u64, generation: u64, ok: bool, j: &mut Journal) {
        if self.push.as_ref().is_none_or(|p| p.generation != generation) {
            return;
        }
        let Some(push) = self.push.take() else { return };
        if ok {
            return;
        }
        match push.baseline_before {
            Some(before) => {
                self.rollbacks.push(now_us);
                self.exceptional(
                    now_us,
                    ApplyKind::Rollback,
                    before,
                    Evidence::Reason(SafeModeReason::PushFailed),
                    j,
                );
                if let Some(push) = &mut self.push {
                    push.baseline_before = None;
                }
                self.count_regression(now_us, j);
            }
            None => self.enter_safe_mode(now_us, SafeModeReason::PushFailed, j),
        }
    }

    fn judged(&mut self, now_us: u64, judgement: super::regression::Judgement, j: &mut Journal) {
        if judgement.in_a_row == 0 {
            return;
        }
        let super::regression::Judgement { before, after, standard_error, in_a_row } = judgement;
        let evidence = Evidence::Comparison { before, after, standard_error };
        j.push(now_us, 0, self.generation, Body::Regression(evidence));
        if f64::from(in_a_row) >= self.rails.regressions {
            self.enter_safe_mode(now_us, SafeModeReason::ObjectiveRegression, j);
        } else if f64::from(in_a_row) == self.rails.rollback_after && self.may_change() {
            let _ = self.rollback(now_us, false, evidence, j);
        }
    }

    fn count_regression(&mut self, now_us: u64, j: &mut Journal) {
        if f64::from(self.regression.count()) >= self.rails.regressions && self.safe_mode.is_none() {
            self.enter_safe_mode(now_us, SafeModeReason::ObjectiveRegression, j);
        }
    }

    fn refused(&mut self, now_us: u64, j: &mut Journal) {
        if self.safe_mode.is_some() || self.control != Control::On || self.mode != Mode::Auto {
            return;
        }
        self.violations.push(now_us);
        if self.violations.count(now_us) >= VIOLATIONS_PER_MINUTE {
            self.enter_safe_mode(now_us, SafeModeReason::RepeatedViolations, j);
        }
    }

    fn propose(
        &mut self,
        now_us: u64,
        kind: ApplyKind,
        verdict: Verdict,
        evidence: Evidence,
        j: &mut Journal,
    ) -> u64 {
        self.proposals += 1;
        j.push(now_us, self.proposals, self.generation, Body::Proposal(kind, verdict, evidence));
        self.proposals
    }

    fn exceptional(
        &mut self,
        now_us: u64,
        kind: ApplyKind,
        target: Values,
        evidence: Evidence,
        j: &mut Journal,
    ) {
        let id = self.propose(now_us, kind, Ok(()), evidence, j);
        self.regression.restart();
        self.away = false;
        let mut baseline = target;
        for i in 0..baseline.len() {
            if self.knobs[i].frozen {
                baseline[i] = self.baseline[i];
            }
        }
        self.apply(now_us, id, kind, baseline, Values::zeros(self.space.len()), j);
    }

    /// Signed way from the baseline to a target, per knob.
    fn way(&self, target: &Values) -> Values {
        let knobs = self.space.knobs().iter();
        knobs.zip(self.baseline.iter().zip(target.iter())).map(|(k, (from, to))| k.way(*from, *to)).collect()
    }

    /// Journals, then changes the live values.
    fn apply(
        &mut self,
        now_us: u64,
        id: u64,
        kind: ApplyKind,
        baseline: Values,
        offset: Values,
        j: &mut Journal,
    ) {
        let ordinary = matches!(
            kind,
            ApplyKind::Probe | ApplyKind::Move | ApplyKind::Shadow | ApplyKind::Operator | ApplyKind::Trial
        );
        let mut live = self.live;
        let mut values = self.values;
        let mut changed = [false; KNOBS_MAX];
        for i in 0..self.space.len() {
            let (unit, value) = self.settle(i, baseline[i], offset[i], ordinary);
            changed[i] = value != values[i];
            (live[i], values[i]) = (unit, value);
        }
        let before = self.baseline;
        let moved = before != baseline;
        let live_changed = changed.contains(&true);
        if live_changed || moved {
            let generation = self.generation + u64::from(live_changed);
            j.push(now_us, id, generation, Body::Apply(kind, values, baseline));
            self.updates.push(now_us);
        }
        (self.baseline, self.offset) = (baseline, offset);
        if !live_changed {
            return;
        }
        (self.live, self.values) = (live, values);
        self.generation += 1;
        self.changed_us = now_us;
        if self.space.knobs().iter().zip(changed).any(|(k, c)| k.push && c) {
            self.push = Some(Push { generation: self.generation, baseline_before: Some(before) });
        } else if let Some(push) = &mut self.push {
            // The values of the generation being pushed are still the pushed knobs' values.
            push.generation = self.generation;
        }
    }

    /// The live place and value of one knob: rounding never makes an ordinary step too large.
    fn settle(&self, i: usize, baseline: f64, offset: f64, ordinary: bool) -> (f64, f64) {
        let knob = &self.space.knobs()[i];
        let target = knob.normalise(baseline + offset);
        let mut value = knob.to_value(target);
        let mut unit = if knob.resolution() == 0.0 { target } else { knob.to_unit(value) };
        if !ordinary || knob.kind.is_categorical() {
            return (unit, value);
        }
        let too_far = |unit: f64| knob.way(self.live[i], unit).abs() > self.rails.max_delta + EPS;
        let outside =
            |unit: f64| offset != 0.0 && knob.way(baseline, unit).abs() > self.rails.probe_amplitude + EPS;
        if too_far(unit) {
            value = knob.neighbour(value, self.values[i] - value);
            unit = knob.to_unit(value);
        } else if outside(unit) {
            let nearer = knob.neighbour(value, -knob.way(baseline, unit));
            let nearer_unit = knob.to_unit(nearer);
            if !too_far(nearer_unit) {
                (value, unit) = (nearer, nearer_unit);
            }
        }
        if too_far(unit) { (self.live[i], self.values[i]) } else { (unit, value) }
    }
}

#[cfg(test)]
mod tests;

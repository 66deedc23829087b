//! The recommended learner: a Kalman filter over a local quadratic, fed by small probes inside a tube around the baseline.
//!
//! Probes are random sign vectors, each followed by its opposite, so that drift cancels. After each pair the baseline takes a
//! shrunken Newton step. A change detector reopens exploration, an anchor challenge asks whether the initial values would be
//! better today, a sequential test of the error rate pulls the baseline back. The constants were found by search on plants
//! that a bench runs (`npm run bench -- plants`); their meaning stands beside each.

mod drift;
mod guard;
mod level;
mod model;

use crate::journal::{ACTIVE_MAX, Body, Evidence, Journal, ModelEvidence};
use crate::real::clamp;
use crate::rng::Rng;
use crate::safety::{ApplyKind, Preset, SafeModeReason, SafetyExecutor};
use crate::space::{Learn, Values};
use alloc::vec::Vec;
use drift::Drift;
use guard::Guard;
use level::Level;
use model::{CURVATURE_MIN, Model};

/// Windows of a probe, at least.
const PROBE_WINDOWS: u64 = 2;
/// Time of a probe, at least: probes may toggle twice a second.
const PROBE_US: u64 = 500_000;
/// Length of a probe in lags, for knobs that are slower than `SLOW_US`.
const PROBE_LAGS: f64 = 0.55;
const SLOW_US: u64 = 1_000_000;
/// Least probe, as a share of the amplitude.
const PROBE_MIN: f64 = 0.2;
/// Newton steps are over-relaxed by this ...
const RELAX: f64 = 1.2;
/// ... and shrunk by g^2 / (g^2 + 4 P_g): a slope that is not clear moves nothing far.
const SHRINK: f64 = 4.0;
/// Steps in the same direction grow by this factor, to at most `STREAK_MAX`.
const STREAK: f64 = 1.3;
const STREAK_MAX: f64 = 4.0;
/// Steps below this wait.
const STEP_MIN: f64 = 0.004;
/// Time constant of the level that outliers are clipped around, seconds.
const RECENT_S: f64 = 60.0;
/// A change of level loosens the level's variance by this and holds the noise estimate for so many windows.
const DRIFT_VARIANCE: f64 = 0.25;
const DRIFT_HOLD: u32 = 12;
/// Windows in a row with an elevated level that lead to a challenge.
const ELEVATED_WINDOWS: u32 = 12;
/// A challenge is for a baseline at least this far from the anchor, and not in the first minute.
const CHALLENGE_DISTANCE: f64 = 0.05;
const CHALLENGE_AFTER_US: u64 = 60_000_000;
/// Windows that a visit averages, after skipping what is still settling.
const VISIT_WINDOWS: u32 = 8;
const VISIT_SKIP: u64 = 3;
const VISIT_SKIP_LAGS: f64 = 1.5;
/// The anchor has to be better by this much, and by 1.5 standard errors.
const ADOPT: f64 = 0.07;
/// Time to the next challenge, doubling while they are in vain.
const BACK_OFF_US: (u64, u64) = (100_000_000, 960_000_000);
/// A guard alarm takes the baseline this far towards the anchor, unless it is nearer than `GUARD_NEAR`.
const GUARD_STEP: f64 = 0.10;
const GUARD_NEAR: f64 = 0.06;
const GUARD_REST_US: u64 = 30_000_000;
/// Evaluations without an answer, in a row, that are SafeMode; and how long without one is a timeout.
const TIMEOUTS: u32 = 3;
const TIMEOUT_PROBES: u64 = 8;

/// A visit to the anchor.
#[derive(Clone, Copy, Debug)]
struct Visit {
    windows: u64,
    sum: f64,
    /// Level before.
    before: f64,
}

/// One window, as the learner sees it.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Now.
    pub now_us: u64,
    /// Seconds since the last window.
    pub dt: f64,
    /// The objective on the learning scale; `None`: the window says nothing.
    pub y: Option<f64>,
    /// Failures among samples of the guard signals.
    pub guard: (f64, f64),
    /// Whether moves may be made at all: constraints come first.
    pub may_move: bool,
}

/// Learns up to four knobs at once.
#[derive(Clone, Debug)]
pub struct KalmanTube {
    active: Vec<usize>,
    rng: Rng,
    model: Model,
    window_us: u64,
    lag_us: u64,
    started_us: u64,
    /// Live values as far as they have shown, relative to nothing: units of the range.
    shown: [f64; ACTIVE_MAX],
    centre: [f64; ACTIVE_MAX],
    sign: [f64; ACTIVE_MAX],
    streak: [f64; ACTIVE_MAX],
    /// Windows in the present block, and blocks so far.
    windows: u64,
    blocks: u64,
    moved: bool,
    recent: f64,
    drift: Drift,
    guard: Guard,
    level: Option<Level>,
    elevated: u32,
    visit: Option<Visit>,
    challenge_after_us: u64,
    challenge_rest_us: u64,
    silent_us: f64,
    timeouts: u32,
}

impl KalmanTube {
    /// A learner for these knobs (at most four); `noise` is the variance of one window.
    pub fn new(
        active: Vec<usize>,
        exec: &SafetyExecutor,
        seed: u32,
        noise: f64,
        window_us: u64,
        now_us: u64,
    ) -> Self {
        let knobs = exec.space().knobs();
        let lag_us = active.iter().map(|i| knobs[*i].lag_us).max().unwrap_or(0);
        let mut learner = Self {
            rng: Rng::new(u64::from(seed)),
            model: Model::new(active.len(), noise),
            window_us,
            lag_us,
            started_us: now_us,
            shown: [0.0; ACTIVE_MAX],
            centre: [0.0; ACTIVE_MAX],
            sign: [1.0; ACTIVE_MAX],
            streak: [0.0; ACTIVE_MAX],
            windows: 0,
            blocks: 0,
            moved: false,
            recent: 1.0,
            drift: Drift::default(),
            guard: Guard::default(),
            level: None,
            elevated: 0,
            visit: None,
            challenge_after_us: 0,
            challenge_rest_us: BACK_OFF_US.0,
            silent_us: 0.0,
            timeouts: 0,
            active,
        };
        for (slot, i) in learner.active.iter().enumerate() {
            learner.shown[slot] = exec.live()[*i];
            learner.centre[slot] = exec.baseline()[*i];
        }
        learner
    }

    /// The knobs it learns.
    pub fn active(&self) -> &[usize] {
        &self.active
    }

    /// The level that outliers are clipped around.
    pub fn recent(&self) -> f64 {
        self.recent
    }

    /// Whether the error rate is suspected to rise.
    pub fn guard_suspects(&self) -> bool {
        self.guard.suspects()
    }

    /// Learns other knobs from now on; what is known of the level stays.
    pub fn set_active(&mut self, active: Vec<usize>, exec: &SafetyExecutor) {
        let mut next = Self::new(active, exec, 0, self.model.noise(), self.window_us, self.started_us);
        next.rng = self.rng.clone();
        next.model.set_level(self.model.level());
        next.model.loosen_level(DRIFT_VARIANCE);
        next.recent = self.recent;
        next.guard = self.guard.clone();
        next.level = self.level.clone();
        next.challenge_after_us = self.challenge_after_us;
        next.challenge_rest_us = self.challenge_rest_us;
        *self = next;
    }

    /// Whether the error rate rises while somebody else experiments.
    pub fn guard_alarm(&mut self, step: &Step) -> bool {
        self.guard.observe(step.guard.0, step.guard.1, step.dt).is_some()
    }

    /// Time that one pair of probes takes, in microseconds.
    pub fn pair_us(&self) -> u64 {
        2 * self.block_windows() * self.window_us
    }

    /// What is known, for explanations and evidence.
    pub fn evidence(&self) -> ModelEvidence {
        let mut e = ModelEvidence {
            len: self.active.len() as u8,
            knobs: [0; ACTIVE_MAX],
            gradient: [0.0; ACTIVE_MAX],
            error: [0.0; ACTIVE_MAX],
            curvature: [0.0; ACTIVE_MAX],
            noise: self.model.noise(),
        };
        for (slot, knob) in self.active.iter().enumerate() {
            e.knobs[slot] = *knob as u8;
            e.gradient[slot] = self.model.gradient(slot);
            e.error[slot] = libm::sqrt(self.model.gradient_variance(slot));
            e.curvature[slot] = self.model.curvature(slot);
        }
        e
    }

    /// One window.
    pub fn step(&mut self, step: Step, exec: &mut SafetyExecutor, j: &mut Journal) {
        self.follow(exec, step.dt);
        if self.guarded(&step, exec, j) {
            return;
        }
        let Some(y) = step.y else { return self.silence(&step, exec, j) };
        self.silent_us = 0.0;
        if self.visiting(&step, y, exec, j) {
            return;
        }
        let mut z = [0.0; ACTIVE_MAX];
        for (slot, knob) in self.active.iter().enumerate() {
            z[slot] = exec.space()[*knob].way(self.centre[slot], self.shown[slot]);
        }
        let standard = self.model.update(&z, y, step.dt);
        self.recent += (step.dt / RECENT_S).min(1.0) * (self.model.level() - self.recent);
        let level = self.level.get_or_insert_with(|| Level::new(y));
        level.observe(y, step.dt);
        if !exec.may_change() {
            return;
        }
        self.watch_drift(&step, standard, exec, j);
        if self.challenged(&step, exec, j) {
            return;
        }
        self.explore(&step, exec, j);
    }

    /// Follows the live values through each knob's lag, and the baseline wherever it was taken.
    fn follow(&mut self, exec: &SafetyExecutor, dt: f64) {
        let mut step = [0.0; ACTIVE_MAX];
        let mut any = false;
        for (slot, i) in self.active.iter().enumerate() {
            let knob = &exec.space()[*i];
            let lag_s = (knob.lag_us as f64 / 1e6).max(0.05);
            let share = 1.0 - libm::exp(-dt / lag_s);
            let way = knob.way(self.shown[slot], exec.live()[*i]);
            self.shown[slot] = knob.normalise(self.shown[slot] + share * way);
            step[slot] = knob.way(self.centre[slot], exec.baseline()[*i]);
            any |= step[slot] != 0.0;
            self.centre[slot] = exec.baseline()[*i];
        }
        if any {
            self.model.shift(&step);
        }
    }

    /// The live values were taken somewhere at once: what shows is where they are.
    fn arrive(&mut self, exec: &SafetyExecutor) {
        for (slot, i) in self.active.iter().enumerate() {
            self.shown[slot] = exec.live()[*i];
        }
    }

    /// How far the baseline is from the anchor, over the learned knobs.
    fn distance(&self, exec: &SafetyExecutor) -> f64 {
        let away =
            self.active.iter().map(|i| exec.space()[*i].way(exec.baseline()[*i], exec.anchor()[*i]).abs());
        away.fold(0.0, f64::max)
    }

    fn guarded(&mut self, step: &Step, exec: &mut SafetyExecutor, j: &mut Journal) -> bool {
        let Some((statistic, rate)) = self.guard.observe(step.guard.0, step.guard.1, step.dt) else {
            return false;
        };
        if !exec.may_change() {
            return false;
        }
        let live = (0..exec.space().len()).filter(|i| exec.space()[*i].learn != Learn::Hold);
        let far = live.map(|i| exec.space()[i].way(exec.live()[i], exec.anchor()[i]).abs());
        if far.fold(0.0, f64::max) <= GUARD_NEAR {
            return false;
        }
        self.visit = None;
        if exec.back_off(step.now_us, GUARD_STEP, Evidence::Guard { statistic, rate }, j).is_ok() {
            self.follow(exec, 0.0);
            self.arrive(exec);
            self.model.zero_slopes();
            self.model.loosen_level(DRIFT_VARIANCE);
            self.relearn();
            self.elevated = 0;
            self.challenge_after_us = step.now_us + GUARD_REST_US;
        }
        true
    }

    fn relearn(&mut self) {
        self.model.forget_slopes();
        self.streak = [0.0; ACTIVE_MAX];
        self.drift.restart();
    }

    /// A window that says nothing. A probe that gets no answer is taken back; several in a row are SafeMode.
    fn silence(&mut self, step: &Step, exec: &mut SafetyExecutor, j: &mut Journal) {
        self.silent_us += step.dt * 1e6;
        let timeout_us = (TIMEOUT_PROBES * self.block_windows() * self.window_us) as f64;
        let probing = exec.is_away() || exec.offset().iter().any(|d| *d != 0.0);
        if !probing || self.silent_us < timeout_us || !exec.may_change() {
            return;
        }
        self.silent_us = 0.0;
        self.timeouts += 1;
        self.visit = None;
        if self.timeouts >= TIMEOUTS {
            exec.enter_safe_mode(step.now_us, SafeModeReason::EvaluationTimeout, j);
        } else if exec.is_away() {
            exec.end_challenge(step.now_us, false, Evidence::None, j);
        } else if exec.probe_ok(step.now_us) {
            let _ = exec.probe(step.now_us, &Values::zeros(exec.space().len()), Evidence::None, j);
        }
    }

    /// While the anchor is visited: average, then adopt it or return.
    fn visiting(&mut self, step: &Step, y: f64, exec: &mut SafetyExecutor, j: &mut Journal) -> bool {
        let Some(mut visit) = self.visit else { return false };
        if !exec.is_away() {
            // Somebody else ended it: an operator, SafeMode, a failed push.
            self.visit = None;
            self.arrive(exec);
            return false;
        }
        visit.windows += 1;
        let skip = self.visit_skip();
        if visit.windows > skip {
            visit.sum += y;
        }
        self.visit = Some(visit);
        if visit.windows < skip + u64::from(VISIT_WINDOWS) {
            return true;
        }
        self.visit = None;
        self.challenge_after_us = step.now_us + self.challenge_rest_us;
        let there = visit.sum / f64::from(VISIT_WINDOWS);
        let error = libm::sqrt(2.0 * self.model.noise() / f64::from(VISIT_WINDOWS));
        let adopt = there < visit.before - ADOPT.max(1.5 * error);
        let evidence = Evidence::Comparison { before: visit.before, after: there, standard_error: error };
        exec.end_challenge(step.now_us, adopt, evidence, j);
        if adopt {
            self.challenge_rest_us = BACK_OFF_US.0;
            self.follow(exec, 0.0);
            self.model.set_level(there);
            self.model.zero_slopes();
            self.relearn();
            self.recent = there;
            if let Some(level) = &mut self.level {
                level.restart(there);
            }
        } else {
            self.challenge_rest_us = (2 * self.challenge_rest_us).min(BACK_OFF_US.1);
            self.model.loosen_level(0.3 * self.model.noise());
            if let Some(level) = &mut self.level {
                level.accept_half();
            }
        }
        self.arrive(exec);
        self.elevated = 0;
        true
    }

    fn watch_drift(&mut self, step: &Step, standard: f64, exec: &SafetyExecutor, j: &mut Journal) {
        let Some(sum) = self.drift.observe(step.now_us, standard) else { return };
        j.push(step.now_us, 0, exec.generation(), Body::Drift(sum));
        if sum > 0.0 {
            self.elevated += ELEVATED_WINDOWS;
        }
        self.model.loosen_level(DRIFT_VARIANCE);
        self.model.hold_noise(DRIFT_HOLD);
        self.model.forget_slopes();
        self.streak = [0.0; ACTIVE_MAX];
    }

    fn challenged(&mut self, step: &Step, exec: &mut SafetyExecutor, j: &mut Journal) -> bool {
        let Some(level) = &self.level else { return false };
        self.elevated = if level.is_elevated() { self.elevated + 1 } else { 0 };
        let due = self.elevated >= ELEVATED_WINDOWS && level.is_high();
        let rested =
            step.now_us >= self.challenge_after_us && step.now_us - self.started_us > CHALLENGE_AFTER_US;
        if !due || !rested || self.distance(exec) <= CHALLENGE_DISTANCE {
            return false;
        }
        let before = level.short();
        if exec.challenge(step.now_us, level.evidence(), j).is_err() {
            self.elevated = 0;
            return false;
        }
        self.visit = Some(Visit { windows: 0, sum: 0.0, before });
        true
    }

    fn visit_skip(&self) -> u64 {
        if self.lag_us > SLOW_US {
            (VISIT_SKIP_LAGS * self.lag_us as f64 / self.window_us as f64) as u64 + 1
        } else {
            VISIT_SKIP
        }
    }

    /// Windows of one block: long enough for the lag to show, and for the limit on probes.
    fn block_windows(&self) -> u64 {
        let by_lag = if self.lag_us > SLOW_US {
            (PROBE_LAGS * self.lag_us as f64 / self.window_us as f64) as u64
        } else {
            0
        };
        by_lag.max(PROBE_WINDOWS).max(PROBE_US.div_ceil(self.window_us))
    }

    /// Counts the block; at its end, moves or probes.
    fn explore(&mut self, step: &Step, exec: &mut SafetyExecutor, j: &mut Journal) {
        self.windows += 1;
        if self.active.is_empty() || self.windows < self.block_windows() || !exec.probe_ok(step.now_us) {
            return;
        }
        (self.windows, self.timeouts) = (0, 0);
        self.blocks += 1;
        // Where steps have to be small, a probe returns to the baseline between its two signs.
        let three_levels = exec.guardrails().preset == Preset::Conservative;
        let pair = if three_levels { 4 } else { 2 };
        if self.blocks.is_multiple_of(pair) && !self.moved && step.may_move && self.newton(step, exec, j) {
            // The move is an update of its own; the probe follows a block later.
            self.moved = true;
            self.blocks -= 1;
            return;
        }
        self.moved = false;
        let phase = self.blocks % pair;
        for slot in 0..self.active.len() {
            self.sign[slot] = match (phase, three_levels) {
                (0, _) => self.rng.sign(),
                (2, true) | (1, false) => -self.sign[slot],
                _ => self.sign[slot],
            };
        }
        let centred = three_levels && phase % 2 == 1;
        let mut offset = Values::zeros(exec.space().len());
        if !centred {
            for slot in 0..self.active.len() {
                offset[self.active[slot]] = self.sign[slot] * self.amplitude(slot, three_levels, exec);
            }
        }
        let _ = exec.probe(step.now_us, &offset, Evidence::None, j);
    }

    /// As large as the doubt about the optimum, within the tube.
    fn amplitude(&self, slot: usize, three_levels: bool, exec: &SafetyExecutor) -> f64 {
        let (most, step_max) = (exec.guardrails().probe_amplitude, exec.guardrails().max_delta);
        let doubt =
            libm::sqrt(self.model.gradient_variance(slot)) / self.model.curvature(slot).max(CURVATURE_MIN);
        // Rounding may have left the live value a little off: the step starts there.
        let i = self.active[slot];
        let before = exec.space()[i].way(exec.baseline()[i], exec.live()[i]).abs();
        let wanted = clamp(doubt, PROBE_MIN * most, most).min((step_max - before).max(0.0));
        if three_levels { wanted } else { wanted.min(0.5 * step_max) }
    }

    /// A shrunken Newton step of the baseline, within what the guardrails leave.
    fn newton(&mut self, step: &Step, exec: &mut SafetyExecutor, j: &mut Journal) -> bool {
        let mut target = *exec.baseline();
        let mut any = false;
        for slot in 0..self.active.len() {
            let i = self.active[slot];
            let (g, variance) = (self.model.gradient(slot), self.model.gradient_variance(slot));
            let h = self.model.curvature(slot).max(CURVATURE_MIN);
            let trust = g * g / (g * g + SHRINK * variance + 1e-12);
            let streak = self.streak[slot];
            let faster =
                if streak * g < -1.5 { libm::pow(STREAK, streak.abs() - 1.0).min(STREAK_MAX) } else { 1.0 };
            let most = exec.guardrails().max_delta;
            let mut s = clamp(-RELAX * faster * trust * g / h, -most, most);
            let (room, flips) = exec.room(step.now_us, i);
            if exec.direction(i) * s < 0.0 && flips == 0 {
                continue;
            }
            s = clamp(s, -room, room);
            if s.abs() < STEP_MIN {
                continue;
            }
            let knob = &exec.space()[i];
            let to = knob.normalise(exec.baseline()[i] + s);
            self.streak[slot] = if streak * s > 0.0 { streak + s.signum() } else { s.signum() };
            any |= knob.way(exec.baseline()[i], to).abs() > 1e-6;
            target[i] = to;
        }
        any && exec.shift(step.now_us, ApplyKind::Move, &target, Evidence::Model(self.evidence()), j).is_ok()
    }
}

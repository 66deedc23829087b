//! The recommended learner: a Kalman filter over a local quadratic, fed by small probes inside a tube around the baseline.
//!
//! Probes are random sign vectors, each followed by its opposite, so that drift cancels. After each pair the baseline takes a
//! shrunken Newton step. A change detector reopens exploration, an anchor challenge asks whether the initial values would be
//! better today, a sequential test of the error rate pulls the baseline back. The constants were found by search on plants
//! that a bench runs (`npm run bench -- plants`); their meaning stands beside each.

mod challenge;
mod drift;
mod explore;
mod level;
mod model;

use super::guard::Guard;
use crate::journal::{ACTIVE_MAX, Body, Evidence, Journal, ModelEvidence};
use crate::rng::Rng;
use crate::safety::{SafeModeReason, SafetyExecutor};
use crate::space::Values;
use alloc::vec::Vec;
use challenge::{ELEVATED_WINDOWS, Visit};
use drift::Drift;
use level::Level;
use model::Model;

/// Windows of a probe, at least.
const PROBE_WINDOWS: u64 = 2;
/// Time of a probe, at least: probes may toggle twice a second.
const PROBE_US: u64 = 500_000;
/// Length of a probe in lags, for knobs that are slower than `SLOW_US`.
const PROBE_LAGS: f64 = 0.55;
const SLOW_US: u64 = 1_000_000;
/// Time constant of the level that outliers are clipped around, seconds.
const RECENT_S: f64 = 60.0;
/// A change of level loosens the level's variance by this and holds the noise estimate for so many windows.
const DRIFT_VARIANCE: f64 = 0.25;
const DRIFT_HOLD: u32 = 12;
/// Time to the next challenge, doubling while they are in vain.
const BACK_OFF_US: (u64, u64) = (100_000_000, 960_000_000);
/// No challenge so soon after a guard alarm.
const GUARD_REST_US: u64 = 30_000_000;
/// Evaluations without an answer, in a row, that are SafeMode; and how long without one is a timeout.
const TIMEOUTS: u32 = 3;
const TIMEOUT_PROBES: u64 = 8;

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

    /// The test of the error rate.
    pub fn guard(&mut self) -> &mut Guard {
        &mut self.guard
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
        let Some(backed_off) = self.guard.guarded(step, exec, j) else { return false };
        self.visit = None;
        if backed_off {
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

    /// Windows of one block: long enough for the lag to show, and for the limit on probes.
    fn block_windows(&self) -> u64 {
        let by_lag = if self.lag_us > SLOW_US {
            (PROBE_LAGS * self.lag_us as f64 / self.window_us as f64) as u64
        } else {
            0
        };
        by_lag.max(PROBE_WINDOWS).max(PROBE_US.div_ceil(self.window_us))
    }
}

//! The rivals' shared executor: the guardrails taken literally, as the protocols that they come from would.
//!
//! A move that is too large or too early is refused; one that would exceed the flips or the total change of a minute
//! enters SafeMode, and so do too many regressions in a row. A strategy that wants to stay out of SafeMode asks for the
//! room that is left ([`Executor::room`]).

use std::collections::VecDeque;

use crate::auditor::{Change, Update, UpdateKind};
use crate::contender::{Contender, Setup, Window};
use crate::guardrails::Limits;
use crate::stats::Moments;
use crate::{KNOBS_MAX, Setting};

const SLACK: f64 = 1e-9;
const SECOND_US: u64 = 1_000_000;
const MINUTE_US: u64 = 60 * SECOND_US;
/// Windows after a move that are compared with those before it.
const REGRESSION_WINDOWS: u64 = 8;

/// A strategy under the executor.
pub trait Strategy {
    /// Decides on the window that just ended.
    fn step(&mut self, window: &Window, executor: &mut Executor);
}

/// What became of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Applied.
    Applied,
    /// Refused; nothing changed.
    Refused,
    /// It broke a limit, and SafeMode was entered.
    SafeMode,
    /// It asked for what is already in force.
    Unchanged,
}

/// A strategy together with its executor.
pub struct Guarded<S> {
    strategy: S,
    executor: Executor,
}

impl<S: Strategy> Guarded<S> {
    pub fn new(setup: &Setup<'_>, strategy: S) -> Self {
        let plant = setup.case.plant;
        Self { strategy, executor: Executor::new(setup.limits, plant.knobs(), plant.initial()) }
    }
}

impl<S: Strategy> Contender for Guarded<S> {
    fn step(&mut self, window: &Window, applied: &mut Vec<Update>) {
        self.executor.observe(window);
        self.strategy.step(window, &mut self.executor);
        applied.append(&mut self.executor.applied);
    }

    fn live(&self) -> Setting {
        self.executor.live
    }

    fn safe_mode_entries(&self) -> u64 {
        self.executor.safe_mode_entries
    }
}

/// The room that a knob has left in the current minute.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Total change.
    pub travel: f64,
    /// Direction changes.
    pub flips: usize,
}

/// Applies moves and probes within the guardrails.
pub struct Executor {
    limits: Limits,
    knobs: usize,
    live: Setting,
    baseline: Setting,
    offset: Setting,
    certified: Setting,
    now_us: u64,
    travel: [VecDeque<(u64, f64)>; KNOBS_MAX],
    flips: [VecDeque<u64>; KNOBS_MAX],
    direction: Setting,
    updates: VecDeque<u64>,
    safe_until_us: u64,
    safe_mode_entries: u64,
    since_move: Moments,
    before_move: Moments,
    regressions: usize,
    applied: Vec<Update>,
}

impl Executor {
    fn new(limits: Limits, knobs: usize, initial: Setting) -> Self {
        Self {
            limits,
            knobs,
            live: initial,
            baseline: initial,
            offset: [0.0; KNOBS_MAX],
            certified: initial,
            now_us: 0,
            travel: Default::default(),
            flips: Default::default(),
            direction: [0.0; KNOBS_MAX],
            updates: VecDeque::new(),
            safe_until_us: 0,
            safe_mode_entries: 0,
            since_move: Moments::default(),
            before_move: Moments::default(),
            regressions: 0,
            applied: Vec::new(),
        }
    }

    /// The limits in force.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Number of knobs.
    pub fn knobs(&self) -> usize {
        self.knobs
    }

    /// What the application reads.
    pub fn live(&self) -> Setting {
        self.live
    }

    /// What probes move around.
    pub fn baseline(&self) -> Setting {
        self.baseline
    }

    /// Now, in seconds.
    pub fn now_s(&self) -> f64 {
        self.now_us as f64 / SECOND_US as f64
    }

    /// In SafeMode, nothing changes.
    pub fn frozen(&self) -> bool {
        self.now_us < self.safe_until_us
    }

    /// Where SafeMode goes from now on.
    pub fn certify(&mut self, setting: Setting) {
        self.certified = setting;
    }

    /// The direction of a knob's last move: -1, 0 or 1.
    pub fn direction(&self, knob: usize) -> f64 {
        self.direction[knob]
    }

    /// What a knob may still do in this minute.
    pub fn room(&mut self, knob: usize) -> Room {
        self.expire();
        let used: f64 = self.travel[knob].iter().map(|entry| entry.1).sum();
        Room {
            travel: (self.limits.cumulative_per_minute - used).max(0.0),
            flips: self.limits.flips_per_minute.saturating_sub(self.flips[knob].len()),
        }
    }

    /// A wished change of one knob, clipped to the maximum delta and to the room that is left; 0 where a direction
    /// change is not affordable.
    pub fn affordable(&mut self, knob: usize, change: f64) -> f64 {
        let room = self.room(knob);
        let change = change.clamp(-self.limits.max_delta, self.limits.max_delta);
        if self.direction[knob] * change < 0.0 && room.flips == 0 {
            return 0.0;
        }
        change.clamp(-room.travel, room.travel)
    }

    /// Proposes a new baseline; a probe offset in force stays.
    pub fn propose(&mut self, wanted: &Setting) -> Verdict {
        if self.frozen() {
            return Verdict::Refused;
        }
        let change: Setting = std::array::from_fn(|i| {
            if i < self.knobs { wanted[i].clamp(0.0, 1.0) - self.baseline[i] } else { 0.0 }
        });
        if change.iter().any(|c| c.abs() > self.limits.max_delta + SLACK) {
            return Verdict::Refused;
        }
        if change.iter().all(|c| c.abs() <= SLACK) {
            return Verdict::Unchanged;
        }
        if !self.rate_allows() {
            return Verdict::Refused;
        }
        for knob in 0..self.knobs {
            let room = self.room(knob);
            let flips = self.direction[knob] * change[knob] < 0.0;
            if change[knob].abs() > SLACK
                && (change[knob].abs() > room.travel + SLACK || flips && room.flips == 0)
            {
                self.enter_safe_mode();
                return Verdict::SafeMode;
            }
        }
        self.apply_move(&change);
        if self.since_move.count() < REGRESSION_WINDOWS {
            self.judge();
        }
        if self.frozen() {
            return Verdict::SafeMode;
        }
        self.before_move = std::mem::take(&mut self.since_move);
        Verdict::Applied
    }

    /// As [`Self::propose`], and takes the probe back in the same update.
    pub fn propose_centred(&mut self, wanted: &Setting) -> Verdict {
        let offset = std::mem::take(&mut self.offset);
        let verdict = self.propose(wanted);
        if matches!(verdict, Verdict::Refused | Verdict::Unchanged) {
            self.offset = offset;
        }
        verdict
    }

    /// Sets the probe offset. Probes share the rate limits, but have no part in flips and total change.
    pub fn probe(&mut self, offset: &Setting) -> Verdict {
        if self.frozen() || offset.iter().any(|o| o.abs() > self.limits.probe_amplitude + SLACK) {
            return Verdict::Refused;
        }
        if offset.iter().zip(&self.offset).all(|(new, old)| (new - old).abs() <= 1e-12) {
            return Verdict::Unchanged;
        }
        let taken_back = offset.iter().all(|o| *o == 0.0);
        if !taken_back && !self.rate_allows() {
            return Verdict::Refused;
        }
        self.offset = *offset;
        let live = self.centred_live();
        self.write(UpdateKind::Probe, live, self.baseline);
        self.updates.push_back(self.now_us);
        Verdict::Applied
    }

    /// Writes a setting past every guardrail, for rivals that know none.
    pub fn write_unguarded(&mut self, setting: Setting) {
        if setting != self.live {
            self.write(UpdateKind::Move, setting, setting);
        }
    }

    fn observe(&mut self, window: &Window) {
        self.now_us = window.end_us;
        if self.frozen() {
            return;
        }
        self.since_move.push(window.objective);
        if self.since_move.count() == REGRESSION_WINDOWS {
            self.judge();
        }
    }

    /// A regression is worse by more than 5 % and by more than two standard errors.
    fn judge(&mut self) {
        let (before, after) = (&self.before_move, &self.since_move);
        if before.count() < 2 || after.count() < 2 {
            return;
        }
        let rise = after.mean() - before.mean();
        let error = (before.mean_variance() + after.mean_variance()).sqrt();
        if rise > 0.05 * before.mean().abs().max(1e-9) && rise > 2.0 * error {
            self.regressions += 1;
            if self.regressions >= self.limits.regressions {
                self.enter_safe_mode();
            }
        } else {
            self.regressions = 0;
        }
    }

    fn enter_safe_mode(&mut self) {
        self.safe_mode_entries += 1;
        self.safe_until_us = self.now_us + self.limits.cooldown_us;
        self.offset = [0.0; KNOBS_MAX];
        self.direction = [0.0; KNOBS_MAX];
        self.since_move = Moments::default();
        self.before_move = Moments::default();
        self.regressions = 0;
        self.write(UpdateKind::SafeMode, self.certified, self.certified);
    }

    fn rate_allows(&mut self) -> bool {
        self.expire();
        let spaced = self.updates.back().is_none_or(|last| self.now_us - last >= self.limits.min_interval_us);
        spaced && self.updates.len() < self.limits.updates_per_second
    }

    fn apply_move(&mut self, change: &Setting) {
        let mut baseline = self.baseline;
        for knob in 0..self.knobs {
            if change[knob].abs() <= SLACK {
                continue;
            }
            self.travel[knob].push_back((self.now_us, change[knob].abs()));
            if self.direction[knob] * change[knob] < 0.0 {
                self.flips[knob].push_back(self.now_us);
            }
            self.direction[knob] = change[knob].signum();
            baseline[knob] += change[knob];
        }
        let before = std::mem::replace(&mut self.baseline, baseline);
        let live = self.centred_live();
        self.baseline = before;
        self.write(UpdateKind::Move, live, baseline);
        self.updates.push_back(self.now_us);
    }

    fn centred_live(&self) -> Setting {
        let mut live = self.live;
        for knob in 0..self.knobs {
            live[knob] = (self.baseline[knob] + self.offset[knob]).clamp(0.0, 1.0);
        }
        live
    }

    fn write(&mut self, kind: UpdateKind, live: Setting, baseline: Setting) {
        self.applied.push(Update {
            time_us: self.now_us,
            kind,
            live: Change { before: self.live, after: live },
            baseline: Change { before: self.baseline, after: baseline },
        });
        self.live = live;
        self.baseline = baseline;
    }

    fn expire(&mut self) {
        let now = self.now_us;
        for knob in 0..KNOBS_MAX {
            while self.travel[knob].front().is_some_and(|entry| entry.0 + MINUTE_US <= now) {
                self.travel[knob].pop_front();
            }
            while self.flips[knob].front().is_some_and(|time| time + MINUTE_US <= now) {
                self.flips[knob].pop_front();
            }
        }
        while self.updates.front().is_some_and(|time| time + SECOND_US <= now) {
            self.updates.pop_front();
        }
    }
}

/// Windows to wait for a change to settle: `lags` time constants of a slow knob, else `quick`.
pub fn settling_windows(lag_s: f64, lags: f64, quick: usize) -> usize {
    if lag_s > 1.0 { (lags * lag_s / crate::WINDOW_S) as usize } else { quick }
}

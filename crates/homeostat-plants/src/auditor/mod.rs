//! An independent guardrail auditor.
//!
//! It is written from the words of the specification alone, sees nothing but the sequence of applied updates, and shares
//! no code with anything that it audits. Its rules:
//!
//! 1. Ordinary updates are probes and moves. No ordinary update changes a live value by more than the maximum delta;
//!    at most so many fall in any second; none follows another applied update sooner than the minimum interval.
//! 2. Only moves change the baseline. Per knob and minute, its direction flips and its total change are limited.
//! 3. A probe leaves the baseline alone and stays in the tube around it; at most two toggles fall in any second.
//! 4. Exceptional updates (rollback, challenge and its return or adoption, back-off, SafeMode) may exceed those limits;
//!    each kind has a cap of its own.
//! 5. In SafeMode nothing changes but by a rollback.
//! 6. No live value is ever outside `[0, 1]`, and none changes unreported.
//!
//! Windows roll and are half-open: an update exactly one window old has left it. Each window is checked when an update
//! enters it, which is when a rolling count is at its highest, so no placement of the window escapes. Exceptional
//! updates count as earlier updates for the rate and the interval of ordinary ones, but are never held to them: safety
//! must not wait.

mod breach;
mod rolling;
#[cfg(test)]
mod tests;
mod update;

pub use breach::{Breach, BreachKind, Breaches};
use rolling::Rolling;
pub use update::{Change, Update, UpdateKind};

use crate::guardrails::Preset;
use crate::{KNOBS_MAX, Setting};

/// Slack for the rounding of sums of normalised values.
const TOLERANCE: f64 = 1e-9;
const SECOND_US: u64 = 1_000_000;
const MINUTE_US: u64 = 60 * SECOND_US;
const HOUR_US: u64 = 60 * MINUTE_US;

/// What is audited against. Separate from the contenders' limits on purpose, so that a test can set them apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// Largest change of any live value in one ordinary update.
    pub max_delta: f64,
    /// Most ordinary updates in any second.
    pub updates_per_second: usize,
    /// Shortest time from any applied update to an ordinary one.
    pub min_interval_us: u64,
    /// Most direction changes per knob of the baseline in any minute.
    pub flips_per_minute: usize,
    /// Largest total change per knob of the baseline in any minute.
    pub cumulative_per_minute: f64,
    /// Half-width of the tube around the baseline.
    pub probe_amplitude: f64,
    /// Most probes in any second.
    pub probes_per_second: usize,
    /// Length of SafeMode unless a [`UpdateKind::SafeModeExit`] ends it earlier.
    pub cooldown_us: u64,
    /// Largest change of the baseline in one constraint back-off.
    pub back_off_max: f64,
    /// Most of each exceptional kind in any hour.
    pub per_hour: Caps,
}

/// Caps of the exceptional kinds, per rolling hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Rollbacks.
    pub rollbacks: usize,
    /// Visits to the anchor.
    pub challenges: usize,
    /// Visits that were adopted.
    pub adoptions: usize,
    /// Constraint back-offs.
    pub back_offs: usize,
    /// SafeMode entries that changed something.
    pub safe_modes: usize,
}

impl Rules {
    /// The rules of a preset. The hourly caps that the guardrail table leaves open follow from the design: a challenge
    /// waits at least 100 s for the next, SafeMode lasts its cooldown, and a back-off a minute is taken as the most.
    pub fn of(preset: Preset) -> Self {
        let limits = preset.limits();
        Self {
            max_delta: limits.max_delta,
            updates_per_second: limits.updates_per_second,
            min_interval_us: limits.min_interval_us,
            flips_per_minute: limits.flips_per_minute,
            cumulative_per_minute: limits.cumulative_per_minute,
            probe_amplitude: limits.probe_amplitude,
            probes_per_second: 2,
            cooldown_us: limits.cooldown_us,
            back_off_max: 0.10,
            per_hour: Caps {
                rollbacks: limits.rollbacks_per_hour,
                challenges: 36,
                adoptions: 36,
                back_offs: 60,
                safe_modes: (HOUR_US / limits.cooldown_us) as usize,
            },
        }
    }
}

/// Watches one run.
#[derive(Debug)]
pub struct Auditor {
    rules: Rules,
    knobs: usize,
    live: Setting,
    baseline: Setting,
    last_us: Option<u64>,
    safe_until_us: u64,
    updates: Rolling<()>,
    probes: Rolling<()>,
    travel: [Rolling<f64>; KNOBS_MAX],
    flips: [Rolling<()>; KNOBS_MAX],
    direction: Setting,
    exceptional: [Rolling<()>; UpdateKind::COUNT],
    counts: [u64; UpdateKind::COUNT],
    breaches: Breaches,
}

impl Auditor {
    /// Starts at the setting that is live and baseline at time 0.
    pub fn new(rules: Rules, knobs: usize, initial: Setting) -> Self {
        Self {
            rules,
            knobs,
            live: initial,
            baseline: initial,
            last_us: None,
            safe_until_us: 0,
            updates: Rolling::new(SECOND_US),
            probes: Rolling::new(SECOND_US),
            travel: std::array::from_fn(|_| Rolling::new(MINUTE_US)),
            flips: std::array::from_fn(|_| Rolling::new(MINUTE_US)),
            direction: [0.0; KNOBS_MAX],
            exceptional: std::array::from_fn(|_| Rolling::new(HOUR_US)),
            counts: [0; UpdateKind::COUNT],
            breaches: Breaches::default(),
        }
    }

    /// Audits the next applied update.
    pub fn record(&mut self, update: &Update) {
        self.counts[update.kind as usize] += 1;
        self.check_report(update);
        self.check_bounds(update);
        self.check_safe_mode(update);
        match update.kind {
            UpdateKind::Probe | UpdateKind::Move => self.check_ordinary(update),
            UpdateKind::SafeModeExit => self.safe_until_us = 0,
            _ => self.check_exceptional(update),
        }
        if update.kind != UpdateKind::SafeModeExit {
            self.updates.push(update.time_us, ());
            self.last_us = Some(update.time_us);
        }
        self.live = update.live.after;
        self.baseline = update.baseline.after;
    }

    /// Compares what is live with what was reported; call it whenever live values are read.
    pub fn observe_live(&mut self, time_us: u64, live: &Setting) {
        if distance(self.knobs, live, &self.live) > TOLERANCE {
            self.breaches.add(time_us, BreachKind::Unreported, || {
                format!("live {:?}, last reported {:?}", &live[..self.knobs], &self.live[..self.knobs])
            });
            self.live = *live;
        }
    }

    /// What was found so far.
    pub fn breaches(&self) -> &Breaches {
        &self.breaches
    }

    /// Updates of a kind so far.
    pub fn count(&self, kind: UpdateKind) -> u64 {
        self.counts[kind as usize]
    }

    fn breach(&mut self, update: &Update, kind: BreachKind, detail: impl FnOnce() -> String) {
        self.breaches.add(update.time_us, kind, || format!("{:?}: {}", update.kind, detail()));
    }

    /// Updates continue where the last one ended, in time and in value.
    fn check_report(&mut self, update: &Update) {
        if let Some(last) = self.last_us.filter(|&last| update.time_us < last) {
            self.breach(update, BreachKind::TimeReversed, || {
                format!("{} us after {last} us", update.time_us)
            });
        }
        let live = distance(self.knobs, &update.live.before, &self.live);
        let baseline = distance(self.knobs, &update.baseline.before, &self.baseline);
        if exceeds(live, 0.0) || exceeds(baseline, 0.0) {
            self.breach(update, BreachKind::Unreported, || {
                format!(
                    "starts {live} from the reported live values and {baseline} from the reported baseline"
                )
            });
        }
    }

    fn check_bounds(&mut self, update: &Update) {
        for values in [update.live.after, update.baseline.after] {
            if let Some(value) = values[..self.knobs].iter().find(|value| !(0.0..=1.0).contains(*value)) {
                self.breach(update, BreachKind::OutOfBounds, || format!("{value} is outside [0, 1]"));
            }
        }
    }

    fn check_safe_mode(&mut self, update: &Update) {
        let allowed =
            [UpdateKind::Rollback, UpdateKind::SafeMode, UpdateKind::SafeModeExit].contains(&update.kind);
        if update.time_us < self.safe_until_us && !allowed {
            let until = self.safe_until_us;
            self.breach(update, BreachKind::ChangedInSafeMode, || format!("in SafeMode until {until} us"));
        }
    }

    fn check_ordinary(&mut self, update: &Update) {
        let rules = self.rules;
        let delta = distance(self.knobs, &update.live.after, &update.live.before);
        if exceeds(delta, rules.max_delta) {
            self.breach(update, BreachKind::DeltaTooLarge, || format!("{delta} > {}", rules.max_delta));
        }
        if let Some(last) = self.last_us
            && update.time_us.saturating_sub(last) < rules.min_interval_us
        {
            self.breach(update, BreachKind::TooSoon, || {
                format!(
                    "{} us after the last update, at least {}",
                    update.time_us - last,
                    rules.min_interval_us
                )
            });
        }
        let in_second = self.updates.count(update.time_us) + 1;
        if in_second > rules.updates_per_second {
            self.breach(update, BreachKind::RateExceeded, || {
                format!("{in_second} updates in a second, at most {}", rules.updates_per_second)
            });
        }
        self.check_tube(update);
        if update.kind == UpdateKind::Probe {
            self.check_probe(update);
        } else {
            self.check_move(update);
        }
    }

    fn check_tube(&mut self, update: &Update) {
        let amplitude = self.rules.probe_amplitude;
        let offset = distance(self.knobs, &update.live.after, &update.baseline.after);
        if exceeds(offset, amplitude) {
            self.breach(update, BreachKind::OutsideTube, || {
                format!("{offset} from the baseline, at most {amplitude}")
            });
        }
    }

    fn check_probe(&mut self, update: &Update) {
        self.check_baseline_kept(update);
        self.probes.push(update.time_us, ());
        let (toggles, limit) = (self.probes.count(update.time_us), self.rules.probes_per_second);
        if toggles > limit {
            self.breach(update, BreachKind::ProbeRate, || {
                format!("{toggles} probes in a second, at most {limit}")
            });
        }
    }

    fn check_baseline_kept(&mut self, update: &Update) {
        let moved = distance(self.knobs, &update.baseline.after, &update.baseline.before);
        if exceeds(moved, 0.0) {
            self.breach(update, BreachKind::BaselineMoved, || format!("moves the baseline by {moved}"));
        }
    }

    fn check_move(&mut self, update: &Update) {
        let rules = self.rules;
        for knob in 0..self.knobs {
            let change = update.baseline.after[knob] - update.baseline.before[knob];
            if change.abs() <= TOLERANCE {
                continue;
            }
            self.travel[knob].push(update.time_us, change.abs());
            let travelled: f64 = self.travel[knob].iter(update.time_us).sum();
            if exceeds(travelled, rules.cumulative_per_minute) {
                self.breach(update, BreachKind::CumulativeExceeded, || {
                    format!(
                        "knob {knob} travelled {travelled} in a minute, at most {}",
                        rules.cumulative_per_minute
                    )
                });
            }
            if self.direction[knob] * change < 0.0 {
                self.flips[knob].push(update.time_us, ());
                let flips = self.flips[knob].count(update.time_us);
                if flips > rules.flips_per_minute {
                    self.breach(update, BreachKind::FlipsExceeded, || {
                        format!(
                            "knob {knob} flipped {flips} times in a minute, at most {}",
                            rules.flips_per_minute
                        )
                    });
                }
            }
            self.direction[knob] = change.signum();
        }
    }

    fn check_exceptional(&mut self, update: &Update) {
        match update.kind {
            // A visit is away from the baseline by design, and the only one to be.
            UpdateKind::Challenge => self.check_baseline_kept(update),
            UpdateKind::ChallengeReturn => {
                self.check_baseline_kept(update);
                self.check_tube(update);
            }
            UpdateKind::BackOff => {
                let moved = distance(self.knobs, &update.baseline.after, &update.baseline.before);
                let limit = self.rules.back_off_max;
                if exceeds(moved, limit) {
                    self.breach(update, BreachKind::BackOffTooLarge, || format!("{moved} > {limit}"));
                }
                self.check_tube(update);
            }
            UpdateKind::SafeMode => {
                self.safe_until_us = update.time_us + self.rules.cooldown_us;
                self.check_tube(update);
            }
            _ => self.check_tube(update),
        }
        let Some(cap) = self.rules.per_hour.of(update.kind) else { return };
        let used = &mut self.exceptional[update.kind as usize];
        used.push(update.time_us, ());
        let used = used.count(update.time_us);
        if used > cap {
            self.breach(update, BreachKind::CapExceeded, || format!("{used} in an hour, at most {cap}"));
        }
    }
}

impl Caps {
    /// A return follows its challenge one to one, so it needs no cap of its own.
    fn of(&self, kind: UpdateKind) -> Option<usize> {
        match kind {
            UpdateKind::Rollback => Some(self.rollbacks),
            UpdateKind::Challenge => Some(self.challenges),
            UpdateKind::Adoption => Some(self.adoptions),
            UpdateKind::BackOff => Some(self.back_offs),
            UpdateKind::SafeMode => Some(self.safe_modes),
            UpdateKind::Probe | UpdateKind::Move | UpdateKind::ChallengeReturn | UpdateKind::SafeModeExit => {
                None
            }
        }
    }
}

/// A distance of NaN exceeds every limit.
fn exceeds(value: f64, limit: f64) -> bool {
    value.is_nan() || value > limit + TOLERANCE
}

/// Largest absolute difference over the knobs in use; NaN if any value is.
fn distance(knobs: usize, a: &Setting, b: &Setting) -> f64 {
    (0..knobs).map(|i| (a[i] - b[i]).abs()).fold(0.0, |max, d| if d.is_nan() || d > max { d } else { max })
}

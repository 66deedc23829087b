//! The default rule. The limit follows what the service needs without a queue: what it can do per second (`saturated`) times its
//! *uncongested* mean round trip (`baseline`), with headroom for chance. Overload lengthens the round trips that it sees, but not
//! the uncongested one, so overload cannot raise its own baseline.
//!
//! The uncongested round trip is learned in two ways: for nothing while at most half the limit is used, and otherwise by a
//! *probe*, a short interval with the limit a little below the estimated need, at most every 4 s and for at most a twentieth of the
//! time. A need that falls all at once asks for a probe before the limit follows: whether the service can do less, or only became more
//! distant, shows in whether round trips shorten with the limit.
//!
//! `homeostat-load` has the measurements, and what was rejected.

use super::LimiterConfig;
use super::baseline::{Baseline, Verdict};
use super::meter::{Interval, Meter};
use super::rule::{Level, Returned, Rule};
use super::saturated::Saturated;
use crate::limiter::Ended;

/// An interval has so many calls at least, and two limits' worth.
const CALLS_MIN: f64 = 20.0;
/// An ordinary interval lasts so long at least.
const INTERVAL_S: f64 = 0.1;
/// From one probe to the next: at most this and at least that, and as a multiple of the probe's length.
const PROBE_EVERY_S: f64 = 4.0;
const PROBE_AGAIN_S: f64 = 1.0;
const PROBE_SHARE: f64 = 20.0;
/// How much later the next probe is with every probe since the baseline moved.
const PROBE_STEP_S: f64 = 0.75;
/// Probe level, as a share of the estimated need; and of the limit, by which it goes down in steps.
const PROBE_NEED: f64 = 0.9;
const PROBE_STEP: f64 = 0.5;
/// Round trips that fall by more than this power of the limit are those of a queue: the probe goes on down.
const QUEUED: f64 = 0.5;
/// A probe that serves this share of what can be served, and another that does, were no deeper than the queue: the next one goes
/// down to `DEEP_NEED`.
const SHALLOW: f64 = 0.97;
const DEEP_NEED: f64 = 0.5;
/// The limit fell to less than this share of what it was at the last probe, or is about to: probe first.
const FALLEN: f64 = 0.75;
const FALLING: f64 = 0.7;
/// Headroom: shares of the need, multiples of its root, and calls, while few are refused and while many are.
const FEW_REFUSED: Headroom = Headroom { share: 0.1, roots: 1.7, calls: 4.5 };
const MANY_REFUSED: Headroom = Headroom { share: 0.06, roots: 1.1, calls: 3.5 };
/// What share of refusals is few, and many; above `OVERLOAD` for a second it is many at once.
const FEW: f64 = 0.04;
const MANY: f64 = 0.1;
const OVERLOAD: f64 = 0.2;
/// The share is smoothed over about so many seconds, and over fewer intervals where they are long; an interval counts by so much at
/// least, and ten times that at most.
const REFUSED_S: f64 = 5.0;
const REFUSED_WEIGHT: f64 = 0.02;
const OVERLOAD_WEIGHT: f64 = 0.1;
/// An interval in which less than this share of the limit was in flight on average has no queue that lasts: what was turned away was a
/// burst, and is no reason to allow less.
const USED: f64 = 0.4;
/// After the baseline became longer the limit itself is what limits, until round trips exceed this multiple.
const ROUND_TRIP_FREE: f64 = 1.15;
/// A limit below the initial one that turned nobody away for so long is out of date.
const STALE_US: u64 = 60_000_000;

#[derive(Clone, Copy, Debug)]
struct Headroom {
    share: f64,
    roots: f64,
    calls: f64,
}

/// A short interval at a lower limit.
#[derive(Clone, Copy, Debug)]
struct Probe {
    level: f64,
    /// As far as it goes down.
    bottom: f64,
    /// The limit before, and the round trip that it had.
    before: f64,
    before_s: f64,
}

/// The adaptive limit.
#[derive(Clone, Debug)]
pub struct Adaptive {
    level: Level,
    initial: f64,
    baseline: Baseline,
    saturated: Saturated,
    meter: Meter,
    /// Share of refusals, over some seconds and over the last one.
    refused_share: f64,
    refused_now: f64,
    refused_us: u64,
    next_probe_us: u64,
    /// No probe before, whatever happens; and the limit at the last.
    no_probe_until_us: u64,
    probed_level: f64,
    /// Probes in a row that did not get below the queue.
    shallow: u32,
    /// A probe has confirmed the baseline, or it was learned without congestion.
    trusted: bool,
    /// The baseline became longer, and the limit has not caught up.
    growing: bool,
    /// A probe has looked since the need fell: the limit may follow it.
    may_fall: bool,
    probe: Option<Probe>,
}

impl Adaptive {
    /// With the options' bounds.
    pub fn new(config: &LimiterConfig) -> Self {
        let level = config.level();
        Self {
            initial: level.value,
            level,
            baseline: Baseline::default(),
            saturated: Saturated::default(),
            meter: Meter::default(),
            refused_share: 0.0,
            refused_now: 0.0,
            refused_us: 0,
            next_probe_us: 0,
            no_probe_until_us: 0,
            probed_level: 0.0,
            shallow: 0,
            trusted: false,
            growing: false,
            may_fall: false,
            probe: None,
        }
    }

    /// The uncongested mean round trip in seconds; 0 while unknown.
    pub fn baseline_s(&self) -> f64 {
        self.baseline.seconds()
    }

    fn moved(&mut self, now_us: u64, in_flight: u32) {
        let limit = if self.probe.is_none() { Some(self.level.value) } else { None };
        self.saturated.moved(now_us, in_flight, limit);
    }

    fn interval(&mut self, now_us: u64, interval: Interval) {
        if let Some(probe) = self.probe.take() {
            return self.probed(now_us, interval, probe);
        }
        let round_trip_s = interval.round_trip_s;
        self.baseline.first(round_trip_s);
        if interval.refused == 0.0 && f64::from(interval.in_flight_max) <= 0.5 * self.level.value {
            self.baseline.idle(round_trip_s);
            self.trusted = true;
            self.next_probe_us = self.next_probe_us.max(after(now_us, 0.5 * PROBE_EVERY_S));
        }
        self.count_refused(interval.refused / (interval.refused + interval.done), interval.seconds);
        let mut need = self.saturated.interval(interval.per_second) * self.baseline.seconds();
        if interval.refused == 0.0 {
            self.growing = false;
            return self.meter.restart(now_us, 0, 0);
        }
        self.growing &= round_trip_s <= ROUND_TRIP_FREE * self.baseline.seconds();
        if self.growing {
            need = need.max(interval.per_second * round_trip_s);
        }
        if interval.per_second * round_trip_s < USED * self.level.value {
            self.level.set(self.level.value.max(self.wanted(need)));
            return self.meter.restart(now_us, 0, 0);
        }
        let may_probe = now_us >= self.no_probe_until_us;
        let falling = self.wanted(need) < FALLING * self.level.value;
        self.may_fall &= falling;
        if may_probe && falling && !self.may_fall {
            return self.start_probe(now_us, PROBE_NEED * need, round_trip_s);
        }
        self.follow(need);
        let fallen = may_probe && self.level.value < FALLEN * self.probed_level;
        if !fallen && now_us < self.next_probe_us {
            return self.meter.restart(now_us, 0, 0);
        }
        let deep = self.trusted && self.shallow >= 2;
        self.shallow = if deep { 0 } else { self.shallow };
        self.start_probe(now_us, if deep { DEEP_NEED } else { PROBE_NEED } * need, round_trip_s);
    }

    fn count_refused(&mut self, share: f64, seconds: f64) {
        let weight = homeostat_core::real::clamp(seconds / REFUSED_S, REFUSED_WEIGHT, 10.0 * REFUSED_WEIGHT);
        self.refused_share += weight * (share - self.refused_share);
        self.refused_now += OVERLOAD_WEIGHT * (share - self.refused_now);
        if self.refused_now > OVERLOAD {
            self.refused_share = self.refused_share.max(self.refused_now);
        }
    }

    /// A baseline that is not trusted may have been taken in an overload: then there is no bottom.
    fn start_probe(&mut self, now_us: u64, bottom: f64, round_trip_s: f64) {
        let bottom = if self.trusted { bottom.min(0.9 * self.level.value) } else { self.level.min };
        self.step_down(now_us, bottom, self.level.value, round_trip_s);
    }

    fn step_down(&mut self, now_us: u64, bottom: f64, before: f64, before_s: f64) {
        let level = bottom.max(PROBE_STEP * before);
        self.probe = Some(Probe { level, bottom, before, before_s });
        self.meter.restart(now_us, micros(before_s), (before - level).max(0.0) as u32);
    }

    fn probed(&mut self, now_us: u64, interval: Interval, probe: Probe) {
        let round_trip_s = interval.round_trip_s;
        let power = libm::log(round_trip_s / probe.before_s) / libm::log(probe.level / probe.before);
        if probe.level > 1.05 * probe.bottom && power > QUEUED {
            return self.step_down(now_us, probe.bottom, probe.level, round_trip_s);
        }
        self.trusted = true;
        let verdict = self.baseline.probed(round_trip_s, interval.done);
        self.may_fall = verdict != Verdict::Longer;
        if verdict == Verdict::Again {
            self.probe = Some(Probe { bottom: probe.level, ..probe });
            return self.meter.restart(now_us, 0, 0);
        }
        self.growing = self.growing || verdict == Verdict::Longer;
        let shallow = probe.level / round_trip_s > SHALLOW * self.saturated.per_second();
        self.shallow = if shallow { self.shallow + 1 } else { 0 };
        self.probed_level = self.level.value;
        self.no_probe_until_us = after(now_us, PROBE_AGAIN_S);
        let every_s = if shallow || verdict != Verdict::Same {
            PROBE_AGAIN_S
        } else {
            PROBE_EVERY_S.min(PROBE_AGAIN_S + PROBE_STEP_S * self.baseline.probes())
        };
        self.next_probe_us = after(now_us, every_s.max(PROBE_SHARE * interval.seconds));
        self.meter.restart(now_us, micros(round_trip_s), 0);
    }

    /// Where few are refused, chance is what refuses them, and room helps; where many are, the queue is full whatever its length.
    fn wanted(&self, need: f64) -> f64 {
        let many = homeostat_core::real::clamp((self.refused_share - FEW) / (MANY - FEW), 0.0, 1.0);
        let between = |few: f64, much: f64| few + many * (much - few);
        let share = between(FEW_REFUSED.share, MANY_REFUSED.share);
        let roots = between(FEW_REFUSED.roots, MANY_REFUSED.roots);
        need + share * need + roots * libm::sqrt(need) + between(FEW_REFUSED.calls, MANY_REFUSED.calls)
    }

    fn follow(&mut self, need: f64) {
        let limit = self.level.value;
        let weight = if self.growing { 1.0 } else { 0.5 };
        self.level.set(limit + weight * (self.wanted(need) - limit));
    }
}

fn micros(seconds: f64) -> u64 {
    (seconds * 1e6) as u64
}

fn after(now_us: u64, seconds: f64) -> u64 {
    now_us.saturating_add(micros(seconds))
}

impl Rule for Adaptive {
    fn limit(&self) -> u32 {
        ((self.probe.map_or(self.level.value, |probe| probe.level) + 0.5) as u32).max(1)
    }

    fn admitted(&mut self, now_us: u64, in_flight: u32) {
        self.moved(now_us, in_flight);
        self.meter.admitted(now_us, in_flight);
        if self.limit() < self.initial as u32 && now_us.saturating_sub(self.refused_us) > STALE_US {
            self.level.set(self.level.value.max(self.initial));
            self.probe = None;
            self.meter.restart(now_us, 0, 0);
        }
    }

    fn refused(&mut self, now_us: u64) {
        self.refused_us = now_us;
        self.meter.refused();
    }

    fn returned(&mut self, call: &Returned) {
        self.moved(call.now_us, call.in_flight);
        let measuring = self.meter.returned(call.now_us, call.in_flight, call.ended != Ended::Ignored);
        let limit = self.probe.map_or(self.level.value, |probe| self.level.value.min(2.0 * probe.level));
        if !measuring || self.meter.done() < CALLS_MIN.max(2.0 * limit) {
            return;
        }
        if (self.probe.is_some() || self.meter.seconds(call.now_us) >= INTERVAL_S)
            && let Some(interval) = self.meter.interval(call.now_us)
        {
            self.interval(call.now_us, interval);
        }
    }

    fn set_bounds(&mut self, min: u32, max: u32) {
        self.level.set_bounds(min, max);
    }
}

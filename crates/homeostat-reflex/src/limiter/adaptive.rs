//! The default rule. The limit follows what the service needs without a queue: its throughput times its *uncongested* mean
//! round trip, with headroom for chance. Overload lengthens the round trips that it sees, but not the uncongested one, so
//! overload cannot raise its own baseline.
//!
//! The uncongested round trip is learned in two ways: for nothing while at most half the limit is used, and otherwise by a
//! *probe*, a short interval with the limit a little below the estimated need, at most every 4 s and for at most a twentieth of the
//! time. `design.md` has the measurements, and what was rejected.

use super::LimiterConfig;
use super::meter::{Interval, Meter};
use super::rule::{Level, Returned, Rule};
use crate::limiter::Ended;

/// An interval has so many calls at least, and two limits' worth.
const CALLS_MIN: f64 = 20.0;
/// An ordinary interval lasts so long at least.
const INTERVAL_S: f64 = 0.1;
/// From one probe to the next, and as a multiple of the probe's length.
const PROBE_EVERY_S: f64 = 4.0;
const PROBE_SHARE: f64 = 20.0;
/// Probe level, as a share of the estimated need, and at most of the limit. Times the factor of growth it has to stay below
/// 2, or the baseline ratchets up.
const PROBE_NEED: f64 = 0.9;
/// Probe level, as a share of the estimated need, while the baseline is not trusted: it may have been taken in an overload. If round trips
/// fall by more than `STILL_QUEUED` (in logarithm), it was, and the next probe follows at once.
const DEEP_PROBE: f64 = 0.5;
const STILL_QUEUED: f64 = -0.35;
/// Weight of a probe, and of an interval without congestion, in the logarithm of the baseline.
const PROBE_WEIGHT: f64 = 0.15;
const IDLE_WEIGHT: f64 = 0.075;
/// A baseline that is off by more than this (in logarithm) is not noise: it moves most of the way.
const JUMP: f64 = 0.5;
const JUMP_WEIGHT: f64 = 0.7;
/// Refusals below this share, or round trips below this multiple of the baseline, are chance and not overload.
const REFUSED_SHARE: f64 = 0.08;
const ROUND_TRIP_NEAR: f64 = 1.3;
/// Growth while demand is turned away without a queue, up to this multiple of the need.
const GROWTH: f64 = 1.03;
const GROWTH_NEED: f64 = 1.7;
/// Weight of an interval in the need that bounds growth: chance in one interval must not raise the bound.
const NEED_WEIGHT: f64 = 0.1;
/// An interval that needs more than this multiple of the smoothed need is taken for chance in part.
const SURGE: f64 = 1.25;
/// Once the limit fell below this share of what it was at the last probe, the baseline may be what is wrong (a slower network,
/// not a queue): the next probe does not wait, but for a second.
const FALLEN: f64 = 0.75;
const PROBE_AGAIN_S: f64 = 1.0;

/// The adaptive limit.
#[derive(Clone, Debug)]
pub struct Adaptive {
    level: Level,
    /// Uncongested mean round trip, seconds; 0 while unknown.
    baseline_s: f64,
    /// Smoothed share of refusals.
    refused_share: f64,
    /// Throughputs of the last three intervals.
    throughput: [f64; 3],
    intervals: u32,
    next_probe_us: u64,
    /// No probe before, whatever happens; and the limit at the last.
    no_probe_until_us: u64,
    probed_level: f64,
    /// Smoothed need, calls in flight; 0 while unknown.
    need: f64,
    /// A probe has confirmed the baseline, or it was learned without congestion.
    trusted: bool,
    /// The limit during a probe.
    probe: Option<f64>,
    meter: Meter,
}

impl Adaptive {
    /// With the options' bounds.
    pub fn new(config: &LimiterConfig) -> Self {
        Self {
            level: config.level(),
            baseline_s: 0.0,
            refused_share: 0.0,
            throughput: [0.0; 3],
            intervals: 0,
            next_probe_us: 0,
            no_probe_until_us: 0,
            probed_level: 0.0,
            need: 0.0,
            trusted: false,
            probe: None,
            meter: Meter::default(),
        }
    }

    /// The uncongested mean round trip in seconds; 0 while unknown.
    pub fn baseline_s(&self) -> f64 {
        self.baseline_s
    }

    fn learn(&mut self, round_trip_s: f64, weight: f64) {
        if self.baseline_s == 0.0 {
            self.baseline_s = round_trip_s;
            return;
        }
        let off = libm::log(round_trip_s / self.baseline_s);
        let weight = if off.abs() > JUMP { JUMP_WEIGHT } else { weight };
        self.baseline_s *= libm::exp(weight * off);
    }

    fn interval(&mut self, now_us: u64, interval: Interval) {
        if self.probe.take().is_some() {
            self.probed(now_us, interval);
            self.meter.restart(now_us, micros(interval.round_trip_s), 0);
            return;
        }
        let per_second = self.typical(interval.per_second);
        if self.baseline_s == 0.0 {
            self.baseline_s = interval.round_trip_s;
        }
        if interval.refused == 0.0 && f64::from(interval.in_flight_max) <= 0.5 * self.level.value {
            self.learn(interval.round_trip_s, IDLE_WEIGHT);
            self.trusted = true;
            self.next_probe_us = self.next_probe_us.max(after(now_us, 0.5 * PROBE_EVERY_S));
        }
        let share = interval.refused / (interval.refused + interval.done);
        self.refused_share += 0.1 * (share - self.refused_share);
        let need = per_second * self.baseline_s;
        self.need += if self.need == 0.0 { need } else { NEED_WEIGHT * (need - self.need) };
        if interval.refused > 0.0 {
            self.follow(need, interval.round_trip_s);
        }
        let fallen = self.level.value < FALLEN * self.probed_level && now_us >= self.no_probe_until_us;
        if interval.refused > 0.0 && (fallen || now_us >= self.next_probe_us) {
            let share = if self.trusted { PROBE_NEED } else { DEEP_PROBE };
            let level = (share * need).min(0.9 * self.level.value);
            self.probe = Some(level);
            let above = (self.level.value - level).max(0.0) as u32;
            self.meter.restart(now_us, micros(interval.round_trip_s), above);
        } else {
            self.meter.restart(now_us, 0, 0);
        }
    }

    fn probed(&mut self, now_us: u64, interval: Interval) {
        self.probed_level = self.level.value;
        self.no_probe_until_us = after(now_us, PROBE_AGAIN_S);
        let off = libm::log(interval.round_trip_s / self.baseline_s);
        if !self.trusted && off < STILL_QUEUED {
            self.baseline_s = interval.round_trip_s;
            self.next_probe_us = now_us;
            return;
        }
        self.trusted = true;
        self.learn(interval.round_trip_s, PROBE_WEIGHT);
        self.next_probe_us = after(now_us, PROBE_EVERY_S.max(PROBE_SHARE * interval.seconds));
    }

    /// The median of three, so that one odd interval moves nothing.
    fn typical(&mut self, per_second: f64) -> f64 {
        self.throughput[self.intervals as usize % 3] = per_second;
        self.intervals = if self.intervals == 5 { 3 } else { self.intervals + 1 };
        if self.intervals < 3 {
            return per_second;
        }
        let [a, b, c] = self.throughput;
        a.max(b).min(a.min(b).max(c))
    }

    fn follow(&mut self, need: f64, round_trip_s: f64) {
        let limit = self.level.value;
        let usual = need.min(SURGE * self.need);
        let wanted = 1.1 * usual + 1.1 * libm::sqrt(usual) + 3.0;
        let overloaded = self.refused_share >= REFUSED_SHARE;
        if wanted >= limit {
            self.level.set(limit + 0.5 * (wanted - limit));
        } else if (!overloaded || round_trip_s < ROUND_TRIP_NEAR * self.baseline_s)
            && limit < GROWTH_NEED * self.need
        {
            self.level.set(limit * GROWTH);
        } else if overloaded {
            self.level.set(limit + 0.5 * (wanted - limit));
        }
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
        ((self.probe.unwrap_or(self.level.value) + 0.5) as u32).max(1)
    }

    fn admitted(&mut self, now_us: u64, in_flight: u32) {
        self.meter.admitted(now_us, in_flight);
    }

    fn refused(&mut self, _now_us: u64) {
        self.meter.refused();
    }

    fn returned(&mut self, call: &Returned) {
        let measuring = self.meter.returned(call.now_us, call.in_flight, call.ended != Ended::Ignored);
        if !measuring || self.meter.done() < CALLS_MIN.max(2.0 * self.level.value) {
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

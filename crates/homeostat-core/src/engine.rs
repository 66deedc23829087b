//! What a binding exposes: samples in, windows closed, decisions out.
//!
//! Everything that senses lives here and is not replayed; everything that decides lives in `Tuner` and is.

use crate::digest::{DigestRing, TelemetryDigest};
use crate::error::{Code, Error, Result};
use crate::journal::WindowInput;
use crate::json::Json;
use crate::safety::{Control, Mode, Source, Verdict};
use crate::signal::{Sample, SignalKind, Window};
use crate::space::Values;
use crate::tuning::{Config, Tuner};
use alloc::{string::String, vec::Vec};

/// Bits of a sample's meta word that hold the signal; the generation is above.
pub const SIGNAL_BITS: u32 = 6;
/// Samples carry their generation modulo this.
pub const GENERATION_WRAP: u64 = 1 << (32 - SIGNAL_BITS);
/// Digests kept for explanations.
const DIGESTS: usize = 64;

/// A whole number from 0 to 2^53 that crossed the seam as a double.
pub fn time_us(value: f64, option: &str) -> Result<u64> {
    if (0.0..=9_007_199_254_740_992.0).contains(&value) {
        Ok(value as u64)
    } else {
        Err(Error::expected(Code::InvalidOption, option, "0 to 2^53", value))
    }
}

/// A tuner with its senses.
#[derive(Clone, Debug)]
pub struct Engine {
    tuner: Tuner,
    window: Window,
    closed: Window,
    digests: DigestRing,
    /// When samples were last taken in, and when the open window began.
    ingested_us: u64,
    opened_us: u64,
    closed_us: u64,
    closed_length_us: u64,
    /// Generation that served all of the closed window's learning samples.
    closed_generation: u64,
}

impl Engine {
    /// An engine from a configuration in JSON; the error names option, range and value.
    pub fn new(config: &str) -> Result<Self> {
        let config = Config::from_json(&Json::parse(config)?, None)?;
        let window = Window::new(config.signals.clone());
        let now_us = config.now_us;
        let tuner = Tuner::new(config);
        Ok(Self {
            closed: window.clone(),
            window,
            digests: DigestRing::new(DIGESTS),
            ingested_us: now_us,
            opened_us: now_us,
            closed_us: now_us,
            closed_length_us: 0,
            closed_generation: tuner.executor().generation(),
            tuner,
        })
    }

    /// The tuner.
    pub fn tuner(&self) -> &Tuner {
        &self.tuner
    }

    /// Folds samples into the open window. `values[i]` belongs to `meta[i]`: signal in the low bits, generation above.
    pub fn ingest(&mut self, values: &[f64], meta: &[i32], now_us: u64) {
        let exec = self.tuner.executor();
        let (generation, changed_us) = (exec.generation() % GENERATION_WRAP, exec.changed_us());
        // A sample was reported after the last ingest at the earliest.
        let reported_us = self.ingested_us.max(changed_us);
        for (value, meta) in values.iter().zip(meta) {
            let word = *meta as u32;
            let signal = (word & ((1 << SIGNAL_BITS) - 1)) as usize;
            let older = u64::from(word >> SIGNAL_BITS) != generation;
            let kind = self.window.signals().get(signal).map(|s| s.kind);
            // A duration tells when its request started: before the last change, and it spans it.
            let started_before = kind == Some(SignalKind::Duration)
                && *value * 1000.0 > reported_us.saturating_sub(changed_us) as f64
                && changed_us > 0
                && exec.generation() > 1;
            self.window.add(Sample { signal, value: *value, spans_change: older || started_before });
        }
        self.ingested_us = self.ingested_us.max(now_us);
    }

    /// Closes the window that ends now. Returns how many samples count for learning.
    pub fn close_window(&mut self, now_us: u64) -> u64 {
        let now_us = now_us.max(self.closed_us);
        core::mem::swap(&mut self.window, &mut self.closed);
        self.window.clear();
        self.closed_length_us = now_us - self.opened_us;
        (self.closed_us, self.opened_us) = (now_us, now_us);
        self.closed_generation = self.tuner.executor().generation();
        self.closed.samples()
    }

    /// Writes the closed window's metrics, for learning and then for health.
    pub fn read_metrics(&self, out: &mut [f64]) {
        self.closed.write_metrics(out);
    }

    /// Decides on the closed window. `objective` NaN: it says nothing. `margin` NaN: no constraint.
    pub fn decide(&mut self, objective: f64, margin: f64) -> u32 {
        // A window that nobody reported to says nothing, whatever the objective makes of it.
        let silent = self.closed.samples() == 0 && !self.closed.signals().is_empty();
        let objective = if silent { f64::NAN } else { objective };
        let (failures, guarded) = self.closed.guard_counts();
        let seconds = self.closed_length_us as f64 / 1e6;
        let rate = |n: u64| (seconds > 0.0).then(|| n as f64 / seconds);
        let digest = TelemetryDigest {
            timestamp_us: self.closed_us,
            generation: self.closed_generation,
            samples: self.closed.samples().min(u64::from(u32::MAX)) as u32,
            objective,
            latency_p99_us: self.closed.latency_p99_us(),
            throughput_rps: rate(self.closed.requests()),
            error_rate: (guarded > 0.0).then(|| failures / guarded),
            constraint_margin: (!margin.is_nan()).then_some(margin),
        };
        self.digests.push(digest);
        self.tuner.window(self.closed_us, WindowInput { digest, failures, guarded })
    }

    /// The latest digests, oldest first.
    pub fn digests(&self) -> &DigestRing {
        &self.digests
    }

    fn knob(&self, index: i32) -> Result<usize> {
        let n = self.tuner.executor().space().len();
        usize::try_from(index).ok().filter(|i| *i < n).ok_or_else(|| {
            Error::expected(Code::UnknownKnob, "knob", format_args!("an index below {n}"), f64::from(index))
        })
    }

    fn one_or_all(&self, index: i32) -> Result<Option<usize>> {
        if index == -1 { Ok(None) } else { self.knob(index).map(Some) }
    }

    /// Shadow evaluation of one knob.
    pub fn shadow(&mut self, knob: i32, values: &[f64], costs: &[f64]) -> Result<u32> {
        let knob = self.knob(knob)?;
        let (n, most) = (values.len(), crate::journal::SHADOW_MAX);
        if n < 2 || n > most || costs.len() != n {
            return Err(Error::new(
                Code::InvalidOption,
                format_args!(
                    "shadow: expected 2 to {most} values and as many costs, got {n} and {}",
                    costs.len()
                ),
            ));
        }
        let ascending = values.windows(2).all(|w| w[0] < w[1]);
        if !ascending || values.iter().any(|v| !v.is_finite()) {
            return Err(Error::new(Code::InvalidOption, "shadow.values: expected finite, ascending numbers"));
        }
        Ok(self.tuner.shadow(self.closed_us, knob, values, costs))
    }

    /// The kill switch: 0 on, 1 freeze, 2 off.
    pub fn control(&mut self, word: u32, source: u32, now_us: u64) -> Result<u32> {
        let control = pick(&Control::ALL, word, "control")?;
        let source = pick(&Source::ALL, source, "source")?;
        Ok(self.tuner.control(now_us, control, source))
    }

    /// Holds one knob; -1: all.
    pub fn freeze(&mut self, knob: i32, now_us: u64) -> Result<u32> {
        let knob = self.one_or_all(knob)?;
        Ok(self.tuner.freeze(now_us, knob))
    }

    /// Lets one knob go; -1: all.
    pub fn unfreeze(&mut self, knob: i32, now_us: u64) -> Result<u32> {
        let knob = self.one_or_all(knob)?;
        Ok(self.tuner.unfreeze(now_us, knob))
    }

    /// 0 observe, 1 recommend, 2 auto.
    pub fn set_mode(&mut self, mode: u32, now_us: u64) -> Result<u32> {
        let mode = pick(&Mode::ALL, mode, "mode")?;
        Ok(self.tuner.set_mode(now_us, mode))
    }

    /// An operator's move in knob units, NaN leaves a knob alone, no values at all name something that is not here.
    /// `generation`: what it was made for, NaN for whatever is live. The verdict's number: 0, or 1 + the violation's place.
    pub fn propose(&mut self, values: &[f64], generation: f64, now_us: u64) -> Result<u32> {
        let n = self.tuner.executor().space().len();
        if !values.is_empty() && values.len() != n {
            let wanted = format_args!("{n} values");
            return Err(Error::expected(Code::InvalidOption, "propose", wanted, values.len() as f64));
        }
        let generation =
            if generation.is_nan() { None } else { Some(time_us(generation, "propose.generation")?) };
        let values: Values = values.iter().copied().collect();
        Ok(number(self.tuner.propose(now_us, &values, generation)))
    }

    /// Starts an explicit A/B; the verdict's number.
    pub fn trial(&mut self, knob: i32, value: f64, now_us: u64) -> Result<u32> {
        let knob = self.knob(knob)?;
        if !value.is_finite() {
            return Err(Error::expected(Code::InvalidOption, "trial", "a finite value", value));
        }
        Ok(number(self.tuner.start_trial(now_us, knob, value)))
    }

    /// SafeMode by hand.
    pub fn enter_safe_mode(&mut self, now_us: u64) -> u32 {
        self.tuner.enter_safe_mode(now_us)
    }

    /// Leaves SafeMode by hand.
    pub fn acknowledge(&mut self, now_us: u64) -> u32 {
        self.tuner.acknowledge(now_us)
    }

    /// Back to the certified configuration; the verdict's number.
    pub fn rollback(&mut self, now_us: u64) -> u32 {
        number(self.tuner.roll_back(now_us))
    }

    /// How pushing a generation went.
    pub fn pushed(&mut self, generation: u64, ok: bool, now_us: u64) -> u32 {
        self.tuner.pushed(now_us, generation, ok)
    }

    /// The journal's last entry.
    pub fn stop(&mut self, now_us: u64) {
        self.tuner.stop(now_us);
    }

    /// Live values, knob units, as far as `out` reaches.
    pub fn read_values(&self, out: &mut [f64]) {
        for (to, from) in out.iter_mut().zip(self.tuner.executor().values().iter()) {
            *to = *from;
        }
    }

    /// Generation of the live values.
    pub fn generation(&self) -> u64 {
        self.tuner.executor().generation()
    }

    /// Journal entries not yet taken.
    pub fn queued(&self) -> usize {
        self.tuner.journal().queued()
    }

    /// Takes journal entries as chained JSON Lines.
    pub fn take_journal(&mut self, max_bytes: usize) -> Vec<u8> {
        self.tuner.take_journal(max_bytes)
    }

    /// The present state as JSON.
    pub fn explain(&self, now_us: u64) -> String {
        self.tuner.explain(now_us)
    }
}

fn number(verdict: Verdict) -> u32 {
    verdict.map_or_else(|violation| violation as u32 + 1, |()| 0)
}

fn pick<T: Copy>(table: &[(T, &'static str)], place: u32, option: &str) -> Result<T> {
    table.get(place as usize).map(|(value, _)| *value).ok_or_else(|| {
        let most = table.len() - 1;
        Error::expected(Code::InvalidOption, option, format_args!("0 to {most}"), f64::from(place))
    })
}

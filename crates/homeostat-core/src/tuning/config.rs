use crate::error::{Code, Error, Result};
use crate::journal::{CAPACITY_RANGE, Chain};
use crate::json::{Json, Number, Quoted, Writer};
use crate::safety::{Guardrails, Mode, Preset};
use crate::signal::{self, Signal, SignalKind};
use crate::space::{Kind, Knob, Learn, Scale, Space};
use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt;

/// How a gradient is learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// A Kalman filter over small probes around the baseline. The default.
    Kalman,
    /// Simultaneous perturbation inside the same probe tube. No targets; for comparison.
    Spsa,
}

impl Strategy {
    /// Every strategy with its wire name.
    pub const ALL: [(Strategy, &'static str); 2] = [(Strategy::Kalman, "kalman"), (Strategy::Spsa, "spsa")];
}

/// Everything a tuner is made from; the first entry of its journal.
#[derive(Clone, Debug)]
pub struct Config {
    /// The tuner's name.
    pub name: String,
    /// Identifies the run in the journal.
    pub run_id: String,
    /// Seed of the only generator.
    pub seed: u32,
    /// When it starts.
    pub now_us: u64,
    /// Length of a window. 10 ms to 60 s.
    pub window_us: u64,
    /// How much it may do.
    pub mode: Mode,
    /// How it learns.
    pub strategy: Strategy,
    /// Limits.
    pub guardrails: Guardrails,
    /// What it may change.
    pub space: Space,
    /// What it hears.
    pub signals: Vec<Signal>,
    /// Room in the journal's queue, in entries.
    pub journal_capacity: usize,
    /// Hash of the last line of the journal that this run continues.
    pub previous: Option<String>,
}

const WINDOW_US: core::ops::RangeInclusive<f64> = 10_000.0..=60_000_000.0;

fn invalid(text: impl fmt::Display) -> Error {
    Error::new(Code::InvalidOption, text)
}

fn get<'a>(json: &'a Json, key: &str) -> Result<&'a Json> {
    json.get(key).ok_or_else(|| invalid(format_args!("{key}: is missing")))
}

fn text(json: &Json, key: &str) -> Result<String> {
    get(json, key)?.str().map(String::from).ok_or_else(|| invalid(format_args!("{key}: expected a string")))
}

fn number(json: &Json, key: &str) -> Result<f64> {
    get(json, key)?.num().ok_or_else(|| invalid(format_args!("{key}: expected a number")))
}

fn whole(json: &Json, key: &str, max: f64) -> Result<f64> {
    let n = number(json, key)?;
    if (0.0..=max).contains(&n) && libm::trunc(n) == n {
        Ok(n)
    } else {
        Err(invalid(format_args!(
            "{key}: expected a whole number from 0 to {}, got {}",
            Number(max),
            Number(n)
        )))
    }
}

fn named<T: Copy>(table: &[(T, &'static str)], json: &Json, key: &str) -> Result<T> {
    let given = text(json, key)?;
    table.iter().find(|(_, name)| *name == given).map(|(v, _)| *v).ok_or_else(|| {
        let names: Vec<&str> = table.iter().map(|(_, name)| *name).collect();
        invalid(format_args!("{key}: expected one of {}, got {}", names.join(", "), Quoted(&given)))
    })
}

impl Config {
    /// Reads a configuration; `start_us` replaces its `now_us` (a journal's start entry carries the time outside).
    pub fn from_json(json: &Json, start_us: Option<u64>) -> Result<Self> {
        let window_us = number(json, "window_us")?;
        if !WINDOW_US.contains(&window_us) {
            return Err(invalid(format_args!(
                "window_us: expected 10000 to 60000000, got {}",
                Number(window_us)
            )));
        }
        let capacity = whole(json, "journal_capacity", 1e9)? as usize;
        if !CAPACITY_RANGE.contains(&capacity) {
            return Err(invalid(format_args!("journal_capacity: expected 64 to 65536, got {capacity}")));
        }
        let list =
            |key: &str| get(json, key)?.arr().ok_or_else(|| invalid(format_args!("{key}: expected a list")));
        let signals = list("signals")?.iter().map(signal).collect::<Result<Vec<_>>>()?;
        signal::validate(&signals)?;
        let now_us = match start_us {
            Some(t) => t,
            None => whole(json, "now_us", 9_007_199_254_740_992.0)? as u64,
        };
        let previous = json.get("previous").and_then(Json::str).map(String::from);
        if let Some(hash) = &previous {
            Chain::after(hash)?;
        }
        Ok(Self {
            name: text(json, "name")?,
            run_id: text(json, "run_id")?,
            seed: whole(json, "seed", f64::from(u32::MAX))? as u32,
            now_us,
            window_us: window_us as u64,
            mode: named(&Mode::ALL, json, "mode")?,
            strategy: named(&Strategy::ALL, json, "strategy")?,
            guardrails: guardrails(get(json, "guardrails")?)?,
            space: Space::new(list("knobs")?.iter().map(knob).collect::<Result<_>>()?)?,
            signals,
            journal_capacity: capacity,
            previous,
        })
    }

    /// The members of the canonical JSON object, without braces: what the journal's start entry carries.
    pub fn to_members(&self) -> Box<str> {
        let mut out = String::new();
        Writer::new(&mut out).object(|w| {
            w.key("name").str(&self.name);
            w.key("run_id").str(&self.run_id);
            w.key("seed").uint(u64::from(self.seed));
            w.key("window_us").uint(self.window_us);
            w.key("mode").str(find(&Mode::ALL, self.mode));
            w.key("strategy").str(find(&Strategy::ALL, self.strategy));
            w.key("guardrails").object(|w| {
                w.key("preset").str(find(&Preset::ALL, self.guardrails.preset));
                self.guardrails.fields().iter().for_each(|(name, value)| w.key(name).num(*value));
            });
            w.key("knobs").array(|w| self.space.knobs().iter().for_each(|k| write_knob(k, w)));
            w.key("signals").array(|w| {
                for s in &self.signals {
                    w.object(|w| {
                        w.key("name").str(&s.name);
                        w.key("kind").str(find(&SignalKind::ALL, s.kind));
                        w.key("guard").bool(s.guard);
                    });
                }
            });
            w.key("journal_capacity").uint(self.journal_capacity as u64);
            match &self.previous {
                Some(hash) => w.key("previous").str(hash),
                None => w.key("previous").null(),
            }
        });
        // Without its braces.
        out.pop();
        out.remove(0);
        out.into_boxed_str()
    }
}

fn find<T: PartialEq + Copy>(table: &[(T, &'static str)], value: T) -> &'static str {
    table.iter().find(|(v, _)| *v == value).map_or("", |(_, name)| name)
}

fn guardrails(json: &Json) -> Result<Guardrails> {
    let mut rails = Guardrails::preset(named(&Preset::ALL, json, "preset")?);
    let Json::Obj(members) = json else {
        return Err(invalid("guardrails: expected an object"));
    };
    for (name, value) in members.iter().filter(|(name, _)| name != "preset") {
        let n = value.num().ok_or_else(|| invalid(format_args!("guardrails.{name}: expected a number")))?;
        rails.set(name, n)?;
    }
    rails.validate()?;
    Ok(rails)
}

fn knob(json: &Json) -> Result<Knob> {
    let name = text(json, "name")?;
    let read = || -> Result<Knob> {
        Ok(Knob {
            name: name.clone(),
            kind: named(&Kind::ALL, json, "kind")?,
            scale: named(&Scale::ALL, json, "scale")?,
            min: number(json, "min")?,
            max: number(json, "max")?,
            initial: number(json, "initial")?,
            lag_us: whole(json, "lag_us", 9e15)? as u64,
            learn: named(&Learn::ALL, json, "learn")?,
            push: get(json, "push")?.bool().unwrap_or(false),
        })
    };
    read().map_err(|e| Error::new(Code::InvalidKnob, format_args!("knobs.{name}.{}", e.message)))
}

fn write_knob(knob: &Knob, w: &mut Writer) {
    w.object(|w| {
        w.key("name").str(&knob.name);
        w.key("kind").str(find(&Kind::ALL, knob.kind));
        w.key("scale").str(find(&Scale::ALL, knob.scale));
        w.key("min").num(knob.min);
        w.key("max").num(knob.max);
        w.key("initial").num(knob.initial);
        w.key("lag_us").uint(knob.lag_us);
        w.key("learn").str(find(&Learn::ALL, knob.learn));
        w.key("push").bool(knob.push);
    });
}

fn signal(json: &Json) -> Result<Signal> {
    let name = text(json, "name")?;
    let kind = named(&SignalKind::ALL, json, "kind")
        .map_err(|e| Error::new(Code::InvalidSignal, format_args!("signals.{name}.{}", e.message)))?;
    let guard = json.get("guard").and_then(Json::bool).unwrap_or(false);
    Ok(Signal { name, kind, guard })
}

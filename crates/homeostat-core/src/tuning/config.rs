use super::SpsaOptions;
use crate::error::{Code, Result};
use crate::journal::{CAPACITY_RANGE, Chain};
use crate::json::{Fields, Json, WHOLE_MAX, Writer};
use crate::safety::{Guardrails, Mode, Preset};
use crate::signal::{self, Signal, SignalKind};
use crate::space::{Kind, Knob, Learn, Scale, Space};
use alloc::{boxed::Box, string::String, vec::Vec};

/// How a gradient is learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// A Kalman filter over small probes around the baseline. The default.
    Kalman,
    /// Simultaneous perturbation inside the same probe tube. No targets.
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
    /// Options of `spsa`.
    pub spsa: SpsaOptions,
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

/// Length of a window, in microseconds: least and greatest.
const WINDOW_US: (f64, f64) = (10_000.0, 60_000_000.0);
/// Longest lag that is read at all; `Knob::validate` knows the limit.
const LAG_US_MAX: f64 = 9e15;

impl Config {
    /// Reads a configuration; `start_us` replaces its `now_us` (a journal's start entry carries the time outside).
    pub fn from_json(json: &Json, start_us: Option<u64>) -> Result<Self> {
        let mut fields = Fields::new(json, Code::InvalidOption, "");
        let (least, most) = (*CAPACITY_RANGE.start() as f64, *CAPACITY_RANGE.end() as f64);
        let mut config = Self {
            window_us: fields.within("window_us", WINDOW_US.0, WINDOW_US.1) as u64,
            journal_capacity: fields.whole("journal_capacity", least, most) as usize,
            now_us: start_us.unwrap_or_else(|| fields.whole("now_us", 0.0, WHOLE_MAX)),
            name: fields.text("name").into(),
            run_id: fields.text("run_id").into(),
            seed: fields.whole("seed", 0.0, f64::from(u32::MAX)) as u32,
            mode: fields.named(&Mode::ALL, "mode"),
            strategy: fields.named(&Strategy::ALL, "strategy"),
            spsa: json.get("spsa").map_or(Ok(SpsaOptions::default()), SpsaOptions::from_json)?,
            guardrails: guardrails(fields.get("guardrails"))?,
            space: Space::default(),
            signals: Vec::new(),
            previous: json.get("previous").and_then(Json::str).map(String::from),
        };
        let (signals, knobs) = (fields.list("signals"), fields.list("knobs"));
        fields.finish()?;
        for json in signals {
            config.signals.push(signal(json)?);
        }
        signal::validate(&config.signals)?;
        let mut space = Vec::new();
        for json in knobs {
            space.push(knob(json)?);
        }
        config.space = Space::new(space)?;
        if let Some(hash) = &config.previous {
            Chain::after(hash)?;
        }
        Ok(config)
    }

    /// The members of the canonical JSON object, without braces: what the journal's start entry carries.
    pub fn to_members(&self) -> Box<str> {
        let mut out = String::new();
        let w = &mut Writer::new(&mut out);
        w.key("name").str(&self.name);
        w.key("run_id").str(&self.run_id);
        w.key("seed").uint(u64::from(self.seed));
        w.key("window_us").uint(self.window_us);
        w.key("mode").named(&Mode::ALL, self.mode);
        w.key("strategy").named(&Strategy::ALL, self.strategy);
        if self.strategy == Strategy::Spsa {
            w.key("spsa").object(|w| self.spsa.write(w));
        }
        w.key("guardrails").object(|w| {
            w.key("preset").named(&Preset::ALL, self.guardrails.preset);
            self.guardrails.fields().iter().for_each(|(name, value)| w.key(name).num(*value));
        });
        w.key("knobs").array(|w| self.space.knobs().iter().for_each(|k| write_knob(k, w)));
        w.key("signals").array(|w| {
            for s in &self.signals {
                w.object(|w| {
                    w.key("name").str(&s.name);
                    w.key("kind").named(&SignalKind::ALL, s.kind);
                    w.key("guard").bool(s.guard);
                });
            }
        });
        w.key("journal_capacity").uint(self.journal_capacity as u64);
        match &self.previous {
            Some(hash) => w.key("previous").str(hash),
            None => w.key("previous").null(),
        }
        out.into_boxed_str()
    }
}

fn guardrails(json: &Json) -> Result<Guardrails> {
    let mut fields = Fields::new(json, Code::InvalidOption, "guardrails.");
    let mut rails = Guardrails::preset(fields.named(&Preset::ALL, "preset"));
    if let Json::Obj(members) = json {
        for (name, value) in members.iter().filter(|(name, _)| name != "preset") {
            match value.num() {
                Some(n) => rails.set(name, n)?,
                None => fields.refuse(name, "expected a number"),
            }
        }
    }
    fields.finish()?;
    rails.validate()?;
    Ok(rails)
}

fn knob(json: &Json) -> Result<Knob> {
    let name = json.get("name").and_then(Json::str).unwrap_or_default();
    let path = String::from("knobs.") + name + ".";
    let mut fields = Fields::new(json, Code::InvalidKnob, &path);
    let knob = Knob {
        name: fields.text("name").into(),
        kind: fields.named(&Kind::ALL, "kind"),
        scale: fields.named(&Scale::ALL, "scale"),
        min: fields.number("min"),
        max: fields.number("max"),
        initial: fields.number("initial"),
        lag_us: fields.whole("lag_us", 0.0, LAG_US_MAX),
        learn: fields.named(&Learn::ALL, "learn"),
        push: fields.bool("push"),
    };
    fields.finish()?;
    Ok(knob)
}

fn write_knob(knob: &Knob, w: &mut Writer) {
    w.object(|w| {
        w.key("name").str(&knob.name);
        w.key("kind").named(&Kind::ALL, knob.kind);
        w.key("scale").named(&Scale::ALL, knob.scale);
        w.key("min").num(knob.min);
        w.key("max").num(knob.max);
        w.key("initial").num(knob.initial);
        w.key("lag_us").uint(knob.lag_us);
        w.key("learn").named(&Learn::ALL, knob.learn);
        w.key("push").bool(knob.push);
    });
}

fn signal(json: &Json) -> Result<Signal> {
    let name = json.get("name").and_then(Json::str).unwrap_or_default();
    let path = String::from("signals.") + name + ".";
    let mut fields = Fields::new(json, Code::InvalidSignal, &path);
    let signal = Signal {
        name: fields.text("name").into(),
        kind: fields.named(&SignalKind::ALL, "kind"),
        guard: json.get("guard").and_then(Json::bool).unwrap_or(false),
    };
    fields.finish()?;
    Ok(signal)
}

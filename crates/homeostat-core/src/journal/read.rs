//! Journal lines back into inputs.

use super::entry::{Body, SHADOW_MAX, ShadowInput, WindowInput};
use crate::digest::{TelemetryDigest, Validity};
use crate::error::{Code, Error, Result};
use crate::json::{Json, Quoted};
use crate::safety::{Control, Mode, Source};
use crate::space::{KNOBS_MAX, Values};
use alloc::string::String;
use core::fmt;

/// A line, taken apart as far as replay needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Place in the run.
    pub seq: u64,
    /// When.
    pub time_us: u64,
    /// The run.
    pub run_id: String,
    /// The name of what happened.
    pub event: String,
    /// Its data.
    pub payload: Json,
}

fn malformed(what: impl fmt::Display) -> Error {
    Error::new(Code::JournalMalformed, format_args!("journal entry: {what}"))
}

/// A whole number that a double holds exactly.
fn uint(value: Option<&Json>, what: &str) -> Result<u64> {
    match value.and_then(Json::num) {
        Some(n) if (0.0..=9_007_199_254_740_992.0).contains(&n) && libm::trunc(n) == n => Ok(n as u64),
        _ => Err(malformed(format_args!("{what} must be a whole number"))),
    }
}

fn num(payload: &Json, key: &str) -> Result<f64> {
    payload.get(key).and_then(Json::num).ok_or_else(|| malformed(format_args!("{key} must be a number")))
}

fn named<T: Copy>(table: &[(T, &'static str)], payload: &Json, key: &str) -> Result<T> {
    let text = payload.get(key).and_then(Json::str);
    let found = table.iter().find(|(_, name)| Some(*name) == text);
    found.map(|(value, _)| *value).ok_or_else(|| {
        malformed(format_args!("{key} has no such value {}", Quoted(text.unwrap_or_default())))
    })
}

impl Line {
    /// Parses the text of one line.
    pub fn parse(text: &str) -> Result<Line> {
        let json = Json::parse(text).map_err(|e| malformed(e.message))?;
        let text = |key: &str| {
            let found = json.get(key).and_then(Json::str);
            found.map(String::from).ok_or_else(|| malformed(format_args!("{key} must be a string")))
        };
        Ok(Line {
            seq: uint(json.get("seq"), "seq")?,
            time_us: uint(json.get("time_us"), "time_us")?,
            run_id: text("run_id")?,
            event: text("event")?,
            payload: json.get("payload").cloned().ok_or_else(|| malformed("payload is missing"))?,
        })
    }
}

/// The input that a line records; `None` for an output or a `start`.
pub fn parse_input(line: &Line, knobs: &[String]) -> Result<Option<Body>> {
    let p = &line.payload;
    let knob = |key: &str| -> Result<u8> {
        let name = p.get(key).and_then(Json::str);
        let index = knobs.iter().position(|k| Some(k.as_str()) == name);
        index
            .map(|i| i as u8)
            .ok_or_else(|| malformed(format_args!("no knob is called {}", Quoted(name.unwrap_or_default()))))
    };
    let one_or_all = || match p.get("knob") {
        Some(Json::Null) => Ok(None),
        _ => knob("knob").map(Some),
    };
    Ok(Some(match line.event.as_str() {
        "window" => Body::Window(window(p)?, named(&Validity::ALL, p, "validity")?),
        "shadow" => Body::Shadow(shadow(p, knob("knob")?)?),
        "control" => Body::Control(named(&Control::ALL, p, "control")?, named(&Source::ALL, p, "source")?),
        "freeze" => Body::Freeze(one_or_all()?),
        "unfreeze" => Body::Unfreeze(one_or_all()?),
        "mode" => Body::Mode(named(&Mode::ALL, p, "mode")?),
        "propose" => {
            let members = p.get("values").ok_or_else(|| malformed("values is missing"))?;
            // A knob that was left alone is written as null.
            let value = |k: &String| match members.get(k) {
                Some(Json::Num(n)) => *n,
                Some(Json::Str(_)) => f64::INFINITY,
                _ => f64::NAN,
            };
            Body::Propose(knobs.iter().take(KNOBS_MAX).map(value).collect::<Values>())
        }
        "trial" => Body::Trial(knob("knob")?, num(p, "value")?),
        "enter-safe-mode" => Body::EnterSafeMode,
        "acknowledge" => Body::Acknowledge,
        "roll-back" => Body::RollBack,
        "pushed" => {
            let ok = p.get("ok").and_then(Json::bool).ok_or_else(|| malformed("ok must be a boolean"))?;
            Body::Pushed(uint(p.get("pushed_generation"), "pushed_generation")?, ok)
        }
        "overflow" => Body::Overflow,
        "gap" => Body::Gap(uint(p.get("dropped"), "dropped")?),
        "high-water" => Body::HighWater(uint(p.get("queued"), "queued")?),
        "stop" => Body::Stop,
        _ => return Ok(None),
    }))
}

fn window(p: &Json) -> Result<WindowInput> {
    let optional = |key: &str| p.get(key).and_then(Json::num);
    let samples = uint(p.get("samples"), "samples")?;
    Ok(WindowInput {
        digest: TelemetryDigest {
            timestamp_us: uint(p.get("timestamp_us"), "timestamp_us")?,
            generation: uint(p.get("config_generation"), "config_generation")?,
            samples: u32::try_from(samples).map_err(|_| malformed("samples must be below 2^32"))?,
            objective: optional("objective").unwrap_or(f64::NAN),
            latency_p99_us: optional("latency_p99_us"),
            throughput_rps: optional("throughput_rps"),
            error_rate: optional("error_rate"),
            constraint_margin: optional("constraint_margin"),
        },
        failures: optional("failures").unwrap_or(0.0),
        guarded: optional("guarded").unwrap_or(0.0),
    })
}

fn shadow(p: &Json, knob: u8) -> Result<ShadowInput> {
    let list = |key: &str| {
        p.get(key).and_then(Json::arr).ok_or_else(|| malformed(format_args!("{key} must be a list")))
    };
    let (values, costs) = (list("values")?, list("costs")?);
    if values.len() > SHADOW_MAX || values.len() != costs.len() {
        return Err(malformed("values and costs must have the same length, at most 16"));
    }
    let fill = |items: &[Json]| {
        core::array::from_fn(|i| match items.get(i) {
            Some(v) => v.num().unwrap_or(f64::NAN),
            None => 0.0,
        })
    };
    Ok(ShadowInput { knob, len: values.len() as u8, values: fill(values), costs: fill(costs) })
}

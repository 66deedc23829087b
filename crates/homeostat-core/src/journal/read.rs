//! Journal lines back into inputs.

use super::entry::{Body, SHADOW_MAX, ShadowInput, WindowInput};
use crate::digest::{TelemetryDigest, Validity};
use crate::error::{Code, Error, Result};
use crate::json::{Fields, Json, Quoted, WHOLE_MAX};
use crate::safety::{Control, Mode, Source};
use crate::space::{KNOBS_MAX, Values};
use alloc::string::String;
use core::fmt;

/// What stands before every problem of a journal's line.
const PATH: &str = "journal entry: ";

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

pub(super) fn malformed(what: impl fmt::Display) -> Error {
    Error::new(Code::JournalMalformed, format_args!("{PATH}{what}"))
}

impl Line {
    /// Parses the text of one line.
    pub fn parse(text: &str) -> Result<Line> {
        let mut json = Json::parse(text).map_err(|e| malformed(&e.message))?;
        let mut fields = Fields::new(&json, Code::JournalMalformed, PATH);
        let line = Line {
            seq: fields.whole("seq", 0.0, WHOLE_MAX),
            time_us: fields.whole("time_us", 0.0, WHOLE_MAX),
            run_id: fields.text("run_id").into(),
            event: fields.text("event").into(),
            payload: Json::Null,
        };
        fields.get("payload");
        fields.finish()?;
        Ok(Line { payload: json.take("payload").unwrap_or(Json::Null), ..line })
    }
}

/// The input that a line records; `None` for an output or a `start`.
pub fn parse_input(line: &Line, knobs: &[String]) -> Result<Option<Body>> {
    let mut fields = Fields::new(&line.payload, Code::JournalMalformed, PATH);
    let f = &mut fields;
    let body = match line.event.as_str() {
        "window" => Body::Window(window(f), f.named(&Validity::ALL, "validity")),
        "shadow" => Body::Shadow(shadow(f, knobs)),
        "control" => Body::Control(f.named(&Control::ALL, "control"), f.named(&Source::ALL, "source")),
        "freeze" => Body::Freeze(one_or_all(f, knobs)),
        "unfreeze" => Body::Unfreeze(one_or_all(f, knobs)),
        "mode" => Body::Mode(f.named(&Mode::ALL, "mode")),
        "propose" => {
            let made_for = line.payload.get("made_for").map(|_| f.whole("made_for", 0.0, WHOLE_MAX));
            Body::Propose(proposal(f.get("values"), knobs), made_for)
        }
        "trial" => Body::Trial(knob(f, knobs), f.number("value")),
        "enter-safe-mode" => Body::EnterSafeMode,
        "acknowledge" => Body::Acknowledge,
        "roll-back" => Body::RollBack,
        "pushed" => Body::Pushed(f.whole("pushed_generation", 0.0, WHOLE_MAX), f.bool("ok")),
        "overflow" => Body::Overflow,
        "gap" => Body::Gap(f.whole("dropped", 0.0, WHOLE_MAX)),
        "high-water" => Body::HighWater(f.whole("queued", 0.0, WHOLE_MAX)),
        "close" => Body::Close,
        _ => return Ok(None),
    };
    fields.finish()?;
    Ok(Some(body))
}

fn knob(fields: &mut Fields, knobs: &[String]) -> u8 {
    let name = fields.text("knob");
    let place = knobs.iter().position(|knob| knob == name);
    if place.is_none() {
        fields.refuse("knob", format_args!("no knob is called {}", Quoted(name)));
    }
    place.unwrap_or(0) as u8
}

fn one_or_all(fields: &mut Fields, knobs: &[String]) -> Option<u8> {
    match fields.get("knob") {
        Json::Null => None,
        _ => Some(knob(fields, knobs)),
    }
}

/// A knob that was left alone is written as null; no knobs at all stand for one that is not here.
fn proposal(values: &Json, knobs: &[String]) -> Values {
    if matches!(values, Json::Obj(members) if members.is_empty()) {
        return Values::zeros(0);
    }
    let value = |knob: &String| match values.get(knob) {
        Some(Json::Num(n)) => *n,
        Some(Json::Str(_)) => f64::INFINITY,
        _ => f64::NAN,
    };
    knobs.iter().take(KNOBS_MAX).map(value).collect()
}

fn window(f: &mut Fields) -> WindowInput {
    WindowInput {
        digest: TelemetryDigest {
            timestamp_us: f.whole("timestamp_us", 0.0, WHOLE_MAX),
            generation: f.whole("config_generation", 0.0, WHOLE_MAX),
            samples: f.whole("samples", 0.0, f64::from(u32::MAX)) as u32,
            objective: f.number_if_any("objective").unwrap_or(f64::NAN),
            latency_p99_us: f.number_if_any("latency_p99_us"),
            throughput_rps: f.number_if_any("throughput_rps"),
            error_rate: f.number_if_any("error_rate"),
            constraint_margin: f.number_if_any("constraint_margin"),
        },
        failures: f.number_if_any("failures").unwrap_or(0.0),
        guarded: f.number_if_any("guarded").unwrap_or(0.0),
    }
}

fn shadow(f: &mut Fields, knobs: &[String]) -> ShadowInput {
    let (values, costs) = (f.list("values"), f.list("costs"));
    if values.len() > SHADOW_MAX || values.len() != costs.len() {
        f.refuse("costs", format_args!("expected as many as values, at most {SHADOW_MAX}"));
    }
    ShadowInput { knob: knob(f, knobs), len: values.len() as u8, values: fill(values), costs: fill(costs) }
}

/// What is not a number is NaN; what is not there is 0.
fn fill(items: &[Json]) -> [f64; SHADOW_MAX] {
    let mut out = [0.0; SHADOW_MAX];
    for (to, from) in out.iter_mut().zip(items) {
        *to = from.num().unwrap_or(f64::NAN);
    }
    out
}

//! What a study is asked to do: read from JSON once, checked, and written back in one canonical form for its log.

use crate::space::{Bound, Space};
use alloc::{format, string::String, vec::Vec};
use homeostat_core::error::{Code, Error, Result};
use homeostat_core::json::{Fields, Json, Number, Writer};
use homeostat_core::space::{Kind, Knob, Learn, Scale};

/// Most evaluations that a study may be meant for.
pub const BUDGET_MAX: f64 = 1e6;
/// Budget where none is given: what shares of the budget are taken of.
pub const BUDGET_DEFAULT: u32 = 100;

/// How points are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The strong default: chosen by the space.
    Auto,
    /// The simplex of Nelder and Mead, started over where it has ended.
    NelderMead,
    /// Tree-structured Parzen estimator, multivariate.
    Tpe,
    /// Simultaneous perturbation stochastic approximation.
    Spsa,
    /// Independent uniform points.
    Random,
    /// The scrambled Sobol sequence.
    Sobol,
}

impl Method {
    /// Every method with its wire name.
    pub const ALL: [(Method, &'static str); 6] = [
        (Method::Auto, "auto"),
        (Method::NelderMead, "nelder-mead"),
        (Method::Tpe, "tpe"),
        (Method::Spsa, "spsa"),
        (Method::Random, "random"),
        (Method::Sobol, "sobol"),
    ];

    /// Its parameters: name, least, greatest and default value. All are numbers.
    pub fn parameters(self) -> &'static [(&'static str, f64, f64, f64)] {
        match self {
            Method::NelderMead => &[("size", 0.001, 0.5, 0.15)],
            Method::Tpe => &[("startup", 1.0, 10_000.0, 10.0), ("candidates", 1.0, 1024.0, 24.0)],
            Method::Spsa => &[
                ("step", 1e-6, 1.0, 0.1),
                ("perturbation", 1e-6, 0.5, 0.05),
                ("alpha", 0.0, 1.0, 0.602),
                ("gamma", 0.0, 1.0, 0.101),
            ],
            _ => &[],
        }
    }
}

/// A study's configuration, valid.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Of the only random generator.
    pub seed: u32,
    /// Evaluations that the study is meant for.
    pub budget: Option<u32>,
    /// The knobs.
    pub space: Space,
    /// Share of the budget spent on the probe before refining; `None`: as the method likes it.
    pub probe_ratio: Option<f64>,
    /// Points that are expected to be open at once.
    pub batch_size: u32,
    /// How points are found.
    pub method: Method,
    /// Values are told with their sign changed, since higher ones are better: for those who read the study.
    pub negated: bool,
    parameters: Vec<(String, f64)>,
}

impl Config {
    /// Reads a configuration; the error names the option, the range and the value.
    pub fn parse(text: &str) -> Result<Self> {
        Self::from_json(&Json::parse(text)?)
    }

    /// Reads a configuration that was parsed already.
    pub fn from_json(json: &Json) -> Result<Self> {
        let known = [
            "seed",
            "budget",
            "bounds",
            "probe_ratio",
            "batch_size",
            "strategy",
            "strategy_params",
            "negated",
        ];
        no_other(json, &known, "", Code::InvalidOption)?;
        let mut fields = Fields::new(json, Code::InvalidOption, "");
        let has = |key: &str| json.get(key).is_some();
        let seed = if has("seed") { fields.whole("seed", 0.0, f64::from(u32::MAX)) as u32 } else { 0 };
        let budget = has("budget").then(|| fields.whole("budget", 1.0, BUDGET_MAX) as u32);
        let probe_ratio = has("probe_ratio").then(|| fields.within("probe_ratio", 0.0, 0.9));
        let batch_size = if has("batch_size") { fields.whole("batch_size", 1.0, 1024.0) as u32 } else { 1 };
        let method = if has("strategy") { fields.named(&Method::ALL, "strategy") } else { Method::Auto };
        let negated = has("negated") && fields.bool("negated");
        let bounds = fields.get("bounds");
        fields.finish()?;
        let parameters = json.get("strategy_params").map_or(Ok(Vec::new()), |p| parameters(method, p))?;
        let space = Space::new(read_bounds(bounds)?)?;
        Ok(Self { seed, budget, space, probe_ratio, batch_size, method, negated, parameters })
    }

    /// A parameter of the method.
    pub fn parameter(&self, name: &str) -> f64 {
        let given = self.parameters.iter().find(|(n, _)| n == name).map(|(_, value)| *value);
        let default = || self.method.parameters().iter().find(|p| p.0 == name).map_or(f64::NAN, |p| p.3);
        given.unwrap_or_else(default)
    }

    /// Points of the probe before refining, where a method by itself would begin with `startup`.
    pub fn probe_points(&self, startup: u32) -> u32 {
        let budget = f64::from(self.budget.unwrap_or(BUDGET_DEFAULT));
        self.probe_ratio.map_or(startup, |ratio| libm::round(ratio * budget) as u32)
    }

    /// Writes the configuration in its one canonical form.
    pub fn write(&self, w: &mut Writer) {
        w.object(|w| {
            w.key("seed").uint(u64::from(self.seed));
            if let Some(budget) = self.budget {
                w.key("budget").uint(u64::from(budget));
            }
            w.key("bounds").object(|w| self.space.bounds().iter().for_each(|b| write_bound(b, w)));
            if let Some(ratio) = self.probe_ratio {
                w.key("probe_ratio").num(ratio);
            }
            w.key("batch_size").uint(u64::from(self.batch_size));
            w.key("strategy").named(&Method::ALL, self.method);
            if !self.parameters.is_empty() {
                w.key("strategy_params")
                    .object(|w| self.parameters.iter().for_each(|(name, value)| w.key(name).num(*value)));
            }
            if self.negated {
                w.key("negated").bool(true);
            }
        });
    }
}

/// Refuses members that mean nothing: most likely a typing error.
fn no_other(json: &Json, known: &[&str], path: &str, code: Code) -> Result<()> {
    let Json::Obj(members) = json else {
        let what = if path.is_empty() { "config" } else { path.trim_end_matches('.') };
        return Err(Error::new(code, format_args!("{what}: expected an object")));
    };
    match members.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        Some((name, _)) => {
            let known = known.join(", ");
            Err(Error::new(
                code,
                format_args!("{path}{name}: there is no such option, expected one of {known}"),
            ))
        }
        None => Ok(()),
    }
}

fn parameters(method: Method, json: &Json) -> Result<Vec<(String, f64)>> {
    let table = method.parameters();
    let names: Vec<&str> = table.iter().map(|p| p.0).collect();
    let path = "strategy_params.";
    no_other(json, &names, path, Code::InvalidOption)?;
    let mut fields = Fields::new(json, Code::InvalidOption, path);
    let mut read = Vec::new();
    for (name, min, max, _) in table.iter().filter(|p| json.get(p.0).is_some()) {
        read.push((String::from(*name), fields.within(name, *min, *max)));
    }
    fields.finish().map(|()| read)
}

fn read_bounds(json: &Json) -> Result<Vec<Bound>> {
    let Json::Obj(members) = json else {
        return Err(Error::new(Code::InvalidOption, "bounds: expected an object of knobs by name"));
    };
    members.iter().map(|(name, bound)| read_bound(name, bound)).collect()
}

fn read_bound(name: &str, json: &Json) -> Result<Bound> {
    let path = format!("bounds.{name}.");
    no_other(json, &["kind", "min", "max", "scale", "choices"], &path, Code::InvalidKnob)?;
    let mut fields = Fields::new(json, Code::InvalidKnob, &path);
    let has = |key: &str| json.get(key).is_some();
    let kind = if has("kind") { fields.named(&Kind::ALL, "kind") } else { Kind::Number };
    let scale = if has("scale") { fields.named(&Scale::ALL, "scale") } else { Scale::Linear };
    let mut choices = Vec::new();
    let (min, max) = match kind {
        Kind::Boolean | Kind::Choice => {
            for key in ["min", "max"].into_iter().filter(|key| has(key)) {
                fields.refuse(key, "booleans and choices have no range");
            }
            if kind == Kind::Choice {
                choices = read_choices(&mut fields);
            }
            (0.0, if kind == Kind::Choice { choices.len() as f64 - 1.0 } else { 1.0 })
        }
        _ => (fields.number("min"), fields.number("max")),
    };
    if has("choices") && kind != Kind::Choice {
        fields.refuse("choices", "only a choice has them (kind: \"choice\")");
    }
    fields.finish()?;
    let learn = Learn::Hold;
    let knob = Knob { name: name.into(), kind, scale, min, max, initial: min, lag_us: 0, learn, push: false };
    knob.validate().map_err(|error| {
        let message = error.message.strip_prefix("knobs").map(|rest| format!("bounds{rest}"));
        message.map_or(error.clone(), |message| error.saying(message))
    })?;
    let step = knob.resolution();
    Bound { knob, choices }.whole().ok_or_else(|| {
        let step = Number(step);
        let message =
            format_args!("bounds.{name}: min and max of this duration have to be multiples of {step} ms");
        Error::new(Code::InvalidKnob, message)
    })
}

fn read_choices(fields: &mut Fields) -> Vec<Json> {
    let list = fields.list("choices");
    for (i, choice) in list.iter().enumerate() {
        match choice {
            Json::Str(_) | Json::Num(_) | Json::Bool(_) => {}
            _ => fields.refuse("choices", "expected strings, numbers or booleans"),
        }
        if list[..i].contains(choice) {
            fields.refuse("choices", format_args!("option {i} is there twice"));
        }
    }
    if !(2..=256).contains(&list.len()) {
        fields.refuse("choices", format_args!("expected 2 to 256 options, got {}", list.len()));
    }
    list.to_vec()
}

fn write_bound(bound: &Bound, w: &mut Writer) {
    let knob = &bound.knob;
    w.key(&knob.name).object(|w| {
        w.key("kind").named(&Kind::ALL, knob.kind);
        match knob.kind {
            Kind::Boolean => {}
            Kind::Choice => w.key("choices").array(|w| {
                bound.choices.iter().for_each(|choice| match choice {
                    Json::Str(text) => w.str(text),
                    Json::Bool(b) => w.bool(*b),
                    other => w.num(other.num().unwrap_or(f64::NAN)),
                })
            }),
            _ => {
                w.key("min").num(knob.min);
                w.key("max").num(knob.max);
                w.key("scale").named(&Scale::ALL, knob.scale);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> (Code, String) {
        let error = Config::parse(text).unwrap_err();
        (error.code, error.message.clone())
    }

    #[test]
    fn the_canonical_form_reads_back_to_itself() {
        let text = r#"{"bounds":{"x":{"min":0,"max":1},"n":{"kind":"integer","min":1,"max":64,"scale":"log"},
            "b":{"kind":"boolean"},"c":{"kind":"choice","choices":["a",2,true]},
            "t":{"kind":"duration","min":0.5,"max":10}},
            "strategy":"tpe","strategy_params":{"candidates":12},"seed":7,"probe_ratio":0.25,"negated":true}"#;
        let config = Config::parse(text).unwrap();
        let mut written = String::new();
        config.write(&mut Writer::new(&mut written));
        let again = Config::parse(&written).unwrap();
        assert_eq!(again, config);
        assert_eq!((again.parameter("candidates"), again.parameter("startup")), (12.0, 10.0));
        assert_eq!(again.space.len(), 5);
    }

    #[test]
    fn what_is_wrong_is_named() {
        use Code::{InvalidJson, InvalidKnob, InvalidOption};
        for (text, code, word) in [
            ("{", InvalidJson, "expected"),
            ("[]", InvalidOption, "config: expected an object"),
            (r#"{"bound":{}}"#, InvalidOption, "bound: there is no such option"),
            (r#"{"seed":1}"#, InvalidOption, "bounds: is missing"),
            (r#"{"bounds":{}}"#, InvalidOption, "bounds: expected 1 to 256 knobs, got 0"),
            (r#"{"bounds":[]}"#, InvalidOption, "bounds: expected an object"),
            (r#"{"bounds":{"x":{"min":0}}}"#, InvalidKnob, "bounds.x.max: is missing"),
            (
                r#"{"bounds":{"x":{"min":0,"max":0}}}"#,
                InvalidKnob,
                "bounds.x.max: expected more than min (0), got 0",
            ),
            (
                r#"{"bounds":{"x":{"min":0,"max":1,"scale":"log"}}}"#,
                InvalidKnob,
                "bounds.x.min: expected more than 0",
            ),
            (
                r#"{"bounds":{"x":{"min":0,"max":1,"step":1}}}"#,
                InvalidKnob,
                "bounds.x.step: there is no such option",
            ),
            (r#"{"bounds":{"x":{"kind":"boolean","min":0}}}"#, InvalidKnob, "bounds.x.min: booleans"),
            (
                r#"{"bounds":{"x":{"kind":"choice","choices":["a"]}}}"#,
                InvalidKnob,
                "expected 2 to 256 options, got 1",
            ),
            (
                r#"{"bounds":{"x":{"kind":"choice","choices":["a","a"]}}}"#,
                InvalidKnob,
                "option 1 is there twice",
            ),
            (
                r#"{"bounds":{"x":{"kind":"choice","choices":["a",null]}}}"#,
                InvalidKnob,
                "strings, numbers or booleans",
            ),
            (
                r#"{"bounds":{"x":{"min":0,"max":1,"choices":[1,2]}}}"#,
                InvalidKnob,
                "bounds.x.choices: only a choice",
            ),
            (
                r#"{"bounds":{"x":{"min":0,"max":1}},"seed":-1}"#,
                InvalidOption,
                "seed: expected 0 to 4294967295, got -1",
            ),
            (
                r#"{"bounds":{"x":{"min":0,"max":1}},"strategy":"best"}"#,
                InvalidOption,
                "strategy: expected one of auto",
            ),
            (
                r#"{"bounds":{"t":{"kind":"duration","min":100.5,"max":200}}}"#,
                InvalidKnob,
                "bounds.t: min and max of this duration have to be multiples of 1 ms",
            ),
            (
                r#"{"bounds":{"x":{"min":0,"max":1}},"strategy":"spsa","strategy_params":{"step":2}}"#,
                InvalidOption,
                "strategy_params.step: expected 0.000001 to 1, got 2",
            ),
            (
                r#"{"bounds":{"x":{"min":0,"max":1}},"strategy_params":{"step":2}}"#,
                InvalidOption,
                "strategy_params.step: there is no such option",
            ),
        ] {
            let (got, message) = refusal(text);
            assert_eq!(got, code, "{text}: {message}");
            assert!(message.contains(word), "{message} does not say {word}");
        }
    }
}

use crate::space::Space;
use alloc::{string::String, vec::Vec};
use homeostat_core::error::{Code, Error, Result};
use homeostat_core::json::{Fields, Json, Writer};
use homeostat_core::real::clamp;

/// Longer reasons are cut, in bytes.
const REASON_BYTES_MAX: usize = 1000;

/// How an evaluation ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It gave a value. `margin`: the worst constraint's (limit - value) / |limit|, NaN without constraints.
    Complete {
        /// Lower is better.
        value: f64,
        /// Positive: every constraint is satisfied.
        margin: f64,
    },
    /// It gave nothing.
    Failed {
        /// Why.
        reason: String,
    },
    /// It was stopped early because it looked bad.
    Pruned {
        /// The value so far; NaN for none.
        value: f64,
    },
}

impl Outcome {
    /// An outcome as it crosses a binding: 0 complete, 1 failed, 2 pruned.
    pub fn from_parts(kind: u32, value: f64, margin: f64, reason: &str) -> Result<Self> {
        match kind {
            0 => Ok(Outcome::Complete { value, margin }),
            1 => Ok(Outcome::Failed { reason: cut(reason) }),
            2 => Ok(Outcome::Pruned { value }),
            _ => {
                let wanted = "0 complete, 1 failed or 2 pruned";
                Err(Error::expected(Code::InvalidOption, "outcome", wanted, f64::from(kind)))
            }
        }
    }

    /// As the log keeps it: what is not finite has no text of its own.
    pub(super) fn canonical(self) -> Self {
        let finite = |n: f64| if n.is_finite() { n + 0.0 } else { f64::NAN };
        match self {
            Outcome::Complete { value, margin } => {
                let margin = if margin.is_nan() { margin } else { clamp(margin, -1e300, 1e300) + 0.0 };
                Outcome::Complete { value: finite(value), margin }
            }
            Outcome::Failed { reason } => Outcome::Failed { reason: cut(&reason) },
            Outcome::Pruned { value } => Outcome::Pruned { value: finite(value) },
        }
    }

    /// Writes the members that say it.
    pub(super) fn write(&self, w: &mut Writer) {
        match self {
            Outcome::Complete { value, margin } => {
                w.key("value").num(*value);
                if !margin.is_nan() {
                    w.key("margin").num(*margin);
                }
            }
            Outcome::Failed { reason } => w.key("failed").str(reason),
            Outcome::Pruned { value } => {
                w.key("pruned").bool(true);
                w.key("value").num(*value);
            }
        }
    }

    /// Reads what `write` wrote.
    pub(super) fn read(json: &Json, fields: &mut Fields) -> Self {
        let mut number_or_null = |key: &str| match fields.get(key) {
            Json::Null => f64::NAN,
            _ => fields.number(key),
        };
        if json.get("failed").is_some() {
            Outcome::Failed { reason: cut(fields.text("failed")) }
        } else if json.get("pruned").is_some() {
            Outcome::Pruned { value: number_or_null("value") }
        } else {
            let value = number_or_null("value");
            let margin = if json.get("margin").is_some() { fields.number("margin") } else { f64::NAN };
            Outcome::Complete { value, margin }
        }
    }
}

fn cut(reason: &str) -> String {
    let end = (0..=REASON_BYTES_MAX.min(reason.len())).rev().find(|at| reason.is_char_boundary(*at));
    String::from(&reason[..end.unwrap_or(0)])
}

/// One point and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// In knob units.
    pub values: Vec<f64>,
    /// The place in the unit box that was proposed, before it was rounded to what the knobs can hold.
    pub unit: Vec<f64>,
    /// `None`: not told yet.
    pub outcome: Option<Outcome>,
    /// The study asked for a known point once more, to learn about noise.
    pub second_look: bool,
}

impl Trial {
    /// The value of a complete trial that is finite.
    pub fn value(&self) -> Option<f64> {
        match self.outcome {
            Some(Outcome::Complete { value, .. }) if value.is_finite() => Some(value),
            _ => None,
        }
    }

    /// The value of a complete trial that is finite and satisfies every constraint.
    pub fn feasible_value(&self) -> Option<f64> {
        self.value().filter(|_| self.violation() == 0.0)
    }

    /// How far the worst constraint is missed, relative to its limit; 0 where all are satisfied.
    pub fn violation(&self) -> f64 {
        match self.outcome {
            Some(Outcome::Complete { margin, .. }) if margin < 0.0 => -margin,
            _ => 0.0,
        }
    }

    /// Writes everything about it.
    pub(super) fn write(&self, number: u32, space: &Space, w: &mut Writer) {
        w.object(|w| {
            w.key("trial").uint(u64::from(number));
            w.key("state").str(match self.outcome {
                None => "open",
                Some(Outcome::Complete { .. }) => "complete",
                Some(Outcome::Failed { .. }) => "failed",
                Some(Outcome::Pruned { .. }) => "pruned",
            });
            space.write_params(&self.values, w.key("params"));
            match &self.outcome {
                Some(Outcome::Complete { value, margin }) => {
                    if value.is_finite() {
                        w.key("value").num(*value);
                    } else {
                        w.key("reason").str("the value was not finite");
                    }
                    if !margin.is_nan() {
                        w.key("margin").num(*margin);
                    }
                }
                Some(Outcome::Pruned { value }) if value.is_finite() => w.key("value").num(*value),
                Some(Outcome::Failed { reason }) if !reason.is_empty() => w.key("reason").str(reason),
                _ => {}
            }
        });
    }
}

use crate::error::{Code, Error, Result};
use crate::json::{Number, Quoted, WHOLE_MAX};
use crate::real::clamp;
use alloc::string::String;
use core::fmt;

/// What a knob's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any real number.
    Number,
    /// A whole number.
    Integer,
    /// 0 or 1.
    Boolean,
    /// The index of an option.
    Choice,
    /// Milliseconds. Whole ones where `min` is at least 100 ms (a step of at most 1 %), else thousandths.
    Duration,
    /// Whole bytes.
    Bytes,
}

impl Kind {
    /// Every kind with its wire name.
    pub const ALL: [(Kind, &'static str); 6] = [
        (Kind::Number, "number"),
        (Kind::Integer, "integer"),
        (Kind::Boolean, "boolean"),
        (Kind::Choice, "choice"),
        (Kind::Duration, "duration"),
        (Kind::Bytes, "bytes"),
    ];

    /// Kinds without an order to follow: moved by operators and trials, never by a gradient.
    pub fn is_categorical(self) -> bool {
        matches!(self, Kind::Boolean | Kind::Choice)
    }
}

/// How a knob's range is laid out on [0, 1].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences are equal steps.
    Linear,
    /// Equal ratios are equal steps. Needs `min > 0`.
    Log,
    /// `min` and `max` are the same point: an angle, an hour of the day.
    Periodic,
}

impl Scale {
    /// Every scale with its wire name.
    pub const ALL: [(Scale, &'static str); 3] =
        [(Scale::Linear, "linear"), (Scale::Log, "log"), (Scale::Periodic, "periodic")];
}

/// Who moves a knob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learn {
    /// The tuner, by small live experiments.
    Probe,
    /// The tuner, from shadow evaluation alone.
    Shadow,
    /// Operators and explicit trials.
    Hold,
}

impl Learn {
    /// Every way with its wire name.
    pub const ALL: [(Learn, &'static str); 3] =
        [(Learn::Probe, "probe"), (Learn::Shadow, "shadow"), (Learn::Hold, "hold")];
}

/// A typed, bounded, scaled number that the application reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Knob {
    /// Unique in its space; 1 to 64 bytes.
    pub name: String,
    /// What the value is.
    pub kind: Kind,
    /// How the range is laid out.
    pub scale: Scale,
    /// Least value, in the knob's own unit.
    pub min: f64,
    /// Greatest value.
    pub max: f64,
    /// Value before anything was learned, and where the kill switch returns to.
    pub initial: f64,
    /// How long a change takes to show in the signals, in microseconds. At most 10 minutes.
    pub lag_us: u64,
    /// Who moves it.
    pub learn: Learn,
    /// Whether the application has to push the value, which may fail.
    pub push: bool,
}

/// Longest lag that a knob may declare: 10 minutes.
pub const LAG_US_MAX: u64 = 600_000_000;

impl Knob {
    fn refuse(&self, option: &str, wanted: impl fmt::Display, got: f64) -> Result<()> {
        let option = format_args!("knobs.{}.{option}", self.name);
        Err(Error::expected(Code::InvalidKnob, option, wanted, got))
    }

    /// Checks the definition; the error names the option, the range and the value.
    pub fn validate(&self) -> Result<()> {
        if self.name.is_empty() || self.name.len() > 64 {
            let message = format_args!("knobs: a name must have 1 to 64 bytes, got {}", Quoted(&self.name));
            return Err(Error::new(Code::InvalidKnob, message));
        }
        let whole = !matches!(self.kind, Kind::Number | Kind::Duration);
        for (option, value) in [("min", self.min), ("max", self.max), ("initial", self.initial)] {
            let wanted = if !value.is_finite() {
                "a finite number"
            } else if whole && libm::trunc(value) != value {
                "a whole number"
            } else if value.abs() > WHOLE_MAX {
                "at most 2^53 in size"
            } else {
                continue;
            };
            return self.refuse(option, wanted, value);
        }
        let (min, max) = (Number(self.min), Number(self.max));
        if self.min >= self.max {
            return self.refuse("max", format_args!("more than min ({min})"), self.max);
        }
        if self.initial < self.min || self.initial > self.max {
            return self.refuse("initial", format_args!("{min} to {max}"), self.initial);
        }
        let categorical = self.kind.is_categorical();
        let (option, wanted, got) = if self.scale == Scale::Log && self.min <= 0.0 {
            ("min", "more than 0, as a log scale needs", self.min)
        } else if matches!(self.kind, Kind::Duration | Kind::Bytes) && self.min < 0.0 {
            ("min", "at least 0", self.min)
        } else if categorical && self.min != 0.0 {
            ("min", "0, as for every boolean and choice", self.min)
        } else if self.kind == Kind::Boolean && self.max != 1.0 {
            ("max", "1, as for every boolean", self.max)
        } else if self.kind == Kind::Choice && self.max > 255.0 {
            ("choices", "2 to 256 options", self.max + 1.0)
        } else if self.lag_us > LAG_US_MAX {
            ("lag", "0 to 10 minutes in microseconds", self.lag_us as f64)
        } else if categorical && self.scale != Scale::Linear {
            return self.refuse_kind("scale: booleans and choices have no scale");
        } else if categorical && self.learn != Learn::Hold {
            return self
                .refuse_kind("learn: booleans and choices are moved by operators and trials only (hold)");
        } else {
            return Ok(());
        };
        self.refuse(option, wanted, got)
    }

    fn refuse_kind(&self, what: &str) -> Result<()> {
        Err(Error::new(Code::InvalidKnob, format_args!("knobs.{}.{what}", self.name)))
    }

    /// Where a value lies in [0, 1]. Values outside the bounds are clamped first.
    pub fn to_unit(&self, value: f64) -> f64 {
        let v = clamp(value, self.min, self.max);
        let u = match self.scale {
            Scale::Log => libm::log(v / self.min) / libm::log(self.max / self.min),
            Scale::Linear | Scale::Periodic => (v - self.min) / (self.max - self.min),
        };
        u.clamp(0.0, 1.0)
    }

    /// The value at a place in [0, 1], rounded to what the kind can hold and never outside the bounds.
    pub fn to_value(&self, unit: f64) -> f64 {
        self.bounded(self.round(self.exact(unit)))
    }

    fn exact(&self, unit: f64) -> f64 {
        let u = self.normalise(unit);
        match self.scale {
            Scale::Log => self.min * libm::exp(u * libm::log(self.max / self.min)),
            Scale::Linear | Scale::Periodic => self.min + u * (self.max - self.min),
        }
    }

    fn bounded(&self, value: f64) -> f64 {
        let value = clamp(value, self.min, self.max);
        if self.scale == Scale::Periodic && value >= self.max { self.min } else { value }
    }

    /// The place of the nearest value that the kind can hold.
    pub fn quantise(&self, unit: f64) -> f64 {
        match self.kind {
            Kind::Number => self.normalise(unit),
            _ => self.to_unit(self.to_value(unit)),
        }
    }

    /// The value at `place`, rounded towards the place `from`: never beyond `place`, seen from there.
    pub fn inward(&self, place: f64, from: f64) -> f64 {
        let step = self.resolution();
        let exact = self.exact(place);
        let rounded = if step == 0.0 {
            exact
        } else if self.way(from, place) > 0.0 {
            libm::floor(exact / step) * step
        } else {
            libm::ceil(exact / step) * step
        };
        self.bounded(self.round(rounded))
    }

    /// The next place beyond `place` whose value the kind can hold, upwards or downwards; the end of the range where there
    /// is none. Only for kinds with a resolution.
    pub fn beside(&self, place: f64, up: bool) -> f64 {
        let step = self.resolution();
        let steps = self.exact(place) / step;
        // A place on the grid may be a rounding error off it.
        let next = if up { libm::floor(steps + 1e-6) + 1.0 } else { libm::ceil(steps - 1e-6) - 1.0 };
        match self.scale {
            Scale::Periodic => self.normalise((next * step - self.min) / (self.max - self.min)),
            _ => self.to_unit(next * step),
        }
    }

    /// The largest step between neighbouring values, as a share of the range; 0 for real numbers, and for kinds without order.
    pub fn coarsest(&self) -> f64 {
        if self.kind.is_categorical() || self.resolution() == 0.0 {
            return 0.0;
        }
        self.way(0.0, self.beside(0.0, true)).abs()
    }

    /// The value from which on no step to a neighbour is larger than `most`; `None` where there is none.
    pub fn fine_from(&self, most: f64) -> Option<f64> {
        if self.scale != Scale::Log {
            return None;
        }
        let from = self.resolution() / (libm::exp(most * libm::log(self.max / self.min)) - 1.0);
        let from = libm::ceil(from / self.resolution()) * self.resolution();
        (from < self.max).then_some(from)
    }

    /// Clamped to [0, 1], or wrapped on a periodic scale.
    pub fn normalise(&self, unit: f64) -> f64 {
        match self.scale {
            Scale::Periodic => unit - libm::floor(unit),
            _ => unit.clamp(0.0, 1.0),
        }
    }

    /// Signed way from one place to another: the shortest one on a periodic scale.
    pub fn way(&self, from: f64, to: f64) -> f64 {
        let d = to - from;
        match self.scale {
            Scale::Periodic => d - libm::round(d),
            _ => d,
        }
    }

    /// Smallest difference between two values, 0 for real numbers.
    pub fn resolution(&self) -> f64 {
        match self.kind {
            Kind::Number => 0.0,
            Kind::Duration if self.min < 100.0 => 0.001,
            _ => 1.0,
        }
    }

    fn round(&self, value: f64) -> f64 {
        match self.kind {
            Kind::Number => value,
            Kind::Duration if self.min < 100.0 => libm::round(value * 1000.0) / 1000.0,
            _ => libm::round(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn knob(kind: Kind, scale: Scale, min: f64, max: f64, initial: f64) -> Knob {
        Knob { name: "k".into(), kind, scale, min, max, initial, lag_us: 0, learn: Learn::Hold, push: false }
    }

    #[test]
    fn refuses_unusable_ranges() {
        for (kind, scale, min, max, initial, word) in [
            (Kind::Number, Scale::Linear, f64::NAN, 1.0, 0.0, "min: expected a finite"),
            (Kind::Number, Scale::Linear, 0.0, f64::INFINITY, 0.0, "max: expected a finite"),
            (Kind::Number, Scale::Linear, 1.0, 1.0, 1.0, "max: expected more than min"),
            (Kind::Number, Scale::Linear, 2.0, 1.0, 1.0, "max: expected more than min"),
            (Kind::Number, Scale::Log, 0.0, 1.0, 0.5, "min: expected more than 0"),
            (Kind::Number, Scale::Log, -1.0, 1.0, 0.5, "min: expected more than 0"),
            (Kind::Integer, Scale::Linear, 0.5, 2.0, 1.0, "min: expected a whole"),
            (Kind::Duration, Scale::Linear, -1.0, 2.0, 1.0, "min: expected at least 0"),
            (Kind::Number, Scale::Linear, 0.0, 1.0, 2.0, "initial: expected 0 to 1, got 2"),
            (Kind::Choice, Scale::Linear, 0.0, 400.0, 2.0, "choices: expected 2 to 256"),
            (Kind::Choice, Scale::Log, 0.0, 4.0, 2.0, "log scale"),
        ] {
            let error = knob(kind, scale, min, max, initial).validate().unwrap_err();
            assert_eq!(error.code, Code::InvalidKnob);
            assert!(error.message.contains(word), "{} does not say {word}", error.message);
        }
        assert!(knob(Kind::Integer, Scale::Log, 4.0, 256.0, 32.0).validate().is_ok());
    }

    #[test]
    fn periodic_takes_the_short_way() {
        let hour = knob(Kind::Number, Scale::Periodic, 0.0, 24.0, 12.0);
        assert!((hour.way(0.95, 0.05) - 0.1).abs() < 1e-12);
        assert!((hour.way(0.05, 0.95) + 0.1).abs() < 1e-12);
        assert!((hour.to_value(1.25) - 6.0).abs() < 1e-12);
    }

    #[test]
    fn neighbours_are_the_next_values_and_the_coarsest_step_is_told() {
        let limit = knob(Kind::Integer, Scale::Log, 4.0, 256.0, 32.0);
        for (from, up, to) in
            [(32.0, true, 33.0), (32.0, false, 31.0), (256.0, true, 256.0), (4.0, false, 4.0)]
        {
            assert_eq!(limit.to_value(limit.beside(limit.to_unit(from), up)), to);
        }
        let between = limit.to_unit(32.4);
        assert_eq!(
            (limit.to_value(limit.beside(between, true)), limit.to_value(limit.beside(between, false))),
            (33.0, 32.0)
        );
        assert!((limit.coarsest() - libm::log(5.0 / 4.0) / libm::log(64.0)).abs() < 1e-12);
        assert_eq!(limit.fine_from(0.05), Some(5.0), "from 5 to 6 is 4.4 % of the range");
        let hour = knob(Kind::Integer, Scale::Periodic, 0.0, 24.0, 23.0);
        assert_eq!(hour.to_value(hour.beside(hour.to_unit(23.0), true)), 0.0, "around the end");
        assert_eq!(hour.to_value(hour.beside(hour.to_unit(0.0), false)), 23.0);
        let pool = knob(Kind::Integer, Scale::Linear, 1.0, 8.0, 3.0);
        assert!((pool.coarsest() - 1.0 / 7.0).abs() < 1e-12 && pool.fine_from(0.1).is_none());
        assert_eq!(knob(Kind::Choice, Scale::Linear, 0.0, 2.0, 0.0).coarsest(), 0.0);
        assert_eq!(knob(Kind::Number, Scale::Log, 1.0, 2.0, 1.0).coarsest(), 0.0);
    }

    proptest! {
        #[test]
        fn values_stay_in_bounds_and_quantising_is_idempotent(
            kind in prop::sample::select(vec![Kind::Number, Kind::Integer, Kind::Duration, Kind::Bytes]),
            scale in prop::sample::select(vec![Scale::Linear, Scale::Log, Scale::Periodic]),
            min in 1u32..1000, span in 1u32..100_000, unit in -1.0f64..2.0,
        ) {
            let (min, max) = (min as f64, (min + span) as f64);
            let k = knob(kind, scale, min, max, min);
            prop_assert!(k.validate().is_ok());
            let v = k.to_value(unit);
            prop_assert!(v >= min && v <= max);
            if kind != Kind::Number {
                prop_assert_eq!(k.to_value(k.to_unit(v)), v, "a representable value is its own rounding");
            }
            if kind == Kind::Integer { prop_assert_eq!(v, v.round()); }
            // Rounded inwards, a value is never beyond the place, seen from where it comes.
            let (from, place) = (k.normalise(unit * 0.37 + 0.2), k.normalise(unit));
            let inner = k.inward(place, from);
            prop_assert!(inner >= min && inner <= max);
            if scale != Scale::Periodic {
                let reached = k.way(from, k.to_unit(inner)) / k.way(from, place);
                prop_assert!(place == from || reached <= 1.0 + 1e-9, "{reached} of the way");
            }
            let back = k.to_value(k.to_unit(v));
            prop_assert!((back - v).abs() <= 1e-9 * v.abs());
        }
    }
}

//! The space of a study: named knobs, each seen as a place in [0, 1] by strategies and in its own unit by everyone else.

use alloc::{format, string::String, vec::Vec};
use homeostat_core::error::{Code, Error, Result};
use homeostat_core::json::{Json, Number, Quoted, Writer};
use homeostat_core::real::clamp;
use homeostat_core::space::{Kind, Knob, Scale};

/// Most knobs of one study: as many as the Sobol sequence has dimensions.
pub const KNOBS_MAX: usize = 256;

/// One knob, and what its options are called.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// Kind, scale and range.
    pub knob: Knob,
    /// The options of a choice, else empty.
    pub choices: Vec<Json>,
}

impl Bound {
    /// The knob with its ends on whole steps, or `None` where they lie between two. An end that a computation left a rounding
    /// error off its step (8 + 0.851) is that step: one point has one number.
    pub fn whole(mut self) -> Option<Self> {
        if let Some(per_unit) = self.per_unit() {
            let whole = |value: f64| {
                let (exact, steps) = (value * per_unit, libm::round(value * per_unit));
                ((exact - steps).abs() <= 1e-9 * exact.abs()).then_some(steps / per_unit)
            };
            self.knob.min = whole(self.knob.min)?;
            self.knob.max = whole(self.knob.max)?;
            self.knob.initial = clamp(self.knob.initial, self.knob.min, self.knob.max);
        }
        Some(self)
    }

    /// How many values there are; `None` for real numbers.
    pub fn levels(&self) -> Option<u64> {
        let per_unit = self.per_unit()?;
        let (first, end) = (self.first(per_unit), libm::round(self.knob.max * per_unit));
        // The least value, the whole steps strictly between, and the greatest value unless it is the least one again.
        let between = (end - first).max(0.0);
        Some(between as u64 + if self.knob.scale == Scale::Periodic { 1 } else { 2 })
    }

    /// The value of this rank, from the least one.
    pub fn level(&self, rank: u64) -> f64 {
        let per_unit = self.per_unit().unwrap_or(1.0);
        let value = (self.first(per_unit) + rank as f64 - 1.0) / per_unit;
        if rank == 0 {
            self.knob.min
        } else if value > self.knob.max {
            self.knob.max
        } else {
            value
        }
    }

    /// The rank of a value, the inverse of `level`.
    pub fn rank(&self, value: f64) -> u64 {
        let per_unit = self.per_unit().unwrap_or(1.0);
        if value <= self.knob.min {
            0
        } else {
            (libm::round(value * per_unit) - self.first(per_unit)) as u64 + 1
        }
    }

    /// Steps per unit of the value; `None` for real numbers.
    fn per_unit(&self) -> Option<f64> {
        let step = self.knob.resolution();
        (step > 0.0).then(|| libm::round(1.0 / step))
    }

    /// The first whole step above the least value.
    fn first(&self, per_unit: f64) -> f64 {
        libm::round(self.knob.min * per_unit) + 1.0
    }

    /// The value as it would have been proposed, or why it could not have been.
    fn canonical(&self, value: f64) -> Result<f64> {
        let knob = &self.knob;
        let refuse = |wanted: &str| {
            let option = format_args!("{}", knob.name);
            Err(Error::expected(Code::InvalidOption, option, wanted, value))
        };
        let slack = 1e-9 * knob.resolution();
        if !(knob.min - slack..=knob.max + slack).contains(&value) {
            return refuse(&format!("{} to {}", Number(knob.min), Number(knob.max)));
        }
        if knob.kind == Kind::Number {
            // One point has one text: -0 is 0, and the end of a circle is its start.
            let wraps = knob.scale == Scale::Periodic && value == knob.max;
            return Ok(if wraps { knob.min } else { value + 0.0 });
        }
        let nearest = knob.to_value(knob.to_unit(value));
        let wraps = knob.scale == Scale::Periodic && value == knob.max;
        let whole = (nearest - value).abs() <= slack;
        if whole || wraps { Ok(nearest + 0.0) } else { refuse("a whole step") }
    }

    fn write(&self, value: f64, w: &mut Writer) {
        match (self.knob.kind, self.choices.get(value as usize)) {
            (Kind::Choice, Some(Json::Str(text))) => w.str(text),
            (Kind::Choice, Some(Json::Bool(b))) => w.bool(*b),
            (Kind::Choice, Some(Json::Num(n))) => w.num(*n),
            (Kind::Boolean, _) => w.bool(value != 0.0),
            _ => w.num(value),
        }
    }

    fn read(&self, json: &Json) -> Option<f64> {
        match self.knob.kind {
            Kind::Choice => self.choices.iter().position(|c| c == json).map(|i| i as f64),
            Kind::Boolean => json.bool().map(f64::from),
            _ => json.num(),
        }
    }
}

/// The knobs of a study, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Space {
    bounds: Vec<Bound>,
    size: Option<u64>,
}

impl Space {
    /// A space of these knobs, each valid; refuses none, too many, and a name that is used twice.
    pub fn new(bounds: Vec<Bound>) -> Result<Self> {
        if bounds.is_empty() || bounds.len() > KNOBS_MAX {
            let wanted = format_args!("1 to {KNOBS_MAX} knobs");
            return Err(Error::expected(Code::InvalidOption, "bounds", wanted, bounds.len() as f64));
        }
        for (i, bound) in bounds.iter().enumerate() {
            if bounds[..i].iter().any(|other| other.knob.name == bound.knob.name) {
                let message = format_args!("bounds.{}: this name is used twice", bound.knob.name);
                return Err(Error::new(Code::InvalidKnob, message));
            }
        }
        let size = bounds.iter().try_fold(1u64, |size, b| Some(size.saturating_mul(b.levels()?)));
        Ok(Self { bounds, size })
    }

    /// The knobs.
    pub fn bounds(&self) -> &[Bound] {
        &self.bounds
    }

    /// Number of knobs.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.bounds.len()
    }

    /// How many points there are, at most 2^64 - 1; `None` where a knob is a real number.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// The point of this number in the order of ranks, of a finite space.
    pub fn point(&self, number: u64) -> Vec<f64> {
        let mut rest = number;
        let value = |bound: &Bound| {
            let levels = bound.levels().unwrap_or(1);
            let rank = rest % levels;
            rest /= levels;
            bound.level(rank)
        };
        self.bounds.iter().map(value).collect()
    }

    /// Values in knob units at a place in the unit box.
    pub fn to_values(&self, unit: &[f64]) -> Vec<f64> {
        self.bounds.iter().zip(unit).map(|(b, u)| b.knob.to_value(*u) + 0.0).collect()
    }

    /// The place of values in the unit box.
    pub fn to_unit(&self, values: &[f64]) -> Vec<f64> {
        self.bounds.iter().zip(values).map(|(b, v)| b.knob.to_unit(*v)).collect()
    }

    /// Coordinates in which a distance says how unlike two places are: a circle is round, and any two options are 1 apart.
    pub fn spread_out(&self, unit: &[f64]) -> Vec<f64> {
        let mut spread = Vec::with_capacity(self.len());
        for (bound, u) in self.bounds.iter().zip(unit) {
            match (bound.knob.kind, bound.knob.scale) {
                (Kind::Choice, _) => {
                    let chosen = bound.knob.to_value(*u) as usize;
                    let part = |i| if i == chosen { core::f64::consts::FRAC_1_SQRT_2 } else { 0.0 };
                    spread.extend((0..bound.choices.len()).map(part));
                }
                (_, Scale::Periodic) => {
                    let angle = 2.0 * core::f64::consts::PI * u;
                    spread.extend([0.5 * libm::cos(angle), 0.5 * libm::sin(angle)]);
                }
                _ => spread.push(bound.knob.quantise(*u)),
            }
        }
        spread
    }

    /// Coordinates in which every value of a knob is about as likely anywhere: options have cells of one width.
    pub fn levelled(&self, unit: &[f64]) -> Vec<f64> {
        let coordinate = |(bound, u): (&Bound, &f64)| match bound.levels() {
            Some(options) if bound.knob.kind.is_categorical() => {
                (bound.knob.to_value(*u) + 0.5) / options as f64
            }
            _ => bound.knob.quantise(*u),
        };
        self.bounds.iter().zip(unit).map(coordinate).collect()
    }

    /// The place of the nearest values that the knobs can hold.
    pub fn quantise(&self, unit: &[f64]) -> Vec<f64> {
        self.bounds.iter().zip(unit).map(|(b, u)| b.knob.quantise(*u)).collect()
    }

    /// Values from outside as they would have been proposed; refuses what is out of bounds or between steps.
    pub fn canonical(&self, values: &[f64]) -> Result<Vec<f64>> {
        if values.len() != self.len() {
            let wanted = format_args!("{} numbers, one per knob", self.len());
            return Err(Error::expected(Code::InvalidOption, "values", wanted, values.len() as f64));
        }
        self.bounds.iter().zip(values).map(|(b, v)| b.canonical(*v)).collect()
    }

    /// Writes values as an object of the application's own values.
    pub fn write_params(&self, values: &[f64], w: &mut Writer) {
        w.object(|w| {
            for (bound, value) in self.bounds.iter().zip(values) {
                bound.write(*value, w.key(&bound.knob.name));
            }
        });
    }

    /// Reads what `write_params` wrote: every knob once.
    pub fn read_params(&self, json: &Json) -> Result<Vec<f64>> {
        let Json::Obj(members) = json else {
            return Err(Error::new(Code::InvalidOption, "params: expected an object"));
        };
        if let Some((name, _)) = members.iter().find(|(n, _)| self.bounds.iter().all(|b| b.knob.name != *n)) {
            return Err(unknown(name));
        }
        let value = |bound: &Bound| {
            let name = &bound.knob.name;
            let member = json.get(name).ok_or_else(|| invalid(name, "is missing"))?;
            bound.read(member).ok_or_else(|| invalid(name, "is no value of this knob"))
        };
        let values: Vec<f64> = self.bounds.iter().map(value).collect::<Result<_>>()?;
        self.canonical(&values)
    }
}

fn unknown(name: &str) -> Error {
    Error::new(Code::UnknownKnob, format_args!("params: the study has no knob {}", Quoted(name)))
}

fn invalid(name: &String, what: &str) -> Error {
    Error::new(Code::InvalidOption, format_args!("params.{name}: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use homeostat_core::space::Learn;
    use proptest::prelude::*;

    pub fn bound(kind: Kind, scale: Scale, min: f64, max: f64) -> Bound {
        let learn = Learn::Hold;
        let knob =
            Knob { name: "k".into(), kind, scale, min, max, initial: min, lag_us: 0, learn, push: false };
        knob.validate().unwrap();
        Bound { knob, choices: Vec::new() }.whole().unwrap()
    }

    #[test]
    fn an_end_that_is_a_rounding_error_off_its_step_is_that_step() {
        for (min, max) in [(8.0 + 0.851, 9.0), (8.851, 0.1 + 0.2 + 8.7)] {
            let b = bound(Kind::Duration, Scale::Linear, min, max);
            assert_eq!((b.level(0), b.rank(8.851)), (8.851, 0));
            assert_eq!(b.canonical(8.851), Ok(8.851));
            assert_eq!(b.canonical(min), Ok(8.851));
            assert_eq!(b.canonical(max), Ok(9.0));
            assert!(b.canonical(8.8499).is_err() && b.canonical(9.0001).is_err());
        }
        let learn = Learn::Hold;
        let (kind, scale) = (Kind::Duration, Scale::Linear);
        let knob = Knob {
            name: "k".into(),
            kind,
            scale,
            min: 8.8515,
            max: 9.0,
            initial: 9.0,
            lag_us: 0,
            learn,
            push: false,
        };
        assert_eq!(Bound { knob, choices: Vec::new() }.whole(), None);
    }

    proptest! {
        #[test]
        fn levels_are_all_the_values_and_no_other(
            kind in prop::sample::select(vec![Kind::Integer, Kind::Duration, Kind::Bytes]),
            scale in prop::sample::select(vec![Scale::Linear, Scale::Log, Scale::Periodic]),
            min in 1u32..200, span in 1u32..60, fraction in 0..999u32, unit in 0.0..1.0f64,
        ) {
            let fine = kind == Kind::Duration && min < 99;
            let fraction = if fine { f64::from(fraction) / 1000.0 } else { 0.0 };
            let (min, max) = (f64::from(min) + fraction, f64::from(min + span));
            let b = bound(kind, scale, min, max);
            let levels = b.levels().unwrap();
            let shown = levels.min(500);
            let all: Vec<f64> = (0..shown).map(|i| b.level(i)).collect();
            prop_assert!(all.windows(2).all(|w| w[0] < w[1]), "{all:?}");
            for (rank, value) in all.iter().enumerate() {
                prop_assert_eq!(b.rank(*value), rank as u64);
                prop_assert_eq!(b.knob.to_value(b.knob.to_unit(*value)), *value);
                prop_assert_eq!(b.canonical(*value).unwrap(), *value);
            }
            let drawn = b.knob.to_value(unit);
            prop_assert_eq!(b.level(b.rank(drawn)), drawn);
            prop_assert!(b.rank(drawn) < levels);
            prop_assert!(b.canonical(max + 1.0).is_err());
        }
    }

    #[test]
    fn distances_say_how_unlike_places_are() {
        let mut choice = bound(Kind::Choice, Scale::Linear, 0.0, 2.0);
        choice.knob.name = "c".into();
        choice.choices = vec![Json::Num(0.0), Json::Num(1.0), Json::Num(2.0)];
        let space = Space::new(vec![choice, bound(Kind::Number, Scale::Periodic, 0.0, 24.0)]).unwrap();
        let far = |a: [f64; 2], b: [f64; 2]| {
            crate::linear::distance_squared(&space.spread_out(&a), &space.spread_out(&b)).sqrt()
        };
        assert!((far([0.0, 0.2], [0.5, 0.2]) - 1.0).abs() < 1e-12);
        assert!((far([0.0, 0.2], [1.0, 0.2]) - 1.0).abs() < 1e-12);
        assert!(far([0.0, 0.99], [0.0, 0.01]) < 0.1);
        assert!((far([0.0, 0.25], [0.0, 0.75]) - 1.0).abs() < 1e-12);
        assert_eq!(space.levelled(&[1.0, 0.25]), [2.5 / 3.0, 0.25]);
    }

    #[test]
    fn a_circle_ends_where_it_starts() {
        let hour = bound(Kind::Integer, Scale::Periodic, 0.0, 24.0);
        assert_eq!(hour.levels(), Some(24));
        assert_eq!(hour.canonical(24.0), Ok(0.0));
        assert_eq!(bound(Kind::Number, Scale::Periodic, 0.0, 24.0).canonical(24.0), Ok(0.0));
        assert_eq!(bound(Kind::Number, Scale::Linear, -1.0, 1.0).canonical(-0.0).unwrap().to_bits(), 0);
    }
}

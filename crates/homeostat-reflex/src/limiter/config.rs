use super::rule::{Fixed, Level, Rule};
use super::{Adaptive, Aimd, Gradient2, Vegas};
use alloc::boxed::Box;
use homeostat_core::error::{Code, Result};
use homeostat_core::json::{Fields, Json};

/// Largest limit of any rule.
pub const LIMIT_MAX: u32 = 1 << 20;

/// How a limit moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Not at all.
    Fixed,
    /// Additive increase, multiplicative decrease.
    Aimd,
    /// By the queue that the shortest round trip tells of.
    Vegas,
    /// By the long average of round trips over the present one.
    Gradient2,
    /// By throughput times the uncongested round trip.
    Adaptive,
}

const KINDS: [(&str, Kind); 5] = [
    ("fixed", Kind::Fixed),
    ("aimd", Kind::Aimd),
    ("vegas", Kind::Vegas),
    ("gradient2", Kind::Gradient2),
    ("adaptive", Kind::Adaptive),
];

/// Options of a limiter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LimiterConfig {
    /// Default `adaptive`.
    pub kind: Kind,
    /// Limit at the start, `min` to `max`. Default 20, or the nearer of the bounds.
    pub initial: u32,
    /// Least limit, 1 to 2^20. Default 1; 2 for `adaptive`, which cannot measure with less.
    pub min: u32,
    /// Largest limit, `min` to 2^20. Default 1000, or `min` where that is larger.
    pub max: u32,
    /// `aimd`: what takes longer counts as dropped; 1 us to a day. Default 1 s.
    pub timeout_us: u64,
    /// A permit that is not returned for so long is free again, and its call counts as dropped; 1 us to a day. Default 60 s.
    pub lease_us: u64,
    /// `vegas`: seed of its chance.
    pub seed: u64,
}

impl Default for LimiterConfig {
    fn default() -> Self {
        Self {
            kind: Kind::Adaptive,
            initial: 20,
            min: 2,
            max: 1000,
            timeout_us: 1_000_000,
            lease_us: 60_000_000,
            seed: 0,
        }
    }
}

const DAY_US: f64 = 86_400e6;

impl LimiterConfig {
    /// The defaults of this kind.
    pub fn of(kind: Kind) -> Self {
        Self { kind, min: if kind == Kind::Adaptive { 2 } else { 1 }, ..Self::default() }
    }

    /// From JSON text: an object whose members are the options above; empty text is the default.
    pub fn parse(text: &str) -> Result<Self> {
        if text.is_empty() { Ok(Self::default()) } else { Self::from_json(&Json::parse(text)?, "limiter.") }
    }

    /// From an object whose members are the options above. Problems name the option with `path` before it.
    pub fn from_json(json: &Json, path: &str) -> Result<Self> {
        let mut fields = Fields::new(json, Code::InvalidOption, path);
        let Json::Obj(members) = json else {
            fields.refuse("", "expected an object");
            return fields.finish().map(|()| Self::default());
        };
        let mut kind = Kind::Adaptive;
        if json.get("kind").is_some() {
            let text = fields.text("kind");
            match KINDS.iter().find(|(name, _)| *name == text) {
                Some((_, found)) => kind = *found,
                None => fields.refuse("kind", "expected fixed, aimd, vegas, gradient2 or adaptive"),
            }
        }
        let mut config = Self::of(kind);
        let top = f64::from(LIMIT_MAX);
        let mut whole = |key: &str, low: f64, high: f64| json.get(key).map(|_| fields.whole(key, low, high));
        if let Some(min) = whole("min", 1.0, top) {
            config.min = min as u32;
        }
        config.max =
            whole("max", config.min.into(), top).map_or(config.max.max(config.min), |max| max as u32);
        let (low, high) = (f64::from(config.min), f64::from(config.max));
        config.initial =
            whole("initial", low, high).map_or(config.initial.max(config.min).min(config.max), |n| n as u32);
        config.timeout_us = whole("timeout_us", 1.0, DAY_US).unwrap_or(config.timeout_us);
        config.lease_us = whole("lease_us", 1.0, DAY_US).unwrap_or(config.lease_us);
        config.seed = whole("seed", 0.0, 9_007_199_254_740_991.0).unwrap_or(config.seed);
        for (key, _) in members {
            if !["kind", "initial", "min", "max", "timeout_us", "lease_us", "seed"].contains(&key.as_str()) {
                fields.refuse(key, "is not an option");
            }
        }
        fields.finish().map(|()| config)
    }

    /// The rule that these options describe.
    pub fn rule(&self) -> Box<dyn Rule> {
        match self.kind {
            Kind::Fixed => Box::new(Fixed(self.level().value as u32)),
            Kind::Aimd => Box::new(Aimd::new(self)),
            Kind::Vegas => Box::new(Vegas::new(self)),
            Kind::Gradient2 => Box::new(Gradient2::new(self)),
            Kind::Adaptive => Box::new(Adaptive::new(self)),
        }
    }

    pub(super) fn level(&self) -> Level {
        let min = self.min.clamp(1, LIMIT_MAX);
        Level::new(self.initial, min, self.max.clamp(min, LIMIT_MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_wrong_with_which_option() {
        for (text, wanted) in [
            (r#"{"kind":"bbr"}"#, "limiter.kind: expected fixed, aimd, vegas, gradient2 or adaptive"),
            (r#"{"min":0}"#, "limiter.min: expected 1 to 1048576, got 0"),
            (r#"{"min":30,"max":20}"#, "limiter.max: expected 30 to 1048576, got 20"),
            (r#"{"max":20,"initial":21}"#, "limiter.initial: expected 2 to 20, got 21"),
            (r#"{"limit":20}"#, "limiter.limit: is not an option"),
            (r#"[]"#, "limiter.: expected an object"),
        ] {
            assert_eq!(LimiterConfig::parse(text).unwrap_err().message, wanted, "{text}");
        }
    }

    #[test]
    fn defaults_move_into_the_bounds() {
        let config = LimiterConfig::parse(r#"{"kind":"fixed","max":5}"#).unwrap();
        assert_eq!((config.initial, config.min, config.max), (5, 1, 5));
        let config = LimiterConfig::parse(r#"{"min":2000}"#).unwrap();
        assert_eq!((config.initial, config.min, config.max), (2000, 2000, 2000));
        assert_eq!(LimiterConfig::parse("").unwrap(), LimiterConfig::default());
    }
}

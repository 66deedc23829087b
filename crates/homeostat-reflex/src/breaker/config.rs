use crate::flow::pipeline;
use homeostat_core::error::{Code, Error, Result};
use homeostat_core::json::{Fields, Json, Number, Writer};

/// What a window covers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WindowKind {
    /// The last so many calls, 1 to 1,000,000.
    Calls(u32),
    /// The last so many microseconds, 1 ms to a day.
    Time(u64),
}

/// When a breaker opens, and for how long. Where a limit is `None`, it does not count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BreakerConfig {
    /// What the rates are taken over. Default: 30 s.
    pub window: WindowKind,
    /// Calls that have to be in the window before a rate counts. Default 20.
    pub minimum_calls: u32,
    /// Opens at this share of failures. Default 0.5.
    pub failure_rate: Option<f64>,
    /// Opens at this share of slow calls; counts only with `slow_us`. Default 0.8.
    pub slow_rate: Option<f64>,
    /// From this duration on a call is slow. Default: none is.
    pub slow_us: Option<u64>,
    /// Opens after so many failures in a row. Default: does not.
    pub consecutive: Option<u32>,
    /// Opens at so many failures in the window, whatever their share. Default: does not.
    pub failures: Option<u32>,
    /// How long it stays open the first time. Default 5 s.
    pub open_us: u64,
    /// How long it stays open at most. Default 60 s, or `open_us` where that is longer.
    pub open_max_us: u64,
    /// Factor from one opening to the next, until it was closed for as long as it was open. Default 2.
    pub backoff: f64,
    /// Share of the open period that chance may take away, so that many processes do not come back at once. Default 0.2.
    pub jitter: f64,
    /// Calls let through half-open, at once and in all, before it is decided. Default 3.
    pub probes: u32,
    /// A permit that is not returned for so long is a failure, and its place is free again. Default 60 s.
    pub lease_us: u64,
    /// Seed of the jitter.
    pub seed: u64,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self {
            window: WindowKind::Time(30_000_000),
            minimum_calls: 20,
            failure_rate: Some(0.5),
            slow_rate: Some(0.8),
            slow_us: None,
            consecutive: None,
            failures: None,
            open_us: 5_000_000,
            open_max_us: 60_000_000,
            backoff: 2.0,
            jitter: 0.2,
            probes: 3,
            lease_us: 60_000_000,
            seed: 0,
        }
    }
}

const DAY_US: f64 = 86_400e6;
const COUNT_MAX: f64 = 1e6;

/// Every option's key in JSON.
const KEYS: [&str; 16] = [
    "stage",
    "window_calls",
    "window_us",
    "minimum_calls",
    "failure_rate",
    "slow_rate",
    "slow_us",
    "consecutive",
    "failures",
    "open_us",
    "open_max_us",
    "backoff",
    "jitter",
    "probes",
    "lease_us",
    "seed",
];

impl BreakerConfig {
    /// From an object whose members are the options above, `window_calls` or `window_us` for the window; `null` turns a limit
    /// off. What is left out has its default, or is that of the kernel pipeline's `stage`. Problems name the option with `path` before it.
    pub fn from_json(json: &Json, path: &str) -> Result<Self> {
        let mut default = Self::default();
        let mut read = Reader { json, fields: Fields::new(json, Code::InvalidOption, path) };
        read.known();
        if json.get("stage").is_some() {
            match pipeline::breaker(read.fields.text("stage")) {
                Some(stage) => default = stage,
                None => read.fields.refuse("stage", "expected compile, validate or store"),
            }
        }
        let window = match (read.whole("window_calls", 1.0, COUNT_MAX), read.whole("window_us", 1e3, DAY_US))
        {
            (Some(_), Some(_)) => {
                read.fields.refuse("window_us", "expected this or window_calls, got both");
                default.window
            }
            (Some(calls), None) => WindowKind::Calls(calls as u32),
            (None, Some(us)) => WindowKind::Time(us),
            (None, None) => default.window,
        };
        let open_us = read.whole("open_us", 1.0, DAY_US).unwrap_or(default.open_us);
        let config = Self {
            window,
            minimum_calls: read
                .whole("minimum_calls", 1.0, COUNT_MAX)
                .map_or(default.minimum_calls, |n| n as u32),
            failure_rate: read.limit("failure_rate", default.failure_rate, |r, key| r.share(key)),
            slow_rate: read.limit("slow_rate", default.slow_rate, |r, key| r.share(key)),
            slow_us: read.limit("slow_us", default.slow_us, |r, key| r.whole(key, 1.0, DAY_US)),
            consecutive: read.limit("consecutive", default.consecutive, |r, key| r.count(key)),
            failures: read.limit("failures", default.failures, |r, key| r.count(key)),
            open_us,
            open_max_us: read
                .whole("open_max_us", open_us as f64, DAY_US)
                .unwrap_or_else(|| default.open_max_us.max(open_us)),
            backoff: read.number("backoff", 1.0, 100.0).unwrap_or(default.backoff),
            jitter: read.number("jitter", 0.0, 1.0).unwrap_or(default.jitter),
            probes: read.whole("probes", 1.0, 1000.0).map_or(default.probes, |n| n as u32),
            lease_us: read.whole("lease_us", 1.0, DAY_US).unwrap_or(default.lease_us),
            seed: read.whole("seed", 0.0, 9_007_199_254_740_991.0).unwrap_or(default.seed),
        };
        if let WindowKind::Calls(calls) = config.window
            && read.json.get("minimum_calls").is_some()
            && config.minimum_calls > calls
        {
            let got = Number(f64::from(config.minimum_calls));
            read.fields
                .refuse("minimum_calls", format_args!("expected at most window_calls ({calls}), got {got}"));
        }
        read.fields.finish()?;
        Ok(config)
    }

    /// From JSON text; empty text is the default.
    pub fn parse(text: &str) -> Result<Self> {
        if text.is_empty() { Ok(Self::default()) } else { Self::from_json(&Json::parse(text)?, "breaker.") }
    }

    /// Calls before a rate counts: never more than the window holds.
    pub fn volume(&self) -> u32 {
        match self.window {
            WindowKind::Calls(calls) => self.minimum_calls.min(calls),
            WindowKind::Time(_) => self.minimum_calls,
        }
    }

    /// Writes the options as members.
    pub fn write(&self, w: &mut Writer) {
        match self.window {
            WindowKind::Calls(calls) => w.key("window_calls").uint(calls.into()),
            WindowKind::Time(us) => w.key("window_us").uint(us),
        }
        w.key("minimum_calls").uint(self.volume().into());
        let limits = [
            ("failure_rate", self.failure_rate),
            ("slow_rate", self.slow_rate.filter(|_| self.slow_us.is_some())),
            ("slow_us", self.slow_us.map(|us| us as f64)),
            ("consecutive", self.consecutive.map(f64::from)),
            ("failures", self.failures.map(f64::from)),
        ];
        for (key, limit) in limits {
            if let Some(limit) = limit {
                w.key(key).num(limit);
            }
        }
        w.key("open_us").uint(self.open_us);
        w.key("open_max_us").uint(self.open_max_us);
        w.key("probes").uint(self.probes.into());
        w.key("lease_us").uint(self.lease_us);
    }
}

/// Options that may be left out; each one's range is told where it is read.
struct Reader<'a> {
    json: &'a Json,
    fields: Fields<'a>,
}

impl Reader<'_> {
    fn known(&mut self) {
        match self.json {
            Json::Obj(members) => {
                for (key, _) in members {
                    if !KEYS.contains(&key.as_str()) {
                        self.fields.refuse(key, "is not an option");
                    }
                }
            }
            _ => self.fields.refuse("", "expected an object"),
        }
    }

    fn number(&mut self, key: &str, min: f64, max: f64) -> Option<f64> {
        self.json.get(key).map(|_| self.fields.within(key, min, max))
    }

    fn whole(&mut self, key: &str, min: f64, max: f64) -> Option<u64> {
        match self.json.get(key) {
            None | Some(Json::Null) => None,
            Some(_) => Some(self.fields.whole(key, min, max)),
        }
    }

    fn count(&mut self, key: &str) -> Option<u32> {
        self.whole(key, 1.0, COUNT_MAX).map(|n| n as u32)
    }

    fn share(&mut self, key: &str) -> Option<f64> {
        let share = self.number(key, 0.0, 1.0);
        if share == Some(0.0) {
            self.fields.refuse(key, "expected more than 0, got 0");
        }
        share
    }

    fn limit<T>(
        &mut self,
        key: &str,
        default: Option<T>,
        read: impl FnOnce(&mut Self, &str) -> Option<T>,
    ) -> Option<T> {
        match self.json.get(key) {
            None => default,
            Some(Json::Null) => None,
            Some(_) => read(self, key),
        }
    }
}

/// An error for what a breaker is asked to do under an unknown word.
pub(super) fn unknown(option: &str, got: u32) -> Error {
    Error::expected(Code::InvalidOption, option, "one of the numbers of the table", f64::from(got))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_wrong_with_which_option() {
        for (text, wanted) in [
            (r#"{"failure_rate":0}"#, "breaker.failure_rate: expected more than 0, got 0"),
            (r#"{"failure_rate":1.5}"#, "breaker.failure_rate: expected 0 to 1, got 1.5"),
            (r#"{"window_calls":0}"#, "breaker.window_calls: expected 1 to 1000000, got 0"),
            (
                r#"{"window_calls":5,"window_us":5000}"#,
                "breaker.window_us: expected this or window_calls, got both",
            ),
            (
                r#"{"window_calls":5,"minimum_calls":6}"#,
                "breaker.minimum_calls: expected at most window_calls (5), got 6",
            ),
            (
                r#"{"open_us":2000,"open_max_us":1000}"#,
                "breaker.open_max_us: expected 2000 to 86400000000, got 1000",
            ),
            (r#"{"treshold":3}"#, "breaker.treshold: is not an option"),
            (r#"{"stage":"link"}"#, "breaker.stage: expected compile, validate or store"),
            (r#"{"probes":1.5}"#, "breaker.probes: expected a whole number, got 1.5"),
            (r#"[]"#, "breaker.: expected an object"),
        ] {
            assert_eq!(BreakerConfig::parse(text).unwrap_err().message, wanted, "{text}");
        }
    }

    #[test]
    fn a_limit_can_be_turned_off_and_what_is_left_out_has_its_default() {
        let config =
            BreakerConfig::parse(r#"{"failure_rate":null,"consecutive":3,"window_calls":10}"#).unwrap();
        let wanted = BreakerConfig {
            failure_rate: None,
            consecutive: Some(3),
            window: WindowKind::Calls(10),
            ..BreakerConfig::default()
        };
        assert_eq!(config, wanted);
        assert_eq!(config.volume(), 10);
        let stage = BreakerConfig::parse(r#"{"stage":"store","probes":1}"#).unwrap();
        assert_eq!(stage, BreakerConfig { probes: 1, ..pipeline::breaker("store").unwrap() });
        assert_eq!(BreakerConfig::parse("").unwrap(), BreakerConfig::default());
    }
}

//! Options of the reflex and of its components.

use crate::breaker::BreakerConfig;
use crate::cascade::CascadeConfig;
use crate::component::{Guard, Wanted};
use crate::limiter::LimiterConfig;
use alloc::string::String;
use homeostat_core::error::{Code, Result};
use homeostat_core::journal::Chain;
use homeostat_core::json::{Fields, Json};

/// Options of a `Reflex`.
#[derive(Clone, Debug)]
pub struct ReflexConfig {
    /// Identifies the run in the journal. Default "reflex".
    pub run_id: String,
    /// Where the journal of an earlier run is continued: its last hash.
    pub previous: Option<String>,
    /// Most components, 1 to 16384. Default 4096.
    pub components: usize,
    /// Most permits that are out at once, 1 to 2^20. Default 65536.
    pub permits: usize,
    /// Most requests that are followed at once, 1 to 2^20. Default 4096.
    pub traces: usize,
    /// Most patterns, 1 to 65536. Default 1024.
    pub patterns: usize,
    /// Most components whose latency is watched for regressions, the first ones, 0 to 16384. Default 256.
    pub detectors: usize,
    /// Seed of all jitter.
    pub seed: u64,
    /// What guards a component that brings no options of its own: `breaker` and `limiter`. Default: a breaker, no limit.
    pub guard: Guard,
    /// The cascade reflex.
    pub cascade: CascadeConfig,
}

impl Default for ReflexConfig {
    fn default() -> Self {
        Self {
            run_id: String::from("reflex"),
            previous: None,
            components: 4096,
            permits: 1 << 16,
            traces: 4096,
            patterns: 1024,
            detectors: 256,
            seed: 0,
            guard: Guard { breaker: BreakerConfig::default(), limiter: None },
            cascade: CascadeConfig::default(),
        }
    }
}

impl ReflexConfig {
    /// From JSON text: an object whose members are the options above. Empty text is the default.
    pub fn parse(text: &str) -> Result<Self> {
        let mut config = Self::default();
        if text.is_empty() {
            return Ok(config);
        }
        let json = Json::parse(text)?;
        let mut fields = Fields::new(&json, Code::InvalidOption, "reflex.");
        let Json::Obj(members) = &json else {
            fields.refuse("", "expected an object");
            return fields.finish().map(|()| config);
        };
        for (key, value) in members {
            let f = &mut fields;
            match key.as_str() {
                "run_id" => config.run_id = f.text(key).into(),
                "previous" => {
                    Chain::after(f.text(key))?;
                    config.previous = Some(f.text(key).into());
                }
                "components" => config.components = f.whole(key, 1.0, 16384.0) as usize,
                "permits" => config.permits = f.whole(key, 1.0, 1048576.0) as usize,
                "traces" => config.traces = f.whole(key, 1.0, 1048576.0) as usize,
                "patterns" => config.patterns = f.whole(key, 1.0, 65536.0) as usize,
                "detectors" => config.detectors = f.whole(key, 0.0, 16384.0) as usize,
                "seed" => config.seed = f.whole(key, 0.0, 9_007_199_254_740_991.0),
                "breaker" => config.guard.breaker = BreakerConfig::from_json(value, "reflex.breaker.")?,
                "limiter" => config.guard.limiter = limiter(value, "reflex.limiter.")?,
                "cascade" => config.cascade = CascadeConfig::from_json(value, "reflex.cascade.")?,
                _ => f.refuse(key, "is not an option"),
            }
        }
        fields.finish()?;
        config.guard.breaker.seed = config.seed;
        Ok(config)
    }
}

fn limiter(json: &Json, path: &str) -> Result<Option<LimiterConfig>> {
    if *json == Json::Null { Ok(None) } else { LimiterConfig::from_json(json, path).map(Some) }
}

/// What `Reflex::component` takes: `breaker` and `limiter` with their options, `limiter` as `null` for none, `pinned`, `remote`.
/// Empty text is the default.
pub(crate) fn component(text: &str, default: &Guard) -> Result<Wanted> {
    let mut wanted = Wanted { guard: *default, pinned: false, remote: false };
    if text.is_empty() {
        return Ok(wanted);
    }
    let json = Json::parse(text)?;
    let mut fields = Fields::new(&json, Code::InvalidOption, "component.");
    let Json::Obj(members) = &json else {
        fields.refuse("", "expected an object");
        return fields.finish().map(|()| wanted);
    };
    for (key, value) in members {
        match key.as_str() {
            "breaker" => {
                let breaker = BreakerConfig::from_json(value, "component.breaker.")?;
                wanted.guard.breaker = BreakerConfig { seed: default.breaker.seed, ..breaker };
            }
            "limiter" => wanted.guard.limiter = limiter(value, "component.limiter.")?,
            "pinned" => wanted.pinned = fields.bool(key),
            "remote" => wanted.remote = fields.bool(key),
            _ => fields.refuse(key, "is not an option"),
        }
    }
    fields.finish().map(|()| wanted)
}

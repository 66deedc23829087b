use crate::breaker::BreakerConfig;
use crate::cascade::CascadeConfig;
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
    /// Seed of all jitter.
    pub seed: u64,
    /// Breaker of a component that brings no options of its own.
    pub breaker: BreakerConfig,
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
            seed: 0,
            breaker: BreakerConfig::default(),
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
                "seed" => config.seed = f.whole(key, 0.0, 9_007_199_254_740_991.0),
                "breaker" => config.breaker = BreakerConfig::from_json(value, "reflex.breaker.")?,
                "cascade" => config.cascade = CascadeConfig::from_json(value, "reflex.cascade.")?,
                _ => f.refuse(key, "is not an option"),
            }
        }
        fields.finish()?;
        config.breaker.seed = config.seed;
        Ok(config)
    }
}

/// What `Reflex::component` takes: `breaker` with a breaker's options, `pinned`. Empty text is the default.
pub(crate) fn component(text: &str, default: &BreakerConfig) -> Result<(BreakerConfig, bool)> {
    let (mut breaker, mut pinned) = (*default, false);
    if text.is_empty() {
        return Ok((breaker, pinned));
    }
    let json = Json::parse(text)?;
    let mut fields = Fields::new(&json, Code::InvalidOption, "component.");
    let Json::Obj(members) = &json else {
        fields.refuse("", "expected an object");
        return fields.finish().map(|()| (breaker, pinned));
    };
    for (key, value) in members {
        match key.as_str() {
            "breaker" => {
                breaker = BreakerConfig {
                    seed: default.seed,
                    ..BreakerConfig::from_json(value, "component.breaker.")?
                }
            }
            "pinned" => pinned = fields.bool(key),
            _ => fields.refuse(key, "is not an option"),
        }
    }
    fields.finish().map(|()| (breaker, pinned))
}

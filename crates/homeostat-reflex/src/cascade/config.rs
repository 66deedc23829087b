use homeostat_core::error::{Code, Result};
use homeostat_core::json::{Fields, Json};

/// Which breakers a cascade opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opens {
    /// Those of every affected component but where requests enter, as far as the cap allows; the likely root cause first.
    Affected,
    /// Those of affected components whose errors no affected callee explains.
    Roots,
    /// None: load is shed, and the witness says what it would have opened.
    Nothing,
}

impl Opens {
    /// Each with its name.
    pub const ALL: [(Opens, &'static str); 3] =
        [(Opens::Affected, "affected"), (Opens::Roots, "roots"), (Opens::Nothing, "nothing")];
}

/// When errors of several components are one cascade, and what is done about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CascadeConfig {
    /// Window that error rates are taken over, 1 ms to an hour. Default 10 s.
    pub window_us: u64,
    /// A component is affected from this share of errors on. Default 0.5.
    pub error_rate: f64,
    /// Calls that have to be in the window before a component's rate counts. Default 10.
    pub minimum_calls: u32,
    /// Affected components that make a cascade, at least 2. Default 3.
    pub min_components: u32,
    /// Largest share of all components whose breakers are open at once by the reflex's doing. Default 0.5.
    pub max_open_share: f64,
    /// Which breakers are opened. Default: of the affected.
    pub opens: Opens,
    /// How long they stay open at least. Default 5 s.
    pub open_us: u64,
    /// How much longer each one stays open than the one before it, so that they come back one by one. Default 1 s.
    pub stagger_us: u64,
    /// Quiet time before each step back. Default 5 s.
    pub stage_us: u64,
}

impl Default for CascadeConfig {
    fn default() -> Self {
        Self {
            window_us: 10_000_000,
            error_rate: 0.5,
            minimum_calls: 10,
            min_components: 3,
            max_open_share: 0.5,
            opens: Opens::Affected,
            open_us: 5_000_000,
            stagger_us: 1_000_000,
            stage_us: 5_000_000,
        }
    }
}

const HOUR_US: f64 = 3600e6;

impl CascadeConfig {
    /// From an object whose members are the options above.
    pub fn from_json(json: &Json, path: &str) -> Result<Self> {
        let mut config = Self::default();
        let mut fields = Fields::new(json, Code::InvalidOption, path);
        let Json::Obj(members) = json else {
            fields.refuse("", "expected an object");
            return fields.finish().map(|()| config);
        };
        for (key, _) in members {
            let f = &mut fields;
            match key.as_str() {
                "window_us" => config.window_us = f.whole(key, 1e3, HOUR_US),
                "error_rate" => config.error_rate = f.within(key, 1e-6, 1.0),
                "minimum_calls" => config.minimum_calls = f.whole(key, 1.0, 1e6) as u32,
                "min_components" => config.min_components = f.whole(key, 2.0, 1e4) as u32,
                "max_open_share" => config.max_open_share = f.within(key, 0.0, 1.0),
                "opens" => config.opens = f.named(&Opens::ALL, key),
                "open_us" => config.open_us = f.whole(key, 1.0, HOUR_US),
                "stagger_us" => config.stagger_us = f.whole(key, 0.0, HOUR_US),
                "stage_us" => config.stage_us = f.whole(key, 1.0, HOUR_US),
                _ => f.refuse(key, "is not an option"),
            }
        }
        fields.finish().map(|()| config)
    }
}

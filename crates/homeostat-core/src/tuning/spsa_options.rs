use crate::error::{Code, Result};
use crate::json::{Fields, Json, Writer};

/// How the digests of one evaluation become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// The mean without the lowest and the highest tenth, at least one each.
    TrimmedMean,
    /// The median.
    Median,
    /// The mean.
    Mean,
}

impl Aggregate {
    /// Every way with its wire name.
    pub const ALL: [(Aggregate, &'static str); 3] =
        [(Aggregate::TrimmedMean, "trimmed-mean"), (Aggregate::Median, "median"), (Aggregate::Mean, "mean")];
}

/// How the gains go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gains {
    /// a / (k + 1 + A)^0.602 and c / (k + 1)^0.101: settles.
    Decaying,
    /// Those of k = 0 for ever: follows an optimum that moves.
    Constant,
}

impl Gains {
    /// Both with their wire names.
    pub const ALL: [(Gains, &'static str); 2] =
        [(Gains::Decaying, "decaying"), (Gains::Constant, "constant")];
}

/// Options of the strategy `spsa`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpsaOptions {
    /// How digests are aggregated.
    pub aggregate: Aggregate,
    /// How the gains go on.
    pub gains: Gains,
    /// a, in shares of the range per unit of relative slope. 0.001 to 10.
    pub step: f64,
    /// c, a share of the range; the probe's tube bounds it. 0.001 to 1.
    pub probe: f64,
    /// A. 0 to 1e6.
    pub stability: f64,
    /// Digests of one evaluation. 1 to 100.
    pub digests: usize,
    /// Time of one evaluation. 10 ms to 10 min.
    pub evaluation_us: u64,
}

impl Default for SpsaOptions {
    fn default() -> Self {
        Self {
            aggregate: Aggregate::TrimmedMean,
            gains: Gains::Decaying,
            step: 0.25,
            probe: 0.05,
            stability: 20.0,
            digests: 5,
            evaluation_us: 500_000,
        }
    }
}

/// Name and range of each number, in the order of [`SpsaOptions::numbers`].
pub const SPSA_RANGES: [(&str, f64, f64); 5] = [
    ("step", 0.001, 10.0),
    ("probe", 0.001, 1.0),
    ("stability", 0.0, 1e6),
    ("digests", 1.0, 100.0),
    ("evaluation_us", 10_000.0, 600e6),
];

impl SpsaOptions {
    /// Reads options; what is not given stays at its default.
    pub fn from_json(json: &Json) -> Result<Self> {
        let mut options = Self::default();
        let mut fields = Fields::new(json, Code::InvalidOption, "spsa.");
        if json.get("aggregate").is_some() {
            options.aggregate = fields.named(&Aggregate::ALL, "aggregate");
        }
        if json.get("gains").is_some() {
            options.gains = fields.named(&Gains::ALL, "gains");
        }
        let mut numbers = options.numbers();
        for (slot, (name, min, max)) in numbers.iter_mut().zip(SPSA_RANGES) {
            if json.get(name).is_some() {
                *slot = fields.within(name, min, max);
            }
        }
        fields.finish()?;
        let [step, probe, stability, digests, evaluation] = numbers;
        Ok(Self {
            step,
            probe,
            stability,
            digests: digests as usize,
            evaluation_us: evaluation as u64,
            ..options
        })
    }

    fn numbers(&self) -> [f64; 5] {
        [self.step, self.probe, self.stability, self.digests as f64, self.evaluation_us as f64]
    }

    /// Writes every option.
    pub fn write(&self, w: &mut Writer) {
        w.key("aggregate").named(&Aggregate::ALL, self.aggregate);
        w.key("gains").named(&Gains::ALL, self.gains);
        for ((name, ..), value) in SPSA_RANGES.iter().zip(self.numbers()) {
            w.key(name).num(value);
        }
    }
}

//! Options of a forge and of its kernels.

use crate::controller::Objective;
use crate::search::Strategies;
use alloc::string::String;
use homeostat_core::error::{Code, Result};
use homeostat_core::json::{Fields, Json};

/// How much is done for a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// One good schedule, by rule.
    Fast,
    /// A budgeted search.
    Standard,
    /// Further searches for what is hot, while the device is idle, in at most the forge's share of its time.
    Aggressive,
}

impl Tier {
    /// Every tier with its name.
    pub const ALL: [(Tier, &'static str); 3] =
        [(Tier::Standard, "standard"), (Tier::Fast, "fast"), (Tier::Aggressive, "aggressive")];
}

/// Who may answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Whoever is faster.
    Auto,
    /// The device, wherever there is one.
    Gpu,
    /// The processor.
    Cpu,
}

impl Backend {
    /// Every choice with its name.
    pub const ALL: [(Backend, &'static str); 3] =
        [(Backend::Auto, "auto"), (Backend::Gpu, "gpu"), (Backend::Cpu, "cpu")];
}

/// Options of a kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KernelOptions {
    /// How much is done for it. Default standard.
    pub tier: Tier,
    /// Who may answer. Default auto.
    pub backend: Backend,
    /// What matters most of a kernel that is right. Default speed.
    pub objective: Objective,
    /// Share of the runs whose answer is compared with the oracle before it is given, 0 to 1. Default 0.01.
    pub sampling: f64,
    /// Of what is drawn: inputs of proofs, places of spot checks, the search. Default 1.
    pub seed: u64,
    /// Schedules that one search measures, for each group; 1 to 10000. Default 22.
    pub evaluations: u32,
    /// Products that a proof computes for every element; above, it looks at a sample. 0 to 1e12, default 1e8. Less where the thread
    /// that proves must not be held up: 4e6 takes about 10 ms.
    pub proof_work_max: f64,
    /// Most bytes of a kernel's tensors, with those between its groups: 1 to 2^53. Default 2^53: what there is. A forge's own is also the most
    /// that tensors which stay between runs take together.
    pub memory_max: u64,
}

impl Default for KernelOptions {
    fn default() -> Self {
        Self {
            tier: Tier::Standard,
            backend: Backend::Auto,
            objective: Objective::Speed,
            sampling: 0.01,
            seed: 1,
            evaluations: 22,
            proof_work_max: 1e8,
            memory_max: 1 << 53,
        }
    }
}

impl KernelOptions {
    /// From JSON text: an object with some of `tier`, `backend`, `objective`, `sampling`, `seed`, `evaluations`, `proof_work_max`,
    /// `memory_max`; what is not there is as in `self`.
    pub fn parse(mut self, text: &str) -> Result<Self> {
        if text.is_empty() {
            return Ok(self);
        }
        let json = Json::parse(text)?;
        let mut fields = Fields::new(&json, Code::InvalidOption, "kernel.");
        let Json::Obj(members) = &json else {
            fields.refuse("", "expected an object");
            return fields.finish().map(|()| self);
        };
        for (key, _) in members {
            let f = &mut fields;
            match key.as_str() {
                "tier" => self.tier = f.named(&Tier::ALL, key),
                "backend" => self.backend = f.named(&Backend::ALL, key),
                "objective" => self.objective = f.named(&Objective::ALL, key),
                "sampling" => self.sampling = f.within(key, 0.0, 1.0),
                "seed" => self.seed = f.whole(key, 0.0, 9_007_199_254_740_991.0),
                "evaluations" => self.evaluations = f.whole(key, 1.0, 10_000.0) as u32,
                "memory_max" => self.memory_max = f.whole(key, 1.0, 9_007_199_254_740_992.0),
                "proof_work_max" => self.proof_work_max = f.within(key, 0.0, 1e12),
                _ => f.refuse(key, "is not an option"),
            }
        }
        fields.finish().map(|()| self)
    }
}

/// Options of a forge.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Identifies the run in the journal. Default "forge".
    pub run_id: String,
    /// Where the journal of an earlier run is continued: its last hash.
    pub previous: Option<String>,
    /// What kernels have that bring no options of their own.
    pub kernel: KernelOptions,
    /// Share of the time that background work takes of the device while runs come in, and that an aggressive kernel's further searches take
    /// of it at any time: above 0 to 1. Default 0.5.
    pub share: f64,
    /// How searches find the next schedule. Default: what is built in.
    pub strategies: Strategies,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            run_id: String::from("forge"),
            previous: None,
            kernel: KernelOptions::default(),
            share: 0.5,
            strategies: Strategies::default(),
        }
    }
}

//! What a service goes through: its capacity, its work, its load, and what changes when.

mod generated;
mod table;
mod unseen;

pub use generated::generated;
pub use table::all;
pub use unseen::unseen;

use crate::station::{Contention, Work};

/// Something that changes during a scenario.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// Station (0 or 1) works at this speed from now on; 0 stands still.
    Speed(usize, f64),
    /// Station has this many cores.
    Cores(usize, usize),
    /// Requests per second.
    Rate(f64),
    /// Network's round trip, seconds.
    Network(f64),
    /// Share of requests that take `Scenario::mix_delay_s` more.
    Mix(f64),
}

/// One scenario. Latencies are judged against `target_s` from `from_s` to `end_s`.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Unique.
    pub name: String,
    /// Requests that are served at a time.
    pub cores: usize,
    /// Penalty for running many at once.
    pub contention: Option<Contention>,
    /// Mean service time, seconds.
    pub service_s: f64,
    /// How service times are spread.
    pub work: Work,
    /// A second station behind the first: cores, mean service time.
    pub downstream: Option<(usize, f64)>,
    /// Requests per second at the start (Poisson).
    pub rate: f64,
    /// Network's round trip, seconds.
    pub network_s: f64,
    /// Share of requests that need `mix_delay_s` more, holding no core.
    pub mix: f64,
    /// See `mix`.
    pub mix_delay_s: f64,
    /// A response within this long counts as good; the timeout of the limiters that want one.
    pub target_s: f64,
    /// End.
    pub end_s: f64,
    /// What starts earlier is warm-up and not judged.
    pub from_s: f64,
    /// In order of time, seconds.
    pub changes: Vec<(f64, Change)>,
}

impl Scenario {
    /// 20 cores of 20 ms: 1000 requests per second, offered 1200.
    fn base() -> Self {
        Self {
            name: String::new(),
            cores: 20,
            contention: None,
            service_s: 0.02,
            work: Work::LogNormal(1.0),
            downstream: None,
            rate: 1200.0,
            network_s: 0.002,
            mix: 0.0,
            mix_delay_s: 0.0,
            target_s: 0.25,
            end_s: 120.0,
            from_s: 20.0,
            changes: Vec::new(),
        }
    }

    /// Long scenarios are run once, the others with as many seeds as asked for.
    pub fn seeds(&self, asked: u64) -> u64 {
        if self.end_s > 1000.0 && self.rate > 100.0 { 1 } else { asked }
    }
}

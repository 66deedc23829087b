//! What competes: the interface between the driver and anything that moves knobs.

use crate::Setting;
use crate::auditor::Update;
use crate::guardrails::Limits;
use crate::plant::{Plant, Reference, SHADOW_POINTS};

/// Telemetry of one window, as a contender gets it.
#[derive(Clone, Debug)]
pub struct Window {
    /// End of the window, in microseconds since the start of the run.
    pub end_us: u64,
    /// The measured objective; lower is better.
    pub objective: f64,
    /// Requests counted for the error rate; 0 where the plant reports none.
    pub requests: f64,
    /// Failed requests among them.
    pub errors: f64,
    /// Readings that concurrency limiters use (P2).
    pub concurrency: Option<Concurrency>,
    /// Cost per request at each [`crate::plant::shadow_setting`] (P1D); NaN where the window says nothing.
    pub shadow: Option<[f64; SHADOW_POINTS]>,
    /// A noisy feature that tells regimes apart (P4R).
    pub context: f64,
}

/// State of the backend behind a concurrency limit.
#[derive(Clone, Copy, Debug)]
pub struct Concurrency {
    /// Mean latency, in seconds.
    pub latency_s: f64,
    /// Requests in flight.
    pub in_flight: f64,
    /// Requests per second.
    pub throughput: f64,
}

/// A plant with what its runs are scored against.
pub struct Case {
    /// The plant.
    pub plant: &'static dyn Plant,
    /// Its oracle, default and best fixed setting.
    pub reference: Reference,
}

impl Case {
    /// Computes the references of a plant.
    pub fn new(plant: &'static dyn Plant) -> Self {
        Self { plant, reference: Reference::of(plant) }
    }
}

/// What a contender is told before the run.
#[derive(Clone, Copy)]
pub struct Setup<'a> {
    /// The plant and its references. Only oracles may look at more than the knob count, the initial setting and the name.
    pub case: &'a Case,
    /// Which preset the limits come from.
    pub preset: crate::guardrails::Preset,
    /// Guardrails to keep.
    pub limits: Limits,
    /// Declared time constant of the knobs, in seconds.
    pub lag_s: f64,
    /// Seed of the contender's own randomness.
    pub seed: u64,
}

/// Anything that moves knobs.
pub trait Contender {
    /// Takes the window that just ended, decides, and appends every update that it applied, in order, to `applied`:
    /// the driver audits them and holds them against [`Contender::live`].
    fn step(&mut self, window: &Window, applied: &mut Vec<Update>);

    /// Normalised values that are live from now on.
    fn live(&self) -> Setting;

    /// How often SafeMode was entered so far, whether or not that changed a value.
    fn safe_mode_entries(&self) -> u64 {
        0
    }
}

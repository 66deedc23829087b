//! The plants: services reduced to a noise-free cost per window, each with one thing that makes tuning hard.
//!
//! | name | models | knobs | hard because |
//! | --- | --- | --- | --- |
//! | P0 | a default that is already right | 4 | every probe costs; heavy tails |
//! | P1 | a cache's time to live, closed form | 1 | an 8 s lag, a daily curve, bursts, a jump in volatility |
//! | P1D | the same cache, request by request | 1 | real arrival noise, entries that keep their age |
//! | P2 | a concurrency limit before a saturating backend | 1 | capacity halves and triples, overload is steep |
//! | P3 | batch size and linger of a producer | 2 | a cliff where the queue saturates |
//! | P4 | four coupled knobs | 4 | the optimum jumps, drifts and oscillates |
//! | P4R | the same between two recurring regimes | 4 | it pays to remember |
//! | P5 | a gain next to a danger zone | 2 | the best point lies just below a cliff of errors that moves |
//! | P1I to P4I | P1 to P4 with whole-number knobs | 1 to 4 | a probe or a step has to be a whole step of the grid |
//! | PF | nothing matters | 4 | there is nothing to learn |

use crate::contender::Window;
use crate::noise::{Noise, Tails};
use crate::rng::Rng;
use crate::{Setting, WINDOW_S};

mod batching;
mod cache_events;
mod cache_ttl;
mod concurrency;
mod danger_zone;
mod drift;
mod flat;
mod quadratic;
mod reference;
mod regimes;
mod rounded;
mod settled;

pub use cache_events::{SHADOW_POINTS, shadow_setting};
pub use concurrency::{LIMIT_MAX, LIMIT_MIN, limit_of, setting_of};
pub use reference::Reference;
pub use rounded::Grid;

/// One plant.
pub trait Plant: Sync {
    /// Short name, as in tables.
    fn name(&self) -> &'static str;
    /// Number of knobs.
    fn knobs(&self) -> usize;
    /// What a knob's values are.
    fn grid(&self, _knob: usize) -> Grid {
        Grid::REAL
    }
    /// Where the knobs stand at the start: what somebody once configured.
    fn initial(&self) -> Setting;
    /// Noise-free cost of the window that starts at `t` seconds, with `u` in force.
    fn cost(&self, t: f64, u: &Setting) -> f64;
    /// How the best setting at a time is found.
    fn optimum(&self) -> Optimum;

    /// Time constant with which an applied setting takes force, in seconds.
    fn lag_s(&self) -> f64 {
        WINDOW_S
    }
    /// The lag that contenders are told.
    fn declared_lag_s(&self) -> f64 {
        self.lag_s()
    }
    /// Times at which the optimum jumps, in seconds.
    fn jumps_s(&self) -> &'static [f64] {
        &[]
    }
    /// Tails of the measurement noise.
    fn tails(&self) -> Tails {
        Tails::Normal
    }
    /// Fills in what the service reports besides the objective. `u` is the setting in force during the window.
    fn sense(&self, _t: f64, _u: &Setting, _noise: &mut Noise, _counts: &mut Rng, _window: &mut Window) {}
    /// A stochastic process that stands in for the closed form and its noise, warmed up at the initial setting.
    fn process(&self, _seed: u64) -> Option<Box<dyn Process>> {
        None
    }
}

/// A plant simulated event by event.
pub trait Process {
    /// Simulates the window that starts at `t` seconds and returns its realised cost.
    fn window(&mut self, t: f64, u: &Setting) -> f64;
    /// What the last window would have cost at each [`shadow_setting`], from a sample of the same traffic. NaN where the
    /// sample was empty.
    fn shadow(&self) -> &[f64; SHADOW_POINTS];
}

/// How the dynamic oracle finds the best setting.
#[derive(Clone, Copy, Debug)]
pub enum Optimum {
    /// In closed form.
    Known(fn(f64) -> Setting),
    /// By a grid over the first knob, once per second; the other knobs keep the given values.
    Line {
        /// Intervals of the grid.
        intervals: usize,
        /// Values of the knobs that are not searched.
        rest: Setting,
    },
    /// By a grid over two knobs, at the start and at each jump: the plant is constant in between.
    Plane {
        /// Intervals of the grid along each axis.
        intervals: usize,
    },
}

static PLANTS: [&dyn Plant; 13] = [
    &settled::Settled,
    &cache_ttl::CacheTtl,
    &cache_events::CacheEvents,
    &concurrency::ConcurrencyLimit,
    &batching::Batching,
    &drift::Drift,
    &regimes::Regimes,
    &danger_zone::DangerZone,
    &rounded::TTL,
    &rounded::LIMIT,
    &rounded::BATCH,
    &rounded::FOUR,
    &flat::Flat,
];

/// Every plant.
pub fn all() -> &'static [&'static dyn Plant] {
    &PLANTS
}

/// The plant of that name.
pub fn find(name: &str) -> Option<&'static dyn Plant> {
    PLANTS.iter().copied().find(|plant| plant.name() == name)
}

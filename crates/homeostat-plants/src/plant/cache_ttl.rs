//! P1: time to live of a cache (30 to 900 s, log), in closed form. Requests follow a Zipf law over 2000 keys; a miss
//! costs 10, a stale answer 5. Load swings by half over the run and doubles for 30 s every five minutes; the rows
//! underneath change six times as often from 900 s on. A cache takes a while to show a new TTL, hence the lag of 8 s.

use std::f64::consts::TAU;
use std::sync::LazyLock;

use super::{Optimum, Plant};
use crate::Setting;

pub const MISS_COST: f64 = 10.0;
pub const STALE_COST: f64 = 5.0;
pub const LAG_S: f64 = 8.0;
pub const JUMPS_S: &[f64] = &[900.0];
pub const INITIAL: Setting = [0.15, 0.0, 0.0, 0.0];
const KEYS: usize = 2000;

/// Keys of similar popularity, taken together.
pub struct KeyGroup {
    /// Probability that a request is for one given key of the group.
    pub probability: f64,
    /// Number of keys.
    pub keys: usize,
}

/// The Zipf law (exponent 0.9), exact for the eight most popular keys, grouped beyond.
pub static KEY_GROUPS: LazyLock<Vec<KeyGroup>> = LazyLock::new(|| {
    let weights: Vec<f64> = (1..=KEYS).map(|rank| 1.0 / libm::pow(rank as f64, 0.9)).collect();
    let total: f64 = weights.iter().sum();
    let mut groups = Vec::new();
    let (mut start, mut width) = (0, 1);
    while start < KEYS {
        let end = (start + width).min(KEYS);
        let mass: f64 = weights[start..end].iter().map(|w| w / total).sum();
        groups.push(KeyGroup { probability: mass / (end - start) as f64, keys: end - start });
        start = end;
        if start > 8 {
            width = (start / 6).max(1);
        }
    }
    groups
});

/// TTL in seconds of a normalised setting.
pub fn ttl_s(u: f64) -> f64 {
    30.0 * libm::pow(30.0, u)
}

/// Requests per second.
pub fn load(t: f64) -> f64 {
    let burst = if t.rem_euclid(300.0) < 30.0 { 2.0 } else { 1.0 };
    100.0 * (1.0 + 0.5 * libm::sin(TAU * t / 1800.0)) * burst
}

/// Changes of a row per second.
pub fn change_rate(t: f64) -> f64 {
    if t < 900.0 { 1.0 / 1500.0 } else { 1.0 / 250.0 }
}

/// Expected cost of a request in steady state.
pub fn cost(t: f64, u: f64) -> f64 {
    let ttl = ttl_s(u);
    let load = load(t);
    let changes = change_rate(t);
    // Expected time that an entry is stale before it expires.
    let stale_s = ttl - (1.0 - libm::exp(-changes * ttl)) / changes;
    let (mut misses, mut stale) = (0.0, 0.0);
    for group in KEY_GROUPS.iter() {
        let rate = load * group.probability;
        let cycle = 1.0 / (1.0 + rate * ttl);
        let weight = group.keys as f64 * group.probability;
        misses += weight * cycle;
        stale += weight * rate * cycle * stale_s;
    }
    MISS_COST * misses + STALE_COST * stale
}

pub fn optimum() -> Optimum {
    Optimum::Line { intervals: 400, rest: [0.0; 4] }
}

pub struct CacheTtl;

impl Plant for CacheTtl {
    fn name(&self) -> &'static str {
        "P1"
    }
    fn knobs(&self) -> usize {
        1
    }
    fn initial(&self) -> Setting {
        INITIAL
    }
    fn cost(&self, t: f64, u: &Setting) -> f64 {
        cost(t, u[0])
    }
    fn optimum(&self) -> Optimum {
        optimum()
    }
    fn lag_s(&self) -> f64 {
        LAG_S
    }
    fn jumps_s(&self) -> &'static [f64] {
        JUMPS_S
    }
}

//! P1D: the cache of P1 as a discrete-event simulation: ten times the keys and the load, so that the rate per key and
//! with it the closed form are the same. Every request is looked up; an entry keeps its age and its staleness, so the
//! lag, the noise and their dependence on the TTL are real. One key in eight is also kept as *ghost entries* under 13
//! other TTLs: what each of them would have cost, from the same traffic, without touching the knob.

use super::cache_ttl::{self, KEY_GROUPS, MISS_COST, STALE_COST};
use super::{Optimum, Plant, Process};
use crate::rng::Rng;
use crate::{Setting, WINDOW_S};

const SCALE: usize = 10;
const KEYS: usize = 20_000;
/// Ghost entries are kept for keys with this remainder modulo [`SAMPLE_EVERY`].
const SAMPLE_REMAINDER: usize = 3;
const SAMPLE_EVERY: usize = 8;
const WARM_UP_WINDOWS: usize = 4800;

/// Number of values that shadow evaluation covers.
pub const SHADOW_POINTS: usize = 13;

/// The normalised setting of shadow point `j`.
pub fn shadow_setting(j: usize) -> f64 {
    j as f64 / (SHADOW_POINTS - 1) as f64
}

pub struct CacheEvents;

impl Plant for CacheEvents {
    fn name(&self) -> &'static str {
        "P1D"
    }
    fn knobs(&self) -> usize {
        1
    }
    fn initial(&self) -> Setting {
        cache_ttl::INITIAL
    }
    /// The steady state, for the oracle.
    fn cost(&self, t: f64, u: &Setting) -> f64 {
        cache_ttl::cost(t, u[0])
    }
    fn optimum(&self) -> Optimum {
        cache_ttl::optimum()
    }
    /// The TTL itself takes force at once; that its effect does not is the simulation's business.
    fn lag_s(&self) -> f64 {
        0.01
    }
    fn declared_lag_s(&self) -> f64 {
        cache_ttl::LAG_S
    }
    fn jumps_s(&self) -> &'static [f64] {
        cache_ttl::JUMPS_S
    }
    fn process(&self, seed: u64) -> Option<Box<dyn Process>> {
        let mut cache = Cache::new(seed);
        let initial = self.initial();
        for k in 0..WARM_UP_WINDOWS {
            cache.window((k as f64 - WARM_UP_WINDOWS as f64) * WINDOW_S, &initial);
        }
        Some(Box::new(cache))
    }
}

#[derive(Clone, Copy)]
struct Entry {
    fetched_s: f64,
    stale_from_s: f64,
}

const EMPTY: Entry = Entry { fetched_s: -1e9, stale_from_s: 0.0 };

enum Lookup {
    Miss,
    Stale,
    Fresh,
}

impl Entry {
    /// Looks the key up at `now` and refetches it when it has expired.
    fn get(&mut self, now: f64, ttl: f64, changes: f64, rng: &mut Rng) -> Lookup {
        if now - self.fetched_s > ttl {
            self.fetched_s = now;
            self.stale_from_s = now - libm::log(rng.uniform()) / changes;
            Lookup::Miss
        } else if now > self.stale_from_s {
            Lookup::Stale
        } else {
            Lookup::Fresh
        }
    }
}

struct Cache {
    entries: Vec<Entry>,
    ghosts: Vec<[Entry; SHADOW_POINTS]>,
    ghost_ttl_s: [f64; SHADOW_POINTS],
    /// Cumulative popularity of the keys.
    cumulative: Vec<f64>,
    rng: Rng,
    shadow: [f64; SHADOW_POINTS],
}

impl Cache {
    fn new(seed: u64) -> Self {
        let mut cumulative = Vec::with_capacity(KEYS);
        let mut sum = 0.0;
        for group in KEY_GROUPS.iter() {
            for _ in 0..group.keys * SCALE {
                sum += group.probability / SCALE as f64;
                cumulative.push(sum);
            }
        }
        Self {
            entries: vec![EMPTY; KEYS],
            ghosts: vec![[EMPTY; SHADOW_POINTS]; KEYS / SAMPLE_EVERY],
            ghost_ttl_s: std::array::from_fn(|j| cache_ttl::ttl_s(shadow_setting(j))),
            cumulative,
            rng: Rng::new(seed),
            shadow: [0.0; SHADOW_POINTS],
        }
    }
}

impl Process for Cache {
    fn window(&mut self, t: f64, u: &Setting) -> f64 {
        let ttl = cache_ttl::ttl_s(u[0]);
        let changes = cache_ttl::change_rate(t);
        let expected = SCALE as f64 * cache_ttl::load(t) * WINDOW_S;
        let requests = (expected + expected.sqrt() * self.rng.normal()).round().max(1.0) as usize;
        let (mut misses, mut stale) = (0u32, 0u32);
        let mut ghost_cost = [0.0; SHADOW_POINTS];
        let mut sampled = 0.0;
        for request in 0..requests {
            let now = t + WINDOW_S * request as f64 / requests as f64;
            let draw = self.rng.uniform();
            let key = self.cumulative.partition_point(|&c| c < draw).min(KEYS - 1);
            match self.entries[key].get(now, ttl, changes, &mut self.rng) {
                Lookup::Miss => misses += 1,
                Lookup::Stale => stale += 1,
                Lookup::Fresh => {}
            }
            if key % SAMPLE_EVERY == SAMPLE_REMAINDER {
                sampled += 1.0;
                let ghosts = &mut self.ghosts[key / SAMPLE_EVERY];
                for (j, ghost) in ghosts.iter_mut().enumerate() {
                    ghost_cost[j] += match ghost.get(now, self.ghost_ttl_s[j], changes, &mut self.rng) {
                        Lookup::Miss => MISS_COST,
                        Lookup::Stale => STALE_COST,
                        Lookup::Fresh => 0.0,
                    };
                }
            }
        }
        self.shadow = ghost_cost.map(|cost| cost / sampled);
        (MISS_COST * f64::from(misses) + STALE_COST * f64::from(stale)) / requests as f64
    }

    fn shadow(&self) -> &[f64; SHADOW_POINTS] {
        &self.shadow
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closed_form_is_its_steady_state() {
        let u = [0.3, 0.0, 0.0, 0.0];
        let mut cache = Cache::new(11);
        let (mut simulated, mut closed) = (0.0, 0.0);
        // Load is constant enough over the 100 s that are compared; 200 s warm the cache at a TTL of 83 s.
        for k in 0..1200 {
            let t = 1200.0 + k as f64 * WINDOW_S;
            let cost = cache.window(t, &u);
            if k >= 800 {
                simulated += cost;
                closed += cache_ttl::cost(t, u[0]);
            }
        }
        assert!((simulated / closed - 1.0).abs() < 0.05, "{}", simulated / closed);
    }

    #[test]
    fn ghosts_predict_the_cost_of_the_ttl_in_force() {
        let point = 4;
        let u = [shadow_setting(point), 0.0, 0.0, 0.0];
        let mut cache = Cache::new(12);
        let (mut real, mut ghost) = (0.0, 0.0);
        for k in 0..2400 {
            let cost = cache.window(k as f64 * WINDOW_S, &u);
            if k >= 800 {
                real += cost;
                ghost += cache.shadow()[point];
            }
        }
        // The sample is of keys, not of requests: it misses most of the eight hottest keys and so costs somewhat more.
        assert!((ghost / real - 1.0).abs() < 0.35, "{}", ghost / real);
    }

    #[test]
    fn a_seed_repeats_itself() {
        let run = |seed| {
            let mut cache = Cache::new(seed);
            (0..40).map(|k| cache.window(k as f64, &[0.5, 0.0, 0.0, 0.0])).sum::<f64>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }
}

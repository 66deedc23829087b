//! Where to evaluate next, given the model: a search over the mixed space that costs nothing but time.
use super::{
    layout::Layout, process::Process, random, seen::Seen, settings::Settings, space::Dimension, space::Space,
};
use alloc::vec::Vec;
use homeostat_core::rng::Rng;

/// What is wanted of a point.
#[derive(Clone, Copy, Debug)]
pub enum Aim {
    /// The largest expected improvement on this value.
    Improve(f64),
    /// The least mean.
    Exploit,
}

/// A search's view of the model.
pub struct Search<'a> {
    pub space: &'a Space,
    pub layout: &'a Layout,
    pub process: &'a Process,
    pub seen: &'a Seen,
    pub settings: &'a Settings,
    pub aim: Aim,
}

impl Search<'_> {
    fn score(&self, x: &[f64]) -> f64 {
        let mut row = Vec::with_capacity(self.layout.columns.len());
        self.layout.encode(x, &mut row);
        match self.aim {
            Aim::Exploit => -self.process.mean(&row),
            Aim::Improve(target) => {
                let (mean, deviation) = self.process.predict(&row);
                libm::log(deviation) + log_improvement((target - mean) / deviation)
            }
        }
    }

    /// The best point found that was not seen. `parents` are good points, the best first.
    pub fn run(&self, parents: &[&[f64]], rng: &mut Rng) -> Option<Vec<f64>> {
        if let Some(all) = self.enumerate() {
            return all;
        }
        let mut pool = self.pool(parents, rng);
        pool.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut best: Option<(f64, Vec<f64>)> = None;
        for (score, x) in pool.into_iter().take((self.settings.climbs as usize).max(1)) {
            let (score, x) = self.climb(score, x, rng);
            if best.as_ref().is_none_or(|b| score > b.0) {
                best = Some((score, x));
            }
        }
        best.map(|b| b.1)
    }

    /// Small spaces are searched whole.
    fn enumerate(&self) -> Option<Option<Vec<f64>>> {
        let size = self.space.size().filter(|&size| size <= self.settings.pool as u64 * 2)?;
        let mut best: Option<(f64, Vec<f64>)> = None;
        for x in (0..size).map(|i| self.space.point(i)).filter(|x| !self.seen.contains(self.space, x)) {
            let score = self.score(&x);
            if best.as_ref().is_none_or(|b| score > b.0) {
                best = Some((score, x));
            }
        }
        Some(best.map(|b| b.1))
    }

    fn pool(&self, parents: &[&[f64]], rng: &mut Rng) -> Vec<(f64, Vec<f64>)> {
        let wanted = self.settings.pool as usize;
        let local = if parents.is_empty() { 0 } else { (self.settings.local * wanted as f64) as usize };
        let mut pool = Vec::with_capacity(wanted);
        for i in 0..wanted {
            let x = if i < local {
                // Half of the mutants are of the best point, a quarter of the second, and so on.
                let rank = (rng.next_u64().trailing_zeros() as usize).min(parents.len() - 1);
                mutant(self.space, parents[rank], rng)
            } else {
                self.space.random(rng)
            };
            if !self.seen.contains(self.space, &x) {
                pool.push((self.score(&x), x));
            }
        }
        pool
    }

    fn climb(&self, mut score: f64, mut x: Vec<f64>, rng: &mut Rng) -> (f64, Vec<f64>) {
        let mut size = 0.1;
        for _ in 0..self.settings.climb_steps as usize {
            let mut next = x.clone();
            move_axis(self.space, &mut next, size, rng);
            if random::below(rng, 3) == 0 {
                move_axis(self.space, &mut next, size, rng);
            }
            let next = self.space.snap(&next);
            if next == x || self.seen.contains(self.space, &next) {
                size *= 0.95;
                continue;
            }
            let reached = self.score(&next);
            if reached > score {
                (score, x) = (reached, next);
                size = (size * 1.6).min(0.3);
            } else {
                size = (size * 0.87).max(1e-4);
            }
        }
        (score, x)
    }
}

/// Moves one random axis by about `size`.
fn move_axis(space: &Space, x: &mut [f64], size: f64, rng: &mut Rng) {
    let axis = random::below(rng, x.len());
    let step = random::normal(rng) * size;
    x[axis] = match space.dims()[axis] {
        Dimension::Categorical { options } if options > 1 => {
            let other = (x[axis] as usize + 1 + random::below(rng, options as usize - 1)) % options as usize;
            other as f64
        }
        Dimension::Ordered { levels } => {
            let far = step * f64::from(levels.max(1) - 1);
            x[axis] + if far < 0.0 { libm::floor(far) } else { libm::ceil(far) }
        }
        _ => x[axis] + step,
    };
}

/// A valid point near another: one axis or a few moved, by a size of any order.
pub fn mutant(space: &Space, parent: &[f64], rng: &mut Rng) -> Vec<f64> {
    let mut x = parent.to_vec();
    let size = libm::exp(-5.0 * random::unit(rng)) * 0.4;
    move_axis(space, &mut x, size, rng);
    while random::below(rng, 5) < 2 {
        move_axis(space, &mut x, size, rng);
    }
    space.snap(&x)
}

/// log(φ(z) + z Φ(z)), the logarithm of the expected improvement in standard deviations (Ament and others 2023).
fn log_improvement(z: f64) -> f64 {
    const HALF_LOG_TAU: f64 = 0.918_938_533_204_672_7;
    if z < -20.0 {
        return -0.5 * z * z - HALF_LOG_TAU - 2.0 * libm::log(-z);
    }
    let density = libm::exp(-0.5 * z * z - HALF_LOG_TAU);
    let below = 0.5 * libm::erfc(-z * core::f64::consts::FRAC_1_SQRT_2);
    libm::log((density + z * below).max(1e-300))
}

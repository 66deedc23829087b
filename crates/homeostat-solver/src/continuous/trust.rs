//! A trust region on the minimum-change quadratic model of the nearest points.

use super::evolution::{self, Evolution};
use super::model::{Datum, Fit, Prior};
use super::quadratic::Quadratic;
use super::step::{Region, step};
use super::{Move, Phase, Search, direction, room, rounding};
use crate::linear::{Square, difference, norm, scale};
use alloc::vec::Vec;
use homeostat_core::real::clamp;

/// The first radius.
const RADIUS: f64 = 0.25;
/// The phase ends after this many evaluations per axis in the run.
const EVALUATIONS_PER_AXIS: usize = 8;
/// How much of the last model's curvature the next one starts from, where the points suffice for a whole quadratic; where they do
/// not, all of it, and what the points do not show is kept.
const MEMORY: f64 = 0.9;
/// Slopes and curvatures in units of the radius; the incumbent's own value is exact.
const PRIOR: Prior = Prior { constant: 0.0, linear: 100.0, square: 1.0, cross: 1.0 };

#[derive(Clone, Debug)]
pub(crate) struct Trust {
    x: Vec<f64>,
    value: f64,
    radius: f64,
    curvature: Square,
    memory: f64,
    aim: Aim,
    /// Evaluations since the last gain.
    stall: u32,
    gained: f64,
}

/// What the evaluation under way is for.
#[derive(Clone, Copy, Debug)]
enum Aim {
    /// A step of this length that the model expects to gain so much.
    Descend {
        predicted: f64,
        length: f64,
    },
    /// The step before failed: the next one is to learn about the surroundings.
    LearnNext,
    Learn,
}

impl Trust {
    /// Begins at the lowest point of the run.
    pub fn from_best(search: &Search) -> Self {
        let (x, value) = match search.archive.run_best() {
            Some(best) => (best.x.to_vec(), best.y),
            None => (alloc::vec![0.5; search.n], 0.0),
        };
        let aim = Aim::Descend { predicted: 0.0, length: 0.0 };
        let n = search.n;
        let memory = if search.model_size < (n + 1) * (n + 2) / 2 { 1.0 } else { MEMORY };
        Self { x, value, radius: RADIUS, curvature: Square::zeros(n), memory, aim, stall: 0, gained: value }
    }

    pub fn propose(&mut self, search: &mut Search) -> Move {
        let identity = Square::identity(search.n);
        loop {
            let spent = search.archive.told() >= EVALUATIONS_PER_AXIS * search.n;
            if spent || self.radius < 1e-9 || self.stall > 30 {
                return self.hand_off(search);
            }
            let Some((fit, model)) = self.model(search) else { return self.hand_off(search) };
            let (lower, upper) = room(&self.x);
            if matches!(self.aim, Aim::LearnNext) {
                if let Some(d) = self.informative(search, &fit, &model, &lower, &upper) {
                    self.aim = Aim::Learn;
                    return self.point(&d);
                }
                self.radius *= 0.5;
            }
            let d = step(
                &model,
                &Region { metric: &identity, radius: self.radius, lower: &lower, upper: &upper },
            );
            let (predicted, length) = (-model.change(&d), norm(&d));
            let flat = predicted <= rounding(self.value, 45.0);
            let short = flat || length < 0.002 * self.radius;
            if short || length < 0.02 * self.radius || length < 1e-9 {
                self.radius *= 0.25;
                self.stall += 1;
                if self.stall > 12 {
                    return self.hand_off(search);
                }
                if short {
                    self.aim = Aim::Descend { predicted, length };
                    continue;
                }
            }
            self.aim = Aim::Descend { predicted, length };
            return self.point(&d);
        }
    }

    fn point(&self, d: &[f64]) -> Move {
        Move::Point(self.x.iter().zip(d).map(|(x, d)| x + d).collect())
    }

    pub fn learn(&mut self, x: &[f64], y: f64) {
        let gain = self.value - y;
        if y < self.value {
            self.value = y;
            self.x = x.to_vec();
        }
        let Aim::Descend { predicted, length } = self.aim else { return };
        let ratio = gain / predicted.max(f64::MIN_POSITIVE);
        if ratio > 0.7 && length > 0.8 * self.radius {
            self.radius = (2.0 * self.radius).min(10.0);
        } else if ratio < 0.1 {
            self.aim = Aim::LearnNext;
            self.radius = 0.5 * self.radius.min(length);
        }
        if y < self.gained - rounding(self.gained, 4000.0) {
            self.gained = y;
            self.stall = 0;
        } else {
            self.stall += 1;
        }
    }

    /// The model about the incumbent, whose curvature becomes the next one's prior. Its coordinates are in units of the box; the
    /// fit's are in units of the radius.
    fn model(&mut self, search: &Search) -> Option<(Fit, Quadratic)> {
        let per_radius = 1.0 / self.radius;
        let near = search.archive.nearest(&self.x, search.model_size + 1);
        let data = near.iter().filter(|(distance, _)| *distance > 0.0).take(search.model_size);
        let data = data.map(|(distance, sample)| {
            let mut u = difference(&sample.x, &self.x);
            let y = sample.y - self.value - 0.5 * self.memory * self.curvature.form(&u);
            scale(&mut u, per_radius);
            let far = distance * per_radius * per_radius;
            Datum { u, y, noise: 1e-9 + 1e-3 * far * far * far }
        });
        let fit = Fit::new(search.n, &data.collect::<Vec<Datum>>(), PRIOR)?;
        let mut model = fit.mean.clone();
        scale(&mut model.gradient, per_radius);
        for (kept, new) in self.curvature.cells.iter_mut().zip(&model.hessian.cells) {
            *kept = self.memory * *kept + new * per_radius * per_radius;
        }
        model.hessian.clone_from(&self.curvature);
        Some((fit, model))
    }

    /// Of 20 random steps of the radius' length, the one that the model knows least about, towards the lower side; None if it knows
    /// them all.
    fn informative(
        &self,
        search: &mut Search,
        fit: &Fit,
        model: &Quadratic,
        lower: &[f64],
        upper: &[f64],
    ) -> Option<Vec<f64>> {
        let clip = |mut d: Vec<f64>| {
            for (d, (low, high)) in d.iter_mut().zip(lower.iter().zip(upper)) {
                *d = clamp(*d, *low, *high);
            }
            d
        };
        let mut best = (0.0, Vec::new());
        for _ in 0..20 {
            let mut d = direction(search);
            scale(&mut d, self.radius);
            let d = clip(d);
            let u: Vec<f64> = d.iter().map(|v| v / self.radius).collect();
            let variance = fit.variance(&u);
            if variance > best.0 {
                best = (variance, d);
            }
        }
        if best.0 < 1.0 {
            return None;
        }
        let mirrored = clip(best.1.iter().map(|v| -v).collect());
        Some(if model.change(&mirrored) < model.change(&best.1) { mirrored } else { best.1 })
    }

    /// The strategy goes on from the incumbent: with a step in proportion to the radius if a model ranks the newest points rightly.
    fn hand_off(&self, search: &Search) -> Move {
        let trusted = evolution::ranks_rightly(search, &self.x, 0.7);
        let sigma = if trusted { clamp(0.5 * self.radius, 0.01, 0.1) } else { 0.1 };
        Move::Next(Phase::Evolution(Evolution::begin(self.x.clone(), sigma)))
    }
}

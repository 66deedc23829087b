//! Minimisation on the continuous unit box in few evaluations. The crate's `design.md` says why it is as it is, with figures.
//!
//! One state machine: a [star] of points around the start; if the objective is a sum of functions of one variable each, a
//! [separable] search axis by axis, else a [trust] region on a quadratic model; then an [evolution] strategy that spends
//! evaluations only where the model is unsure; and a [restart] far from all that is known. Sequential: parallel use copies the
//! machine, tells the copy a prediction and asks it on.
//!
//! Cost: n up to 256. Memory is bounded by 512 + 64 n points, and the work of one `ask` and `tell` by O(m³) for m ≤ 250 points of
//! the model (n ≤ 20) or m ≤ max(4n, 2n + 1) up to 513 (n = 256), whatever the number of trials.

mod archive;
mod axis;
mod chance;
mod evolution;
mod model;
mod quadratic;
mod rank;
mod restart;
mod separable;
mod star;
mod step;
#[cfg(test)]
mod tests;
mod trust;

use crate::linear::norm;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use archive::Archive;
use chance::Chance;
use homeostat_core::real::clamp;
use model::{Datum, Fit, Prior};

/// Values beyond this count as this: products of values must stay finite.
const VALUE_MOST: f64 = 1e100;

/// A sequential minimiser on [0, 1]ⁿ. Deterministic by seed; values must be finite.
#[derive(Clone, Debug)]
pub struct Continuous {
    search: Search,
    /// None only while a phase is being replaced.
    phase: Option<Phase>,
    /// The point that was asked and not yet told.
    asked: Option<Vec<f64>>,
}

/// What all phases see.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    pub n: usize,
    pub chance: Chance,
    pub archive: Archive,
    /// How many points a model holds.
    pub model_size: usize,
    /// How many runs were begun after the first.
    pub restarts: usize,
    /// The lowest value before the present run; +∞ in the first.
    pub goal: f64,
}

#[derive(Clone, Debug)]
pub(crate) enum Phase {
    Star(star::Star),
    Separable(separable::Separable),
    Trust(trust::Trust),
    Evolution(Box<evolution::Evolution>),
}

/// What a phase does when it is asked.
pub(crate) enum Move {
    Point(Vec<f64>),
    /// It is over; the next one is to be asked.
    Next(Phase),
}

impl Continuous {
    /// A minimiser over `n` ≥ 1 coordinates.
    pub fn new(n: usize, seed: u64) -> Self {
        assert!(n >= 1, "a space has at least one coordinate");
        let coefficients = (n + 1) * (n + 2) / 2;
        let model_size = match coefficients * 7 / 4 {
            few @ ..=250 => few.max(8),
            _ => (4 * n).min((2 * n + 1).max(400)),
        };
        let search = Search {
            n,
            chance: Chance::new(seed),
            archive: Archive::new(n),
            model_size,
            restarts: 0,
            goal: f64::INFINITY,
        };
        Self { search, phase: None, asked: None }
    }

    /// The next point to evaluate; the same until its value is told.
    pub fn ask(&mut self) -> &[f64] {
        let point = match self.asked.take() {
            Some(point) => point,
            None => self.propose(),
        };
        self.asked.insert(point)
    }

    fn propose(&mut self) -> Vec<f64> {
        let search = &mut self.search;
        let mut phase = self.phase.take().unwrap_or_else(|| Phase::Star(star::Star::first(search)));
        loop {
            let next = match &mut phase {
                Phase::Star(star) => star.propose(search),
                Phase::Separable(separable) => separable.propose(search),
                Phase::Trust(trust) => trust.propose(search),
                Phase::Evolution(evolution) => evolution.propose(search),
            };
            match next {
                Move::Point(mut point) => {
                    for x in &mut point {
                        *x = clamp(*x, 0.0, 1.0);
                    }
                    self.phase = Some(phase);
                    return point;
                }
                Move::Next(next) => phase = next,
            }
        }
    }

    /// The value of the point that was asked. Asks first where nobody did.
    pub fn tell(&mut self, y: f64) {
        self.ask();
        let Some(x) = self.asked.take() else { return };
        let y = clamp(y, -VALUE_MOST, VALUE_MOST);
        self.search.archive.insert(&x, y, true);
        let next = match &mut self.phase {
            Some(Phase::Star(star)) => star.learn(&self.search, &x, y),
            Some(Phase::Separable(separable)) => {
                separable.learn(&self.search, y);
                None
            }
            Some(Phase::Trust(trust)) => {
                trust.learn(&x, y);
                None
            }
            Some(Phase::Evolution(evolution)) => evolution.learn(&mut self.search, y),
            None => None,
        };
        if next.is_some() {
            self.phase = next;
        }
    }

    /// A point that was not asked for: it joins the points that the models see and moves no phase. Before the first `ask`, the
    /// lowest observed point becomes the start.
    pub fn observe(&mut self, x: &[f64], y: f64) {
        assert_eq!(x.len(), self.search.n, "a point has one number for each coordinate");
        self.search.archive.insert(x, clamp(y, -VALUE_MOST, VALUE_MOST), false);
    }

    /// The expected value at `x` and its standard deviation, by a quadratic model of the nearest points of this run; with nothing
    /// to build it from, the nearest value and the spread of all; with nothing known, 0 and 1.
    pub fn predict(&self, x: &[f64]) -> (f64, f64) {
        let near = self.search.archive.nearest(x, self.search.model_size);
        let Some((_, nearest)) = near.first() else { return (0.0, 1.0) };
        let (low, high) = near.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (_, sample)| {
            (low.min(sample.y), high.max(sample.y))
        });
        let spread = high - low;
        let radius = near.last().map_or(0.0, |(far, _)| libm::sqrt(*far));
        if spread == 0.0 || radius == 0.0 {
            return (nearest.y, spread);
        }
        let data = near.iter().map(|(distance, sample)| {
            let u: Vec<f64> = sample.x.iter().zip(x).map(|(a, b)| (a - b) / radius).collect();
            let closeness = distance / (radius * radius);
            Datum { u, y: (sample.y - nearest.y) / spread, noise: 1e-8 + 1e-2 * closeness * closeness }
        });
        let prior = Prior { constant: 100.0, linear: 100.0, square: 1.0, cross: 0.3 };
        let Some(fit) = Fit::new(self.search.n, &data.collect::<Vec<Datum>>(), prior) else {
            return (nearest.y, spread);
        };
        let variance = (fit.scale * fit.variance(&vec![0.0; self.search.n])).max(0.0);
        (nearest.y + spread * fit.mean.value, spread * libm::sqrt(variance))
    }
}

/// The smallest change of a value near `y` that is not rounding, times `units`.
pub(crate) fn rounding(y: f64, units: f64) -> f64 {
    units * f64::EPSILON * y.abs() + f64::MIN_POSITIVE
}

/// The room that a step from `x` has in the unit box: its least and its greatest entries.
pub(crate) fn room(x: &[f64]) -> (Vec<f64>, Vec<f64>) {
    (x.iter().map(|v| -v).collect(), x.iter().map(|v| 1.0 - v).collect())
}

/// A random direction of length 1.
pub(crate) fn direction(search: &mut Search) -> Vec<f64> {
    let mut z = search.chance.normals(search.n);
    let length = norm(&z).max(f64::MIN_POSITIVE);
    z.iter_mut().for_each(|v| *v /= length);
    z
}

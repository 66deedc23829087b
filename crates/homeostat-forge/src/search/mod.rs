//! Which schedule to measure next.
//!
//! A cost model says how long each schedule should take: multiply-adds, times a sum of counted operations with a coefficient each,
//! times how unevenly the work is spread over cores. It begins with a prior of the adapter's kind, or with what was learned on the
//! device (`adopt`), sees the best schedule of each path first, and is refitted after every measurement. From then on strategies take
//! turns (`strategy`): the model's own best, a study of `homeostat-solver` that knows no prior, and mutations of the best one.

mod cost;
mod fit;
mod point;
mod strategy;

pub use strategy::{Maker, Setting, Strategies, Strategy, View};

use crate::plan::Group;
use crate::schedule::{Limits, Schedule};
use alloc::{boxed::Box, vec, vec::Vec};
use homeostat_core::error::Result;
use homeostat_core::list::List;
use homeostat_solver::order::ascending;
use point::Point;

/// Paths that are probed before anything is refitted.
const PROBES: usize = 8;

/// The logarithm of one and a quarter.
const BEGIN_WITH: f64 = 0.223_143_551_314_209_76;

/// A search over the schedules of one group.
pub struct Search {
    space: Vec<Schedule>,
    points: Vec<Point>,
    prior: Vec<f64>,
    coefficients: Vec<f64>,
    /// What was measured, in seconds; infinite where a schedule failed.
    told: Vec<(usize, f64)>,
    seen: Vec<bool>,
    strategies: Vec<Box<dyn Strategy>>,
    /// Whose turn it is, by how many were measured.
    turns: Vec<usize>,
    /// What changing each dimension has paid on this device.
    paid: Vec<f64>,
    /// What is proposed before anything else, last first.
    wanted: Vec<usize>,
}

impl Search {
    /// A search over the schedules that the adapter can run, by the strategies that are built in.
    pub fn new(group: &Group, limits: &Limits, seed: u32) -> Result<Self> {
        Self::with(group, limits, seed, &Strategies::default())
    }

    /// A search by these strategies.
    pub fn with(group: &Group, limits: &Limits, seed: u32, strategies: &Strategies) -> Result<Self> {
        let space = Schedule::space(group, limits);
        let points: Vec<Point> = space.iter().map(|s| point::of(group, s, limits)).listed();
        let prior = cost::prior(group, limits);
        let dims = points.first().map_or(0, |p| p.values.len());
        let most = |d: usize| points.iter().map(|p| p.values[d] as u32).max().unwrap_or(0);
        let setting = Setting { dimensions: (0..dims).map(|d| most(d) + 1).listed(), seed };
        let (strategies, turns) = strategies.make(&setting);
        Ok(Self {
            seen: vec![false; space.len()],
            space,
            points,
            coefficients: prior.clone(),
            prior,
            told: Vec::new(),
            strategies,
            turns,
            paid: Vec::new(),
            wanted: Vec::new(),
        })
    }

    /// Begins with coefficients that were fitted elsewhere, trusted so much (0 to 1), instead of the kind's prior alone.
    pub fn adopt(&mut self, coefficients: &[f64], trust: f64) {
        if coefficients.len() != self.prior.len() || !(0.0..=1.0).contains(&trust) {
            return;
        }
        // Only their proportions say something: the scale is that of another size.
        let both = self.prior.iter().zip(coefficients).filter(|(p, c)| **p > 0.0 && **c > 0.0);
        let (sum, n) = both.fold((0.0, 0.0), |(sum, n), (p, c)| (sum + libm::log(c / p), n + 1.0));
        if n == 0.0 {
            return;
        }
        let scale = libm::exp(sum / n);
        for (prior, learned) in self.prior.iter_mut().zip(coefficients) {
            *prior = (1.0 - trust) * *prior + trust * learned.max(0.0) / scale;
        }
        self.coefficients = self.prior.clone();
    }

    /// What changing each dimension has paid on this device: logarithms of gains.
    pub fn expect_of_moves(&mut self, paid: Vec<f64>) {
        self.paid = paid;
    }

    /// The schedule to begin with: a contraction's by rule, unless the model expects its own best one to be faster by more than a quarter.
    /// The rule does not look at thin shapes, whose blocks would be mostly padding; elsewhere it knows more than the model's prior. Of
    /// rows and elements it always does.
    pub fn begin_with(&self, rule: Schedule) -> Schedule {
        let place = self.space.iter().position(|s| *s == rule);
        let (Some(place), Schedule::Contract(_)) = (place, rule) else { return rule };
        let view = self.view();
        match view.least(|i| view.expected(i)) {
            Some(best) if view.expected(place) - view.expected(best) > BEGIN_WITH => self.space[best],
            _ => rule,
        }
    }

    /// Has these schedules proposed before all others, in their order: what did well with a kernel like this one.
    pub fn look_first<'a>(&mut self, schedules: impl Iterator<Item = &'a Schedule>) {
        let mut places: Vec<usize> =
            schedules.filter_map(|s| self.space.iter().position(|known| known == s)).listed();
        places.reverse();
        self.wanted = places;
    }

    /// Never proposes these schedules.
    pub fn ban<'a>(&mut self, schedules: impl Iterator<Item = &'a Schedule>) {
        for schedule in schedules {
            if let Some(place) = self.space.iter().position(|known| known == schedule) {
                self.seen[place] = true;
            }
        }
    }

    /// Proposes only those schedules of which this is least.
    pub fn ban_others(&mut self, cost: impl Fn(&Schedule) -> u64) {
        let costs: Vec<u64> = self.space.iter().map(cost).listed();
        let least = costs.iter().copied().min().unwrap_or(0);
        self.seen.iter_mut().zip(costs).for_each(|(seen, cost)| *seen |= cost > least);
    }

    /// The schedules, in the order of their numbers.
    pub fn space(&self) -> &[Schedule] {
        &self.space
    }

    /// What was measured, in order.
    pub fn told(&self) -> &[(usize, f64)] {
        &self.told
    }

    /// What the cost model counts of a schedule, and by what the sum is multiplied.
    pub fn counts(&self, number: usize) -> (&[f64], f64) {
        (&self.points[number].counts, self.points[number].scale)
    }

    /// The coefficients as they are fitted now.
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    /// What changing each dimension paid in this search: how often, and the sum of the logarithms of the gains.
    pub fn lessons(&self) -> Vec<(f64, f64)> {
        let dims = self.points.first().map_or(0, |p| p.dims.len());
        let mut lessons = vec![(0.0, 0.0); dims];
        let mut best: Option<(usize, f64)> = None;
        for (number, seconds) in self.told.iter().copied().filter(|(_, s)| s.is_finite()) {
            let Some((before, least)) = best else {
                best = Some((number, seconds));
                continue;
            };
            let (a, b) = (&self.points[before].dims, &self.points[number].dims);
            let changed: Vec<usize> = (0..dims).filter(|d| a[*d] != b[*d]).listed();
            // Of three changes at once nobody knows which one paid.
            if (1..=2).contains(&changed.len()) {
                for d in &changed {
                    lessons[*d].0 += 1.0;
                    lessons[*d].1 += libm::log(least / seconds) / changed.len() as f64;
                }
            }
            if seconds < least {
                best = Some((number, seconds));
            }
        }
        lessons
    }

    fn view(&self) -> View<'_> {
        View {
            points: &self.points,
            coefficients: &self.coefficients,
            told: &self.told,
            seen: &self.seen,
            paid: &self.paid,
        }
    }

    /// The number of the schedule to measure next; `None` when all of them were.
    pub fn propose(&mut self) -> Option<usize> {
        while let Some(wanted) = self.wanted.pop() {
            if !self.seen[wanted] {
                return Some(wanted);
            }
        }
        if let Some(probe) = self.by_probe() {
            return Some(probe);
        }
        let mut strategies = core::mem::take(&mut self.strategies);
        let view = self.view();
        let turn = self.turns[self.told.len() % self.turns.len()];
        let proposed = strategies[turn].propose(&view).filter(|number| view.is_new(*number));
        // Who has nothing to say leaves it to the model.
        let proposed = proposed.or_else(|| view.least(|i| view.expected(i)));
        self.strategies = strategies;
        proposed
    }

    /// A measurement, in seconds; infinite where the schedule failed.
    pub fn tell(&mut self, number: usize, seconds: f64) {
        let Some(seen) = self.seen.get_mut(number) else { return };
        *seen = true;
        self.told.push((number, seconds));
        let mut strategies = core::mem::take(&mut self.strategies);
        let view = self.view();
        strategies.iter_mut().for_each(|strategy| strategy.tell(&view, number, seconds));
        self.strategies = strategies;
        let rows: Vec<(&[f64], f64)> = self
            .told
            .iter()
            .filter(|(_, s)| s.is_finite())
            .map(|(i, s)| (&self.points[*i].counts[..], s / self.points[*i].scale))
            .listed();
        self.coefficients = fit::refit(&rows, &self.prior);
    }

    /// The best ones measured, best first.
    pub fn best(&self, n: usize) -> Vec<usize> {
        let told: Vec<(usize, f64)> = self.told.iter().copied().filter(|(_, s)| s.is_finite()).listed();
        let seconds: Vec<f64> = told.iter().map(|(_, s)| *s).listed();
        ascending(&seconds).into_iter().take(n).map(|i| told[i].0).listed()
    }

    /// The best schedule of a path that was not seen yet.
    fn by_probe(&self) -> Option<usize> {
        let mut paths: Vec<u32> = Vec::new();
        for (number, _) in &self.told {
            let path = self.points[*number].path;
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        if paths.len() >= PROBES {
            return None;
        }
        let view = self.view();
        view.least(|i| if paths.contains(&view.path(i)) { f64::INFINITY } else { view.expected(i) })
    }
}

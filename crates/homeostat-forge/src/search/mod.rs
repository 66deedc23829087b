//! Which schedule to measure next.
//!
//! A cost model says how long each schedule should take: multiply-adds, times a sum of counted operations with a coefficient each,
//! times how unevenly the work is spread over cores. It begins with a prior of the adapter's kind, sees the best schedule of each
//! path first, and is refitted after every measurement. Every third proposal comes from a study of `homeostat-solver` over the
//! schedule's own dimensions instead, which knows no prior: it saves the search where the prior is wrong.

mod cost;
mod fit;
mod point;

use crate::plan::{Group, Work};
use crate::schedule::{Limits, Schedule};
use alloc::{string::String, vec, vec::Vec};
use homeostat_core::error::Result;
use homeostat_solver::study::{Outcome, Study};
use point::Point;

/// Paths that are probed before anything is refitted.
const PROBES: usize = 7;
/// One in this many proposals is the study's.
const STUDY_EVERY: usize = 3;
/// What each dimension in which a schedule differs from the best one, beyond the first, adds to the logarithm of its time.
const FAR: f64 = 0.05;

/// The logarithm of one and a half.
const BEGIN_WITH: f64 = 0.405_465_108_108_164_4;

/// A search over the schedules of one group.
pub struct Search {
    space: Vec<Schedule>,
    points: Vec<Point>,
    prior: Vec<f64>,
    coefficients: Vec<f64>,
    /// What was measured, in seconds; infinite where a schedule failed.
    told: Vec<(usize, f64)>,
    seen: Vec<bool>,
    study: Study,
    /// The study's open trial, and the schedule that it asks for.
    asked: Option<(u32, usize)>,
    /// What is proposed before anything else, last first.
    wanted: Vec<usize>,
}

impl Search {
    /// A search over the schedules that the adapter can run.
    pub fn new(group: &Group, limits: &Limits, seed: u32) -> Result<Self> {
        let space = Schedule::space(group, limits);
        let points: Vec<Point> = space.iter().map(|s| point::of(group, s, limits)).collect();
        let prior = cost::prior(group, limits);
        let study = Study::new(&config(&points, seed))?;
        let seen = vec![false; space.len()];
        Ok(Self {
            space,
            points,
            coefficients: prior.clone(),
            prior,
            told: Vec::new(),
            seen,
            study,
            asked: None,
            wanted: Vec::new(),
        })
    }

    /// The schedule to begin with: the rule's, unless its blocks are mostly padding and the model expects its own best schedule to be
    /// faster by more than half. The rule does not look at small and thin shapes; elsewhere it knows more than the model's prior.
    pub fn begin_with(&self, group: &Group, rule: Schedule, limits: &Limits) -> Schedule {
        let place = self.space.iter().position(|s| *s == rule);
        let (Some(place), true) = (place, is_wasteful(group, &rule, limits)) else { return rule };
        match self.least(|i| self.expected(i)) {
            Some(best) if self.expected(place) - self.expected(best) > BEGIN_WITH => self.space[best],
            _ => rule,
        }
    }

    /// Has these schedules proposed before all others, in their order: what did well with a kernel like this one.
    pub fn look_first<'a>(&mut self, schedules: impl Iterator<Item = &'a Schedule>) {
        let mut places: Vec<usize> =
            schedules.filter_map(|s| self.space.iter().position(|known| known == s)).collect();
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

    /// The schedules, in the order of their numbers.
    pub fn space(&self) -> &[Schedule] {
        &self.space
    }

    /// What was measured, in order.
    pub fn told(&self) -> &[(usize, f64)] {
        &self.told
    }

    /// The number of the schedule to measure next; `None` when all of them were.
    pub fn propose(&mut self) -> Option<usize> {
        while let Some(wanted) = self.wanted.pop() {
            if !self.seen[wanted] {
                return Some(wanted);
            }
        }
        let model = self.by_probe().or_else(|| {
            let turn = self.told.len() % STUDY_EVERY == STUDY_EVERY - 1;
            if turn { self.by_study() } else { None }
        });
        model.or_else(|| self.by_model())
    }

    /// A measurement, in seconds; infinite where the schedule failed.
    pub fn tell(&mut self, number: usize, seconds: f64) {
        let Some(seen) = self.seen.get_mut(number) else { return };
        *seen = true;
        self.told.push((number, seconds));
        let failed = || Outcome::Failed { reason: String::from("not valid here") };
        let outcome = if seconds.is_finite() {
            Outcome::Complete { value: libm::log(seconds), margin: f64::NAN }
        } else {
            failed()
        };
        // A study refuses only what its space does not have, and these points are its own.
        let _ = match self.asked.take() {
            Some((trial, asked)) if asked == number => self.study.tell(trial, outcome).map(|_| ()),
            _ => self.study.add(&self.points[number].values, outcome).map(|_| ()),
        };
        let rows: Vec<(&[f64], f64)> = self
            .told
            .iter()
            .filter(|(_, s)| s.is_finite())
            .map(|(i, s)| (&self.points[*i].counts[..], s / self.points[*i].scale))
            .collect();
        self.coefficients = fit::refit(&rows, &self.prior);
    }

    /// The best ones measured, best first.
    pub fn best(&self, n: usize) -> Vec<usize> {
        let mut told: Vec<(usize, f64)> = self.told.iter().copied().filter(|(_, s)| s.is_finite()).collect();
        told.sort_by(|a, b| a.1.total_cmp(&b.1));
        told.into_iter().take(n).map(|(i, _)| i).collect()
    }

    /// The logarithm of the seconds that the model expects.
    fn expected(&self, number: usize) -> f64 {
        let point = &self.points[number];
        let sum: f64 = point.counts.iter().zip(&self.coefficients).map(|(n, c)| n * c).sum();
        libm::log(sum * point.scale + 1e-30)
    }

    /// The best schedule of a path that was not seen yet.
    fn by_probe(&self) -> Option<usize> {
        let mut paths: Vec<u32> = Vec::new();
        self.told.iter().map(|(i, _)| self.points[*i].path).for_each(|p| {
            if !paths.contains(&p) {
                paths.push(p)
            }
        });
        if paths.len() >= PROBES {
            return None;
        }
        self.least(|i| if paths.contains(&self.points[i].path) { f64::INFINITY } else { self.expected(i) })
    }

    fn by_model(&self) -> Option<usize> {
        // What the model gets wrong of a path, shrunk towards nothing.
        let paths = self.points.iter().map(|p| p.path as usize + 1).max().unwrap_or(0);
        let mut off = vec![(0.0, 1.0); paths];
        for (i, seconds) in self.told.iter().filter(|(_, s)| s.is_finite()) {
            let (sum, n) = &mut off[self.points[*i].path as usize];
            *sum += libm::log(*seconds) - self.expected(*i);
            *n += 1.0;
        }
        let best = self.best(1).first().copied();
        self.least(|i| {
            let point = &self.points[i];
            let (sum, n) = off[point.path as usize];
            let apart = best
                .map_or(0, |b| point.dims.iter().zip(&self.points[b].dims).filter(|(a, b)| a != b).count());
            self.expected(i) + sum / n + FAR * apart.saturating_sub(1) as f64
        })
    }

    /// The new schedule nearest to what the study asks for.
    fn by_study(&mut self) -> Option<usize> {
        let trial = self.study.ask()?;
        let wanted = self.study.trial(trial).ok()?.values.clone();
        let apart = |i: usize| self.points[i].values.iter().zip(&wanted).filter(|(a, b)| a != b).count();
        let found = self.least(|i| apart(i) as f64 * 10.0 + self.expected(i) * 1e-3);
        match found {
            Some(i) if apart(i) == 0 => self.asked = Some((trial, i)),
            // There is no such schedule: what is measured instead is told as its own.
            _ => drop(self.study.tell(trial, Outcome::Failed { reason: String::from("no such schedule") })),
        }
        found
    }

    /// The unseen schedule with the least finite score.
    fn least(&self, score: impl Fn(usize) -> f64) -> Option<usize> {
        let unseen = (0..self.space.len()).filter(|i| !self.seen[*i]).map(|i| (i, score(i)));
        unseen.filter(|(_, s)| s.is_finite()).min_by(|a, b| a.1.total_cmp(&b.1)).map(|(i, _)| i)
    }
}

/// Whether more than a quarter of what a contraction's blocks compute is padding.
fn is_wasteful(group: &Group, schedule: &Schedule, limits: &Limits) -> bool {
    let (Work::Contract(c), Schedule::Contract(s)) = (&group.work, schedule) else { return false };
    let p = s.padded(c, limits);
    let up = |n: u32, block: u32| f64::from(n.div_ceil(block)) * f64::from(block);
    f64::from(c.m) * f64::from(c.n) < 0.75 * up(c.m, p.block_rows) * up(c.n, p.block_columns)
}

/// The study's configuration: every dimension of the schedules is a choice.
fn config(points: &[Point], seed: u32) -> String {
    let dims = points.first().map_or(0, |p| p.values.len());
    let mut bounds = Vec::new();
    for d in 0..dims {
        let most = points.iter().map(|p| p.values[d] as u32).max().unwrap_or(0).max(1);
        let choices: Vec<String> = (0..=most).map(|i| alloc::format!("\"{i}\"")).collect();
        bounds.push(alloc::format!("\"d{d}\":{{\"kind\":\"choice\",\"choices\":[{}]}}", choices.join(",")));
    }
    alloc::format!("{{\"seed\":{seed},\"bounds\":{{{}}},\"strategy\":\"auto\"}}", bounds.join(","))
}

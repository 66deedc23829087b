//! The first points of a run: the centre, and a step to one or both sides along every axis. In the first run they also decide
//! whether the objective is additively separable.

use super::axis::Mark;
use super::{Move, Phase, Search, separable::Separable, trust::Trust};
use alloc::vec;
use alloc::vec::Vec;

/// The step along an axis.
const REACH: f64 = 0.25;
/// An axis has a side only where there is at least this room.
const ROOM: f64 = 0.05;

#[derive(Clone, Debug)]
pub(crate) struct Star {
    centre: Vec<f64>,
    stage: Stage,
}

#[derive(Clone, Debug)]
enum Stage {
    Centre,
    /// Walks the axes; the last of `axes` is under way, at coordinate `at`.
    Axes {
        value: f64,
        axes: Vec<Vec<Mark>>,
        at: f64,
    },
    /// Evaluates a combination of axes whose value a sum of functions of one variable each would have to meet.
    Test {
        value: f64,
        axes: Vec<Vec<Mark>>,
        all: bool,
        trial: Trial,
    },
}

#[derive(Clone, Debug, Default)]
struct Trial {
    x: Vec<f64>,
    predicted: f64,
    /// Σ |change|, which the tolerance is relative to.
    size: f64,
}

impl Star {
    /// The start of the first run: the lowest point observed so far, else the middle of the box.
    pub fn first(search: &Search) -> Self {
        Self::at(search.archive.best().map_or_else(|| vec![0.5; search.n], |best| best.x.to_vec()))
    }

    pub fn at(centre: Vec<f64>) -> Self {
        Self { centre, stage: Stage::Centre }
    }

    pub fn propose(&mut self, search: &Search) -> Move {
        let n = search.n;
        let mut x = self.centre.clone();
        match &mut self.stage {
            Stage::Centre => {}
            Stage::Axes { value, axes, at } => {
                if let Some(side) = next_side(axes, &self.centre) {
                    *at = side;
                    x[axes.len() - 1] = side;
                } else if search.restarts > 0 {
                    return Move::Next(Phase::Trust(Trust::from_best(search)));
                } else {
                    // First the improved axes only, so that the test costs nothing if it fails; then all of them, since a sum
                    // over a few axes can agree by chance.
                    let improved = axes.iter().filter(|axis| best_step(axis).1 < 0.0).count();
                    let all = improved < 2 || improved == n;
                    let trial = Trial::combine(&self.centre, *value, axes, all);
                    x.clone_from(&trial.x);
                    self.stage = Stage::Test { value: *value, axes: core::mem::take(axes), all, trial };
                }
            }
            Stage::Test { trial, .. } => x.clone_from(&trial.x),
        }
        Move::Point(x)
    }

    pub fn learn(&mut self, search: &Search, _x: &[f64], y: f64) -> Option<Phase> {
        match &mut self.stage {
            Stage::Centre => self.stage = Stage::Axes { value: y, axes: Vec::new(), at: 0.0 },
            Stage::Axes { value, axes, at } => {
                if let Some(axis) = axes.last_mut() {
                    axis.push((*at, y - *value));
                }
            }
            Stage::Test { value, axes, all, trial } => {
                if !trial.passed(y, *value) {
                    return Some(Phase::Trust(Trust::from_best(search)));
                }
                if *all {
                    return Some(Phase::Separable(Separable::new(
                        &trial.x,
                        y,
                        core::mem::take(axes),
                        search,
                    )));
                }
                *all = true;
                *trial = Trial::combine(&self.centre, *value, axes, true);
            }
        }
        None
    }
}

/// The next coordinate to visit, on the last axis or a new one; None when all axes are done. The other side of an axis is tried
/// only if the first did not improve.
fn next_side(axes: &mut Vec<Vec<Mark>>, centre: &[f64]) -> Option<f64> {
    loop {
        if let Some(axis) = axes.last() {
            let middle = centre[axes.len() - 1];
            let (up, down) = ((1.0 - middle).min(REACH), middle.min(REACH));
            let upwards = up >= ROOM;
            match axis.len() {
                1 if upwards => return Some(middle + up),
                1 => return Some(middle - down),
                2 if upwards && down >= ROOM && axis[1].1 >= 0.0 => return Some(middle - down),
                _ => {}
            }
        }
        let next = centre.get(axes.len())?;
        axes.push(vec![(*next, 0.0)]);
    }
}

/// The lowest mark of an axis besides its centre.
fn best_step(axis: &[Mark]) -> Mark {
    axis[1..].iter().fold((0.0, f64::INFINITY), |best, mark| if mark.1 < best.1 { *mark } else { best })
}

impl Trial {
    fn combine(centre: &[f64], value: f64, axes: &[Vec<Mark>], all: bool) -> Self {
        let mut trial = Self { x: centre.to_vec(), predicted: value, size: 0.0 };
        for (x, axis) in trial.x.iter_mut().zip(axes) {
            let (at, change) = best_step(axis);
            if all || change < 0.0 {
                *x = at;
                trial.predicted += change;
                trial.size += change.abs();
            }
        }
        trial
    }

    fn passed(&self, y: f64, value: f64) -> bool {
        self.size > 0.0 && (y - self.predicted).abs() <= 1e-9 * self.size + 1e-13 * (y.abs() + value.abs())
    }
}

//! The minimum of a sum of functions of one variable each, axis by axis in turn: a safeguarded parabola refines the best minimum
//! of the axis, and STEP (Langerman, Seront and Bersini, 1994), which asks for the interval that would need the least curvature to
//! hold a better value, looks for others. After Brent-STEP (Pošík and Baudiš, 2015).
//!
//! Once, all axes go to the vertices of their parabolas at the same time: if the objective is quadratic, this is its minimum.

use super::axis::{Axis, Mark};
use super::{Move, Phase, Search, evolution::Evolution, rounding};
use alloc::vec::Vec;

/// The search ends after this many evaluations per axis, or half of it without a gain.
const EVALUATIONS_PER_AXIS: usize = 160;
/// The initial step of the strategy that goes on from the result, in case the sum was not one after all.
const HAND_OFF_STEP: f64 = 0.02;

#[derive(Clone, Debug)]
pub(crate) struct Separable {
    x: Vec<f64>,
    value: f64,
    axes: Vec<Axis>,
    turn: usize,
    /// What is being evaluated; None before the first.
    pending: Option<Pending>,
    /// All axes were moved at once.
    moved_jointly: bool,
    begun_at: usize,
    gained_at: usize,
}

#[derive(Clone, Debug)]
enum Pending {
    /// One axis goes to `at`.
    Axis { axis: usize, at: f64, refines: bool },
    /// Every axis goes to a coordinate that is expected to change the value by so much.
    Joint { marks: Vec<Mark> },
}

impl Separable {
    /// Begins at `x` with value `y`; `axes` holds for each axis what is known of it. Moves at once to the best mark of each.
    pub fn new(x: &[f64], y: f64, axes: Vec<Vec<Mark>>, search: &Search) -> Self {
        let mut x = x.to_vec();
        let mut value = y;
        let axes = axes.into_iter().zip(&mut x).map(|(marks, x)| {
            let (axis, at, change) = Axis::new(marks, *x);
            *x = at;
            value += change;
            axis
        });
        let axes = axes.collect();
        let begun_at = search.archive.told();
        Self {
            x,
            value,
            axes,
            turn: 0,
            pending: None,
            moved_jointly: search.n == 1,
            begun_at,
            gained_at: begun_at,
        }
    }

    pub fn propose(&mut self, search: &Search) -> Move {
        let now = search.archive.told();
        let most = EVALUATIONS_PER_AXIS * search.n;
        if now - self.begun_at <= most && now - self.gained_at <= most / 2 {
            if self.turn.is_multiple_of(search.n) && !self.moved_jointly {
                let marks: Option<Vec<Mark>> = self.axes.iter().map(Axis::vertex).collect();
                if let Some(marks) = marks {
                    self.moved_jointly = true;
                    let x: Vec<f64> = marks.iter().map(|mark| mark.0).collect();
                    // With one axis moved, its own turn does the same.
                    if x.iter().zip(&self.x).filter(|(new, old)| new != old).count() > 1 {
                        self.pending = Some(Pending::Joint { marks });
                        return Move::Point(x);
                    }
                }
            }
            for _ in 0..search.n {
                let axis = self.turn % search.n;
                self.turn += 1;
                if let Some((at, refines)) = self.axes[axis].next(self.value) {
                    self.pending = Some(Pending::Axis { axis, at, refines });
                    let mut x = self.x.clone();
                    x[axis] = at;
                    return Move::Point(x);
                }
            }
        }
        Move::Next(Phase::Evolution(Evolution::begin(self.x.clone(), HAND_OFF_STEP)))
    }

    pub fn learn(&mut self, search: &Search, y: f64) {
        let gain = self.value - y;
        if gain > rounding(self.value, 4000.0) {
            self.gained_at = search.archive.told();
        }
        match self.pending.take() {
            Some(Pending::Axis { axis, at, refines }) => {
                self.axes[axis].insert(self.x[axis], at, -gain, refines);
                if gain > 0.0 {
                    self.x[axis] = at;
                    self.value = y;
                }
            }
            Some(Pending::Joint { marks }) if gain > 0.0 && self.as_predicted(&marks, y) => {
                for ((axis, x), (at, change)) in self.axes.iter_mut().zip(&mut self.x).zip(marks) {
                    if at != *x {
                        axis.insert(*x, at, change, true);
                        *x = at;
                    }
                }
                self.value = y;
            }
            // A joint move that gained other than predicted says nothing about any one axis; the turns will find as much.
            Some(Pending::Joint { .. }) | None => {}
        }
    }

    fn as_predicted(&self, marks: &[Mark], y: f64) -> bool {
        let (change, size) =
            marks.iter().fold((0.0, 0.0), |(sum, size), mark| (sum + mark.1, size + mark.1.abs()));
        let tolerance = 1e-9 * size + rounding(self.value.abs().max(y.abs()), 450.0);
        (y - self.value - change).abs() <= tolerance
    }
}

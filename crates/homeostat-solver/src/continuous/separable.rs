//! The minimum of a sum of functions of one variable each, axis by axis in turn: a safeguarded parabola refines the best minimum
//! of the axis, and STEP (Langerman, Seront and Bersini, 1994), which asks for the interval that would need the least curvature to
//! hold a better value, looks for others. After Brent-STEP (Pošík and Baudiš, 2015).

use super::{Move, Phase, Search, evolution::Evolution, rounding, star::Mark};
use alloc::vec::Vec;
use homeostat_core::real::clamp;

/// The least distance between two points of an axis.
const RESOLUTION: f64 = 1e-10;
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
    /// The evaluation under way.
    pending: Pending,
    begun_at: usize,
    gained_at: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Pending {
    axis: usize,
    at: f64,
    refines: bool,
}

/// The known section through the incumbent along one axis, in order of the coordinate; values are relative.
#[derive(Clone, Debug)]
struct Axis {
    marks: Vec<Mark>,
    /// The best minimum is as exact as it can be.
    refined: bool,
    /// How many times in a row the bracket did not halve.
    slow: u32,
    bracket: f64,
    turns: usize,
}

impl Separable {
    /// Begins at `x` with value `y`; `axes` holds for each axis what is known of it. Moves at once to the best mark of each.
    pub fn new(x: &[f64], y: f64, axes: Vec<Vec<Mark>>, search: &Search) -> Self {
        let mut x = x.to_vec();
        let mut value = y;
        let axes = axes.into_iter().zip(&mut x).map(|(mut marks, x)| {
            marks.sort_by(|a, b| a.0.total_cmp(&b.0));
            let here = change_at(&marks, *x);
            let best = marks[lowest(&marks)];
            *x = best.0;
            value += best.1 - here;
            marks.iter_mut().for_each(|mark| mark.1 -= best.1);
            Axis { marks, refined: false, slow: 0, bracket: f64::INFINITY, turns: 0 }
        });
        let axes = axes.collect();
        let begun_at = search.archive.told();
        Self { x, value, axes, turn: 0, pending: Pending::default(), begun_at, gained_at: begun_at }
    }

    pub fn propose(&mut self, search: &Search) -> Move {
        let now = search.archive.told();
        let most = EVALUATIONS_PER_AXIS * search.n;
        if now - self.begun_at <= most && now - self.gained_at <= most / 2 {
            for _ in 0..search.n {
                let axis = self.turn % search.n;
                self.turn += 1;
                if let Some((at, refines)) = self.axes[axis].next(self.value) {
                    self.pending = Pending { axis, at, refines };
                    let mut x = self.x.clone();
                    x[axis] = at;
                    return Move::Point(x);
                }
            }
        }
        Move::Next(Phase::Evolution(Evolution::begin(self.x.clone(), HAND_OFF_STEP)))
    }

    pub fn learn(&mut self, search: &Search, y: f64) {
        let Pending { axis, at, refines } = self.pending;
        let axis_marks = &mut self.axes[axis];
        let here = change_at(&axis_marks.marks, self.x[axis]);
        let place = axis_marks.marks.partition_point(|mark| mark.0 < at);
        axis_marks.marks.insert(place, (at, y - self.value + here));
        if y < self.value {
            if !refines {
                axis_marks.refined = false;
                axis_marks.bracket = f64::INFINITY;
                axis_marks.slow = 0;
            }
            if self.value - y > rounding(self.value, 4000.0) {
                self.gained_at = search.archive.told();
            }
            self.value = y;
            self.x[axis] = at;
        }
    }
}

impl Axis {
    /// The next coordinate to visit, and whether it refines the best minimum; None where there is nothing left to learn.
    fn next(&mut self, value: f64) -> Option<(f64, bool)> {
        let best = lowest(&self.marks);
        let end = self.marks.len() - 1;
        let open = |at: f64| (at, false);
        if best == 0 && self.marks[0].0 > 0.0 {
            self.turns += 1;
            return Some(open(0.0));
        }
        if best == end && self.marks[end].0 < 1.0 {
            self.turns += 1;
            return Some(open(1.0));
        }
        let turn = self.turns;
        self.turns += 1;
        if !self.refined && turn % 3 != 0 && 0 < best && best < end {
            if let Some(at) = self.refine(best, value) {
                return Some((at, true));
            }
        }
        if self.marks[0].0 > 0.0 {
            return Some(open(0.0));
        }
        if self.marks[end].0 < 1.0 {
            return Some(open(1.0));
        }
        self.easiest_interval(self.marks[best].1).map(open)
    }

    /// The vertex of the parabola through the best mark and its neighbours, or a section of the wider side where the bracket
    /// shrinks too slowly. None once the bracket is as narrow or as flat as rounding allows.
    fn refine(&mut self, best: usize, value: f64) -> Option<f64> {
        let (left, middle, right) = (self.marks[best - 1], self.marks[best], self.marks[best + 1]);
        let width = right.0 - left.0;
        let (below, above) = (middle.0 - left.0, right.0 - middle.0);
        self.slow = if width > 0.5 * self.bracket { self.slow + 1 } else { 0 };
        self.bracket = width;
        let flat = (left.1 - middle.1).max(right.1 - middle.1) < rounding(value, 5.0);
        if width < 8.0 * RESOLUTION || flat {
            self.refined = true;
            return None;
        }
        let (slope_below, slope_above) = ((middle.1 - left.1) / below, (right.1 - middle.1) / above);
        let curvature = (slope_above - slope_below) / width;
        let vertex = middle.0 - 0.5 * (slope_below * above + slope_above * below) / width / curvature;
        let into_wider =
            |part: f64| if below > above { middle.0 - part.min(below) } else { middle.0 + part.min(above) };
        let wider = below.max(above);
        let inside = left.0 < vertex && vertex < right.0;
        Some(if self.slow >= 2 || !inside {
            self.slow = 0;
            self.bracket = f64::INFINITY;
            into_wider(0.38 * wider)
        } else if (vertex - middle.0).abs() < RESOLUTION {
            into_wider(RESOLUTION.max(0.1 * wider.min(0.02 * width)))
        } else {
            vertex
        })
    }

    /// STEP: the interval in which a value a little below the best needs the least curvature.
    fn easiest_interval(&self, best: f64) -> Option<f64> {
        let worst = self.marks.iter().fold(best, |most, mark| most.max(mark.1));
        let target = best - 1e-4 * (worst - best) - f64::MIN_POSITIVE;
        let mut easiest = (f64::INFINITY, None);
        for pair in self.marks.windows(2) {
            let width = pair[1].0 - pair[0].0;
            if width < 4.0 * RESOLUTION {
                continue;
            }
            let (left, right) = (libm::sqrt(pair[0].1 - target), libm::sqrt(pair[1].1 - target));
            let difficulty = (left + right) / width;
            if difficulty < easiest.0 {
                easiest = (difficulty, Some(pair[0].0 + width * clamp(left / (left + right), 0.25, 0.75)));
            }
        }
        easiest.1
    }
}

fn lowest(marks: &[Mark]) -> usize {
    (0..marks.len()).reduce(|best, k| if marks[k].1 < marks[best].1 { k } else { best }).unwrap_or(0)
}

fn change_at(marks: &[Mark], at: f64) -> f64 {
    marks.iter().find(|mark| mark.0 == at).map_or(0.0, |mark| mark.1)
}

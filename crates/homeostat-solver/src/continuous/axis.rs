//! What is known of one axis of a separable objective.

use super::rounding;
use crate::order::ascending;
use alloc::vec::Vec;
use homeostat_core::real::clamp;

/// A point of an axis: the coordinate, and the value there relative to the others.
pub(crate) type Mark = (f64, f64);

/// The least distance between two points of an axis.
const RESOLUTION: f64 = 1e-10;

/// The section through the incumbent along one axis.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    /// In order of the coordinate.
    marks: Vec<Mark>,
    /// The best minimum is as exact as it can be.
    refined: bool,
    /// How many times in a row the bracket did not halve.
    slow: u32,
    bracket: f64,
    turns: usize,
}

/// Three neighbouring marks, and the parabola through them.
struct Parabola {
    left: Mark,
    middle: Mark,
    right: Mark,
    /// Slope at the middle, and half of the curvature.
    slope: f64,
    bend: f64,
}

impl Parabola {
    fn through(marks: &[Mark], middle: usize) -> Self {
        let (left, middle, right) = (marks[middle - 1], marks[middle], marks[middle + 1]);
        let (below, above) = (middle.0 - left.0, right.0 - middle.0);
        let (slope_below, slope_above) = ((middle.1 - left.1) / below, (right.1 - middle.1) / above);
        let width = right.0 - left.0;
        let slope = (slope_below * above + slope_above * below) / width;
        Self { left, middle, right, slope, bend: (slope_above - slope_below) / width }
    }

    /// The coordinate of the minimum, where it lies between the marks.
    fn vertex(&self) -> Option<f64> {
        let at = self.middle.0 - 0.5 * self.slope / self.bend;
        (self.bend > 0.0 && self.left.0 < at && at < self.right.0).then_some(at)
    }

    fn at(&self, at: f64) -> f64 {
        let d = at - self.middle.0;
        self.middle.1 + d * (self.slope + d * self.bend)
    }
}

impl Axis {
    /// An axis with at least one mark, of which one is at `here`. Returns also the best coordinate and its change against `here`.
    pub fn new(marks: Vec<Mark>, here: f64) -> (Self, f64, f64) {
        let order = ascending(&marks.iter().map(|mark| mark.0).collect::<Vec<f64>>());
        let marks: Vec<Mark> = order.into_iter().map(|i| marks[i]).collect();
        let best = marks[lowest(&marks)];
        let change = best.1 - change_at(&marks, here);
        (Self { marks, refined: false, slow: 0, bracket: f64::INFINITY, turns: 0 }, best.0, change)
    }

    /// Notes a coordinate whose value differs by `change` from that at `here`.
    pub fn insert(&mut self, here: f64, at: f64, change: f64, refines: bool) {
        let level = change_at(&self.marks, here);
        let place = self.marks.partition_point(|mark| mark.0 < at);
        self.marks.insert(place, (at, level + change));
        if change < 0.0 && !refines {
            self.refined = false;
            self.bracket = f64::INFINITY;
            self.slow = 0;
        }
    }

    /// Where the parabola through the best mark and its neighbours has its minimum, and the change that it predicts there; the best
    /// mark itself where it cannot be improved so. None while a minimum beyond the outermost marks is possible.
    pub fn vertex(&self) -> Option<Mark> {
        let best = lowest(&self.marks);
        let (here, end) = (self.marks[best], self.marks.len() - 1);
        if end < 2 || (best == 0 && here.0 > 0.0) || (best == end && here.0 < 1.0) {
            return None;
        }
        // Of a best mark at the border, the parabola is that of its two inner neighbours.
        let parabola = Parabola::through(&self.marks, best.max(1).min(end - 1));
        match parabola.vertex() {
            Some(at) if !self.refined && (at - here.0).abs() > RESOLUTION => {
                Some((at, parabola.at(at) - here.1))
            }
            _ => Some((here.0, 0.0)),
        }
    }

    /// The next coordinate to visit, and whether it refines the best minimum; None where there is nothing left to learn. `value` is
    /// the objective's at the incumbent, which says what rounding is.
    pub fn next(&mut self, value: f64) -> Option<(f64, bool)> {
        let best = lowest(&self.marks);
        let end = self.marks.len() - 1;
        let (low_open, high_open) = (self.marks[0].0 > 0.0, self.marks[end].0 < 1.0);
        let turn = self.turns;
        self.turns += 1;
        if best == 0 && low_open {
            return Some((0.0, false));
        }
        if best == end && high_open {
            return Some((1.0, false));
        }
        if !self.refined
            && !turn.is_multiple_of(3)
            && 0 < best
            && best < end
            && let Some(at) = self.refine(best, value)
        {
            return Some((at, true));
        }
        if low_open {
            return Some((0.0, false));
        }
        if high_open {
            return Some((1.0, false));
        }
        self.easiest_interval(self.marks[best].1).map(|at| (at, false))
    }

    /// The vertex of the parabola at the best mark, or a section of the wider side where the bracket shrinks too slowly. None once
    /// the bracket is as narrow or as flat as rounding allows.
    fn refine(&mut self, best: usize, value: f64) -> Option<f64> {
        let parabola = Parabola::through(&self.marks, best);
        let Parabola { left, middle, right, .. } = parabola;
        let width = right.0 - left.0;
        self.slow = if width > 0.5 * self.bracket { self.slow + 1 } else { 0 };
        self.bracket = width;
        let flat = (left.1 - middle.1).max(right.1 - middle.1) < rounding(value, 5.0);
        if width < 8.0 * RESOLUTION || flat {
            self.refined = true;
            return None;
        }
        let (below, above) = (middle.0 - left.0, right.0 - middle.0);
        let wider = below.max(above);
        let into_wider = |part: f64| if below > above { middle.0 - part } else { middle.0 + part };
        Some(match parabola.vertex() {
            Some(at) if self.slow < 2 && (at - middle.0).abs() >= RESOLUTION => at,
            Some(_) if self.slow < 2 => into_wider(RESOLUTION.max(0.1 * wider.min(0.02 * width))),
            _ => {
                self.slow = 0;
                self.bracket = f64::INFINITY;
                into_wider(0.38 * wider)
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn known(f: impl Fn(f64) -> f64, places: &[f64]) -> Axis {
        Axis::new(places.iter().map(|&x| (x, f(x))).collect(), places[0]).0
    }

    proptest! {
        #[test]
        fn three_marks_give_a_parabola_exactly(centre in 0.01..0.99f64, bend in 0.1..100.0f64) {
            let f = |x: f64| bend * (x - centre) * (x - centre);
            let axis = known(f, &[0.0, 0.4, 1.0]);
            let best = [0.0, 0.4, 1.0].into_iter().map(f).fold(f64::INFINITY, f64::min);
            let (at, change) = axis.vertex().unwrap();
            prop_assert!((at - centre).abs() < 1e-9, "also where the best mark is at the border");
            prop_assert!((change + best).abs() < 1e-9 * bend);
        }

        #[test]
        fn the_lowest_of_several_valleys_is_found(centre in 0.05..0.95f64) {
            let f = |x: f64| 10.0 * (x - centre) * (x - centre) - 0.3 * libm::cos(40.0 * (x - centre));
            let mut axis = known(f, &[0.5, 0.75]);
            for _ in 0..60 {
                let Some((at, refines)) = axis.next(f(0.5)) else { break };
                let best = axis.marks[lowest(&axis.marks)];
                axis.insert(best.0, at, f(at) - f(best.0), refines);
            }
            let found = axis.marks[lowest(&axis.marks)].0;
            prop_assert!((found - centre).abs() < 1e-6, "{found}");
        }
    }

    #[test]
    fn a_slope_stays_at_the_border() {
        let axis = known(|x| 3.0 * x, &[0.0, 0.5, 1.0]);
        assert_eq!(axis.vertex(), Some((0.0, 0.0)));
        assert_eq!(known(|x| x, &[0.2, 0.5, 1.0]).vertex(), None);
    }
}

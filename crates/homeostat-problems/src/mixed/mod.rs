//! Published problems over spaces with choices, whole numbers and real numbers.
//!
//! A point has one `f64` per dimension in the problem's own unit: a real number, a whole number, or the index of an
//! option. Constraints are part of the value: `objective + 20 |best known| sum(relative excess)`, an exact penalty, so the
//! best point of the penalised problem is the best feasible point.

mod combinatorial;
mod engineering;
mod mixint;
mod signals;
mod structures;
mod synthetic;

use crate::Half;

/// One coordinate of a problem's space.
#[derive(Clone, Debug, PartialEq)]
pub enum Dimension {
    /// A real number; `log` where its scale is logarithmic.
    Continuous {
        /// Least value.
        min: f64,
        /// Greatest value.
        max: f64,
        /// Whether ratios count, not differences.
        log: bool,
    },
    /// A real number on a circle: `max` is `min` again.
    Periodic {
        /// Where the circle is cut.
        min: f64,
        /// The same place, once around.
        max: f64,
    },
    /// A whole number, both ends included.
    Integer {
        /// Least value.
        min: i64,
        /// Greatest value.
        max: i64,
        /// Whether ratios count, not differences.
        log: bool,
    },
    /// One of several options without an order, by index from 0.
    Categorical {
        /// How many there are.
        options: u32,
    },
}

impl Dimension {
    /// A real number on a linear scale.
    pub const fn real(min: f64, max: f64) -> Self {
        Self::Continuous { min, max, log: false }
    }

    /// A whole number on a linear scale.
    pub const fn integer(min: i64, max: i64) -> Self {
        Self::Integer { min, max, log: false }
    }

    /// Options without an order.
    pub const fn choice(options: u32) -> Self {
        Self::Categorical { options }
    }

    /// The value at a place in [0, 1): how uniform random points are drawn.
    pub fn at(&self, u: f64) -> f64 {
        let whole = |count: f64| (u * count).floor().min(count - 1.0);
        match *self {
            Self::Continuous { min, max, log: true } => min * libm::pow(max / min, u),
            Self::Continuous { min, max, .. } | Self::Periodic { min, max } => min + (max - min) * u,
            Self::Integer { min, max, .. } => min as f64 + whole((max - min + 1) as f64),
            Self::Categorical { options } => whole(f64::from(options)),
        }
    }

    /// The nearest value that the dimension has.
    pub fn nearest(&self, x: f64) -> f64 {
        match *self {
            Self::Continuous { min, max, .. } => x.max(min).min(max),
            Self::Periodic { min, max } => x - (max - min) * ((x - min) / (max - min)).floor(),
            Self::Integer { min, max, .. } => x.round().max(min as f64).min(max as f64),
            Self::Categorical { options } => x.round().max(0.0).min(f64::from(options - 1)),
        }
    }
}

/// What most of a problem's dimensions are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Options without an order, or switches.
    Categorical,
    /// Whole numbers and steps of a table.
    Integer,
    /// Several kinds in comparable numbers.
    Mixed,
}

impl Kind {
    /// The word in tables and fixtures.
    pub fn word(self) -> &'static str {
        match self {
            Self::Categorical => "categorical",
            Self::Integer => "integer",
            Self::Mixed => "mixed",
        }
    }
}

/// A problem to be minimised.
pub struct Problem {
    /// Its name in tables.
    pub name: &'static str,
    /// The paper, and what differs from it.
    pub source: &'static str,
    /// What most of its dimensions are.
    pub kind: Kind,
    /// Whether its value contains penalties.
    pub constrained: bool,
    /// Who may look.
    pub half: Half,
    /// Its space.
    pub dimensions: Vec<Dimension>,
    /// The best point known.
    pub best_at: Vec<f64>,
    /// The value there.
    pub best: f64,
    /// Where the best point is from: the paper, a proof, an exhaustive or a long search.
    pub best_from: &'static str,
    evaluate: fn(&[f64]) -> f64,
}

impl Problem {
    /// The value of a point, lower is better. Always finite.
    ///
    /// # Panics
    /// If the point has another number of dimensions.
    pub fn evaluate(&self, x: &[f64]) -> f64 {
        assert_eq!(x.len(), self.dimensions.len(), "{} has {} dimensions", self.name, self.dimensions.len());
        (self.evaluate)(x)
    }
}

/// The penalised value of a point with these relative excesses (positive = violated).
fn penalised(objective: f64, best: f64, excesses: &[f64]) -> f64 {
    objective + 20.0 * best.abs() * excesses.iter().map(|g| g.max(0.0)).sum::<f64>()
}

/// Every problem, in a fixed order.
pub fn problems() -> Vec<Problem> {
    let mut all = Vec::new();
    all.extend(engineering::problems());
    all.extend(structures::problems());
    all.extend(synthetic::problems());
    all.extend(combinatorial::problems());
    all.extend(mixint::problems());
    all.extend(signals::problems());
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    #[test]
    fn best_points_have_their_values_and_lie_inside() {
        for p in problems() {
            assert_eq!(p.best_at.len(), p.dimensions.len(), "{}", p.name);
            for (d, &x) in p.dimensions.iter().zip(&p.best_at) {
                assert!((d.nearest(x) - x).abs() < 1e-12, "{}: {x} is outside {d:?}", p.name);
            }
            let value = p.evaluate(&p.best_at);
            let tolerance = 1e-6 * p.best.abs().max(1e-9);
            assert!((value - p.best).abs() <= tolerance, "{}: {value} is not {}", p.name, p.best);
        }
    }

    #[test]
    fn nothing_random_or_near_beats_the_best_known() {
        let mut rng = Rng::new(9);
        for p in problems() {
            let tolerance = 1e-6 * p.best.abs().max(1e-9);
            for round in 0..600 {
                let mut x: Vec<f64> = p.dimensions.iter().map(|d| d.at(rng.uniform())).collect();
                if round % 2 == 0 {
                    let kept = p.best_at.clone();
                    let moved = rng.below(x.len());
                    x = kept.iter().enumerate().map(|(i, &k)| if i == moved { x[i] } else { k }).collect();
                }
                let value = p.evaluate(&x);
                assert!(value.is_finite(), "{} at {x:?}", p.name);
                assert!(value >= p.best - tolerance, "{}: {value} at {x:?}", p.name);
            }
        }
    }

    #[test]
    fn the_suite_is_spread_over_kinds_and_halves() {
        let all = problems();
        let count = |test: &dyn Fn(&Problem) -> bool| all.iter().filter(|p| test(p)).count();
        assert!(all.len() >= 20);
        for kind in [Kind::Categorical, Kind::Integer, Kind::Mixed] {
            assert!(count(&|p| p.kind == kind) >= 5, "{}", kind.word());
            assert!(count(&|p| p.kind == kind && p.half == Half::Develop) >= 2, "{}", kind.word());
            assert!(count(&|p| p.kind == kind && p.half == Half::Held) >= 2, "{}", kind.word());
        }
        assert!(count(&|p| p.constrained) >= 6);
    }
}

//! How the next schedule is found: strategies by name, which take turns. Each sees the same measurements and what the cost model expects
//! of every schedule; a new one is a type and a line in the registry, here or in whoever uses the forge.

use super::point::Point;
use alloc::{boxed::Box, format, vec::Vec};
use core::fmt;
use homeostat_core::error::{Code, Error, Result};
use homeostat_core::list::List;
use homeostat_core::rng::Rng;
use homeostat_solver::mixed::{Dimension, Mixed};

/// What each dimension in which a schedule differs from the best one, beyond the first, adds to the logarithm of its time.
const FAR: f64 = 0.05;
/// How much of what a move has paid so far is expected of it again.
const MOVE_WEIGHT: f64 = 0.5;
/// One in this many mutations looks where nobody has looked: the diversity floor.
const DIVERSE_EVERY: u32 = 3;
/// What is looked at there is not expected to take more than this many times as long as the best one: its logarithm.
const DIVERSE_WITHIN: f64 = 0.7;

/// What a strategy sees.
pub struct View<'a> {
    pub(super) points: &'a [Point],
    pub(super) coefficients: &'a [f64],
    pub(super) told: &'a [(usize, f64)],
    pub(super) seen: &'a [bool],
    pub(super) paid: &'a [f64],
}

impl View<'_> {
    /// How many schedules there are.
    pub fn count(&self) -> usize {
        self.points.len()
    }

    /// Whether a schedule was neither measured nor banned.
    pub fn is_new(&self, number: usize) -> bool {
        self.seen.get(number) == Some(&false)
    }

    /// A schedule's dimensions as numbers: which one, not how much.
    pub fn dimensions(&self, number: usize) -> &[u32] {
        &self.points[number].dims
    }

    /// Schedules of one path read their operands alike.
    pub fn path(&self, number: usize) -> u32 {
        self.points[number].path
    }

    /// The logarithm of the seconds that the cost model expects, refitted to what was measured.
    pub fn expected(&self, number: usize) -> f64 {
        self.points[number].expected(self.coefficients)
    }

    /// What was measured, in order: numbers and seconds, infinite where a schedule failed.
    pub fn told(&self) -> &[(usize, f64)] {
        self.told
    }

    /// The best one that was measured.
    pub fn best(&self) -> Option<(usize, f64)> {
        let finite = self.told.iter().copied().filter(|(_, s)| s.is_finite());
        finite.reduce(|best, next| if next.1 < best.1 { next } else { best })
    }

    /// What changing a dimension has paid on this device, as the logarithm of the gain; 0 where nothing is known.
    pub fn paid(&self, dimension: usize) -> f64 {
        self.paid.get(dimension).copied().unwrap_or(0.0)
    }

    /// In how many dimensions two schedules differ.
    pub fn apart(&self, a: usize, b: usize) -> usize {
        self.dimensions(a).iter().zip(self.dimensions(b)).filter(|(x, y)| x != y).count()
    }

    /// The new schedule with the least finite score.
    pub fn least(&self, mut score: impl FnMut(usize) -> f64) -> Option<usize> {
        let mut least = (f64::INFINITY, None);
        for number in (0..self.count()).filter(|n| self.is_new(*n)) {
            let score = score(number);
            if score < least.0 {
                least = (score, Some(number));
            }
        }
        least.1
    }
}

/// A way to find the next schedule.
pub trait Strategy {
    /// The number of a new schedule; `None` where it has nothing to say now.
    fn propose(&mut self, view: &View) -> Option<usize>;

    /// A schedule was measured, whoever proposed it; infinite seconds stand for a failure.
    fn tell(&mut self, _view: &View, _number: usize, _seconds: f64) {}
}

/// What a strategy begins with.
pub struct Setting {
    /// How many values each dimension has.
    pub dimensions: Vec<u32>,
    /// Of what it draws.
    pub seed: u32,
}

/// Makes a strategy.
pub type Maker = fn(&Setting) -> Box<dyn Strategy>;

/// Strategies by name, and the order in which they take turns.
#[derive(Clone)]
pub struct Strategies {
    known: Vec<(&'static str, Maker)>,
    turns: Vec<usize>,
}

impl Default for Strategies {
    /// `model` twice, then `study`, and every sixth time `mutate`.
    fn default() -> Self {
        let known: Vec<(&'static str, Maker)> = alloc::vec![
            ("model", |_| Box::new(Model)),
            ("study", |s| Box::new(Solver::new(s))),
            ("mutate", |s| Box::new(Mutate { rng: Rng::new(u64::from(s.seed) ^ 0xA5A5), turn: 0 })),
        ];
        Self { known, turns: alloc::vec![0, 0, 1, 0, 2, 1] }
    }
}

impl Strategies {
    /// Those that are built in, by their names in their turns, with commas between them; the usual ones where there is no name.
    pub fn named(names: &str) -> Result<Self> {
        let mut all = Self::default();
        if !names.is_empty() {
            all.take_turns(&names.split(',').collect::<Vec<&str>>())?;
        }
        Ok(all)
    }

    /// Adds a strategy; a name that is known already is refused.
    pub fn register(&mut self, name: &'static str, maker: Maker) -> Result<()> {
        if self.names().any(|known| known == name) {
            return Err(Error::new(Code::InvalidOption, format!("strategy '{name}': it is known already")));
        }
        self.known.push((name, maker));
        Ok(())
    }

    /// Every name.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.known.iter().map(|(name, _)| *name)
    }

    /// Has these strategies take turns, in this order; one may come several times.
    pub fn take_turns(&mut self, names: &[&str]) -> Result<()> {
        let place = |name: &&str| {
            let unknown = || {
                let names: Vec<&str> = self.names().listed();
                let text = format!("strategy '{name}': expected one of {}", names.join(", "));
                Error::new(Code::InvalidOption, text)
            };
            self.names().position(|known| known == *name).ok_or_else(unknown)
        };
        let turns = names.iter().map(place).all_or()?;
        if turns.is_empty() {
            return Err(Error::new(Code::InvalidOption, "strategies: expected at least one"));
        }
        self.turns = turns;
        Ok(())
    }

    /// Those that take turns, made; each once, with the order.
    pub(super) fn make(&self, setting: &Setting) -> (Vec<Box<dyn Strategy>>, Vec<usize>) {
        let mut used: Vec<usize> = Vec::new();
        let mut turns = Vec::new();
        for place in &self.turns {
            let at = used.iter().position(|known| known == place).unwrap_or_else(|| {
                used.push(*place);
                used.len() - 1
            });
            turns.push(at);
        }
        (used.into_iter().map(|place| (self.known[place].1)(setting)).listed(), turns)
    }
}

impl fmt::Debug for Strategies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.turns.iter().map(|place| self.known[*place].0);
        f.debug_list().entries(names).finish()
    }
}

/// By name: two with the same names in the same turns are taken for the same.
impl PartialEq for Strategies {
    fn eq(&self, other: &Self) -> bool {
        self.turns == other.turns && self.names().eq(other.names())
    }
}

/// What the cost model expects to be fastest, corrected by what it gets wrong of each path, not far from the best.
struct Model;

impl Strategy for Model {
    fn propose(&mut self, view: &View) -> Option<usize> {
        let off = off(view);
        let best = view.best().map(|(number, _)| number);
        view.least(|i| {
            let apart = best.map_or(0, |best| view.apart(i, best));
            view.expected(i) + off[view.path(i) as usize] + FAR * apart.saturating_sub(1) as f64
        })
    }
}

/// What the model gets wrong of each path, shrunk towards nothing.
fn off(view: &View) -> Vec<f64> {
    let paths = (0..view.count()).map(|i| view.path(i) as usize + 1).max().unwrap_or(0);
    let mut off = alloc::vec![(0.0, 1.0); paths];
    for (i, seconds) in view.told.iter().filter(|(_, s)| s.is_finite()) {
        let (sum, n) = &mut off[view.path(*i) as usize];
        *sum += libm::log(*seconds) - view.expected(*i);
        *n += 1.0;
    }
    off.into_iter().map(|(sum, n)| sum / n).listed()
}

/// The solver's strategy for choices, which knows nothing of what schedules cost: it saves the search where the model is wrong.
struct Solver {
    study: Mixed,
}

impl Solver {
    fn new(setting: &Setting) -> Self {
        let dimensions = setting.dimensions.iter().map(|n| Dimension::Categorical { options: *n }).listed();
        Self { study: Mixed::new(dimensions, u64::from(setting.seed)) }
    }
}

impl Strategy for Solver {
    /// The new schedule nearest to what the study asks for.
    fn propose(&mut self, view: &View) -> Option<usize> {
        let wanted = self.study.ask(&[])?;
        let apart = |i: usize| view.points[i].values.iter().zip(&wanted).filter(|(a, b)| a != b).count();
        let found = view.least(|i| apart(i) as f64 * 10.0 + view.expected(i) * 1e-3);
        if found.is_none_or(|i| apart(i) > 0) {
            // There is no such schedule: what is measured instead is told as its own.
            self.study.tell(&wanted, f64::NAN);
        }
        found
    }

    fn tell(&mut self, view: &View, number: usize, seconds: f64) {
        // What is not a number stands for a failure.
        let value = if seconds.is_finite() { libm::log(seconds) } else { f64::NAN };
        self.study.tell(&view.points[number].values, value);
    }
}

/// The architect's: the best one with one or two dimensions changed, those first that paid on this device; and now and then what is least
/// like anything that was measured.
struct Mutate {
    rng: Rng,
    turn: u32,
}

impl Strategy for Mutate {
    fn propose(&mut self, view: &View) -> Option<usize> {
        let (best, seconds) = view.best()?;
        self.turn += 1;
        if self.turn.is_multiple_of(DIVERSE_EVERY) {
            let most = libm::log(seconds) + DIVERSE_WITHIN;
            let near = |i: usize| view.told.iter().map(|(t, _)| view.apart(i, *t)).min().unwrap_or(0) as f64;
            let fresh = view.least(|i| if view.expected(i) > most { f64::INFINITY } else { -near(i) });
            if fresh.is_some() {
                return fresh;
            }
        }
        let off = off(view);
        view.least(|i| {
            if view.apart(i, best) > 2 {
                return f64::INFINITY;
            }
            let changed = view.dimensions(i).iter().zip(view.dimensions(best)).enumerate();
            let paid: f64 = changed.filter(|(_, (a, b))| a != b).map(|(d, _)| view.paid(d)).sum();
            // Equals are drawn.
            let chance = (self.rng.next_u64() >> 11) as f64 * 1e-20;
            view.expected(i) + off[view.path(i) as usize] - MOVE_WEIGHT * paid + chance
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Last;

    impl Strategy for Last {
        fn propose(&mut self, view: &View) -> Option<usize> {
            (0..view.count()).rev().find(|n| view.is_new(*n))
        }
    }

    #[test]
    fn a_strategy_of_ones_own_takes_its_turns() {
        let mut all = Strategies::default();
        assert_eq!(all.take_turns(&["last"]).unwrap_err().code, Code::InvalidOption);
        all.register("last", |_| Box::new(Last)).unwrap();
        assert_eq!(all.register("last", |_| Box::new(Last)).unwrap_err().code, Code::InvalidOption);
        all.take_turns(&["last", "model", "last"]).unwrap();
        assert_eq!(format!("{all:?}"), r#"["last", "model", "last"]"#);
        let (made, turns) = all.make(&Setting { dimensions: Vec::new(), seed: 1 });
        assert_eq!((made.len(), turns), (2, alloc::vec![0, 1, 0]));
        assert_ne!(all, Strategies::default());
        assert!(all.take_turns(&[]).is_err());
    }
}

//! What to try next beside other schedules: other graphs for the same numbers (`plan::Rewrite`); and what has paid on a device so far.
//!
//! Lessons are lists of numbers by topic, kept in the library with the device that taught them, so that a later life and a device of the
//! same kind begin with them: coefficients of the cost model for each kind of work, and for each dimension of its schedules and each kind
//! of rewriting how often it was tried and what it paid, as the sum of the logarithms of the gains. A field report counts like a try.
//!
//! Rewritings are tried in the order of what is expected of them, but every third time it is the turn of the kind that was tried least:
//! the diversity floor. Each is proven against the oracle of the blueprint that was asked for, and compared in interleaved pairs of whole
//! runs, before it answers.

use crate::plan::{Rewrite, Work};
use crate::schedule::Schedule;
use alloc::{vec, vec::Vec};
use homeostat_core::list::List;

/// One in this many picks is of the kind that was tried least.
const DIVERSE_EVERY: usize = 3;
/// Tries that the expectation of nothing is worth.
const DOUBT: f64 = 2.0;
/// How much is hoped for of a kind that was never tried: five per cent.
const HOPE: f64 = 0.05;
/// Older lessons count for less: at most so many tries are remembered.
const TRIES_MAX: f64 = 200.0;

/// What lessons are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Coefficients of the cost model, and before them how many measurements they rest on; by the kind of work.
    Model(usize),
    /// What changing each dimension of a schedule paid; by the kind of work.
    Moves(usize),
    /// What a kind of rewriting paid.
    Rewrite(Rewrite),
}

/// Kinds of work that have cost models of their own.
pub const WORKS: usize = 3;

/// Which kind a group's work is of.
pub fn work_of(work: &Work) -> usize {
    match work {
        Work::Contract(_) => 0,
        Work::Row(_) => 1,
        Work::Map(_) | Work::Pool(_) => 2,
    }
}

impl Topic {
    /// Its name in the library.
    pub fn name(self) -> &'static str {
        match self {
            Topic::Model(work) => ["model-contract", "model-row", "model-map"][work],
            Topic::Moves(work) => ["moves-contract", "moves-row", "moves-map"][work],
            Topic::Rewrite(rewrite) => match rewrite {
                Rewrite::Split(_) => "rewrite-split",
                Rewrite::Fuse(_) => "rewrite-fuse",
                Rewrite::Layout(_) => "rewrite-layout",
            },
        }
    }

    /// What changing one schedule into another one paid.
    pub fn of_move(from: &Schedule, to: &Schedule, gain: f64) -> Option<(Self, Vec<f64>)> {
        let work = match to {
            Schedule::Contract(_) => 0,
            Schedule::Row(_) => 1,
            Schedule::Map(_) => 2,
        };
        let (a, b) = (from.dimensions(), to.dimensions());
        let changed = (0..b.len()).filter(|d| a.get(*d) != b.get(*d)).count();
        if a.len() != b.len() || changed == 0 {
            return None;
        }
        let each = |d: usize| if a[d] == b[d] { [0.0, 0.0] } else { [1.0, gain / changed as f64] };
        let pairs: Vec<[f64; 2]> = (0..b.len()).map(each).listed();
        Some((Topic::Moves(work), pairs.concat()))
    }

    /// What is known with what was learned now.
    pub fn merged(self, known: Option<&[f64]>, new: &[f64]) -> Vec<f64> {
        let Some(known) = known.filter(|k| k.len() == new.len() && !new.is_empty()) else {
            return new.to_vec();
        };
        if let Topic::Model(_) = self {
            // The means of the coefficients in proportion to the first one's scale, by what they rest on.
            let (n, m) = (known[0].min(TRIES_MAX), new[0]);
            let scale = |of: &[f64]| of[1..].iter().sum::<f64>().max(1e-300);
            let (a, b) = (scale(known), scale(new));
            let mean = |(k, c): (&f64, &f64)| (n * k / a + m * c / b) / (n + m).max(1e-300);
            let mut merged = vec![n + m];
            merged.extend(known[1..].iter().zip(&new[1..]).map(mean));
            return merged;
        }
        let mut merged = Vec::new();
        for (k, c) in known.chunks(2).zip(new.chunks(2)) {
            let keep = if k[0] > TRIES_MAX { TRIES_MAX / k[0] } else { 1.0 };
            merged.extend(k.iter().zip(c).map(|(k, c)| k * keep + c));
        }
        merged
    }
}

/// What something paid.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Paid {
    /// How often it was tried.
    pub tries: f64,
    /// The sum of the logarithms of the gains.
    pub gain: f64,
}

impl Paid {
    /// As it is kept.
    pub fn numbers(self) -> [f64; 2] {
        [self.tries, self.gain]
    }

    /// What one more try is expected to pay; nothing known is nothing expected.
    pub fn expected(self) -> f64 {
        self.gain / (self.tries + DOUBT)
    }
}

/// What is known when a pipeline begins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lessons {
    models: Vec<Option<(Vec<f64>, f64)>>,
    moves: Vec<Vec<f64>>,
    rewrites: [Paid; 3],
}

impl Lessons {
    /// Everything that is known.
    pub fn new(learned: impl Fn(Topic) -> Option<(Vec<f64>, f64)>) -> Self {
        let paid = |numbers: &[f64], trust: f64| Paid {
            tries: numbers.first().copied().unwrap_or(0.0) * trust,
            gain: numbers.get(1).copied().unwrap_or(0.0) * trust,
        };
        let moves = |work| {
            let (numbers, trust) = learned(Topic::Moves(work)).unwrap_or_default();
            numbers.chunks(2).map(|pair| paid(pair, trust).expected()).listed()
        };
        let kinds = [Rewrite::Split(0), Rewrite::Fuse(0), Rewrite::Layout(0)];
        Self {
            models: (0..WORKS).map(|work| learned(Topic::Model(work))).listed(),
            moves: (0..WORKS).map(moves).listed(),
            rewrites: kinds
                .map(|kind| learned(Topic::Rewrite(kind)).map_or(Paid::default(), |(n, t)| paid(&n, t))),
        }
    }

    /// Coefficients of the cost model that were fitted before, and how far they are trusted.
    pub fn model(&self, work: usize) -> Option<(&[f64], f64)> {
        let (numbers, trust) = self.models.get(work)?.as_ref()?;
        let (n, coefficients) = numbers.split_first()?;
        // A search's worth of measurements counts as much as the prior.
        Some((coefficients, trust * n / (n + 22.0)))
    }

    /// What changing each dimension is expected to pay.
    pub fn moves(&self, work: usize) -> Vec<f64> {
        self.moves.get(work).cloned().unwrap_or_default()
    }

    /// These changes, in the order in which to try them.
    pub fn order(&self, mut changes: Vec<Rewrite>) -> Vec<Rewrite> {
        let mut tried = self.rewrites.map(|paid| paid.tries);
        let place = |r: &Rewrite| Rewrite::KINDS.iter().position(|kind| *kind == r.kind()).unwrap_or(0);
        let mut order = Vec::new();
        while !changes.is_empty() {
            let diverse = order.len() % DIVERSE_EVERY == DIVERSE_EVERY - 1;
            let mut best = (f64::NEG_INFINITY, 0);
            for (at, change) in changes.iter().enumerate() {
                let kind = place(change);
                // Of what was hardly tried a little is hoped for.
                let hope = HOPE / (1.0 + tried[kind]);
                let score = if diverse { -tried[kind] } else { self.rewrites[kind].expected() + hope };
                if score > best.0 {
                    best = (score, at);
                }
            }
            let change = changes.remove(best.1);
            tried[place(&change)] += 1.0;
            order.push(change);
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_paid_comes_first_and_what_was_tried_least_is_not_forgotten() {
        let learned = |topic: Topic| match topic {
            Topic::Rewrite(Rewrite::Split(_)) => Some((vec![10.0, -2.0], 1.0)),
            Topic::Rewrite(Rewrite::Fuse(_)) => Some((vec![10.0, 3.0], 1.0)),
            Topic::Rewrite(Rewrite::Layout(_)) => Some((vec![4.0, 0.1], 0.5)),
            _ => None,
        };
        let lessons = Lessons::new(learned);
        let all = vec![
            Rewrite::Split(1),
            Rewrite::Split(2),
            Rewrite::Fuse(3),
            Rewrite::Fuse(4),
            Rewrite::Fuse(5),
            Rewrite::Layout(6),
        ];
        let order = lessons.order(all);
        assert_eq!(order[..3], [Rewrite::Fuse(3), Rewrite::Fuse(4), Rewrite::Layout(6)]);
        assert_eq!(order.len(), 6);
    }

    #[test]
    fn lessons_add_up_and_models_are_averaged() {
        let paid = Topic::Moves(1);
        assert_eq!(paid.merged(None, &[1.0, 0.5]), [1.0, 0.5]);
        assert_eq!(paid.merged(Some(&[2.0, -0.5]), &[1.0, 0.5]), [3.0, 0.0]);
        let model = Topic::Model(0).merged(Some(&[10.0, 2.0, 2.0]), &[10.0, 100.0, 300.0]);
        assert_eq!(model, [20.0, 0.375, 0.625]);
        let learned = |topic| (topic == Topic::Model(0)).then(|| (vec![22.0, 0.375, 0.625], 0.5));
        assert_eq!(Lessons::new(learned).model(0), Some((&[0.375, 0.625][..], 0.25)));
        assert_eq!(Lessons::new(learned).model(1), None);
    }
}

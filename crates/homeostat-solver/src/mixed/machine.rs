//! The ask/tell machine.
use super::{
    acquire::{Search, mutant},
    archive::Archive,
    design,
    fit::Fit,
    layout::{Layout, Rows},
    process::Process,
    seen::{Seen, Taken},
    space::{Dimension, Space},
};
use crate::order::ascending;
use alloc::vec::Vec;
use homeostat_core::list::List;
use homeostat_core::rng::Rng;

/// A first design has two points more than there are axes, within these bounds: with many axes the model learns more from
/// where it looks than from a design that takes half of a small budget.
const DESIGN: (usize, usize) = (6, 14);
/// How many gradients the hyperparameters take when they are looked at.
const GRADIENTS: usize = 5;
/// That is when more than one value in so many is new to them.
const REFIT: u64 = 30;
/// So many of the best points have mutants among the search's first candidates.
const PARENTS: usize = 5;
/// So many pending points, the latest ones, are in the model; none of the others is proposed again either.
const PENDING_MAX: usize = 64;

/// A sequential minimiser over a mixed space. Deterministic by seed: the same calls give the same points.
#[derive(Clone, Debug)]
pub struct Mixed {
    space: Space,
    layout: Layout,
    rng: Rng,
    told: Seen,
    /// What is left of the first design, its next point last.
    design: Vec<Vec<f64>>,
    /// No point of the design is proposed once there are this many values.
    designed: usize,
    archive: Archive,
    fit: Fit,
    model: Option<Model>,
}

/// The process through the archive's first points, as many as it has rows.
#[derive(Clone, Debug)]
struct Model {
    process: Process,
    /// How many values were told when its hyperparameters were last looked at.
    fitted: u64,
}

impl Mixed {
    /// A minimiser over these dimensions.
    pub fn new(dims: Vec<Dimension>, seed: u64) -> Self {
        Self::over(Space::new(dims), seed)
    }

    /// A minimiser over this space.
    pub fn over(space: Space, seed: u64) -> Self {
        let layout = Layout::new(&space);
        let mut rng = Rng::new(seed);
        let designed = (2 + layout.axes.len()).clamp(DESIGN.0, DESIGN.1);
        let mut design = design::points(&space, designed, &mut rng);
        design.reverse();
        let fit = Fit::new(&layout);
        Self {
            space,
            layout,
            rng,
            told: Seen::default(),
            design,
            designed,
            archive: Archive::default(),
            fit,
            model: None,
        }
    }

    /// The next point to evaluate. Never one that was told or is pending while the space has others; `None` when it has
    /// not.
    pub fn ask(&mut self, pending: &[Vec<f64>]) -> Option<Vec<f64>> {
        let pending: Vec<Vec<f64>> = pending.iter().map(|x| self.space.snap(x)).listed();
        let (space, told) = (self.space.clone(), core::mem::take(&mut self.told));
        let taken = Taken::new(&space, &told, pending.iter().map(|x| &x[..]));
        let proposal = self.propose(&pending, &taken);
        self.told = told;
        proposal
    }

    fn propose(&mut self, pending: &[Vec<f64>], taken: &Taken) -> Option<Vec<f64>> {
        if taken.left() == Some(0) {
            return None;
        }
        while self.archive.told() as usize + pending.len() < self.designed {
            let Some(x) = self.design.pop() else { break };
            if !taken.contains(&x) && !self.was_near(&x) {
                return Some(x);
            }
        }
        self.modelled(pending, taken).or_else(|| self.mutated(taken)).or_else(|| taken.fresh(&mut self.rng))
    }

    /// A value at a point, asked or not. One that is not finite stands for a failure, which counts as the worst finite value
    /// told before or after it.
    pub fn tell(&mut self, x: &[f64], y: f64) {
        let x = self.space.snap(x);
        self.told.insert(&self.space, &x);
        if self.archive.push(x, y) {
            self.model = None;
        }
    }

    /// Whether a point was told that differs from `x` by rounding alone, as a given start in the middle may.
    fn was_near(&self, x: &[f64]) -> bool {
        let near = |point: &Vec<f64>| point.iter().zip(x).all(|(a, b)| (a - b).abs() < 1e-9);
        self.archive.points().iter().any(near)
    }

    fn modelled(&mut self, pending: &[Vec<f64>], taken: &Taken) -> Option<Vec<f64>> {
        if self.archive.len() < 2 || self.layout.axes.is_empty() {
            return None;
        }
        let Model { process, fitted } = self.refreshed()?;
        let smoothed: Vec<f64> = (0..process.len()).map(|i| process.smoothed(i)).listed();
        let order = ascending(&smoothed);
        let parents: Vec<&[f64]> =
            order.iter().take(PARENTS).map(|&i| &self.archive.points()[i][..]).listed();
        let believing = (!pending.is_empty()).then(|| self.believing(process.clone(), pending));
        let search = Search {
            space: &self.space,
            layout: &self.layout,
            process: believing.as_ref().unwrap_or(&process),
            taken,
            target: smoothed[order[0]],
        };
        let proposal = search.run(&parents, &mut self.rng);
        self.model = Some(Model { process, fitted });
        proposal
    }

    /// The model with every value told so far. Hyperparameters are followed at every value while there are few, and less
    /// often the more there are, so that the cost of a proposal stays level.
    fn refreshed(&mut self) -> Option<Model> {
        let told = self.archive.told();
        if let Some(mut model) = self.model.take()
            && told < model.fitted + 1 + told / REFIT
            && self.extend(&mut model.process)
        {
            return Some(model);
        }
        let mut rows = Rows::new(self.layout.width());
        let mut row = Vec::new();
        for x in self.archive.points() {
            self.layout.encode(x, &mut row);
            rows.push(&row);
        }
        let values = self.archive.seen_values();
        let process = self.fit.climb(&self.layout, &rows, &values, GRADIENTS)?;
        Some(Model { process, fitted: told })
    }

    /// Adds what was told since; `false` where that is too near to what is there.
    fn extend(&self, process: &mut Process) -> bool {
        let mut row = Vec::new();
        for x in &self.archive.points()[process.len()..] {
            self.layout.encode(x, &mut row);
            if !process.push(&row, 0.0) {
                return false;
            }
        }
        process.revalue(&self.archive.seen_values());
        true
    }

    /// The process that takes its own word for what is pending.
    fn believing(&self, mut process: Process, pending: &[Vec<f64>]) -> Process {
        let mut row = Vec::new();
        for x in &pending[pending.len().saturating_sub(PENDING_MAX)..] {
            self.layout.encode(x, &mut row);
            let mean = process.mean(&row);
            process.push(&row, mean);
        }
        process
    }

    fn mutated(&mut self, taken: &Taken) -> Option<Vec<f64>> {
        let best = &self.archive.points()[self.archive.best()?];
        if self.layout.axes.is_empty() {
            return None;
        }
        (0..20).map(|_| mutant(&self.space, best, &mut self.rng)).find(|x| !taken.contains(x))
    }
}

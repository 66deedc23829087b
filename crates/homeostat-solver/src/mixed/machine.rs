//! The ask/tell machine.
use super::{
    acquire::{Aim, Search, mutant},
    design,
    fit::Fit,
    layout::Layout,
    process::Process,
    random,
    seen::Seen,
    settings::Settings,
    space::{Dimension, Space},
    transform::transform,
};
use alloc::vec::Vec;
use homeostat_core::rng::Rng;

/// A sequential minimiser over a mixed space. Deterministic by seed: the same calls give the same points.
#[derive(Clone, Debug)]
pub struct Mixed {
    space: Space,
    layout: Layout,
    settings: Settings,
    rng: Rng,
    seen: Seen,
    design: Vec<Vec<f64>>,
    designed: usize,
    points: Vec<Vec<f64>>,
    values: Vec<f64>,
    fit: Fit,
    turn: usize,
}

impl Mixed {
    /// A minimiser over these dimensions.
    pub fn new(dims: Vec<Dimension>, seed: u64) -> Self {
        Self::with(dims, seed, Settings::default())
    }

    /// With other numbers.
    pub fn with(dims: Vec<Dimension>, seed: u64, settings: Settings) -> Self {
        let space = Space::new(dims);
        let layout = Layout::new(&space);
        let mut rng = Rng::new(seed);
        let designed = ((2 + layout.axes) as f64 * settings.initial).max(6.0) as usize;
        let mut design = design::points(&space, designed, &mut rng);
        design.reverse();
        let fit = Fit::new(&layout, &settings);
        Self {
            space,
            layout,
            settings,
            rng,
            seen: Seen::default(),
            design,
            designed,
            points: Vec::new(),
            values: Vec::new(),
            fit,
            turn: 0,
        }
    }

    /// The next point to evaluate. Never one that was told or is pending while the space has others; `None` when it has
    /// not.
    pub fn ask(&mut self, pending: &[Vec<f64>]) -> Option<Vec<f64>> {
        let mut seen = self.seen.clone();
        pending.iter().for_each(|x| seen.insert(&self.space, &self.space.snap(x)));
        if seen.left(&self.space) == Some(0) {
            return None;
        }
        while self.values.len() + pending.len() < self.designed {
            let Some(x) = self.design.pop() else { break };
            if !seen.contains(&self.space, &x) {
                return Some(x);
            }
        }
        self.modelled(pending, &seen)
            .or_else(|| self.mutated(&seen))
            .or_else(|| seen.fresh(&self.space, &mut self.rng))
    }

    /// A value at a point, asked or not. A value that is not finite counts as the worst finite one so far.
    pub fn tell(&mut self, x: &[f64], y: f64) {
        let worst = self.values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let y = if y.is_finite() { y } else { worst.max(-f64::MAX) };
        let x = self.space.snap(x);
        self.seen.insert(&self.space, &x);
        self.points.push(x);
        self.values.push(y);
    }

    fn modelled(&mut self, pending: &[Vec<f64>], seen: &Seen) -> Option<Vec<f64>> {
        if self.values.len() < 2 || self.layout.axes == 0 {
            return None;
        }
        self.turn += 1;
        let s = self.settings.clone();
        if s.mutate > 0.0 && self.turn % s.mutate as usize == 0 {
            return None;
        }
        let mut rows = Vec::new();
        self.points.iter().for_each(|x| self.layout.encode(x, &mut rows));
        let z = transform(&self.values, s.transform);
        let mut process = self.fit.climb(&self.layout, &rows, &z, s.gradients as usize)?;
        let mut order: Vec<usize> = (0..z.len()).collect();
        let smoothed: Vec<f64> = (0..z.len()).map(|i| process.smoothed(i)).collect();
        order.sort_by(|&a, &b| smoothed[a].total_cmp(&smoothed[b]));
        let target = smoothed[order[0]];
        self.believe(pending, &mut process);
        let exploit = s.exploit > 0.0 && self.turn % s.exploit as usize == 0;
        let aim = if exploit { Aim::Exploit } else { Aim::Improve(target) };
        let parents: Vec<&[f64]> = order.iter().take(5).map(|&i| &self.points[i][..]).collect();
        let search =
            Search { space: &self.space, layout: &self.layout, process: &process, seen, settings: &s, aim };
        search.run(&parents, &mut self.rng)
    }

    /// Takes the model's word for what is pending.
    fn believe(&self, pending: &[Vec<f64>], process: &mut Process) {
        for x in pending {
            let mut row = Vec::new();
            self.layout.encode(&self.space.snap(x), &mut row);
            let mean = process.mean(&row);
            process.push(&row, mean);
        }
    }

    fn mutated(&mut self, seen: &Seen) -> Option<Vec<f64>> {
        let best = (0..self.values.len()).min_by(|&a, &b| self.values[a].total_cmp(&self.values[b]))?;
        if self.layout.axes == 0 {
            return None;
        }
        let _ = random::unit(&mut self.rng);
        (0..20)
            .map(|_| mutant(&self.space, &self.points[best], &mut self.rng))
            .find(|x| !seen.contains(&self.space, x))
    }
}

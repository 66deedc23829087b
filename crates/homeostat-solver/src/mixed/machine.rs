//! The ask/tell machine.
use super::{design, random, seen::Seen, space::Dimension, space::Space};
use alloc::vec::Vec;
use homeostat_core::rng::Rng;

/// A sequential minimiser over a mixed space. Deterministic by seed: the same calls give the same points.
#[derive(Clone, Debug)]
pub struct Mixed {
    space: Space,
    rng: Rng,
    seen: Seen,
    design: Vec<Vec<f64>>,
    points: Vec<Vec<f64>>,
    values: Vec<f64>,
}

impl Mixed {
    /// A minimiser over these dimensions.
    pub fn new(dims: Vec<Dimension>, seed: u64) -> Self {
        let space = Space::new(dims);
        let mut rng = Rng::new(seed);
        let count = (2 + space.dims().len()).max(6);
        let mut design = design::points(&space, count, &mut rng);
        design.reverse();
        Self { space, rng, seen: Seen::default(), design, points: Vec::new(), values: Vec::new() }
    }

    /// The next point to evaluate. Never one that was told or is pending while the space has others; `None` when it has
    /// not.
    pub fn ask(&mut self, pending: &[Vec<f64>]) -> Option<Vec<f64>> {
        let mut seen = self.seen.clone();
        pending.iter().for_each(|x| seen.insert(&self.space, &self.space.snap(x)));
        while let Some(x) = self.design.pop() {
            if !seen.contains(&self.space, &x) {
                return Some(x);
            }
        }
        self.mutated(&seen).or_else(|| seen.fresh(&self.space, &mut self.rng))
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

    fn mutated(&mut self, seen: &Seen) -> Option<Vec<f64>> {
        let best = (0..self.values.len()).min_by(|&a, &b| self.values[a].total_cmp(&self.values[b]))?;
        for _ in 0..20 {
            let mut x = self.points[best].clone();
            let axis = random::below(&mut self.rng, x.len());
            let other = self.space.random(&mut self.rng);
            for d in 0..x.len() {
                if d == axis || random::below(&mut self.rng, x.len()) == 0 {
                    x[d] = match self.space.dims()[d] {
                        Dimension::Categorical { .. } => other[d],
                        Dimension::Ordered { levels } => {
                            x[d] + random::normal(&mut self.rng) * f64::from(levels).max(4.0) * 0.2
                        }
                        _ => x[d] + random::normal(&mut self.rng) * 0.1,
                    };
                }
            }
            let x = self.space.snap(&x);
            if !seen.contains(&self.space, &x) {
                return Some(x);
            }
        }
        None
    }
}

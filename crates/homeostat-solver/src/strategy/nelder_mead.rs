use super::archive::Archive;
use super::machine::Machine;
use crate::draw;
use crate::order::ascending;
use alloc::{boxed::Box, vec::Vec};
use homeostat_core::real::clamp;
use homeostat_core::rng::Rng;

/// A simplex of this width has ended.
const WIDTH_MIN: f64 = 1e-9;
/// Candidates for the start of a run; the farthest from all that is known is taken.
const CANDIDATES: usize = 10;

type Vertex = (Vec<f64>, f64);

/// What the value that is waited for decides.
#[derive(Clone)]
enum Stage {
    /// A corner of a new or shrunk simplex: those before it are known.
    Corner(usize),
    Reflection,
    /// The reflection was the best so far: is farther even better?
    Expansion(Vertex),
    /// Between the centre and the better of the worst corner and its reflection.
    Contraction {
        limit: f64,
    },
}

/// The simplex search of Nelder and Mead (1965), in a box, started over where it has ended.
///
/// Above four dimensions with the coefficients of Gao and Han, "Implementing the Nelder-Mead simplex algorithm with adaptive
/// parameters" (2012). A point outside the box is moved to its nearest point. A run starts at the best point known, every
/// other one far from all that is known.
#[derive(Clone)]
pub struct NelderMead {
    n: usize,
    size: f64,
    rng: Rng,
    archive: Archive,
    /// Corners, the best first; while a simplex is new or shrunk, in the order in which they are evaluated.
    simplex: Vec<Vertex>,
    stage: Stage,
    asked: Option<Vec<f64>>,
    runs: u32,
}

impl NelderMead {
    /// `size`: how far the corners of a new simplex are from its first one.
    pub fn new(n: usize, size: f64, seed: u64) -> Self {
        let (rng, archive) = (Rng::new(seed), Archive::default());
        Self { n, size, rng, archive, simplex: Vec::new(), stage: Stage::Corner(0), asked: None, runs: 0 }
    }

    /// Reflection, expansion, contraction, shrinking.
    fn coefficients(&self) -> (f64, f64, f64, f64) {
        let n = self.n as f64;
        if self.n > 4 { (1.0, 1.0 + 2.0 / n, 0.75 - 0.5 / n, 1.0 - 1.0 / n) } else { (1.0, 2.0, 0.5, 0.5) }
    }

    fn restart(&mut self) {
        let (best, global) = (self.archive.best().cloned(), self.runs % 2 == 1);
        let (start, known) = match best {
            Some((best, y)) if !global => (best, Some(y)),
            Some(_) => (self.far_away(), None),
            None => (alloc::vec![0.5; self.n], None),
        };
        // A run around what is known to be good looks closer each time.
        let shorter = if global { 1.0 } else { 1.0 / f64::from(1 + self.runs / 2) };
        let step = self.size * shorter;
        self.runs += 1;
        self.simplex = (0..=self.n)
            .map(|corner| {
                let mut x = start.clone();
                if let Some(d) = corner.checked_sub(1) {
                    let way = if x[d] + step > 1.0 { -1.0 } else { self.rng.sign() };
                    x[d] = if x[d] + way * step < 0.0 { x[d] + step } else { x[d] + way * step };
                }
                (x, known.unwrap_or(f64::INFINITY))
            })
            .collect();
        self.stage = Stage::Corner(usize::from(known.is_some()));
    }

    fn far_away(&mut self) -> Vec<f64> {
        let mut farthest = (f64::NEG_INFINITY, Vec::new());
        for _ in 0..CANDIDATES {
            let x: Vec<f64> = (0..self.n).map(|_| draw::uniform(&mut self.rng)).collect();
            let distance = self.archive.emptiness(&x);
            if distance > farthest.0 {
                farthest = (distance, x);
            }
        }
        farthest.1
    }

    /// The point at `t` times the way from the centre of all corners but the worst to that one's mirror image.
    fn along(&self, t: f64) -> Vec<f64> {
        let (worst, others) = (&self.simplex[self.n].0, &self.simplex[..self.n]);
        let coordinate = |d: usize| {
            let centre = others.iter().map(|(x, _)| x[d]).sum::<f64>() / self.n as f64;
            clamp(centre + t * (centre - worst[d]), 0.0, 1.0)
        };
        (0..self.n).map(coordinate).collect()
    }

    /// What to ask once every corner has its value.
    fn begin(&mut self) {
        let order = ascending(&self.simplex.iter().map(|(_, y)| *y).collect::<Vec<f64>>());
        self.simplex = order.into_iter().map(|i| core::mem::take(&mut self.simplex[i])).collect();
        let (best, worst) = (&self.simplex[0], &self.simplex[self.n]);
        let width = self.simplex.iter().flat_map(|(x, _)| x.iter().zip(&best.0).map(|(a, b)| (a - b).abs()));
        let flat = worst.1 - best.1 <= 1e-14 * best.1.abs();
        if flat || width.fold(0.0, f64::max) < WIDTH_MIN {
            self.restart();
        } else {
            self.stage = Stage::Reflection;
        }
    }

    fn replace_worst(&mut self, vertex: Vertex) {
        self.simplex[self.n] = vertex;
        self.begin();
    }

    fn reflected(&mut self, vertex: Vertex) {
        let (best, second, worst) = (self.simplex[0].1, self.simplex[self.n - 1].1, self.simplex[self.n].1);
        if vertex.1 < best {
            self.stage = Stage::Expansion(vertex);
        } else if vertex.1 < second {
            self.replace_worst(vertex);
        } else {
            let outside = vertex.1 < worst;
            let limit = if outside { vertex.1 } else { worst };
            if outside {
                // Contracting from the mirror image is contracting with it as the worst corner, on the other side.
                self.simplex[self.n] = vertex;
            }
            self.stage = Stage::Contraction { limit };
        }
    }

    fn shrink(&mut self) {
        let (_, _, _, shrinking) = self.coefficients();
        let best = self.simplex[0].0.clone();
        for (x, _) in &mut self.simplex[1..] {
            x.iter_mut().zip(&best).for_each(|(x, b)| *x = b + shrinking * (*x - b));
        }
        self.stage = Stage::Corner(1);
    }
}

impl Machine for NelderMead {
    fn name(&self) -> &'static str {
        "nelder-mead"
    }

    fn phase(&self) -> &'static str {
        match self.stage {
            Stage::Corner(_) => "new simplex",
            _ => "simplex",
        }
    }

    fn startup(&self) -> u32 {
        2 * self.n as u32
    }

    fn ask(&mut self) -> &[f64] {
        if self.asked.is_none() {
            if self.simplex.is_empty() {
                self.restart();
            }
            let (reflection, expansion, contraction, _) = self.coefficients();
            self.asked = Some(match &self.stage {
                Stage::Corner(corner) => self.simplex[*corner].0.clone(),
                Stage::Reflection => self.along(reflection),
                Stage::Expansion(_) => self.along(expansion),
                Stage::Contraction { .. } => self.along(-contraction),
            });
        }
        self.asked.as_deref().unwrap_or_default()
    }

    fn tell(&mut self, y: f64) {
        self.ask();
        let Some(x) = self.asked.take() else { return };
        self.archive.insert(&x, y);
        match self.stage.clone() {
            Stage::Corner(corner) => {
                self.simplex[corner].1 = y;
                if corner < self.n { self.stage = Stage::Corner(corner + 1) } else { self.begin() }
            }
            Stage::Reflection => self.reflected((x, y)),
            Stage::Expansion(reflection) => {
                self.replace_worst(if y < reflection.1 { (x, y) } else { reflection })
            }
            Stage::Contraction { limit } if y < limit => self.replace_worst((x, y)),
            Stage::Contraction { .. } => self.shrink(),
        }
    }

    fn observe(&mut self, x: &[f64], y: f64) {
        self.archive.insert(x, y);
    }

    fn predict(&self, x: &[f64]) -> f64 {
        self.archive.nearest_value(x)
    }

    fn fork(&self) -> Box<dyn Machine> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn least(machine: &mut NelderMead, evaluations: usize, f: impl Fn(&[f64]) -> f64) -> f64 {
        let mut least = f64::INFINITY;
        for _ in 0..evaluations {
            let x = machine.ask().to_vec();
            assert!(x.iter().all(|u| (0.0..=1.0).contains(u)), "{x:?}");
            let y = f(&x);
            least = least.min(y);
            machine.tell(y);
        }
        least
    }

    #[test]
    fn finds_the_bottom_of_a_bent_valley_also_at_the_border() {
        let rosenbrock = |x: &[f64]| {
            let (a, b) = (4.0 * x[0] - 2.0, 4.0 * x[1] - 2.0);
            100.0 * (b - a * a) * (b - a * a) + (1.0 - a) * (1.0 - a)
        };
        assert!(least(&mut NelderMead::new(2, 0.15, 3), 300, rosenbrock) < 1e-10);
        let corner = |x: &[f64]| x.iter().map(|u| (u + 0.5) * (u + 0.5)).sum::<f64>();
        assert!(least(&mut NelderMead::new(3, 0.15, 3), 400, corner) - 0.75 < 1e-9);
    }

    #[test]
    fn starts_over_and_leaves_a_poor_valley() {
        let two = |x: &[f64]| {
            let bowl = |c: f64, depth: f64| depth + 9.0 * x.iter().map(|u| (u - c) * (u - c)).sum::<f64>();
            bowl(0.3, 0.5).min(bowl(0.85, 0.0))
        };
        for seed in 0..5 {
            let mut machine = NelderMead::new(2, 0.15, seed);
            assert!(least(&mut machine, 800, two) < 1e-6, "seed {seed}");
        }
    }

    #[test]
    fn many_dimensions_converge_with_adaptive_coefficients() {
        let bowl =
            |x: &[f64]| x.iter().enumerate().map(|(i, u)| (1 + i) as f64 * (u - 0.4) * (u - 0.4)).sum();
        assert!(least(&mut NelderMead::new(10, 0.15, 1), 1500, bowl) < 1e-4);
    }
}

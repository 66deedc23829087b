//! Where to evaluate next, given the model: the largest expected improvement, by a search over the mixed space that costs
//! nothing but time.
use super::{layout::Layout, process::Process, random, seen::Taken, space::Dimension, space::Space};
use crate::order::ascending;
use alloc::vec::Vec;
use homeostat_core::list::List;
use homeostat_core::rng::Rng;

/// Spaces of at most so many points are searched whole.
const WHOLE: u64 = 400;
/// The first candidates.
const POOL: usize = 200;
/// Of which so many are mutants of good points; the others are random.
const MUTANTS: usize = 160;
/// From so many of the best candidates a climb starts.
const CLIMBS: usize = 5;
/// The steps of a climb.
const STEPS: usize = 80;

/// A search's view of the model.
pub struct Search<'a> {
    pub space: &'a Space,
    pub layout: &'a Layout,
    pub process: &'a Process,
    pub taken: &'a Taken<'a>,
    /// What is to be improved on, as the model sees it.
    pub target: f64,
}

impl Search<'_> {
    /// The logarithm of the expected improvement.
    fn score(&self, x: &[f64]) -> f64 {
        let mut row = Vec::new();
        self.layout.encode(x, &mut row);
        let (mean, deviation) = self.process.predict(&row);
        libm::log(deviation) + log_improvement((self.target - mean) / deviation)
    }

    /// The best point found that was not taken. `parents` are good points, the best first.
    pub fn run(&self, parents: &[&[f64]], rng: &mut Rng) -> Option<Vec<f64>> {
        if let Some(size) = self.space.size().filter(|&size| size <= WHOLE) {
            return self.whole(size);
        }
        let mut pool = self.pool(parents, rng);
        let order = ascending(&pool.iter().map(|(score, _)| -score).listed());
        let starts = order.into_iter().take(CLIMBS);
        let climbs = starts.map(|at| {
            let (score, x) = core::mem::take(&mut pool[at]);
            self.climb(score, x, rng)
        });
        better(climbs)
    }

    fn whole(&self, size: u64) -> Option<Vec<f64>> {
        let free = (0..size).map(|i| self.space.point(i)).filter(|x| !self.taken.contains(x));
        better(free.map(|x| (self.score(&x), x)))
    }

    fn pool(&self, parents: &[&[f64]], rng: &mut Rng) -> Vec<(f64, Vec<f64>)> {
        let mutants = if parents.is_empty() { 0 } else { MUTANTS };
        let mut pool = Vec::with_capacity(POOL);
        for i in 0..POOL {
            let x = if i < mutants {
                // Half of the mutants are of the best point, a quarter of the second, and so on.
                let rank = (rng.next_u64().trailing_zeros() as usize).min(parents.len() - 1);
                mutant(self.space, parents[rank], rng)
            } else {
                self.space.random(rng)
            };
            if !self.taken.contains(&x) {
                pool.push((self.score(&x), x));
            }
        }
        pool
    }

    fn climb(&self, mut score: f64, mut x: Vec<f64>, rng: &mut Rng) -> (f64, Vec<f64>) {
        let mut size = 0.1;
        for _ in 0..STEPS {
            let mut next = x.clone();
            move_axis(self.space, &mut next, size, rng);
            if random::below(rng, 3) == 0 {
                move_axis(self.space, &mut next, size, rng);
            }
            let next = self.space.snap(&next);
            if next == x || self.taken.contains(&next) {
                size *= 0.95;
                continue;
            }
            let reached = self.score(&next);
            if reached > score {
                (score, x) = (reached, next);
                size = (size * 1.6).min(0.3);
            } else {
                size = (size * 0.87).max(1e-4);
            }
        }
        (score, x)
    }
}

/// The first of those with the largest score.
fn better(scored: impl Iterator<Item = (f64, Vec<f64>)>) -> Option<Vec<f64>> {
    scored.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|best| best.1)
}

/// Moves one random axis by about `size`.
fn move_axis(space: &Space, x: &mut [f64], size: f64, rng: &mut Rng) {
    let axis = random::below(rng, x.len());
    let step = random::normal(rng) * size;
    x[axis] = match space.dims()[axis] {
        Dimension::Categorical { options } if options > 1 => {
            let other = (x[axis] as usize + 1 + random::below(rng, options as usize - 1)) % options as usize;
            other as f64
        }
        Dimension::Ordered { levels } => {
            let far = step * f64::from(levels.max(1) - 1);
            x[axis] + if far < 0.0 { libm::floor(far) } else { libm::ceil(far) }
        }
        _ => x[axis] + step,
    };
}

/// A valid point near another: one axis or a few moved, by a size of any order.
pub fn mutant(space: &Space, parent: &[f64], rng: &mut Rng) -> Vec<f64> {
    let mut x = parent.to_vec();
    let size = libm::exp(-5.0 * random::unit(rng)) * 0.4;
    move_axis(space, &mut x, size, rng);
    while random::below(rng, 5) < 2 {
        move_axis(space, &mut x, size, rng);
    }
    space.snap(&x)
}

/// log(φ(z) + z Φ(z)), the logarithm of the expected improvement in standard deviations (Ament and others 2023).
fn log_improvement(z: f64) -> f64 {
    const HALF_LOG_TAU: f64 = 0.918_938_533_204_672_7;
    if z < -20.0 {
        let square = z * z;
        return -0.5 * square - HALF_LOG_TAU - libm::log(square)
            + libm::log1p((15.0 / square - 3.0) / square);
    }
    let density = libm::exp(-0.5 * z * z - HALF_LOG_TAU);
    let below = 0.5 * libm::erfc(-z * core::f64::consts::FRAC_1_SQRT_2);
    libm::log((density + z * below).max(1e-300))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mixed::{fit::Fit, layout::Rows, seen::Seen};
    use alloc::vec;

    /// ∫ (z - t)⁺ φ(t) dt by the trapezoidal rule.
    fn by_quadrature(z: f64) -> f64 {
        let (step, from) = (1e-3, z - 30.0);
        let at = |i: i32| {
            let t = from + step * f64::from(i);
            (z - t) * libm::exp(-0.5 * t * t) / libm::sqrt(2.0 * core::f64::consts::PI)
        };
        (0..30_000).map(at).sum::<f64>() * step
    }

    #[test]
    fn expected_improvement_agrees_with_its_integral() {
        for z in [-21.0, -19.0, -12.0, -5.0, -1.0, 0.0, 0.5, 3.0, 9.0] {
            let (got, wanted) = (log_improvement(z), libm::log(by_quadrature(z)));
            assert!((got - wanted).abs() < 2e-4, "{z}: {got} is not {wanted}");
        }
    }

    fn process(space: &Space, layout: &Layout, points: &[Vec<f64>]) -> Process {
        let mut rows = Rows::new(layout.width());
        let mut row = Vec::new();
        for x in points {
            layout.encode(x, &mut row);
            rows.push(&row);
        }
        let values: Vec<f64> =
            points.iter().map(|x| (x[0] - 3.0) * (x[0] - 3.0) * 0.2 + x[1] - 1.0).collect();
        assert!(points.iter().all(|x| space.snap(x) == *x));
        Process::new(Fit::new(layout).kernel(layout), &rows, &values).expect("distinct points")
    }

    #[test]
    fn finds_what_trying_every_point_finds() {
        // The second space is too large to be searched whole by `run`, and small enough for the test.
        for levels in [9, 900] {
            let dims = vec![Dimension::Ordered { levels }, Dimension::Categorical { options: 3 }];
            let space = Space::new(dims);
            let layout = Layout::new(&space);
            let mut rng = Rng::new(4);
            let points: Vec<Vec<f64>> = (0..6).map(|_| space.random(&mut rng)).collect();
            let process = process(&space, &layout, &points);
            let mut told = Seen::default();
            points.iter().for_each(|x| told.insert(&space, x));
            let taken = Taken::new(&space, &told, core::iter::empty());
            let search =
                Search { space: &space, layout: &layout, process: &process, taken: &taken, target: -0.5 };
            let found = search.run(&[&points[0]], &mut rng).unwrap();
            let all = (0..space.size().unwrap()).map(|i| space.point(i)).filter(|x| !points.contains(x));
            let most = all.map(|x| search.score(&x)).fold(f64::NEG_INFINITY, f64::max);
            assert!(search.score(&found) > most - 1e-3, "{} of {most}", search.score(&found));
        }
    }

    #[test]
    fn nothing_is_left_of_a_small_space() {
        let space = Space::new(vec![Dimension::Ordered { levels: 4 }, Dimension::Categorical { options: 1 }]);
        let layout = Layout::new(&space);
        let points: Vec<Vec<f64>> = (0..4).map(|i| space.point(i)).collect();
        let process = process(&space, &layout, &points);
        let told = Seen::default();
        let taken = Taken::new(&space, &told, points.iter().map(|x| &x[..]));
        let search = Search { space: &space, layout: &layout, process: &process, taken: &taken, target: 0.0 };
        assert_eq!(search.run(&[], &mut Rng::new(1)), None);
    }
}

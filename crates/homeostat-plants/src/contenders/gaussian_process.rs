//! A Gaussian process over the last 64 block means, with a kernel in settings and time and a common-mode kernel for
//! what no knob explains. Probes go where the cost may be lowest; every fifth block moves to the best candidate that is
//! better than the baseline with some confidence (a safe set in the sense of SafeOpt).

use super::literal::{Executor, Strategy, Verdict, settling_windows};
use crate::contender::{Setup, Window};
use crate::rng::Rng;
use crate::stats::mean;
use crate::{KNOBS_MAX, Setting};

const HISTORY_MAX: usize = 64;
const HISTORY_MIN: usize = 8;
const CANDIDATES: usize = 24;
const MOVE_EVERY: u64 = 5;
const SIGNAL_VARIANCE: f64 = 0.09;
const LENGTH_SCALE: f64 = 0.35;
const SIGNAL_TIME_S: f64 = 300.0;
const COMMON_TIME_S: f64 = 30.0;
const COMMON_VARIANCE_MIN: f64 = 0.01;

/// The mean of the log objective over a block of windows.
#[derive(Clone, Copy)]
struct Block {
    setting: Setting,
    value: f64,
    time_s: f64,
}

/// Predicted difference of the log cost to the baseline's.
struct Difference {
    mean: f64,
    sd: f64,
}

pub struct GaussianProcess {
    rng: Rng,
    settle: usize,
    block_windows: usize,
    level: Option<f64>,
    previous: Option<f64>,
    noise_variance: f64,
    skipped: usize,
    seen: Vec<f64>,
    history: Vec<Block>,
    blocks: u64,
}

fn kernel(knobs: usize, a: &Setting, a_s: f64, b: &Setting, b_s: f64) -> f64 {
    let squared: f64 = (0..knobs)
        .map(|i| {
            let z = (a[i] - b[i]) / LENGTH_SCALE;
            z * z
        })
        .sum();
    SIGNAL_VARIANCE * libm::exp(-0.5 * squared) * libm::exp(-(a_s - b_s).abs() / SIGNAL_TIME_S)
}

/// A lower triangular factor, row by row.
struct Cholesky {
    n: usize,
    rows: Vec<f64>,
}

impl Cholesky {
    /// Factors the symmetric matrix given by its lower triangle.
    fn factor(n: usize, entry: impl Fn(usize, usize) -> f64) -> Self {
        let mut l = vec![0.0; n * n];
        for j in 0..n {
            for i in j..n {
                let dot: f64 = (0..j).map(|k| l[i * n + k] * l[j * n + k]).sum();
                l[i * n + j] = entry(i, j) - dot;
            }
            let pivot = l[j * n + j].max(1e-9).sqrt();
            for i in j..n {
                l[i * n + j] /= pivot;
            }
        }
        Self { n, rows: l }
    }

    /// Solves `L x = b` in place.
    fn solve(&self, b: &mut [f64]) {
        for i in 0..self.n {
            let row = &self.rows[i * self.n..i * self.n + i];
            let dot: f64 = row.iter().zip(&*b).map(|(l, x)| l * x).sum();
            b[i] = (b[i] - dot) / self.rows[i * self.n + i];
        }
    }
}

/// The process conditioned on the history, ready to compare candidates with the baseline.
struct Posterior<'a> {
    knobs: usize,
    history: &'a [Block],
    factor: Cholesky,
    residual: Vec<f64>,
    baseline: Setting,
    baseline_weights: Vec<f64>,
    now_s: f64,
}

impl<'a> Posterior<'a> {
    fn new(process: &'a GaussianProcess, executor: &Executor) -> Self {
        let knobs = executor.knobs();
        let history = &process.history[..];
        let n = history.len();
        let centre = history.iter().map(|block| block.value).sum::<f64>() / n as f64;
        let common = process.noise_variance.max(1e-5) + COMMON_VARIANCE_MIN;
        let independent = process.noise_variance / process.block_windows as f64 + 1e-5;
        let factor = Cholesky::factor(n, |i, j| {
            let (a, b) = (&history[i], &history[j]);
            let mode = common * libm::exp(-(a.time_s - b.time_s).abs() / COMMON_TIME_S);
            let signal = kernel(knobs, &a.setting, a.time_s, &b.setting, b.time_s);
            signal + mode + if i == j { independent } else { 0.0 }
        });
        let mut residual: Vec<f64> = history.iter().map(|block| block.value - centre).collect();
        factor.solve(&mut residual);
        let (baseline, now_s) = (executor.baseline(), executor.now_s());
        let mut posterior =
            Self { knobs, history, factor, residual, baseline, baseline_weights: Vec::new(), now_s };
        posterior.baseline_weights = posterior.weights(&baseline);
        posterior
    }

    fn weights(&self, at: &Setting) -> Vec<f64> {
        let covariance = |block: &Block| kernel(self.knobs, &block.setting, block.time_s, at, self.now_s);
        let mut weights: Vec<f64> = self.history.iter().map(covariance).collect();
        self.factor.solve(&mut weights);
        weights
    }

    fn difference(&self, candidate: &Setting) -> Difference {
        let prior = kernel(self.knobs, candidate, self.now_s, &self.baseline, self.now_s);
        let (mut mean, mut variance) = (0.0, 2.0 * SIGNAL_VARIANCE - 2.0 * prior);
        let weights = self.weights(candidate);
        for ((at, from), residual) in weights.iter().zip(&self.baseline_weights).zip(&self.residual) {
            mean += (at - from) * residual;
            variance -= (at - from) * (at - from);
        }
        Difference { mean, sd: variance.max(1e-9).sqrt() }
    }
}

impl GaussianProcess {
    pub fn new(setup: &Setup<'_>) -> Self {
        Self {
            rng: Rng::new(setup.seed),
            settle: settling_windows(setup.lag_s, 1.0, 1),
            block_windows: if setup.lag_s > 1.0 { 16 } else { 3 },
            level: None,
            previous: None,
            noise_variance: 0.01,
            skipped: 0,
            seen: Vec::new(),
            history: Vec::with_capacity(HISTORY_MAX + 1),
            blocks: 0,
        }
    }

    /// Collects windows after settling; true once a block is complete.
    fn observe(&mut self, y: f64, executor: &Executor) -> bool {
        // The first window defines the level, so it is no measurement of the noise.
        let first = self.level.is_none();
        let level = *self.level.get_or_insert(y.abs().max(1e-9));
        let y = libm::log((y / level).clamp(0.1, 10.0));
        if let Some(previous) = self.previous {
            let half_square = 0.5 * (y - previous) * (y - previous);
            self.noise_variance +=
                0.01 * (half_square.min(4.0 * self.noise_variance + 1e-4) - self.noise_variance);
        }
        self.previous = (!first).then_some(y);
        if self.skipped < self.settle {
            self.skipped += 1;
            return false;
        }
        self.seen.push(y);
        if self.seen.len() < self.block_windows {
            return false;
        }
        let value = mean(&self.seen);
        self.seen.clear();
        self.skipped = 0;
        self.history.push(Block { setting: executor.live(), value, time_s: executor.now_s() });
        if self.history.len() > HISTORY_MAX {
            self.history.remove(0);
        }
        self.blocks += 1;
        true
    }

    fn random_offset(&mut self, knobs: usize, radius: f64) -> Setting {
        let mut offset = [0.0; KNOBS_MAX];
        offset[..knobs].fill_with(|| radius * self.rng.symmetric());
        offset
    }

    fn move_to(&self, candidate: &Setting, executor: &mut Executor) {
        let before = executor.baseline();
        let mut wanted = before;
        for knob in 0..executor.knobs() {
            wanted[knob] += executor.affordable(knob, candidate[knob] - before[knob]);
        }
        if executor.propose_centred(&wanted) == Verdict::Applied {
            executor.certify(before);
        }
    }
}

impl Strategy for GaussianProcess {
    fn step(&mut self, window: &Window, executor: &mut Executor) {
        if executor.frozen() {
            self.seen.clear();
            return;
        }
        if !self.observe(window.objective, executor) {
            return;
        }
        let knobs = executor.knobs();
        let amplitude = executor.limits().probe_amplitude;
        if self.history.len() < HISTORY_MIN {
            let offset = self.random_offset(knobs, amplitude);
            executor.probe(&offset);
            return;
        }
        let moving = self.blocks.is_multiple_of(MOVE_EVERY);
        let radius = if moving { executor.limits().max_delta } else { amplitude };
        let baseline = executor.baseline();
        // Candidates are drawn before the posterior borrows the history; every fourth of a move's is closer.
        let candidates: Vec<Setting> = (0..CANDIDATES)
            .map(|c| {
                let radius = if moving && c % 4 == 0 { 0.5 * radius } else { radius };
                let offset = self.random_offset(knobs, radius);
                std::array::from_fn(|i| {
                    if i < knobs { (baseline[i] + offset[i]).clamp(0.0, 1.0) } else { baseline[i] }
                })
            })
            .collect();
        let posterior = Posterior::new(self, executor);
        let mut best = (f64::INFINITY, baseline);
        for candidate in &candidates {
            let difference = posterior.difference(candidate);
            // A move must be better beyond doubt; a probe may look where it might be.
            let score = difference.mean + difference.sd * if moving { 0.5 } else { -1.5 };
            if score < best.0 {
                best = (score, *candidate);
            }
        }
        if moving {
            if best.0 < 0.0 {
                self.move_to(&best.1, executor);
            }
            return;
        }
        let mut offset = [0.0; KNOBS_MAX];
        for knob in 0..knobs {
            offset[knob] = (best.1[knob] - baseline[knob]).clamp(-amplitude, amplitude);
        }
        executor.probe(&offset);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_reproduces_its_matrix() {
        let matrix = [[4.0, 2.0, 0.6], [2.0, 5.0, 1.0], [0.6, 1.0, 3.0]];
        let factor = Cholesky::factor(3, |i, j| matrix[i][j]);
        for (i, row) in matrix.iter().enumerate() {
            for (j, expected) in row.iter().enumerate() {
                let product: f64 = (0..3).map(|k| factor.rows[i * 3 + k] * factor.rows[j * 3 + k]).sum();
                assert!((product - expected).abs() < 1e-12);
            }
        }
        let mut b = [8.0, 11.0, 6.0];
        let expected = b;
        factor.solve(&mut b);
        for i in 0..3 {
            let product: f64 = (0..=i).map(|k| factor.rows[i * 3 + k] * b[k]).sum();
            assert!((product - expected[i]).abs() < 1e-12);
        }
    }
}

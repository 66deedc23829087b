//! SPSA within the probe tube: constant gain, antithetic probe pairs around the baseline, and a move only where the
//! averaged gradient stands out of its own spread.

use super::literal::{Executor, Strategy, Verdict, settling_windows};
use crate::contender::{Setup, Window};
use crate::rng::Rng;
use crate::{KNOBS_MAX, Setting};

/// Step per unit of relative gradient.
const GAIN: f64 = 0.03;
/// Pairs before the first move.
const PAIRS_MIN: f64 = 6.0;
/// Variance of the exponentially weighted mean relative to that of one pair.
const AVERAGING: f64 = 0.07;

pub struct SpsaTube {
    rng: Rng,
    settle: usize,
    block: usize,
    level: Option<f64>,
    direction: Setting,
    minus: bool,
    windows: usize,
    sums: [f64; 2],
    gradient: Setting,
    variance: f64,
    pairs: f64,
}

impl SpsaTube {
    pub fn new(setup: &Setup<'_>) -> Self {
        let settle = settling_windows(setup.lag_s, 2.0, 1);
        Self {
            rng: Rng::new(setup.seed),
            settle,
            block: settle + if setup.lag_s > 1.0 { 20 } else { 2 },
            level: None,
            direction: [1.0; KNOBS_MAX],
            minus: false,
            windows: 0,
            sums: [0.0; 2],
            gradient: [0.0; KNOBS_MAX],
            variance: 0.0,
            pairs: 0.0,
        }
    }

    fn start_block(&mut self, executor: &mut Executor) {
        if !self.minus {
            for knob in 0..executor.knobs() {
                self.direction[knob] = self.rng.sign();
            }
            self.sums = [0.0; 2];
        }
        let amplitude = executor.limits().probe_amplitude * if self.minus { -1.0 } else { 1.0 };
        let mut offset = [0.0; KNOBS_MAX];
        for knob in 0..executor.knobs() {
            offset[knob] = amplitude * self.direction[knob];
        }
        executor.probe(&offset);
    }

    fn learn(&mut self, level: f64, executor: &Executor) {
        let measured = (self.block - self.settle) as f64;
        let span = 2.0 * executor.limits().probe_amplitude;
        let slope = (self.sums[0] - self.sums[1]) / measured / level / span;
        self.pairs += 1.0;
        let weight = (1.0 / self.pairs).max(0.05);
        self.variance += weight * (slope * slope - self.variance);
        for knob in 0..executor.knobs() {
            self.gradient[knob] += weight.max(0.12) * (slope * self.direction[knob] - self.gradient[knob]);
        }
    }

    fn descend(&mut self, executor: &mut Executor) {
        let spread = (self.variance * AVERAGING).sqrt();
        let max_step = 0.25 * executor.limits().max_delta;
        let mut wanted = executor.baseline();
        let mut moved = false;
        for knob in 0..executor.knobs() {
            let evidence = (self.gradient[knob] / spread).abs();
            if evidence < 1.5 {
                continue;
            }
            let step = (-GAIN * self.gradient[knob]).clamp(-max_step, max_step);
            let room = executor.room(knob);
            // The last flip of the minute is kept for strong evidence.
            if executor.direction(knob) * step < 0.0 && room.flips == 1 && evidence < 3.0 {
                continue;
            }
            let step = executor.affordable(knob, step);
            if step.abs() > 1e-4 {
                wanted[knob] += step;
                moved = true;
            }
        }
        if moved && executor.propose(&wanted) == Verdict::Applied {
            executor.certify(executor.baseline());
        }
    }
}

impl Strategy for SpsaTube {
    fn step(&mut self, window: &Window, executor: &mut Executor) {
        let y = window.objective;
        let level = self.level.get_or_insert(y.abs());
        *level += 0.01 * (y.abs() - *level);
        let level = *level;
        if executor.frozen() {
            self.windows = 0;
            self.minus = false;
            return;
        }
        if self.windows == 0 {
            self.start_block(executor);
            self.windows = 1;
            return;
        }
        self.windows += 1;
        if self.windows > self.settle + 1 {
            self.sums[usize::from(self.minus)] += y;
        }
        if self.windows > self.block {
            self.windows = 0;
            self.minus = !self.minus;
            if !self.minus {
                self.learn(level, executor);
                if self.pairs > PAIRS_MIN {
                    self.descend(executor);
                }
            }
        }
    }
}

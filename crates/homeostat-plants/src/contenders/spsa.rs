//! SPSA as published (Spall 1992): perturb every knob at once by plus and minus a shrinking amount, and step along the
//! difference. Each half-step is an ordinary move, so each flips every knob: the flip limit ends in SafeMode. This is
//! the reference protocol's loop, and why it cannot work under its own guardrails.

use super::literal::{Executor, Strategy, Verdict, settling_windows};
use crate::contender::{Setup, Window};
use crate::rng::Rng;
use crate::stats::trimmed_mean;
use crate::{KNOBS_MAX, Setting};

const WINDOWS_PER_SIDE: usize = 5;
const STABILITY: f64 = 10.0;
const GAIN: f64 = 0.045;

enum Phase {
    Ready,
    Plus { skip: usize, seen: Vec<f64> },
    Minus { skip: usize, seen: Vec<f64>, plus: f64 },
}

pub struct Spsa {
    rng: Rng,
    settle: usize,
    iteration: f64,
    centre: Option<Setting>,
    level: f64,
    direction: Setting,
    phase: Phase,
}

impl Spsa {
    pub fn new(setup: &Setup<'_>) -> Self {
        Self {
            rng: Rng::new(setup.seed),
            settle: settling_windows(setup.lag_s, 2.0, 0),
            iteration: 0.0,
            centre: None,
            level: 0.0,
            direction: [0.0; KNOBS_MAX],
            phase: Phase::Ready,
        }
    }
}

/// `from + scale · direction`, inside the bounds.
fn along(knobs: usize, from: &Setting, scale: f64, direction: &Setting) -> Setting {
    std::array::from_fn(
        |i| if i < knobs { (from[i] + scale * direction[i]).clamp(0.0, 1.0) } else { from[i] },
    )
}

impl Strategy for Spsa {
    fn step(&mut self, window: &Window, executor: &mut Executor) {
        let y = window.objective;
        let mut centre = *self.centre.get_or_insert_with(|| {
            self.level = y.abs();
            executor.baseline()
        });
        self.level += 0.01 * (y.abs() - self.level);
        if executor.frozen() {
            self.phase = Phase::Ready;
            self.centre = Some(executor.baseline());
            return;
        }
        let knobs = executor.knobs();
        let max_delta = executor.limits().max_delta;
        let perturbation = 0.5 * max_delta / libm::pow(self.iteration + 1.0, 0.101);
        let gain = GAIN * libm::pow((STABILITY + 1.0) / (self.iteration + 1.0 + STABILITY), 0.602);

        match &mut self.phase {
            Phase::Ready => {
                for knob in 0..knobs {
                    self.direction[knob] = self.rng.sign();
                }
                let wanted = along(knobs, &centre, perturbation, &self.direction);
                if executor.propose(&wanted) == Verdict::Applied {
                    self.phase = Phase::Plus { skip: self.settle, seen: Vec::new() };
                }
            }
            Phase::Plus { skip, .. } | Phase::Minus { skip, .. } if *skip > 0 => *skip -= 1,
            Phase::Plus { seen, .. } => {
                seen.push(y);
                if seen.len() < WINDOWS_PER_SIDE {
                    return;
                }
                let wanted = along(knobs, &centre, -perturbation, &self.direction);
                if executor.propose(&wanted) == Verdict::Applied {
                    let plus = trimmed_mean(seen);
                    self.phase = Phase::Minus { skip: self.settle, seen: Vec::new(), plus };
                }
            }
            Phase::Minus { seen, plus, .. } => {
                seen.push(y);
                if seen.len() < WINDOWS_PER_SIDE {
                    return;
                }
                let slope = (*plus - trimmed_mean(seen)) / (2.0 * perturbation) / self.level;
                let step = (gain * slope).clamp(-0.5 * max_delta, 0.5 * max_delta);
                let wanted = along(knobs, &centre, -step, &self.direction);
                match executor.propose(&wanted) {
                    Verdict::Applied | Verdict::Unchanged => {
                        centre = wanted;
                        self.centre = Some(centre);
                        executor.certify(centre);
                        self.iteration += 1.0;
                        self.phase = Phase::Ready;
                    }
                    Verdict::SafeMode => self.phase = Phase::Ready,
                    Verdict::Refused => {}
                }
            }
        }
    }
}

//! The hyperparameters: the most probable ones, followed as points come in.
use super::{
    kernel::Kernel,
    layout::{Axis, Layout, Rows},
    process::Process,
};
use alloc::vec::Vec;
use homeostat_core::real::clamp;

/// The prior's mode and spread of the logarithm of each hyperparameter. A length scale in units of √n for n axes, so that two
/// random points are as alike in many dimensions as in few (Hvarfner, Hellsten and Nardi 2024).
const LENGTH: (f64, f64) = (0.4, 1.0);
/// The exponent of one choice, in units of 1/√n.
const CHOICE: (f64, f64) = (1.0, 1.0);
/// The noise's variance in units of the signal's.
const NOISE: (f64, f64) = (1e-3, 1.5);
/// The logit of the additive part's share, not a logarithm.
const MIX: (f64, f64) = (-1.0, 1.0);

/// A climb that remembers where it was: resilient propagation (Riedmiller and Braun 1993; for these likelihoods Blum and
/// Riedmiller 2013), a gradient per step and no line search. Every hyperparameter has a normal prior in the form
/// in which it is optimised, so the climb is well posed from the first point on.
#[derive(Clone, Debug)]
pub struct Fit {
    theta: Vec<f64>,
    centre: Vec<f64>,
    spread: Vec<f64>,
    steps: Vec<f64>,
    signs: Vec<f64>,
}

impl Fit {
    /// At the prior's mode.
    pub fn new(layout: &Layout) -> Self {
        let root = libm::sqrt(layout.axes.len() as f64);
        let prior = |axis: &Axis| match axis {
            Axis::Choice => (libm::log(CHOICE.0 / root), CHOICE.1),
            _ => (libm::log(LENGTH.0 * root), LENGTH.1),
        };
        let (mut centre, mut spread): (Vec<f64>, Vec<f64>) = layout.axes.iter().map(prior).unzip();
        centre.push(libm::log(NOISE.0));
        spread.push(NOISE.1);
        centre.push(MIX.0);
        spread.push(MIX.1);
        let count = centre.len();
        Self {
            theta: centre.clone(),
            centre,
            spread,
            steps: alloc::vec![0.1; count],
            signs: alloc::vec![0.0; count],
        }
    }

    /// The kernel of the present hyperparameters.
    pub fn kernel(&self, layout: &Layout) -> Kernel {
        Kernel::new(layout, &self.theta)
    }

    /// Climbs for some gradients, and leaves the best place met.
    pub fn climb(
        &mut self,
        layout: &Layout,
        rows: &Rows,
        values: &[f64],
        gradients: usize,
    ) -> Option<Process> {
        let mut best: Option<(f64, Vec<f64>, Process)> = None;
        for turn in 0..=gradients {
            let Some(process) = Process::new(self.kernel(layout), rows, values) else {
                self.retreat();
                continue;
            };
            let score = process.log_likelihood() + self.log_prior();
            let gradient = (turn < gradients).then(|| process.gradient(self.theta.len()));
            if best.as_ref().is_none_or(|b| score > b.0) {
                best = Some((score, self.theta.clone(), process));
            }
            if let Some(gradient) = gradient {
                self.step(&gradient);
            }
        }
        let (_, theta, process) = best?;
        self.theta = theta;
        Some(process)
    }

    fn log_prior(&self) -> f64 {
        let off = self.theta.iter().zip(&self.centre).zip(&self.spread);
        -0.5 * off.map(|((t, c), s)| (t - c) * (t - c) / (s * s)).sum::<f64>()
    }

    fn step(&mut self, gradient: &[f64]) {
        for (i, slope) in gradient.iter().enumerate() {
            let prior = (self.centre[i] - self.theta[i]) / (self.spread[i] * self.spread[i]);
            let slope = slope + prior;
            let sign = if slope > 0.0 {
                1.0
            } else if slope < 0.0 {
                -1.0
            } else {
                0.0
            };
            let turned = sign * self.signs[i];
            if turned > 0.0 {
                self.steps[i] = (self.steps[i] * 1.3).min(0.6);
            } else if turned < 0.0 {
                self.steps[i] = (self.steps[i] * 0.5).max(0.01);
            }
            self.signs[i] = sign;
            let bound = 4.0 * self.spread[i];
            self.theta[i] =
                clamp(self.theta[i] + sign * self.steps[i], self.centre[i] - bound, self.centre[i] + bound);
        }
    }

    /// Towards the prior, and more noise: away from hyperparameters that make the covariances singular.
    fn retreat(&mut self) {
        for (t, c) in self.theta.iter_mut().zip(&self.centre) {
            *t = 0.5 * (*t + *c);
        }
        let noise = self.theta.len() - 2;
        self.theta[noise] += 1.0;
    }
}

//! The hyperparameters: the most probable ones, followed as points come in.
use super::{kernel::Kernel, layout::Layout, process::Process};
use crate::mixed::settings::Settings;
use alloc::vec::Vec;
use homeostat_core::real::clamp;

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
    pub fn new(layout: &Layout, settings: &Settings) -> Self {
        let root = libm::sqrt(layout.axes as f64);
        let mut centre = alloc::vec![0.0; layout.axes];
        let mut spread = alloc::vec![settings.length_spread; layout.axes];
        for column in &layout.columns {
            centre[column.axis] = if column.choice {
                spread[column.axis] = settings.choice_spread;
                libm::log(settings.choice / root)
            } else {
                libm::log(settings.length * root)
            };
        }
        centre.push(libm::log(settings.noise));
        spread.push(settings.noise_spread);
        centre.push(settings.mix);
        spread.push(settings.mix_spread);
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
        rows: &[f64],
        values: &[f64],
        gradients: usize,
    ) -> Option<Process> {
        let width = layout.columns.len();
        let mut best: Option<(f64, Vec<f64>, Process)> = None;
        for turn in 0..=gradients {
            let Some(process) = Process::new(self.kernel(layout), width, rows, values) else {
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
        for i in 0..self.theta.len() {
            let prior = (self.centre[i] - self.theta[i]) / (self.spread[i] * self.spread[i]);
            let slope = gradient[i] + prior;
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

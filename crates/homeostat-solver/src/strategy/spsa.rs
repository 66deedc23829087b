use super::archive::Archive;
use super::machine::Machine;
use alloc::{boxed::Box, vec::Vec};
use homeostat_core::real::clamp;
use homeostat_core::rng::Rng;

/// Slopes that the gain is made from.
const SLOPES: usize = 4;

/// The gain sequences: a_k = a / (k + 1 + A)^alpha, c_k = c / (k + 1)^gamma.
#[derive(Clone)]
pub struct Gains {
    /// Length of the first steps along each axis; a follows from it and the first slopes.
    pub step: f64,
    /// c.
    pub perturbation: f64,
    /// Decay of a.
    pub alpha: f64,
    /// Decay of c.
    pub gamma: f64,
    /// A: a tenth of the iterations that the budget allows.
    pub stability: f64,
}

/// Simultaneous perturbation stochastic approximation (Spall, 1992): two evaluations per step, whatever the dimension.
///
/// Every axis is perturbed by +c_k or -c_k at once. The gain a is set so that the first steps have the wanted length (Spall,
/// 1998), and no step is longer along an axis than that. Axes that are circles are followed around.
#[derive(Clone)]
pub struct Spsa {
    gains: Gains,
    circles: Vec<bool>,
    rng: Rng,
    archive: Archive,
    centre: Vec<f64>,
    signs: Vec<f64>,
    k: u32,
    slopes: Vec<f64>,
    plus: Option<f64>,
    asked: Option<Vec<f64>>,
}

impl Spsa {
    /// `circles`: which axes have no ends.
    pub fn new(circles: Vec<bool>, gains: Gains, seed: u64) -> Self {
        let (rng, archive) = (Rng::new(seed), Archive::default());
        let (centre, signs, slopes) = (Vec::new(), Vec::new(), Vec::new());
        Self { gains, circles, rng, archive, centre, signs, k: 0, slopes, plus: None, asked: None }
    }

    fn side(&self, sign: f64) -> Vec<f64> {
        let c = self.gains.perturbation / libm::pow(f64::from(self.k + 1), self.gains.gamma);
        let place = |d: usize| {
            let x = self.centre[d] + sign * c * self.signs[d];
            if self.circles[d] { x - libm::floor(x) } else { clamp(x, 0.0, 1.0) }
        };
        (0..self.centre.len()).map(place).collect()
    }

    /// How far the two sides are apart along an axis.
    fn gap(&self, plus: &[f64], minus: &[f64], d: usize) -> f64 {
        let gap = plus[d] - minus[d];
        if self.circles[d] { gap - libm::round(gap) } else { gap }
    }

    fn step(&mut self, rise: f64) {
        let (plus, minus) = (self.side(1.0), self.side(-1.0));
        let gaps: Vec<f64> = (0..plus.len()).map(|d| self.gap(&plus, &minus, d)).collect();
        if self.slopes.len() < SLOPES {
            let c = self.gains.perturbation / libm::pow(f64::from(self.k + 1), self.gains.gamma);
            self.slopes.push(rise.abs() / (2.0 * c));
        }
        let slope = self.slopes.iter().sum::<f64>() / self.slopes.len() as f64;
        let start = libm::pow(1.0 + self.gains.stability, self.gains.alpha);
        let now = libm::pow(f64::from(self.k + 1) + self.gains.stability, self.gains.alpha);
        let a = if slope > 0.0 { self.gains.step * start / now / slope } else { 0.0 };
        for (d, gap) in gaps.into_iter().enumerate().filter(|(_, gap)| *gap != 0.0) {
            let x = self.centre[d] - clamp(a * rise / gap, -self.gains.step, self.gains.step);
            self.centre[d] = if self.circles[d] { x - libm::floor(x) } else { clamp(x, 0.0, 1.0) };
        }
        self.k += 1;
    }
}

impl Machine for Spsa {
    fn name(&self) -> &'static str {
        "spsa"
    }

    fn phase(&self) -> &'static str {
        if self.slopes.len() < SLOPES { "calibrate" } else { "descend" }
    }

    fn ask(&mut self) -> &[f64] {
        if self.asked.is_none() {
            if self.centre.is_empty() {
                let start = self.archive.best().map(|(x, _)| x.clone());
                self.centre = start.unwrap_or_else(|| alloc::vec![0.5; self.circles.len()]);
            }
            if self.plus.is_none() {
                self.signs = self.circles.iter().map(|_| self.rng.sign()).collect();
            }
            self.asked = Some(self.side(if self.plus.is_none() { 1.0 } else { -1.0 }));
        }
        self.asked.as_deref().unwrap_or_default()
    }

    fn tell(&mut self, y: f64) {
        self.ask();
        if let Some(x) = self.asked.take() {
            self.archive.insert(&x, y);
        }
        match self.plus.take() {
            None => self.plus = Some(y),
            Some(plus) => self.step(clamp(plus - y, -f64::MAX, f64::MAX)),
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
    use crate::draw;

    fn gains() -> Gains {
        Gains { step: 0.1, perturbation: 0.05, alpha: 0.602, gamma: 0.101, stability: 20.0 }
    }

    fn descend(circles: Vec<bool>, evaluations: usize, f: impl Fn(&[f64], &mut Rng) -> f64) -> Vec<f64> {
        let mut machine = Spsa::new(circles, gains(), 5);
        let mut noise = Rng::new(8);
        for _ in 0..evaluations {
            let x = machine.ask().to_vec();
            assert!(x.iter().all(|u| (0.0..=1.0).contains(u)));
            machine.tell(f(&x, &mut noise));
        }
        machine.centre
    }

    #[test]
    fn descends_under_noise_at_any_scale_of_the_objective() {
        for scale in [1e-6, 1.0, 1e6] {
            let bowl = |x: &[f64], rng: &mut Rng| {
                scale * (x.iter().map(|u| (u - 0.7) * (u - 0.7)).sum::<f64>() + 0.02 * draw::normal(rng))
            };
            let centre = descend(alloc::vec![false; 6], 800, bowl);
            let worst = centre.iter().map(|u| (u - 0.7).abs()).fold(0.0, f64::max);
            assert!(worst < 0.1, "{worst} at scale {scale}");
        }
    }

    #[test]
    fn goes_around_a_circle_the_short_way() {
        let angle = |x: &[f64], _: &mut Rng| 1.0 - libm::cos(2.0 * core::f64::consts::PI * (x[0] - 0.02));
        let centre = descend(alloc::vec![true], 200, angle);
        let off = centre[0] - 0.02;
        assert!((off - off.round()).abs() < 0.05, "{centre:?}");
    }
}

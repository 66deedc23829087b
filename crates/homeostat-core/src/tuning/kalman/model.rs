//! The local quadratic model.
#![allow(clippy::needless_range_loop, reason = "an index addresses several rows and columns at once")]

use crate::journal::ACTIVE_MAX;
use crate::real::clamp;

/// Level, and a slope and a curvature for each knob.
const STATES: usize = 1 + 2 * ACTIVE_MAX;

/// Standard deviation of a slope that nothing is known about, and its cap.
const SLOPE_DEVIATION: f64 = 3.4;
/// The same for a curvature.
const CURVATURE_DEVIATION: f64 = 2.8;
/// The curvature that is assumed, and reverted to.
const CURVATURE: f64 = 8.0;
/// Curvatures below this are not divided by.
pub(super) const CURVATURE_MIN: f64 = 0.2;
/// Variance that the level gains per window, as a share of the noise.
const LEVEL_WALK: f64 = 0.009;
/// Time over which a slope forgets, and a curvature forgets and reverts, in seconds.
const SLOPE_FORGETS_S: f64 = 6000.0;
const CURVATURE_FORGETS_S: f64 = 1400.0;
const CURVATURE_REVERTS_S: f64 = 400.0;
/// Innovations beyond this many deviations count as this many (Huber).
const HUBER: f64 = 2.5;
/// Distrust of the quadratic model per unit moved.
const MISFIT: f64 = 0.1;
const NOISE_MIN: f64 = 1e-6;
const VARIANCE_MIN: f64 = 1e-9;

type Vector = [f64; STATES];
type Matrix = [[f64; STATES]; STATES];

/// A Kalman filter over the local quadratic y = c + sum(g_i z_i + h_i z_i^2 / 2), z the live values minus the baseline as far
/// as they have shown (low-pass filtered by each knob's lag).
///
/// Process noise is only added up to a cap: clamping the diagonal afterwards would break positive definiteness.
#[derive(Clone, Debug)]
pub(super) struct Model {
    d: usize,
    mean: Vector,
    cov: Matrix,
    noise: f64,
    /// Windows for which the noise estimate is held, after a change of level.
    hold: u32,
}

impl Model {
    /// Nothing known but the variance of a window.
    pub fn new(d: usize, noise: f64) -> Self {
        assert!(d <= ACTIVE_MAX, "at most {ACTIVE_MAX} knobs are learned at once");
        let mut model = Self { d, mean: [0.0; STATES], cov: [[0.0; STATES]; STATES], noise, hold: 0 };
        model.mean[0] = 1.0;
        model.cov[0][0] = noise / 4.0;
        model.forget_slopes();
        model
    }

    fn states(&self) -> usize {
        1 + 2 * self.d
    }
    fn slope(&self, i: usize) -> usize {
        1 + i
    }
    fn curve(&self, i: usize) -> usize {
        1 + self.d + i
    }

    pub fn level(&self) -> f64 {
        self.mean[0]
    }
    pub fn noise(&self) -> f64 {
        self.noise
    }
    pub fn gradient(&self, i: usize) -> f64 {
        self.mean[self.slope(i)]
    }
    pub fn gradient_variance(&self, i: usize) -> f64 {
        self.cov[self.slope(i)][self.slope(i)]
    }
    pub fn curvature(&self, i: usize) -> f64 {
        self.mean[self.curve(i)]
    }

    /// One window: `z` per knob, the objective on the learning scale, seconds since the last window. Returns the innovation
    /// in standard deviations.
    pub fn update(&mut self, z: &[f64; ACTIVE_MAX], y: f64, dt: f64) -> f64 {
        self.predict(dt);
        let n = self.states();
        let mut row = [0.0; STATES];
        row[0] = 1.0;
        for i in 0..self.d {
            row[self.slope(i)] = z[i];
            row[self.curve(i)] = 0.5 * z[i] * z[i];
        }
        let mut gain = [0.0; STATES];
        let (mut expected, mut spread) = (0.0, 0.0);
        for i in 0..n {
            expected += row[i] * self.mean[i];
            for j in 0..n {
                gain[i] += self.cov[i][j] * row[j];
            }
        }
        for i in 0..n {
            spread += row[i] * gain[i];
        }
        let variance = spread + self.noise;
        let error = y - expected;
        let standard = error / libm::sqrt(variance);
        let clipped = if standard.abs() > HUBER { error * HUBER / standard.abs() } else { error };
        if self.hold > 0 {
            self.hold -= 1;
        } else {
            let seen = (error * error).min(9.0 * variance) - spread;
            self.noise = (self.noise + 0.01 * (seen - self.noise).max(-0.5 * self.noise)).max(NOISE_MIN);
        }
        for i in 0..n {
            self.mean[i] += gain[i] / variance * clipped;
            for j in 0..n {
                self.cov[i][j] -= gain[i] * gain[j] / variance;
            }
        }
        self.repair();
        standard
    }

    fn predict(&mut self, dt: f64) {
        self.cov[0][0] += LEVEL_WALK * self.noise;
        for i in 0..self.d {
            let (g, h) = (self.slope(i), self.curve(i));
            for (state, deviation, forgets) in
                [(g, SLOPE_DEVIATION, SLOPE_FORGETS_S), (h, CURVATURE_DEVIATION, CURVATURE_FORGETS_S)]
            {
                let cap = deviation * deviation;
                let room = (cap - self.cov[state][state]).max(0.0);
                self.cov[state][state] += (cap * dt / forgets).min(room);
            }
            self.mean[h] += (dt / CURVATURE_REVERTS_S).min(1.0) * (CURVATURE - self.mean[h]);
        }
    }

    /// Symmetry, and correlations below one, against rounding.
    fn repair(&mut self) {
        for i in 0..self.states() {
            self.cov[i][i] = self.cov[i][i].max(VARIANCE_MIN);
            for j in 0..i {
                let bound = 0.999 * libm::sqrt(self.cov[i][i] * self.cov[j][j]);
                let v = clamp(0.5 * (self.cov[i][j] + self.cov[j][i]), -bound, bound);
                (self.cov[i][j], self.cov[j][i]) = (v, v);
            }
        }
    }

    /// The baseline moved by `step`: the same quadratic, seen from there.
    pub fn shift(&mut self, step: &[f64; ACTIVE_MAX]) {
        let n = self.states();
        let mut t = [[0.0; STATES]; STATES];
        for (i, row) in t.iter_mut().enumerate() {
            row[i] = 1.0;
        }
        for i in 0..self.d {
            t[0][self.slope(i)] = step[i];
            t[0][self.curve(i)] = 0.5 * step[i] * step[i];
            t[self.slope(i)][self.curve(i)] = step[i];
        }
        let mut mean = [0.0; STATES];
        let mut half = [[0.0; STATES]; STATES];
        for i in 0..n {
            for j in 0..n {
                mean[i] += t[i][j] * self.mean[j];
                for k in 0..n {
                    half[i][j] += t[i][k] * self.cov[k][j];
                }
            }
        }
        let mut cov = [[0.0; STATES]; STATES];
        for i in 0..n {
            for j in 0..n {
                for k in 0..n {
                    cov[i][j] += half[i][k] * t[j][k];
                }
            }
        }
        for i in 0..self.d {
            let doubt = MISFIT * step[i].abs() * CURVATURE_DEVIATION;
            cov[self.slope(i)][self.slope(i)] += doubt * doubt;
        }
        (self.mean, self.cov) = (mean, cov);
    }

    /// Nothing is known about slopes and curvatures any more; the slopes' means stay as first guesses.
    pub fn forget_slopes(&mut self) {
        for i in 0..self.d {
            for (state, deviation) in [(self.slope(i), SLOPE_DEVIATION), (self.curve(i), CURVATURE_DEVIATION)]
            {
                for j in 0..self.states() {
                    (self.cov[state][j], self.cov[j][state]) = (0.0, 0.0);
                }
                self.cov[state][state] = deviation * deviation;
            }
            let h = self.curve(i);
            self.mean[h] = CURVATURE;
        }
    }

    /// The slopes are unknown and as likely up as down.
    pub fn zero_slopes(&mut self) {
        for i in 0..self.d {
            let g = self.slope(i);
            self.mean[g] = 0.0;
        }
    }

    /// The level may be anywhere near.
    pub fn loosen_level(&mut self, variance: f64) {
        self.cov[0][0] += variance;
    }

    /// The level is this now.
    pub fn set_level(&mut self, level: f64) {
        self.mean[0] = level;
    }

    /// Holds the noise estimate for some windows.
    pub fn hold_noise(&mut self, windows: u32) {
        self.hold = windows;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn learns_a_quadratic_from_small_probes() {
        let (slope, curve, noise) = (0.8, 4.0, 1e-4);
        let mut model = Model::new(1, noise);
        let mut rng = Rng::new(3);
        for k in 0..400 {
            let z = if k % 4 < 2 { 0.05 } else { -0.05 };
            let wobble = (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
            let y = 1.0 + slope * z + 0.5 * curve * z * z + 0.03 * wobble;
            model.update(&[z, 0.0, 0.0, 0.0], y, 0.25);
        }
        let error = (model.gradient(0) - slope).abs();
        assert!(error < 3.0 * model.gradient_variance(0).sqrt() && error < 0.1, "{model:?}");
    }

    #[test]
    fn stays_positive_definite_under_anything() {
        let mut model = Model::new(4, 0.01);
        let mut rng = Rng::new(9);
        for k in 0..20_000 {
            let z = core::array::from_fn(|_| 0.05 * rng.sign());
            model.update(&z, if k % 97 == 0 { 7.0 } else { 1.0 + 0.1 * rng.sign() }, 0.25);
            if k % 5 == 0 {
                model.shift(&core::array::from_fn(|_| 0.1 * rng.sign()));
            }
            if k % 301 == 0 {
                model.forget_slopes();
                model.loosen_level(0.25);
            }
            for i in 0..4 {
                assert!(model.gradient_variance(i) > 0.0 && model.gradient(i).is_finite());
            }
        }
    }
}

//! P5: more of the first knob is cheaper, until a threshold above which a twentieth of the requests fail. The threshold
//! falls at 480 s, recovers and then oscillates. The second knob is an ordinary bowl. Errors are also reported as
//! counts, as a service would, so that a guard can act on them before the cost does.

use std::f64::consts::TAU;

use super::{Optimum, Plant};
use crate::Setting;
use crate::contender::Window;
use crate::noise::Noise;
use crate::rng::Rng;

const REQUESTS_PER_WINDOW: f64 = 200.0;
const BEST_SECOND: f64 = 0.6;

pub struct DangerZone;

fn threshold(t: f64) -> f64 {
    if t < 480.0 {
        0.65
    } else if t < 900.0 {
        0.5
    } else if t < 1320.0 {
        0.5 + 0.3 * (t - 900.0) / 420.0
    } else {
        0.7 + 0.1 * libm::cos((t - 1320.0) * TAU / 240.0)
    }
}

fn error_rate(t: f64, u: &Setting) -> f64 {
    0.005 + 0.045 / (1.0 + libm::exp(-(u[0] - threshold(t)) / 0.015))
}

impl Plant for DangerZone {
    fn name(&self) -> &'static str {
        "P5"
    }
    fn knobs(&self) -> usize {
        2
    }
    fn initial(&self) -> Setting {
        [0.3, 0.3, 0.0, 0.0]
    }
    fn cost(&self, t: f64, u: &Setting) -> f64 {
        let bowl = (u[1] - BEST_SECOND) * (u[1] - BEST_SECOND);
        1.3 - 0.6 * u[0] + bowl + 30.0 * error_rate(t, u)
    }
    fn optimum(&self) -> Optimum {
        Optimum::Line { intervals: 400, rest: [0.0, BEST_SECOND, 0.0, 0.0] }
    }
    fn jumps_s(&self) -> &'static [f64] {
        &[480.0]
    }
    fn sense(&self, t: f64, u: &Setting, _noise: &mut Noise, counts: &mut Rng, window: &mut Window) {
        let n = REQUESTS_PER_WINDOW;
        let p = error_rate(t, u);
        // The binomial count by its normal approximation.
        let errors = n * p + (n * p * (1.0 - p)).sqrt() * counts.normal();
        window.requests = n;
        window.errors = errors.round().max(0.0);
    }
}

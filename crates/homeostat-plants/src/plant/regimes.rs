//! P4R: four coupled knobs under two regimes that alternate every five minutes. The context reading tells which one is
//! in force, with noise: a tuner that remembers returns at once, one that forgets starts over.

use super::{Optimum, Plant, quadratic};
use crate::Setting;
use crate::contender::Window;
use crate::noise::{Noise, Tails};
use crate::rng::Rng;

const PERIOD_S: f64 = 300.0;
const CONTEXT_NOISE: f64 = 0.2;

pub struct Regimes;

fn regime(t: f64) -> usize {
    (t / PERIOD_S) as usize % 2
}

fn optimum(t: f64) -> Setting {
    if regime(t) == 0 { [0.75, 0.3, 0.65, 0.2] } else { [0.3, 0.6, 0.35, 0.6] }
}

impl Plant for Regimes {
    fn name(&self) -> &'static str {
        "P4R"
    }
    fn knobs(&self) -> usize {
        4
    }
    fn initial(&self) -> Setting {
        [0.5; 4]
    }
    fn cost(&self, t: f64, u: &Setting) -> f64 {
        quadratic::cost(u, &optimum(t))
    }
    fn optimum(&self) -> Optimum {
        Optimum::Known(optimum)
    }
    fn jumps_s(&self) -> &'static [f64] {
        &[300.0, 600.0, 900.0, 1200.0, 1500.0]
    }
    fn tails(&self) -> Tails {
        Tails::Student3
    }
    fn sense(&self, t: f64, _u: &Setting, noise: &mut Noise, _counts: &mut Rng, window: &mut Window) {
        window.context = regime(t) as f64 + CONTEXT_NOISE * noise.rng().normal();
    }
}

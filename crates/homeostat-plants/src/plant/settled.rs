//! P0: the default is already optimal. All that a tuner can do is harm; its excess cost is the price of looking.

use super::{Optimum, Plant, quadratic};
use crate::Setting;
use crate::noise::Tails;

const OPTIMUM: Setting = [0.5; 4];

pub struct Settled;

impl Plant for Settled {
    fn name(&self) -> &'static str {
        "P0"
    }
    fn knobs(&self) -> usize {
        4
    }
    fn initial(&self) -> Setting {
        OPTIMUM
    }
    fn cost(&self, _t: f64, u: &Setting) -> f64 {
        quadratic::cost(u, &OPTIMUM)
    }
    fn optimum(&self) -> Optimum {
        Optimum::Known(|_| OPTIMUM)
    }
    fn tails(&self) -> Tails {
        Tails::Student3
    }
}

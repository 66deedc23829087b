//! PF: nothing depends on the knobs. A tuner should not wander.

use super::{Optimum, Plant};
use crate::Setting;
use crate::noise::Tails;

pub struct Flat;

impl Plant for Flat {
    fn name(&self) -> &'static str {
        "PF"
    }
    fn knobs(&self) -> usize {
        4
    }
    fn initial(&self) -> Setting {
        [0.5; 4]
    }
    fn cost(&self, _t: f64, _u: &Setting) -> f64 {
        1.0
    }
    fn optimum(&self) -> Optimum {
        Optimum::Known(|_| [0.5; 4])
    }
    fn tails(&self) -> Tails {
        Tails::Student3
    }
}

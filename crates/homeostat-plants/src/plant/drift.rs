//! P4: four coupled knobs whose optimum jumps at 600 s, drifts from 900 s and oscillates from 1200 s.

use std::f64::consts::TAU;

use super::{Optimum, Plant, quadratic};
use crate::Setting;
use crate::noise::Tails;

pub struct Drift;

fn optimum(t: f64) -> Setting {
    let first = [0.75, 0.3, 0.65, 0.2];
    let second = [0.45, 0.6, 0.35, 0.5];
    let third = [0.7, 0.35, 0.6, 0.3];
    if t < 600.0 {
        first
    } else if t < 900.0 {
        second
    } else if t < 1200.0 {
        let share = (t - 900.0) / 300.0;
        std::array::from_fn(|i| second[i] + share * (third[i] - second[i]))
    } else {
        let swing = 0.1 * libm::sin(TAU * (t - 1200.0) / 300.0);
        std::array::from_fn(|i| third[i] + if i % 2 == 0 { swing } else { -swing })
    }
}

impl Plant for Drift {
    fn name(&self) -> &'static str {
        "P4"
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
        &[600.0]
    }
    fn tails(&self) -> Tails {
        Tails::Student3
    }
}

//! P2: a concurrency limit (4 to 256, log) before a backend that saturates and then degrades (Gunther's universal
//! scalability law). Capacity halves at 480 s, triples at 960 s and returns at 1380 s, under a load that swings by 15 %.
//! The cost rewards answers within 300 ms and charges latency. Latency, requests in flight and throughput are reported,
//! as the classic limiters need them.

use std::f64::consts::{SQRT_2, TAU};

use super::{Optimum, Plant};
use crate::Setting;
use crate::contender::{Concurrency, Window};
use crate::noise::Noise;
use crate::rng::Rng;

/// Smallest limit.
pub const LIMIT_MIN: f64 = 4.0;
/// Largest limit.
pub const LIMIT_MAX: f64 = 256.0;
const DEADLINE_S: f64 = 0.3;

/// The limit that a normalised setting stands for.
pub fn limit_of(u: f64) -> f64 {
    LIMIT_MIN * libm::pow(LIMIT_MAX / LIMIT_MIN, u)
}

/// The normalised setting of a limit.
pub fn setting_of(limit: f64) -> f64 {
    libm::log(limit / LIMIT_MIN) / libm::log(LIMIT_MAX / LIMIT_MIN)
}

pub struct ConcurrencyLimit;

struct Backend {
    capacity: f64,
    coherence: f64,
}

impl Backend {
    fn at(t: f64) -> Self {
        let capacity = if t < 480.0 {
            1.0
        } else if t < 960.0 {
            0.5
        } else if t < 1380.0 {
            1.5
        } else {
            1.0
        };
        Self { capacity, coherence: 0.0004 / (capacity * capacity) }
    }

    /// Requests per second with `n` in flight.
    fn throughput(&self, n: f64) -> f64 {
        20.0 * self.capacity * n / (1.0 + 0.02 * (n - 1.0) + self.coherence * n * (n - 1.0))
    }

    /// Where more concurrency begins to hurt.
    fn peak(&self) -> f64 {
        (0.98 / self.coherence).sqrt()
    }

    /// What a service with this limit would measure, in steady state.
    fn measure(&self, offered: f64, limit: f64) -> Concurrency {
        let mut in_flight = limit;
        let mut throughput = self.throughput(limit);
        let best = limit.min(self.peak());
        if self.throughput(best) > offered {
            // The limit is not reached: requests in flight settle where throughput equals the offered load.
            let (mut low, mut high) = (0.5, best);
            for _ in 0..30 {
                let middle = 0.5 * (low + high);
                if self.throughput(middle) < offered { low = middle } else { high = middle }
            }
            in_flight = high;
            throughput = offered;
        }
        Concurrency { latency_s: in_flight / throughput, in_flight, throughput }
    }
}

fn offered(t: f64) -> f64 {
    405.0 * (1.0 + 0.15 * libm::sin(TAU * t / 600.0))
}

fn measure(t: f64, u: f64) -> Concurrency {
    Backend::at(t).measure(offered(t), limit_of(u))
}

/// The error function after Abramowitz and Stegun 7.1.26; absolute error below 1.5e-7.
fn erf(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.3275911 * x.abs());
    let polynomial =
        ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
    let y = 1.0 - polynomial * libm::exp(-x * x);
    if x >= 0.0 { y } else { -y }
}

fn normal_cdf(z: f64) -> f64 {
    0.5 * (1.0 + erf(z / SQRT_2))
}

impl Plant for ConcurrencyLimit {
    fn name(&self) -> &'static str {
        "P2"
    }
    fn knobs(&self) -> usize {
        1
    }
    fn initial(&self) -> Setting {
        [0.333, 0.0, 0.0, 0.0]
    }
    fn cost(&self, t: f64, u: &Setting) -> f64 {
        let state = measure(t, u[0]);
        // Latencies are lognormal with sigma 0.5 around the mean.
        let in_time = normal_cdf(libm::log(DEADLINE_S / state.latency_s) / 0.5);
        1.5 - state.throughput * in_time / 350.0 + 0.3 * state.latency_s / DEADLINE_S
    }
    fn optimum(&self) -> Optimum {
        Optimum::Line { intervals: 400, rest: [0.0; 4] }
    }
    fn jumps_s(&self) -> &'static [f64] {
        &[480.0, 960.0, 1380.0]
    }
    fn sense(&self, t: f64, u: &Setting, noise: &mut Noise, _counts: &mut Rng, window: &mut Window) {
        let mut state = measure(t, u[0]);
        let spread = 0.5 * noise.cv();
        state.latency_s *= libm::exp(spread * noise.rng().normal());
        window.concurrency = Some(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_and_settings_convert_both_ways() {
        for limit in [4.0, 32.0, 100.0, 256.0] {
            assert!((limit_of(setting_of(limit)) - limit).abs() < 1e-9);
        }
    }

    #[test]
    fn the_error_function_is_within_its_bound() {
        for k in -400..=400 {
            let x = f64::from(k) / 100.0;
            assert!((erf(x) - libm::erf(x)).abs() < 1.5e-7, "{x}");
        }
    }

    #[test]
    fn littles_law_holds() {
        for u in [0.0, 0.3, 0.6, 1.0] {
            let state = measure(700.0, u);
            assert!((state.throughput * state.latency_s - state.in_flight).abs() < 1e-9);
        }
    }
}

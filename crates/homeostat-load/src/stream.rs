//! Latency streams that a regression detector is measured on: what does not change must not alarm, what does must, soon.

use std::f64::consts::{LOG2_E, TAU};

use crate::rng::Rng;

/// How latencies are spread, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// Log-normal with this sigma, median 16 ms.
    LogNormal(f64),
    /// Pareto with this exponent from 8 ms.
    Pareto(f64),
    /// Nine in ten about 5 ms, one in ten about 97 ms.
    Bimodal,
    /// Log-normal, a part of it correlated over 100 ms.
    Autocorrelated,
    /// Log-normal with a stall of 200 ms every 30 s: what comes during a stall waits for its end, 5 ms per ms.
    Stalls,
    /// Log-normal whose median goes up and down by 1.5 in a day.
    Diurnal,
}

/// Nine in ten of a standard normal are below.
const NORMAL_P90: f64 = 1.281_551_565_544_6;

impl Shape {
    /// The 90th percentile, as log2 of milliseconds; of `Stalls` without them, of `Diurnal` at its mean.
    pub fn slowest_log2_ms(self) -> f64 {
        let log_normal = |sigma: f64| 4.0 + NORMAL_P90 * sigma * LOG2_E;
        match self {
            Self::LogNormal(sigma) => log_normal(sigma),
            Self::Pareto(alpha) => 3.0 + libm::log2(10.0) / alpha,
            // Between the two.
            Self::Bimodal => 4.7,
            Self::Autocorrelated => log_normal((0.5f64 * 0.5 + 0.85 * 0.85).sqrt()),
            Self::Stalls | Self::Diurnal => log_normal(1.0),
        }
    }
}

/// The streams by name. The first four are independent draws.
pub const STREAMS: [(&str, Shape); 8] = [
    ("log-normal", Shape::LogNormal(1.0)),
    ("pareto-1.5", Shape::Pareto(1.5)),
    ("pareto-2.5", Shape::Pareto(2.5)),
    ("bimodal", Shape::Bimodal),
    ("narrow", Shape::LogNormal(0.1)),
    ("autocorrelated", Shape::Autocorrelated),
    ("stalls", Shape::Stalls),
    ("diurnal", Shape::Diurnal),
];

/// Draws latencies at a constant rate.
#[derive(Clone, Debug)]
pub struct Stream {
    shape: Shape,
    rng: Rng,
    rate: f64,
    /// Correlation from one sample to the next.
    memory: f64,
    level: f64,
    index: u64,
}

impl Stream {
    /// `rate` samples per second.
    pub fn new(shape: Shape, rate: f64, seed: u64) -> Self {
        let memory = libm::exp(-1.0 / (0.1 * rate).max(1.0));
        Self { shape, rng: Rng::new(seed), rate, memory, level: 0.0, index: 0 }
    }

    /// The next sample: its time in seconds, and log2 of its latency in milliseconds.
    pub fn next_log2_ms(&mut self) -> (f64, f64) {
        let at_s = self.index as f64 / self.rate;
        self.index += 1;
        let rng = &mut self.rng;
        let log2_ms = match self.shape {
            Shape::LogNormal(sigma) => 4.0 + sigma * LOG2_E * rng.normal(),
            Shape::Pareto(alpha) => 3.0 - libm::log2(rng.unit()) / alpha,
            Shape::Bimodal if rng.unit() < 0.9 => 2.3 + 0.3 * LOG2_E * rng.normal(),
            Shape::Bimodal => 6.6 + 0.5 * LOG2_E * rng.normal(),
            Shape::Autocorrelated => {
                let fresh = (1.0 - self.memory * self.memory).sqrt() * rng.normal();
                self.level = self.memory * self.level + fresh;
                4.0 + LOG2_E * (0.5 * self.level + 0.85 * rng.normal())
            }
            Shape::Stalls => {
                let log2_ms = 4.0 + LOG2_E * rng.normal();
                let into_s = at_s % 30.0;
                if into_s < 0.2 { libm::log2(libm::exp2(log2_ms) + 1000.0 * (0.2 - into_s)) } else { log2_ms }
            }
            Shape::Diurnal => 4.0 + LOG2_E * (rng.normal() + 0.405 * libm::sin(TAU * at_s / 86_400.0)),
        };
        (at_s, log2_ms)
    }
}

/// What a stream goes through when something regresses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Regression {
    /// Everything takes this many times as long.
    All(f64),
    /// The slowest tenth takes this many times as long.
    Slowest(f64),
}

impl Regression {
    /// log2 of the latency with it.
    pub fn apply(self, shape: Shape, log2_ms: f64) -> f64 {
        match self {
            Self::All(factor) => log2_ms + libm::log2(factor),
            Self::Slowest(factor) if log2_ms > shape.slowest_log2_ms() => log2_ms + libm::log2(factor),
            Self::Slowest(_) => log2_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted_ms(shape: Shape) -> Vec<f64> {
        let mut stream = Stream::new(shape, 1000.0, 5);
        let mut ms: Vec<f64> = (0..100_000).map(|_| libm::exp2(stream.next_log2_ms().1)).collect();
        ms.sort_by(f64::total_cmp);
        ms
    }

    #[test]
    fn the_shapes_are_what_they_say() {
        let close = |x: f64, y: f64| assert!((x / y - 1.0).abs() < 0.04, "{x} {y}");
        close(sorted_ms(Shape::LogNormal(1.0))[50_000], 16.0);
        close(sorted_ms(Shape::Autocorrelated)[50_000], 16.0);
        close(sorted_ms(Shape::Pareto(1.5))[50_000], 8.0 * libm::pow(2.0, 1.0 / 1.5));
        close(sorted_ms(Shape::Bimodal)[95_000], libm::exp2(6.6));
        let stalls = sorted_ms(Shape::Stalls);
        assert!(stalls[99_500] > sorted_ms(Shape::LogNormal(1.0))[99_500]);
    }

    #[test]
    fn a_tenth_is_the_slowest() {
        for (name, shape) in STREAMS {
            let slowest_ms = libm::exp2(shape.slowest_log2_ms());
            let slower = sorted_ms(shape).iter().filter(|ms| **ms > slowest_ms).count();
            // What is correlated varies more, and all that waits in a stall is slow: 0.2 s in 30.
            let more = match shape {
                Shape::Stalls | Shape::Autocorrelated => 700,
                _ => 0,
            };
            assert!((9_500..10_500 + more).contains(&slower), "{name}: {slower}");
        }
    }

    #[test]
    fn times_follow_the_rate_and_regressions_scale() {
        let mut stream = Stream::new(Shape::Bimodal, 5.0, 1);
        stream.next_log2_ms();
        assert_eq!(stream.next_log2_ms().0, 0.2);
        let apply = |regression: Regression, log2_ms| regression.apply(Shape::LogNormal(1.0), log2_ms);
        assert_eq!(apply(Regression::All(2.0), 4.0), 5.0);
        assert_eq!((apply(Regression::Slowest(4.0), 4.0), apply(Regression::Slowest(4.0), 6.0)), (4.0, 8.0));
    }
}

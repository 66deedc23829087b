use crate::draw;
use crate::space::Bound;
use alloc::vec::Vec;
use homeostat_core::real::clamp;
use homeostat_core::rng::Rng;
use homeostat_core::space::Scale;

/// Steps up to which each level has a probability of its own; more are a real number that is rounded.
const LEVELS_MAX: u64 = 64;
/// Draws from a normal distribution for one inside the bounds.
const TRIES: usize = 100;
/// Beyond so many deviations a normal distribution has nothing that a double could tell.
const TAIL: f64 = 8.3;

/// One coordinate as the estimator sees it.
#[derive(Clone, Debug)]
pub enum Axis {
    /// A number between two ends.
    Line { low: f64, high: f64 },
    /// A number modulo 1.
    Circle,
    /// A few places, each with the width of what is rounded to it.
    Levels { places: Vec<(f64, f64)>, low: f64, high: f64 },
    /// Options without order, evenly spaced on [0, 1] for lack of a better place.
    Options(u32),
}

impl Axis {
    pub fn new(bound: &Bound) -> Self {
        let knob = &bound.knob;
        match bound.levels() {
            Some(options) if knob.kind.is_categorical() => Axis::Options(options as u32),
            _ if knob.scale == Scale::Periodic => Axis::Circle,
            Some(levels) if levels <= LEVELS_MAX => {
                let units: Vec<f64> = (0..levels).map(|rank| knob.to_unit(bound.level(rank))).collect();
                let n = units.len();
                let low = 1.5 * units[0] - 0.5 * units[1];
                let high = 1.5 * units[n - 1] - 0.5 * units[n - 2];
                let edge = |i: usize| {
                    if i == 0 {
                        low
                    } else if i == n {
                        high
                    } else {
                        (units[i - 1] + units[i]) / 2.0
                    }
                };
                let places = (0..n).map(|i| (units[i], edge(i + 1) - edge(i))).collect();
                Axis::Levels { places, low, high }
            }
            Some(levels) => {
                let half = 0.5 / (levels - 1) as f64;
                Axis::Line { low: -half, high: 1.0 + half }
            }
            None => Axis::Line { low: 0.0, high: 1.0 },
        }
    }

    pub fn ends(&self) -> (f64, f64) {
        match self {
            Axis::Line { low, high } | Axis::Levels { low, high, .. } => (*low, *high),
            Axis::Circle | Axis::Options(_) => (0.0, 1.0),
        }
    }

    /// Logarithm of what a kernel's values add up to over the axis, but for a constant.
    pub fn log_mass(&self, mu: f64, sigma: f64) -> f64 {
        match self {
            Axis::Levels { places, .. } => {
                let part = |(u, width): &(f64, f64)| {
                    let z = (u - mu) / sigma;
                    width * libm::exp(-0.5 * z * z)
                };
                libm::log(places.iter().map(part).sum::<f64>().max(f64::MIN_POSITIVE))
            }
            Axis::Circle => libm::log(sigma * inside(-0.5 / sigma, 0.5 / sigma)),
            _ => {
                let (low, high) = self.ends();
                libm::log(sigma * inside((low - mu) / sigma, (high - mu) / sigma))
            }
        }
    }

    /// A random place near `mu`.
    pub fn draw(&self, mu: f64, sigma: f64, rng: &mut Rng) -> f64 {
        let (low, high) = self.ends();
        if matches!(self, Axis::Circle) {
            let u = mu + sigma * draw::normal(rng);
            return u - libm::floor(u);
        }
        let normal = (0..TRIES).map(|_| mu + sigma * draw::normal(rng)).find(|u| (low..=high).contains(u));
        let u = normal.unwrap_or_else(|| low + draw::uniform(rng) * (high - low));
        clamp(u, 0.0, 1.0)
    }
}

/// The share of a standard normal distribution between two deviations.
fn inside(from: f64, to: f64) -> f64 {
    if from < -TAIL && to > TAIL {
        return 1.0;
    }
    let root = core::f64::consts::SQRT_2;
    0.5 * (libm::erf(to / root) - libm::erf(from / root))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn axis(bound: &str) -> Axis {
        let config = Config::parse(&format!("{{\"bounds\":{{\"k\":{bound}}}}}")).unwrap();
        Axis::new(&config.space.bounds()[0])
    }

    /// The kernel summed over the axis by small steps.
    fn total(axis: &Axis, mu: f64, sigma: f64) -> f64 {
        let density = |u: f64| {
            libm::exp(-0.5 * (u - mu) * (u - mu) / sigma / sigma) / libm::sqrt(2.0 * core::f64::consts::PI)
        };
        match axis {
            Axis::Levels { places, .. } => {
                places.iter().map(|(u, w)| w * libm::exp(-0.5 * (u - mu) * (u - mu) / sigma / sigma)).sum()
            }
            _ => {
                let (low, high) =
                    if matches!(axis, Axis::Circle) { (mu - 0.5, mu + 0.5) } else { axis.ends() };
                let step = (high - low) / 1e5;
                (0..100_000).map(|i| density(low + (i as f64 + 0.5) * step) * step).sum()
            }
        }
    }

    #[test]
    fn masses_are_what_summing_gives_and_draws_stay_inside() {
        let mut rng = Rng::new(4);
        for bound in [
            r#"{"min":0,"max":3}"#,
            r#"{"min":1,"max":24,"scale":"periodic"}"#,
            r#"{"kind":"integer","min":1,"max":8,"scale":"log"}"#,
            r#"{"kind":"integer","min":0,"max":1000}"#,
        ] {
            let axis = axis(bound);
            for (mu, sigma) in [(0.5, 1.0), (0.02, 0.05), (1.0, 0.3), (0.4, 0.01)] {
                let (found, wanted) = (libm::exp(axis.log_mass(mu, sigma)), total(&axis, mu, sigma));
                assert!(
                    (found - wanted).abs() < 1e-6 * wanted.max(1e-3),
                    "{bound} {mu} {sigma}: {found} {wanted}"
                );
                assert!((0..100).all(|_| (0.0..=1.0).contains(&axis.draw(mu, sigma, &mut rng))));
            }
        }
        assert!(matches!(axis(r#"{"kind":"choice","choices":["a","b"]}"#), Axis::Options(2)));
    }
}

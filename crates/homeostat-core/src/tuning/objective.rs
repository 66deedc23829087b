use crate::real::{clamp, sort};
use alloc::vec::Vec;

/// Windows that fix the scale.
pub const WARM_UP: usize = 16;
/// Windows in a row that a logarithm cannot take, after which the scale is chosen anew.
const NOT_POSITIVE_MAX: u32 = 8;
/// Clipped windows in a row, after which the scale is chosen anew.
const CLIPPED_MAX: u32 = 64;
/// A window counts as at most this many times, and at least this share of, the recent level.
const CLIP: (f64, f64) = (0.25, 6.0);

/// The scale on which the objective is learned: about 1 at the start, and 0.05 more is about 5 % worse.
///
/// The logarithm where the objective stays positive; else a robust linear scale (median, and the larger of the median's size
/// and four times the median absolute deviation).
#[derive(Clone, Debug)]
pub struct Objective {
    scale: Scale,
    warm_up: Vec<f64>,
    not_positive: u32,
    clipped: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Scale {
    Unknown,
    Log { level: f64 },
    Linear { centre: f64, unit: f64 },
}

impl Default for Objective {
    fn default() -> Self {
        Self { scale: Scale::Unknown, warm_up: Vec::with_capacity(WARM_UP), not_positive: 0, clipped: 0 }
    }
}

/// What a window's objective is on the learning scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scaled {
    /// The scale is not known yet.
    WarmingUp,
    /// The scale has just been fixed; the variance of one window is about this. Learning starts afresh.
    Fixed {
        /// Variance of one window.
        noise: f64,
    },
    /// The value.
    Value(f64),
}

impl Objective {
    /// Takes one finite objective. `recent` is the present level on the learning scale, for clipping outliers.
    pub fn scale(&mut self, value: f64, recent: f64) -> Scaled {
        let (exact, low, high) = match self.scale {
            Scale::Unknown => return self.warm_up(value),
            Scale::Log { level } => {
                self.not_positive = if value > 0.0 { 0 } else { self.not_positive + 1 };
                let around = libm::log(CLIP.0);
                let exact = if value > 0.0 { 1.0 + libm::log(value / level) } else { recent + around };
                (exact, recent + around, recent + libm::log(CLIP.1))
            }
            Scale::Linear { centre, unit } => (1.0 + (value - centre) / unit, recent - 2.0, recent + 2.0),
        };
        let clipped = clamp(exact, low, high);
        self.clipped = if clipped == exact { 0 } else { self.clipped + 1 };
        if self.not_positive >= NOT_POSITIVE_MAX || self.clipped >= CLIPPED_MAX {
            *self = Self::default();
            return Scaled::WarmingUp;
        }
        Scaled::Value(clipped)
    }

    /// Whether windows have a value yet.
    pub fn is_known(&self) -> bool {
        self.scale != Scale::Unknown
    }

    fn warm_up(&mut self, value: f64) -> Scaled {
        self.warm_up.push(value);
        if self.warm_up.len() < WARM_UP {
            return Scaled::WarmingUp;
        }
        let steps: f64 = self.warm_up.windows(2).map(|w| (w[1] - w[0]).abs()).sum();
        // Mean absolute difference of neighbours: 1.128 standard deviations of one window.
        let deviation = steps / (WARM_UP - 1) as f64 / 1.128;
        sort(&mut self.warm_up);
        let centre = median(&self.warm_up);
        let positive = self.warm_up[0] > 0.0;
        let unit = if positive {
            centre
        } else {
            self.warm_up.iter_mut().for_each(|v| *v = (*v - centre).abs());
            sort(&mut self.warm_up);
            centre.abs().max(4.0 * median(&self.warm_up))
        };
        if unit <= 0.0 {
            // Nothing but zeros: there is no scale to be had from that.
            self.warm_up.clear();
            return Scaled::WarmingUp;
        }
        self.scale = if positive { Scale::Log { level: centre } } else { Scale::Linear { centre, unit } };
        self.warm_up.clear();
        Scaled::Fixed { noise: ((deviation / unit) * (deviation / unit)).max(1e-6) }
    }
}

fn median(sorted: &[f64]) -> f64 {
    let n = sorted.len();
    0.5 * (sorted[(n - 1) / 2] + sorted[n / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warmed(values: impl Fn(usize) -> f64) -> (Objective, Scaled) {
        let mut o = Objective::default();
        let last = (0..WARM_UP).map(|i| o.scale(values(i), 1.0)).last().unwrap();
        (o, last)
    }

    #[test]
    fn five_percent_is_five_percent_at_any_size() {
        for size in [1e-3, 1.0, 1e6] {
            let (mut o, last) = warmed(|i| size * (1.0 + 0.01 * (i % 2) as f64));
            assert!(matches!(last, Scaled::Fixed { .. }));
            let Scaled::Value(y) = o.scale(size * 1.005 * 1.05, 1.0) else { panic!() };
            assert!((y - 1.05).abs() < 0.002, "{y} at {size}");
        }
    }

    #[test]
    fn negative_objectives_get_a_linear_scale() {
        let (mut o, _) = warmed(|i| -10.0 + (i % 3) as f64 - 1.0);
        let Scaled::Value(worse) = o.scale(-9.0, 1.0) else { panic!() };
        assert!((worse - 1.1).abs() < 0.02, "{worse}");
        let (mut zero, _) = warmed(|_| 0.0);
        assert!(!zero.is_known(), "zeros say nothing about the scale");
        for i in 0..WARM_UP {
            zero.scale(5.0 + (i % 2) as f64, 1.0);
        }
        assert!(zero.is_known());
        let (mut jump, _) = warmed(|_| 1.0);
        (0..CLIPPED_MAX).for_each(|_| _ = jump.scale(1e6, 1.0));
        assert!(!jump.is_known(), "windows that are clipped for good are another scale");
    }

    #[test]
    fn the_scale_is_chosen_anew_when_the_sign_changes_for_good() {
        let (mut o, _) = warmed(|_| 5.0);
        for _ in 0..NOT_POSITIVE_MAX {
            o.scale(-5.0, 1.0);
        }
        assert!(!o.is_known());
    }
}

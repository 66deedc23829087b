//! Values as the model sees them: told values may span decades, and penalties may dwarf the rest.
//!
//! Standardised by the better half, then the power transform of Yeo and Johnson (2000) with the most likely exponent of at
//! most 1, then standardised: a long tail of bad values is drawn in, and what is left between the good ones is seen.
use alloc::{vec, vec::Vec};
use homeostat_core::list::List;
use homeostat_core::real::{self, clamp};

/// Values in the same order (never reversed), of mean 0 and variance 1, or all 0 where they do not differ. Told values are
/// finite; these are too.
pub fn transform(values: &[f64]) -> Vec<f64> {
    standardise(&powered(&centred(values)))
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share * (sorted.len() - 1) as f64;
    let low = at as usize;
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + (at - low as f64) * (sorted[high] - sorted[low])
}

/// Centred at the median, in units of its distance from the better quartile: what penalties do to the worse half is not
/// seen. Where that is nothing, its distance from the least, and where even that is nothing, a quarter of the range.
fn centred(values: &[f64]) -> Vec<f64> {
    // An eighth of any two finite numbers can be subtracted.
    let eighths: Vec<f64> = values.iter().map(|y| y * 0.125).listed();
    let mut sorted = eighths.clone();
    real::sort(&mut sorted);
    let [Some(least), Some(most)] = [sorted.first(), sorted.last()] else { return eighths };
    let middle = quantile(&sorted, 0.5);
    let units = [middle - quantile(&sorted, 0.25), middle - least, (most - least) * 0.25];
    let Some(unit) = units.into_iter().find(|unit| *unit > 0.0) else { return vec![0.0; values.len()] };
    eighths.iter().map(|y| clamp((y - middle) / unit, -1e100, 1e100)).listed()
}

/// Mean and variance.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, values.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / n)
}

fn standardise(values: &[f64]) -> Vec<f64> {
    let size = values.iter().fold(f64::MIN_POSITIVE, |size, y| y.abs().max(size));
    let scaled: Vec<f64> = values.iter().map(|y| y / size).listed();
    let (mean, variance) = moments(&scaled);
    let deviation = libm::sqrt(variance);
    if deviation <= 1e-14 {
        return vec![0.0; values.len()];
    }
    scaled.iter().map(|y| (y - mean) / deviation).listed()
}

/// The power transform, its exponent the most likely of a grid up to 1 (no change). A larger one would draw in the good values.
fn powered(values: &[f64]) -> Vec<f64> {
    let logs: Vec<f64> = values.iter().map(|x| libm::log1p(x.abs())).listed();
    let power = |(x, log): (&f64, &f64), exponent: f64| {
        let (exponent, sign) = if *x < 0.0 { (2.0 - exponent, -1.0) } else { (exponent, 1.0) };
        sign * if exponent == 0.0 { *log } else { libm::expm1(exponent * log) / exponent }
    };
    let n = values.len() as f64;
    let jacobian: f64 = values.iter().zip(&logs).map(|(x, log)| if *x < 0.0 { -log } else { *log }).sum();
    let mut best = (f64::NEG_INFINITY, values.to_vec());
    for quarter in -8..=0 {
        let change = 0.25 * f64::from(quarter);
        let candidate: Vec<f64> = values.iter().zip(&logs).map(|pair| power(pair, 1.0 + change)).listed();
        let (_, variance) = moments(&candidate);
        let score = -0.5 * n * libm::log(variance.max(1e-300)) + change * jacobian;
        if score.is_finite() && score > best.0 {
            best = (score, candidate);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_finite() -> impl Strategy<Value = f64> {
        prop_oneof![
            any::<f64>(),
            -1e3..1e3f64,
            Just(-0.0),
            Just(1e10),
            Just(f64::MAX),
            Just(f64::MIN),
            Just(5e-324)
        ]
        .prop_filter("told values are finite", |y| y.is_finite())
    }

    proptest! {
        #[test]
        fn keeps_the_order_and_the_scale(values in prop::collection::vec(any_finite(), 1..40)) {
            let seen = transform(&values);
            prop_assert!(seen.iter().all(|y| y.is_finite()));
            for (a, x) in values.iter().zip(&seen) {
                for (b, y) in values.iter().zip(&seen) {
                    prop_assert!(a > b || x <= y, "{a} <= {b} became {x} > {y}");
                }
            }
            let (mean, variance) = moments(&seen);
            prop_assert!(mean.abs() < 1e-9);
            prop_assert!((variance - 1.0).abs() < 1e-9 || seen.iter().all(|y| *y == 0.0));
        }
    }

    #[test]
    fn a_penalty_leaves_the_good_values_apart() {
        let seen = transform(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 1e10, 1e10]);
        assert!(seen[5] - seen[0] > 0.4, "{seen:?}");
    }
}

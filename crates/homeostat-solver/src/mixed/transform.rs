//! Values as the model sees them: told values may span decades, and penalties may dwarf the rest.
use alloc::vec::Vec;

/// Standardised values of the same order (never reversed, ties stay ties), all finite.
pub fn transform(values: &[f64], kind: f64) -> Vec<f64> {
    match kind as u32 {
        0 => standardise(winsorise(values)),
        1 => ranks(values),
        2 => standardise(yeo_johnson(&robust(values))),
        3 => standardise(logarithmic(values)),
        _ => standardise(robust(values).iter().map(|x| libm::asinh(*x)).collect()),
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share * (sorted.len() - 1) as f64;
    let low = at as usize;
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + (at - low as f64) * (sorted[high] - sorted[low])
}

fn winsorise(values: &[f64]) -> Vec<f64> {
    let sorted = sorted(values);
    let (least, middle) = (sorted[0], quantile(&sorted, 0.5));
    let bound = middle + 2.0 * (middle - least);
    values.iter().map(|y| y.min(bound)).collect()
}

/// Centred at the median, in units of the quartiles' distance; the widest finite range where that is nothing.
fn robust(values: &[f64]) -> Vec<f64> {
    let sorted = sorted(values);
    let middle = quantile(&sorted, 0.5);
    let mut unit = quantile(&sorted, 0.75) * 0.5 - quantile(&sorted, 0.25) * 0.5;
    if !(unit > 0.0) {
        unit = sorted[sorted.len() - 1] * 0.25 - sorted[0] * 0.25;
    }
    if !(unit > 0.0) {
        unit = 1.0;
    }
    values.iter().map(|y| (y / unit - middle / unit).clamp(-1e100, 1e100)).collect()
}

fn standardise(values: Vec<f64>) -> Vec<f64> {
    let n = values.len() as f64;
    let size = values.iter().fold(f64::MIN_POSITIVE, |s, y| y.abs().max(s));
    let scaled: Vec<f64> = values.iter().map(|y| y / size).collect();
    let mean = scaled.iter().sum::<f64>() / n;
    let variance = scaled.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / n;
    let deviation = libm::sqrt(variance);
    if !(deviation > 1e-14) {
        return alloc::vec![0.0; values.len()];
    }
    scaled.iter().map(|y| (y - mean) / deviation).collect()
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let sorted = sorted(values);
    let n = values.len() as f64;
    let score = |y: &f64| {
        let below = sorted.partition_point(|s| s < y) as f64;
        let upto = sorted.partition_point(|s| s <= y) as f64;
        inverse_normal(((below + upto) * 0.5 - 0.375 + 0.5 - 0.125) / (n + 0.25))
    };
    standardise(values.iter().map(score).collect())
}

/// Acklam's rational approximation of the inverse normal distribution: relative error below 1.2e-9.
fn inverse_normal(p: f64) -> f64 {
    let p = p.clamp(1e-9, 1.0 - 1e-9);
    let tail = |p: f64| {
        let q = libm::sqrt(-2.0 * libm::log(p));
        (((((-7.784_894_002_430_293e-3 * q - 0.322_396_458_041_136_5) * q - 2.400_758_277_161_838) * q
            - 2.549_732_539_343_734)
            * q
            + 4.374_664_141_464_968)
            * q
            + 2.938_163_982_698_783)
            / ((((7.784_695_709_041_462e-3 * q + 0.322_467_129_070_039_8) * q + 2.445_134_137_142_996) * q
                + 3.754_408_661_907_416)
                * q
                + 1.0)
    };
    if p < 0.02425 {
        return tail(p);
    }
    if p > 1.0 - 0.02425 {
        return -tail(1.0 - p);
    }
    let q = p - 0.5;
    let r = q * q;
    (((((-39.696_830_286_653_76 * r + 220.946_098_424_520_5) * r - 275.928_510_446_968_7) * r
        + 138.357_751_867_269)
        * r
        - 30.664_798_066_147_16)
        * r
        + 2.506_628_277_459_239)
        * q
        / (((((-54.476_098_798_224_06 * r + 161.585_836_858_040_9) * r - 155.698_979_859_886_6) * r
            + 66.801_311_887_719_72)
            * r
            - 13.280_681_552_885_72)
            * r
            + 1.0)
}

/// The power transform of Yeo and Johnson (2000), its exponent by maximum likelihood over a grid.
fn yeo_johnson(values: &[f64]) -> Vec<f64> {
    let logs: Vec<f64> = values.iter().map(|x| libm::log1p(x.abs())).collect();
    let power = |x: f64, log: f64, lambda: f64| {
        if x >= 0.0 {
            if lambda.abs() < 1e-9 { log } else { libm::expm1(lambda * log) / lambda }
        } else {
            let other = 2.0 - lambda;
            if other.abs() < 1e-9 { -log } else { -libm::expm1(other * log) / other }
        }
    };
    let n = values.len() as f64;
    let jacobian: f64 = values.iter().zip(&logs).map(|(x, log)| if *x >= 0.0 { *log } else { -log }).sum();
    let mut best = (f64::NEG_INFINITY, values.to_vec());
    for step in -8..=8 {
        let lambda = 1.0 + 0.25 * f64::from(step);
        let powered: Vec<f64> = values.iter().zip(&logs).map(|(x, log)| power(*x, *log, lambda)).collect();
        let mean = powered.iter().sum::<f64>() / n;
        let variance = powered.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / n;
        let likelihood = -0.5 * n * libm::log(variance.max(1e-300)) + (lambda - 1.0) * jacobian;
        if likelihood.is_finite() && likelihood > best.0 {
            best = (likelihood, powered);
        }
    }
    best.1
}

fn logarithmic(values: &[f64]) -> Vec<f64> {
    let sorted = sorted(values);
    let least = sorted[0];
    let unit = (quantile(&sorted, 0.5) * 0.5 - least * 0.5).max(f64::MIN_POSITIVE);
    values.iter().map(|y| libm::log(0.05 + (y / unit - least / unit) * 0.5)).collect()
}

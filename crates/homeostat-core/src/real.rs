//! Small tools for real numbers, instead of those of `core` that are large in WebAssembly: `f64::clamp` can panic with a
//! message that brings all of `core`'s float formatting along, and `sort_by` is made for long lists.

/// `x`, or the nearer of the ends where it is outside; NaN stays NaN.
pub fn clamp(x: f64, low: f64, high: f64) -> f64 {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}

/// Sorts a few numbers in place, in the order of `f64::total_cmp`.
pub fn sort(values: &mut [f64]) {
    for sorted in 1..values.len() {
        let mut rest = values.iter_mut().take(sorted + 1).rev();
        let Some(mut hole) = rest.next() else { return };
        for before in rest {
            if hole.total_cmp(before).is_ge() {
                break;
            }
            core::mem::swap(hole, before);
            hole = before;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_core(mut values in prop::collection::vec(any::<f64>(), 0..20), x in any::<f64>()) {
            let mut wanted = values.clone();
            wanted.sort_by(f64::total_cmp);
            sort(&mut values);
            let bits = |v: &[f64]| v.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&values), bits(&wanted));
            let same = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan());
            prop_assert!(same(clamp(x, -1.5, 2.5), x.clamp(-1.5, 2.5)));
        }
    }
}

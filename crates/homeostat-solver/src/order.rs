//! One sort for all: each use of the standard library's is a copy of its own, of 3 kB or more in WebAssembly.

use alloc::vec::Vec;

/// Runs of so many are sorted by insertion before they are merged.
const RUN: usize = 8;

/// The places of keys in ascending order of `f64::total_cmp`; equal keys stay in their order. A merge sort.
pub fn ascending(keys: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..keys.len()).collect();
    for run in order.chunks_mut(RUN) {
        for sorted in 1..run.len() {
            let place = run[sorted];
            let mut at = sorted;
            while at > 0 && keys[run[at - 1]].total_cmp(&keys[place]).is_gt() {
                run[at] = run[at - 1];
                at -= 1;
            }
            run[at] = place;
        }
    }
    if keys.len() <= RUN {
        return order;
    }
    let mut merged = order.clone();
    let mut run = RUN;
    while run < keys.len() {
        for start in (0..keys.len()).step_by(2 * run) {
            let middle = (start + run).min(keys.len());
            let end = (start + 2 * run).min(keys.len());
            let (mut left, mut right) = (start, middle);
            for place in &mut merged[start..end] {
                let first = left < middle
                    && (right == end || keys[order[left]].total_cmp(&keys[order[right]]).is_le());
                let from = if first { &mut left } else { &mut right };
                *place = order[*from];
                *from += 1;
            }
        }
        core::mem::swap(&mut order, &mut merged);
        run *= 2;
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_a_stable_sort(keys in prop::collection::vec(prop::sample::select(vec![
            -1.0, -0.0, 0.0, 1.5, 2.0, f64::INFINITY, f64::NAN,
        ]), 0..70)) {
            let mut wanted: Vec<usize> = (0..keys.len()).collect();
            wanted.sort_by(|a, b| keys[*a].total_cmp(&keys[*b]));
            prop_assert_eq!(ascending(&keys), wanted);
        }
    }
}

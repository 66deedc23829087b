//! How much each knob matters: functional analysis of variance on a random forest.
//!
//! A forest of regression trees is fitted to the trials. A tree is constant on boxes, so what a knob accounts for follows
//! exactly: the knob's total effect T_d = E f² - E (E[f | all but d])² over the whole space, its interactions included (Homma and
//! Saltelli, 1996; for trees, Hutter, Hoos and Leyton-Brown, 2014, who sum main effects). A share is T_d over the sum of all.
//!
//! Values far above the others, as penalties are, are cut at the upper quartile plus 1.5 times the distance of the
//! quartiles (Tukey's fence): else one crash would say which knob matters.

use crate::classify::spread;
use crate::draw;
use crate::order::ascending;
use alloc::vec::Vec;
use homeostat_core::real;
use homeostat_core::rng::Rng;

/// Fewest points that anything is said from.
pub const POINTS_MIN: usize = 10;
/// Most points that are looked at.
pub const POINTS_MAX: usize = 256;
/// Fewest points of a leaf.
const LEAF_MIN: usize = 3;

/// The knobs' shares, which add up to 1; `None` from too few points, or where no value differs. Every coordinate lies in [0, 1]
/// and is as likely anywhere.
pub fn importance(points: &[(Vec<f64>, f64)]) -> Option<Vec<f64>> {
    if points.len() < POINTS_MIN {
        return None;
    }
    let references: Vec<&(Vec<f64>, f64)> = points.iter().collect();
    let data = Data::new(&spread(&references, POINTS_MAX));
    let n = data.rows[0].len();
    let mut rng = Rng::new(0x1339_0A7A_9CE5_0001);
    let mut effects = alloc::vec![0.0; n];
    for _ in 0..(1024 / n).clamp(8, 48) {
        data.tree(&mut rng).add_total_effects(&mut effects);
    }
    let sum: f64 = effects.iter().sum();
    (sum > 0.0 && sum.is_finite()).then(|| effects.iter().map(|effect| effect / sum).collect())
}

/// What the trees are grown on: values of mean 0 and standard deviation 1.
struct Data<'a> {
    rows: Vec<&'a [f64]>,
    values: Vec<f64>,
}

impl<'a> Data<'a> {
    fn new(points: &[&'a (Vec<f64>, f64)]) -> Self {
        let told: Vec<f64> = points.iter().map(|(_, y)| *y).collect();
        let order = ascending(&told);
        let quartile = |k: usize| told[order[(k * (order.len() - 1)) / 4]];
        // Where half of the values are equal the quartiles say nothing of the others.
        let apart = quartile(3) - quartile(1);
        let limit = if apart > 0.0 { quartile(3) + 1.5 * apart } else { f64::INFINITY };
        // Divided first: sums of extreme values may leave the finite numbers.
        let scale = quartile(4).min(limit).abs().max(quartile(0).abs()).max(f64::MIN_POSITIVE);
        let mut values: Vec<f64> = points.iter().map(|(_, y)| y.min(limit) / scale).collect();
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        values.iter_mut().for_each(|y| *y -= mean);
        let deviation = libm::sqrt(values.iter().map(|y| y * y).sum::<f64>() / count);
        if deviation > 1e-12 * mean.abs() {
            values.iter_mut().for_each(|y| *y /= deviation);
        } else {
            values.fill(0.0);
        }
        Self { rows: points.iter().map(|(x, _)| x.as_slice()).collect(), values }
    }

    /// A tree on as many points as there are, drawn with repetition.
    fn tree(&self, rng: &mut Rng) -> Tree {
        let count = self.rows.len();
        let drawn: Vec<usize> = (0..count).map(|_| (draw::uniform(rng) * count as f64) as usize).collect();
        let whole = alloc::vec![(0.0, 1.0); self.rows[0].len()];
        let (mut leaves, mut open) = (Vec::new(), alloc::vec![(whole, drawn)]);
        while let Some((sides, members)) = open.pop() {
            let Some((axis, at)) = self.split(&members) else {
                let value = members.iter().map(|i| self.values[*i]).sum::<f64>() / members.len() as f64;
                leaves.push(Leaf { sides, value });
                continue;
            };
            let (low, high): (Vec<usize>, Vec<usize>) =
                members.iter().partition(|i| self.rows[**i][axis] < at);
            let (mut below, mut above) = (sides.clone(), sides);
            (below[axis].1, above[axis].0) = (at, at);
            open.push((below, low));
            open.push((above, high));
        }
        Tree { leaves }
    }

    /// The axis and the place that part these points so that the halves' values differ the most; `None` if none does.
    fn split(&self, members: &[usize]) -> Option<(usize, f64)> {
        if members.len() < 2 * LEAF_MIN {
            return None;
        }
        let count = members.len() as f64;
        let total: f64 = members.iter().map(|i| self.values[*i]).sum();
        let mut best = (total * total / count + 1e-9, None);
        for axis in 0..self.rows[0].len() {
            let keys: Vec<f64> = members.iter().map(|i| self.rows[*i][axis]).collect();
            let order: Vec<usize> = ascending(&keys).into_iter().map(|i| members[i]).collect();
            let mut sum = 0.0;
            for (i, pair) in order.windows(2).enumerate() {
                sum += self.values[pair[0]];
                let (left, right) = (i + 1, order.len() - i - 1);
                let (from, to) = (self.rows[pair[0]][axis], self.rows[pair[1]][axis]);
                let middle = 0.5 * (from + to);
                if left < LEAF_MIN || right < LEAF_MIN || middle <= from {
                    continue;
                }
                let rest = total - sum;
                let gain = sum * sum / left as f64 + rest * rest / right as f64;
                if gain > best.0 {
                    best = (gain, Some((axis, middle)));
                }
            }
        }
        best.1
    }
}

/// Constant on boxes that fill the space.
struct Tree {
    leaves: Vec<Leaf>,
}

struct Leaf {
    sides: Vec<(f64, f64)>,
    value: f64,
}

impl Tree {
    /// Adds each axis' total effect.
    fn add_total_effects(&self, effects: &mut [f64]) {
        for (i, a) in self.leaves.iter().enumerate() {
            let volume: f64 = a.sides.iter().map(|(low, high)| high - low).product();
            effects.iter_mut().for_each(|effect| *effect += volume * a.value * a.value);
            for b in &self.leaves[..=i] {
                let twice = if core::ptr::eq(a, b) { 1.0 } else { 2.0 };
                subtract_pair(a, b, twice * a.value * b.value, effects);
            }
        }
    }
}

/// Takes from each axis what two leaves have in common once that axis is averaged out: they meet in all others, or not at all.
fn subtract_pair(a: &Leaf, b: &Leaf, weight: f64, effects: &mut [f64]) {
    let (mut product, mut apart) = (1.0, None);
    for (axis, (p, q)) in a.sides.iter().zip(&b.sides).enumerate() {
        let common = p.1.min(q.1) - p.0.max(q.0);
        if common > 0.0 {
            product *= common;
        } else if apart.replace(axis).is_some() {
            return;
        }
    }
    let widths = |axis: usize| {
        let (p, q) = (a.sides[axis], b.sides[axis]);
        (p.1 - p.0) * (q.1 - q.0)
    };
    if let Some(axis) = apart {
        effects[axis] -= weight * product * widths(axis);
        return;
    }
    for (axis, effect) in effects.iter_mut().enumerate() {
        let (p, q) = (a.sides[axis], b.sides[axis]);
        let common = real::clamp(p.1.min(q.1) - p.0.max(q.0), f64::MIN_POSITIVE, 1.0);
        *effect -= weight * product / common * widths(axis);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Probe;
    use core::f64::consts::PI;

    fn shares(n: usize, count: u32, f: impl Fn(&[f64]) -> f64) -> Vec<f64> {
        let probe = Probe::new(n, 5);
        let points: Vec<(Vec<f64>, f64)> =
            (0..count).map(|i| probe.point(i)).map(|x| (x.clone(), f(&x))).collect();
        importance(&points).unwrap()
    }

    fn close(found: &[f64], wanted: &[f64], tolerance: f64) {
        let off = found.iter().zip(wanted).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(off < tolerance, "{found:?} instead of {wanted:?}");
    }

    #[test]
    fn a_sum_gives_each_term_its_variance() {
        // Variances of w u are w² / 12: 16, 4, 1 and 0 of 21.
        let found = shares(4, 250, |x| 4.0 * x[0] + 2.0 * x[1] + x[2]);
        close(&found, &[16.0 / 21.0, 4.0 / 21.0, 1.0 / 21.0, 0.0], 0.06);
        assert!(found[0] > found[1] && found[1] > found[2] && found[2] > found[3]);
    }

    #[test]
    fn ishigami_has_its_published_total_effects() {
        // With a = 7, b = 0.1: .558, .442, .244 (Saltelli and others, 2000), here as shares of their sum 1.244.
        let ishigami = |x: &[f64]| {
            let z: Vec<f64> = x.iter().map(|u| PI * (2.0 * u - 1.0)).collect();
            let s = libm::sin(z[1]);
            libm::sin(z[0]) * (1.0 + 0.1 * z[2] * z[2] * z[2] * z[2]) + 7.0 * s * s
        };
        close(&shares(3, 256, ishigami), &[0.449, 0.355, 0.196], 0.12);
    }

    #[test]
    fn knobs_that_matter_only_together_are_seen() {
        let apart = |x: &[f64]| f64::from(u8::from((x[0] < 0.5) != (x[1] < 0.5)));
        let found = shares(4, 250, apart);
        close(&found, &[0.5, 0.5, 0.0, 0.0], 0.15);
    }

    #[test]
    fn a_crash_does_not_decide_and_nothing_is_said_from_nothing() {
        let bowl = |x: &[f64]| (x[0] - 0.3) * (x[0] - 0.3) + if x[1] > 0.97 { 1e9 } else { 0.0 };
        assert!(shares(2, 200, bowl)[0] > 0.6, "it is most of all that is not a crash");
        let flat =
            |y: f64| importance(&(0..50).map(|i| (alloc::vec![f64::from(i) / 50.0], y)).collect::<Vec<_>>());
        assert_eq!((flat(3.0), flat(0.0), flat(f64::MAX)), (None, None, None));
        assert_eq!(importance(&alloc::vec![(alloc::vec![0.5], 1.0); 9]), None);
        let wide = |i: i32| (alloc::vec![f64::from(i) / 50.0, 0.5], f64::MAX * (f64::from(i % 3) - 1.0));
        assert!(
            importance(&(0..50).map(wide).collect::<Vec<_>>())
                .is_none_or(|s| s.iter().all(|s| s.is_finite()))
        );
    }
}

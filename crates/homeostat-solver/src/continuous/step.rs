//! The minimiser of a quadratic within a ball and a box.

use super::quadratic::Quadratic;
use crate::linear::{Cholesky, Square, dot, norm};
use alloc::vec;
use alloc::vec::Vec;
use homeostat_core::real::clamp;

/// Where a step may go: dᵀ metric d ≤ radius², and lower ≤ d ≤ upper, which contains 0.
pub(crate) struct Region<'a> {
    pub metric: &'a Square,
    pub radius: f64,
    pub lower: &'a [f64],
    pub upper: &'a [f64],
}

/// Approximately the least q(d) - q(0) over the region. Solves (H + μ metric) d = -g with the least μ ≥ 0 that keeps d in the ball;
/// an axis on which the solution leaves the box is fixed at the border and the rest solved again. Such an axis stays fixed, also on
/// the wrong side: if the result climbs, the best step against the slope is taken instead. Where q is concave only across its slope, the
/// step does not look there.
pub(crate) fn step(q: &Quadratic, region: &Region) -> Vec<f64> {
    let d = newton(q, region);
    if q.change(&d) <= 0.0 { d } else { cauchy(q, region) }
}

/// The best of some steps against the slope, bent at the borders of the box.
fn cauchy(q: &Quadratic, region: &Region) -> Vec<f64> {
    let slope = norm(&q.gradient).max(f64::MIN_POSITIVE);
    let raw: Vec<f64> = q.gradient.iter().map(|g| -g / slope).collect();
    let mut reach = region.radius / libm::sqrt(region.metric.form(&raw).max(f64::MIN_POSITIVE));
    let mut best = (0.0, vec![0.0; raw.len()]);
    for _ in 0..8 {
        let d: Vec<f64> =
            (0..raw.len()).map(|i| clamp(reach * raw[i], region.lower[i], region.upper[i])).collect();
        let change = q.change(&d);
        if change < best.0 {
            best = (change, d);
        }
        reach *= 0.4;
    }
    best.1
}

fn newton(q: &Quadratic, region: &Region) -> Vec<f64> {
    let n = q.gradient.len();
    let mut d = vec![0.0; n];
    let mut free: Vec<usize> = (0..n).collect();
    while !free.is_empty() {
        within_ball(q, region, &free, &mut d);
        let before = free.len();
        free.retain(|&i| {
            let inside = region.lower[i] <= d[i] && d[i] <= region.upper[i];
            d[i] = clamp(d[i], region.lower[i], region.upper[i]);
            inside
        });
        if free.len() == before {
            break;
        }
    }
    d
}

/// Sets the free entries of `d`, the others as they are.
fn within_ball(q: &Quadratic, region: &Region, free: &[usize], d: &mut [f64]) {
    if attempt(q, region, free, 0.0, d) {
        return;
    }
    let n = q.gradient.len();
    let trace: f64 = (0..n).map(|i| region.metric[(i, i)]).sum();
    let steepest = q.hessian.cells.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    let scale = (norm(&q.gradient) / region.radius + steepest) * n as f64 / trace;
    let mut high = scale * 1e-6 + f64::MIN_POSITIVE;
    let mut trial = d.to_vec();
    let mut doublings = 0;
    while !attempt(q, region, free, high, &mut trial) && doublings < 60 {
        high *= 4.0;
        doublings += 1;
    }
    let mut low = if doublings == 0 { 0.0 } else { high / 4.0 };
    d.copy_from_slice(&trial);
    for _ in 0..10 {
        let middle = if low == 0.0 { 0.1 * high } else { libm::sqrt(low * high) };
        if attempt(q, region, free, middle, &mut trial) {
            high = middle;
            d.copy_from_slice(&trial);
        } else {
            low = middle;
        }
    }
}

/// Solves for one μ. True if the matrix is positive definite and the step within the ball; `d` is then the step.
fn attempt(q: &Quadratic, region: &Region, free: &[usize], shift: f64, d: &mut [f64]) -> bool {
    let n = q.gradient.len();
    let mut matrix = Square::zeros(free.len());
    let mut right = vec![0.0; free.len()];
    let mut is_free = vec![false; n];
    for &i in free {
        is_free[i] = true;
    }
    for (row, &i) in free.iter().enumerate() {
        let (hessian, metric) = (q.hessian.row(i), region.metric.row(i));
        right[row] = -q.gradient[i];
        for j in (0..n).filter(|&j| !is_free[j]) {
            right[row] -= (hessian[j] + shift * metric[j]) * d[j];
        }
        for (column, &j) in free[..=row].iter().enumerate() {
            matrix[(row, column)] = hessian[j] + shift * metric[j];
        }
    }
    let Some(factor) = Cholesky::new(matrix) else { return false };
    factor.solve(&mut right);
    for (&i, &value) in free.iter().zip(&right) {
        d[i] = value;
    }
    let length_squared = dot(d, &region.metric.apply(d));
    length_squared.is_finite() && length_squared <= region.radius * region.radius * 1.0001
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn length(region: &Region, d: &[f64]) -> f64 {
        region.metric.form(d).sqrt()
    }

    /// The best of many steps of projected gradient descent from many starts: slow, plain, and for few axes good enough.
    fn oracle(q: &Quadratic, region: &Region) -> f64 {
        let n = q.gradient.len();
        let rate = 0.2 / (1e-9 + q.hessian.cells.iter().map(|x| x.abs()).sum::<f64>());
        let mut best = 0.0f64;
        for start in 0..8u32 {
            let mut d: Vec<f64> = (0..n)
                .map(|i| 0.3 * region.radius * libm::sin(f64::from(start) * (i as f64 + 1.7)))
                .collect();
            for _ in 0..1000 {
                let slope = q.hessian.apply(&d);
                for (d, (slope, gradient)) in d.iter_mut().zip(slope.iter().zip(&q.gradient)) {
                    *d -= rate * (slope + gradient);
                }
                for _ in 0..4 {
                    let factor = (region.radius / length(region, &d).max(1e-300)).min(1.0);
                    for (i, d) in d.iter_mut().enumerate() {
                        *d = clamp(*d * factor, region.lower[i], region.upper[i]);
                    }
                }
            }
            best = best.min(q.change(&d));
        }
        best
    }

    fn problem() -> impl Strategy<Value = (Quadratic, f64, Vec<f64>, Vec<f64>)> {
        (1..5usize).prop_flat_map(|n| {
            let numbers = |m: usize| prop::collection::vec(-2.0..2.0f64, m);
            let sides = prop::collection::vec(0.0..1.5f64, n);
            (numbers(n), numbers(n * n), 0.1..2.0f64, sides.clone(), sides).prop_map(
                move |(gradient, cells, radius, low, high)| {
                    let root = Square { n, cells };
                    let mut hessian = root.clone();
                    for i in 0..n {
                        for j in 0..n {
                            hessian[(i, j)] = root[(i, j)] + root[(j, i)];
                        }
                    }
                    let low = low.iter().map(|v| -v).collect();
                    (Quadratic { value: 0.0, gradient, hessian }, radius, low, high)
                },
            )
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn stays_inside_and_never_climbs((q, radius, lower, upper) in problem()) {
            let metric = Square::identity(q.gradient.len());
            let region = Region { metric: &metric, radius, lower: &lower, upper: &upper };
            let d = step(&q, &region);
            prop_assert!(length(&region, &d) <= radius * 1.001);
            prop_assert!(q.change(&d) <= 0.0);
            prop_assert!(d.iter().zip(&lower).all(|(d, low)| d >= low) && d.iter().zip(&upper).all(|(d, high)| d <= high));
        }

        #[test]
        fn of_a_convex_one_in_the_ball_alone_it_is_the_minimum((mut q, radius, _, _) in problem()) {
            let n = q.gradient.len();
            q.hessian = q.hessian.transposed_times(&q.hessian);
            let metric = Square::identity(n);
            let (lower, upper) = (vec![-9.0; n], vec![9.0; n]);
            let region = Region { metric: &metric, radius, lower: &lower, upper: &upper };
            let (got, wanted) = (q.change(&step(&q, &region)), oracle(&q, &region));
            prop_assert!(got <= 0.93 * wanted, "{got} against {wanted}");
        }

        #[test]
        fn of_a_convex_one_whose_minimum_is_in_the_box_it_is_the_minimum((mut q, _, mut lower, mut upper) in problem()) {
            let n = q.gradient.len();
            let root = q.hessian.clone();
            q.hessian = root.transposed_times(&root);
            for i in 0..n {
                q.hessian[(i, i)] += 0.5;
                (lower[i], upper[i]) = (-5.0 + lower[i], 5.0 + upper[i]);
            }
            let metric = Square::identity(n);
            let region = Region { metric: &metric, radius: 30.0, lower: &lower, upper: &upper };
            let mut least: Vec<f64> = q.gradient.iter().map(|g| -g).collect();
            Cholesky::new(q.hessian.clone()).unwrap().solve(&mut least);
            prop_assume!(least.iter().zip(&lower).zip(&upper).all(|((x, low), high)| low < x && x < high));
            prop_assert!(q.change(&step(&q, &region)) <= q.change(&least) + 1e-9);
        }
    }

    #[test]
    fn degenerate_problems_end() {
        for (slope, curve) in [(0.0, 0.0), (1e90, 1e100), (1e-200, 0.0), (1.0, -1e100), (0.0, -1.0)] {
            let mut hessian = Square::identity(3);
            scale_cells(&mut hessian, curve);
            let q = Quadratic { value: 0.0, gradient: vec![slope; 3], hessian };
            let metric = Square::identity(3);
            let region = Region {
                metric: &metric,
                radius: 1e-9,
                lower: &[-1.0, 0.0, -1e-12],
                upper: &[0.0, 1.0, 1.0],
            };
            assert!(step(&q, &region).iter().all(|d| d.is_finite()));
        }
    }

    fn scale_cells(matrix: &mut Square, factor: f64) {
        crate::linear::scale(&mut matrix.cells, factor);
    }
}

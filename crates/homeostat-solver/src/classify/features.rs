use crate::linear::{Cholesky, Square, distance_squared};
use crate::order::ascending;
use alloc::vec::Vec;
use homeostat_core::real;

/// Numbers that describe a sample of a landscape.
pub const COUNT: usize = 2;
/// Neighbours that a value is predicted from.
const NEIGHBOURS: usize = 3;
/// Prior variance of the surface's constant, in units of the noise.
const CONSTANT: f64 = 100.0;

/// A sample: places, and the ranks of their values from -1 to 1. Ranks, since a landscape is as structured as its logarithm.
pub struct Sample<'a> {
    points: Vec<&'a [f64]>,
    ranks: Vec<f64>,
}

impl<'a> Sample<'a> {
    /// A sample of these places and values, at least four. Ties share their rank.
    pub fn new(points: &[(&'a [f64], f64)]) -> Self {
        let order = ascending(&points.iter().map(|(_, y)| *y).collect::<Vec<f64>>());
        let mut ranks = alloc::vec![0.0; points.len()];
        let mut from = 0;
        while from < order.len() {
            let tied = order[from..].iter().take_while(|i| points[**i].1 == points[order[from]].1).count();
            let middle = from as f64 + (tied as f64 - 1.0) / 2.0;
            for i in &order[from..from + tied] {
                ranks[*i] = 2.0 * (middle + 0.5) / points.len() as f64 - 1.0;
            }
            from += tied;
        }
        Self { points: points.iter().map(|(x, _)| *x).collect(), ranks }
    }

    /// How well a point's rank is predicted by its neighbours, and by a surface with slopes and curvatures along the axes that
    /// is fitted to the other points. Each is about standard normal, or less, where values have nothing to do with places.
    pub fn features(&self) -> [f64; COUNT] {
        [self.agreement(&self.neighbours()), self.agreement(&self.surface())]
    }

    /// How well predictions agree with the ranks: Fisher's transform of the correlation, in standard deviations.
    fn agreement(&self, predicted: &[f64]) -> f64 {
        let n = predicted.len() as f64;
        let mean = predicted.iter().sum::<f64>() / n;
        let (mut both, mut ours, mut theirs) = (0.0, 0.0, 0.0);
        for (p, rank) in predicted.iter().zip(&self.ranks) {
            both += (p - mean) * rank;
            ours += (p - mean) * (p - mean);
            theirs += rank * rank;
        }
        if ours <= 0.0 || theirs <= 0.0 {
            return 0.0;
        }
        let r = real::clamp(both / libm::sqrt(ours * theirs), -0.9999, 0.9999);
        libm::atanh(r) * libm::sqrt(n - 3.0)
    }

    /// Each point's prediction: the mean rank of its nearest neighbours.
    fn neighbours(&self) -> Vec<f64> {
        let predict = |i: usize| {
            let mut nearest = [(f64::INFINITY, 0.0); NEIGHBOURS];
            for j in (0..self.points.len()).filter(|j| *j != i) {
                let mut candidate = (distance_squared(self.points[i], self.points[j]), self.ranks[j]);
                for slot in &mut nearest {
                    if candidate.0 < slot.0 {
                        core::mem::swap(slot, &mut candidate);
                    }
                }
            }
            nearest.iter().map(|(_, rank)| rank).sum::<f64>() / NEIGHBOURS as f64
        };
        (0..self.points.len()).map(predict).collect()
    }

    /// Each point's prediction by a surface through the others. In dual form: the work depends on the number of points, not
    /// on the number of coefficients.
    fn surface(&self) -> Vec<f64> {
        let n = self.points.len();
        let terms = |x: &[f64]| -> Vec<f64> {
            let centred = |u: &f64| 2.0 * u - 1.0;
            let squares = x.iter().map(|u| 1.5 * centred(u) * centred(u) - 0.5);
            x.iter().map(centred).chain(squares).collect()
        };
        let rows: Vec<Vec<f64>> = self.points.iter().map(|x| terms(x)).collect();
        // As much shrinkage as a tenth of the sample would weigh.
        let penalty = 1.0 + 0.1 * n as f64 / 3.0;
        let mut gram = Square::zeros(n);
        for i in 0..n {
            for j in 0..=i {
                let product: f64 = rows[i].iter().zip(&rows[j]).map(|(a, b)| a * b).sum();
                gram[(i, j)] = CONSTANT + product / penalty + if i == j { 1.0 } else { 0.0 };
                gram[(j, i)] = gram[(i, j)];
            }
        }
        let Some(factor) = Cholesky::new(gram) else { return alloc::vec![0.0; n] };
        let mut dual = self.ranks.clone();
        factor.solve(&mut dual);
        let without = |i: usize| {
            let mut column = alloc::vec![0.0; n];
            column[i] = 1.0;
            factor.solve(&mut column);
            self.ranks[i] - dual[i] / column[i]
        };
        (0..n).map(without).collect()
    }
}

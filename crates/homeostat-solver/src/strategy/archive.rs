use alloc::vec::Vec;

/// Points that are remembered; then the oldest is forgotten.
const POINTS_MAX: usize = 256;

/// What a simple machine remembers of where it was.
#[derive(Clone, Default)]
pub struct Archive {
    points: Vec<(Vec<f64>, f64)>,
    at: usize,
    best: Option<(Vec<f64>, f64)>,
}

impl Archive {
    pub fn insert(&mut self, x: &[f64], y: f64) {
        if self.best.as_ref().is_none_or(|(_, best)| y < *best) {
            self.best = Some((x.to_vec(), y));
        }
        if self.points.len() < POINTS_MAX {
            self.points.push((x.to_vec(), y));
        } else {
            self.points[self.at] = (x.to_vec(), y);
            self.at = (self.at + 1) % POINTS_MAX;
        }
    }

    /// The best point ever, and its value.
    pub fn best(&self) -> Option<&(Vec<f64>, f64)> {
        self.best.as_ref()
    }

    /// The value of the nearest point; 0 where there is none.
    pub fn nearest_value(&self, x: &[f64]) -> f64 {
        self.nearest(x).map_or(0.0, |(_, y)| y)
    }

    /// Squared distance to the nearest point; 0 where there is none.
    pub fn emptiness(&self, x: &[f64]) -> f64 {
        self.nearest(x).map_or(0.0, |(distance, _)| distance)
    }

    fn nearest(&self, x: &[f64]) -> Option<(f64, f64)> {
        let distance = |p: &[f64]| p.iter().zip(x).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
        self.points.iter().map(|(p, y)| (distance(p), *y)).min_by(|a, b| a.0.total_cmp(&b.0))
    }
}

//! What has been told: the points of the present run, in order, and a thinned trace of all the runs before.

use crate::linear::distance_squared;
use crate::order::ascending;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// At most this many points of earlier runs are kept, every 2ᵏ-th of them: restarts only need to know where the search has been.
const TRACE: usize = 512;

/// One evaluated point.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub x: Arc<[f64]>,
    pub y: f64,
}

/// Bounded by 512 + 64 n points of the run, of which the oldest go first, and 512 of the runs before. Points are shared between
/// copies, so that a copy costs two words for each.
#[derive(Clone, Debug)]
pub(crate) struct Archive {
    run: Vec<Sample>,
    run_most: usize,
    trace: Vec<Arc<[f64]>>,
    /// Every `stride`-th point of a finished run enters the trace.
    stride: usize,
    best: Option<Sample>,
    /// How many points were told, not merely observed, since the run began.
    told: usize,
}

impl Archive {
    pub fn new(n: usize) -> Self {
        Self { run: Vec::new(), run_most: 512 + 64 * n, trace: Vec::new(), stride: 1, best: None, told: 0 }
    }

    pub fn insert(&mut self, x: &[f64], y: f64, told: bool) {
        if self.run.len() == self.run_most {
            let oldest = self.run.drain(..self.run_most / 2);
            let points: Vec<Arc<[f64]>> = oldest.map(|sample| sample.x).collect();
            self.remember(points);
        }
        let sample = Sample { x: x.into(), y };
        if self.best.as_ref().is_none_or(|best| y < best.y) {
            self.best = Some(sample.clone());
        }
        self.run.push(sample);
        self.told += usize::from(told);
    }

    /// Closes the run: its points stay only as places where the search has been.
    pub fn begin_run(&mut self) {
        let points: Vec<Arc<[f64]>> = self.run.drain(..).map(|sample| sample.x).collect();
        self.remember(points);
        self.told = 0;
    }

    fn remember(&mut self, points: Vec<Arc<[f64]>>) {
        self.trace.extend(points.into_iter().step_by(self.stride));
        while self.trace.len() > TRACE {
            self.stride *= 2;
            let mut index = 0;
            self.trace.retain(|_| {
                index += 1;
                index % 2 == 1
            });
        }
    }

    /// The newest `count` points of the run, or all where there are fewer.
    pub fn newest(&self, count: usize) -> &[Sample] {
        &self.run[self.run.len().saturating_sub(count)..]
    }

    /// The lowest point of the present run that is still held; the first of several.
    pub fn run_best(&self) -> Option<&Sample> {
        self.run.iter().reduce(|best, sample| if sample.y < best.y { sample } else { best })
    }

    /// The lowest point ever inserted; the first of several.
    pub fn best(&self) -> Option<&Sample> {
        self.best.as_ref()
    }

    pub fn told(&self) -> usize {
        self.told
    }

    /// The `count` points of the run nearest to `x`, with their squared distance, the nearest first.
    pub fn nearest(&self, x: &[f64], count: usize) -> Vec<(f64, &Sample)> {
        let distances: Vec<f64> = self.run.iter().map(|sample| distance_squared(&sample.x, x)).collect();
        let order = ascending(&distances).into_iter().take(count);
        order.map(|i| (distances[i], &self.run[i])).collect()
    }

    /// The squared distance from `x` to the nearest point that is still known, of any run.
    pub fn clearance(&self, x: &[f64]) -> f64 {
        let places = self.trace.iter().chain(self.run.iter().map(|sample| &sample.x));
        places.map(|place| distance_squared(place, x)).fold(f64::INFINITY, f64::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_within_its_bounds_and_keeps_the_best() {
        let mut archive = Archive::new(2);
        for i in 0..20_000u32 {
            let x = f64::from(i) / 20_000.0;
            archive.insert(&[x, 0.0], (x - 0.3).abs(), true);
            if i % 3_000 == 2_999 {
                archive.begin_run();
            }
            assert!(archive.run.len() <= 640 && archive.trace.len() <= TRACE);
        }
        assert_eq!(archive.best().unwrap().x[0], 0.3);
        assert!(archive.clearance(&[0.5, 0.0]) < 1e-4, "a place of long ago is still known");
    }

    #[test]
    fn the_nearest_come_first() {
        let mut archive = Archive::new(1);
        for x in [0.9, 0.1, 0.5, 0.4] {
            archive.insert(&[x], x, true);
        }
        let near: Vec<f64> = archive.nearest(&[0.45], 3).iter().map(|(_, sample)| sample.y).collect();
        assert_eq!((near[2], near.len()), (0.1, 3));
        assert_eq!(archive.newest(2).len(), 2);
        assert_eq!(archive.run_best().unwrap().y, 0.1);
    }
}

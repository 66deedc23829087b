//! The incumbent: the point that is best as far as anyone can say, which under noise is not the luckiest one.
//!
//! Where repeats have proven noise, a smooth surface is laid through the points around the best ones, and the point where the
//! surface is lowest is the incumbent, with the surface's value. Else the least value is what it is.

use super::Study;
use super::noise::Noise;
use crate::linear::distance_squared;
use crate::order::ascending;
use crate::smooth::Smooth;
use alloc::vec::Vec;

/// Told trials that are looked at, the latest ones.
const RECENT: usize = 1000;
/// Best points whose neighbours are looked at.
const CENTRES: usize = 4;
/// How many of them.
const NEIGHBOURS: usize = 16;

/// A trial's number, and what its point is worth: the value told, or under noise the surface's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Incumbent {
    /// The trial.
    pub trial: u32,
    /// The honest value.
    pub value: f64,
}

/// A point as the surface sees it.
struct Spot {
    trial: u32,
    place: Vec<f64>,
    value: f64,
    count: f64,
}

impl Study {
    /// The trial that is best, if any is complete and feasible.
    pub fn best(&self) -> Option<u32> {
        self.incumbent().map(|incumbent| incumbent.trial)
    }

    /// The trial that is best, and its honest value.
    pub fn incumbent(&self) -> Option<Incumbent> {
        let luckiest = self.luckiest?;
        let told = Incumbent { trial: luckiest, value: self.trials[luckiest as usize].value()? };
        if self.repeats.noise() != Noise::Proven {
            return Some(told);
        }
        match self.incumbent.get() {
            Some((of, known)) if of == self.told.len() => Some(known),
            _ => {
                let found = self.honest().unwrap_or(told);
                self.incumbent.set(Some((self.told.len(), found)));
                Some(found)
            }
        }
    }

    /// Where the surface is lowest.
    fn honest(&self) -> Option<Incumbent> {
        let (trials, smooth) = self.surface()?;
        let each = trials.iter().zip(smooth.means());
        let (trial, value) = each.min_by(|a, b| a.1.total_cmp(b.1))?;
        Some(Incumbent { trial: *trial, value: *value })
    }

    /// A surface through the points around the best ones, each with the first trial there.
    pub(super) fn surface(&self) -> Option<(Vec<u32>, Smooth)> {
        let spots = self.spots();
        let by = |key: &dyn Fn(&Spot) -> f64| ascending(&spots.iter().map(key).collect::<Vec<f64>>());
        let mut near: Vec<usize> = Vec::new();
        for centre in by(&|spot| spot.value).into_iter().take(CENTRES) {
            let nearest = by(&|spot| distance_squared(&spot.place, &spots[centre].place));
            let further = nearest.into_iter().filter(|i| !near.contains(i)).take(NEIGHBOURS);
            near.extend(further.collect::<Vec<usize>>());
        }
        let near: Vec<&Spot> = near.into_iter().map(|i| &spots[i]).collect();
        let trials = near.iter().map(|spot| spot.trial).collect();
        let values: Vec<f64> = near.iter().map(|spot| spot.value).collect();
        let counts: Vec<f64> = near.iter().map(|spot| spot.count).collect();
        let places: Vec<Vec<f64>> = near.iter().map(|spot| spot.place.clone()).collect();
        Some((trials, Smooth::new(&places, &values, &counts)?))
    }

    /// The points of the latest complete and feasible trials.
    fn spots(&self) -> Vec<Spot> {
        let latest = &self.told[self.told.len().saturating_sub(RECENT)..];
        let spot = |trial: &u32| {
            let told = &self.trials[*trial as usize];
            let place =
                self.places.get(&told.values).filter(|place| place.values > 0 && place.first == *trial)?;
            let spread = self.config.space.spread_out(&told.unit);
            Some(Spot { trial: *trial, place: spread, value: place.value, count: f64::from(place.values) })
        };
        latest.iter().filter_map(spot).collect()
    }
}

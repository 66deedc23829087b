//! What the trials say of the landscape and of the knobs.

use super::{Study, Trial};
use crate::classify::{self, Verdict, classify, spread};
use crate::importance::{self, importance};
use alloc::vec::Vec;

/// Said of a study's first trials.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What the landscape looks like; `None` from too few trials.
    pub landscape: Option<Verdict>,
    /// Each knob's share of the objective's variation; `None` where nothing can be said yet.
    pub importance: Option<Vec<f64>>,
}

impl Study {
    /// What the trials say. Of more than 31 told trials, those up to the last sixteenth of a power of two: it is worked out
    /// anew only now and then, and says the same for the same history.
    pub fn report(&self) -> Report {
        let told = self.told.len();
        let step = (told.checked_ilog2().map_or(1, |log| 1 << log) / 16).max(1);
        let of = told - told % step;
        if let Some((known, report)) = &*self.report.borrow()
            && *known == of
        {
            return report.clone();
        }
        let report = self.report_on(&self.told[..of]);
        *self.report.borrow_mut() = Some((of, report.clone()));
        report
    }

    fn report_on(&self, told: &[u32]) -> Report {
        let space = &self.config.space;
        let trials = told.iter().map(|trial| &self.trials[*trial as usize]);
        let complete: Vec<(&Trial, f64)> =
            trials.filter(|t| !t.second_look).filter_map(|t| Some((t, t.value()?))).collect();
        let seen = spread(&complete, classify::POINTS_MAX);
        let places: Vec<(Vec<f64>, f64)> =
            seen.iter().map(|(t, y)| (space.spread_out(&t.unit), *y)).collect();
        let points: Vec<(&[f64], f64)> = places.iter().map(|(x, y)| (x.as_slice(), *y)).collect();
        let levelled = |(t, y): &(&Trial, f64)| (space.levelled(&t.unit), *y);
        let levels: Vec<(Vec<f64>, f64)> =
            spread(&complete, importance::POINTS_MAX).iter().map(levelled).collect();
        Report { landscape: classify(&points), importance: importance(&levels) }
    }
}

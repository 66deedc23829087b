use super::{Deviation, trace::Steps};
use homeostat_core::real::clamp;

/// Weight of a new latency.
const RATE: f64 = 0.1;
/// Share of the expected latency that a request may be off by.
pub const TOLERANCE: f64 = 0.5;
/// Mean deviations that it has to be off by as well: a latency that varies widely is not news each time.
const DEVIATIONS: f64 = 3.0;
/// The least latency that another is compared with, in microseconds: nothing is divided by zero.
const LEAST_US: f64 = 1.0;

/// A sequence of calls that requests follow.
///
/// Bound: 200 bytes.
#[derive(Clone, Debug, Default)]
pub struct Pattern {
    /// Handle of the component that its requests enter by.
    pub entry: u32,
    /// Its calls.
    pub steps: Steps,
    /// Requests that followed it.
    pub count: u64,
    /// Expected latency: exponentially weighted.
    pub expected_us: f64,
    /// Mean absolute deviation from what was expected, likewise.
    pub deviation_us: f64,
}

impl Pattern {
    /// How a latency differs from what is expected; `None` where it does not differ much. The second is by what share.
    pub fn judge(&self, got_us: f64) -> Option<(Deviation, f64)> {
        let off_us = got_us - self.expected_us;
        let base_us = if self.expected_us > LEAST_US { self.expected_us } else { LEAST_US };
        let share = off_us / base_us;
        let far = share.abs() > TOLERANCE && off_us.abs() > DEVIATIONS * self.deviation_us;
        far.then_some((if off_us > 0.0 { Deviation::Slower } else { Deviation::Faster }, share))
    }

    /// Learns from one more request.
    pub fn learn(&mut self, got_us: f64) {
        if self.count == 0 {
            self.expected_us = got_us;
            self.deviation_us = 0.0;
        } else {
            let off_us = got_us - self.expected_us;
            self.expected_us = clamp(self.expected_us + RATE * off_us, 0.0, f64::MAX);
            self.deviation_us += RATE * (off_us.abs() - self.deviation_us);
        }
        self.count = self.count.saturating_add(1);
    }

    /// What another sequence has that this one lacks, and the other way round: each the first of its kind.
    pub fn compare(&self, other: &Steps) -> [Option<(Deviation, u64)>; 2] {
        let (ours, theirs) = (self.steps.kept(), other.kept());
        let missing = lacks(theirs, ours).map(|step| (Deviation::Missing, step));
        let extra = lacks(ours, theirs).map(|step| (Deviation::Extra, step));
        if missing.is_some() || extra.is_some() {
            return [missing, extra];
        }
        if self.steps.len() != other.len() {
            let kind = if self.steps.len() > other.len() { Deviation::Missing } else { Deviation::Extra };
            return [Some((kind, 0)), None];
        }
        let moved = ours.iter().zip(theirs).find(|(a, b)| a != b).map(|(_, b)| (Deviation::Reordered, *b));
        [moved, None]
    }
}

/// The first step that stands more often in `these` than in `among`.
fn lacks(among: &[u64], these: &[u64]) -> Option<u64> {
    let count = |list: &[u64], step: u64| list.iter().filter(|one| **one == step).count();
    these.iter().copied().find(|step| count(these, *step) > count(among, *step))
}

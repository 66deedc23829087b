use crate::real::clamp;

/// Slack per window, in standard deviations.
const SLACK: f64 = 0.75;
/// Sum that is a change.
const THRESHOLD: f64 = 7.0;
/// One window counts as at most this much.
const CLIP: f64 = 4.0;
/// No second change within this time.
const REFRACTORY_US: u64 = 5_000_000;

/// A change of the objective that the model did not expect: two-sided CUSUM on standardised innovations (Page, 1954).
#[derive(Clone, Debug, Default)]
pub(super) struct Drift {
    up: f64,
    down: f64,
    last_us: Option<u64>,
}

impl Drift {
    /// One innovation; the signed sum when it is a change (positive: the objective got worse).
    pub fn observe(&mut self, now_us: u64, standard: f64) -> Option<f64> {
        let z = clamp(standard, -CLIP, CLIP);
        self.up = (self.up + z - SLACK).max(0.0);
        self.down = (self.down - z - SLACK).max(0.0);
        let quiet = self.last_us.is_some_and(|t| now_us.saturating_sub(t) <= REFRACTORY_US);
        if quiet || self.up.max(self.down) <= THRESHOLD {
            return None;
        }
        let sum = if self.up > THRESHOLD { self.up } else { -self.down };
        self.last_us = Some(now_us);
        self.restart();
        Some(sum)
    }

    pub fn restart(&mut self) {
        (self.up, self.down) = (0.0, 0.0);
    }
}

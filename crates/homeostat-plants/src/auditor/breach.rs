//! What the auditor finds.

/// Which rule was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreachKind {
    /// A value outside `[0, 1]`, or not a number.
    OutOfBounds,
    /// An ordinary update larger than the maximum delta.
    DeltaTooLarge,
    /// Too many updates in a second.
    RateExceeded,
    /// Sooner than the minimum interval.
    TooSoon,
    /// Too many direction changes in a minute.
    FlipsExceeded,
    /// Too much total change in a minute.
    CumulativeExceeded,
    /// Farther from the baseline than probes may go.
    OutsideTube,
    /// Too many probe toggles in a second.
    ProbeRate,
    /// An update that must leave the baseline alone changed it.
    BaselineMoved,
    /// An exceptional kind over its hourly cap.
    CapExceeded,
    /// A back-off farther than one may go.
    BackOffTooLarge,
    /// A change in SafeMode that is no rollback.
    ChangedInSafeMode,
    /// A live value or baseline that no update accounts for.
    Unreported,
    /// An update before its predecessor.
    TimeReversed,
}

/// One breach, in words.
#[derive(Clone, Debug)]
pub struct Breach {
    /// When.
    pub time_us: u64,
    /// Which rule.
    pub kind: BreachKind,
    /// By what and by how much.
    pub detail: String,
}

const KINDS: usize = BreachKind::TimeReversed as usize + 1;
/// Breaches that are kept in words; all are counted.
const DETAILS_MAX: usize = 8;

/// Exact counts of all breaches and the first few in words.
#[derive(Clone, Debug, Default)]
pub struct Breaches {
    counts: [u64; KINDS],
    first: Vec<Breach>,
}

impl Breaches {
    pub(super) fn add(&mut self, time_us: u64, kind: BreachKind, detail: impl FnOnce() -> String) {
        self.counts[kind as usize] += 1;
        if self.first.len() < DETAILS_MAX {
            self.first.push(Breach { time_us, kind, detail: detail() });
        }
    }

    /// All breaches.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Breaches of one rule.
    pub fn count(&self, kind: BreachKind) -> u64 {
        self.counts[kind as usize]
    }

    /// The first few, in words.
    pub fn first(&self) -> &[Breach] {
        &self.first
    }

    /// Adds those of another run.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count += more;
        }
        let room = DETAILS_MAX - self.first.len();
        self.first.extend(other.first.iter().take(room).cloned());
    }
}

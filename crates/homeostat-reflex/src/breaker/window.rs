use super::{CountWindow, TimeWindow, WindowKind};
use alloc::boxed::Box;

/// Calls, and how many of them failed or were slow. Counts stop at their largest value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All calls.
    pub calls: u32,
    /// Those that failed.
    pub failures: u32,
    /// Those that were slow.
    pub slow: u32,
}

impl Tally {
    /// Adds another tally.
    #[inline(always)]
    pub fn add(&mut self, other: Tally) {
        self.calls = self.calls.saturating_add(other.calls);
        self.failures = self.failures.saturating_add(other.failures);
        self.slow = self.slow.saturating_add(other.slow);
    }

    /// Takes another tally away.
    pub fn subtract(&mut self, other: Tally) {
        self.calls = self.calls.saturating_sub(other.calls);
        self.failures = self.failures.saturating_sub(other.failures);
        self.slow = self.slow.saturating_sub(other.slow);
    }

    /// Share of failures; 0 where there was no call.
    pub fn failure_rate(&self) -> f64 {
        share(self.failures, self.calls)
    }

    /// Share of slow calls; 0 where there was no call.
    pub fn slow_rate(&self) -> f64 {
        share(self.slow, self.calls)
    }
}

fn share(part: u32, whole: u32) -> f64 {
    if whole == 0 { 0.0 } else { f64::from(part) / f64::from(whole) }
}

/// What a breaker's rates are taken over.
#[derive(Clone, Debug, PartialEq)]
pub enum Window {
    /// The last so many calls.
    Calls(CountWindow),
    /// The last so many microseconds.
    Time(Box<TimeWindow>),
}

impl Window {
    /// An empty window.
    pub fn new(kind: WindowKind) -> Self {
        match kind {
            WindowKind::Calls(calls) => Window::Calls(CountWindow::new(calls)),
            WindowKind::Time(us) => Window::Time(Box::new(TimeWindow::new(us))),
        }
    }

    /// Counts a call, and gives the mark under which it can be turned into a failure later.
    #[inline(always)]
    pub fn push(&mut self, now_us: u64, failed: bool, slow: bool) -> u32 {
        match self {
            Window::Calls(window) => window.push(failed, slow),
            Window::Time(window) => {
                window.advance(now_us);
                window.push(failed, slow)
            }
        }
    }

    /// Turns a call that was counted into a failure, if it is still in the window.
    pub fn fail(&mut self, now_us: u64, mark: u32) {
        match self {
            Window::Calls(window) => window.fail(mark),
            Window::Time(window) => {
                window.advance(now_us);
                window.fail(mark);
            }
        }
    }

    /// Forgets every call.
    pub fn clear(&mut self) {
        match self {
            Window::Calls(window) => window.clear(),
            Window::Time(window) => window.clear(),
        }
    }

    /// Forgets every call of a window by calls; one by time does so by itself.
    pub fn forget_calls(&mut self) {
        if let Window::Calls(window) = self {
            window.clear();
        }
    }

    /// What is in the window now.
    #[inline(always)]
    pub fn tally(&mut self, now_us: u64) -> Tally {
        match self {
            Window::Calls(window) => window.tally(),
            Window::Time(window) => {
                window.advance(now_us);
                window.tally()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::breaker::BUCKETS;
    use proptest::prelude::*;

    fn count(calls: impl Iterator<Item = (bool, bool)>) -> Tally {
        calls.fold(Tally::default(), |mut sum, (failed, slow)| {
            sum.add(Tally { calls: 1, failures: failed.into(), slow: slow.into() });
            sum
        })
    }

    proptest! {
        #[test]
        fn counts_the_last_calls(size in 1u32..70, steps in prop::collection::vec((any::<bool>(), any::<bool>(), any::<bool>(), any::<prop::sample::Index>()), 1..300)) {
            let mut window = Window::new(WindowKind::Calls(size));
            let mut all: Vec<(bool, bool, u32)> = Vec::new();
            for (amend, failed, slow, which) in steps {
                if amend && !all.is_empty() {
                    let at = which.index(all.len());
                    window.fail(0, all[at].2);
                    all[at].0 = true;
                } else {
                    all.push((failed, slow, window.push(0, failed, slow)));
                }
                let last = all.iter().rev().take(size as usize).map(|c| (c.0, c.1));
                prop_assert_eq!(window.tally(0), count(last));
            }
        }

        #[test]
        fn counts_the_calls_of_the_last_while(width in 1u64..50, steps in prop::collection::vec((0u64..40, any::<bool>(), any::<bool>()), 1..200)) {
            let mut window = Window::new(WindowKind::Time(width * BUCKETS as u64));
            let mut all: Vec<(u64, bool, bool)> = Vec::new();
            let mut now = 0;
            for (step, failed, slow) in steps {
                now += step * step * step / 200;
                window.push(now, failed, slow);
                all.push((now, failed, slow));
                let recent = all.iter().filter(|c| now / width - c.0 / width < BUCKETS as u64);
                prop_assert_eq!(window.tally(now), count(recent.map(|c| (c.1, c.2))));
            }
        }
    }

    #[test]
    fn a_failure_known_late_is_added_to_the_record_of_its_call() {
        for kind in [WindowKind::Calls(4), WindowKind::Time(2_000)] {
            let mut window = Window::new(kind);
            let mark = window.push(0, false, true);
            window.push(100, false, false);
            window.fail(100, mark);
            assert_eq!(window.tally(100), Tally { calls: 2, failures: 1, slow: 1 });
            for _ in 0..4 {
                window.push(5_000, false, false);
            }
            window.fail(5_000, mark);
            assert_eq!(window.tally(5_000), Tally { calls: 4, failures: 0, slow: 0 }, "{kind:?}");
        }
    }
}

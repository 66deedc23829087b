use alloc::collections::VecDeque;

/// Events in a rolling window. An event counts while it is younger than the window, to the microsecond: no boundary that two
/// bursts could straddle.
#[derive(Clone, Debug)]
pub struct RollingCount {
    times: VecDeque<u64>,
    window_us: u64,
    capacity: usize,
}

impl RollingCount {
    /// A counter over `window_us` that never needs to hold more than `capacity` events.
    pub fn new(window_us: u64, capacity: usize) -> Self {
        Self { times: VecDeque::with_capacity(capacity + 1), window_us, capacity }
    }

    /// Events younger than the window.
    pub fn count(&mut self, now_us: u64) -> usize {
        while self.times.front().is_some_and(|t| now_us.saturating_sub(*t) >= self.window_us) {
            self.times.pop_front();
        }
        self.times.len()
    }

    /// Records an event. The caller has checked that there is room; beyond the capacity the oldest is forgotten.
    pub fn push(&mut self, now_us: u64) {
        if self.times.len() == self.capacity {
            self.times.pop_front();
        }
        if self.capacity > 0 {
            self.times.push_back(now_us);
        }
    }

    /// When the latest event was.
    pub fn last(&self) -> Option<u64> {
        self.times.back().copied()
    }
}

/// A sum over a rolling window.
#[derive(Clone, Debug)]
pub struct RollingSum {
    items: VecDeque<(u64, f64)>,
    window_us: u64,
    capacity: usize,
}

impl RollingSum {
    /// A sum over `window_us` of at most `capacity` addends.
    pub fn new(window_us: u64, capacity: usize) -> Self {
        Self { items: VecDeque::with_capacity(capacity), window_us, capacity }
    }

    /// Sum of what is younger than the window.
    pub fn sum(&mut self, now_us: u64) -> f64 {
        while self.items.front().is_some_and(|(t, _)| now_us.saturating_sub(*t) >= self.window_us) {
            self.items.pop_front();
        }
        self.items.iter().map(|(_, x)| x).sum()
    }

    /// Whether one more addend fits. When not, the caller has to wait: forgetting one would let the sum pass its limit.
    pub fn has_room(&self) -> bool {
        self.items.len() < self.capacity
    }

    /// Adds `x` at `now_us`.
    pub fn push(&mut self, now_us: u64, x: f64) {
        assert!(self.has_room(), "the caller checks for room first");
        self.items.push_back((now_us, x));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against a list that keeps everything.
        #[test]
        fn counts_what_is_younger(gaps in prop::collection::vec(0u64..40, 1..200)) {
            let mut rolling = RollingCount::new(100, 500);
            let mut sum = RollingSum::new(100, 500);
            let (mut now, mut all) = (0, Vec::new());
            for gap in gaps {
                now += gap;
                all.push(now);
                rolling.push(now);
                sum.push(now, 1.5);
                let young = all.iter().filter(|t| now - **t < 100).count();
                prop_assert_eq!(rolling.count(now), young);
                prop_assert_eq!(sum.sum(now), 1.5 * young as f64);
            }
        }
    }
}

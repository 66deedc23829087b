//! A rolling window of timestamped values.

use std::collections::VecDeque;

/// Values of the last `length_us` microseconds. Bounded by the number of updates that a run can apply in that time.
#[derive(Debug)]
pub struct Rolling<T> {
    length_us: u64,
    entries: VecDeque<(u64, T)>,
}

impl<T: Copy> Rolling<T> {
    pub fn new(length_us: u64) -> Self {
        Self { length_us, entries: VecDeque::new() }
    }

    pub fn push(&mut self, time_us: u64, value: T) {
        self.expire(time_us);
        self.entries.push_back((time_us, value));
    }

    /// Values in the half-open window that ends at `now_us`.
    pub fn iter(&mut self, now_us: u64) -> impl Iterator<Item = T> + '_ {
        self.expire(now_us);
        self.entries.iter().map(|entry| entry.1)
    }

    pub fn count(&mut self, now_us: u64) -> usize {
        self.expire(now_us);
        self.entries.len()
    }

    fn expire(&mut self, now_us: u64) {
        while self.entries.front().is_some_and(|entry| entry.0 + self.length_us <= now_us) {
            self.entries.pop_front();
        }
    }
}

use super::window::Tally;

/// Parts of a window by time: it covers between 19 and 20 twentieths of its length.
pub const BUCKETS: usize = 20;

/// The calls of the last so many microseconds, in twenty buckets. Advancing over any time costs at most twenty steps.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeWindow {
    buckets: [Tally; BUCKETS],
    width_us: u64,
    /// When the newest bucket ends, its number since the epoch, and its place.
    ends_us: u64,
    number: u64,
    place: usize,
    total: Tally,
}

impl TimeWindow {
    /// An empty window of this length.
    pub fn new(window_us: u64) -> Self {
        let width_us = window_us.div_ceil(BUCKETS as u64).max(1);
        Self {
            buckets: [Tally::default(); BUCKETS],
            width_us,
            ends_us: width_us,
            number: 0,
            place: 0,
            total: Tally::default(),
        }
    }

    /// Lets go of what is older than the window.
    #[inline(always)]
    pub fn advance(&mut self, now_us: u64) {
        if now_us >= self.ends_us {
            self.roll(now_us);
        }
    }

    #[cold]
    fn roll(&mut self, now_us: u64) {
        let number = now_us / self.width_us;
        for step in 1..=(number - self.number).min(BUCKETS as u64) {
            let place = ((self.number + step) % BUCKETS as u64) as usize;
            self.total.subtract(self.buckets[place]);
            self.buckets[place] = Tally::default();
        }
        self.number = number;
        self.place = (number % BUCKETS as u64) as usize;
        self.ends_us = (number + 1).saturating_mul(self.width_us);
    }

    /// Counts a call now; its mark. Advance first.
    #[inline(always)]
    pub fn push(&mut self, failed: bool, slow: bool) -> u32 {
        let one = Tally { calls: 1, failures: failed.into(), slow: slow.into() };
        if let Some(bucket) = self.buckets.get_mut(self.place) {
            bucket.add(one);
        }
        self.total.add(one);
        self.number as u32
    }

    /// Turns a call of the bucket with this mark into a failure, if that is still in the window.
    pub fn fail(&mut self, mark: u32) {
        let age = (self.number as u32).wrapping_sub(mark);
        let bucket = &mut self.buckets[(self.number.wrapping_sub(age.into()) % BUCKETS as u64) as usize];
        if age < BUCKETS as u32 && bucket.failures < bucket.calls {
            bucket.failures += 1;
            self.total.failures += 1;
        }
    }

    /// Forgets every call.
    pub fn clear(&mut self) {
        self.buckets = [Tally::default(); BUCKETS];
        self.total = Tally::default();
    }

    /// What is in the window. Advance first.
    pub fn tally(&self) -> Tally {
        self.total
    }
}

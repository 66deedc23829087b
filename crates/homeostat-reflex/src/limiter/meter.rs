//! Throughput and mean round trip over an interval, by Little's law: the mean number in flight over the completions per
//! second. Unlike a mean over the calls that came back, it is not biased by those that are still on their way.

/// What an interval measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval {
    pub seconds: f64,
    pub per_second: f64,
    pub round_trip_s: f64,
    pub done: f64,
    pub refused: f64,
    pub in_flight_max: u32,
}

/// Measures one interval after another. An interval starts to count when `settle` is over: so much time, and so many
/// calls that came back.
#[derive(Clone, Debug, Default)]
pub(super) struct Meter {
    measuring: bool,
    settle_until_us: u64,
    settle_calls: u32,
    settled_calls: u32,
    start_us: u64,
    last_us: u64,
    in_flight: u32,
    /// Integral of the number in flight, in call microseconds.
    area_us: f64,
    done: u32,
    refused: u32,
    in_flight_max: u32,
}

impl Meter {
    pub fn restart(&mut self, now_us: u64, settle_us: u64, settle_calls: u32) {
        *self = Self {
            settle_until_us: now_us.saturating_add(settle_us),
            settle_calls,
            last_us: now_us,
            in_flight: self.in_flight,
            in_flight_max: self.in_flight,
            ..Self::default()
        };
    }

    pub fn admitted(&mut self, now_us: u64, in_flight: u32) {
        self.moved(now_us, in_flight);
        self.in_flight_max = self.in_flight_max.max(in_flight);
    }

    pub fn refused(&mut self) {
        self.refused = self.refused.saturating_add(1);
    }

    fn moved(&mut self, now_us: u64, in_flight: u32) {
        self.area_us += f64::from(self.in_flight) * now_us.saturating_sub(self.last_us) as f64;
        (self.last_us, self.in_flight) = (now_us, in_flight);
    }

    /// A call came back. True while the interval counts.
    pub fn returned(&mut self, now_us: u64, in_flight: u32, counts: bool) -> bool {
        self.moved(now_us, in_flight);
        if self.measuring {
            self.done = self.done.saturating_add(u32::from(counts));
            return true;
        }
        self.settled_calls = self.settled_calls.saturating_add(1);
        if now_us >= self.settle_until_us && self.settled_calls >= self.settle_calls {
            self.measuring = true;
            (self.start_us, self.area_us, self.done, self.refused) = (now_us, 0.0, 0, 0);
        }
        false
    }

    pub fn done(&self) -> f64 {
        f64::from(self.done)
    }

    pub fn seconds(&self, now_us: u64) -> f64 {
        now_us.saturating_sub(self.start_us) as f64 * 1e-6
    }

    /// `None` if no time passed or nothing came back.
    pub fn interval(&self, now_us: u64) -> Option<Interval> {
        let (seconds, done) = (self.seconds(now_us), self.done());
        (seconds > 0.0 && done > 0.0 && self.area_us > 0.0).then(|| Interval {
            seconds,
            per_second: done / seconds,
            round_trip_s: self.area_us * 1e-6 / done,
            done,
            refused: f64::from(self.refused),
            in_flight_max: self.in_flight_max,
        })
    }
}

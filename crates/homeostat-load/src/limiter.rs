//! What the simulator asks of a concurrency limiter.

/// One request that came back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Completion {
    /// Now, seconds.
    pub now_s: f64,
    /// When it was admitted.
    pub start_s: f64,
    /// Requests in flight when it was admitted, itself included.
    pub in_flight_then: usize,
    /// Requests in flight now, without it.
    pub in_flight_now: usize,
    /// It took longer than the scenario's target.
    pub late: bool,
    /// What `admitted` named it.
    pub slot: u32,
}

impl Completion {
    /// Round trip, seconds.
    pub fn round_trip_s(&self) -> f64 {
        self.now_s - self.start_s
    }
}

/// A limiter under test. The simulator admits while fewer than `limit` requests are in flight.
pub trait Limiter {
    /// Requests that may be in flight.
    fn limit(&self) -> usize;
    /// Called before every arrival and completion.
    fn tick(&mut self, _now_s: f64) {}
    /// A request was admitted; `in_flight` includes it. Slots are reused.
    fn admitted(&mut self, _now_s: f64, _in_flight: usize, _slot: u32) {}
    /// A request was turned away.
    fn refused(&mut self, _now_s: f64) {}
    /// A request came back.
    fn completed(&mut self, completion: &Completion);
}

//! A station that serves: `cores` requests at a time, the rest wait in order of arrival.
//!
//! Work is kept in virtual time (work done per running request since the start), so that a change of speed, or of the number that
//! runs under contention, costs nothing per request.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};

/// Distribution of the work of one request, with mean 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Work {
    /// Log-normal with this sigma.
    LogNormal(f64),
    /// Pareto with this exponent (> 1).
    Pareto(f64),
    /// Exponential.
    Exponential,
    /// Log-normal with this coefficient of variation.
    Variation(f64),
    /// This share takes so many times as long as the rest.
    TwoPoint(f64, f64),
    /// Always the same.
    Constant,
}

impl Work {
    /// One request's work. Every kind takes two draws, so that scenarios that differ in kind see the same arrivals.
    pub fn draw(self, rng: &mut crate::rng::Rng) -> f64 {
        let (a, b) = (rng.unit(), rng.unit());
        let log_normal = |sigma: f64| libm::exp(sigma * crate::rng::normal_of(a, b) - 0.5 * sigma * sigma);
        match self {
            Self::LogNormal(sigma) => log_normal(sigma),
            Self::Pareto(alpha) => (alpha - 1.0) / alpha * libm::pow(a, -1.0 / alpha),
            Self::Exponential => -libm::log(a),
            Self::Variation(cv) => log_normal(libm::log(1.0 + cv * cv).sqrt()),
            Self::TwoPoint(share, times) => {
                (if a < share { times } else { 1.0 }) / (1.0 - share + share * times)
            }
            Self::Constant => 1.0,
        }
    }
}

/// A moment (in seconds, or in virtual work) at which something happens to a request. Ordered so that a heap gives the earliest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Due(pub f64, pub u32);

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        other.0.total_cmp(&self.0).then(other.1.cmp(&self.1))
    }
}

/// Coherence penalty of the universal scalability law: n running requests share 1 / (1 + alpha (n-1) + beta n (n-1)) each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contention {
    /// Serialised share.
    pub alpha: f64,
    /// Crosstalk per pair.
    pub beta: f64,
}

#[derive(Debug)]
pub(crate) struct Station {
    pub cores: usize,
    pub speed: f64,
    contention: Option<Contention>,
    virtual_s: f64,
    last_s: f64,
    running: BinaryHeap<Due>,
    waiting: VecDeque<(u32, f64)>,
}

impl Station {
    pub fn new(cores: usize, contention: Option<Contention>) -> Self {
        let (running, waiting) = (BinaryHeap::new(), VecDeque::new());
        Self { cores, speed: 1.0, contention, virtual_s: 0.0, last_s: 0.0, running, waiting }
    }

    /// Virtual seconds per second, for each running request.
    fn rate(&self) -> f64 {
        let n = self.running.len() as f64;
        self.speed
            * match self.contention {
                Some(c) if n > 0.0 => 1.0 / (1.0 + c.alpha * (n - 1.0) + c.beta * n * (n - 1.0)),
                _ => 1.0,
            }
    }

    pub fn advance(&mut self, now_s: f64) {
        self.virtual_s += self.rate() * (now_s - self.last_s);
        self.last_s = now_s;
    }

    /// When the next request is done; infinity when none is, or while the station stands still.
    pub fn next_s(&self) -> f64 {
        let Some(first) = self.running.peek() else { return f64::INFINITY };
        let rate = self.rate();
        if rate <= 0.0 {
            return f64::INFINITY;
        }
        self.last_s + ((first.0 - self.virtual_s) / rate).max(0.0)
    }

    pub fn set_cores(&mut self, cores: usize) {
        self.cores = cores;
        self.fill();
    }

    fn fill(&mut self) {
        while self.running.len() < self.cores {
            let Some((id, work_s)) = self.waiting.pop_front() else { return };
            self.running.push(Due(self.virtual_s + work_s, id));
        }
    }

    pub fn arrive(&mut self, now_s: f64, id: u32, work_s: f64) {
        self.advance(now_s);
        self.waiting.push_back((id, work_s));
        self.fill();
    }

    pub fn finish(&mut self, now_s: f64) -> u32 {
        self.advance(now_s);
        let done = self.running.pop().expect("called at the moment that next_s named");
        self.virtual_s = self.virtual_s.max(done.0);
        self.fill();
        done.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serves_in_order_and_at_its_speed() {
        let mut station = Station::new(1, None);
        station.arrive(0.0, 1, 1.0);
        station.arrive(0.0, 2, 1.0);
        assert_eq!(station.next_s(), 1.0);
        assert_eq!(station.finish(1.0), 1);
        station.advance(1.5);
        station.speed = 0.5;
        assert_eq!(station.next_s(), 2.5);
        station.speed = 0.0;
        assert_eq!(station.next_s(), f64::INFINITY);
    }

    #[test]
    fn contention_slows_everyone_down() {
        let mut station = Station::new(100, Some(Contention { alpha: 1.0, beta: 0.0 }));
        station.arrive(0.0, 1, 1.0);
        station.arrive(0.0, 2, 1.0);
        assert_eq!(station.next_s(), 2.0);
    }

    #[test]
    fn work_has_mean_one() {
        let mut rng = crate::rng::Rng::new(3);
        let kinds = [Work::LogNormal(1.0), Work::Pareto(2.5), Work::Exponential, Work::Variation(0.3)];
        for work in kinds.into_iter().chain([Work::TwoPoint(0.1, 20.0), Work::Constant]) {
            let n = 400_000;
            let mean = (0..n).map(|_| work.draw(&mut rng)).sum::<f64>() / f64::from(n);
            assert!((mean - 1.0).abs() < 0.02, "{work:?} {mean}");
        }
    }
}

//! Runs one limiter through one scenario: Poisson arrivals, stations, the network's delay on the way back, the limiter in front.

use std::collections::BinaryHeap;

use crate::limiter::{Completion, Limiter};
use crate::rng::Rng;
use crate::scenario::{Change, Scenario};
use crate::station::{Due, Station};

/// How a run went, judged on requests that started after the warm-up.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Responses within the target, per second.
    pub goodput: f64,
    /// 99th percentile of the round trip, seconds.
    pub p99_s: f64,
    /// Median round trip, seconds.
    pub p50_s: f64,
    /// Mean limit, over arrivals.
    pub limit_mean: f64,
    /// Largest limit after the warm-up.
    pub limit_max: usize,
    /// Responses within the target in each second of the whole run.
    pub good_per_second: Vec<u32>,
    /// Largest limit in each second of the whole run.
    pub limit_per_second: Vec<usize>,
}

struct Request {
    start_s: f64,
    in_flight: usize,
    downstream_work_s: f64,
    delay_s: f64,
}

struct Run<'a> {
    scenario: &'a Scenario,
    arrivals: Rng,
    service: Rng,
    stations: Vec<Station>,
    returning: BinaryHeap<Due>,
    requests: Vec<Request>,
    free: Vec<u32>,
    in_flight: usize,
    rate: f64,
    network_s: f64,
    mix: f64,
    next_arrival_s: f64,
    latencies: Vec<f32>,
    good: u64,
    limit_sum: f64,
    limit_samples: u64,
    outcome: Outcome,
}

/// What happens next.
enum Event {
    Change(Change),
    Arrival,
    Served(usize),
    Returned(u32),
}

/// The scenario with this limiter. Limiters under the same seed see the same arrivals.
pub fn simulate(scenario: &Scenario, limiter: &mut dyn Limiter, seed: u64) -> Outcome {
    let mut run = Run::new(scenario, seed);
    let mut changes = scenario.changes.iter().copied().peekable();
    loop {
        let change_s = changes.peek().map_or(f64::INFINITY, |change| change.0);
        let (at_s, event) = run.next(change_s, changes.peek().map(|change| change.1));
        if at_s > scenario.end_s {
            return run.finish();
        }
        match event {
            Event::Change(change) => {
                changes.next();
                run.change(at_s, change);
            }
            Event::Arrival => run.arrive(at_s, limiter),
            Event::Served(station) => run.served(at_s, station),
            Event::Returned(slot) => run.returned(at_s, slot, limiter),
        }
    }
}

impl<'a> Run<'a> {
    fn new(scenario: &'a Scenario, seed: u64) -> Self {
        let mut stations = vec![Station::new(scenario.cores, scenario.contention)];
        stations.extend(scenario.downstream.map(|(cores, _)| Station::new(cores, None)));
        let mut arrivals = Rng::new(seed * 7 + 1);
        let next_arrival_s = arrivals.exponential() / scenario.rate;
        let seconds = scenario.end_s.ceil() as usize + 1;
        Self {
            scenario,
            arrivals,
            service: Rng::new(seed * 7 + 2),
            stations,
            returning: BinaryHeap::new(),
            requests: Vec::new(),
            free: Vec::new(),
            in_flight: 0,
            rate: scenario.rate,
            network_s: scenario.network_s,
            mix: scenario.mix,
            next_arrival_s,
            latencies: Vec::new(),
            good: 0,
            limit_sum: 0.0,
            limit_samples: 0,
            outcome: Outcome {
                goodput: 0.0,
                p99_s: 0.0,
                p50_s: 0.0,
                limit_mean: 0.0,
                limit_max: 0,
                good_per_second: vec![0; seconds],
                limit_per_second: vec![0; seconds],
            },
        }
    }

    /// The earliest event; of several at one moment, a change, then an arrival, then a station, then a return.
    fn next(&self, change_s: f64, change: Option<Change>) -> (f64, Event) {
        let mut first = match change {
            Some(change) if change_s <= self.next_arrival_s => (change_s, Event::Change(change)),
            _ => (self.next_arrival_s, Event::Arrival),
        };
        for (index, station) in self.stations.iter().enumerate() {
            let at_s = station.next_s();
            if at_s < first.0 {
                first = (at_s, Event::Served(index));
            }
        }
        match self.returning.peek() {
            Some(due) if due.0 < first.0 => (due.0, Event::Returned(due.1)),
            _ => first,
        }
    }

    fn change(&mut self, now_s: f64, change: Change) {
        for station in &mut self.stations {
            station.advance(now_s);
        }
        match change {
            Change::Speed(station, speed) => self.stations[station].speed = speed,
            Change::Cores(station, cores) => self.stations[station].set_cores(cores),
            Change::Rate(rate) => {
                self.rate = rate;
                self.next_arrival_s = now_s + self.arrivals.exponential() / rate;
            }
            Change::Network(network_s) => self.network_s = network_s,
            Change::Mix(mix) => self.mix = mix,
        }
    }

    fn arrive(&mut self, now_s: f64, limiter: &mut dyn Limiter) {
        limiter.tick(now_s);
        let scenario = self.scenario;
        // Drawn whether or not it is admitted: every limiter sees the same requests.
        let work_s = scenario.work.draw(&mut self.service) * scenario.service_s;
        let delayed = self.service.unit() < self.mix;
        let downstream_work_s =
            scenario.downstream.map_or(0.0, |(_, mean_s)| scenario.work.draw(&mut self.service) * mean_s);
        if self.in_flight < limiter.limit() {
            self.in_flight += 1;
            let delay_s = if delayed { scenario.mix_delay_s } else { 0.0 };
            let request = Request { start_s: now_s, in_flight: self.in_flight, downstream_work_s, delay_s };
            let slot = self.keep(request);
            limiter.admitted(now_s, self.in_flight, slot);
            self.stations[0].arrive(now_s, slot, work_s);
        } else {
            limiter.refused(now_s);
        }
        let limit = limiter.limit();
        if now_s >= scenario.from_s {
            self.limit_sum += limit as f64;
            self.limit_samples += 1;
            self.outcome.limit_max = self.outcome.limit_max.max(limit);
        }
        let second = &mut self.outcome.limit_per_second[now_s as usize];
        *second = limit.max(*second);
        self.next_arrival_s = now_s + self.arrivals.exponential() / self.rate;
    }

    fn keep(&mut self, request: Request) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.requests[slot as usize] = request;
            return slot;
        }
        self.requests.push(request);
        (self.requests.len() - 1) as u32
    }

    fn served(&mut self, now_s: f64, station: usize) {
        let slot = self.stations[station].finish(now_s);
        let request = &self.requests[slot as usize];
        if station + 1 < self.stations.len() {
            self.stations[station + 1].arrive(now_s, slot, request.downstream_work_s);
        } else {
            self.returning.push(Due(now_s + self.network_s + request.delay_s, slot));
        }
    }

    fn returned(&mut self, now_s: f64, slot: u32, limiter: &mut dyn Limiter) {
        self.returning.pop();
        let request = &self.requests[slot as usize];
        let (start_s, in_flight_then) = (request.start_s, request.in_flight);
        self.in_flight -= 1;
        limiter.tick(now_s);
        let round_trip_s = now_s - start_s;
        let late = round_trip_s > self.scenario.target_s;
        self.outcome.good_per_second[now_s as usize] += u32::from(!late);
        if start_s >= self.scenario.from_s {
            self.latencies.push(round_trip_s as f32);
            self.good += u64::from(!late);
        }
        let in_flight_now = self.in_flight;
        limiter.completed(&Completion { now_s, start_s, in_flight_then, in_flight_now, late, slot });
        self.free.push(slot);
    }

    fn finish(mut self) -> Outcome {
        let mut quantile_s = |share: f64| -> f64 {
            let n = self.latencies.len();
            if n == 0 {
                return f64::NAN;
            }
            let rank = ((n as f64 * share) as usize).min(n - 1);
            let (_, &mut value, _) = self.latencies.select_nth_unstable_by(rank, f32::total_cmp);
            f64::from(value)
        };
        (self.outcome.p99_s, self.outcome.p50_s) = (quantile_s(0.99), quantile_s(0.5));
        self.outcome.goodput = self.good as f64 / (self.scenario.end_s - self.scenario.from_s);
        self.outcome.limit_mean = self.limit_sum / self.limit_samples.max(1) as f64;
        self.outcome
    }
}

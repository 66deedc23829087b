//! Cost of the queue at different depths: `cargo run --release -p homeostat-reflex --example bench-queue`. Each line is an
//! enqueue and a take at a constant backlog, the depths interleaved, the median of 101 rounds. Exit 1 if 50,000 costs more
//! than 1.2 times 50.

use std::process::ExitCode;
use std::time::Instant;

use homeostat_reflex::flow::{Queue, QueueConfig};

const ROUNDS: usize = 101;
const OPERATIONS: u64 = 20_000;
const BACKLOGS: [u32; 4] = [50, 500, 5_000, 50_000];
const ALLOWED: f64 = 1.2;

struct Bench {
    queue: Queue,
    now_us: u64,
    enqueue_ns: Vec<f64>,
    evict_ns: Vec<f64>,
}

impl Bench {
    fn new(backlog: u32) -> Self {
        let mut queue = Queue::new(QueueConfig::with_depth(backlog + 1));
        for now_us in 0..backlog {
            queue.enqueue(1 + now_us % 4, u64::MAX, now_us.into()).expect("there is room");
        }
        Self { queue, now_us: backlog.into(), enqueue_ns: Vec::new(), evict_ns: Vec::new() }
    }

    fn round(&mut self) {
        let start = Instant::now();
        for _ in 0..OPERATIONS {
            self.now_us += 1;
            let tier = 1 + (self.now_us % 4) as u32;
            std::hint::black_box(self.queue.enqueue(tier, u64::MAX, self.now_us).is_ok());
            std::hint::black_box(self.queue.take(self.now_us).is_some());
        }
        self.enqueue_ns.push(start.elapsed().as_nanos() as f64 / OPERATIONS as f64);
        // Full, of background at the tail: every newcomer evicts one, which then comes again by evicting nothing.
        self.queue.enqueue(4, u64::MAX, self.now_us).expect("there is room for one more");
        let start = Instant::now();
        for _ in 0..OPERATIONS {
            let evicts = self.queue.enqueue(3, u64::MAX, self.now_us).expect("background makes room");
            std::hint::black_box(evicts.evicted);
            self.queue.cancel(evicts.item);
            std::hint::black_box(self.queue.enqueue(4, u64::MAX, self.now_us).is_ok());
        }
        self.evict_ns.push(start.elapsed().as_nanos() as f64 / OPERATIONS as f64);
        self.queue.take(self.now_us);
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() -> ExitCode {
    let mut benches = BACKLOGS.map(Bench::new);
    for _ in 0..ROUNDS {
        benches.iter_mut().for_each(Bench::round);
    }
    println!("{:>8} {:>18} {:>24}", "backlog", "enqueue+take, ns", "evict+cancel+enqueue, ns");
    let mut costs = Vec::new();
    for (backlog, bench) in BACKLOGS.iter().zip(&mut benches) {
        let (enqueue, evict) = (median(&mut bench.enqueue_ns), median(&mut bench.evict_ns));
        println!("{backlog:>8} {enqueue:>18.1} {evict:>24.1}");
        costs.push(enqueue);
    }
    let ratio = costs[costs.len() - 1] / costs[0];
    println!("50,000 over 50: {ratio:.2}");
    if ratio <= ALLOWED { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

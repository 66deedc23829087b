// Time from a digest to its verdict applied, in the core: median, p99, and instructions under callgrind with --count.
//! `npm run bench -- decision [--json file]`. `--count N [--without]` makes N decisions without timing (or everything but
//! them), for instruction counters: the difference is what decisions cost.

use homeostat_core::digest::TelemetryDigest;
use homeostat_core::journal::WindowInput;
use homeostat_core::json::Json;
use homeostat_core::tuning::{CHANGED, Config, Tuner};
use homeostat_plants::noise::Noise;
use homeostat_plants::plant::{self, Plant};
use std::hint::black_box;
use std::time::Instant;

const WINDOW_US: u64 = 250_000;

/// A tuner and a plant, windows prepared one at a time outside the measured call.
struct Loop {
    tuner: Tuner,
    plant: &'static dyn Plant,
    noise: Noise,
    window: u64,
}

impl Loop {
    fn new(plant: &str, preset: &str) -> Self {
        let plant = plant::find(plant).expect("the plant exists");
        let initial = plant.initial();
        let knobs: Vec<String> = (0..plant.knobs())
            .map(|i| {
                let start = initial[i];
                format!(
                    r#"{{"name":"k{i}","kind":"number","scale":"linear","min":0,"max":1,"initial":{start},
                    "lag_us":250000,"learn":"probe","push":false}}"#
                )
            })
            .collect();
        let config = format!(
            r#"{{"name":"bench","run_id":"bench","seed":1,"now_us":0,"window_us":{WINDOW_US},"mode":"auto","strategy":"kalman",
            "guardrails":{{"preset":"{preset}"}},"knobs":[{}],"signals":[],"journal_capacity":65536}}"#,
            knobs.join(",")
        );
        let config = Config::from_json(&Json::parse(&config).expect("JSON"), None).expect("valid");
        Self { tuner: Tuner::new(config), plant, noise: Noise::new(7, 0.1, plant.tails()), window: 0 }
    }

    fn input(&mut self) -> (u64, WindowInput) {
        self.window += 1;
        // The story repeats, so that any number of decisions can be made.
        let t = (self.window % 7200) as f64 * 0.25;
        let mut live = [0.0; homeostat_plants::KNOBS_MAX];
        for (i, v) in self.tuner.executor().live().iter().enumerate() {
            live[i] = *v;
        }
        let objective = self.noise.disturb(self.plant.cost(t, &live));
        let now_us = self.window * WINDOW_US;
        let digest = TelemetryDigest {
            timestamp_us: now_us,
            generation: self.tuner.executor().generation(),
            samples: 100,
            objective,
            latency_p99_us: Some(20_000.0),
            throughput_rps: Some(400.0),
            error_rate: Some(0.01),
            constraint_margin: Some(0.4),
        };
        (now_us, WindowInput { digest, failures: 1.0, guarded: 100.0 })
    }
}

fn percentile(sorted: &[f64], q: f64) -> f64 {
    sorted[((q * sorted.len() as f64).ceil() as usize).clamp(1, sorted.len()) - 1]
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| arguments.iter().position(|a| a == name).and_then(|i| arguments.get(i + 1));
    if let Some(count) = value("--count") {
        let mut bench = Loop::new("P4", "balanced");
        let without = arguments.iter().any(|a| a == "--without");
        // The journal's queue holds them all: formatting and hashing are the writer's work, later.
        let count =
            count.parse::<u64>().ok().filter(|n| *n <= 10_000).expect("--count: a whole number up to 10000");
        for _ in 0..count {
            let (now_us, input) = black_box(bench.input());
            if !without {
                black_box(bench.tuner.window(now_us, input));
            }
        }
        assert_eq!(bench.tuner.journal().dropped(), 0);
        return;
    }
    let mut rows = Vec::new();
    for (knobs, plant) in [(1, "P2"), (2, "P3"), (4, "P4")] {
        let mut bench = Loop::new(plant, "balanced");
        let (mut all, mut applied) = (Vec::new(), Vec::new());
        for round in 0..60_000 {
            let (now_us, input) = bench.input();
            let start = Instant::now();
            let changed = black_box(bench.tuner.window(now_us, black_box(input)));
            let us = start.elapsed().as_nanos() as f64 / 1000.0;
            bench.tuner.take_journal(usize::MAX);
            if round >= 5_000 {
                all.push(us);
                if changed & CHANGED != 0 {
                    applied.push(us);
                }
            }
        }
        all.sort_by(f64::total_cmp);
        applied.sort_by(f64::total_cmp);
        let row = [
            percentile(&all, 0.5),
            percentile(&all, 0.99),
            percentile(&applied, 0.5),
            percentile(&applied, 0.99),
        ];
        println!(
            "{knobs} knobs: every decision {:.2} us median, {:.2} us p99; those that applied a change {:.2} us, {:.2} us p99 ({} of {})",
            row[0],
            row[1],
            row[2],
            row[3],
            applied.len(),
            all.len()
        );
        rows.push(format!(
            r#"{{"knobs":{knobs},"medianUs":{},"p99Us":{},"appliedMedianUs":{},"appliedP99Us":{}}}"#,
            row[0], row[1], row[2], row[3]
        ));
    }
    if let Some(file) = value("--json") {
        std::fs::write(file, format!("[{}]\n", rows.join(","))).expect("--json: a file that can be written");
    }
}

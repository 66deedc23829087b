//! Shared by the integration tests: configurations and a seeded stream of random operations.
#![allow(dead_code)]

use homeostat_core::engine::Engine;
use homeostat_core::rng::Rng;

/// A configuration with a learned, a shadowed, a pushed and a held knob.
pub fn config(mode: &str, preset: &str, seed: u32, capacity: usize) -> String {
    format!(
        r#"{{"name":"test","run_id":"run-{seed}","seed":{seed},"now_us":1000000,"window_us":250000,"mode":"{mode}",
        "strategy":"kalman","guardrails":{{"preset":"{preset}"}},"journal_capacity":{capacity},
        "knobs":[
          {{"name":"ttl","kind":"duration","scale":"log","min":1000,"max":60000,"initial":15000,"lag_us":250000,"learn":"shadow","push":false}},
          {{"name":"limit","kind":"integer","scale":"log","min":4,"max":256,"initial":32,"lag_us":250000,"learn":"probe","push":false}},
          {{"name":"pool","kind":"integer","scale":"linear","min":1,"max":200,"initial":100,"lag_us":500000,"learn":"probe","push":true}},
          {{"name":"hour","kind":"number","scale":"periodic","min":0,"max":24,"initial":23,"lag_us":0,"learn":"probe","push":false}},
          {{"name":"codec","kind":"choice","scale":"linear","min":0,"max":2,"initial":0,"lag_us":0,"learn":"hold","push":false}}],
        "signals":[{{"name":"latency","kind":"duration","guard":false}},{{"name":"errors","kind":"ratio","guard":true}}]}}"#
    )
}

/// A uniform number in [0, 1).
pub fn unit(rng: &mut Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// One random operation; `now_us` moves on, and sometimes jumps or stands still.
pub fn random_operation(engine: &mut Engine, rng: &mut Rng, now_us: &mut u64) {
    let knobs = 5;
    match rng.next_u64() % 100 {
        0 => *now_us += 40_000_000,
        1 => *now_us = now_us.saturating_sub(500_000),
        _ => *now_us += 20_000 + rng.next_u64() % 250_000,
    }
    let now = *now_us;
    let pick = rng.next_u64() % 64;
    let knob = (rng.next_u64() % (knobs + 1)) as i32 - 1;
    match pick {
        0 => drop(engine.freeze(knob, now)),
        1 | 2 => drop(engine.unfreeze(-1, now)),
        3 => drop(engine.control((rng.next_u64() % 3) as u32, (rng.next_u64() % 4) as u32, now)),
        4 | 5 => drop(engine.control(0, 0, now)),
        6 => drop(engine.set_mode((rng.next_u64() % 3) as u32, now)),
        7 | 8 => drop(engine.set_mode(2, now)),
        9 => drop(engine.enter_safe_mode(now)),
        10 | 11 => drop(engine.acknowledge(now)),
        12 => drop(engine.rollback(now)),
        13 | 14 => {
            let mut values = [f64::NAN; 5];
            let ranges = [(1000.0, 60000.0), (4.0, 256.0), (1.0, 200.0), (0.0, 24.0), (0.0, 2.0)];
            for (v, (min, max)) in values.iter_mut().zip(ranges) {
                if rng.next_u64().is_multiple_of(3) {
                    *v = min + (1.2 * unit(rng) - 0.1) * (max - min);
                }
            }
            if rng.next_u64().is_multiple_of(20) {
                values[1] = f64::INFINITY;
            }
            let stale = rng.next_u64().is_multiple_of(8);
            let made_for = if stale { engine.generation() as f64 - 1.0 } else { f64::NAN };
            let unknown = rng.next_u64().is_multiple_of(16);
            drop(engine.propose(if unknown { &[] } else { &values }, made_for, now));
        }
        15 => drop(engine.trial(knob.max(0), unit(rng) * 10.0, now)),
        16..=19 => {
            let generation = engine.generation();
            engine.pushed(generation, !rng.next_u64().is_multiple_of(4), now);
        }
        20..=25 => {
            let values: Vec<f64> = (0..9).map(|i| 1000.0 * libm::pow(1.6, f64::from(i))).collect();
            let best = unit(rng) * 9.0;
            let costs: Vec<f64> = (0..9).map(|i| 1.0 + 0.1 * (f64::from(i) - best).abs()).collect();
            drop(engine.shadow(0, &values, &costs));
        }
        _ => {
            let generation = (engine.generation() % (1 << 26)) as i32;
            for _ in 0..rng.next_u64() % 12 {
                let old = (rng.next_u64().is_multiple_of(8)) as i32;
                let word = ((generation - old) << 6) | (rng.next_u64() % 2) as i32;
                let value = if word & 1 == 0 { 400.0 * unit(rng) } else { (unit(rng) < 0.03) as i32 as f64 };
                engine.ingest(&[value], &[word], now);
            }
            engine.close_window(now);
            let mut values = [0.0; 5];
            engine.read_values(&mut values);
            let objective = match rng.next_u64() % 50 {
                0 => f64::NAN,
                1 => f64::INFINITY,
                _ => 1.0 + (values[1] - 90.0).abs() / 100.0 + 0.1 * unit(rng),
            };
            // For a while in every minute and a half a constraint is in trouble.
            let strained = (now / 20_000_000) % 4 == 1;
            let margin = match rng.next_u64() % 3 {
                0 if !strained => unit(rng) - 0.1,
                0 | 1 if strained => 0.7 * unit(rng) - 0.6,
                _ => f64::NAN,
            };
            engine.decide(objective, margin);
        }
    }
}

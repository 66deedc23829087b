//! Whole-number knobs: learned as far as their grid lets one step be made, and told where it does not.

use homeostat_core::digest::TelemetryDigest;
use homeostat_core::journal::WindowInput;
use homeostat_core::json::Json;
use homeostat_core::tuning::{Config, Tuner};

fn tuner(preset: &str, scale: &str, min: f64, max: f64, initial: f64) -> Tuner {
    let config = format!(
        r#"{{"name":"t","run_id":"r","seed":5,"now_us":0,"window_us":250000,"mode":"auto","strategy":"kalman",
        "guardrails":{{"preset":"{preset}"}},"journal_capacity":1024,"signals":[],
        "knobs":[{{"name":"pool","kind":"integer","scale":"{scale}","min":{min},"max":{max},"initial":{initial},
        "lag_us":0,"learn":"probe","push":false}}]}}"#
    );
    Tuner::new(Config::from_json(&Json::parse(&config).unwrap(), None).unwrap())
}

/// Runs for some minutes towards `best`; the values that were live at the end, and how often they changed.
fn run(tuner: &mut Tuner, minutes: usize, best: f64, width: f64) -> (Vec<f64>, usize) {
    let (mut last, mut changes) = (Vec::new(), 0);
    for k in 1..=minutes * 240 {
        let now_us = k as u64 * 250_000;
        let value = tuner.executor().values()[0];
        let off = (value - best) / width;
        let digest = TelemetryDigest {
            timestamp_us: now_us,
            generation: tuner.executor().generation(),
            samples: 100,
            objective: 1.0 + 4.0 * off * off + 0.01 * libm::sin(k as f64 * 2.399),
            latency_p99_us: None,
            throughput_rps: None,
            error_rate: None,
            constraint_margin: None,
        };
        tuner.window(now_us, WindowInput { digest, failures: 0.0, guarded: 0.0 });
        tuner.take_journal(usize::MAX);
        changes += usize::from(tuner.executor().values()[0] != value);
        if k > (minutes - 1) * 240 {
            last.push(tuner.executor().values()[0]);
        }
    }
    (last, changes)
}

fn coarse(tuner: &Tuner) -> Option<(f64, f64, Option<f64>)> {
    let told = Json::parse(&tuner.explain(0)).unwrap();
    let knob = &told.get("knobs").and_then(Json::arr).unwrap()[0];
    let number = |key: &str| knob.get("coarse").and_then(|c| c.get(key)).and_then(Json::num);
    Some((number("step")?, number("most")?, number("fine_from")))
}

#[test]
fn a_grid_coarser_than_probes_is_learned_from_between_two_values() {
    // One step is 8 % of the range: more than a probe may be away from the baseline, less than the largest step.
    for (initial, best) in [(2.0, 9.0), (9.0, 3.0), (0.0, 6.0), (12.0, 11.0), (6.0, 0.0)] {
        let mut tuner = tuner("balanced", "linear", 0.0, 12.0, initial);
        assert!(coarse(&tuner).is_none());
        let (last, _) = run(&mut tuner, 8, best, 12.0);
        let off = last.iter().map(|v| (v - best).abs()).sum::<f64>() / last.len() as f64;
        assert!(off <= 1.0, "from {initial} to {best}: on average {off} away, at {:?}", last.last());
    }
}

#[test]
fn a_grid_about_as_coarse_as_probes_is_learned_by_both_presets() {
    for preset in ["conservative", "balanced"] {
        let mut tuner = tuner(preset, "linear", 0.0, 24.0, 6.0);
        let (last, _) = run(&mut tuner, 10, 17.0, 24.0);
        let off = last.iter().map(|v| (v - 17.0).abs()).sum::<f64>() / last.len() as f64;
        assert!(off <= 1.0, "{preset}: on average {off} away, at {:?}", last.last());
    }
}

#[test]
fn a_grid_that_no_update_may_step_over_stays_and_is_told() {
    let mut stuck = tuner("balanced", "linear", 0.0, 8.0, 4.0);
    assert_eq!(coarse(&stuck), Some((0.125, 0.1, None)));
    let (_, changes) = run(&mut stuck, 3, 8.0, 8.0);
    assert_eq!((changes, stuck.executor().values()[0]), (0, 4.0));
    assert_eq!(stuck.executor().safe_mode_entries(), 0, "what cannot be done is not asked for");
    assert!(
        coarse(&tuner("aggressive", "linear", 0.0, 8.0, 4.0)).is_some(),
        "a step may be made, but not be learned"
    );
    assert!(coarse(&tuner("conservative", "linear", 0.0, 12.0, 4.0)).is_some());

    // On a log scale only the lower end is coarse.
    let (_, most, from) = coarse(&tuner("balanced", "log", 1.0, 512.0, 64.0)).unwrap();
    assert_eq!((most, from), (0.1, Some(2.0)));
    assert!(coarse(&tuner("balanced", "log", 4.0, 256.0, 32.0)).is_none());
    assert_eq!(coarse(&tuner("conservative", "log", 4.0, 256.0, 32.0)).unwrap().2, Some(5.0));
}

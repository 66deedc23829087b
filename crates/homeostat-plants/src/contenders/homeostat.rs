//! The live tuner of `homeostat-core`, driven as a service would drive it and audited from its own journal.

use homeostat_core::digest::TelemetryDigest;
use homeostat_core::journal::WindowInput;
use homeostat_core::json::Json;
use homeostat_core::tuning::{Config, Tuner};

use crate::auditor::{Change, Update, UpdateKind};
use crate::contender::{Contender, Setup, Window};
use crate::plant::Grid;
use crate::{Setting, WINDOW_US};

/// The tuner with what is needed to read its journal.
pub struct Homeostat {
    tuner: Tuner,
    grids: Vec<Grid>,
    live: Setting,
    baseline: Setting,
}

impl Homeostat {
    /// A tuner for this run. `strategy`: how it learns.
    pub fn new(setup: &Setup, strategy: &str) -> Self {
        let plant = setup.case.plant;
        let initial = plant.initial();
        let lag_us = (setup.lag_s * 1e6) as u64;
        let grids = (0..plant.knobs()).map(|i| plant.grid(i)).collect();
        let knobs: Vec<String> = (0..plant.knobs())
            .map(|i| {
                let Grid { kind, log, min, max } = plant.grid(i);
                let (scale, start) = (if log { "log" } else { "linear" }, plant.grid(i).value(initial[i]));
                format!(
                    r#"{{"name":"k{i}","kind":"{kind}","scale":"{scale}","min":{min},"max":{max},"initial":{start},
                    "lag_us":{lag_us},"learn":"probe","push":false}}"#
                )
            })
            .collect();
        let config = format!(
            r#"{{"name":"plant","run_id":"plant","seed":{},"now_us":0,"window_us":{WINDOW_US},"mode":"auto",
            "strategy":"{strategy}","guardrails":{{"preset":"{}"}},"knobs":[{}],"signals":[],"journal_capacity":1024}}"#,
            setup.seed % (1 << 32),
            setup.preset,
            knobs.join(",")
        );
        let json = Json::parse(&config).expect("the configuration is JSON");
        let tuner = Tuner::new(Config::from_json(&json, None).expect("the configuration is valid"));
        let mut contender = Self { tuner, grids, live: initial, baseline: initial };
        contender.read_journal(&mut Vec::new());
        contender
    }

    /// Turns the journal's new entries into audited updates.
    fn read_journal(&mut self, applied: &mut Vec<Update>) {
        let bytes = self.tuner.take_journal(usize::MAX);
        for line in String::from_utf8(bytes).expect("the journal is UTF-8").lines() {
            let entry = Json::parse(line).expect("the journal is JSON");
            let payload = entry.get("payload").expect("an entry has a payload");
            let text = |json: &Json, key: &str| json.get(key).and_then(Json::str).unwrap_or("").to_owned();
            let time_us = entry.get("time_us").and_then(Json::num).expect("an entry has a time") as u64;
            match text(&entry, "event").as_str() {
                "apply" | "rollback" => {
                    let kind = kind(&text(payload, "kind"));
                    let update = self.changed(time_us, kind, payload);
                    // SafeMode's own return to the certified configuration is part of entering it.
                    match applied.last_mut() {
                        Some(entered) if kind == UpdateKind::SafeMode && entered.kind == kind => {
                            *entered = update
                        }
                        _ => applied.push(update),
                    }
                }
                "safe-mode" => {
                    let (live, baseline) = (self.live, self.baseline);
                    let stay = |at| Change { before: at, after: at };
                    let kind = UpdateKind::SafeMode;
                    applied.push(Update { time_us, kind, live: stay(live), baseline: stay(baseline) });
                }
                "recovered" if text(payload, "by") != "timer" => {
                    let (live, baseline) = (self.live, self.baseline);
                    let stay = |at| Change { before: at, after: at };
                    let kind = UpdateKind::SafeModeExit;
                    applied.push(Update { time_us, kind, live: stay(live), baseline: stay(baseline) });
                }
                _ => {}
            }
        }
    }

    fn changed(&mut self, time_us: u64, kind: UpdateKind, payload: &Json) -> Update {
        let (mut live, mut baseline) = (self.live, self.baseline);
        let values = payload.get("values").expect("an apply entry has values");
        let units = payload.get("baseline").and_then(Json::arr).expect("an apply entry has a baseline");
        for (i, grid) in self.grids.iter().enumerate() {
            let value = values.get(&format!("k{i}")).and_then(Json::num).expect("every knob has a value");
            live[i] = grid.unit(value);
            baseline[i] = units[i].num().expect("every knob has a baseline");
        }
        let update = Update {
            time_us,
            kind,
            live: Change { before: self.live, after: live },
            baseline: Change { before: self.baseline, after: baseline },
        };
        (self.live, self.baseline) = (live, baseline);
        update
    }
}

fn kind(name: &str) -> UpdateKind {
    match name {
        "probe" => UpdateKind::Probe,
        "move" | "shadow" => UpdateKind::Move,
        "rollback" => UpdateKind::Rollback,
        "challenge" => UpdateKind::Challenge,
        "challenge-return" => UpdateKind::ChallengeReturn,
        "challenge-adopt" => UpdateKind::Adoption,
        "back-off" => UpdateKind::BackOff,
        "safe-mode" => UpdateKind::SafeMode,
        other => panic!("the tuner applied {other}, which no plant asks for"),
    }
}

impl Contender for Homeostat {
    fn step(&mut self, window: &Window, applied: &mut Vec<Update>) {
        let executor = self.tuner.executor();
        let rate = (window.requests > 0.0).then(|| window.errors / window.requests);
        let digest = TelemetryDigest {
            timestamp_us: window.end_us,
            generation: executor.generation(),
            samples: 100,
            objective: window.objective,
            latency_p99_us: None,
            throughput_rps: None,
            error_rate: rate.map(|r| r.min(1.0)),
            constraint_margin: None,
        };
        let input = WindowInput { digest, failures: window.errors, guarded: window.requests };
        self.tuner.window(window.end_us, input);
        self.read_journal(applied);
    }

    fn live(&self) -> Setting {
        self.live
    }

    fn safe_mode_entries(&self) -> u64 {
        self.tuner.executor().safe_mode_entries()
    }
}

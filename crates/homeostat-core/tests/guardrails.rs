//! Any interleaving of inputs keeps the guardrails. The check reads the journal alone and shares no code with the executor.

mod support;

use homeostat_core::engine::Engine;
use homeostat_core::json::Json;
use homeostat_core::rng::Rng;
use proptest::prelude::*;
use support::{config, random_operation};

const ORDINARY: [&str; 5] = ["probe", "move", "shadow", "operator", "trial"];
const MINUTE: u64 = 60_000_000;

/// Limits of a preset, from the specification's table: max delta, updates/s, min interval, flips/min, cumulative/min.
fn limits(preset: &str) -> (f64, usize, u64, usize, f64) {
    match preset {
        "conservative" => (0.05, 2, 500_000, 2, 0.25),
        "balanced" => (0.10, 10, 100_000, 3, 0.5),
        _ => (0.20, 20, 50_000, 5, 1.0),
    }
}

/// Name, least, greatest, initial, place in the range, whether it has an order.
struct Range(&'static str, f64, f64, f64, fn(f64) -> f64, bool);

fn log_place(v: f64, min: f64, max: f64) -> f64 {
    libm::log(v / min) / libm::log(max / min)
}

const KNOBS: [Range; 5] = [
    Range("ttl", 1000.0, 60000.0, 15000.0, |v| log_place(v, 1000.0, 60000.0), true),
    Range("limit", 4.0, 256.0, 32.0, |v| log_place(v, 4.0, 256.0), true),
    Range("pool", 1.0, 200.0, 100.0, |v| (v - 1.0) / 199.0, true),
    Range("hour", 0.0, 24.0, 23.0, |v| v / 24.0, true),
    Range("codec", 0.0, 2.0, 0.0, |v| v / 2.0, false),
];

/// The way between two places; `hour` is a circle.
fn way(knob: usize, from: f64, to: f64) -> f64 {
    let d = to - from;
    if KNOBS[knob].0 == "hour" { d - d.round() } else { d }
}

#[derive(Default)]
struct Audit {
    values: [f64; 5],
    baseline: [f64; 5],
    generation: u64,
    updates: Vec<u64>,
    last_change: Option<u64>,
    steps: Vec<Vec<(u64, f64)>>,
    flips: Vec<Vec<u64>>,
    direction: [f64; 5],
    frozen: [bool; 5],
    safe: bool,
    control: String,
    mode: String,
    exceptional: Vec<(u64, String)>,
    by_hand: bool,
    /// Whether the proposal before asked for a rollback on evidence about the objective or a constraint.
    automatic: bool,
    applies: usize,
    kinds: std::collections::BTreeMap<String, usize>,
}

impl Audit {
    fn new(mode: &str) -> Self {
        let initial = KNOBS.map(|k| k.3);
        let mut baseline = [0.0; 5];
        (0..5).for_each(|i| baseline[i] = KNOBS[i].4(initial[i]));
        Self {
            values: initial,
            baseline,
            generation: 1,
            steps: vec![Vec::new(); 5],
            flips: vec![Vec::new(); 5],
            control: "on".into(),
            mode: mode.into(),
            ..Self::default()
        }
    }

    fn entry(&mut self, line: &str, preset: &str) {
        let entry = Json::parse(line).unwrap();
        let payload = entry.get("payload").unwrap();
        let text = |key: &str| payload.get(key).and_then(Json::str).unwrap_or("").to_owned();
        let event = entry.get("event").and_then(Json::str).unwrap();
        let time = entry.get("time_us").and_then(Json::num).unwrap() as u64;
        match event {
            "safe-mode" => self.safe = true,
            "recovered" => self.safe = false,
            "control" if self.control != text("control") => {
                self.control = text("control");
                self.hold();
            }
            "mode" => {
                self.mode = text("mode");
                self.hold();
            }
            "roll-back" => self.by_hand = true,
            "proposal" => {
                let evidence = payload.get("evidence");
                let has = |key: &str| evidence.and_then(|e| e.get(key)).is_some();
                self.automatic = has("before") || has("margin");
            }
            "freeze" | "unfreeze" => {
                let knob = text("knob");
                for (i, range) in KNOBS.iter().enumerate() {
                    if knob.is_empty() || range.0 == knob {
                        self.frozen[i] = event == "freeze";
                        // A frozen knob's baseline is what is live.
                        if event == "freeze" {
                            self.baseline[i] = range.4(self.values[i]);
                        }
                    }
                }
            }
            "apply" | "rollback" => {
                let kind = text("kind");
                let generation = entry.get("generation").and_then(Json::num).unwrap() as u64;
                self.apply(time, &kind, generation, payload, preset, line);
            }
            _ => {}
        }
        if !matches!(event, "roll-back" | "proposal") {
            self.by_hand = false;
        }
    }

    /// Every baseline is what is live.
    fn hold(&mut self) {
        (0..5).for_each(|i| self.baseline[i] = KNOBS[i].4(self.values[i]));
    }

    fn apply(&mut self, time: u64, kind: &str, generation: u64, payload: &Json, preset: &str, line: &str) {
        let (max_delta, per_second, min_interval, flips_max, cumulative_max) = limits(preset);
        let ordinary = ORDINARY.contains(&kind);
        let values = payload.get("values").unwrap();
        let baseline = payload.get("baseline").and_then(Json::arr).unwrap();
        let mut changed = false;
        for (i, Range(name, min, max, initial, place, ordered)) in KNOBS.iter().enumerate() {
            let value = values.get(name).and_then(Json::num).unwrap();
            assert!((*min..=*max).contains(&value), "{name} = {value} is outside its bounds\n{line}");
            let step = way(i, place(self.values[i]), place(value)).abs();
            if ordinary && *ordered {
                assert!(step <= max_delta + 1e-6, "{name} stepped {step}, at most {max_delta}\n{line}");
            }
            if value != self.values[i] {
                changed = true;
                assert!(!self.frozen[i] || kind == "off", "{name} is frozen\n{line}");
            }
            if kind == "off" {
                assert!(
                    (value - initial).abs() < 1e-9 * initial.max(1.0),
                    "off returns to the initial value\n{line}"
                );
            }
            self.values[i] = value;
            let to = baseline[i].num().unwrap();
            let moved = way(i, self.baseline[i], to);
            self.baseline[i] = to;
            if moved.abs() > 1e-6 && matches!(kind, "move" | "shadow" | "operator") {
                self.moved(i, time, moved, *ordered, (flips_max, cumulative_max), line);
            }
            assert!(
                kind != "probe" || moved.abs() < 1e-6,
                "a probe moved the baseline of {name} by {moved}\n{line}"
            );
        }
        if ordinary {
            assert!(
                !self.safe && self.control == "on" && self.mode == "auto",
                "nothing may change now\n{line}"
            );
            if let Some(last) = self.last_change {
                assert!(time - last >= min_interval, "{} us after the last update\n{line}", time - last);
            }
            self.updates.push(time);
            let second = self.updates.iter().filter(|t| time - **t < 1_000_000).count();
            assert!(second <= per_second, "{second} updates in a second\n{line}");
        } else {
            self.cap(time, kind, preset, line);
        }
        self.last_change = Some(time);
        let expected = self.generation + u64::from(changed);
        assert_eq!(generation, expected, "a generation per change\n{line}");
        self.generation = generation;
        self.applies += 1;
        *self.kinds.entry(kind.to_owned()).or_default() += 1;
    }

    fn moved(
        &mut self,
        i: usize,
        time: u64,
        d: f64,
        ordered: bool,
        (flips_max, cumulative_max): (usize, f64),
        line: &str,
    ) {
        let name = KNOBS[i].0;
        if self.direction[i] * d < 0.0 {
            self.flips[i].push(time);
            let flips = self.flips[i].iter().filter(|t| time - **t < MINUTE).count();
            assert!(flips <= flips_max, "{name}: {flips} changes of direction in a minute\n{line}");
        }
        self.direction[i] = d.signum();
        self.steps[i].push((time, d.abs()));
        let sum: f64 = self.steps[i].iter().filter(|(t, _)| time - t < MINUTE).map(|(_, d)| d).sum();
        assert!(!ordered || sum <= cumulative_max + 1e-6, "{name}: {sum} in a minute\n{line}");
    }

    fn cap(&mut self, time: u64, kind: &str, preset: &str, line: &str) {
        let most = match kind {
            // A rollback by hand is the operator's; what failed to be pushed, and a broken-off trial, is taken back in any case.
            "rollback" if self.by_hand || !self.automatic => return,
            "rollback" => rollbacks_per_hour(preset),
            "challenge" => 12,
            "back-off" => 30,
            _ => return,
        };
        self.exceptional.push((time, kind.to_owned()));
        let hour = self.exceptional.iter().filter(|(t, k)| k == kind && time - t < 60 * MINUTE).count();
        assert!(hour <= most, "{hour} of kind {kind} in an hour\n{line}");
    }
}

fn run(preset: &str, seed: u32, operations: usize) -> Audit {
    let mut engine = Engine::new(&config("auto", preset, seed, 4096)).unwrap();
    let (mut rng, mut now) = (Rng::new(u64::from(seed) + 1000), 1_000_000);
    let mut audit = Audit::new("auto");
    for _ in 0..operations {
        random_operation(&mut engine, &mut rng, &mut now);
        let journal = String::from_utf8(engine.take_journal(usize::MAX)).unwrap();
        journal.lines().for_each(|line| audit.entry(line, preset));
        let mut live = [0.0; 5];
        engine.read_values(&mut live);
        assert_eq!(live, audit.values, "the journal says what is live");
    }
    audit
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_interleaving_breaks_a_guardrail(seed in any::<u32>(), preset in prop::sample::select(vec!["conservative", "balanced", "aggressive"])) {
        run(preset, seed, 1500);
    }
}

#[test]
fn the_audit_sees_every_kind_of_change() {
    let mut kinds = std::collections::BTreeMap::<String, usize>::new();
    for preset in ["conservative", "balanced", "aggressive"] {
        let audits: Vec<Audit> = (0..10).map(|seed| run(preset, seed, 1500)).collect();
        let applies: usize = audits.iter().map(|a| a.applies).sum();
        assert!(applies > 100, "{preset}: only {applies} changes were applied");
        audits.into_iter().flat_map(|a| a.kinds).for_each(|(k, n)| *kinds.entry(k).or_default() += n);
    }
    // Challenges need minutes of learning and a rise: tests/protection.rs makes them.
    for kind in ["probe", "move", "shadow", "operator", "trial", "rollback", "back-off", "safe-mode", "off"] {
        assert!(kinds.get(kind).is_some_and(|n| *n > 0), "no {kind} among {kinds:?}");
    }
}

/// The specification's table.
fn rollbacks_per_hour(preset: &str) -> usize {
    match preset {
        "conservative" => 2,
        "balanced" => 4,
        _ => 10,
    }
}

/// A rounded knob's live value never stays behind the baseline, however coarse its grid or small its steps.
#[test]
fn rounded_knobs_follow_their_baseline() {
    for (kind, scale, min, max, initial) in [
        ("duration", "log", 1000.0, 60000.0, 15000.0),
        ("integer", "log", 4.0, 256.0, 32.0),
        ("integer", "linear", 0.0, 12.0, 6.0),
        ("bytes", "linear", 1.0, 30.0, 15.0),
    ] {
        let config = format!(
            r#"{{"name":"t","run_id":"r","seed":1,"now_us":0,"window_us":250000,"mode":"auto","strategy":"kalman",
            "guardrails":{{"preset":"aggressive","cumulative_per_minute":60,"flips_per_minute":60}},"journal_capacity":1024,
            "knobs":[{{"name":"k","kind":"{kind}","scale":"{scale}","min":{min},"max":{max},"initial":{initial},
            "lag_us":0,"learn":"shadow","push":false}}],"signals":[]}}"#
        );
        let mut engine = Engine::new(&config).unwrap();
        let values: Vec<f64> = (0..9).map(|i| min + (max - min) * f64::from(i) / 8.0).collect();
        let mut now = 0;
        for best in [0, 8, 3] {
            let costs: Vec<f64> = (0..9).map(|i: i32| 1.0 + 0.2 * f64::from((i - best).abs())).collect();
            for _ in 0..400 {
                now += 250_000;
                engine.shadow(0, &values, &costs).unwrap();
                engine.close_window(now);
                engine.decide(f64::NAN, f64::NAN);
                engine.take_journal(usize::MAX);
            }
            let mut live = [0.0];
            engine.read_values(&mut live);
            let exec = engine.tuner().executor();
            let behind = (exec.live()[0] - exec.baseline()[0]).abs();
            let grid = exec.space()[0].resolution() / (max - min);
            assert!(behind <= grid.max(0.06), "{kind} {scale}: live is {behind} behind the baseline");
            let wanted = values[best as usize];
            let missed = (exec.space()[0].to_unit(live[0]) - exec.space()[0].to_unit(wanted)).abs();
            assert!(missed <= 0.13, "{kind} {scale}: ended at {} instead of {wanted}", live[0]);
        }
    }
}

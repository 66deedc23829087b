//! Mode `recommend`: what a phase in mode `auto` learned and what shadow evaluation computes, and until when it holds.

use homeostat_core::digest::TelemetryDigest;
use homeostat_core::journal::WindowInput;
use homeostat_core::json::Json;
use homeostat_core::safety::Mode;
use homeostat_core::tuning::{Config, Tuner};

const WINDOW_US: u64 = 250_000;

struct Rig {
    tuner: Tuner,
    now_us: u64,
    windows: u64,
    journal: String,
}

impl Rig {
    fn new(mode: &str, learn: &str) -> Self {
        let config = format!(
            r#"{{"name":"t","run_id":"r","seed":3,"now_us":0,"window_us":{WINDOW_US},"mode":"{mode}","strategy":"kalman",
            "guardrails":{{"preset":"balanced"}},"signals":[],"journal_capacity":4096,"knobs":[{{"name":"ttl",
            "kind":"number","scale":"linear","min":0,"max":10,"initial":1,"lag_us":250000,"learn":"{learn}","push":false}}]}}"#
        );
        let config = Config::from_json(&Json::parse(&config).unwrap(), None).unwrap();
        Self { tuner: Tuner::new(config), now_us: 0, windows: 0, journal: String::new() }
    }

    fn live(&self) -> f64 {
        self.tuner.executor().values()[0]
    }

    fn window(&mut self, objective: f64) {
        self.now_us += WINDOW_US;
        self.windows += 1;
        let digest = TelemetryDigest {
            timestamp_us: self.now_us,
            generation: self.tuner.executor().generation(),
            samples: 100,
            objective: objective + 0.01 * libm::sin(self.windows as f64 * 2.399),
            latency_p99_us: None,
            throughput_rps: None,
            error_rate: None,
            constraint_margin: None,
        };
        self.tuner.window(self.now_us, WindowInput { digest, failures: 0.0, guarded: 100.0 });
        self.journal.push_str(&String::from_utf8(self.tuner.take_journal(usize::MAX)).unwrap());
    }

    /// A window in which the best value is `best`.
    fn bowl(&mut self, level: f64, best: f64) {
        let away = (self.live() - best) / 10.0;
        self.window(level + 2.0 * away * away);
    }

    /// A window with shadow costs around `best`; no slope where it is none.
    fn shadowed(&mut self, best: Option<f64>) {
        let values: Vec<f64> = (0..9).map(|k| f64::from(k) * 1.25).collect();
        let cost = |v: f64| best.map_or(1.0, |best| 1.0 + (v - best).abs() / 5.0);
        let costs: Vec<f64> = values.iter().map(|v| cost(*v)).collect();
        self.tuner.shadow(self.now_us, 0, &values, &costs);
        self.window(1.0);
    }

    fn lines(&self, event: &str) -> Vec<Json> {
        let wanted = format!(r#""event":"{event}""#);
        self.journal.lines().filter(|l| l.contains(&wanted)).map(|l| Json::parse(l).unwrap()).collect()
    }

    fn recommended(&self) -> Vec<f64> {
        let value = |line: &Json| match line.get("payload").and_then(|p| p.get("value")) {
            Some(Json::Num(value)) => *value,
            other => panic!("a value: {other:?}"),
        };
        self.lines("recommend").iter().map(value).collect()
    }
}

/// In mode `auto` until the knob has come some of its way, then in mode `recommend`.
fn after_auto() -> Rig {
    let mut rig = Rig::new("auto", "probe");
    let mut windows = 0;
    while rig.tuner.executor().baseline()[0] < 0.3 {
        rig.bowl(1.0, 6.0);
        windows += 1;
        assert!(windows < 4000, "the knob moves: {}", rig.live());
    }
    rig.tuner.set_mode(rig.now_us, Mode::Recommend);
    rig
}

#[test]
fn what_auto_learned_is_recommended_once_and_goes_no_further_than_one_update() {
    let mut rig = after_auto();
    let here = rig.live();
    for _ in 0..400 {
        rig.bowl(1.0, 6.0);
    }
    let values = rig.recommended();
    assert_eq!(values.len(), 1, "said once: {values:?}");
    let most = 10.0 * rig.tuner.executor().guardrails().max_delta;
    assert!(values[0] > here && values[0] <= here + most + 1e-9, "{} from {here}", values[0]);
    assert_eq!(rig.tuner.recommended(0), Some(values[0]));
    assert_eq!(rig.live(), here, "nothing is written in this mode");
    assert!(rig.lines("withdraw").is_empty());
}

#[test]
fn it_is_withdrawn_when_the_level_says_that_times_have_changed() {
    let mut rig = after_auto();
    for _ in 0..100 {
        rig.bowl(1.0, 6.0);
    }
    assert!(rig.tuner.recommended(0).is_some());
    for _ in 0..400 {
        rig.bowl(2.5, 6.0);
    }
    assert_eq!(rig.lines("withdraw").len(), 1);
    assert_eq!(rig.tuner.recommended(0), None);
}

#[test]
fn nothing_learned_in_another_mode_is_recommended() {
    let mut rig = Rig::new("recommend", "probe");
    for _ in 0..400 {
        rig.bowl(1.0, 6.0);
    }
    assert!(rig.recommended().is_empty());
}

#[test]
fn shadow_costs_are_recommended_and_withdrawn_when_they_no_longer_differ() {
    let mut rig = Rig::new("recommend", "shadow");
    for _ in 0..200 {
        rig.shadowed(Some(6.25));
    }
    let last = rig.tuner.recommended(0).expect("a recommendation");
    assert!((last - 6.25).abs() < 1.3, "{last}");
    assert_eq!(rig.live(), 1.0);
    for _ in 0..400 {
        rig.shadowed(None);
    }
    assert_eq!(rig.lines("withdraw").len(), 1);
    assert_eq!(rig.tuner.recommended(0), None);
}

#[test]
fn leaving_the_mode_ends_what_was_recommended() {
    let mut rig = Rig::new("recommend", "shadow");
    for _ in 0..200 {
        rig.shadowed(Some(6.25));
    }
    assert!(rig.tuner.recommended(0).is_some());
    rig.tuner.set_mode(rig.now_us, Mode::Observe);
    assert_eq!(rig.tuner.recommended(0), None);
}

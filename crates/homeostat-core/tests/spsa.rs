//! The strategy `spsa`: its states, its gains, and what it does when nothing answers, is refused or fails.

use homeostat_core::digest::TelemetryDigest;
use homeostat_core::journal::WindowInput;
use homeostat_core::json::Json;
use homeostat_core::tuning::{Config, Tuner};

const WINDOW_US: u64 = 100_000;

struct Rig {
    window_us: u64,
    tuner: Tuner,
    now_us: u64,
    journal: String,
}

impl Rig {
    fn try_new(options: &str) -> Result<Self, String> {
        let config = format!(
            r#"{{"name":"t","run_id":"r","seed":3,"now_us":0,"window_us":{WINDOW_US},"mode":"auto","strategy":"spsa","spsa":{options},
            "guardrails":{{"preset":"balanced"}},"signals":[],"journal_capacity":1024,
            "knobs":[{{"name":"x","kind":"number","scale":"linear","min":0,"max":1,"initial":0.3,"lag_us":0,"learn":"probe","push":false}},
                     {{"name":"y","kind":"number","scale":"linear","min":0,"max":1,"initial":0.7,"lag_us":0,"learn":"probe","push":false}}]}}"#
        );
        let config =
            Config::from_json(&Json::parse(&config).unwrap(), None).map_err(|e| e.message.clone())?;
        Ok(Self { window_us: WINDOW_US, tuner: Tuner::new(config), now_us: 0, journal: String::new() })
    }

    fn new(options: &str) -> Self {
        Self::try_new(options).unwrap()
    }

    fn window(&mut self, objective: f64, failures: f64) {
        self.now_us += self.window_us;
        let digest = TelemetryDigest {
            timestamp_us: self.now_us,
            generation: self.tuner.executor().generation(),
            samples: 100,
            objective,
            latency_p99_us: None,
            throughput_rps: None,
            error_rate: None,
            constraint_margin: None,
        };
        self.tuner.window(self.now_us, WindowInput { digest, failures, guarded: 100.0 });
        self.journal.push_str(&String::from_utf8(self.tuner.take_journal(usize::MAX)).unwrap());
    }

    /// A bowl around (x, y), in the live values.
    fn bowl(&mut self, x: f64, y: f64) {
        let live = *self.tuner.executor().values();
        let (a, b) = (live[0] - x, live[1] - y);
        let noise = 0.01 * libm::sin(self.now_us as f64 * 2.399e-5);
        self.window(1.0 + 3.0 * (a * a + b * b) + noise, 0.0);
    }

    fn told(&self, key: &str) -> Json {
        let told = Json::parse(&self.tuner.explain(self.now_us)).unwrap();
        told.get("spsa").and_then(|s| s.get(key)).cloned().expect("spsa runs")
    }

    fn number(&self, key: &str) -> f64 {
        self.told(key).num().unwrap()
    }

    fn off(&self, x: f64, y: f64) -> f64 {
        let baseline = self.tuner.executor().baseline();
        (baseline[0] - x).abs().max((baseline[1] - y).abs())
    }

    fn lines(&self, event: &str, what: &str) -> usize {
        let event = format!(r#""event":"{event}""#);
        self.journal.lines().filter(|line| line.contains(&event) && line.contains(what)).count()
    }
}

#[test]
fn every_aggregate_descends() {
    for aggregate in ["trimmed-mean", "median", "mean"] {
        let mut rig = Rig::new(&format!(r#"{{"aggregate":"{aggregate}"}}"#));
        (0..6000).for_each(|_| rig.bowl(0.6, 0.4));
        assert!(rig.off(0.6, 0.4) < 0.08, "{aggregate}: {:?}", rig.tuner.executor().baseline());
    }
}

#[test]
fn constant_gains_follow_what_decaying_ones_let_go() {
    let after = |gains: &str| {
        let mut rig = Rig::new(&format!(r#"{{"gains":"{gains}"}}"#));
        (0..18_000).for_each(|_| rig.bowl(0.5, 0.5));
        (0..1200).for_each(|_| rig.bowl(0.8, 0.2));
        rig.off(0.8, 0.2)
    };
    let (constant, decaying) = (after("constant"), after("decaying"));
    assert!(constant < 0.6 * decaying, "constant {constant}, decaying {decaying}");
}

#[test]
fn the_states_follow_each_other_and_a_pair_takes_its_digests() {
    let mut rig = Rig::new("{}");
    let (mut states, mut counts) = (Vec::<String>::new(), Vec::<usize>::new());
    for _ in 0..200 {
        rig.bowl(0.6, 0.4);
        if rig.tuner.spsa().is_none() {
            continue;
        }
        let state = rig.told("state").str().unwrap().to_owned();
        if states.last() == Some(&state) {
            *counts.last_mut().unwrap() += 1;
        } else {
            states.push(state);
            counts.push(1);
        }
    }
    let order =
        ["ready", "applying-plus", "waiting-plus", "applying-minus", "waiting-minus", "compute-gradient"];
    for pair in states.windows(2) {
        let place = |s: &String| order.iter().position(|o| o == s).unwrap();
        let (from, to) = (place(&pair[0]), place(&pair[1]));
        // What needs no waiting is passed within one window.
        assert!((1..=2).contains(&((to + order.len() - from) % order.len())), "{} -> {}", pair[0], pair[1]);
    }
    let plus: Vec<usize> =
        states.iter().zip(&counts).filter(|(s, _)| *s == "waiting-plus").map(|(_, n)| *n).collect();
    assert!(plus[1..plus.len() - 1].iter().all(|n| *n == 5), "five digests of 100 ms: {plus:?}");
    assert!(rig.number("iteration") >= 5.0);
}

#[test]
fn three_evaluations_without_an_answer_are_safe_mode_and_change_nothing() {
    let mut rig = Rig::new("{}");
    (0..40).for_each(|_| rig.bowl(0.6, 0.4));
    let moves = rig.lines("proposal", r#""kind":"move""#);
    let iteration = rig.number("iteration");
    for _ in 0..2 {
        // One window that answers starts a pair; none that follows does.
        (0..12).for_each(|_| rig.window(f64::NAN, 0.0));
        assert!(rig.tuner.executor().safe_mode().is_none());
        rig.bowl(0.6, 0.4);
    }
    (0..12).for_each(|_| rig.window(f64::NAN, 0.0));
    assert_eq!(rig.number("timeouts"), 3.0);
    assert_eq!(rig.lines("safe-mode", "evaluation-timeout"), 1);
    assert_eq!(rig.number("iteration"), iteration, "a timeout is no step");
    assert_eq!(rig.lines("proposal", r#""kind":"move""#), moves, "and proposes nothing");
}

#[test]
fn a_refused_proposal_does_not_advance_the_iteration() {
    // Pairs shorter than the regression watch needs, so that it is asked when a move is about to be made.
    let mut rig = Rig::new(r#"{"digests":2}"#);
    rig.window_us = 250_000;
    let mut height = 1.0;
    for k in 0..600 {
        // After a calm while the objective gets worse whatever is done.
        height *= if k > 200 { 1.02 } else { 1.0 };
        rig.window(height * (1.0 + 0.01 * libm::sin(f64::from(k) * 2.399)), 0.0);
    }
    let refused = rig.lines("proposal", r#""verdict":"objective-regression""#);
    assert!(refused > 0, "nothing was refused");
    let approved = rig.lines("proposal", r#""kind":"move","verdict":"approved""#);
    assert!(rig.number("iteration") <= approved as f64 && approved > 0);
}

#[test]
fn a_rising_error_rate_takes_the_baseline_back() {
    let mut rig = Rig::new("{}");
    (0..3000).for_each(|_| rig.bowl(0.6, 0.4));
    let off = rig.off(0.3, 0.7);
    (0..30).for_each(|_| rig.window(1.0, 30.0));
    assert!(rig.lines("proposal", r#""kind":"back-off""#) > 0 && rig.lines("proposal", r#""statistic""#) > 0);
    assert!(rig.off(0.3, 0.7) < off - 0.05);
}

#[test]
fn options_out_of_range_are_refused_by_name() {
    for (options, word) in [
        (r#"{"aggregate":"mode"}"#, "spsa.aggregate"),
        (r#"{"gains":"growing"}"#, "spsa.gains"),
        (r#"{"step":0}"#, "spsa.step: expected 0.001 to 10, got 0"),
        (r#"{"digests":0}"#, "spsa.digests: expected 1 to 100"),
        (r#"{"evaluation_us":1}"#, "spsa.evaluation_us"),
    ] {
        let message = Rig::try_new(options).err().expect(options);
        assert!(message.contains(word), "{message}");
    }
}

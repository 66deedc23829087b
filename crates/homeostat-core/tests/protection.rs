//! What protects is never undone, never held up, and never left half way.

use homeostat_core::digest::TelemetryDigest;
use homeostat_core::journal::WindowInput;
use homeostat_core::json::Json;
use homeostat_core::safety::{Control, Mode, Source};
use homeostat_core::space::Values;
use homeostat_core::tuning::{Config, Tuner};

const WINDOW_US: u64 = 250_000;

struct Rig {
    tuner: Tuner,
    now_us: u64,
    journal: String,
}

fn knob(name: &str, kind: &str, min: f64, max: f64, initial: f64, learn: &str, push: bool) -> String {
    format!(
        r#"{{"name":"{name}","kind":"{kind}","scale":"linear","min":{min},"max":{max},"initial":{initial},"lag_us":250000,
        "learn":"{learn}","push":{push}}}"#
    )
}

impl Rig {
    fn new(preset: &str, knobs: &[String], capacity: usize) -> Self {
        let config = format!(
            r#"{{"name":"t","run_id":"r","seed":3,"now_us":0,"window_us":{WINDOW_US},"mode":"auto","strategy":"kalman",
            "guardrails":{{"preset":"{preset}"}},"knobs":[{}],"signals":[],"journal_capacity":{capacity}}}"#,
            knobs.join(",")
        );
        let config = Config::from_json(&Json::parse(&config).unwrap(), None).unwrap();
        Self { tuner: Tuner::new(config), now_us: 0, journal: String::new() }
    }

    /// One window; the objective, margin and failures follow from the live values.
    fn window(&mut self, objective: f64, margin: Option<f64>, failures: f64) {
        self.now_us += WINDOW_US;
        let digest = TelemetryDigest {
            timestamp_us: self.now_us,
            generation: self.tuner.executor().generation(),
            samples: 100,
            objective,
            latency_p99_us: None,
            throughput_rps: None,
            error_rate: None,
            constraint_margin: margin,
        };
        self.tuner.window(self.now_us, WindowInput { digest, failures, guarded: 100.0 });
        self.drain();
    }

    fn drain(&mut self) {
        self.journal.push_str(&String::from_utf8(self.tuner.take_journal(usize::MAX)).unwrap());
    }

    fn live(&self, i: usize) -> f64 {
        self.tuner.executor().values()[i]
    }

    fn count(&self, what: &str) -> usize {
        self.journal.matches(what).count()
    }
}

/// Some noise that repeats, so that nothing here depends on a generator.
fn wobble(k: usize) -> f64 {
    0.02 * libm::sin(k as f64 * 2.399)
}

#[test]
fn a_failed_push_never_undoes_the_kill_switch() {
    let mut rig = Rig::new(
        "balanced",
        &[
            knob("ttl", "number", 0.0, 1.0, 0.5, "hold", false),
            knob("size", "integer", 1.0, 100.0, 50.0, "hold", true),
        ],
        1024,
    );
    rig.window(1.0, None, 0.0);
    let values: Values = [0.58, 55.0].into_iter().collect();
    rig.now_us += 1_000_000;
    rig.tuner.propose(rig.now_us, &values, None).unwrap();
    let pushed = rig.tuner.executor().generation();
    rig.tuner.pushed(rig.now_us, pushed, true);
    rig.tuner.control(rig.now_us, Control::Off, Source::Api);
    let off = rig.tuner.executor().generation();
    assert_eq!((rig.live(0), rig.live(1)), (0.5, 50.0));
    rig.tuner.pushed(rig.now_us, off, false);
    assert_eq!((rig.live(0), rig.live(1)), (0.5, 50.0), "off stays off");
    assert!(!rig.tuner.executor().pushing());
}

#[test]
fn an_old_outcome_says_nothing_about_newer_values() {
    let mut rig = Rig::new("balanced", &[knob("size", "integer", 1.0, 100.0, 50.0, "hold", true)], 1024);
    rig.window(1.0, None, 0.0);
    let values: Values = [55.0].into_iter().collect();
    rig.now_us += 1_000_000;
    rig.tuner.propose(rig.now_us, &values, None).unwrap();
    let old = rig.tuner.executor().generation();
    rig.tuner.enter_safe_mode(rig.now_us);
    assert_eq!(rig.live(0), 50.0);
    rig.tuner.pushed(rig.now_us, old, false);
    assert_eq!(rig.live(0), 50.0, "SafeMode's values stay");
    assert!(rig.tuner.executor().pushing(), "the newer values are still awaited");
    rig.tuner.pushed(rig.now_us, rig.tuner.executor().generation(), true);
    assert!(!rig.tuner.executor().pushing());
}

#[test]
fn values_that_cannot_be_pushed_are_held_in_the_end() {
    let mut rig = Rig::new("balanced", &[knob("size", "integer", 1.0, 1000.0, 500.0, "probe", true)], 1024);
    for k in 0..4000 {
        rig.window(2.0 + rig.live(0) / 500.0 + wobble(k), None, 0.0);
        if rig.tuner.executor().pushing() {
            let generation = rig.tuner.executor().generation();
            rig.tuner.pushed(rig.now_us, generation, false);
        }
    }
    rig.drain();
    assert_eq!(rig.count("\"event\":\"held\""), 1);
    assert!(rig.count("\"event\":\"rollback\"") <= 12, "{}", rig.count("\"event\":\"rollback\""));
}

#[test]
fn what_protects_is_heard_with_a_full_journal() {
    let mut rig = Rig::new("balanced", &[knob("x", "number", 0.0, 1.0, 0.5, "probe", false)], 64);
    // Nobody takes anything out.
    for k in 0..400 {
        rig.now_us += WINDOW_US;
        let digest = TelemetryDigest {
            timestamp_us: rig.now_us,
            generation: rig.tuner.executor().generation(),
            samples: 9,
            objective: 1.0 + wobble(k),
            latency_p99_us: None,
            throughput_rps: None,
            error_rate: None,
            constraint_margin: None,
        };
        rig.tuner.window(rig.now_us, WindowInput { digest, failures: 0.0, guarded: 0.0 });
    }
    assert!(rig.tuner.journal().is_full() && rig.tuner.executor().safe_mode().is_some());
    rig.tuner.set_mode(rig.now_us, Mode::Observe);
    assert_eq!(rig.tuner.executor().mode(), Mode::Observe);
    rig.tuner.control(rig.now_us, Control::Off, Source::Api);
    assert_eq!(rig.tuner.executor().control(), Control::Off);
}

/// A sudden rise far from the anchor makes the tuner visit the anchor.
fn visiting() -> Rig {
    let knobs = [
        knob("x", "number", 0.0, 1.0, 0.2, "probe", false),
        knob("y", "number", 0.0, 1.0, 0.5, "hold", false),
    ];
    let mut rig = Rig::new("balanced", &knobs, 4096);
    for k in 0..1200 {
        rig.window(2.0 - rig.live(0) + wobble(k), None, 0.0);
    }
    assert!(rig.live(0) > 0.4, "it was to learn first: {}", rig.live(0));
    for k in 0..400 {
        rig.window(2.0 + 3.0 * rig.live(0) + wobble(k), None, 0.0);
        if rig.tuner.executor().is_away() {
            return rig;
        }
    }
    panic!("no challenge came");
}

#[test]
fn a_visit_to_the_anchor_is_ended_by_whatever_interrupts_it() {
    type Interruption = (&'static str, fn(&mut Rig));
    let interruptions: [Interruption; 5] = [
        ("freeze and unfreeze", |r| {
            r.tuner.freeze(r.now_us, None);
            r.tuner.unfreeze(r.now_us, None);
        }),
        ("another knob frozen", |r| _ = r.tuner.freeze(r.now_us, Some(1))),
        ("an operator's move", |r| {
            let values: Values = [f64::NAN, 0.55].into_iter().collect();
            r.now_us += 1_000_000;
            r.tuner
                .propose(r.now_us, &values, None)
                .unwrap_or_else(|v| assert_eq!(v.as_str(), "rate-limit-exceeded"));
        }),
        ("another objective", |r| (0..80).for_each(|_| r.window(-5.0, None, 0.0))),
        ("the end", |r| r.tuner.stop(r.now_us)),
    ];
    for (name, interrupt) in interruptions {
        let mut rig = visiting();
        interrupt(&mut rig);
        assert!(!rig.tuner.executor().is_away(), "{name}: still away");
        let exec = rig.tuner.executor();
        let out = (exec.live()[0] - exec.baseline()[0]).abs();
        assert!(out <= 0.05 + 1e-9, "{name}: live is {out} from the baseline");
    }
}

#[test]
fn where_the_anchor_violates_a_constraint_the_way_leads_to_where_it_is_satisfied() {
    let mut rig = Rig::new("balanced", &[knob("x", "number", 0.0, 1.0, 0.9, "probe", false)], 4096);
    let mut violated = 0;
    for k in 0..4800 {
        let x = rig.live(0);
        // Feasible below 0.6 only.
        let margin = (0.6 - x) / 0.6;
        rig.window(1.0 + (x - 0.2) * (x - 0.2) + wobble(k), Some(margin), 0.0);
        violated += usize::from(k >= 2400 && margin < 0.0);
    }
    assert!(rig.live(0) < 0.6, "ended at {}", rig.live(0));
    assert!(violated < 120, "violated in {violated} of the last 2400 windows");
    assert!(rig.tuner.executor().safe_mode_entries() <= 1);
}

#[test]
fn a_trial_that_hurts_is_broken_off_and_one_without_answers_too() {
    for silent in [false, true] {
        let mut rig = Rig::new("balanced", &[knob("codec", "choice", 0.0, 2.0, 0.0, "hold", false)], 4096);
        (0..60).for_each(|k| rig.window(1.0 + wobble(k), None, 1.0));
        rig.tuner.start_trial(rig.now_us, 0, 1.0).unwrap();
        let mut shown = 0;
        for k in 0..200 {
            let bad = rig.live(0) == 1.0;
            shown += usize::from(bad);
            let objective = if bad && silent { f64::NAN } else { 1.0 + wobble(k) };
            rig.window(objective, None, if bad && !silent { 50.0 } else { 1.0 });
        }
        rig.drain();
        assert_eq!(rig.live(0), 0.0, "silent {silent}");
        assert!((1..=60).contains(&shown), "silent {silent}: shown for {shown} windows");
        assert_eq!(rig.count("\"event\":\"trial-end\""), 1);
    }
}

#[test]
fn the_end_of_a_run_takes_back_what_is_being_tried() {
    let mut rig = Rig::new("balanced", &[knob("x", "number", 0.0, 1.0, 0.5, "probe", false)], 4096);
    let mut k = 0;
    while rig.tuner.executor().offset().iter().all(|d| *d == 0.0) {
        rig.window(2.0 + wobble(k), None, 0.0);
        k += 1;
    }
    rig.tuner.stop(rig.now_us);
    rig.drain();
    assert_eq!(rig.tuner.executor().live(), rig.tuner.executor().baseline());
    assert!(rig.journal.trim_end().lines().last().unwrap().contains("\"event\":\"stop\""));
}

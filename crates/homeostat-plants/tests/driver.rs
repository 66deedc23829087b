//! The closed loop end to end: what a run reports about contenders that behave, misbehave or lie.

use homeostat_plants::auditor::{BreachKind, Change, Rules, Update, UpdateKind};
use homeostat_plants::contender::{Case, Contender, Setup, Window};
use homeostat_plants::guardrails::Preset;
use homeostat_plants::run::{Conditions, Metrics, run};
use homeostat_plants::{Setting, contenders, plant};

fn conditions(preset: Preset) -> Conditions {
    Conditions { rules: Rules::of(preset), cv: 0.1, seed: 4, lag_s: None }
}

fn run_named(name: &str, case: &Case, preset: Preset) -> Metrics {
    let setup = Setup { case, preset, limits: preset.limits(), lag_s: case.plant.declared_lag_s(), seed: 9 };
    let mut contender = contenders::create(name, &setup).expect("a contender of that name");
    run(case, contender.as_mut(), &conditions(preset))
}

fn case(name: &str) -> Case {
    Case::new(plant::find(name).expect("a plant of that name"))
}

/// Goes to a setting after a minute; says so, or not.
struct Jumper {
    live: Setting,
    to: Setting,
    reports: bool,
}

impl Contender for Jumper {
    fn step(&mut self, window: &Window, applied: &mut Vec<Update>) {
        if window.end_us != 60_000_000 {
            return;
        }
        let change = Change { before: self.live, after: self.to };
        if self.reports {
            applied.push(Update {
                time_us: window.end_us,
                kind: UpdateKind::Move,
                live: change,
                baseline: change,
            });
        }
        self.live = self.to;
    }

    fn live(&self) -> Setting {
        self.live
    }
}

fn jump(to: Setting, reports: bool) -> Metrics {
    let case = case("P4");
    let mut jumper = Jumper { live: case.plant.initial(), to, reports };
    run(&case, &mut jumper, &conditions(Preset::Balanced))
}

#[test]
fn the_default_scores_one_and_the_oracle_nearly_zero() {
    for name in ["P1", "P2", "P3", "P4", "P5"] {
        let case = case(name);
        let idle = run_named("default", &case, Preset::Balanced);
        assert!((idle.regret.unwrap() - 1.0).abs() < 1e-9, "{name}");
        assert_eq!((idle.unsafe_share, idle.breaches.total(), idle.ordinary_updates), (0.0, 0, 0));
        let oracle = run_named("oracle", &case, Preset::Balanced);
        assert!(oracle.regret.unwrap() < 0.02, "{name}: {:?}", oracle.regret);
        let guarded = run_named("guarded-oracle", &case, Preset::Balanced);
        assert!(guarded.regret.unwrap() < 0.03, "{name}: {:?}", guarded.regret);
        assert_eq!(guarded.breaches.total(), 0, "{name}: {:?}", guarded.breaches.first());
    }
}

#[test]
fn where_the_default_is_optimal_there_is_no_regret_but_an_excess() {
    let case = case("P0");
    let metrics = run_named("hill", &case, Preset::Balanced);
    assert_eq!(metrics.regret, None);
    assert!(metrics.excess > 0.01);
    assert_eq!(run_named("default", &case, Preset::Balanced).excess, 0.0);
}

#[test]
fn a_contender_that_asks_for_its_budget_breaks_nothing_and_one_without_guardrails_does() {
    let case = case("P2");
    let hill = run_named("hill", &case, Preset::Balanced);
    assert!(hill.ordinary_updates > 50);
    assert_eq!(hill.breaches.total(), 0, "{:?}", hill.breaches.first());
    assert!(run_named("aimd", &case, Preset::Balanced).breaches.count(BreachKind::FlipsExceeded) > 100);
}

#[test]
fn steps_that_are_too_large_are_found_and_so_are_those_that_nobody_reported() {
    let large = jump([0.7, 0.5, 0.5, 0.5], true);
    assert_eq!((large.breaches.count(BreachKind::DeltaTooLarge), large.breaches.total()), (1, 1));
    let secret = jump([0.55, 0.5, 0.5, 0.5], false);
    assert_eq!((secret.breaches.count(BreachKind::Unreported), secret.breaches.total()), (1, 1));
    assert_eq!(jump([0.55, 0.5, 0.5, 0.5], true).breaches.total(), 0);
}

#[test]
fn a_bad_setting_is_unsafe_for_as_long_as_it_lasts() {
    // From 60 s on, the far corner of P4 costs more than 1.1 times the default at every moment.
    let bad = jump([0.0, 1.0, 0.0, 1.0], true);
    assert!((bad.unsafe_share - 1740.0 / 1800.0).abs() < 0.001, "{}", bad.unsafe_share);
    assert!(bad.worst_ratio > 2.0 && bad.regret.unwrap() > 2.0);
    assert_eq!(bad.t90_s, 600.0);
}

#[test]
fn not_a_number_is_scored_as_such_and_audited() {
    let broken = jump([f64::NAN, 0.5, 0.5, 0.5], true);
    assert!(broken.regret.unwrap().is_nan());
    assert!(broken.breaches.count(BreachKind::OutOfBounds) > 0);
}

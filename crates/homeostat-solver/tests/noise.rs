//! The incumbent under noise, what a study does to learn of noise, and what it does not do without any.

mod support;

use homeostat_core::rng::Rng;
use homeostat_problems::Half;
use homeostat_problems::landscapes::{Label, landscapes};
use homeostat_solver::study::{Outcome, Study};
use support::{complete, restore, study};

const CUBE: &str = r#""a":{"min":0,"max":1},"b":{"min":0,"max":1},"c":{"min":0,"max":1}"#;

/// Normal to what matters here: twelve uniform numbers less their mean.
fn normal(rng: &mut Rng) -> f64 {
    (0..12).map(|_| (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64).sum::<f64>() - 6.0
}

fn bowl(x: &[f64]) -> f64 {
    x.iter().map(|u| (u - 0.37) * (u - 0.37)).sum()
}

/// Asks and tells so often.
fn work(study: &mut Study, trials: usize, mut f: impl FnMut(&[f64]) -> f64) {
    for _ in 0..trials {
        let trial = study.ask().unwrap();
        let value = f(&study.trials()[trial as usize].values);
        study.tell(trial, complete(value)).unwrap();
    }
}

fn luckiest(study: &Study) -> usize {
    let all = study.trials().iter().enumerate().filter_map(|(i, t)| Some((i, t.feasible_value()?)));
    all.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap().0
}

fn second_looks(study: &Study) -> usize {
    study.trials().iter().filter(|trial| trial.second_look).count()
}

/// The mean, and its standard error.
fn mean(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / (n - 1.0);
    (mean, libm::sqrt(variance / n))
}

#[test]
fn the_incumbent_is_not_the_luckiest_and_its_value_is_honest() {
    const NOISE: f64 = 0.2;
    const SEEDS: u64 = 200;
    let (mut gained, mut honest, mut lucky, mut said, mut told) = (vec![], vec![], vec![], vec![], vec![]);
    let mut others = 0;
    for seed in 0..SEEDS {
        let mut study = study("auto", CUBE, "", seed);
        let mut rng = Rng::new(seed);
        work(&mut study, 120, |x| bowl(x) + NOISE * normal(&mut rng));
        assert!((1..=4).contains(&second_looks(&study)), "{}", second_looks(&study));
        // To explain costs as much as to search.
        assert!(seed % 20 > 0 || study.explain().contains(r#""noise":"proven""#));
        let (best, luckiest) = (study.incumbent().unwrap(), luckiest(&study));
        let (ours, theirs) = (&study.trials()[best.trial as usize], &study.trials()[luckiest]);
        others += usize::from(best.trial as usize != luckiest);
        honest.push(bowl(&ours.values));
        lucky.push(bowl(&theirs.values));
        gained.push(bowl(&theirs.values) - bowl(&ours.values));
        said.push((best.value - bowl(&ours.values)).abs());
        told.push((theirs.value().unwrap() - bowl(&theirs.values)).abs());
    }
    let ((gain, error), of) = (mean(&gained), |values: &[f64]| mean(values).0);
    println!(
        "true value of the incumbent {:.4}, of the luckiest {:.4}: better by {gain:.4}, standard error {error:.4}; \
         error of the value {:.3}, of the luckiest's {:.3}",
        of(&honest),
        of(&lucky),
        of(&said),
        of(&told)
    );
    assert!(others as u64 > SEEDS * 3 / 4, "{others}");
    // In the same studies: so far apart by chance in one of a thousand.
    assert!(gain > 3.1 * error, "{gain} {error}");
    assert!(of(&said) < 0.5 * of(&told));
}

#[test]
fn repeats_from_outside_count_for_every_strategy() {
    for strategy in ["random", "tpe", "nelder-mead"] {
        let mut study = study(strategy, CUBE, "", 3);
        work(&mut study, 12, bowl);
        let best = study.best().unwrap();
        let (mut far, mut near) = (vec![0.9; 3], study.trials()[best as usize].values.clone());
        study.add(&far, complete(-1.0)).unwrap();
        assert_eq!(study.incumbent().unwrap().value, -1.0, "one lucky result is all that is known");
        for _ in 0..9 {
            study.add(&far, complete(0.9)).unwrap();
            study.add(&near, complete(0.01)).unwrap();
        }
        let found = study.incumbent().unwrap();
        assert_eq!(study.trials()[found.trial as usize].values, near, "{strategy}: {found:?}");
        assert!((found.value - 0.01).abs() < 0.1, "{found:?}");
        assert_eq!(study.best_into(&mut far).unwrap(), found.trial as i32);
        near.clone_from(&far);
        work(&mut study, 30, bowl);
    }
}

#[test]
fn without_noise_the_least_value_is_best_and_is_asked_twice_at_most_once() {
    let mut looks = 0;
    for landscape in landscapes().iter().filter(|l| l.half == Half::Develop && l.label == Label::Structured) {
        let bounds: Vec<String> =
            (0..landscape.n).map(|i| format!(r#""x{i}":{{"min":0,"max":1}}"#)).collect();
        let mut study = study("auto", &bounds.join(","), "", 1);
        work(&mut study, 100, |x| landscape.evaluate(x));
        assert!(second_looks(&study) <= 1);
        looks += second_looks(&study);
        let (best, least) = (study.incumbent().unwrap(), luckiest(&study));
        assert_eq!(best.value, study.trials()[least].value().unwrap(), "{}", landscape.name);
        assert!(!study.explain().contains(r#""noise":"proven""#));
    }
    println!("{looks} second looks in 26 studies");
}

#[test]
fn second_looks_are_made_again_from_the_log() {
    let mut study = study("auto", CUBE, "", 5);
    let mut rng = Rng::new(5);
    work(&mut study, 19, |x| bowl(x) + 0.3 * normal(&mut rng));
    let mut log = study.take_log();
    let mut again = restore(&log);
    let mut twin = rng.clone();
    work(&mut study, 60, |x| bowl(x) + 0.3 * normal(&mut rng));
    work(&mut again, 60, |x| bowl(x) + 0.3 * normal(&mut twin));
    let more = study.take_log();
    assert_eq!(more, again.take_log());
    log.extend_from_slice(&more);
    let third = restore(&log);
    assert!(second_looks(&third) > 0);
    assert_eq!(format!("{:?}", third.trials()), format!("{:?}", study.trials()));
    assert_eq!(third.explain(), study.explain());
}

#[test]
fn a_second_look_that_fails_or_never_ends_holds_nothing_up() {
    for fails in [true, false] {
        let mut study = study("auto", CUBE, "", 2);
        let mut rng = Rng::new(2);
        for _ in 0..200 {
            let trial = study.ask().unwrap();
            let known = study.trials()[trial as usize].clone();
            let outcome = match (known.second_look, fails) {
                (true, true) => Outcome::Failed { reason: "gone".into() },
                (true, false) => continue,
                _ => complete(bowl(&known.values) + 0.2 * normal(&mut rng)),
            };
            study.tell(trial, outcome).unwrap();
        }
        assert!((1..=5).contains(&second_looks(&study)));
        assert!(study.explain().contains(r#""noise":"unknown""#));
    }
}

/// Trials that repeat another one's values.
fn repeats(study: &Study) -> usize {
    let all = study.trials();
    let repeated = |i: usize| all[..i].iter().any(|other| other.values == all[i].values);
    (0..all.len()).filter(|i| repeated(*i)).count()
}

#[test]
fn without_noise_at_most_one_evaluation_is_spent_on_a_known_point() {
    let spaces = [
        // What is real and what is rounded together: many places have the same values.
        r#""x":{"min":0,"max":1},"s":{"kind":"bytes","min":1,"max":4096,"scale":"log"},"b":{"kind":"boolean"}"#,
        r#""a":{"min":0,"max":360,"scale":"periodic"},"t":{"kind":"duration","min":100,"max":9000,"scale":"log"},
            "c":{"kind":"choice","choices":["p","q","r"]}"#,
        r#""x":{"min":0,"max":1},"n":{"kind":"integer","min":0,"max":1000}"#,
        r#""x":{"min":0,"max":1}"#,
        r#""x":{"min":-5,"max":5},"y":{"min":-1,"max":9}"#,
    ];
    for (i, bounds) in spaces.into_iter().enumerate() {
        for strategy in support::STRATEGIES {
            // The best point is in the middle, or in a corner where a search comes to rest.
            for (seed, best) in [(0, 0.5), (1, 0.5), (2, 0.0), (3, 1.0)] {
                let mut study = study(strategy, bounds, "", seed);
                let space = study.config().space.clone();
                work(&mut study, 80, |x| space.to_unit(x).iter().map(|u| libm::fabs(u - best)).sum());
                assert!(repeats(&study) <= 1, "{strategy}, space {i}, seed {seed}: {}", repeats(&study));
                assert_eq!(repeats(&study), second_looks(&study));
            }
        }
    }
}

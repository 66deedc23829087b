//! What the mixed strategy promises, whatever it is told.
use homeostat_solver::mixed::{Dimension, Mixed, Space};
use proptest::prelude::*;

fn dimension() -> impl Strategy<Value = Dimension> {
    prop_oneof![
        Just(Dimension::Continuous),
        Just(Dimension::Periodic),
        (0u32..6).prop_map(|levels| Dimension::Ordered { levels }),
        (0u32..5).prop_map(|options| Dimension::Categorical { options }),
    ]
}

fn countable() -> impl Strategy<Value = Dimension> {
    prop_oneof![
        (1u32..5).prop_map(|levels| Dimension::Ordered { levels }),
        (1u32..4).prop_map(|options| Dimension::Categorical { options }),
    ]
}

fn told() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -5.0..5.0f64,
        1 => prop_oneof![Just(0.0), Just(-0.0), Just(1e10), Just(f64::MAX), Just(f64::MIN), Just(f64::NAN), Just(f64::INFINITY)],
    ]
}

fn is_valid(dims: &[Dimension], x: &[f64]) -> bool {
    let index = |x: f64, count: u32| x >= 0.0 && x < f64::from(count.max(1)) && x.fract() == 0.0;
    x.len() == dims.len()
        && dims.iter().zip(x).all(|(d, &x)| match *d {
            Dimension::Continuous | Dimension::Periodic => (0.0..=1.0).contains(&x),
            Dimension::Ordered { levels } => index(x, levels),
            Dimension::Categorical { options } => index(x, options),
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn proposals_are_valid_whatever_is_told(
        dims in prop::collection::vec(dimension(), 0..5),
        values in prop::collection::vec(told(), 24),
        seed in any::<u64>(),
    ) {
        let (mut mixed, mut twin) = (Mixed::new(dims.clone(), seed), Mixed::new(dims.clone(), seed));
        for y in values {
            let proposal = mixed.ask(&[]);
            prop_assert_eq!(&proposal, &twin.ask(&[]), "the same calls, another point");
            let Some(x) = proposal else { break };
            prop_assert!(is_valid(&dims, &x), "{:?} in {:?}", x, dims);
            mixed.tell(&x, y);
            twin.tell(&x, y);
        }
    }

    #[test]
    fn a_finite_space_is_met_whole_and_each_point_once(
        dims in prop::collection::vec(countable(), 0..4),
        values in prop::collection::vec(told(), 100),
        waiting in 0usize..4,
        seed in any::<u64>(),
    ) {
        let size: u64 = dims.iter().map(|d| match *d {
            Dimension::Ordered { levels: n } | Dimension::Categorical { options: n } => u64::from(n),
            _ => unreachable!("countable dimensions only"),
        }).product();
        let mut mixed = Mixed::new(dims.clone(), seed);
        let (mut pending, mut met) = (Vec::new(), Vec::new());
        while let Some(x) = mixed.ask(&pending) {
            prop_assert!(is_valid(&dims, &x));
            prop_assert!(!met.contains(&x), "{:?} twice", x);
            met.push(x.clone());
            pending.push(x);
            if pending.len() > waiting {
                mixed.tell(&pending.remove(0), values[met.len() % values.len()]);
            }
        }
        prop_assert_eq!(met.len() as u64, size);
    }

    #[test]
    fn takes_points_it_never_asked_for(
        dims in prop::collection::vec(dimension(), 1..4),
        points in prop::collection::vec((prop::collection::vec(any::<f64>(), 0..6), told()), 1..20),
    ) {
        let mut mixed = Mixed::new(dims.clone(), 3);
        for (x, y) in &points {
            mixed.tell(x, *y);
        }
        let pending: Vec<Vec<f64>> = points.iter().map(|(x, _)| x.clone()).collect();
        if let Some(x) = mixed.ask(&pending) {
            prop_assert!(is_valid(&dims, &x));
        }
    }
}

fn kinds() -> Vec<Dimension> {
    vec![
        Dimension::Continuous,
        Dimension::Periodic,
        Dimension::Ordered { levels: 9 },
        Dimension::Categorical { options: 4 },
        Dimension::Categorical { options: 2 },
    ]
}

/// Its least value is 0, at (.3, .9, 6, 2, 1).
fn bowl(x: &[f64]) -> f64 {
    let turn = (x[1] - 0.9).abs();
    let level = (x[2] - 6.0) / 8.0;
    (x[0] - 0.3) * (x[0] - 0.3)
        + turn.min(1.0 - turn) * turn.min(1.0 - turn)
        + level * level
        + if x[3] == 2.0 { 0.0 } else { 0.1 + 0.02 * x[3] }
        + if x[4] == 1.0 { 0.0 } else { 0.05 }
}

fn least(seed: u64, noise: impl Fn(usize) -> f64) -> f64 {
    let mut mixed = Mixed::new(kinds(), seed);
    let mut best = f64::INFINITY;
    for i in 0..60 {
        let x = mixed.ask(&[]).expect("a continuum");
        best = best.min(bowl(&x));
        mixed.tell(&x, bowl(&x) + noise(i));
    }
    best
}

#[test]
fn finds_the_bottom_of_a_bowl_over_every_kind() {
    for seed in 0..3 {
        let best = least(seed, |_| 0.0);
        assert!(best < 1e-3, "seed {seed}: {best}");
        let best = least(seed, |i| 0.02 * ((i * 7919 % 101) as f64 / 50.0 - 1.0));
        assert!(best < 3e-2, "seed {seed}, noisy: {best}");
    }
}

#[test]
fn a_start_in_the_middle_is_not_asked_for_again() {
    for off in [0.0, f64::EPSILON] {
        let mut mixed = Mixed::new(vec![Dimension::Continuous, Dimension::Continuous], 3);
        mixed.tell(&[0.5 + off, 0.5], 1.0);
        for _ in 0..12 {
            let x = mixed.ask(&[]).unwrap();
            assert!(x.iter().any(|x| (x - 0.5).abs() > 1e-9), "{x:?}");
            mixed.tell(&x, x[0] + x[1]);
        }
    }
}

#[test]
fn places_that_round_to_one_value_are_one_point() {
    let bounds = r#"{"n":{"kind":"integer","min":1,"max":200,"scale":"log"},"x":{"min":0,"max":1}}"#;
    let config = homeostat_solver::config::Config::parse(&format!(r#"{{"bounds":{bounds}}}"#)).unwrap();
    let knob = config.space.bounds()[0].knob.clone();
    let dims = vec![Dimension::Continuous, Dimension::Continuous];
    let mut mixed = Mixed::over(Space::new(dims).rounded(vec![Some(knob.clone())]), 1);
    for _ in 0..60 {
        let x = mixed.ask(&[]).unwrap();
        assert_eq!(knob.to_unit(knob.to_value(x[0])), x[0]);
        mixed.tell(&x, x[0] + x[1]);
    }
}

#[test]
fn hundreds_of_pending_points_are_all_different_and_cost_no_more_than_a_few() {
    let mut mixed = Mixed::new(kinds(), 5);
    for i in 0..20 {
        let x = mixed.ask(&[]).unwrap();
        mixed.tell(&x, bowl(&x) + f64::from(i) * 0.01);
    }
    // Were all of them in the model, the last would cost hundreds of times as much as the first.
    let mut pending: Vec<Vec<f64>> = Vec::new();
    for _ in 0..300 {
        let x = mixed.ask(&pending).unwrap();
        assert!(!pending.contains(&x));
        pending.push(x);
    }
}

#[test]
fn a_point_is_a_space() {
    for dims in [vec![], vec![Dimension::Ordered { levels: 1 }, Dimension::Categorical { options: 0 }]] {
        let mut mixed = Mixed::new(dims.clone(), 1);
        let only = vec![0.0; dims.len()];
        assert_eq!(mixed.ask(&[]), Some(only.clone()));
        assert_eq!(mixed.ask(core::slice::from_ref(&only)), None);
        mixed.tell(&only, 1.0);
        assert_eq!(mixed.ask(&[]), None);
    }
}

/// Two options of 40 in each of four choices are good, and it takes both to see it.
#[test]
fn many_options_are_searched_and_the_good_ones_kept() {
    let dims = vec![Dimension::Categorical { options: 40 }; 4];
    let worth = |x: &[f64]| x.iter().filter(|x| **x >= 2.0).count() as f64;
    for seed in 0..3 {
        let mut mixed = Mixed::new(dims.clone(), seed);
        let mut best = 4.0f64;
        for _ in 0..90 {
            let x = mixed.ask(&[]).expect("40^4 points");
            best = best.min(worth(&x));
            mixed.tell(&x, worth(&x));
        }
        // 90 random points get below 3 with probability .74 and below 2 with .09.
        assert!(best <= 2.0, "seed {seed}: {best}");
    }
}

/// The least value of this valley is where the circle closes.
#[test]
fn an_angle_is_searched_across_its_seam() {
    for seed in 0..3 {
        let mut mixed = Mixed::new(vec![Dimension::Periodic, Dimension::Categorical { options: 2 }], seed);
        let mut best = f64::INFINITY;
        let mut sides = [false; 2];
        for _ in 0..30 {
            let x = mixed.ask(&[]).expect("a continuum");
            let off = x[0].min(1.0 - x[0]);
            let y = off * off + x[1];
            best = best.min(y);
            if y < 1e-2 {
                sides[usize::from(x[0] > 0.5)] = true;
            }
            mixed.tell(&x, y);
        }
        assert!(best < 1e-5 && sides == [true; 2], "seed {seed}: {best} {sides:?}");
    }
}

#[test]
fn failures_are_the_worst_that_there_is() {
    // Everything left of the middle fails; the best value is just right of it.
    for failure in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut mixed = Mixed::new(vec![Dimension::Continuous, Dimension::Categorical { options: 2 }], 2);
        mixed.tell(&[0.1, 0.0], failure);
        let (mut best, mut failed) = (f64::INFINITY, 0);
        for _ in 0..40 {
            let x = mixed.ask(&[]).expect("a continuum");
            let y = if x[0] < 0.5 { failure } else { x[0] + 0.1 * x[1] };
            failed += usize::from(!y.is_finite());
            best = if y.is_finite() { best.min(y) } else { best };
            mixed.tell(&x, y);
        }
        assert!(best < 0.51 && failed < 25, "{failure}: {best} after {failed} failures");
    }
}

#[test]
fn a_clone_goes_on_as_its_original() {
    let mut mixed = Mixed::new(kinds(), 5);
    for _ in 0..30 {
        let x = mixed.ask(&[]).expect("a continuum");
        mixed.tell(&x, bowl(&x));
    }
    let mut twin = mixed.clone();
    for _ in 0..10 {
        let x = mixed.ask(&[]).expect("a continuum");
        assert_eq!(Some(&x), twin.ask(&[]).as_ref());
        mixed.tell(&x, bowl(&x));
        twin.tell(&x, bowl(&x));
    }
}

#[test]
fn pending_points_move_the_next_proposal_away() {
    let mut mixed = Mixed::new(kinds(), 6);
    for _ in 0..25 {
        let x = mixed.ask(&[]).expect("a continuum");
        mixed.tell(&x, bowl(&x));
    }
    let mut pending: Vec<Vec<f64>> = Vec::new();
    for _ in 0..8 {
        let x = mixed.ask(&pending).expect("a continuum");
        assert!(!pending.contains(&x));
        pending.push(x);
    }
}

#[test]
fn stays_bounded_and_sound_over_many_values() {
    let mut mixed = Mixed::new(kinds(), 7);
    for i in 0..200 {
        let x = mixed.ask(&[]).expect("a continuum");
        assert!(is_valid(&kinds(), &x));
        mixed.tell(&x, if i % 11 == 0 { 1e10 } else { bowl(&x) });
    }
}

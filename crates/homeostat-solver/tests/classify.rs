//! The classifier on the landscapes that were held back when its weights were fitted.

use homeostat_problems::Half;
use homeostat_problems::landscapes::{Label, Landscape, landscapes};
use homeostat_solver::classify::{Verdict, classify};
use homeostat_solver::probe::Probe;

const SEEDS: u64 = 8;

/// What is said of a probe of so many points.
fn verdict(landscape: &Landscape, seed: u64, count: u32) -> Verdict {
    let probe = Probe::new(landscape.n, 1000 + seed);
    let points: Vec<Vec<f64>> = (0..count).map(|i| probe.point(i)).collect();
    let sample: Vec<(&[f64], f64)> = points.iter().map(|x| (x.as_slice(), landscape.evaluate(x))).collect();
    classify(&sample).unwrap()
}

fn held() -> Vec<Landscape> {
    landscapes().into_iter().filter(|l| l.half == Half::Held).collect()
}

/// Confidence, and whether it was right.
fn answers(count: impl Fn(&Landscape) -> u32) -> Vec<(f64, bool)> {
    let held = held();
    let each = held.iter().flat_map(|l| (0..SEEDS).map(move |seed| (l, seed)));
    each.map(|(landscape, seed)| {
        let found = verdict(landscape, seed, count(landscape));
        (found.confidence, found.structured == (landscape.label == Label::Structured))
    })
    .collect()
}

fn share_right(answers: &[(f64, bool)]) -> f64 {
    answers.iter().filter(|(_, right)| *right).count() as f64 / answers.len() as f64
}

/// Mean squared difference of confidence and truth; 0.25 for who always says one half.
fn brier(answers: &[(f64, bool)]) -> f64 {
    let square = |(p, right): &(f64, bool)| {
        let off = p - f64::from(u8::from(*right));
        off * off
    };
    answers.iter().map(square).sum::<f64>() / answers.len() as f64
}

#[test]
fn of_the_held_landscapes_at_least_85_in_100_are_right() {
    assert!(held().len() >= 36);
    let answers = answers(|l| (20 * l.n as u32).clamp(40, 200));
    let (right, brier) = (share_right(&answers), brier(&answers));
    println!("{} samples: {right:.3} right, Brier score {brier:.3}", answers.len());
    assert!(right >= 0.85, "{right}");
    assert!(brier <= 0.1, "{brier}");
}

#[test]
fn confidence_is_calibrated() {
    // Few and many points, so that there are doubtful cases.
    let all: Vec<(f64, bool)> = [10, 15, 20, 30, 40, 100].into_iter().flat_map(|n| answers(|_| n)).collect();
    for from in [0.5, 0.6, 0.7, 0.8, 0.9] {
        let bin: Vec<(f64, bool)> =
            all.iter().copied().filter(|(p, _)| (from..from + 0.1 + 1e-9).contains(p)).collect();
        let said = bin.iter().map(|(p, _)| p).sum::<f64>() / bin.len() as f64;
        let right = share_right(&bin);
        println!("said {said:.3}, right {right:.3} of {}", bin.len());
        assert!(bin.len() >= 50);
        assert!((said - right).abs() < 0.12, "said {said}, right {right} of {}", bin.len());
    }
    let score = brier(&all);
    println!("Brier score {score:.3} of {}", all.len());
    assert!(score < 0.17, "{score}");
}

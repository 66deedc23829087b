//! What every strategy owes on every kind of space.

mod support;

use homeostat_core::error::Code;
use homeostat_core::rng::Rng;
use homeostat_solver::study::{Outcome, Study, StudyReader};
use proptest::prelude::*;
use std::collections::BTreeSet;
use support::{SPACES, STRATEGIES, complete, objective, operate, restore, study};

/// Text, since a value may be NaN.
fn trials(study: &Study) -> String {
    format!("{:?}", study.trials())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Wherever a log ends, the restored study goes on as the first one would have, to the last byte.
    #[test]
    fn a_restored_study_goes_on_to_the_last_bit(
        strategy in prop::sample::select(STRATEGIES.to_vec()), space in 0..SPACES.len(),
        seed in 0u64..1000, before in 0usize..120, after in 1usize..30, constrained: bool, ratio in 0..3u32,
    ) {
        let extra = if ratio == 0 { String::new() } else { format!(r#","probe_ratio":0.{ratio}"#) };
        let mut first = study(strategy, SPACES[space].1, &extra, seed);
        let mut rng = Rng::new(seed);
        (0..before).for_each(|_| operate(&mut first, &mut rng, constrained));
        let mut log = first.take_log();
        let mut second = restore(&log);
        prop_assert_eq!(second.take_log(), Vec::<u8>::new());
        let mut again = rng.clone();
        (0..after).for_each(|_| operate(&mut first, &mut rng, constrained));
        (0..after).for_each(|_| operate(&mut second, &mut again, constrained));
        prop_assert_eq!(first.explain(), second.explain());
        let more = first.take_log();
        prop_assert_eq!(String::from_utf8(second.take_log()), String::from_utf8(more.clone()));
        log.extend_from_slice(&more);
        let third = restore(&log);
        prop_assert_eq!(trials(&third), trials(&first));
    }

    /// Every proposal is in bounds, a value that the knob can hold, and on a finite space a new one.
    #[test]
    fn proposals_are_valid_and_new(
        strategy in prop::sample::select(STRATEGIES.to_vec()), space in 0..SPACES.len(), seed in 0u64..1000,
        operations in 1usize..200,
    ) {
        let mut study = study(strategy, SPACES[space].1, "", seed);
        let mut rng = Rng::new(seed);
        let mut known: BTreeSet<Vec<u64>> = BTreeSet::new();
        for _ in 0..operations {
            let from = study.trials().len();
            let was_exhausted = study.is_exhausted();
            operate(&mut study, &mut rng, false);
            for trial in &study.trials()[from..] {
                let values = &trial.values;
                prop_assert_eq!(&study.config().space.canonical(values).unwrap(), values);
                let fresh = known.insert(values.iter().map(|v| v.to_bits()).collect());
                let proposed = trial.outcome.is_none();
                prop_assert!(fresh || !proposed || SPACES[space].2 == 0, "{values:?} came twice");
                prop_assert!(!proposed || !was_exhausted);
            }
        }
    }
}

#[test]
fn a_finite_space_is_emptied_and_then_has_nothing_more() {
    for strategy in STRATEGIES {
        for (name, bounds, size) in SPACES.into_iter().filter(|s| s.2 > 0 && s.2 < 100) {
            let mut study = study(strategy, bounds, "", 3);
            let mut points = BTreeSet::new();
            let mut open = Vec::new();
            while let Some(trial) = study.ask() {
                let values = study.trials()[trial as usize].values.clone();
                assert!(points.insert(format!("{values:?}")), "{strategy} on {name}: {values:?} again");
                open.push(trial);
                if open.len() == 4 {
                    for trial in open.drain(..) {
                        let value = objective(&study, &study.trials()[trial as usize].values);
                        study.tell(trial, complete(value)).unwrap();
                    }
                }
            }
            assert_eq!(points.len() as u64, size, "{strategy} on {name}");
            let log = study.take_log();
            assert_eq!(study.ask(), None);
            assert!(study.take_log().is_empty(), "asking in vain changes nothing");
            assert_eq!(restore(&log).ask(), None);
        }
    }
}

#[test]
fn many_open_points_are_all_different_and_their_results_count_in_any_order() {
    for strategy in STRATEGIES {
        for (name, bounds, _) in SPACES.into_iter().filter(|s| s.2 == 0 || s.2 > 100) {
            let mut study = study(strategy, bounds, "", 11);
            for round in 0..6 {
                let open: Vec<u32> = (0..16).map(|_| study.ask().unwrap()).collect();
                let points: BTreeSet<String> =
                    open.iter().map(|t| format!("{:?}", study.trials()[*t as usize].values)).collect();
                assert_eq!(points.len(), 16, "{strategy} on {name}, round {round}");
                for trial in open.iter().rev() {
                    let value = objective(&study, &study.trials()[*trial as usize].values);
                    study.tell(*trial, complete(value)).unwrap();
                }
            }
            let best = study.best().unwrap();
            let value = study.trials()[best as usize].value().unwrap();
            // A switch and an option cannot be where the bowl's bottom is.
            let least =
                if name == "mixed" { 0.27 + 2.0 * (0.3 - 1.0 / 3.0) * (0.3 - 1.0 / 3.0) } else { 0.0 };
            assert!(value < least + 0.1, "{strategy} on {name}: {value}");
        }
    }
}

#[test]
fn what_is_refused_changes_nothing() {
    let mut study = study("auto", SPACES[0].1, "", 1);
    let trial = study.ask().unwrap();
    study.tell(trial, complete(1.0)).unwrap();
    let open = study.ask().unwrap();
    let before = (study.explain(), study.take_log());
    assert_eq!(study.tell(9, complete(1.0)).unwrap_err().code, Code::UnknownTrial);
    assert_eq!(study.tell(trial, complete(2.0)).unwrap_err().code, Code::TrialTold);
    assert_eq!(study.add(&[9.0, 0.1], complete(1.0)).unwrap_err().code, Code::InvalidOption);
    assert_eq!(study.add(&[1.0], complete(1.0)).unwrap_err().code, Code::InvalidOption);
    assert_eq!(study.add(&[f64::NAN, 0.1], complete(1.0)).unwrap_err().code, Code::InvalidOption);
    assert_eq!(study.find(&[1.0, 5.0]).unwrap_err().code, Code::InvalidOption);
    assert_eq!(study.trial_json(7).unwrap_err().code, Code::UnknownTrial);
    assert_eq!(study.probe_into(u32::MAX, &mut [0.0; 2]).unwrap_err().code, Code::InvalidOption);
    assert_eq!((study.explain(), study.take_log()), (before.0, Vec::new()));
    let values = study.trials()[open as usize].values.clone();
    assert_eq!(study.find(&values), Ok(Some(open)));
}

fn recorded() -> String {
    let mut study = study("auto", SPACES[0].1, "", 5);
    for _ in 0..12 {
        let trial = study.ask().unwrap();
        let value = objective(&study, &study.trials()[trial as usize].values);
        study.tell(trial, complete(value)).unwrap();
    }
    String::from_utf8(study.take_log()).unwrap()
}

fn refusal(log: &str) -> (Code, String) {
    let mut reader = StudyReader::new();
    let error = reader.push(log.as_bytes()).and_then(|()| reader.finish().map(|_| ())).unwrap_err();
    (error.code, error.message.clone())
}

/// The log's lines without their hashes, chained again: edited by someone who knows how.
fn rechained(lines: impl Iterator<Item = String>) -> String {
    let mut chain = homeostat_core::journal::Chain::default();
    lines
        .map(|line| {
            let body = line.split(",\"hash\":").next().unwrap();
            let mut open = body.to_owned();
            chain.close_line(&mut open);
            open
        })
        .collect()
}

#[test]
fn an_edited_log_is_refused_with_its_line() {
    let log = recorded();
    let lines: Vec<&str> = log.lines().collect();
    let (code, message) = refusal(&log.replacen("\"trial\":3", "\"trial\":4", 1));
    assert_eq!(code, Code::StudyBroken);
    assert!(message.contains("line 8"), "{message}");
    assert_eq!(
        refusal(&[&lines[..4], &lines[5..]].concat().join("\n").replace("}{", "}\n{")).0,
        Code::StudyBroken
    );
    assert_eq!(refusal("").0, Code::StudyMalformed);
    assert_eq!(refusal("{\"format\":\"other\"}\n").0, Code::StudyMalformed);
    assert_eq!(refusal(&log[log.find('\n').unwrap() + 1..]).0, Code::StudyMalformed);
    let edit = |from: &str, to: &str| refusal(&rechained(lines.iter().map(|line| line.replace(from, to)))).0;
    assert_eq!(edit("\"version\":1", "\"version\":2"), Code::StudyNewer);
    assert_eq!(edit("\"x\":2.5", "\"x\":2.25"), Code::StudyDiverged);
    assert_eq!(edit("{\"tell\":{\"trial\":3", "{\"tell\":{\"trial\":30"), Code::StudyMalformed);
    assert_eq!(edit("{\"tell\":{\"trial\":3", "{\"tell\":{\"trial\":2"), Code::StudyMalformed);
    assert_eq!(edit("{\"tell\":{\"trial\":3", "{\"tell\": {\"trial\":3"), Code::StudyMalformed);
    assert_eq!(edit("\"tell\"", "\"told\""), Code::StudyMalformed);
    assert_eq!(edit("\"kind\":\"number\"", "\"kind\":\"nought\""), Code::StudyMalformed);
}

#[test]
fn a_log_that_ends_anywhere_keeps_every_whole_line() {
    let log = recorded().into_bytes();
    let (mut whole, mut told, mut header) = (0, 0, false);
    for end in 0..=log.len() {
        let mut reader = StudyReader::new();
        reader.push(&log[..end]).unwrap();
        if end > 0 && log[end - 1] == b'\n' {
            header = true;
            told += usize::from(log[whole..end].starts_with(b"{\"tell\""));
            whole = end;
        }
        match reader.finish() {
            Err(error) => assert!(!header && error.code == Code::StudyMalformed, "{end}: {error:?}"),
            Ok(study) => {
                let kept = study.trials().iter().filter(|trial| trial.outcome.is_some()).count();
                assert_eq!((kept, reader.dropped()), (told, end - whole), "cut at {end}");
            }
        }
    }
    assert_eq!(told, 12);
}

#[test]
fn the_same_point_told_with_different_values_is_no_trouble() {
    for strategy in STRATEGIES {
        for (_, bounds, _) in SPACES.into_iter().filter(|s| s.2 == 0 || s.2 > 100) {
            let mut study = study(strategy, bounds, "", 4);
            let values = support::random_values(&study, &mut Rng::new(1));
            for i in 0..30 {
                study.add(&values, complete(0.1 * f64::from(i % 7))).unwrap();
                let trial = study.ask().unwrap();
                let value = objective(&study, &study.trials()[trial as usize].values);
                study.tell(trial, complete(value)).unwrap();
            }
            assert!(study.incumbent().unwrap().value.is_finite());
        }
    }
}

#[test]
fn extreme_values_leave_every_strategy_working() {
    for strategy in STRATEGIES {
        for (_, bounds, _) in SPACES.into_iter().filter(|s| s.2 == 0 || s.2 > 100) {
            let mut study = study(strategy, bounds, "", 6);
            let extremes =
                [f64::MAX, -f64::MAX, 1e300, 0.0, -0.0, f64::MIN_POSITIVE, f64::NAN, f64::INFINITY];
            for i in 0..48 {
                let trial = study.ask().unwrap();
                let margin = if i % 5 == 0 { -1e300 } else { f64::NAN };
                let not_finite = !extremes[i % 8].is_finite();
                let outcome = Outcome::Complete { value: extremes[i % 8], margin };
                assert_eq!(study.tell(trial, outcome).unwrap(), not_finite, "it is reported");
            }
            assert!(study.explain().contains(r#""not_finite":12"#), "{}", study.explain());
            assert!(!study.explain().contains("null"), "{}", study.explain());
            assert_eq!(study.incumbent().unwrap().value, -f64::MAX);
        }
    }
}

#[test]
fn what_is_said_of_a_study_follows_from_its_log() {
    let mut study = study("sobol", SPACES[0].1, "", 2);
    assert!(study.explain().contains(r#""landscape":null,"importance":{}"#), "{}", study.explain());
    for i in 0..100 {
        let trial = study.ask().unwrap();
        let value = study.trials()[trial as usize].values[0].abs();
        study.tell(trial, complete(value)).unwrap();
        if i == 63 {
            let report = study.report();
            let (landscape, importance) = (report.landscape.unwrap(), report.importance.unwrap());
            assert!(landscape.structured && landscape.confidence > 0.95);
            assert!(importance[0] > 0.9 && importance.len() == 2);
        }
    }
    let again = restore(&study.take_log());
    assert_eq!(again.explain(), study.explain());
}

#[test]
fn a_partial_last_line_is_left_out_and_told() {
    let log = recorded();
    let whole = log.trim_end().rfind('\n').unwrap() + 1;
    let mut reader = StudyReader::new();
    for byte in log.as_bytes()[..log.len() - 5].chunks(7) {
        reader.push(byte).unwrap();
    }
    let mut study = reader.finish().unwrap();
    assert_eq!(reader.dropped(), log.len() - 5 - whole);
    assert_eq!(
        study.trials().last().unwrap().outcome,
        None,
        "the last outcome was in the line that is left out"
    );
    // What it writes from here on continues the whole lines.
    study.tell(11, complete(0.5)).unwrap();
    let continued = [&log.as_bytes()[..whole], &study.take_log()].concat();
    assert_eq!(trials(&restore(&continued)), trials(&study));
    assert!(reader.finish().is_err(), "a reader gives its study once");
}

#[test]
fn the_log_of_another_algorithm_goes_on_from_its_results() {
    let log = recorded();
    let other = rechained(log.lines().map(|line| line.replace("\"algorithm\":1", "\"algorithm\":0")));
    let mut study = restore(other.as_bytes());
    assert_eq!(study.trials().len(), 12);
    let resumed = study.take_log();
    assert!(resumed.starts_with(b"{\"resume\":{\"algorithm\":1}"));
    let mut whole = [other.as_bytes(), &resumed].concat();
    let mut least = f64::INFINITY;
    for _ in 0..40 {
        let trial = study.ask().unwrap();
        let value = objective(&study, &study.trials()[trial as usize].values);
        least = value.min(least);
        study.tell(trial, complete(value)).unwrap();
    }
    assert!(least < 1e-6, "{least}: it starts from what is known");
    whole.extend_from_slice(&study.take_log());
    let mut again = restore(&whole);
    assert!(again.take_log().is_empty(), "from the resumption on it is exact");
    assert_eq!(again.ask().map(|t| again.trials()[t as usize].values.clone()), {
        let trial = study.ask().unwrap();
        Some(study.trials()[trial as usize].values.clone())
    });
}

#[test]
fn warm_starts_are_used() {
    let mut study = study("auto", SPACES[0].1, "", 2);
    for i in 0..30 {
        let mut rng = Rng::new(i);
        let values = support::random_values(&study, &mut rng);
        let value = objective(&study, &values);
        study.add(&values, complete(value)).unwrap();
    }
    let known = study.trials()[study.best().unwrap() as usize].value().unwrap();
    for _ in 0..12 {
        let trial = study.ask().unwrap();
        let value = objective(&study, &study.trials()[trial as usize].values);
        study.tell(trial, complete(value)).unwrap();
    }
    let found = study.trials()[study.best().unwrap() as usize].value().unwrap();
    assert!(found < known / 10.0, "{found} from {known}");
}

#[test]
fn constraints_come_first() {
    // The bottom of the bowl is forbidden: x + y >= 1 in units, so the best is 0.08 at (.5, .5).
    for strategy in ["auto", "nelder-mead", "tpe"] {
        let mut study = study(strategy, r#""x":{"min":0,"max":1},"y":{"min":0,"max":1}"#, "", 7);
        for _ in 0..150 {
            let trial = study.ask().unwrap();
            let v = study.trials()[trial as usize].values.clone();
            let value = (v[0] - 0.3) * (v[0] - 0.3) + (v[1] - 0.3) * (v[1] - 0.3);
            study.tell(trial, Outcome::Complete { value, margin: v[0] + v[1] - 1.0 }).unwrap();
        }
        let best = &study.trials()[study.best().unwrap() as usize];
        assert!(best.violation() == 0.0);
        let value = best.value().unwrap();
        assert!(value < 0.09, "{strategy}: {value} instead of 0.08");
    }
}

/// Random bytes, and logs with random damage, never panic and never pass for whole.
#[cfg(test)]
mod fuzz {
    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn any_bytes_are_an_error_or_a_study(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut reader = StudyReader::new();
            prop_assert!(reader.push(&bytes).and_then(|()| reader.finish().map(|_: Study| ())).is_err());
        }

        #[test]
        fn damage_is_found(at in 0usize..4000, byte: u8, cut in 1usize..50) {
            let log = recorded().into_bytes();
            let mut damaged = log.clone();
            let at = at % log.len();
            damaged[at] = byte;
            let mut reader = StudyReader::new();
            for piece in damaged.chunks(cut) {
                let _ = reader.push(piece);
            }
            match reader.finish() {
                // Damage in the last line's end leaves it partial, and a line end in its place may do no harm.
                Ok(study) => prop_assert!(byte == log[at] || study.trials().len() >= 11),
                Err(error) => prop_assert!(error.message.contains("line") || error.message.contains("whole")),
            }
        }

        /// Valid chains of lines that mean nothing, or something else.
        #[test]
        fn lines_in_any_order_are_an_error_or_a_study(order in prop::collection::vec(0usize..25, 0..25)) {
            let log = recorded();
            let lines: Vec<&str> = log.lines().collect();
            let shuffled = std::iter::once(lines[0]).chain(order.iter().map(|i| lines[i % lines.len()]));
            let text = rechained(shuffled.map(str::to_owned));
            let mut reader = StudyReader::new();
            let _ = reader.push(text.as_bytes()).and_then(|()| reader.finish().map(|_: Study| ()));
        }
    }
}

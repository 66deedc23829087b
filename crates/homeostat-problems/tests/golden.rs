//! The fixtures are what the code says: problems and labels do not change unseen.

use homeostat_problems::golden;
use homeostat_problems::landscapes::{Label, measure};
use std::path::PathBuf;

fn fixture(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/solver").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The first line that differs says more than two files.
fn same(found: &str, wanted: &str) {
    for (found, wanted) in found.lines().zip(wanted.lines()) {
        assert_eq!(found, wanted);
    }
    assert_eq!(found.lines().count(), wanted.lines().count());
}

#[test]
fn mixed_problems_are_as_checked_in() {
    same(&golden::mixed(), &fixture("mixed.json"));
}

#[test]
fn landscapes_are_as_checked_in() {
    let strip = |text: &str| -> String {
        // The share takes 400 runs of every landscape: `problems golden` measures it, the test of `measure` checks it.
        let line = |line: &str| match (line.find(",\"share\":"), line.find(",\"points\":")) {
            (Some(from), Some(to)) => format!("{}{}\n", &line[..from], &line[to..]),
            _ => format!("{line}\n"),
        };
        text.lines().map(line).collect()
    };
    same(&strip(&golden::labelled_with(|_| 0.0)), &strip(&fixture("landscapes.json")));
}

#[test]
fn shares_checked_in_agree_with_their_labels() {
    let text = fixture("landscapes.json");
    let field = |line: &str, name: &str| -> Option<String> {
        let rest = line.split_once(&format!("\"{name}\":"))?.1;
        Some(rest.split([',', '}']).next()?.trim_matches('"').to_string())
    };
    let mut checked = 0;
    for line in text.lines().filter(|line| line.starts_with('{')) {
        let share: f64 = field(line, "share").and_then(|word| word.parse().ok()).expect("a share");
        let label = measure::verdict(share).map(Label::word);
        assert_eq!(label, field(line, "label").as_deref(), "{line}");
        checked += 1;
    }
    assert!(checked >= 72);
}

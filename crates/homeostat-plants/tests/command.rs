//! The command line: exit status, refusals, and the JSON that programs read.

use std::process::{Command, Output};

fn plants(arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_plants"))
        .args(arguments.split_whitespace())
        .output()
        .expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_table_has_a_row_per_contender_plant_preset_and_noise() {
    let output =
        plants("--contenders default,hill --plants P3,P5 --presets balanced --cv 0.02,0.1 --seeds 1");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let table = text(&output.stdout);
    assert_eq!(table.lines().filter(|line| line.starts_with("hill ")).count(), 4, "{table}");
    assert_eq!(table.lines().filter(|line| line.starts_with("default ")).count(), 4, "{table}");
}

#[test]
fn a_missed_target_is_exit_status_one_and_names_the_row() {
    let output = plants("--targets --subject default --plants P3 --presets balanced");
    assert_eq!(output.status.code(), Some(1));
    let table = text(&output.stdout);
    let row = |start: &str| table.lines().find(|line| line.starts_with(start)).unwrap_or_default().to_owned();
    assert!(row("P3 regret").contains("1.000") && row("P3 regret").ends_with("MISSED"), "{table}");
    assert!(row("P4 regret").contains("not run"), "{table}");
}

#[test]
fn what_does_not_exist_is_exit_status_two_and_named() {
    for (arguments, expected) in [
        ("--contenders nobody", "\"nobody\""),
        ("--plants P9", "\"P9\""),
        ("--seeds 0", "--seeds"),
        ("--plants P3 --seeds 1 --json /nowhere/at/all.json", "/nowhere/at/all.json"),
    ] {
        let output = plants(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments}");
        assert!(text(&output.stderr).contains(expected), "{arguments}: {}", text(&output.stderr));
    }
}

#[test]
fn json_holds_the_same_rows() {
    let path = std::env::temp_dir().join(format!("plants-{}.json", std::process::id()));
    let path_text = path.to_str().expect("a path in UTF-8");
    let output = plants(&format!(
        "--contenders vegas,hill --plants P2,P3 --presets balanced --seeds 1 --json {path_text}"
    ));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let json = std::fs::read_to_string(&path).expect("the file was written");
    std::fs::remove_file(&path).expect("the file can be removed");
    // Vegas has nothing to go by on P3, which is said and left out.
    assert!(text(&output.stdout).contains("left out: contender vegas"));
    assert_eq!(json.matches("\"contender\":").count(), 3, "{json}");
    assert_eq!(json.matches('{').count(), json.matches('}').count());
    assert!(json.contains("\"regret\":{\"mean\":"));
}

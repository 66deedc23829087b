//! The same inputs give the same bytes, and a journal replays to itself.

mod support;

use homeostat_core::engine::Engine;
use homeostat_core::error::Code;
use homeostat_core::journal::{Replay, Verifier};
use homeostat_core::rng::Rng;
use support::{config, random_operation};

fn record(seed: u32, operations: usize) -> Vec<u8> {
    let presets = ["conservative", "balanced", "aggressive"];
    let mut engine = Engine::new(&config("auto", presets[seed as usize % 3], seed, 1024)).unwrap();
    let (mut rng, mut now) = (Rng::new(u64::from(seed)), 1_000_000);
    let mut journal = Vec::new();
    for _ in 0..operations {
        random_operation(&mut engine, &mut rng, &mut now);
        if rng.next_u64() % 16 == 0 {
            journal.extend(engine.take_journal(1 << 16));
        }
    }
    engine.stop(now);
    while engine.queued() > 0 {
        journal.extend(engine.take_journal(1 << 16));
    }
    journal
}

fn replay(journal: &[u8]) -> (Vec<u8>, homeostat_core::journal::Report) {
    let mut replay = Replay::new();
    let mut out = Vec::new();
    for piece in journal.chunks(997) {
        replay.push(piece);
        out.extend(replay.take());
    }
    (out, replay.finish())
}

#[test]
fn random_operations_replay_to_the_same_bytes() {
    for seed in 0..12 {
        let journal = record(seed, 4_000);
        let (again, report) = replay(&journal);
        assert_eq!(report.problem, None, "seed {seed}");
        assert!(again == journal, "seed {seed}: replay gave other bytes");
        let mut verifier = Verifier::new();
        verifier.push(&journal);
        let verified = verifier.finish();
        assert_eq!((verified.problem, verified.runs), (None, 1));
        assert_eq!(record(seed, 4_000), journal, "the same inputs give the same bytes");
    }
}

#[test]
fn a_full_queue_stops_knobs_and_counts_exactly_and_still_replays() {
    let mut engine = Engine::new(&config("auto", "aggressive", 5, 64)).unwrap();
    let (mut rng, mut now) = (Rng::new(5), 1_000_000);
    let mut journal = Vec::new();
    let mut gaps = 0;
    for round in 0..60 {
        for _ in 0..60 {
            random_operation(&mut engine, &mut rng, &mut now);
        }
        let text = String::from_utf8(engine.take_journal(1 << 20)).unwrap();
        gaps += text.matches("\"event\":\"gap\"").count();
        journal.extend(text.into_bytes());
        assert_eq!(engine.queued(), 0, "round {round}");
    }
    assert!(gaps > 5, "the queue was to overflow often, {gaps} gaps");
    let (again, report) = replay(&journal);
    if let Some((line, _)) = &report.problem {
        let text = String::from_utf8_lossy(&journal);
        text.lines().skip(*line as usize - 4).take(5).for_each(|l| eprintln!("{l}"));
    }
    assert_eq!(report.problem, None);
    assert!(again == journal);
}

#[test]
fn edits_are_found_where_they_are() {
    let journal = record(3, 400);
    let text = String::from_utf8(journal.clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let check = |lines: &[String]| {
        let mut verifier = Verifier::new();
        verifier.push(lines.join("\n").as_bytes());
        verifier.push(b"\n");
        verifier.finish().problem.map(|(line, error)| (line, error.code))
    };
    let own: Vec<String> = lines.iter().map(|l| (*l).to_string()).collect();
    assert_eq!(check(&own), None);
    let at = lines.iter().position(|l| l.contains("\"objective\":1")).unwrap();
    let mut edited = own.clone();
    edited[at] = edited[at].replacen("\"objective\":1", "\"objective\":2", 1);
    assert_eq!(check(&edited), Some((at as u64 + 1, Code::JournalBroken)));
    let mut removed = own.clone();
    removed.remove(20);
    assert_eq!(check(&removed), Some((21, Code::JournalBroken)));
    let mut swapped = own.clone();
    swapped.swap(30, 31);
    assert_eq!(check(&swapped), Some((31, Code::JournalBroken)));
    let mut malformed = own;
    malformed[7] = "not a journal".into();
    assert_eq!(check(&malformed), Some((8, Code::JournalMalformed)));
    let mut truncated = Verifier::new();
    truncated.push(&journal[..journal.len() - 10]);
    let (_, error) = truncated.finish().problem.unwrap();
    assert_eq!(error.code, Code::JournalTruncated);
}

/// An edit that also repairs the hashes passes verification, but not replay.
#[test]
fn replay_finds_what_hashes_cannot() {
    let journal = String::from_utf8(record(4, 600)).unwrap();
    let mut chain = homeostat_core::journal::Chain::default();
    let mut forged = String::new();
    let mut done = false;
    for line in journal.lines() {
        let (body, _) = homeostat_core::journal::Chain::split(line).unwrap();
        let mut body = body.to_string();
        if !done && body.contains("\"verdict\":\"approved\"") {
            body = body.replacen("\"verdict\":\"approved\"", "\"verdict\":\"frozen\"", 1);
            done = true;
        }
        chain.close_line(&mut body);
        forged.push_str(&body);
    }
    assert!(done);
    let mut verifier = Verifier::new();
    verifier.push(forged.as_bytes());
    assert_eq!(verifier.finish().problem, None);
    let (_, report) = replay(forged.as_bytes());
    assert_eq!(report.problem.map(|(_, e)| e.code), Some(Code::JournalDiverged));
}

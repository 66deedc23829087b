//! Decoders on hostile bytes: they refuse or accept, and never panic. Bounded by `HOMEOSTAT_FUZZ_SECONDS` (default 2).

mod support;

use homeostat_core::digest::TelemetryDigest;
use homeostat_core::engine::Engine;
use homeostat_core::journal::{Replay, Verifier};
use homeostat_core::json::Json;
use homeostat_core::rng::Rng;
use std::time::{Duration, Instant};
use support::{config, random_operation};

fn budget() -> Duration {
    let seconds = std::env::var("HOMEOSTAT_FUZZ_SECONDS").ok().and_then(|s| s.parse::<f64>().ok());
    Duration::from_secs_f64(seconds.unwrap_or(2.0))
}

/// Flips, cuts, repeats and swaps pieces of a good input.
fn mutate(good: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for _ in 0..1 + rng.next_u64() % 4 {
        if bytes.is_empty() {
            break;
        }
        let at = rng.next_u64() as usize % bytes.len();
        let to = (at + rng.next_u64() as usize % 24).min(bytes.len());
        match rng.next_u64() % 6 {
            0 => bytes[at] = rng.next_u64() as u8,
            1 => bytes[at] ^= 1 << (rng.next_u64() % 8),
            2 => drop(bytes.drain(at..to)),
            3 => {
                let piece = bytes[at..to].to_vec();
                bytes.splice(at..at, piece);
            }
            4 => bytes.truncate(at),
            _ => {
                let words: [&[u8]; 8] =
                    [b"null", b"-1", b"1e308", b"\"\"", b"[]", b"{}", b"18446744073709551616", b"\\ud800"];
                let word = words[rng.next_u64() as usize % words.len()];
                bytes.splice(at..to, word.iter().copied());
            }
        }
    }
    bytes
}

fn journal() -> Vec<u8> {
    let mut engine = Engine::new(&config("auto", "aggressive", 1, 1024)).unwrap();
    let (mut rng, mut now) = (Rng::new(1), 1_000_000);
    let mut out = Vec::new();
    for _ in 0..60 {
        random_operation(&mut engine, &mut rng, &mut now);
        out.extend(engine.take_journal(usize::MAX));
    }
    out
}

#[test]
fn hostile_bytes_never_panic() {
    let (journal, config) = (journal(), config("auto", "balanced", 2, 64));
    let digest = [1u8; 64];
    // A longer run sees other bytes; the seed of a failure is in the message.
    let seed = std::env::var("HOMEOSTAT_FUZZ_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(99);
    let mut rng = Rng::new(seed);
    let (start, mut rounds) = (Instant::now(), 0);
    while start.elapsed() < budget() {
        if let Ok(d) = TelemetryDigest::decode(&mutate(&digest, &mut rng)) {
            assert!(d.encode().is_ok());
        }
        let text = String::from_utf8_lossy(&mutate(config.as_bytes(), &mut rng)).into_owned();
        let _ = Json::parse(&text);
        if let Ok(mut engine) = Engine::new(&text) {
            let mut now = 2_000_000;
            (0..20).for_each(|_| random_operation(&mut engine, &mut rng, &mut now));
        }
        let bytes = mutate(&journal, &mut rng);
        let mut verifier = Verifier::new();
        let mut replay = Replay::new();
        for piece in bytes.chunks(1 + rng.next_u64() as usize % 4096) {
            verifier.push(piece);
            replay.push(piece);
        }
        let changed = bytes != journal;
        let truncated_at_line = journal.starts_with(&bytes) && bytes.ends_with(b"\n") || bytes.is_empty();
        let (verified, replayed) = (verifier.finish(), replay.finish());
        if changed && !truncated_at_line {
            assert!(verified.problem.is_some(), "an edit went unnoticed");
            assert!(replayed.problem.is_some(), "replay accepted an edit");
        }
        rounds += 1;
    }
    println!("{rounds} rounds from seed {seed}");
    assert!(rounds > 20, "only {rounds} rounds fitted the time");
}

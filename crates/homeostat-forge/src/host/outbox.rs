//! Lines that wait to be kept: flow's queue of 200 batches in front of the library's file, behind a breaker that opens at 10 failures
//! within 120 s. A disk that is full or gone holds nothing up: lines wait, the oldest batches go first when there are too many, and what
//! was lost is counted. A library that lost lines has only forgotten something.

use super::store::Store;
use homeostat_core::error::Result;
use homeostat_reflex::breaker::{Breaker, Outcome};
use homeostat_reflex::clock::Clock;
use homeostat_reflex::flow::pipeline::{STORAGE, breaker};
use homeostat_reflex::flow::{NORMAL, Queue, Taken};
use homeostat_reflex::ledger::{Ledger, Transition};
use std::collections::BTreeMap;

/// Writes at once: there is one writer.
const PERMITS_MAX: usize = 4;

/// A store with what waits for it.
pub(super) struct Outbox {
    store: Store,
    clock: Clock,
    queue: Queue,
    batches: BTreeMap<u64, String>,
    ledger: Ledger,
    breaker: Breaker,
    lost: u64,
}

impl Outbox {
    pub fn new(store: Store) -> Self {
        Self {
            store,
            clock: Clock::default(),
            queue: Queue::new(STORAGE),
            batches: BTreeMap::new(),
            ledger: Ledger::new(PERMITS_MAX),
            breaker: Breaker::new(breaker("store").unwrap_or_default(), 0, 0),
            lost: 0,
        }
    }

    /// The store itself.
    pub fn store(&mut self) -> &mut Store {
        &mut self.store
    }

    /// Batches that were given up since this was last asked, because too many waited.
    pub fn take_lost(&mut self) -> u64 {
        std::mem::take(&mut self.lost)
    }

    /// Takes lines in.
    pub fn put(&mut self, lines: String, now_us: u64) {
        let now_us = self.clock.advance(now_us);
        // Where it is full the oldest one goes: what it says was most likely said again since.
        if self.queue.len() >= self.queue.config().depth
            && let Some(Taken::Start(item) | Taken::Expired(item)) = self.queue.take(now_us)
        {
            self.batches.remove(&item);
            self.lost += 1;
        }
        if let Ok(enqueued) = self.queue.enqueue(NORMAL, u64::MAX, now_us) {
            self.batches.insert(enqueued.item, lines);
        }
    }

    /// Writes what waits, in order, while the breaker lets it; an error where a write failed. What failed waits on.
    pub fn flush(&mut self, now_us: u64) -> Result<()> {
        let now_us = self.clock.advance(now_us);
        if self.queue.is_empty() {
            return Ok(());
        }
        // Refused: somebody was told of the failures that opened it.
        let Ok(permit) = self.breaker.try_acquire(&mut self.ledger, now_us) else { return Ok(()) };
        let mut all = String::new();
        while let Some(Taken::Start(item) | Taken::Expired(item)) = self.queue.take(now_us) {
            all.push_str(&self.batches.remove(&item).unwrap_or_default());
        }
        let kept = self.store.append(&all);
        let outcome = if kept.is_ok() { Outcome::Success } else { Outcome::Failure };
        self.breaker.tell(&mut self.ledger, permit, outcome, now_us);
        if kept.is_err() {
            self.put(all, now_us);
        }
        kept
    }

    /// What became of the breaker, in words.
    pub fn changes(&mut self) -> Vec<String> {
        let words = |t: &Transition| format!("store: {} to {}", t.from.name(), t.to.name());
        self.ledger.take().0.iter().map(words).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_fails_is_left_alone_and_what_waits_is_kept_when_it_is_back() {
        let folder = std::env::temp_dir().join(format!("homeostat-forge-outbox-{}", std::process::id()));
        let path = folder.join("library.jsonl");
        let mut outbox = Outbox::new(Store::open(path.clone()).unwrap());
        // Where the file was there is a folder now.
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        for n in 0..10 {
            outbox.put(format!("line {n}\n"), n);
            assert!(outbox.flush(n).is_err(), "{n}");
        }
        // Open: it is not even tried.
        outbox.put("line 10\n".into(), 11);
        assert!(outbox.flush(11).is_ok());
        assert!(outbox.changes()[0].contains("closed to open"));
        std::fs::remove_dir(&path).unwrap();
        let later = 121_000_000;
        outbox.flush(later).unwrap();
        let lines = std::fs::read_to_string(&path).unwrap();
        let wanted: String = (0..11).map(|n| format!("line {n}\n")).collect();
        assert_eq!((lines, outbox.take_lost()), (wanted, 0));
        // Many more than there is room for: the oldest are given up, and counted.
        for n in 0..250 {
            outbox.put(format!("{n}\n"), later);
        }
        outbox.flush(later).unwrap();
        assert!(std::fs::read_to_string(&path).unwrap().ends_with("\n248\n249\n"));
        assert_eq!(outbox.take_lost(), 50);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

//! The journal of the forge's scope: decisions with their evidence, in the format and chain of the tuner's journal.
//!
//! A promotion that cannot be recorded does not take place. What protects (demotion, quarantine, a lost device) takes place in any
//! case; exactly how many decisions were not recorded is recorded when there is room again. A run's first entry is its start,
//! which says behind which entry of the run before it the chain goes on.
//!
//! Bound: `CAPACITY` entries, each of a few hundred bytes.

use super::entry::{Entry, Event, Evidence};
use alloc::{collections::VecDeque, format, string::String, vec::Vec};
use homeostat_core::error::Result;
use homeostat_core::journal::Chain;
use homeostat_core::json::Writer;

/// Most entries that wait to be taken.
pub const CAPACITY: usize = 4096;
/// Places that are kept for what protects.
const RESERVE: usize = 256;

/// The queue, and the chain of what was taken from it.
#[derive(Clone, Debug)]
pub struct Journal {
    run_id: String,
    /// With the generation that each decision began.
    queue: VecDeque<(u64, Entry)>,
    chain: Chain,
    /// Hash of the entry that the run goes on behind.
    previous: Option<String>,
    seq: u64,
    generation: u64,
    unrecorded: u64,
    lost: u64,
}

impl Journal {
    /// A journal that continues behind the entry with the hash `previous`; refuses what is no hash.
    pub fn new(run_id: String, previous: Option<String>) -> Result<Self> {
        let chain = previous.as_deref().map_or(Ok(Chain::default()), Chain::after)?;
        Ok(Self {
            run_id,
            queue: VecDeque::new(),
            chain,
            previous,
            seq: 0,
            generation: 0,
            unrecorded: 0,
            lost: 0,
        })
    }

    /// Whether a decision that protects nothing can be recorded, with what follows from it.
    pub fn has_room(&self) -> bool {
        self.queue.len() + RESERVE < CAPACITY
    }

    /// Grows with every decision.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Decisions that were never recorded.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Sequences a decision.
    pub fn push(&mut self, entry: Entry) {
        self.generation += 1;
        if self.seq == 0 {
            self.sequence(bare(Event::Start, &entry, String::new()));
        }
        // One place is left for the gap.
        if self.queue.len() + 1 + usize::from(self.unrecorded > 0) > CAPACITY {
            self.unrecorded += 1;
            self.lost += 1;
            return;
        }
        if self.unrecorded > 0 {
            let reason = format!("{}", self.unrecorded);
            self.unrecorded = 0;
            self.sequence(bare(Event::Gap, &entry, reason));
        }
        self.sequence(entry);
    }

    fn sequence(&mut self, mut entry: Entry) {
        entry.seq = self.seq;
        self.seq += 1;
        self.queue.push_back((self.generation, entry));
    }

    /// Takes whole entries as chained JSON Lines: at most about `max_bytes`, at least one if there is any.
    pub fn take(&mut self, max_bytes: usize) -> String {
        let (mut out, mut text) = (String::new(), String::new());
        while let Some((generation, entry)) = self.queue.front() {
            text.clear();
            self.write(*generation, entry, &mut text);
            if !out.is_empty() && out.len() + text.len() > max_bytes {
                break;
            }
            self.chain.close_line(&mut text);
            out.push_str(&text);
            self.queue.pop_front();
        }
        out
    }

    /// Writes an entry without its closing brace: the chain adds the hash.
    fn write(&self, generation: u64, entry: &Entry, out: &mut String) {
        out.push('{');
        let mut w = Writer::new(out);
        w.key("seq").uint(entry.seq);
        w.key("event").str(entry.event.name());
        w.key("time_us").uint(entry.time_us);
        w.key("run_id").str(&self.run_id);
        w.key("proposal_id").null();
        w.key("generation").uint(generation);
        w.key("payload").object(|w| {
            entry.payload(w);
            if let (Event::Start, Some(hash)) = (entry.event, &self.previous) {
                w.key("previous").str(hash);
            }
        });
    }
}

/// An entry about no kernel, at the time of another.
fn bare(event: Event, at: &Entry, reason: String) -> Entry {
    let evidence = Evidence { reason, ..Evidence::default() };
    Entry { seq: 0, time_us: at.time_us, kernel: None, event, schedules: Vec::new(), evidence }
}

#[cfg(test)]
mod tests {
    use super::*;
    use homeostat_core::journal::Verifier;

    fn entry(event: Event) -> Entry {
        let (schedules, evidence) = (Vec::new(), Evidence::default());
        Entry { seq: 0, time_us: 5, kernel: None, event, schedules, evidence }
    }

    #[test]
    fn runs_that_follow_each_other_are_one_journal() {
        let (mut previous, mut all) = (None, String::new());
        for run in ["a", "b", "c"] {
            let mut journal = Journal::new(run.into(), previous).unwrap();
            assert_eq!(journal.take(usize::MAX), "");
            journal.push(entry(Event::Added));
            journal.push(entry(Event::Disposed));
            all += &journal.take(usize::MAX);
            previous = Some(Chain::split(all.lines().last().unwrap()).unwrap().1.into());
        }
        let mut verifier = Verifier::new();
        verifier.push(all.as_bytes());
        let report = verifier.finish();
        assert_eq!((report.runs, report.entries, report.problem), (3, 9, None));
        assert!(Journal::new("d".into(), Some("no hash".into())).is_err());
    }

    #[test]
    fn lines_are_chained_and_a_gap_is_counted() {
        let mut journal = Journal::new("r".into(), None).unwrap();
        // The start takes a place, too.
        for _ in 0..CAPACITY + 9 {
            journal.push(entry(Event::Promoted));
        }
        assert!(!journal.has_room());
        assert_eq!(journal.lost(), 10);
        let mut chain = Chain::default();
        let text = journal.take(usize::MAX);
        assert_eq!(text.lines().count(), CAPACITY);
        journal.push(entry(Event::Demoted));
        let rest = journal.take(usize::MAX);
        let events: Vec<&str> = rest.lines().collect();
        assert!(events[0].contains("\"gap\"") && events[0].contains("\"reason\":\"10\""), "{rest}");
        assert!(events[1].contains("\"demoted\""), "{rest}");
        for line in text.lines().chain(rest.lines()) {
            let (body, hash) = Chain::split(line).unwrap();
            assert!(chain.check(body, hash));
        }
    }
}

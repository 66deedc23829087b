//! The journal of the reflex scope: transitions and aggregates, in the format and chain of the tuner's journal.
//!
//! Protective actions never wait for it: where the queue is full they take place all the same, and exactly how many were not
//! recorded is recorded when there is room again.
//!
//! Bound: `CAPACITY` entries of 200 bytes and two names.

use crate::breaker::{Cause, Operator, State};
use crate::ledger::Transition;
use crate::names::NAME_BYTES_MAX;
use crate::regression::Regression;
use alloc::{collections::VecDeque, string::String, vec::Vec};
use core::mem::size_of;
use homeostat_core::journal::Chain;
use homeostat_core::json::Writer;

/// Most entries that wait to be taken.
pub const CAPACITY: usize = 4096;

/// Bytes that those take at most.
pub const BYTES_MAX: usize = CAPACITY * (size_of::<Entry>() + 2 * NAME_BYTES_MAX);

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// The run began, with these options.
    Start(String),
    /// A breaker changed its state.
    Breaker(String, Transition),
    /// A component's limit moved since the last such entry: before, now. At most one a second for each.
    Limit(String, u32, u32),
    /// An operator or a tuner bounds a component's limit: least, most.
    Bounds(String, u32, u32),
    /// Something was changed for the better, as whoever changed it says.
    Optimised(String, String),
    /// Since the last such entry, so much load of a tier was shed.
    Shed(u32, u64),
    /// A component's latency has moved up.
    Regression(String, Regression),
    /// A cascade was found; number of its witness, root cause, affected, opened, shed from tier.
    Cascade(u64, String, u64, u64, u32),
    /// A stage of a cascade was taken back, or put back; now load from this tier on is shed.
    Stage(u64, u32),
    /// A cascade is over.
    Recovered(u64),
    /// So many entries were not recorded.
    Gap(u64),
}

#[derive(Clone, Debug)]
struct Entry {
    seq: u64,
    time_us: u64,
    generation: u64,
    body: Body,
}

/// The queue, and the chain of what was taken from it.
#[derive(Clone, Debug)]
pub struct Journal {
    run_id: String,
    queue: VecDeque<Entry>,
    chain: Chain,
    seq: u64,
    /// Grows with every entry but gaps: what a reader calls the state of the reflex scope.
    generation: u64,
    unrecorded: u64,
    /// All that were not recorded.
    pub lost: u64,
}

impl Journal {
    /// A journal that continues after `chain`.
    pub fn new(run_id: String, chain: Chain) -> Self {
        Self { run_id, queue: VecDeque::new(), chain, seq: 0, generation: 0, unrecorded: 0, lost: 0 }
    }

    /// Sequences an entry.
    pub fn push(&mut self, time_us: u64, body: Body) {
        self.generation += 1;
        // One place is left for the gap.
        if self.queue.len() + 1 + usize::from(self.unrecorded > 0) > CAPACITY {
            self.unrecorded += 1;
            self.lost += 1;
            return;
        }
        if self.unrecorded > 0 {
            let gap = Body::Gap(core::mem::take(&mut self.unrecorded));
            self.append(time_us, gap);
        }
        self.append(time_us, body);
    }

    fn append(&mut self, time_us: u64, body: Body) {
        self.queue.push_back(Entry { seq: self.seq, time_us, generation: self.generation, body });
        self.seq += 1;
    }

    /// Entries not yet taken.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Grows with every transition.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Takes whole entries as chained JSON Lines: at most about `max_bytes`, at least one if there is any.
    pub fn take(&mut self, max_bytes: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let mut text = String::new();
        while let Some(entry) = self.queue.front() {
            text.clear();
            write(entry, &self.run_id, &mut text);
            if !out.is_empty() && out.len() + text.len() > max_bytes {
                break;
            }
            self.chain.close_line(&mut text);
            out.extend_from_slice(text.as_bytes());
            self.queue.pop_front();
        }
        out
    }
}

/// Writes an entry without its closing brace: the chain adds the hash.
fn write(entry: &Entry, run_id: &str, out: &mut String) {
    out.push('{');
    let mut w = Writer::new(out);
    w.key("seq").uint(entry.seq);
    w.key("event").str(entry.body.event());
    w.key("time_us").uint(entry.time_us);
    w.key("run_id").str(run_id);
    w.key("proposal_id").null();
    w.key("generation").uint(entry.generation);
    w.key("payload").object(|w| {
        w.key("scope").str("reflex");
        entry.body.payload(w);
    });
}

impl Body {
    /// Its name.
    pub fn event(&self) -> &'static str {
        match self {
            Body::Start(_) => "start",
            Body::Breaker(_, transition) => match (transition.operator, transition.to) {
                (Operator::ForcedOpen, _) => "forced-open",
                (Operator::Disabled, _) => "disabled",
                (Operator::Auto, State::Closed { .. }) => "closed",
                (Operator::Auto, State::Open { .. }) => "opened",
                (Operator::Auto, State::HalfOpen { .. }) => "half-opened",
            },
            Body::Limit(..) => "limit",
            Body::Bounds(..) => "limit-bounds",
            Body::Optimised(..) => "optimised",
            Body::Shed(..) => "shed",
            Body::Regression(..) => "latency-regression",
            Body::Cascade(..) => "cascade",
            Body::Stage(..) => "stage",
            Body::Recovered(_) => "recovered",
            Body::Gap(_) => "gap",
        }
    }

    /// Its data as members.
    pub fn payload(&self, w: &mut Writer) {
        match self {
            Body::Start(config) => {
                if !config.is_empty() {
                    w.raw(config);
                }
            }
            Body::Breaker(component, transition) => {
                w.key("component").str(component);
                w.key("from").str(transition.from.name());
                w.key("cause").named(&Cause::ALL, transition.cause);
                w.key("calls").uint(transition.tally.calls.into());
                w.key("failures").uint(transition.tally.failures.into());
                w.key("slow").uint(transition.tally.slow.into());
                if let State::Open { until_us, .. } = transition.to {
                    w.key("until_us").uint(until_us);
                }
            }
            Body::Limit(component, before, now) => {
                w.key("component").str(component);
                w.key("before").uint((*before).into());
                w.key("limit").uint((*now).into());
            }
            Body::Bounds(component, min, max) => {
                w.key("component").str(component);
                w.key("min").uint((*min).into());
                w.key("max").uint((*max).into());
            }
            Body::Optimised(component, what) => {
                w.key("component").str(component);
                w.key("what").str(what);
            }
            Body::Shed(tier, count) => {
                w.key("tier").uint((*tier).into());
                w.key("count").uint(*count);
            }
            Body::Regression(component, found) => {
                w.key("component").str(component);
                regression(found, w);
            }
            Body::Cascade(witness, root, affected, opened, tier) => {
                w.key("witness").uint(*witness);
                w.key("root_cause").str(root);
                w.key("affected").uint(*affected);
                w.key("opened").uint(*opened);
                w.key("shed_from_tier").uint((*tier).into());
            }
            Body::Stage(witness, tier) => {
                w.key("witness").uint(*witness);
                w.key("shed_from_tier").uint((*tier).into());
            }
            Body::Recovered(witness) => w.key("witness").uint(*witness),
            Body::Gap(count) => w.key("dropped").uint(*count),
        }
    }
}

/// A regression as members.
pub(crate) fn regression(found: &Regression, w: &mut Writer) {
    w.key("since_us").uint(found.since_us);
    w.key("median_before_us").num(found.median_before_us);
    w.key("median_now_us").num(found.median_now_us);
    w.key("evidence").num(found.evidence);
}

#[cfg(test)]
mod tests {
    use super::*;
    use homeostat_core::journal::Verifier;

    #[test]
    fn a_full_queue_drops_nothing_without_counting_it() {
        let mut journal = Journal::new(String::from("run"), Chain::default());
        journal.push(0, Body::Start(String::new()));
        for i in 1..CAPACITY as u64 + 10 {
            journal.push(i, Body::Shed(4, i));
        }
        assert_eq!((journal.queued(), journal.lost), (CAPACITY, 10));
        let mut all = journal.take(10_000);
        journal.push(9_999, Body::Recovered(3));
        while journal.queued() > 0 {
            all.extend(journal.take(10_000));
        }
        let text = String::from_utf8(all.clone()).unwrap();
        assert!(text.contains(r#""event":"gap""#) && text.contains(r#""dropped":10"#));
        let mut verifier = Verifier::new();
        verifier.push(&all);
        let report = verifier.finish();
        assert_eq!((report.problem, report.entries), (None, CAPACITY as u64 + 2));
    }
}

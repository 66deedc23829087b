//! The journal: what was decided, on what evidence, in an order that can be checked and run again.
//!
//! Entries are queued in memory before they take effect, and taken out as JSON Lines that are chained by SHA-256. The queue
//! is bounded. An input that does not fit is not processed at all, so what is not recorded has no effect and replay stays
//! exact; how many those were is recorded when there is room again. A reserve is kept for what protects: entering SafeMode
//! and the kill switch.

mod chain;
mod entry;
mod feed;
mod read;
mod replay;
mod verify;
mod write;

pub use chain::{Chain, HASH_BYTES};
pub use entry::{ACTIVE_MAX, Body, Entry, Evidence, ModelEvidence, SHADOW_MAX, ShadowInput, WindowInput};
pub use feed::Report;
pub use read::{Line, parse_input};
pub use replay::Replay;
pub use verify::Verifier;

use feed::Feed;

use alloc::{collections::VecDeque, string::String, vec::Vec};

/// Most entries that one input leads to.
pub const ENTRIES_PER_INPUT: usize = 48;
/// Room beyond the capacity for what protects.
const RESERVE: usize = 64;
/// Least and greatest capacity, in entries.
pub const CAPACITY_RANGE: core::ops::RangeInclusive<usize> = 64..=65_536;

/// What to do with an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// There is room.
    Yes,
    /// The queue has just become full: this input is not processed; SafeMode follows.
    Overflowed,
    /// The queue is still full: this input is counted, not processed.
    Dropped,
}

/// The queue, and the chain of what was taken from it.
#[derive(Clone, Debug)]
pub struct Journal {
    run_id: String,
    knobs: Vec<String>,
    queue: VecDeque<Entry>,
    capacity: usize,
    seq: u64,
    dropped: Option<u64>,
    lost: u64,
    warned: bool,
    chain: Chain,
    text: String,
}

impl Journal {
    /// An empty queue. `capacity` is in entries.
    pub fn new(run_id: String, knobs: Vec<String>, capacity: usize, chain: Chain) -> Self {
        let queue = VecDeque::with_capacity(capacity + RESERVE);
        Self {
            run_id,
            knobs,
            queue,
            capacity,
            seq: 0,
            dropped: None,
            lost: 0,
            warned: false,
            chain,
            text: String::new(),
        }
    }

    /// Decides whether an input may be processed, and records high water, overflow and gap.
    ///
    /// An input that `protects` is processed in any case, and recorded in the reserve.
    pub fn admit(&mut self, now_us: u64, generation: u64, protects: bool) -> Admission {
        let unrecorded = u64::from(!protects);
        if self.queue.len() + ENTRIES_PER_INPUT > self.capacity {
            return match &mut self.dropped {
                Some(n) => {
                    *n += unrecorded;
                    Admission::Dropped
                }
                None => {
                    self.dropped = Some(unrecorded);
                    self.push(now_us, 0, generation, Body::Overflow);
                    Admission::Overflowed
                }
            };
        }
        if let Some(n) = self.dropped.take() {
            self.push(now_us, 0, generation, Body::Gap(n));
        }
        let high = self.queue.len() * 5 >= self.capacity * 4;
        if high && !self.warned {
            self.push(now_us, 0, generation, Body::HighWater(self.queue.len() as u64));
        }
        self.warned = high;
        Admission::Yes
    }

    /// Sequences an entry. Allocates nothing.
    pub fn push(&mut self, time_us: u64, proposal: u64, generation: u64, body: Body) {
        if self.queue.len() == self.capacity + RESERVE {
            self.lost += 1;
            return;
        }
        self.queue.push_back(Entry { seq: self.seq, time_us, proposal, generation, body });
        self.seq += 1;
    }

    /// Entries not yet taken.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Inputs that were not processed because the queue was full, since it became full.
    pub fn dropped(&self) -> u64 {
        self.dropped.unwrap_or(0)
    }

    /// Whether the queue is full at the moment.
    pub fn is_full(&self) -> bool {
        self.dropped.is_some()
    }

    /// Protective entries that did not even fit the reserve.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Takes whole entries as chained JSON Lines: at most about `max_bytes`, at least one if there is any.
    pub fn take(&mut self, max_bytes: usize) -> Vec<u8> {
        let mut out = Vec::new();
        while let Some(entry) = self.queue.front() {
            self.text.clear();
            write::entry(entry, &self.run_id, &self.knobs, &mut self.text);
            if !out.is_empty() && out.len() + self.text.len() > max_bytes {
                break;
            }
            self.chain.close_line(&mut self.text);
            out.extend_from_slice(self.text.as_bytes());
            self.queue.pop_front();
        }
        out
    }
}

use super::TelemetryDigest;
use alloc::vec::Vec;

/// The latest digests, oldest first out. Pushing is O(1) and never allocates; what was pushed out is counted.
#[derive(Clone, Debug)]
pub struct DigestRing {
    items: Vec<TelemetryDigest>,
    capacity: usize,
    next: usize,
    dropped: u64,
}

impl DigestRing {
    /// A ring that holds `capacity` digests, at least one.
    pub fn new(capacity: usize) -> Self {
        let capacity = capacity.max(1);
        Self { items: Vec::with_capacity(capacity), capacity, next: 0, dropped: 0 }
    }

    /// Adds the newest digest.
    pub fn push(&mut self, digest: TelemetryDigest) {
        if self.items.len() < self.capacity {
            self.items.push(digest);
        } else {
            self.items[self.next] = digest;
            self.next = (self.next + 1) % self.capacity;
            self.dropped += 1;
        }
    }

    /// The digests, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &TelemetryDigest> {
        self.items[self.next..].iter().chain(&self.items[..self.next])
    }

    /// The newest digest.
    pub fn latest(&self) -> Option<&TelemetryDigest> {
        self.iter().last()
    }

    /// How many digests were pushed out since the ring was made.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

//! A bounded map from numbers, which lets go of what was touched least recently.

use alloc::{vec, vec::Vec};
use core::mem::size_of;

const NONE: u32 = u32::MAX;

#[derive(Clone, Debug)]
struct Entry<T> {
    key: u64,
    value: T,
    newer: u32,
    older: u32,
    /// The next one in the same bucket, or the next free one.
    next: u32,
}

/// The map. Every operation costs the same at any size; it grows to `max` entries and does not shrink.
#[derive(Clone, Debug)]
pub struct Lru<T> {
    entries: Vec<Entry<T>>,
    buckets: Vec<u32>,
    newest: u32,
    oldest: u32,
    free: u32,
    len: usize,
    max: usize,
}

impl<T: Default> Lru<T> {
    /// Room for `max` entries, at least one.
    pub fn new(max: usize) -> Self {
        let max = max.max(1);
        let buckets = vec![NONE; max.next_power_of_two()];
        Self { entries: Vec::new(), buckets, newest: NONE, oldest: NONE, free: NONE, len: 0, max }
    }

    /// Bytes that one entry takes, without what its value holds elsewhere.
    pub const BYTES_EACH: usize = size_of::<Entry<T>>() + size_of::<u32>();

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// SplitMix64's finaliser: request numbers are often consecutive.
    fn bucket(&self, key: u64) -> usize {
        let mut z = key;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) as usize) & (self.buckets.len() - 1)
    }

    fn place(&self, key: u64) -> Option<u32> {
        let mut at = self.buckets[self.bucket(key)];
        while let Some(entry) = self.entries.get(at as usize) {
            if entry.key == key {
                return Some(at);
            }
            at = entry.next;
        }
        None
    }

    /// Whether a key is there; touches nothing.
    pub fn contains(&self, key: u64) -> bool {
        self.place(key).is_some()
    }

    /// The value of a key; touches nothing.
    pub fn peek(&self, key: u64) -> Option<&T> {
        self.place(key).and_then(|at| self.entries.get(at as usize)).map(|entry| &entry.value)
    }

    /// The value of a key, which becomes the most recently touched.
    pub fn get_mut(&mut self, key: u64) -> Option<&mut T> {
        let at = self.place(key)?;
        self.unlink(at);
        self.link(at);
        self.entries.get_mut(at as usize).map(|entry| &mut entry.value)
    }

    /// The value of a key that is not there yet, as it was left by whoever had its room before: set all of it. The least
    /// recently touched gives way where there is no room; then the second is true.
    pub fn insert(&mut self, key: u64) -> (&mut T, bool) {
        let full = self.free == NONE && self.entries.len() >= self.max;
        if full {
            self.remove_at(self.oldest);
        }
        if self.free == NONE {
            self.entries.push(Entry { key, value: T::default(), newer: NONE, older: NONE, next: NONE });
            self.free = self.entries.len() as u32 - 1;
        }
        let at = self.free;
        let bucket = self.bucket(key);
        let head = core::mem::replace(&mut self.buckets[bucket], at);
        self.len += 1;
        self.link(at);
        let entry = &mut self.entries[at as usize];
        self.free = core::mem::replace(&mut entry.next, head);
        entry.key = key;
        (&mut entry.value, full)
    }

    /// Lets a key go; its value, until another takes the room.
    pub fn remove(&mut self, key: u64) -> Option<&mut T> {
        let at = self.place(key)?;
        self.remove_at(at);
        self.entries.get_mut(at as usize).map(|entry| &mut entry.value)
    }

    /// Lets the least recently touched go, where `old` says so.
    pub fn remove_oldest(&mut self, old: impl FnOnce(&T) -> bool) -> bool {
        let go = self.entries.get(self.oldest as usize).is_some_and(|entry| old(&entry.value));
        if go {
            self.remove_at(self.oldest);
        }
        go
    }

    /// From the most to the least recently touched.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        let mut at = self.newest;
        core::iter::from_fn(move || {
            let entry = self.entries.get(at as usize)?;
            at = entry.older;
            Some((entry.key, &entry.value))
        })
    }

    fn remove_at(&mut self, at: u32) {
        self.unlink(at);
        let (key, next) = (self.entries[at as usize].key, self.entries[at as usize].next);
        let bucket = self.bucket(key);
        if self.buckets[bucket] == at {
            self.buckets[bucket] = next;
        } else {
            let mut before = self.buckets[bucket];
            while self.entries[before as usize].next != at {
                before = self.entries[before as usize].next;
            }
            self.entries[before as usize].next = next;
        }
        self.entries[at as usize].next = self.free;
        self.free = at;
        self.len -= 1;
    }

    fn link(&mut self, at: u32) {
        let newest = self.newest;
        match self.entries.get_mut(newest as usize) {
            Some(entry) => entry.newer = at,
            None => self.oldest = at,
        }
        let entry = &mut self.entries[at as usize];
        entry.newer = NONE;
        entry.older = newest;
        self.newest = at;
    }

    fn unlink(&mut self, at: u32) {
        let (newer, older) = (self.entries[at as usize].newer, self.entries[at as usize].older);
        match self.entries.get_mut(newer as usize) {
            Some(entry) => entry.older = older,
            None => self.newest = older,
        }
        match self.entries.get_mut(older as usize) {
            Some(entry) => entry.newer = newer,
            None => self.oldest = newer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The naive oracle: a list, the most recent last.
        #[test]
        fn forgets_what_was_touched_least_recently(max in 1usize..9, steps in prop::collection::vec((0u8..4, 0u64..20), 0..300)) {
            let mut map = Lru::new(max);
            let mut oracle: Vec<(u64, u64)> = Vec::new();
            for (i, (what, key)) in steps.into_iter().enumerate() {
                let at = oracle.iter().position(|(k, _)| *k == key);
                match (what, at) {
                    (0 | 1, Some(at)) => {
                        let known = oracle.remove(at);
                        oracle.push(known);
                        prop_assert_eq!(map.get_mut(key).map(|v| *v), Some(known.1));
                    }
                    (0 | 1, None) => {
                        let full = oracle.len() == max;
                        if full {
                            oracle.remove(0);
                        }
                        oracle.push((key, i as u64));
                        let (value, evicted) = map.insert(key);
                        *value = i as u64;
                        prop_assert_eq!(evicted, full);
                    }
                    (2, at) => prop_assert_eq!(map.remove(key).map(|v| *v), at.map(|at| oracle.remove(at).1)),
                    (_, _) => {
                        let goes = oracle.first().is_some_and(|(_, v)| v % 2 == 0);
                        prop_assert_eq!(map.remove_oldest(|v| v % 2 == 0), goes);
                        if goes {
                            oracle.remove(0);
                        }
                    }
                }
                prop_assert_eq!(map.len(), oracle.len());
                let wanted: Vec<_> = oracle.iter().rev().copied().collect();
                prop_assert_eq!(map.iter().map(|(k, v)| (k, *v)).collect::<Vec<_>>(), wanted);
            }
        }
    }
}

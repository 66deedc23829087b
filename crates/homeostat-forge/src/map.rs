//! A map and a set in one sorted list each. The standard library's are trees, of which every pair of types is a copy of 4 kB in
//! WebAssembly; entries here are boxed, so that what is moved on an insertion is a pointer a piece.

use alloc::boxed::Box;
use alloc::vec::Vec;

/// Values by their keys, in the order of the keys.
#[derive(Clone, Debug)]
pub struct Map<K, V> {
    entries: Vec<Box<(K, V)>>,
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<K: Ord, V> Map<K, V> {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where a key is, or would be.
    #[inline(never)]
    fn place(&self, key: &K) -> Result<usize, usize> {
        // Numbers that count up come at the end.
        match self.entries.last() {
            Some(last) if last.0 < *key => Err(self.entries.len()),
            _ => self.entries.binary_search_by(|entry| entry.0.cmp(key)),
        }
    }

    /// A key's value.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.place(key).ok().map(|at| &self.entries[at].1)
    }

    /// A key's value, to be changed.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.place(key).ok().map(|at| &mut self.entries[at].1)
    }

    /// Whether a key has a value.
    pub fn contains_key(&self, key: &K) -> bool {
        self.place(key).is_ok()
    }

    /// Gives a key a value; the one that it had.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.place(&key) {
            Ok(at) => Some(core::mem::replace(&mut self.entries[at].1, value)),
            Err(at) => {
                self.entries.insert(at, Box::new((key, value)));
                None
            }
        }
    }

    /// A key's value, the default one where it has none.
    pub fn or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        let at = self.place(&key).unwrap_or_else(|at| {
            self.entries.insert(at, Box::new((key, V::default())));
            at
        });
        &mut self.entries[at].1
    }

    /// Takes a key out; the value that it had.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        self.place(key).ok().map(|at| self.entries.remove(at).1)
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// Takes out what is not to be kept.
    pub fn retain(&mut self, keep: impl Fn(&K, &V) -> bool) {
        self.entries.retain(|entry| keep(&entry.0, &entry.1));
    }

    /// How many keys have a value.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no key has a value.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Keys and values.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.entries.iter().map(|entry| (&entry.0, &entry.1))
    }

    /// Keys from this one on, and their values.
    pub fn from<'a>(&'a self, key: &K) -> impl Iterator<Item = (&'a K, &'a V)> + use<'a, K, V> {
        let first = self.place(key).unwrap_or_else(|at| at);
        self.entries[first..].iter().map(|entry| (&entry.0, &entry.1))
    }

    /// The same, to be changed.
    pub fn from_mut<'a>(&'a mut self, key: &K) -> impl Iterator<Item = (&'a K, &'a mut V)> + use<'a, K, V> {
        let first = self.place(key).unwrap_or_else(|at| at);
        self.entries[first..].iter_mut().map(|entry| {
            let (key, value) = &mut **entry;
            (&*key, value)
        })
    }

    /// The keys.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries.iter().map(|entry| &entry.0)
    }

    /// The values.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.iter().map(|entry| &entry.1)
    }

    /// The values, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.iter_mut().map(|entry| &mut entry.1)
    }
}

/// Keys, in their order.
#[derive(Clone, Debug)]
pub struct Set<K> {
    keys: Vec<K>,
}

impl<K> Default for Set<K> {
    fn default() -> Self {
        Self { keys: Vec::new() }
    }
}

impl<K: Ord> Set<K> {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a key is new; it is there afterwards.
    pub fn insert(&mut self, key: K) -> bool {
        let found = self.keys.binary_search(&key);
        if let Err(at) = found {
            self.keys.insert(at, key);
        }
        found.is_err()
    }

    /// Takes a key out; whether it was there.
    pub fn remove(&mut self, key: &K) -> bool {
        self.keys.binary_search(key).map(|at| self.keys.remove(at)).is_ok()
    }

    /// Whether a key is there.
    pub fn contains(&self, key: &K) -> bool {
        self.keys.binary_search(key).is_ok()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The keys.
    pub fn iter(&self) -> impl Iterator<Item = &K> {
        self.keys.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    proptest! {
        #[test]
        fn does_what_the_standard_library_does(
            steps in prop::collection::vec((0u8..4, 0u8..12, any::<u16>()), 0..80),
        ) {
            let (mut map, mut set) = (Map::new(), Set::new());
            let (mut wanted, mut wanted_set) = (BTreeMap::new(), BTreeSet::new());
            for (step, key, value) in steps {
                match step {
                    0 => {
                        prop_assert_eq!(map.insert(key, value), wanted.insert(key, value));
                        prop_assert_eq!(set.insert(key), wanted_set.insert(key));
                    }
                    1 => {
                        prop_assert_eq!(map.remove(&key), wanted.remove(&key));
                        prop_assert_eq!(set.remove(&key), wanted_set.remove(&key));
                    }
                    2 => {
                        *map.or_default(key) ^= value;
                        *wanted.entry(key).or_default() ^= value;
                    }
                    _ => {
                        prop_assert_eq!(map.get_mut(&key), wanted.get_mut(&key));
                        prop_assert!(map.from(&key).eq(wanted.range(key..)));
                    }
                }
                prop_assert_eq!((map.get(&key), map.len()), (wanted.get(&key), wanted.len()));
                prop_assert_eq!((map.contains_key(&key), map.is_empty()), (wanted.contains_key(&key), wanted.is_empty()));
                prop_assert!(map.iter().eq(wanted.iter()) && map.keys().eq(wanted.keys()));
                prop_assert!(map.values().eq(wanted.values()) && map.values_mut().eq(wanted.values_mut()));
                prop_assert!(set.iter().eq(wanted_set.iter()) && set.len() == wanted_set.len());
            }
        }
    }
}

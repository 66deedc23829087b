//! Names as small integers: interned once, so that hot paths and records carry numbers.
//!
//! A handle holds the slot and how often the slot was given to another name, so the handle of a name that was let go finds
//! nothing (until its slot was reused 2^18 times):
//!
//! ```text
//! bit  31               14 13        0
//!     |  reuses of the slot |   slot   |
//! ```
//!
//! Bound: `max` names (at most 2^14) of at most 128 bytes, kept twice. Where there is no room, the name that was touched
//! least recently gives way; which ones may is the owner's choice.

use alloc::{boxed::Box, collections::BTreeMap, vec::Vec};
use core::mem::size_of;

const SLOT_BITS: u32 = 14;
/// Most names.
pub const NAMES_MAX: usize = 1 << SLOT_BITS;
/// Longest name, in bytes of UTF-8.
pub const NAME_BYTES_MAX: usize = 128;
/// How many of the least recently touched are asked whether they may give way.
const ASKED_MAX: usize = 16;
const NONE: u32 = u32::MAX;

#[derive(Clone, Debug)]
struct Slot {
    name: Box<str>,
    reuses: u32,
    newer: u32,
    older: u32,
    used: bool,
}

/// Names and their handles.
#[derive(Clone, Debug)]
pub struct Names {
    by_name: BTreeMap<Box<str>, u32>,
    slots: Vec<Slot>,
    free: Vec<u32>,
    newest: u32,
    oldest: u32,
    max: usize,
    /// Names that gave way to others.
    pub evicted: u64,
}

/// What came of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interned {
    /// It was there under this handle.
    Known(u32),
    /// It is new under this handle; whatever was kept for its slot is another name's.
    New(u32),
    /// There is no room, and nothing may give way.
    Full,
}

impl Names {
    /// Room for `max` names.
    pub fn new(max: usize) -> Self {
        Self {
            by_name: BTreeMap::new(),
            slots: Vec::new(),
            free: Vec::new(),
            newest: NONE,
            oldest: NONE,
            max: max.clamp(1, NAMES_MAX),
            evicted: 0,
        }
    }

    /// Bytes that one name takes at most. A node of the tree is at least half full but for the root, and holds eleven.
    pub const BYTES_EACH: usize = size_of::<Slot>()
        + size_of::<u32>()
        + 2 * (NAME_BYTES_MAX + size_of::<Box<str>>() + size_of::<u32>())
        + 16;

    /// Number of names.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Whether there is no name.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// The handle of a name. `may_go` tells whether the name in a slot may give way.
    pub fn intern(&mut self, name: &str, may_go: impl Fn(usize) -> bool) -> Interned {
        if let Some(slot) = self.by_name.get(name) {
            let slot = *slot as usize;
            self.touch(slot);
            return Interned::Known(self.handle(slot));
        }
        let Some(slot) = self.room(may_go) else { return Interned::Full };
        self.by_name.insert(name.into(), slot as u32);
        if let Some(one) = self.slots.get_mut(slot) {
            one.name = name.into();
            one.used = true;
        }
        self.link(slot);
        Interned::New(self.handle(slot))
    }

    fn room(&mut self, may_go: impl Fn(usize) -> bool) -> Option<usize> {
        if let Some(slot) = self.free.pop() {
            return Some(slot as usize);
        }
        if self.slots.len() < self.max {
            self.slots.push(Slot { name: Box::default(), reuses: 0, newer: NONE, older: NONE, used: false });
            return Some(self.slots.len() - 1);
        }
        let mut slot = self.oldest as usize;
        for _ in 0..ASKED_MAX {
            let newer = self.slots.get(slot)?.newer;
            if may_go(slot) {
                self.remove(slot);
                self.evicted += 1;
                return self.free.pop().map(|slot| slot as usize);
            }
            slot = newer as usize;
        }
        None
    }

    fn handle(&self, slot: usize) -> u32 {
        self.slots.get(slot).map_or(0, |one| one.reuses << SLOT_BITS | slot as u32)
    }

    /// The handle of what is in a slot.
    pub fn at(&self, slot: usize) -> Option<u32> {
        self.slots.get(slot).filter(|one| one.used).map(|_| self.handle(slot))
    }

    /// The slot of a handle, if its name is still there.
    #[inline]
    pub fn find(&self, handle: u32) -> Option<usize> {
        let slot = (handle & (NAMES_MAX as u32 - 1)) as usize;
        let one = self.slots.get(slot)?;
        (one.used && one.reuses == handle >> SLOT_BITS).then_some(slot)
    }

    /// The handle of a name that is there.
    pub fn of(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).map(|slot| self.handle(*slot as usize))
    }

    /// The name of a handle; empty where it is gone.
    pub fn name(&self, handle: u32) -> &str {
        self.find(handle).and_then(|slot| self.slots.get(slot)).map_or("", |one| &one.name)
    }

    /// Slots in use, in the order of their number.
    pub fn used(&self) -> impl Iterator<Item = usize> + '_ {
        self.slots.iter().enumerate().filter(|(_, one)| one.used).map(|(slot, _)| slot)
    }

    /// Slots in use, the most recently touched first.
    pub fn recent(&self) -> impl Iterator<Item = usize> + '_ {
        let mut at = self.newest;
        core::iter::from_fn(move || {
            let slot = at as usize;
            at = self.slots.get(slot)?.older;
            Some(slot)
        })
    }

    /// Makes a slot the most recently touched.
    #[inline]
    pub fn touch(&mut self, slot: usize) {
        if self.newest != slot as u32 {
            self.unlink(slot);
            self.link(slot);
        }
    }

    /// Lets a name go.
    pub fn remove(&mut self, slot: usize) {
        if !self.slots.get(slot).is_some_and(|one| one.used) {
            return;
        }
        self.unlink(slot);
        if let Some(one) = self.slots.get_mut(slot) {
            self.by_name.remove(&one.name);
            one.name = Box::default();
            one.used = false;
            one.reuses = (one.reuses + 1) & (u32::MAX >> SLOT_BITS);
            self.free.push(slot as u32);
        }
    }

    fn link(&mut self, slot: usize) {
        let newest = self.newest;
        match self.slots.get_mut(newest as usize) {
            Some(one) => one.newer = slot as u32,
            None => self.oldest = slot as u32,
        }
        if let Some(one) = self.slots.get_mut(slot) {
            one.newer = NONE;
            one.older = newest;
        }
        self.newest = slot as u32;
    }

    fn unlink(&mut self, slot: usize) {
        let Some(&Slot { newer, older, .. }) = self.slots.get(slot) else { return };
        match self.slots.get_mut(newer as usize) {
            Some(one) => one.older = older,
            None => self.newest = older,
        }
        match self.slots.get_mut(older as usize) {
            Some(one) => one.newer = newer,
            None => self.oldest = newer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_of_a_name_that_is_gone_finds_nothing() {
        let mut names = Names::new(2);
        let Interned::New(a) = names.intern("a", |_| true) else { panic!() };
        names.intern("b", |_| true);
        assert_eq!(names.intern("a", |_| true), Interned::Known(a));
        let Interned::New(c) = names.intern("c", |_| true) else { panic!() };
        assert_eq!((names.of("b"), names.of("a")), (None, Some(a)), "b was touched least recently");
        assert_eq!((names.name(c), names.evicted, names.len()), ("c", 1, 2));
        names.remove(names.find(a).unwrap());
        assert_eq!((names.find(a), names.name(a)), (None, ""));
        let Interned::New(again) = names.intern("a", |_| true) else { panic!() };
        assert_ne!(again, a);
    }

    #[test]
    fn what_may_not_go_stays() {
        let mut names = Names::new(3);
        for name in ["a", "b", "c"] {
            names.intern(name, |_| true);
        }
        assert_eq!(names.intern("d", |_| false), Interned::Full);
        let Interned::New(d) = names.intern("d", |slot| slot == 1) else { panic!() };
        assert_eq!(names.find(d), Some(1));
        assert_eq!(names.used().count(), 3);
    }
}

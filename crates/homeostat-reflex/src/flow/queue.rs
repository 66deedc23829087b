//! The queue: one list per tier as it was declared, oldest first, over one slab.
//!
//! An item's *effective* tier is its own, less one for every `age_us` that it has waited. Within a list the head is the oldest,
//! so it has the best effective tier, and the tail the worst: the five heads tell who is started next, the five tails who makes
//! room. Nothing is moved as items age, and every call looks at ten items at most.
//!
//! - Started next: the best effective tier; of several, who waited longest.
//! - When `depth` items wait: the youngest item of the lowest occupied effective tier below the newcomer's makes room. If there
//!   is none, the newcomer is refused; an emergency is admitted all the same, up to the hard bound, and that is reported.
//! - An item whose deadline has passed is not started: it is handed out as expired, so that its owner hears of it.
//!
//! Bound: `depth + emergency_max` items of 48 bytes, for good: the slab grows to what waited at once, and does not shrink.

use super::EMERGENCY;
use alloc::vec::Vec;

/// Tiers.
pub const TIERS: usize = 5;
/// Largest depth, and largest number of emergencies above it.
pub const DEPTH_MAX: u32 = 1 << 19;

const NONE: u32 = u32::MAX;
const SLOT_BITS: u32 = 20;

/// Options of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueConfig {
    /// Items that wait before somebody has to make room, 1 to 2^19. Default 1000.
    pub depth: u32,
    /// Emergencies that are admitted above it, 0 to 2^19. Default: as many as `depth`.
    pub emergency_max: u32,
    /// An item rises a tier whenever it has waited for so long; 0: never. Default 5 minutes.
    pub age_us: u64,
}

impl Default for QueueConfig {
    fn default() -> Self {
        Self::with_depth(1000)
    }
}

impl QueueConfig {
    /// The defaults with this depth.
    pub const fn with_depth(depth: u32) -> Self {
        Self { depth, emergency_max: depth, age_us: 300_000_000 }
    }
}

/// An item was taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enqueued {
    /// Names it; below 2^53. Its low 20 bits are its slot, which no other waiting item has.
    pub item: u64,
    /// Who had to make room.
    pub evicted: Option<u64>,
    /// It is an emergency above the depth.
    pub over_depth: bool,
}

/// Why an item was not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Nobody below it waits, and the queue is full.
    Full,
    /// Not even an emergency fits.
    HardBound,
    /// Its deadline has passed already.
    DeadlinePassed,
}

/// Who is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// To be started.
    Start(u64),
    /// Its deadline has passed while it waited: not to be started.
    Expired(u64),
}

#[derive(Clone, Debug)]
struct Item {
    enqueued_us: u64,
    deadline_us: u64,
    sequence: u32,
    tier: u32,
    older: u32,
    younger: u32,
}

#[derive(Clone, Copy, Debug)]
struct List {
    oldest: u32,
    youngest: u32,
    len: u32,
}

/// The queue. Times are those of a `Clock`: they never run backwards.
#[derive(Clone, Debug)]
pub struct Queue {
    config: QueueConfig,
    items: Vec<Item>,
    free: u32,
    lists: [List; TIERS],
    len: u32,
}

impl Queue {
    /// An empty queue; options out of range are moved into it.
    pub fn new(config: QueueConfig) -> Self {
        let config = QueueConfig {
            depth: config.depth.clamp(1, DEPTH_MAX),
            emergency_max: config.emergency_max.min(DEPTH_MAX),
            ..config
        };
        let empty = List { oldest: NONE, youngest: NONE, len: 0 };
        Self { config, items: Vec::new(), free: NONE, lists: [empty; TIERS], len: 0 }
    }

    /// Items that wait.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Items of this tier (as declared) that wait.
    pub fn len_of(&self, tier: u32) -> u32 {
        self.lists.get(tier as usize).map_or(0, |list| list.len)
    }

    /// Its options.
    pub fn config(&self) -> &QueueConfig {
        &self.config
    }

    /// Share of the depth that is taken; above 1 with emergencies over it.
    pub fn load(&self) -> f64 {
        f64::from(self.len) / f64::from(self.config.depth)
    }

    /// Takes an item in, which is not to be started from `deadline_us` on (`u64::MAX`: none). What is not a tier is background.
    pub fn enqueue(&mut self, tier: u32, deadline_us: u64, now_us: u64) -> Result<Enqueued, Refused> {
        let tier = tier.min(TIERS as u32 - 1);
        if deadline_us <= now_us {
            return Err(Refused::DeadlinePassed);
        }
        let (mut evicted, mut over_depth) = (None, false);
        if self.len >= self.config.depth {
            match self.lowest(now_us) {
                Some((effective, place)) if effective > tier => evicted = Some(self.remove(place)),
                _ if tier != EMERGENCY => return Err(Refused::Full),
                _ if self.len >= self.config.depth + self.config.emergency_max => {
                    return Err(Refused::HardBound);
                }
                _ => over_depth = true,
            }
        }
        Ok(Enqueued { item: self.append(tier, deadline_us, now_us), evicted, over_depth })
    }

    /// Who is next; `None` if nobody waits. The item leaves the queue.
    pub fn take(&mut self, now_us: u64) -> Option<Taken> {
        let place = self.next(now_us)?;
        let expired = self.items.get(place as usize).is_some_and(|item| item.deadline_us <= now_us);
        let item = self.remove(place);
        Some(if expired { Taken::Expired(item) } else { Taken::Start(item) })
    }

    /// Takes an item out that nobody wants any more; false if it does not wait.
    pub fn cancel(&mut self, item: u64) -> bool {
        let place = (item & ((1 << SLOT_BITS) - 1)) as u32;
        let waits = |found: &Item| u64::from(found.sequence) == item >> SLOT_BITS && found.tier != NONE;
        let found = self.items.get(place as usize).is_some_and(waits);
        if found {
            self.remove(place);
        }
        found
    }

    fn effective(&self, item: &Item, now_us: u64) -> u32 {
        let waited_us = now_us.saturating_sub(item.enqueued_us);
        let risen = waited_us.checked_div(self.config.age_us).unwrap_or(0);
        item.tier.saturating_sub(u32::try_from(risen).unwrap_or(NONE))
    }

    /// The oldest of the best effective tier. Of two of the same moment, the one that was declared higher.
    fn next(&self, now_us: u64) -> Option<u32> {
        let heads = self.lists.iter().map(|list| list.oldest);
        let ranked = heads.filter_map(|place| {
            let item = self.items.get(place as usize)?;
            Some((self.effective(item, now_us), item.enqueued_us, item.tier, place))
        });
        ranked.min().map(|(.., place)| place)
    }

    /// The youngest of the worst effective tier. Of two of the same moment, the one that was declared lower.
    fn lowest(&self, now_us: u64) -> Option<(u32, u32)> {
        let tails = self.lists.iter().map(|list| list.youngest);
        let ranked = tails.filter_map(|place| {
            let item = self.items.get(place as usize)?;
            Some((self.effective(item, now_us), item.enqueued_us, item.tier, place))
        });
        ranked.max().map(|(effective, .., place)| (effective, place))
    }

    fn append(&mut self, tier: u32, deadline_us: u64, enqueued_us: u64) -> u64 {
        let blank = Item { enqueued_us, deadline_us, sequence: 0, tier, older: NONE, younger: NONE };
        let place = if self.free == NONE {
            self.items.push(blank);
            self.items.len() as u32 - 1
        } else {
            self.free
        };
        let Some(list) = self.lists.get_mut(tier as usize) else { return 0 };
        let older = core::mem::replace(&mut list.youngest, place);
        if older == NONE {
            list.oldest = place;
        }
        list.len += 1;
        self.len += 1;
        if let Some(item) = self.items.get_mut(older as usize) {
            item.younger = place;
        }
        let Some(item) = self.items.get_mut(place as usize) else { return 0 };
        if place == self.free {
            self.free = item.younger;
        }
        let sequence = item.sequence;
        *item = Item { enqueued_us, deadline_us, sequence, tier, older, younger: NONE };
        u64::from(sequence) << SLOT_BITS | u64::from(place)
    }

    fn remove(&mut self, place: u32) -> u64 {
        let Some(item) = self.items.get_mut(place as usize) else { return 0 };
        let (older, younger, tier, sequence) = (item.older, item.younger, item.tier, item.sequence);
        item.sequence = sequence.wrapping_add(1);
        item.tier = NONE;
        item.younger = core::mem::replace(&mut self.free, place);
        if let Some(list) = self.lists.get_mut(tier as usize) {
            list.len -= 1;
            if list.oldest == place {
                list.oldest = younger;
            }
            if list.youngest == place {
                list.youngest = older;
            }
        }
        self.len -= 1;
        if let Some(before) = self.items.get_mut(older as usize) {
            before.younger = younger;
        }
        if let Some(after) = self.items.get_mut(younger as usize) {
            after.older = older;
        }
        u64::from(sequence) << SLOT_BITS | u64::from(place)
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;

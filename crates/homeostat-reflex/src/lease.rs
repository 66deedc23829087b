//! Permits under lease: who is in flight, since when, and under which generation.
//!
//! A permit is a number below 2^53, so that it passes through JavaScript as it is:
//!
//! ```text
//! bit  51                    20 19          0
//!     |  sequence of the slot  |    slot     |
//! ```
//!
//! The sequence changes whenever the slot is freed, so a permit that was returned, or that expired, is not found again. The
//! slot remembers the generation (`era`) in which the permit was handed out. Calls of one owner are kept in the order of
//! their start (time never runs backwards), so the oldest, and the next one to become slow, are found at once.
//!
//! Bound: `max` slots (at most 2^20) of 48 bytes; it grows to what was in flight at once, and does not shrink.

use alloc::vec::Vec;

const SLOT_BITS: u32 = 20;
/// Most permits that can be out at once.
pub const LEASES_MAX: usize = 1 << SLOT_BITS;
/// No slot.
const NONE: u32 = u32::MAX;

/// One call in flight.
#[derive(Clone, Debug, PartialEq)]
pub struct Lease {
    /// When the permit was handed out.
    pub started_us: u64,
    /// Who handed it out.
    pub owner: u32,
    /// The owner's generation at that time.
    pub era: u32,
    /// Where the call was counted as slow while it was in flight; see `Window`.
    pub mark: Option<u32>,
    /// A permit of another kind that goes with this one; 0 for none.
    pub partner: u64,
    sequence: u32,
    before: u32,
    after: u32,
}

/// The calls in flight of one owner, oldest first. Its leases live in `Leases`.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    oldest: u32,
    youngest: u32,
    /// The oldest that was not yet counted as slow.
    unmarked: u32,
    len: u32,
}

impl Default for Line {
    fn default() -> Self {
        Self { oldest: NONE, youngest: NONE, unmarked: NONE, len: 0 }
    }
}

impl Line {
    /// Calls in flight.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether nothing is in flight.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// All permits that are out.
#[derive(Clone, Debug, PartialEq)]
pub struct Leases {
    slots: Vec<Lease>,
    free: u32,
    live: u32,
    max: usize,
}

impl Leases {
    /// Room for at most `max` permits.
    pub fn new(max: usize) -> Self {
        Self { slots: Vec::new(), free: NONE, live: 0, max: max.min(LEASES_MAX) }
    }

    /// Permits that are out.
    pub fn live(&self) -> u32 {
        self.live
    }

    /// Most permits that can be out.
    pub fn max(&self) -> usize {
        self.max
    }

    /// Hands out a permit at the end of `line`; `None` when all are out.
    #[inline(always)]
    pub fn open(&mut self, line: &mut Line, owner: u32, era: u32, now_us: u64) -> Option<u64> {
        let place = if self.free == NONE { self.grow()? } else { self.free };
        let lease = self.slots.get_mut(place as usize)?;
        self.free = lease.after;
        lease.started_us = now_us;
        lease.owner = owner;
        lease.era = era;
        lease.mark = None;
        lease.partner = 0;
        lease.before = line.youngest;
        lease.after = NONE;
        let permit = u64::from(lease.sequence) << SLOT_BITS | u64::from(place);
        match self.slots.get_mut(line.youngest as usize) {
            Some(last) => last.after = place,
            None => line.oldest = place,
        }
        line.youngest = place;
        if line.unmarked == NONE {
            line.unmarked = place;
        }
        line.len += 1;
        self.live += 1;
        Some(permit)
    }

    #[cold]
    fn grow(&mut self) -> Option<u32> {
        let place = self.slots.len();
        if place >= self.max {
            return None;
        }
        let lease = Lease {
            started_us: 0,
            owner: 0,
            era: 0,
            mark: None,
            partner: 0,
            sequence: 1,
            before: NONE,
            after: NONE,
        };
        self.slots.push(lease);
        Some(place as u32)
    }

    /// The lease of a permit that is out.
    #[inline(always)]
    pub fn find(&self, permit: u64) -> Option<(u32, &Lease)> {
        let place = permit as u32 & (LEASES_MAX as u32 - 1);
        let lease = self.slots.get(place as usize)?;
        // A free slot has moved on to the next sequence already, which nobody holds.
        (u64::from(lease.sequence) == permit >> SLOT_BITS && lease.owner != NONE).then_some((place, lease))
    }

    /// Notes which permit of another kind goes with this one.
    pub fn pair(&mut self, permit: u64, partner: u64) {
        if let Some((place, _)) = self.find(permit)
            && let Some(lease) = self.slots.get_mut(place as usize)
        {
            lease.partner = partner;
        }
    }

    /// Takes a lease back.
    #[inline(always)]
    pub fn close(&mut self, line: &mut Line, place: u32) {
        let Some(lease) = self.slots.get_mut(place as usize) else { return };
        let (before, after) = (lease.before, lease.after);
        lease.sequence = lease.sequence.wrapping_add(1).max(1);
        lease.owner = NONE;
        lease.after = self.free;
        self.free = place;
        if line.unmarked == place {
            line.unmarked = after;
        }
        match self.slots.get_mut(before as usize) {
            Some(one) => one.after = after,
            None => line.oldest = after,
        }
        match self.slots.get_mut(after as usize) {
            Some(one) => one.before = before,
            None => line.youngest = before,
        }
        line.len -= 1;
        self.live -= 1;
    }

    /// The oldest call of a line.
    pub fn oldest(&self, line: &Line) -> Option<(u32, &Lease)> {
        self.slots.get(line.oldest as usize).map(|lease| (line.oldest, lease))
    }

    /// The oldest call of a line that was not counted as slow.
    pub fn unmarked(&self, line: &Line) -> Option<(u32, &Lease)> {
        self.slots.get(line.unmarked as usize).map(|lease| (line.unmarked, lease))
    }

    /// Notes that the oldest unmarked call of a line was counted as slow there, or passes over it.
    pub fn mark(&mut self, line: &mut Line, mark: Option<u32>) {
        if let Some(lease) = self.slots.get_mut(line.unmarked as usize) {
            lease.mark = mark;
            line.unmarked = lease.after;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The naive oracle: lists of (permit, start).
        #[test]
        fn keeps_every_line_in_order(steps in prop::collection::vec((0u8..4, 0u32..3, any::<prop::sample::Index>()), 0..200)) {
            let mut leases = Leases::new(8);
            let mut lines = [Line::default(), Line::default(), Line::default()];
            let mut oracle: [Vec<u64>; 3] = Default::default();
            let mut gone = Vec::new();
            for (now, (what, owner, which)) in steps.into_iter().enumerate() {
                let (line, known) = (&mut lines[owner as usize], &mut oracle[owner as usize]);
                if what < 2 {
                    let full = leases.live() == 8;
                    let permit = leases.open(line, owner, 0, now as u64);
                    prop_assert_eq!(permit.is_none(), full);
                    known.extend(permit);
                } else if !known.is_empty() {
                    let permit = known.remove(which.index(known.len()));
                    let place = leases.find(permit).unwrap().0;
                    leases.close(line, place);
                    gone.push(permit);
                }
                prop_assert_eq!(line.len() as usize, known.len());
                prop_assert_eq!(leases.oldest(line).map(|l| l.0), known.first().map(|p| leases.find(*p).unwrap().0));
                prop_assert_eq!(leases.unmarked(line).map(|l| l.0), known.first().map(|p| leases.find(*p).unwrap().0));
                prop_assert_eq!(leases.live() as usize, oracle.iter().map(Vec::len).sum::<usize>());
                prop_assert!(gone.iter().all(|permit| leases.find(*permit).is_none()));
            }
        }
    }
}

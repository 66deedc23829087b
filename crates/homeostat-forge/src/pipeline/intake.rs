//! Who is worked for: the queue of blueprints, and those that it had no room for.
//!
//! The queue is flow's, of 100 places and five tiers. Where it is full, the youngest of the lowest tier below the newcomer makes room, else
//! the newcomer is refused: it is *shed*, which is recorded, and it is answered by what answers it already. What was shed comes back by
//! itself, most used first, when the queue has room again; a kernel is in one of the two once.
//!
//! Capacity follows the queue's load: 1, .7, .3, .1. So large a part of its evaluations does a search get, and rounds that only polish
//! wait for 1: first everybody gets something.

use super::life::Goal;
use crate::map::Map;
use crate::registry::KernelId;
use alloc::vec::Vec;
use homeostat_core::list::List;
use homeostat_reflex::flow::pipeline::BLUEPRINTS;
use homeostat_reflex::flow::{Capacity, Queue, Refused, Taken};
use homeostat_solver::order::ascending;

/// What became of a kernel that asks to be worked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It waits for its turn.
    Queued,
    /// There is no room: it is asked again later, by itself.
    Shed(Refused),
    /// It is being worked for already, or there is no device.
    Aside,
}

/// A kernel that waits.
struct Waiting {
    goal: Goal,
    tier: u32,
    /// Its item in the queue; none where it was shed.
    item: Option<u64>,
    /// Not before that.
    from_us: u64,
}

/// The queue, and who was shed.
pub(super) struct Intake {
    queue: Queue,
    waiting: Map<KernelId, Waiting>,
    of_item: Map<u64, KernelId>,
    shed: usize,
    capacity: Capacity,
}

impl Default for Intake {
    fn default() -> Self {
        Self {
            queue: Queue::new(BLUEPRINTS),
            waiting: Map::new(),
            of_item: Map::new(),
            shed: 0,
            capacity: Capacity::new(),
        }
    }
}

impl Intake {
    /// Takes a kernel in; what it asked for before is forgotten. Who had to make room is told.
    pub fn offer(
        &mut self,
        id: KernelId,
        goal: Goal,
        tier: u32,
        now_us: u64,
    ) -> (Admission, Option<KernelId>) {
        self.remove(id);
        let (item, admission, evicted) = match self.queue.enqueue(tier, u64::MAX, now_us) {
            Ok(enqueued) => (Some(enqueued.item), Admission::Queued, enqueued.evicted),
            Err(refused) => (None, Admission::Shed(refused), None),
        };
        match item {
            Some(item) => drop(self.of_item.insert(item, id)),
            None => self.shed += 1,
        }
        self.waiting.insert(id, Waiting { goal, tier, item, from_us: 0 });
        let evicted = evicted.and_then(|item| self.of_item.remove(&item));
        if let Some(waiting) = evicted.and_then(|other| self.waiting.get_mut(&other)) {
            waiting.item = None;
            self.shed += 1;
        }
        (admission, evicted)
    }

    /// Puts a kernel aside until `from_us`.
    pub fn defer(&mut self, id: KernelId, goal: Goal, tier: u32, from_us: u64) {
        self.remove(id);
        self.waiting.insert(id, Waiting { goal, tier, item: None, from_us });
        self.shed += 1;
    }

    /// Who is next.
    pub fn take(&mut self, now_us: u64) -> Option<(KernelId, Goal)> {
        let (Taken::Start(item) | Taken::Expired(item)) = self.queue.take(now_us)?;
        let id = self.of_item.remove(&item)?;
        self.waiting.remove(&id).map(|waiting| (id, waiting.goal))
    }

    /// Takes a kernel out.
    pub fn remove(&mut self, id: KernelId) {
        let Some(waiting) = self.waiting.remove(&id) else { return };
        match waiting.item {
            Some(item) => {
                self.queue.cancel(item);
                self.of_item.remove(&item);
            }
            None => self.shed -= 1,
        }
    }

    /// Whether a kernel waits, in the queue or outside.
    pub fn has(&self, id: KernelId) -> bool {
        self.waiting.contains_key(&id)
    }

    /// Nobody waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Asks those again that were shed, the most used first, until the queue is half full.
    pub fn readmit(&mut self, now_us: u64, runs: impl Fn(KernelId) -> u64) {
        // Looked at when there is much room, so that it is seldom.
        if self.shed == 0 || self.queue.load() > 0.25 {
            return;
        }
        let due = self.waiting.iter().filter(|(_, w)| w.item.is_none() && w.from_us <= now_us);
        let due: Vec<(u32, KernelId)> = due.map(|(id, w)| (w.tier, *id)).listed();
        // Runs are fewer than a double counts.
        let order: Vec<f64> =
            due.iter().map(|(tier, id)| f64::from(*tier) * 1e15 - runs(*id) as f64).listed();
        for (tier, id) in ascending(&order).into_iter().map(|at| due[at]) {
            if self.queue.load() >= 0.5 {
                break;
            }
            if let Some(waiting) = self.waiting.get_mut(&id)
                && let Ok(enqueued) = self.queue.enqueue(tier, u64::MAX, now_us)
            {
                waiting.item = Some(enqueued.item);
                self.of_item.insert(enqueued.item, id);
                self.shed -= 1;
            }
        }
    }

    /// Looks at the load; the capacity where it changed.
    pub fn observe(&mut self, now_us: u64) -> Option<f64> {
        self.capacity.observe(self.queue.load(), now_us).then(|| self.capacity())
    }

    /// Share of the usual work that is welcome.
    pub fn capacity(&self) -> f64 {
        self.capacity.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use homeostat_reflex::flow::{BACKGROUND, EMERGENCY, NORMAL};

    #[test]
    fn what_has_no_room_is_shed_and_comes_back_by_itself() {
        let mut intake = Intake::default();
        let mut shed = Vec::new();
        for n in 0..150 {
            let (admission, evicted) = intake.offer(KernelId(n), Goal::Tune, NORMAL, 5);
            assert_eq!(evicted, None);
            if admission == Admission::Shed(Refused::Full) {
                shed.push(n);
            }
        }
        assert_eq!(shed, (100..150).collect::<Vec<u32>>());
        assert_eq!((intake.observe(5), intake.capacity()), (Some(0.1), 0.1));
        // Who matters more takes the place of the youngest.
        let (admission, evicted) = intake.offer(KernelId(200), Goal::Tune, EMERGENCY, 6);
        assert_eq!((admission, evicted), (Admission::Queued, Some(KernelId(99))));
        assert_eq!(intake.take(7).unwrap().0, KernelId(200));
        for n in 0..75 {
            assert_eq!(intake.take(7).unwrap().0, KernelId(n));
        }
        // Room again: those that are used most come back first.
        intake.readmit(8, |id| u64::from(id.0 == 140));
        let order: Vec<u32> = core::iter::from_fn(|| intake.take(9)).map(|(id, _)| id.0).collect();
        assert_eq!(order.len(), 50);
        assert_eq!(order[24..27], [140, 99, 100]);
        assert!(!intake.is_empty());
        intake.readmit(10, |_| 0);
        assert_eq!(core::iter::from_fn(|| intake.take(11)).count(), 25);
        assert!(intake.is_empty());
    }

    #[test]
    fn who_is_deferred_waits_for_its_time_and_who_leaves_is_forgotten() {
        let mut intake = Intake::default();
        intake.defer(KernelId(1), Goal::Tune, BACKGROUND, 100);
        intake.readmit(99, |_| 0);
        assert!(intake.take(99).is_none() && intake.has(KernelId(1)));
        intake.readmit(100, |_| 0);
        assert_eq!(intake.take(100).unwrap().0, KernelId(1));
        intake.offer(KernelId(2), Goal::Tune, NORMAL, 101);
        intake.offer(KernelId(2), Goal::Tune, NORMAL, 102);
        intake.remove(KernelId(2));
        assert!(intake.take(103).is_none() && intake.is_empty());
    }
}

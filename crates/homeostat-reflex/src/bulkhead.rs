//! A bulkhead: so many calls at once, so many that wait for one of them, and no more. Bound: that of a `Limiter` and a `Queue`.

use crate::flow::{Queue, QueueConfig, Refused, Taken};
use crate::limiter::{Ended, Kind, Limiter, LimiterConfig};

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// It may go on, and returns this permit.
    Permit(u64),
    /// It waits as this item until `next` names it.
    Waits(u64),
    /// It waits as the first; the second had to make room for it, and is refused.
    WaitsFor(u64, u64),
    /// There is no room.
    Refused(Refused),
}

/// Who is next, as `Bulkhead::next` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// This item may go on, with this permit.
    Start(u64, u64),
    /// This item's deadline has passed.
    Expired(u64),
}

/// Calls at once, and calls that wait. Those that wait go before those that come.
#[derive(Debug)]
pub struct Bulkhead {
    limiter: Limiter,
    /// `None`: nobody may wait.
    queue: Option<Queue>,
}

impl Bulkhead {
    /// `calls` at once, each for `lease_us` at most; `waiting` that wait.
    pub fn new(calls: u32, waiting: u32, lease_us: u64) -> Self {
        let calls = calls.max(1);
        let config = LimiterConfig {
            initial: calls,
            max: calls.max(LimiterConfig::default().max),
            lease_us,
            ..LimiterConfig::of(Kind::Fixed)
        };
        let queue = (waiting > 0).then(|| Queue::new(QueueConfig::with_depth(waiting)));
        Self { limiter: Limiter::new(&config), queue }
    }

    /// Calls in flight.
    pub fn in_flight(&self) -> u32 {
        self.limiter.in_flight()
    }

    /// Calls that wait.
    pub fn waiting(&self) -> u32 {
        self.queue.as_ref().map_or(0, Queue::len)
    }

    /// A call of this tier comes, which is not to start from `deadline_us` on (`u64::MAX`: none).
    pub fn enter(&mut self, tier: u32, deadline_us: u64, now_us: u64) -> Entry {
        if self.waiting() == 0
            && let Some(permit) = self.limiter.try_acquire(now_us)
        {
            return Entry::Permit(permit);
        }
        let Some(queue) = &mut self.queue else { return Entry::Refused(Refused::Full) };
        match queue.enqueue(tier, deadline_us, now_us) {
            Ok(entered) => match entered.evicted {
                Some(evicted) => Entry::WaitsFor(entered.item, evicted),
                None => Entry::Waits(entered.item),
            },
            Err(refused) => Entry::Refused(refused),
        }
    }

    /// Takes a permit back; false if it is not out. Then ask `next` until it says `None`.
    pub fn leave(&mut self, permit: u64, ended: Ended, now_us: u64) -> bool {
        self.limiter.release(permit, ended, now_us)
    }

    /// Whoever waits longest, once there is room: also after a lease has expired.
    pub fn next(&mut self, now_us: u64) -> Option<Next> {
        let queue = self.queue.as_mut().filter(|queue| !queue.is_empty())?;
        self.limiter.expire(now_us);
        if self.limiter.in_flight() >= self.limiter.limit() {
            return None;
        }
        match queue.take(now_us)? {
            Taken::Expired(item) => Some(Next::Expired(item)),
            Taken::Start(item) => self.limiter.try_acquire(now_us).map(|permit| Next::Start(item, permit)),
        }
    }

    /// A call that waits is given up; false if it does not wait.
    pub fn give_up(&mut self, item: u64) -> bool {
        self.queue.as_mut().is_some_and(|queue| queue.cancel(item))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    const NEVER: u64 = u64::MAX;

    #[test]
    fn admits_then_lets_wait_then_refuses_and_goes_on_in_order() {
        let mut bulkhead = Bulkhead::new(1, 2, 1000);
        let Entry::Permit(permit) = bulkhead.enter(2, NEVER, 0) else { panic!("there is room") };
        let Entry::Waits(first) = bulkhead.enter(2, NEVER, 1) else { panic!("may wait") };
        let Entry::Waits(second) = bulkhead.enter(2, 7, 2) else { panic!("may wait") };
        assert_eq!(bulkhead.enter(2, NEVER, 3), Entry::Refused(Refused::Full));
        assert_eq!(bulkhead.next(4), None, "nobody has left");
        assert!(bulkhead.leave(permit, Ended::Served, 5));
        let Some(Next::Start(item, permit)) = bulkhead.next(5) else { panic!("somebody waits") };
        assert_eq!((item, bulkhead.next(5), bulkhead.in_flight()), (first, None, 1));
        assert!(bulkhead.leave(permit, Ended::Served, 8));
        assert_eq!((bulkhead.next(8), bulkhead.next(8)), (Some(Next::Expired(second)), None));
        assert_eq!((bulkhead.in_flight(), bulkhead.waiting()), (0, 0));
    }

    #[test]
    fn a_hung_call_does_not_hold_up_who_waits() {
        let mut bulkhead = Bulkhead::new(1, 1, 1000);
        bulkhead.enter(2, NEVER, 0);
        let Entry::Waits(item) = bulkhead.enter(2, NEVER, 0) else { panic!("may wait") };
        assert_eq!(bulkhead.next(999), None);
        assert!(matches!(bulkhead.next(1000), Some(Next::Start(started, _)) if started == item));
    }

    #[test]
    fn a_better_tier_takes_a_place_and_who_gives_up_leaves_his() {
        let mut bulkhead = Bulkhead::new(1, 1, 1000);
        bulkhead.enter(2, NEVER, 0);
        let Entry::Waits(low) = bulkhead.enter(4, NEVER, 0) else { panic!("may wait") };
        let Entry::WaitsFor(high, evicted) = bulkhead.enter(1, NEVER, 0) else { panic!("goes before") };
        assert_eq!(evicted, low);
        assert!(!bulkhead.give_up(low) && bulkhead.give_up(high));
        assert_eq!(Bulkhead::new(1, 0, 1000).waiting(), 0);
    }
}

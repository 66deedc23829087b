//! The components that are known, by name.

use crate::breaker::{Breaker, BreakerConfig, Outcome, Refusal, State};
use crate::cascade::Calls;
use crate::ledger::Ledger;
use crate::limiter::{Limiter, LimiterConfig};
use crate::names::{Interned, Names};
use crate::regression::RegressionDetector;
use crate::vitals::Vitals;
use alloc::{boxed::Box, vec::Vec};

/// One component: its breaker and its limit, how it does, whom it calls.
///
/// Bound: 1.3 kB, the breaker's window, and 10 kB for the detector.
#[derive(Debug)]
pub struct Component {
    /// Guards the calls to it.
    pub breaker: Breaker,
    /// How many calls to it may be in flight.
    pub limiter: Option<Limiter>,
    /// The limit that the journal knows.
    limit_told: u32,
    /// How it does.
    pub vitals: Vitals,
    /// Watches its latency, where there was room for one more detector.
    pub detector: Option<Box<RegressionDetector>>,
    /// The detector is shown no latency before this.
    pub watch_from_us: u64,
    /// Whom it calls.
    pub calls: Calls,
    /// Whether the cascade reflex counts it as affected.
    pub affected: bool,
    /// Signature of the pattern that its requests follow most often; see `patterns`.
    pub usual: Option<u64>,
    /// Whether it stays although others need room.
    pub pinned: bool,
    /// Whether only events of other processes told of it so far: nobody calls it here.
    pub remote: bool,
    /// Number of the cascade that it belongs to, or belonged to last.
    pub cascade: u64,
    /// Changes for the better: those of its limit, and what the application tells of.
    pub optimisations: u64,
}

impl Component {
    /// The limit that was told last and the one now, where they differ; then that is told.
    pub fn take_limit_change(&mut self) -> Option<(u32, u32)> {
        let limit = self.limiter.as_ref()?.limit();
        let before = core::mem::replace(&mut self.limit_told, limit);
        self.optimisations += u64::from(before != limit);
        (before != limit).then_some((before, limit))
    }

    /// A permit of the breaker and of the limit, or why there is none.
    #[inline(always)]
    pub fn admit(&mut self, ledger: &mut Ledger, now_us: u64) -> Result<u64, Refusal> {
        let granted = self.breaker.try_acquire(ledger, now_us);
        // The breaker first: what an open circuit refuses is no demand for the limit to follow.
        if let (Ok(permit), Some(limiter)) = (granted, &mut self.limiter) {
            let Some(partner) = limiter.try_acquire(now_us) else {
                self.breaker.tell(ledger, permit, Outcome::Ignored, now_us);
                return Err(Refusal::Limit);
            };
            ledger.leases.pair(permit, partner);
        }
        granted
    }

    fn guard(&mut self, guard: &Guard, slot: usize, now_us: u64) {
        self.breaker = Breaker::new(guard.breaker, slot as u32, now_us);
        self.limiter = guard.limiter.as_ref().map(Limiter::new);
        self.limit_told = self.limiter.as_ref().map_or(0, Limiter::limit);
    }
}

/// How a component is guarded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guard {
    /// Its breaker.
    pub breaker: BreakerConfig,
    /// Its limit; `None` for no limit.
    pub limiter: Option<LimiterConfig>,
}

/// What a component is wanted for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wanted {
    /// How it is guarded where it is new.
    pub guard: Guard,
    /// It stays although others need room.
    pub pinned: bool,
    /// Another process told of it: nobody calls it here.
    pub remote: bool,
}

/// All of them.
#[derive(Debug)]
pub struct Components {
    /// Their names; a component's slot is its name's.
    pub names: Names,
    all: Vec<Component>,
    window_us: u64,
    /// Detectors that there is still room for.
    detectors: usize,
}

impl Components {
    /// Room for `max`, and for detectors of so many; their error rates are taken over this window.
    pub fn new(max: usize, detectors: usize, window_us: u64) -> Self {
        Self { names: Names::new(max), all: Vec::new(), window_us, detectors }
    }

    /// The component of this name, made with this guard where it is new, or where only other processes told of it so far. One in
    /// flight, pinned or open does not give way.
    pub fn intern(&mut self, name: &str, wanted: &Wanted, ledger: &mut Ledger, now_us: u64) -> Interned {
        let all = &self.all;
        let may_go = |slot: usize| {
            all.get(slot)
                .is_none_or(|one| !one.pinned && one.breaker.in_flight() == 0 && one.breaker.number() == 0)
        };
        let interned = self.names.intern(name, may_go);
        let guard = &wanted.guard;
        if let Interned::New(handle) = interned
            && let Some(slot) = self.names.find(handle)
        {
            let limiter = guard.limiter.as_ref().map(Limiter::new);
            if let Some(old) = self.all.get_mut(slot) {
                self.detectors += usize::from(old.detector.take().is_some());
            }
            let detector = (self.detectors > 0).then(|| Box::new(RegressionDetector::new()));
            self.detectors -= usize::from(detector.is_some());
            let component = Component {
                breaker: Breaker::new(guard.breaker, slot as u32, now_us),
                limit_told: limiter.as_ref().map_or(0, Limiter::limit),
                limiter,
                vitals: Vitals::new(self.window_us),
                detector,
                watch_from_us: 0,
                calls: Calls::default(),
                affected: false,
                usual: None,
                pinned: wanted.pinned,
                remote: wanted.remote,
                cascade: 0,
                optimisations: 0,
            };
            match self.all.get_mut(slot) {
                Some(old) => {
                    old.breaker.release(ledger);
                    *old = component;
                }
                None => self.all.push(component),
            }
        }
        if let Interned::Known(handle) = interned
            && let Some(slot) = self.names.find(handle)
            && let Some(one) = self.all.get_mut(slot)
        {
            one.pinned |= wanted.pinned;
            if one.remote && !wanted.remote {
                one.remote = false;
                one.breaker.release(ledger);
                one.guard(guard, slot, now_us);
            }
        }
        interned
    }

    /// Components that are called here: those that may have their breakers opened.
    pub fn local(&self) -> usize {
        self.names.used().filter(|slot| self.all.get(*slot).is_some_and(|one| !one.remote)).count()
    }

    /// The component of a slot.
    #[inline]
    pub fn get(&self, slot: usize) -> Option<&Component> {
        self.all.get(slot)
    }

    /// The component of a slot.
    #[inline]
    pub fn get_mut(&mut self, slot: usize) -> Option<&mut Component> {
        self.all.get_mut(slot)
    }

    /// The name of what is in a slot.
    pub fn name_at(&self, slot: usize) -> &str {
        self.names.at(slot).map_or("", |handle| self.names.name(handle))
    }

    /// Forgets a component; its permits are void.
    pub fn forget(&mut self, handle: u32, ledger: &mut Ledger) -> bool {
        let Some(slot) = self.names.find(handle) else { return false };
        if let Some(component) = self.all.get_mut(slot) {
            component.breaker.release(ledger);
            component.affected = false;
        }
        self.names.remove(slot);
        true
    }

    /// Lets time pass in every breaker; how many are open, those included that an operator holds open.
    pub fn count_open(&mut self, ledger: &mut Ledger, now_us: u64) -> usize {
        let mut open = 0;
        for slot in self.names.used() {
            let Some(component) = self.all.get_mut(slot) else { continue };
            let state = component.breaker.state(ledger, now_us);
            if let Some(limiter) = &mut component.limiter {
                limiter.expire(now_us);
            }
            open += usize::from(component.breaker.number() == 3 || matches!(state, State::Open { .. }));
        }
        open
    }
}

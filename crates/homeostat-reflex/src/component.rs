//! The components that are known, by name.

use crate::breaker::{Breaker, BreakerConfig, State};
use crate::cascade::Calls;
use crate::ledger::Ledger;
use crate::names::{Interned, Names};
use crate::vitals::Vitals;
use alloc::vec::Vec;

/// One component: its breaker, how it does, whom it calls.
///
/// Bound: 1.3 kB and the breaker's window.
#[derive(Clone, Debug)]
pub struct Component {
    /// Guards the calls to it.
    pub breaker: Breaker,
    /// How it does.
    pub vitals: Vitals,
    /// Whom it calls.
    pub calls: Calls,
    /// Whether the cascade reflex counts it as affected.
    pub affected: bool,
    /// Signature of the pattern that its requests follow most often; see `patterns`.
    pub usual: Option<u64>,
    /// Whether it stays although others need room.
    pub pinned: bool,
}

/// All of them.
#[derive(Clone, Debug)]
pub struct Components {
    /// Their names; a component's slot is its name's.
    pub names: Names,
    all: Vec<Component>,
    window_us: u64,
}

impl Components {
    /// Room for `max`; their error rates are taken over this window.
    pub fn new(max: usize, window_us: u64) -> Self {
        Self { names: Names::new(max), all: Vec::new(), window_us }
    }

    /// The component of this name, made with this breaker where it is new. One in flight, pinned or open does not give way.
    pub fn intern(
        &mut self,
        name: &str,
        breaker: BreakerConfig,
        ledger: &mut Ledger,
        now_us: u64,
    ) -> Interned {
        let all = &self.all;
        let may_go = |slot: usize| {
            all.get(slot)
                .is_none_or(|one| !one.pinned && one.breaker.in_flight() == 0 && one.breaker.number() == 0)
        };
        let interned = self.names.intern(name, may_go);
        if let Interned::New(handle) = interned
            && let Some(slot) = self.names.find(handle)
        {
            let component = Component {
                breaker: Breaker::new(breaker, slot as u32, now_us),
                vitals: Vitals::new(self.window_us),
                calls: Calls::default(),
                affected: false,
                usual: None,
                pinned: false,
            };
            match self.all.get_mut(slot) {
                Some(old) => {
                    old.breaker.release(ledger);
                    *old = component;
                }
                None => self.all.push(component),
            }
        }
        interned
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
            open += usize::from(component.breaker.number() == 3 || matches!(state, State::Open { .. }));
        }
        open
    }
}

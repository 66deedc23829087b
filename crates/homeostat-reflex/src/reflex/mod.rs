//! The reflex of one process: components with their breakers, cascades, patterns, health, journal.
//!
//! As the bindings expose it: times, permits and requests are plain numbers, any of which may be nonsense; words that the
//! operator or a page needs are JSON.

mod observe;
mod report;

pub use observe::NOTICES_MAX;

use crate::breaker::{self, CHANGED, Outcome, Refusal, Told, permit_of};
use crate::cascade::{Cascade, TIERS};
use crate::clock::{Clock, time_us};
use crate::component::Components;
use crate::journal::{Body, Journal};
use crate::ledger::Ledger;
use crate::names::{Interned, NAME_BYTES_MAX};
use crate::options::{self, ReflexConfig};
use crate::patterns::Patterns;
use crate::witness::Witnesses;
use alloc::{collections::VecDeque, format, string::String, vec::Vec};
use homeostat_core::error::{Code, Error, Result};
use homeostat_core::journal::Chain;
use homeostat_core::json::Quoted;
use observe::{Counts, Notice};

/// Most classes of errors; what comes after them is class 0.
pub const ERRORS_MAX: usize = 256;
/// Aggregates are journaled so often.
const AGGREGATE_US: u64 = 1_000_000;

/// The reflex.
///
/// Bound, with the default options: 4096 components at 1.7 kB and their windows, 65,536 permits at 40 B, 4096 requests in
/// flight at 220 B, 1024 patterns at 230 B, 64 witnesses at 20 kB, 4096 journal entries and 1024 notices: 14 MB if all of it is
/// in use at once; it grows as it is used.
#[derive(Clone, Debug)]
pub struct Reflex {
    config: ReflexConfig,
    clock: Clock,
    ledger: Ledger,
    components: Components,
    cascade: Cascade,
    witnesses: Witnesses,
    patterns: Patterns,
    journal: Journal,
    notices: VecDeque<Notice>,
    errors: Vec<String>,
    counts: Counts,
    /// What was shed since the last aggregate, by tier.
    shed: [u64; TIERS as usize],
    sheds_from: u32,
    aggregate_us: u64,
}

impl Reflex {
    /// An empty one with these options in JSON (see `ReflexConfig`); empty text is the default.
    pub fn new(options: &str, now_us: f64) -> Result<Self> {
        let config = ReflexConfig::parse(options)?;
        let chain = config.previous.as_deref().map_or(Ok(Chain::default()), Chain::after)?;
        let mut clock = Clock::default();
        let now_us = clock.advance(time_us(now_us));
        let mut journal = Journal::new(config.run_id.clone(), chain);
        let previous =
            config.previous.as_ref().map_or(String::new(), |hash| format!("\"previous\":\"{hash}\""));
        journal.push(now_us, Body::Start(previous));
        Ok(Self {
            clock,
            ledger: Ledger::new(config.permits),
            components: Components::new(config.components, config.cascade.window_us),
            cascade: Cascade::new(config.cascade),
            witnesses: Witnesses::default(),
            patterns: Patterns::new(config.traces, config.patterns),
            journal,
            notices: VecDeque::new(),
            errors: Vec::new(),
            counts: Counts::default(),
            shed: [0; TIERS as usize],
            sheds_from: TIERS,
            aggregate_us: now_us,
            config,
        })
    }

    /// The handle of a component, which is made where there is none of this name; -7 where there is no room. One that is there
    /// keeps the options it was made with.
    pub fn component(&mut self, name: &str, options: &str, now_us: f64) -> Result<f64> {
        if name.is_empty() || name.len() > NAME_BYTES_MAX {
            let wanted = format_args!("expected 1 to {NAME_BYTES_MAX} bytes, got {}", Quoted(name));
            return Err(Error::new(Code::InvalidOption, format_args!("component.name: {wanted}")));
        }
        let (breaker, pinned) = options::component(options, &self.config.breaker)?;
        let now_us = self.clock.advance(time_us(now_us));
        Ok(match self.components.intern(name, breaker, &mut self.ledger, now_us) {
            Interned::Full => -f64::from(Refusal::Capacity as u8),
            Interned::Known(handle) | Interned::New(handle) => {
                let slot = self.components.names.find(handle);
                if let Some(one) = slot.and_then(|slot| self.components.get_mut(slot)) {
                    one.pinned |= pinned;
                }
                f64::from(handle)
            }
        })
    }

    /// Forgets a component; permits of it are void. False where it is gone.
    pub fn forget(&mut self, component: u32) -> bool {
        self.components.forget(component, &mut self.ledger)
    }

    /// The number of a class of errors, from 1; 0 where there are too many.
    pub fn error_class(&mut self, name: &str) -> u32 {
        let known = self.errors.iter().position(|one| one == name);
        let place = known.or_else(|| {
            let fits = self.errors.len() < ERRORS_MAX && name.len() <= NAME_BYTES_MAX;
            fits.then(|| {
                self.errors.push(name.into());
                self.errors.len() - 1
            })
        });
        place.map_or(0, |place| place as u32 + 1)
    }

    /// A permit to call a component on behalf of load of this tier, or a refusal as a negative number.
    #[inline]
    pub fn try_acquire(&mut self, component: u32, tier: u32, now_us: f64) -> f64 {
        let now_us = self.clock.advance(time_us(now_us));
        if tier >= self.sheds_from {
            self.note_shed(tier);
            return -f64::from(Refusal::Shed as u8);
        }
        let Some(slot) = self.components.names.find(component) else {
            return -f64::from(Refusal::Unknown as u8);
        };
        self.components.names.touch(slot);
        let Some(one) = self.components.get_mut(slot) else { return -f64::from(Refusal::Unknown as u8) };
        let mut granted = one.breaker.try_acquire(&mut self.ledger, now_us);
        if granted == Err(Refusal::Capacity) {
            // Some of the permits that are out may belong to breakers that nobody has called since.
            self.components.count_open(&mut self.ledger, now_us);
            if let Some(one) = self.components.get_mut(slot) {
                granted = one.breaker.try_acquire(&mut self.ledger, now_us);
            }
        }
        if self.ledger.changed() {
            self.observe_transitions();
        }
        Refusal::encode(granted)
    }

    /// Takes a permit back with its outcome (0 success, 1 failure, 2 says nothing) and the class of the error: 0 counted, 1 not
    /// counted, 2 unknown; and `CHANGED` where there are notices.
    #[inline]
    pub fn tell(&mut self, permit: f64, outcome: u32, error: u32, now_us: f64) -> u32 {
        let now_us = self.clock.advance(time_us(now_us));
        let permit = permit_of(permit);
        let Some((_, lease)) = self.ledger.leases.find(permit) else { return 2 | self.changed() };
        let slot = lease.owner as usize;
        let Some(one) = self.components.get_mut(slot) else { return 2 | self.changed() };
        let outcome = Outcome::from_number(outcome);
        let told = one.breaker.tell(&mut self.ledger, permit, outcome, now_us);
        if let Told::Counted(took_us) | Told::NotCounted(took_us) = told
            && outcome != Outcome::Ignored
        {
            // How the component does is one thing, which era of its breaker it counts for is another.
            one.vitals.record(now_us, now_us, outcome == Outcome::Success, Some(took_us), error as u16);
            if outcome == Outcome::Failure {
                self.suspect(slot, now_us);
            }
        }
        if self.ledger.changed() {
            self.observe_transitions();
        }
        self.changed()
            | match told {
                Told::Counted(_) => 0,
                Told::NotCounted(_) => 1,
                Told::Unknown => 2,
            }
    }

    #[inline]
    fn changed(&self) -> u32 {
        if self.notices.is_empty() { 0 } else { CHANGED }
    }

    #[cold]
    fn note_shed(&mut self, tier: u32) {
        if let Some(count) = self.shed.get_mut(tier as usize).or(None) {
            *count += 1;
        }
        self.counts.shed += 1;
    }

    /// From this tier on load is shed at the moment; 5 where none is.
    pub fn sheds_from(&self) -> u32 {
        self.sheds_from
    }

    /// State of a component's breaker: 0 closed, 1 open, 2 half-open, 3 forced open, 4 disabled, -6 unknown.
    pub fn state(&mut self, component: u32, now_us: f64) -> f64 {
        let now_us = self.clock.advance(time_us(now_us));
        let Some(slot) = self.components.names.find(component) else {
            return -f64::from(Refusal::Unknown as u8);
        };
        let Some(one) = self.components.get_mut(slot) else { return -f64::from(Refusal::Unknown as u8) };
        one.breaker.advance(&mut self.ledger, now_us);
        let number = one.breaker.number();
        self.observe_transitions();
        f64::from(number)
    }

    /// How long until a call to a component may pass, in microseconds; 0 where it is unknown.
    pub fn retry_after_us(&mut self, component: u32, now_us: f64) -> f64 {
        let now_us = self.clock.advance(time_us(now_us));
        let slot = self.components.names.find(component);
        slot.and_then(|slot| self.components.get(slot)).map_or(0.0, |one| one.breaker.retry_after_us(now_us))
    }

    /// An operator's word about a component's breaker: 0 by itself, 1 forced open, 2 disabled, 3 opened now.
    pub fn operate(&mut self, component: u32, word: u32, now_us: f64) -> Result<()> {
        let now_us = self.clock.advance(time_us(now_us));
        let unknown =
            || Error::expected(Code::InvalidOption, "component", "a handle that is known", component.into());
        let slot = self.components.names.find(component).ok_or_else(unknown)?;
        let one = self.components.get_mut(slot).ok_or_else(unknown)?;
        breaker::operate(&mut one.breaker, &mut self.ledger, word, now_us)?;
        self.observe_transitions();
        Ok(())
    }

    /// Entries of the journal that were not taken.
    pub fn queued(&self) -> u32 {
        self.journal.queued() as u32
    }

    /// Takes journal entries as chained JSON Lines: at most about so many bytes, at least one entry if there is any.
    pub fn take_journal(&mut self, max_bytes: u32) -> Vec<u8> {
        self.journal.take(max_bytes as usize)
    }
}

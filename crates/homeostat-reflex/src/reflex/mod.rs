//! The reflex of one process: components with their breakers, cascades, patterns, health, journal.
//!
//! As the bindings expose it: times, permits and requests are plain numbers, any of which may be nonsense; words that the
//! operator or a page needs are JSON.

mod observe;
mod report;

pub use observe::{NOTICES_MAX, QUEUES_BYTES_MAX};

use crate::breaker::{self, CHANGED, Outcome, Refusal, Told, permit_of};
use crate::cascade::{Cascade, TIERS};
use crate::clock::{Clock, time_us};
use crate::component::Components;
use crate::journal::{Body, Journal};
use crate::ledger::Ledger;
use crate::limiter::{Ended, LIMIT_MAX};
use crate::names::{Interned, NAME_BYTES_MAX};
use crate::options::{self, ReflexConfig};
use crate::patterns::Patterns;
use crate::witness::Witnesses;
use alloc::{collections::VecDeque, format, string::String, vec::Vec};
use homeostat_core::error::{Code, Error, Result};
use homeostat_core::journal::Chain;
use homeostat_core::json::Quoted;
use observe::{Counts, LATENCIES_MAX, Latency, Notice};

/// Most classes of errors; what comes after them is class 0.
pub const ERRORS_MAX: usize = 256;
/// Aggregates are journaled so often.
const AGGREGATE_US: u64 = 1_000_000;
/// Permits whose leases have ended are looked for among all components at most so often.
const SWEEP_US: u64 = 10_000;

/// The reflex.
///
/// Bound: `ReflexConfig::bytes_max`. With the default options 4096 components, 65,536 permits, 4096 requests in flight, 1024
/// patterns, 64 witnesses, 256 detectors, 4096 journal entries and 1024 notices: 20 MB if all of it is in use at once; it grows
/// as it is used.
#[derive(Debug)]
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
    /// Latencies that the detectors have not seen.
    latencies: Vec<Latency>,
    /// What was shed since the last aggregate, by tier.
    shed: [u64; TIERS as usize],
    sheds_from: u32,
    aggregate_us: u64,
    /// When permits are looked for next, where none is left.
    sweep_us: u64,
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
            components: Components::new(config.components, config.detectors, config.cascade.window_us),
            cascade: Cascade::new(config.cascade),
            witnesses: Witnesses::default(),
            patterns: Patterns::new(config.traces, config.patterns),
            journal,
            notices: VecDeque::new(),
            errors: Vec::new(),
            counts: Counts::default(),
            latencies: Vec::with_capacity(LATENCIES_MAX),
            shed: [0; TIERS as usize],
            sheds_from: TIERS,
            aggregate_us: now_us,
            sweep_us: 0,
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
        let wanted = options::component(options, &self.config.guard)?;
        let now_us = self.clock.advance(time_us(now_us));
        // A slot may be another component's from here on.
        self.observe_latencies();
        Ok(match self.components.intern(name, &wanted, &mut self.ledger, now_us) {
            Interned::Full => -f64::from(Refusal::Capacity as u8),
            Interned::Known(handle) | Interned::New(handle) => f64::from(handle),
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
        let tier = tier.min(TIERS - 1);
        if tier >= self.sheds_from {
            self.note_shed(tier);
            return -f64::from(Refusal::Shed as u8);
        }
        let Some(slot) = self.components.names.find(component) else {
            return -f64::from(Refusal::Unknown as u8);
        };
        self.components.names.touch(slot);
        let Some(one) = self.components.get_mut(slot) else { return -f64::from(Refusal::Unknown as u8) };
        let mut granted = one.admit(&mut self.ledger, now_us);
        if granted == Err(Refusal::Capacity) {
            granted = self.admit_after_sweep(slot, now_us);
        }
        if self.ledger.changed() {
            self.observe_transitions();
        }
        Refusal::encode(granted)
    }

    /// Every permit is out: some of them may belong to breakers that nobody has called since.
    #[cold]
    #[inline(never)]
    fn admit_after_sweep(&mut self, slot: usize, now_us: u64) -> core::result::Result<u64, Refusal> {
        if now_us < self.sweep_us {
            return Err(Refusal::Capacity);
        }
        self.sweep_us = now_us.saturating_add(SWEEP_US);
        self.components.count_open(&mut self.ledger, now_us);
        let one = self.components.get_mut(slot).ok_or(Refusal::Unknown)?;
        one.admit(&mut self.ledger, now_us)
    }

    /// Takes a permit back with its outcome (see `Outcome::from_number`) and the class of the error: 0 counted, 1 not
    /// counted, 2 unknown; and `CHANGED` where there are notices.
    #[inline]
    pub fn tell(&mut self, permit: f64, outcome: u32, error: u32, now_us: f64) -> u32 {
        let now_us = self.clock.advance(time_us(now_us));
        let permit = permit_of(permit);
        let Some((_, lease)) = self.ledger.leases.find(permit) else { return 2 | self.changed() };
        let (slot, partner) = (lease.owner as usize, lease.partner);
        let Some(one) = self.components.get_mut(slot) else { return 2 | self.changed() };
        let outcome = Outcome::from_number(outcome);
        let told = one.breaker.tell(&mut self.ledger, permit, outcome, now_us);
        if partner != 0
            && let Some(limiter) = &mut one.limiter
        {
            // Where the breaker's lease ended first, the limit's lease ends by itself.
            limiter.release(partner, ended(outcome), now_us);
        }
        if let Told::Counted(took_us) | Told::NotCounted(took_us) = told
            && let Some(failed) = outcome.failed()
        {
            // How the component does is one thing, which era of its breaker it counts for is another.
            one.vitals.record(now_us, now_us, !failed, Some(took_us), error as u16);
            let watched = one.detector.is_some() && now_us >= one.watch_from_us;
            if failed {
                self.suspect(slot, now_us);
            } else if watched {
                self.watch(slot, took_us as f64, now_us);
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
        if let Some(count) = self.shed.get_mut(tier as usize) {
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

    /// How many calls to a component may be in flight; infinite where there is no limit or it is unknown.
    pub fn limit(&mut self, component: u32) -> f64 {
        let slot = self.components.names.find(component);
        let limiter = slot.and_then(|slot| self.components.get(slot)).and_then(|one| one.limiter.as_ref());
        limiter.map_or(f64::INFINITY, |limiter| f64::from(limiter.limit()))
    }

    /// The limit of a component stays between these from now on, each 1 to 2^20. False where it has none, or is unknown.
    pub fn set_limit_bounds(&mut self, component: u32, min: u32, max: u32, now_us: f64) -> bool {
        let now_us = self.clock.advance(time_us(now_us));
        let Some(slot) = self.components.names.find(component) else { return false };
        let Some(limiter) = self.components.get_mut(slot).and_then(|one| one.limiter.as_mut()) else {
            return false;
        };
        let (min, max) = (min.clamp(1, LIMIT_MAX), max.clamp(1, LIMIT_MAX));
        limiter.set_bounds(min, max.max(min));
        let name = self.components.name_at(slot).into();
        self.journal.push(now_us, Body::Bounds(name, min, max.max(min)));
        true
    }

    /// Something about a component was changed for the better, by the application or a tuner: counted, and journaled with what
    /// it says (1 to 128 bytes). False where the component is unknown.
    pub fn optimised(&mut self, component: u32, what: &str, now_us: f64) -> Result<bool> {
        if what.is_empty() || what.len() > NAME_BYTES_MAX {
            let wanted = format_args!("expected 1 to {NAME_BYTES_MAX} bytes, got {}", Quoted(what));
            return Err(Error::new(Code::InvalidOption, format_args!("optimised.what: {wanted}")));
        }
        let now_us = self.clock.advance(time_us(now_us));
        let Some(slot) = self.components.names.find(component) else { return Ok(false) };
        if let Some(one) = self.components.get_mut(slot) {
            one.optimisations += 1;
            self.counts.optimisations += 1;
        }
        let name = self.components.name_at(slot).into();
        self.journal.push(now_us, Body::Optimised(name, what.into()));
        Ok(true)
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

/// An outcome as a limiter sees it.
fn ended(outcome: Outcome) -> Ended {
    match outcome {
        Outcome::Success | Outcome::Failure => Ended::Served,
        Outcome::TimedOut | Outcome::Rejected => Ended::Dropped,
        Outcome::Ignored => Ended::Ignored,
    }
}

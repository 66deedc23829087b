//! Cascades: several components that fail together are one event, with one cause, one witness and one answer.
//!
//! A component is affected while its share of errors within the window is high, with enough calls. Affected components belong
//! together where one calls the other, or both call a third; of one that nothing is known about it is assumed. Enough that
//! belong together are a cascade.
//!
//! The answer is bounded: breakers are opened in the order of blame up to a share of all components, and load is shed from the
//! lowest tiers. It is taken back in stages, each after a quiet time. Whatever joins meanwhile belongs to the same cascade.

mod config;
mod graph;
mod respond;

pub use config::{CascadeConfig, Opens};
pub use graph::{CALLEES_MAX, Calls, Groups};

use crate::component::Components;
use alloc::vec::Vec;

/// Tiers that are never shed for a cascade: emergency and strategic.
pub const KEPT_TIERS: u32 = 2;
/// Number of tiers.
pub const TIERS: u32 = 5;

/// A cascade that is going on, or being recovered from.
#[derive(Clone, Debug)]
pub struct Ongoing {
    /// Number of its witness.
    pub witness: u64,
    /// Since when nothing is affected and no breaker is open.
    quiet_since_us: u64,
    /// How many tiers are shed.
    pub shed_tiers: u32,
    /// How many components belong to it: those whose `cascade` is its number.
    pub members: usize,
    /// Those whose breakers it opened.
    opened: Vec<u32>,
}

/// The cascade reflex.
///
/// Bound: a handle for each affected component, two lists of them at most.
#[derive(Clone, Debug)]
pub struct Cascade {
    config: CascadeConfig,
    /// Slots of the affected components.
    affected: Vec<u32>,
    /// The one that is going on.
    pub ongoing: Option<Ongoing>,
    /// Cascades so far.
    pub count: u64,
}

impl Cascade {
    /// Nothing affected.
    pub fn new(config: CascadeConfig) -> Self {
        Self { config, affected: Vec::new(), ongoing: None, count: 0 }
    }

    /// Its options.
    pub fn config(&self) -> &CascadeConfig {
        &self.config
    }

    /// From this tier on, load is shed; `TIERS` where none is.
    pub fn sheds_from(&self) -> u32 {
        TIERS - self.ongoing.as_ref().map_or(0, |ongoing| ongoing.shed_tiers)
    }

    /// Whether a component's present tally makes it affected.
    #[inline]
    fn is_bad(&self, tally: crate::breaker::Tally) -> bool {
        tally.calls >= self.config.minimum_calls && tally.failure_rate() >= self.config.error_rate
    }

    /// A component had an error. True when it became affected by it: then look for a cascade.
    #[inline]
    pub fn note(&mut self, components: &mut Components, slot: usize, now_us: u64) -> bool {
        let Some(component) = components.get_mut(slot) else { return false };
        if component.affected || !self.is_bad(component.vitals.tally(now_us)) {
            return false;
        }
        component.affected = true;
        // A slot may have been given to another name since it was listed.
        if !self.affected.contains(&(slot as u32)) {
            self.affected.push(slot as u32);
        }
        true
    }

    /// Lets go of what is no longer affected.
    pub fn refresh(&mut self, components: &mut Components, now_us: u64) {
        let mut affected = core::mem::take(&mut self.affected);
        affected.retain(|slot| {
            let Some(component) = components.get_mut(*slot as usize) else { return false };
            component.affected = component.affected && self.is_bad(component.vitals.tally(now_us));
            component.affected
        });
        self.affected = affected;
    }

    /// The affected components that make a cascade; empty where they do not.
    pub fn find(&self, components: &Components) -> Vec<u32> {
        let least = self.config.min_components as usize;
        if self.affected.len() < least {
            return Vec::new();
        }
        // Places of the callees come behind those of the affected themselves.
        let mut slots: Vec<usize> = self.affected.iter().map(|slot| *slot as usize).collect();
        let mut edges = Vec::new();
        let mut strangers = Vec::new();
        for (place, slot) in self.affected.iter().enumerate() {
            let Some(component) = components.get(*slot as usize) else { continue };
            if component.calls.unknown() {
                strangers.push(place);
            }
            let callees = component.calls.callees().iter();
            edges.extend(
                callees.filter_map(|callee| components.names.find(*callee)).map(|slot| (place, slot)),
            );
        }
        slots.extend(edges.iter().map(|(_, slot)| *slot));
        respond::sort_by(&mut slots, |_| 0);
        slots.dedup();
        let at = |slot: usize| slots.binary_search(&slot).unwrap_or(0);
        let mut groups = Groups::new(slots.len());
        for (place, callee) in edges {
            groups.join(at(self.affected[place] as usize), at(callee));
        }
        let root = |groups: &mut Groups, place: usize| groups.find(at(self.affected[place] as usize));
        let mut sizes: Vec<(usize, usize)> = Vec::new();
        for place in (0..self.affected.len()).filter(|place| !strangers.contains(place)) {
            let group = root(&mut groups, place);
            match sizes.iter_mut().find(|(known, _)| *known == group) {
                Some((_, size)) => *size += 1,
                None => sizes.push((group, 1)),
            }
        }
        let largest = sizes.iter().max_by_key(|(group, size)| (*size, core::cmp::Reverse(*group))).copied();
        let size = largest.map_or(0, |(_, size)| size) + strangers.len();
        if size < least {
            return Vec::new();
        }
        let belongs = |groups: &mut Groups, place: usize| {
            strangers.contains(&place) || largest.is_some_and(|(group, _)| root(groups, place) == group)
        };
        (0..self.affected.len())
            .filter(|place| belongs(&mut groups, *place))
            .map(|place| self.affected[place])
            .collect()
    }
}

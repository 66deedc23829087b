//! What is done about a cascade, and how it is taken back.

use super::{Cascade, KEPT_TIERS, Ongoing, Opens, TIERS};
use crate::breaker::{Cause, State};
use crate::component::Components;
use crate::ledger::Ledger;
use crate::witness::{Link, Witness};
use alloc::{string::ToString, vec, vec::Vec};

/// Where the blame lies: the affected, the likely root cause first.
struct Blame {
    /// Slots; whoever calls an affected component comes after it.
    order: Vec<usize>,
    /// How many of them have no affected callee.
    roots: usize,
}

impl Cascade {
    /// Answers a cascade of these slots: opens breakers, sheds load. Its witness.
    pub fn respond(
        &mut self,
        components: &mut Components,
        ledger: &mut Ledger,
        slots: &[u32],
        trigger: usize,
        now_us: u64,
    ) -> Witness {
        let blame = blame(components, slots);
        let total = components.names.len();
        self.count += 1;
        let half = slots.len() * 2 >= total;
        let shed_tiers = if half { TIERS - KEPT_TIERS } else { TIERS - KEPT_TIERS - 1 };
        let mut ongoing = Ongoing {
            witness: self.count,
            quiet_since_us: now_us,
            shed_tiers,
            members: slots.len(),
            opened: Vec::new(),
        };
        for slot in slots {
            if let Some(one) = components.get_mut(*slot as usize) {
                one.cascade = self.count;
            }
        }
        let mut witness = Witness::new(self.count, now_us, &self.config);
        witness.total = total;
        witness.shed_from_tier = TIERS - shed_tiers;
        witness.trigger = components.name_at(trigger).to_string();
        witness.root = blame.order.first().map_or("", |slot| components.name_at(*slot)).to_string();
        witness.affected = slots.len();
        for slot in &blame.order {
            witness.describe(components, *slot, now_us);
        }
        witness.chain = chain(components, &blame);
        self.open(components, ledger, &blame, &mut ongoing, now_us, &mut witness);
        self.ongoing = Some(ongoing);
        witness
    }

    fn open(
        &self,
        components: &mut Components,
        ledger: &mut Ledger,
        blame: &Blame,
        ongoing: &mut Ongoing,
        now_us: u64,
        witness: &mut Witness,
    ) {
        let config = &self.config;
        let candidates = match config.opens {
            Opens::Affected => blame.order.len(),
            Opens::Roots => blame.roots,
            Opens::Nothing => 0,
        };
        let cap = (config.max_open_share * components.local() as f64) as usize;
        let mut open = components.count_open(ledger, now_us);
        let mut rank = 0;
        for slot in blame.order.iter().take(candidates) {
            let handle = components.names.at(*slot);
            let Some(component) = components.get_mut(*slot) else { continue };
            // Nobody calls it here, so there is nothing to hold back; who calls it has a breaker of its own.
            if component.remote {
                witness.spared_elsewhere += 1;
                continue;
            }
            // Nobody is protected by closing the door that requests come in by: there load is shed instead.
            if component.calls.is_entry() {
                witness.spared_entries += 1;
                continue;
            }
            if matches!(component.breaker.number(), 1 | 3) {
                witness.open_already += 1;
                continue;
            }
            if open >= cap {
                witness.spared_by_cap += 1;
                continue;
            }
            let at_least_us = config.open_us.saturating_add(config.stagger_us.saturating_mul(rank));
            if component.breaker.trip(ledger, now_us, Cause::Cascade, at_least_us) {
                open += 1;
                rank += 1;
                ongoing.opened.extend(handle);
                witness.opened(components.name_at(*slot));
            }
        }
    }

    /// Lets time pass in a cascade: true when a stage was taken back. What is still affected, or still open, starts the quiet
    /// time anew.
    pub fn settle(&mut self, components: &mut Components, ledger: &mut Ledger, now_us: u64) -> bool {
        let Some(ongoing) = &mut self.ongoing else { return false };
        let mut joined = false;
        for slot in &self.affected {
            if let Some(one) = components.get_mut(*slot as usize)
                && one.cascade != ongoing.witness
            {
                one.cascade = ongoing.witness;
                ongoing.members += 1;
                joined = true;
            }
        }
        let open = ongoing.opened.iter().any(|handle| {
            let slot = components.names.find(*handle);
            let component = slot.and_then(|slot| components.get_mut(slot));
            component.is_some_and(|one| match one.breaker.state(ledger, now_us) {
                State::Closed { .. } => false,
                State::Open { .. } => true,
                // One that nobody probes holds nothing up.
                State::HalfOpen { since_us, .. } => now_us.saturating_sub(since_us) < self.config.stage_us,
            })
        });
        if joined {
            ongoing.shed_tiers = TIERS - KEPT_TIERS;
        }
        if open || !self.affected.is_empty() {
            ongoing.quiet_since_us = now_us;
            return joined;
        }
        if now_us.saturating_sub(ongoing.quiet_since_us) < self.config.stage_us {
            return false;
        }
        ongoing.quiet_since_us = now_us;
        ongoing.shed_tiers -= 1;
        if ongoing.shed_tiers == 0 {
            self.ongoing = None;
        }
        true
    }

    /// How many components belong to the ongoing cascade.
    pub fn members(&self) -> usize {
        self.ongoing.as_ref().map_or(0, |ongoing| ongoing.members)
    }
}

/// How deep calls are followed from the root causes.
const DEPTH_MAX: usize = 64;

/// Callees before callers, then by when the errors began: errors travel from the called to the caller.
fn blame(components: &Components, slots: &[u32]) -> Blame {
    let mut left: Vec<usize> = slots.iter().map(|slot| *slot as usize).collect();
    let onset = |slot: usize| components.get(slot).and_then(|one| one.vitals.onset_us).unwrap_or(u64::MAX);
    sort_by(&mut left, onset);
    let mut waits = vec![false; left.iter().max().map_or(0, |slot| slot + 1)];
    left.iter().for_each(|slot| waits[*slot] = true);
    let mut order = Vec::with_capacity(left.len());
    let mut roots = 0;
    for _ in 0..DEPTH_MAX {
        let explained = |slot: usize| {
            let mut callees = callees(components, slot);
            callees.any(|callee| callee != slot && waits.get(callee) == Some(&true))
        };
        let (mut waiting, mut ready): (Vec<usize>, Vec<usize>) =
            left.iter().partition(|slot| explained(**slot));
        if ready.is_empty() && !waiting.is_empty() {
            // A circle of calls: the earliest of it goes first.
            ready.push(waiting.remove(0));
        }
        if order.is_empty() {
            roots = ready.len();
        }
        ready.iter().for_each(|slot| waits[*slot] = false);
        order.append(&mut ready);
        left = waiting;
    }
    order.append(&mut left);
    Blame { order, roots }
}

/// By time, and of the same time by slot. One kind of sorting for the whole module: each is some kilobytes of WebAssembly.
pub(super) fn sort_by(slots: &mut Vec<usize>, time: impl Fn(usize) -> u64) {
    let mut keyed: Vec<(u64, usize)> = slots.iter().map(|slot| (time(*slot), *slot)).collect();
    keyed.sort_unstable();
    slots.clear();
    slots.extend(keyed.iter().map(|(_, slot)| *slot));
}

/// Slots of those that a component calls.
fn callees(components: &Components, slot: usize) -> impl Iterator<Item = usize> + '_ {
    let handles = components.get(slot).map_or(&[][..], |one| one.calls.callees());
    handles.iter().filter_map(|handle| components.names.find(*handle))
}

/// From the latest to fail back to the likely root cause: times never rise, and each link names the one that it is blamed on.
fn chain(components: &Components, blame: &Blame) -> Vec<Link> {
    let Some(root) = blame.order.first() else { return Vec::new() };
    let onset = |slot: usize| components.get(slot).and_then(|one| one.vitals.onset_us).unwrap_or(0);
    let mut others: Vec<usize> = blame.order.iter().skip(1).copied().collect();
    sort_by(&mut others, onset);
    others.reverse();
    // What began to fail before the root did was not caused by it.
    others.retain(|slot| onset(*slot) >= onset(*root));
    others.truncate(Witness::DESCRIBED_MAX - 1);
    let place = |slot: usize| blame.order.iter().position(|one| *one == slot).unwrap_or(usize::MAX);
    let link = |slot: usize| {
        let blamed = callees(components, slot)
            .filter(|callee| place(*callee) < place(slot))
            .min_by_key(|callee| place(*callee));
        Link {
            component: components.name_at(slot).to_string(),
            at_us: onset(slot),
            blames: blamed.map_or("", |slot| components.name_at(slot)).to_string(),
        }
    };
    others.iter().copied().chain([*root]).map(link).collect()
}

//! What the reflex makes of what it sees.

use super::{AGGREGATE_US, Reflex};
use crate::clock::time_us;
use crate::component::Component;
use crate::event::{Event, Kind, RECORD_BYTES};
use crate::journal::Body;
use crate::ledger::{TRANSITIONS_MAX, Transition};
use crate::names::NAME_BYTES_MAX;
use crate::patterns::Finding;
use crate::regression::Regression;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::mem::size_of;

/// Most notices that wait to be read.
pub const NOTICES_MAX: usize = 1024;

/// What an application may want to hear of.
#[derive(Clone, Debug)]
pub(super) enum Notice {
    Breaker(String, Transition),
    /// A cascade was found, a stage of it was taken back, or it is over: number of the witness, and what was done.
    Cascade(u64),
    Stage(u64, u32, u64),
    Recovered(u64, u64),
    Pattern(String, Finding, String),
    Regression(String, u64, Regression),
}

/// Most latencies that wait for the detectors: what is called per request only notes them.
pub(super) const LATENCIES_MAX: usize = 1024;

/// A detector is shown at most one latency of its component in so long: 2000 a second tell as much as all.
const WATCH_US: u64 = 500;

/// Bytes that what waits to be read or shown takes at most: notices, latencies, transitions.
pub const QUEUES_BYTES_MAX: usize = NOTICES_MAX * (size_of::<Notice>() + 3 * NAME_BYTES_MAX)
    + LATENCIES_MAX * size_of::<Latency>()
    + TRANSITIONS_MAX * size_of::<Transition>();

/// A call of the component in a slot went well.
#[derive(Clone, Copy, Debug)]
pub(super) struct Latency {
    slot: u32,
    at_us: u64,
    took_us: f64,
}

/// What was counted since the start.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    /// Events that were taken.
    pub events: u64,
    /// Records that were no events.
    pub malformed: u64,
    /// Events of components that are not known.
    pub unknown: u64,
    /// Calls that were shed.
    pub shed: u64,
    /// Changes for the better.
    pub optimisations: u64,
    /// Notices that were not read in time.
    pub notices: u64,
    /// Transitions that did not fit.
    pub transitions: u64,
}

impl Reflex {
    /// One structural event, field by field (see `event`): 1 where it was taken, 0 where it is none or its component unknown;
    /// and `CHANGED` where there are notices.
    #[allow(clippy::too_many_arguments, reason = "the fields of a record, in its order")]
    pub fn record(
        &mut self,
        kind: u32,
        flags: u32,
        error: u32,
        component: u32,
        time: f64,
        request: f64,
        peer: u32,
        value: f64,
    ) -> u32 {
        let event = Event::from_parts(kind, flags, error, component, time, request, peer, value);
        if let Some(event) = event {
            self.clock.advance(event.time_us);
        }
        u32::from(self.take_event(event)) | self.changed()
    }

    /// Records of 32 bytes, one after the other; how many were taken. Bytes behind the last whole record are counted as one
    /// that is none. What is malformed or of unknown components is counted and skipped; what claims to lie in the future counts as
    /// now, since the clock is not another process's to move.
    pub fn ingest(&mut self, records: &[u8], now_us: f64) -> u32 {
        self.clock.advance(time_us(now_us));
        let (whole, rest) = records.as_chunks::<RECORD_BYTES>();
        let taken = whole.iter().map(|record| u32::from(self.take_event(Event::decode(record)))).sum();
        self.counts.malformed += u64::from(!rest.is_empty());
        taken
    }

    fn take_event(&mut self, event: Option<Event>) -> bool {
        let Some(event) = event else {
            self.counts.malformed += 1;
            return false;
        };
        let names = &self.components.names;
        let (Some(slot), peer) = (names.find(event.component), names.find(event.peer)) else {
            self.counts.unknown += 1;
            return false;
        };
        let needs_peer = matches!(event.kind, Kind::Call | Kind::CallReturn);
        if needs_peer && peer.is_none() {
            self.counts.unknown += 1;
            return false;
        }
        self.counts.events += 1;
        // An event may come late, in a batch; windows follow the latest time known, durations the event's own.
        let now_us = self.clock.now_us();
        let event = Event { time_us: event.time_us.min(now_us), ..event };
        self.components.names.touch(slot);
        match event.kind {
            Kind::RequestStart => self.patterns.start(event.request, event.component, event.time_us),
            Kind::Call => {
                self.patterns.step(event.request, event.component, event.peer, event.time_us);
                if let Some(one) = self.components.get_mut(slot) {
                    one.calls.note(event.peer);
                }
                if let Some(one) =
                    peer.filter(|peer| *peer != slot).and_then(|peer| self.components.get_mut(peer))
                {
                    one.calls.called = true;
                }
            }
            Kind::RequestEnd => {
                let latency_us = (event.value > 0.0).then_some(event.value);
                let components = &mut self.components;
                let ok = event.ok && !event.refused;
                self.patterns.end(components, event.request, event.component, ok, latency_us, event.time_us);
                self.ended(slot, &event, latency_us, now_us);
                self.observe_findings();
            }
            Kind::CallReturn => {
                let latency_us = (event.value > 0.0).then_some(event.value);
                self.ended(peer.unwrap_or(slot), &event, latency_us, now_us);
            }
            Kind::ResourceSpike | Kind::QueueDepth | Kind::Breaker => self.state_of(slot, &event),
        }
        true
    }

    /// A call of a component ended. Refusals say nothing about it.
    fn ended(&mut self, slot: usize, event: &Event, latency_us: Option<f64>, now_us: u64) {
        if event.refused {
            return;
        }
        if let Some(one) = self.components.get_mut(slot) {
            one.vitals.record(now_us, event.time_us, event.ok, latency_us.map(time_us), event.error);
        }
        if !event.ok {
            self.suspect(slot, now_us);
        } else if let Some(took_us) = latency_us {
            self.watch(slot, took_us, now_us);
        }
    }

    fn state_of(&mut self, slot: usize, event: &Event) {
        let Some(one) = self.components.get_mut(slot) else { return };
        match event.kind {
            Kind::QueueDepth => one.vitals.queue_depth = event.value,
            Kind::Breaker => one.vitals.remote_breaker = event.value as u8,
            _ => one.vitals.spike = Some((event.time_us, event.peer, event.value)),
        }
    }

    /// A component had an error: is this a cascade?
    #[inline]
    pub(super) fn suspect(&mut self, slot: usize, now_us: u64) {
        if self.cascade.note(&mut self.components, slot, now_us) && self.cascade.ongoing.is_none() {
            self.look_for_cascade(slot, now_us);
        }
    }

    #[cold]
    fn look_for_cascade(&mut self, trigger: usize, now_us: u64) {
        self.cascade.refresh(&mut self.components, now_us);
        let slots = self.cascade.find(&self.components);
        if slots.is_empty() {
            return;
        }
        let witness = self.cascade.respond(&mut self.components, &mut self.ledger, &slots, trigger, now_us);
        let entry = Body::Cascade(
            witness.number,
            witness.root.clone(),
            witness.affected as u64,
            witness.opened_count as u64,
            witness.shed_from_tier,
        );
        self.journal.push(now_us, entry);
        self.notify(Notice::Cascade(witness.number));
        self.witnesses.push(witness);
        self.sheds_from = self.cascade.sheds_from();
        self.observe_transitions();
    }

    /// Lets time pass: open periods end, leases end, a cascade is taken back in stages, aggregates are journaled. Meant to be
    /// called every 100 ms or so. `CHANGED` where there are notices.
    pub fn tick(&mut self, now_us: f64) -> u32 {
        let now_us = self.clock.advance(time_us(now_us));
        self.components.count_open(&mut self.ledger, now_us);
        self.patterns.expire(now_us);
        self.observe_latencies();
        self.cascade.refresh(&mut self.components, now_us);
        self.recover(now_us);
        if now_us.saturating_sub(self.aggregate_us) >= AGGREGATE_US {
            self.aggregate_us = now_us;
            for tier in 0..self.shed.len() {
                let count = core::mem::take(&mut self.shed[tier]);
                if count > 0 {
                    self.journal.push(now_us, Body::Shed(tier as u32, count));
                }
            }
            self.journal_limits(now_us);
        }
        self.observe_transitions();
        self.changed()
    }

    fn journal_limits(&mut self, now_us: u64) {
        let slots: Vec<usize> = self.components.names.used().collect();
        for slot in slots {
            let change = self.components.get_mut(slot).and_then(Component::take_limit_change);
            if let Some((before, limit)) = change {
                let name = self.components.name_at(slot).to_string();
                self.counts.optimisations += 1;
                self.journal.push(now_us, Body::Limit(name, before, limit));
            }
        }
    }

    fn recover(&mut self, now_us: u64) {
        let Some(number) = self.cascade.ongoing.as_ref().map(|ongoing| ongoing.witness) else { return };
        let changed = self.cascade.settle(&mut self.components, &mut self.ledger, now_us);
        let members = self.cascade.members();
        let tier = self.cascade.sheds_from();
        if let Some(witness) = self.witnesses.get_mut(number)
            && members > 0
        {
            witness.joined = members.saturating_sub(witness.affected);
        }
        if !changed {
            return;
        }
        if tier != self.sheds_from {
            self.journal.push(now_us, Body::Stage(number, tier));
            self.notify(Notice::Stage(number, tier, now_us));
            self.sheds_from = tier;
        }
        if self.cascade.ongoing.is_none() {
            self.journal.push(now_us, Body::Recovered(number));
            self.notify(Notice::Recovered(number, now_us));
            if let Some(witness) = self.witnesses.get_mut(number) {
                witness.recovered_us = Some(now_us);
            }
        }
    }

    /// Notes a latency for the component's detector.
    #[inline]
    pub(super) fn watch(&mut self, slot: usize, took_us: f64, at_us: u64) {
        let Some(one) = self.components.get_mut(slot) else { return };
        if one.detector.is_none() || at_us < one.watch_from_us {
            return;
        }
        one.watch_from_us = at_us.saturating_add(WATCH_US);
        self.latencies.push(Latency { slot: slot as u32, at_us, took_us });
        if self.latencies.len() >= LATENCIES_MAX {
            self.observe_latencies();
        }
    }

    /// Shows the detectors what was noted.
    #[cold]
    pub(super) fn observe_latencies(&mut self) {
        for at in 0..self.latencies.len() {
            let Latency { slot, at_us, took_us } = self.latencies[at];
            let one = self.components.get_mut(slot as usize);
            let detector = one.and_then(|one| one.detector.as_mut());
            if let Some(found) = detector.and_then(|detector| detector.record(at_us, took_us)) {
                let name = self.components.name_at(slot as usize).to_string();
                self.journal.push(at_us, Body::Regression(name.clone(), found));
                self.notify(Notice::Regression(name, at_us, found));
            }
        }
        self.latencies.clear();
    }

    #[cold]
    pub(super) fn observe_transitions(&mut self) {
        if !self.ledger.changed() {
            return;
        }
        let (transitions, dropped) = self.ledger.take();
        self.counts.transitions += dropped;
        for transition in transitions {
            let name = self.components.name_at(transition.owner as usize).to_string();
            self.journal.push(transition.at_us, Body::Breaker(name.clone(), transition));
            self.notify(Notice::Breaker(name, transition));
        }
    }

    fn observe_findings(&mut self) {
        while let Some(finding) = self.patterns.take() {
            let entry = self.components.names.name(finding.entry).to_string();
            let step = match finding.step {
                0 => String::new(),
                step => {
                    let names = &self.components.names;
                    let (who, whom) = (names.name((step >> 32) as u32), names.name(step as u32));
                    alloc::format!("{who} -> {whom}")
                }
            };
            self.notify(Notice::Pattern(entry, finding, step));
        }
    }

    fn notify(&mut self, notice: Notice) {
        if self.notices.len() == NOTICES_MAX {
            self.notices.pop_front();
            self.counts.notices += 1;
        }
        self.notices.push_back(notice);
    }
}

//! What the reflex tells: notices, health, metrics, witnesses, patterns.

use super::Reflex;
use super::observe::Notice;
use crate::breaker::{describe, transition};
use crate::clock::time_us;
use crate::component::Component;
use crate::journal::regression;
use crate::patterns::{Deviation, Finding, LEARNED_AT};
use alloc::{format, string::String, vec::Vec};
use core::fmt::Write;
use homeostat_core::json::{Number, Writer};

/// Most components, of those touched most recently, that a report names one by one.
const REPORTED_MAX: usize = 256;

/// Witnesses of the last while count as recent.
const RECENT_US: u64 = 300_000_000;

/// States that a breaker in another process may tell, by their number.
const REMOTE_STATES: [&str; 5] = ["closed", "open", "half-open", "forced-open", "disabled"];

/// How a component does, in one word.
fn verdict(one: &Component) -> &'static str {
    match one.breaker.number() {
        0 | 4 if one.affected => "failing",
        0 | 4 => "healthy",
        2 => "recovering",
        _ => "open",
    }
}

impl Reflex {
    /// Takes the notices since the last time, oldest first, as a JSON array.
    pub fn take_notices(&mut self) -> String {
        let mut out = String::new();
        let notices = core::mem::take(&mut self.notices);
        Writer::new(&mut out)
            .array(|w| notices.iter().for_each(|notice| w.object(|w| self.write_notice(notice, w))));
        out
    }

    fn write_notice(&self, notice: &Notice, w: &mut Writer) {
        match notice {
            Notice::Breaker(name, change) => {
                w.key("notice").str("breaker");
                w.key("component").str(name);
                transition(w, change);
            }
            Notice::Cascade(number) => {
                w.key("notice").str("cascade");
                if let Some(witness) = self.witnesses.iter().find(|one| one.number == *number) {
                    witness.write(w);
                }
            }
            Notice::Stage(number, tier, at_us) => {
                w.key("notice").str("stage");
                w.key("time_us").uint(*at_us);
                w.key("witness").uint(*number);
                w.key("shed_from_tier").uint((*tier).into());
            }
            Notice::Recovered(number, at_us) => {
                w.key("notice").str("recovered");
                w.key("time_us").uint(*at_us);
                w.key("witness").uint(*number);
            }
            Notice::Regression(name, at_us, found) => {
                w.key("notice").str("regression");
                w.key("time_us").uint(*at_us);
                w.key("component").str(name);
                regression(found, w);
            }
            Notice::Pattern(entry, finding, step) => pattern(entry, finding, step, w),
        }
    }

    /// Health as JSON: totals, and the state of the components that were touched most recently.
    pub fn health(&mut self, now_us: f64) -> String {
        let now_us = self.clock.advance(time_us(now_us));
        let open = self.components.count_open(&mut self.ledger, now_us);
        self.observe_transitions();
        let slots: Vec<usize> = self.components.names.recent().take(REPORTED_MAX).collect();
        let recent = self.witnesses.iter().filter(|one| now_us.saturating_sub(one.at_us) < RECENT_US).count();
        let mut out = String::new();
        Writer::new(&mut out).object(|w| {
            let ongoing = self.cascade.ongoing.as_ref().map(|ongoing| ongoing.witness);
            w.key("state").str(if ongoing.is_some() {
                "cascade"
            } else if open > 0 {
                "degraded"
            } else {
                "healthy"
            });
            w.key("components").uint(self.components.names.len() as u64);
            w.key("open_breakers").uint(open as u64);
            w.key("patterns_learned").uint(self.patterns.learned);
            w.key("violations").uint(self.patterns.violations);
            w.key("cascades").uint(self.cascade.count);
            w.key("recent_witnesses").uint(recent as u64);
            w.key("optimisations_applied").uint(self.counts.optimisations);
            match ongoing {
                Some(number) => w.key("ongoing_witness").uint(number),
                None => w.key("ongoing_witness").null(),
            }
            w.key("shed_from_tier").uint(self.sheds_from.into());
            w.key("in_flight").uint(self.ledger.leases.live().into());
            w.key("open_requests").uint(self.patterns.open_traces() as u64);
            w.key("events").uint(self.counts.events);
            w.key("bytes_max").uint(self.config.bytes_max() as u64);
            w.key("dropped")
                .object(|w| self.dropped().iter().for_each(|(key, count)| w.key(key).uint(*count)));
            w.key("component_states").array(|w| {
                for slot in &slots {
                    w.object(|w| self.write_component(*slot, now_us, w));
                }
            });
        });
        out
    }

    fn dropped(&self) -> [(&'static str, u64); 10] {
        [
            ("malformed_events", self.counts.malformed),
            ("unknown_components", self.counts.unknown),
            ("shed_calls", self.counts.shed),
            ("components", self.components.names.evicted),
            ("requests", self.patterns.lost_traces),
            ("patterns", self.patterns.lost_patterns),
            ("findings", self.patterns.lost_findings),
            ("notices", self.counts.notices),
            ("journal_entries", self.journal.lost + self.counts.transitions),
            ("clock_steps_back", self.clock.backwards()),
        ]
    }

    fn write_component(&mut self, slot: usize, now_us: u64, w: &mut Writer) {
        w.key("component").str(self.components.name_at(slot));
        let error_name = {
            let class = self.components.get(slot).map_or(0, |one| one.vitals.error);
            self.errors.get(usize::from(class).wrapping_sub(1)).cloned()
        };
        let spike = self.components.get(slot).and_then(|one| one.vitals.spike);
        let resource =
            spike.map_or(String::new(), |(_, handle, _)| self.components.names.name(handle).into());
        let Some(one) = self.components.get_mut(slot) else { return };
        w.key("health").str(verdict(one));
        let tally = one.vitals.tally(now_us);
        w.key("calls").uint(one.vitals.calls);
        w.key("errors").uint(one.vitals.failed);
        w.key("recent_calls").uint(tally.calls.into());
        w.key("recent_error_rate").num(tally.failure_rate());
        w.key("p99_us").num(one.vitals.p99_us(now_us));
        w.key("queue_depth").num(one.vitals.queue_depth);
        w.key("optimisations").uint(one.optimisations);
        if one.remote {
            w.key("remote").bool(true);
        }
        if let Some(name) = error_name {
            w.key("last_error").str(&name);
        }
        if let Some(name) = REMOTE_STATES.get(usize::from(one.vitals.remote_breaker)) {
            w.key("remote_breaker").str(name);
        }
        if let Some((at_us, _, value)) = one.vitals.spike {
            w.key("spike").object(|w| {
                w.key("time_us").uint(at_us);
                w.key("resource").str(&resource);
                w.key("value").num(value);
            });
        }
        if let Some(limiter) = &one.limiter {
            w.key("limit").uint(limiter.limit().into());
        }
        w.key("breaker").object(|w| describe(w, &mut one.breaker, now_us));
    }

    /// One component's state as JSON, with its breaker's options; `{}` where it is unknown.
    pub fn explain(&mut self, component: u32, now_us: f64) -> String {
        let now_us = self.clock.advance(time_us(now_us));
        let slot = self.components.names.find(component);
        let mut out = String::new();
        Writer::new(&mut out).object(|w| {
            let Some(slot) = slot else { return };
            self.write_component(slot, now_us, w);
            if let Some(one) = self.components.get(slot) {
                w.key("options").object(|w| one.breaker.config().write(w));
                let callees = one.calls.callees().iter().map(|callee| self.components.names.name(*callee));
                w.key("calls_to")
                    .array(|w| callees.filter(|name| !name.is_empty()).for_each(|name| w.str(name)));
            }
        });
        out
    }

    /// The latest witnesses as a JSON array, oldest first.
    pub fn witnesses(&self) -> String {
        let mut out = String::new();
        Writer::new(&mut out).array(|w| self.witnesses.iter().for_each(|one| w.object(|w| one.write(w))));
        out
    }

    /// The patterns that were learned as a JSON array, at most 256, those that a request followed most recently first.
    pub fn patterns(&self) -> String {
        let mut out = String::new();
        let names = &self.components.names;
        Writer::new(&mut out).array(|w| {
            let learned = self.patterns.iter().filter(|(_, one)| one.count >= LEARNED_AT);
            for (signature, one) in learned.take(REPORTED_MAX) {
                w.object(|w| {
                    w.key("pattern").str(&signature_text(signature));
                    w.key("entry").str(names.name(one.entry));
                    w.key("calls").array(|w| {
                        one.steps.kept().iter().for_each(|step| w.str(names.name(*step as u32)));
                    });
                    w.key("count").uint(one.count);
                    w.key("expected_us").num(one.expected_us);
                    w.key("deviation_us").num(one.deviation_us);
                });
            }
        });
        out
    }

    /// Health in the OpenMetrics text format.
    pub fn metrics(&mut self, now_us: f64) -> String {
        let now_us = self.clock.advance(time_us(now_us));
        let open = self.components.count_open(&mut self.ledger, now_us);
        self.observe_transitions();
        let mut out = String::new();
        let mut family = |name: &str, kind: &str, help: &str, value: u64| {
            let total = if kind == "counter" { "_total" } else { "" };
            // A string takes everything.
            let _ = write!(
                out,
                "# TYPE homeostat_{name} {kind}\n# HELP homeostat_{name} {help}\nhomeostat_{name}{total} {value}\n"
            );
        };
        family("components", "gauge", "Components that are monitored.", self.components.names.len() as u64);
        family("open_breakers", "gauge", "Breakers that are open.", open as u64);
        family("in_flight", "gauge", "Calls in flight.", self.ledger.leases.live().into());
        family("shed_from_tier", "gauge", "Load of this tier and above is shed.", self.sheds_from.into());
        family("events", "counter", "Structural events.", self.counts.events);
        family("patterns_learned", "counter", "Patterns learned.", self.patterns.learned);
        family("violations", "counter", "Requests that differ from their pattern.", self.patterns.violations);
        family("cascades", "counter", "Cascades found.", self.cascade.count);
        family("optimisations", "counter", "Changes for the better.", self.counts.optimisations);
        for (key, value) in self.dropped() {
            family(
                &format!("dropped_{key}"),
                "counter",
                "What was left out for want of room or sense.",
                value,
            );
        }
        let slots: Vec<usize> = self.components.names.recent().take(REPORTED_MAX).collect();
        for (name, kind, help) in [
            ("component_calls", "counter", "Calls of a component that ended."),
            ("component_errors", "counter", "Calls of a component that failed."),
            ("component_p99_seconds", "gauge", "99th percentile of its latency within the window."),
            ("component_breaker_state", "gauge", "0 closed, 1 open, 2 half-open, 3 forced open, 4 disabled."),
        ] {
            let total = if kind == "counter" { "_total" } else { "" };
            let _ = write!(out, "# TYPE homeostat_{name} {kind}\n# HELP homeostat_{name} {help}\n");
            for slot in &slots {
                let label = label(self.components.name_at(*slot));
                let Some(one) = self.components.get_mut(*slot) else { continue };
                let value = match name {
                    "component_calls" => one.vitals.calls as f64,
                    "component_errors" => one.vitals.failed as f64,
                    "component_p99_seconds" => one.vitals.p99_us(now_us) / 1e6,
                    _ => f64::from(one.breaker.number()),
                };
                let _ = writeln!(out, "homeostat_{name}{total}{{component=\"{label}\"}} {}", Number(value));
            }
        }
        out.push_str("# EOF\n");
        out
    }
}

/// A label's value: backslash, quote and line feed escaped.
fn label(name: &str) -> String {
    name.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn signature_text(signature: u64) -> String {
    let mut out = String::new();
    signature.to_be_bytes().iter().for_each(|byte| homeostat_core::json::push_hex(&mut out, *byte));
    out
}

fn pattern(entry: &str, finding: &Finding, step: &str, w: &mut Writer) {
    w.key("notice").str(if finding.deviation.is_some() { "violation" } else { "pattern" });
    w.key("time_us").uint(finding.at_us);
    w.key("pattern").str(&signature_text(finding.pattern));
    w.key("entry").str(entry);
    if let Some(deviation) = finding.deviation {
        w.key("deviation").named(&Deviation::ALL, deviation);
        w.key("got_us").num(finding.got_us);
        w.key("by").num(finding.by);
    }
    w.key("expected_us").num(finding.expected_us);
    if !step.is_empty() {
        w.key("call").str(step);
    }
}

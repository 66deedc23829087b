//! Journals a change, then makes it: the one place where live values are written.

use super::{EPS, Push, SafetyExecutor};
use crate::journal::{Body, Evidence, Journal};
use crate::real::clamp;
use crate::safety::{ApplyKind, Verdict};
use crate::space::{KNOBS_MAX, Values};

impl SafetyExecutor {
    pub(super) fn propose(
        &mut self,
        now_us: u64,
        kind: ApplyKind,
        verdict: Verdict,
        evidence: Evidence,
        j: &mut Journal,
    ) -> u64 {
        self.proposals += 1;
        j.push(now_us, self.proposals, self.generation, Body::Proposal(kind, verdict, evidence));
        self.proposals
    }

    /// Signed way from the baseline to a target, per knob.
    pub(super) fn way(&self, target: &Values) -> Values {
        let knobs = self.space.knobs().iter();
        knobs.zip(self.baseline.iter().zip(target.iter())).map(|(k, (from, to))| k.way(*from, *to)).collect()
    }

    /// Journals, then changes the live values.
    pub(super) fn apply(
        &mut self,
        now_us: u64,
        id: u64,
        kind: ApplyKind,
        baseline: Values,
        offset: Values,
        j: &mut Journal,
    ) {
        let ordinary = kind.is_ordinary();
        let (mut live, mut values, mut baseline) = (self.live, self.values, baseline);
        let mut changed = [false; KNOBS_MAX];
        for i in 0..self.space.len() {
            if ordinary && baseline[i] == self.baseline[i] && offset[i] == self.offset[i] {
                continue;
            }
            let (mut unit, mut value, short) = self.settle(i, baseline[i], offset[i], ordinary);
            let knob = &self.space[i];
            let behind = knob.way(unit, baseline[i]).abs() > self.rails.probe_amplitude + EPS;
            if short && behind && kind != ApplyKind::Probe {
                // The baseline never goes where the live value cannot follow, nor anywhere else than it was asked to; on a
                // coarse grid it may be between two values.
                let back = knob.normalise(unit - offset[i]);
                let (asked, given) =
                    (knob.way(self.baseline[i], baseline[i]), knob.way(self.baseline[i], back));
                if given * asked < 0.0 || given.abs() > asked.abs() {
                    (baseline[i], unit, value) = (self.baseline[i], self.live[i], self.values[i]);
                } else {
                    baseline[i] = back;
                }
            }
            changed[i] = value != values[i];
            (live[i], values[i]) = (unit, value);
        }
        let before = self.baseline;
        let moved = before != baseline;
        let live_changed = changed.contains(&true);
        if live_changed || moved {
            let generation = self.generation + u64::from(live_changed);
            j.push(now_us, id, generation, Body::Apply(kind, values, baseline));
            self.updates.push(now_us);
        }
        (self.baseline, self.offset) = (baseline, offset);
        if !live_changed {
            return;
        }
        (self.live, self.values) = (live, values);
        self.generation += 1;
        self.changed_us = now_us;
        if self.space.knobs().iter().zip(changed).any(|(k, c)| k.push && c) {
            self.push = Some(Push { since: self.generation, restore: ordinary.then_some(before) });
        }
    }

    /// The live place and value of one knob, and whether it falls short of the target: rounding never makes an ordinary step
    /// too large, nor takes a probe out of its tube.
    fn settle(&self, i: usize, baseline: f64, offset: f64, ordinary: bool) -> (f64, f64, bool) {
        let knob = &self.space[i];
        let target = knob.normalise(baseline + offset);
        let place = |value: f64| if knob.resolution() == 0.0 { target } else { knob.to_unit(value) };
        let nearest = knob.to_value(target);
        if !ordinary || knob.kind.is_categorical() {
            return (place(nearest), nearest, false);
        }
        let live = self.live[i];
        let within = |from: f64, unit: f64, most: f64| knob.way(from, unit).abs() <= most + EPS;
        let (step, tube) = (self.rails.max_delta, self.rails.probe_amplitude);
        let good = |value: f64| {
            within(live, place(value), step) && (offset == 0.0 || within(baseline, place(value), tube))
        };
        if good(nearest) {
            return (place(nearest), nearest, false);
        }
        // Towards the baseline first, for a probe; else as far as the largest step goes.
        let way = clamp(knob.way(live, target), -step, step);
        let furthest = knob.normalise(live + way);
        for value in [knob.inward(target, baseline), knob.inward(furthest, live)] {
            if good(value) {
                return (knob.to_unit(value), value, true);
            }
        }
        (live, self.values[i], true)
    }
}

//! Journals a change, then makes it: the one place where live values are written.

use super::{EPS, Push, SafetyExecutor};
use crate::journal::{Body, Evidence, Journal};
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
        let ordinary = matches!(
            kind,
            ApplyKind::Probe | ApplyKind::Move | ApplyKind::Shadow | ApplyKind::Operator | ApplyKind::Trial
        );
        let mut live = self.live;
        let mut values = self.values;
        let mut changed = [false; KNOBS_MAX];
        for i in 0..self.space.len() {
            let (unit, value) = self.settle(i, baseline[i], offset[i], ordinary);
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
            self.push = Some(Push { generation: self.generation, baseline_before: Some(before) });
        } else if let Some(push) = &mut self.push {
            // The values of the generation being pushed are still the pushed knobs' values.
            push.generation = self.generation;
        }
    }

    /// The live place and value of one knob: rounding never makes an ordinary step too large.
    pub(super) fn settle(&self, i: usize, baseline: f64, offset: f64, ordinary: bool) -> (f64, f64) {
        let knob = &self.space[i];
        let target = knob.normalise(baseline + offset);
        let mut value = knob.to_value(target);
        let mut unit = if knob.resolution() == 0.0 { target } else { knob.to_unit(value) };
        if !ordinary || knob.kind.is_categorical() {
            return (unit, value);
        }
        let too_far = |unit: f64| knob.way(self.live[i], unit).abs() > self.rails.max_delta + EPS;
        let outside =
            |unit: f64| offset != 0.0 && knob.way(baseline, unit).abs() > self.rails.probe_amplitude + EPS;
        if too_far(unit) {
            value = knob.neighbour(value, self.values[i] - value);
            unit = knob.to_unit(value);
        } else if outside(unit) {
            let nearer = knob.neighbour(value, -knob.way(baseline, unit));
            let nearer_unit = knob.to_unit(nearer);
            if !too_far(nearer_unit) {
                (value, unit) = (nearer, nearer_unit);
            }
        }
        if too_far(unit) { (self.live[i], self.values[i]) } else { (unit, value) }
    }
}

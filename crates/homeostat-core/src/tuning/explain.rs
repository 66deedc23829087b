use super::Tuner;
use crate::json::Writer;
use crate::safety::{Control, Mode, SafeModeReason};
use crate::space::Learn;
use alloc::string::String;

impl Tuner {
    /// The present state as JSON: everything that `explain()` tells a person.
    pub fn explain(&self, now_us: u64) -> String {
        let exec = self.executor();
        let (windows, valid) = self.windows();
        let mut out = String::new();
        Writer::new(&mut out).object(|w| {
            w.key("generation").uint(exec.generation());
            w.key("mode").named(&Mode::ALL, exec.mode());
            w.key("control").named(&Control::ALL, exec.control());
            w.key("changed_us").uint(exec.changed_us());
            w.key("windows").uint(windows);
            w.key("valid_windows").uint(valid);
            w.key("regressions").uint(u64::from(exec.regressions()));
            w.key("trial").bool(self.trial_runs());
            w.key("away").bool(exec.is_away());
            if let Some(spsa) = self.spsa() {
                w.key("spsa").object(|w| spsa.explain(w));
            }
            match exec.safe_mode() {
                None => w.key("safe_mode").null(),
                Some(safe) => w.key("safe_mode").object(|w| {
                    w.key("reason").named(&SafeModeReason::ALL, safe.reason);
                    w.key("since_us").uint(safe.since_us);
                    match safe.until_us {
                        Some(t) => w.key("remaining_us").uint(t.saturating_sub(now_us)),
                        None => w.key("remaining_us").null(),
                    }
                }),
            }
            w.key("safe_mode_entries").uint(exec.safe_mode_entries());
            w.key("journal").object(|w| {
                w.key("queued").uint(self.journal().queued() as u64);
                w.key("dropped").uint(self.journal().dropped());
                w.key("lost").uint(self.journal().lost());
            });
            w.key("knobs").array(|w| (0..exec.space().len()).for_each(|i| self.explain_knob(i, w)));
        });
        out
    }

    /// The largest step of a knob's grid, and the largest that may be made on it, where that is smaller: ordinary updates
    /// keep the limit on steps, and what is learned by probes has to be seen from halfway between two values.
    fn coarse(&self, i: usize) -> Option<(f64, f64)> {
        let (knob, rails) = (&self.executor().space()[i], self.executor().guardrails());
        let most = match knob.learn {
            Learn::Probe => rails.max_delta.min(2.0 * rails.probe_amplitude),
            _ => rails.max_delta,
        };
        let step = knob.coarsest();
        (step > most + 1e-9).then_some((step, most))
    }

    fn explain_knob(&self, i: usize, w: &mut Writer) {
        let exec = self.executor();
        let knob = &exec.space()[i];
        w.object(|w| {
            w.key("name").str(&knob.name);
            w.key("value").num(exec.values()[i]);
            w.key("baseline").num(knob.to_value(exec.baseline()[i]));
            w.key("initial").num(knob.initial);
            match exec.certified() {
                Some(c) => w.key("certified").num(knob.to_value(c[i])),
                None => w.key("certified").null(),
            }
            w.key("unit").num(exec.live()[i]);
            w.key("learn").named(&Learn::ALL, knob.learn);
            w.key("frozen").bool(exec.is_frozen(i));
            if let Some((step, most)) = self.coarse(i) {
                w.key("coarse").object(|w| {
                    w.key("step").num(step);
                    w.key("most").num(most);
                    match knob.fine_from(most) {
                        Some(value) => w.key("fine_from").num(value),
                        None => w.key("fine_from").null(),
                    }
                });
            }
            let model = self.model();
            let slot =
                model.and_then(|m| m.knobs[..usize::from(m.len)].iter().position(|k| usize::from(*k) == i));
            if let (Some(m), Some(slot)) = (model, slot) {
                w.key("model").object(|w| {
                    w.key("gradient").num(m.gradient[slot]);
                    w.key("error").num(m.error[slot]);
                    w.key("curvature").num(m.curvature[slot]);
                });
            }
            if let Some((values, costs)) = self.shadow_of(i).curve() {
                w.key("shadow").object(|w| {
                    w.key("values").nums(values);
                    w.key("costs").nums(costs);
                    match self.shadow_of(i).target(knob, exec.baseline()[i]) {
                        Some((unit, _)) => w.key("target").num(knob.to_value(unit)),
                        None => w.key("target").null(),
                    }
                });
            }
            if let Some(value) = self.recommended(i) {
                w.key("recommended").num(value);
            }
            if exec.mode() == Mode::Recommend && knob.learn == Learn::Probe {
                w.key("advice").str("not identifiable without probing");
                let reach = exec.guardrails().probe_amplitude;
                let place = exec.baseline()[i];
                w.key("would_probe").nums(&[knob.to_value(place - reach), knob.to_value(place + reach)]);
            }
        });
    }
}

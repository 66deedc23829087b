//! Entries as JSON. The text is deterministic: fixed key order, numbers in their shortest exact form.

use super::entry::{Body, Entry, Evidence, ModelEvidence, ShadowInput, WindowInput};
use crate::digest::Validity;
use crate::json::Writer;
use crate::safety::{ApplyKind, SafeModeReason};
use alloc::string::String;

/// Writes an entry without its closing brace: the chain adds the hash.
pub(super) fn entry(entry: &Entry, run_id: &str, knobs: &[String], out: &mut String) {
    out.push('{');
    let mut w = Writer::new(out);
    w.key("seq").uint(entry.seq);
    w.key("event").str(event(&entry.body));
    w.key("time_us").uint(entry.time_us);
    w.key("run_id").str(run_id);
    match entry.proposal {
        0 => w.key("proposal_id").null(),
        id => w.key("proposal_id").uint(id),
    }
    w.key("generation").uint(entry.generation);
    w.key("payload").object(|w| payload(&entry.body, knobs, w));
}

fn event(body: &Body) -> &'static str {
    match body {
        Body::Start(_) => "start",
        Body::Window(..) => "window",
        Body::Shadow(_) => "shadow",
        Body::Control(..) => "control",
        Body::Freeze(_) => "freeze",
        Body::Unfreeze(_) => "unfreeze",
        Body::Mode(_) => "mode",
        Body::Propose(..) => "propose",
        Body::Trial(..) => "trial",
        Body::EnterSafeMode => "enter-safe-mode",
        Body::Acknowledge => "acknowledge",
        Body::RollBack => "roll-back",
        Body::Pushed(..) => "pushed",
        Body::Overflow => "overflow",
        Body::Gap(_) => "gap",
        Body::HighWater(_) => "high-water",
        Body::Close => "close",
        Body::Stop => "stop",
        Body::Held(_) => "held",
        Body::Proposal(..) => "proposal",
        Body::Apply(ApplyKind::Rollback | ApplyKind::SafeMode, ..) => "rollback",
        Body::Apply(..) => "apply",
        Body::SafeMode(_) => "safe-mode",
        Body::Recovered(_) => "recovered",
        Body::Certify(_) => "certify",
        Body::Regression(_) => "regression",
        Body::Drift(_) => "drift",
        Body::TrialEnd(..) => "trial-end",
        Body::Recommend(..) => "recommend",
        Body::Withdraw(_) => "withdraw",
    }
}

fn payload(body: &Body, knobs: &[String], w: &mut Writer) {
    let by_name = |w: &mut Writer, values: &[f64]| {
        w.object(|w| knobs.iter().zip(values).for_each(|(k, v)| w.key(k).num(*v)));
    };
    let knob = |i: u8| knobs.get(usize::from(i)).map_or("", String::as_str);
    match body {
        Body::Start(config) => w.raw(config),
        Body::Window(input, validity) => window(input, *validity, w),
        Body::Shadow(input) => shadow(input, knob(input.knob), w),
        Body::Control(control, source) => {
            w.key("control").named(&crate::safety::Control::ALL, *control);
            w.key("source").named(&crate::safety::Source::ALL, *source);
        }
        Body::Freeze(one) | Body::Unfreeze(one) => match one {
            Some(i) => w.key("knob").str(knob(*i)),
            None => w.key("knob").null(),
        },
        Body::Mode(mode) => w.key("mode").named(&crate::safety::Mode::ALL, *mode),
        Body::Propose(values, generation) => {
            w.key("values").object(|w| {
                for (k, v) in knobs.iter().zip(values.iter()) {
                    if v.is_infinite() { w.key(k).str("infinite") } else { w.key(k).num(*v) }
                }
            });
            if let Some(generation) = generation {
                w.key("made_for").uint(*generation);
            }
        }
        Body::Trial(i, value) => {
            w.key("knob").str(knob(*i));
            w.key("value").num(*value);
        }
        Body::Pushed(generation, ok) => {
            w.key("pushed_generation").uint(*generation);
            w.key("ok").bool(*ok);
        }
        Body::Gap(n) => w.key("dropped").uint(*n),
        Body::HighWater(n) => w.key("queued").uint(*n),
        Body::EnterSafeMode
        | Body::Acknowledge
        | Body::RollBack
        | Body::Overflow
        | Body::Close
        | Body::Stop => {}
        Body::Held(i) | Body::Withdraw(i) => w.key("knob").str(knob(*i)),
        Body::Proposal(kind, verdict, why) => {
            w.key("kind").named(&ApplyKind::ALL, *kind);
            w.key("verdict").str(verdict.map_or_else(|v| v.as_str(), |()| "approved"));
            w.key("evidence").object(|w| evidence(why, knobs, w));
        }
        Body::Apply(kind, values, baseline) => {
            w.key("kind").named(&ApplyKind::ALL, *kind);
            by_name(w.key("values"), values);
            w.key("baseline").nums(baseline);
        }
        Body::SafeMode(reason) => w.key("reason").named(&SafeModeReason::ALL, *reason),
        Body::Recovered(how) => w.key("by").str(how),
        Body::Certify(values) => by_name(w.key("values"), values),
        Body::Regression(why) => w.key("evidence").object(|w| evidence(why, knobs, w)),
        Body::Drift(z) => w.key("deviation").num(*z),
        Body::TrialEnd(i, value, why) | Body::Recommend(i, value, why) => {
            w.key("knob").str(knob(*i));
            w.key("value").num(*value);
            w.key("evidence").object(|w| evidence(why, knobs, w));
        }
    }
}

fn window(input: &WindowInput, validity: Validity, w: &mut Writer) {
    let d = &input.digest;
    w.key("validity").named(&Validity::ALL, validity);
    w.key("timestamp_us").uint(d.timestamp_us);
    w.key("config_generation").uint(d.generation);
    w.key("samples").uint(u64::from(d.samples));
    w.key("objective").num(d.objective);
    let optional = [
        ("latency_p99_us", d.latency_p99_us),
        ("throughput_rps", d.throughput_rps),
        ("error_rate", d.error_rate),
        ("constraint_margin", d.constraint_margin),
    ];
    for (key, value) in optional {
        if let Some(v) = value {
            w.key(key).num(v);
        }
    }
    if input.guarded > 0.0 {
        w.key("failures").num(input.failures);
        w.key("guarded").num(input.guarded);
    }
}

fn shadow(input: &ShadowInput, knob: &str, w: &mut Writer) {
    let len = usize::from(input.len);
    w.key("knob").str(knob);
    w.key("values").nums(&input.values[..len]);
    w.key("costs").nums(&input.costs[..len]);
}

fn evidence(evidence: &Evidence, knobs: &[String], w: &mut Writer) {
    match evidence {
        Evidence::None => {}
        Evidence::Model(model) => self::model(model, knobs, w),
        Evidence::Level { level, reference, deviation } => {
            w.key("level").num(*level);
            w.key("reference").num(*reference);
            w.key("deviation").num(*deviation);
        }
        Evidence::Shadow { here, best, value } => {
            w.key("here").num(*here);
            w.key("best").num(*best);
            w.key("value").num(*value);
        }
        Evidence::Guard { statistic, rate } => {
            w.key("statistic").num(*statistic);
            w.key("rate").num(*rate);
        }
        Evidence::Margin(margin) => w.key("margin").num(*margin),
        Evidence::Comparison { before, after, standard_error } => {
            w.key("before").num(*before);
            w.key("after").num(*after);
            w.key("standard_error").num(*standard_error);
        }
        Evidence::Reason(reason) => w.key("reason").named(&SafeModeReason::ALL, *reason),
    }
}

fn model(model: &ModelEvidence, knobs: &[String], w: &mut Writer) {
    let len = usize::from(model.len);
    for i in 0..len {
        let name = knobs.get(usize::from(model.knobs[i])).map_or("", String::as_str);
        w.key(name).object(|w| {
            w.key("gradient").num(model.gradient[i]);
            w.key("error").num(model.error[i]);
            w.key("curvature").num(model.curvature[i]);
        });
    }
    w.key("noise").num(model.noise);
}

//! Ordinary updates: they keep every guardrail or are refused.

use super::{EPS, SafetyExecutor};
use crate::journal::{Evidence, Journal};
use crate::safety::guardrails::PROBES_PER_SECOND;
use crate::safety::{ApplyKind, Control, Mode, SafeModeReason, Verdict, Violation};
use crate::space::Values;

/// What an operator asked for goes live as it is, without a probe around it.
fn exact(kind: ApplyKind) -> bool {
    matches!(kind, ApplyKind::Operator | ApplyKind::Trial)
}

impl SafetyExecutor {
    /// Whether another ordinary update would be within the rate limits. None is while a value is pushed or the anchor visited.
    pub fn rate_ok(&mut self, now_us: u64) -> bool {
        self.updates.count(now_us) < self.rails.updates_per_second as usize
            && self
                .updates
                .last()
                .is_none_or(|t| now_us.saturating_sub(t) as f64 >= self.rails.min_interval_us)
            && self.push.is_none()
            && !self.away
    }

    /// Whether a probe would be within the rate limits.
    pub fn probe_ok(&mut self, now_us: u64) -> bool {
        self.rate_ok(now_us) && self.probes.count(now_us) < PROBES_PER_SECOND
    }

    /// Ordinary: offsets around the baseline, at most the probe amplitude each. Zero offsets end a probe.
    pub fn probe(&mut self, now_us: u64, offset: &Values, evidence: Evidence, j: &mut Journal) -> Verdict {
        if offset == &self.offset && !self.away {
            return Ok(());
        }
        let verdict = self.check_probe(now_us, offset);
        let id = self.propose(now_us, ApplyKind::Probe, verdict, evidence, j);
        verdict.inspect_err(|why| self.refused(now_us, ApplyKind::Probe, *why, j))?;
        self.probes.push(now_us);
        self.apply(now_us, id, ApplyKind::Probe, self.baseline, *offset, j);
        Ok(())
    }

    pub(super) fn check_probe(&mut self, now_us: u64, offset: &Values) -> Verdict {
        self.check_writable()?;
        for (i, d) in offset.iter().enumerate() {
            if !d.is_finite() {
                return Err(Violation::NotFinite);
            }
            if d.abs() > self.rails.probe_amplitude + EPS {
                return Err(Violation::DeltaTooLarge);
            }
            if *d != 0.0 && self.knobs[i].frozen {
                return Err(Violation::Frozen);
            }
            let knob = &self.space[i];
            let target = knob.normalise(self.baseline[i] + d);
            if knob.way(self.live[i], target).abs() > self.rails.max_delta + EPS {
                return Err(Violation::DeltaTooLarge);
            }
        }
        if !self.probe_ok(now_us) {
            return Err(Violation::RateLimitExceeded);
        }
        Ok(())
    }

    /// Ordinary: a new baseline (`Move`, `Shadow`, `Operator`, `Trial`), probe offsets unchanged.
    pub fn shift(
        &mut self,
        now_us: u64,
        kind: ApplyKind,
        target: &Values,
        evidence: Evidence,
        j: &mut Journal,
    ) -> Verdict {
        let way = self.way(target);
        if way.iter().all(|d| d.abs() <= EPS) {
            return Ok(());
        }
        let mut verdict = self.check_shift(now_us, kind, &way);
        if verdict.is_ok() && self.judge_before_moving(now_us, kind, j) {
            verdict = Err(Violation::ObjectiveRegression);
        }
        let id = self.propose(now_us, kind, verdict, evidence, j);
        if let Err(violation) = verdict {
            self.refused(now_us, kind, violation, j);
            let strategy = !matches!(kind, ApplyKind::Operator | ApplyKind::Trial);
            match violation {
                Violation::Thrashing if strategy => {
                    self.enter_safe_mode(now_us, SafeModeReason::Thrashing, j)
                }
                Violation::BudgetExhausted if strategy => {
                    self.enter_safe_mode(now_us, SafeModeReason::BudgetExhausted, j)
                }
                _ => {}
            }
            return verdict;
        }
        let before = self.baseline;
        let (mut baseline, mut offset) = (before, self.offset);
        for (i, d) in way.iter().enumerate().filter(|(_, d)| d.abs() > EPS) {
            baseline[i] = self.space[i].normalise(baseline[i] + d);
            if exact(kind) {
                offset[i] = 0.0;
            }
        }
        self.apply(now_us, id, kind, baseline, offset, j);
        if kind != ApplyKind::Trial {
            self.count_steps(now_us, &before);
        }
        Ok(())
    }

    /// Counts the steps that the baseline has made, as far as rounding let it.
    fn count_steps(&mut self, now_us: u64, before: &Values) {
        for i in 0..self.space.len() {
            let d = self.space[i].way(before[i], self.baseline[i]);
            if d.abs() <= EPS {
                continue;
            }
            let state = &mut self.knobs[i];
            if !self.space[i].kind.is_categorical() {
                state.steps.push(now_us, d.abs());
            }
            if state.direction * d < 0.0 {
                state.flips.push(now_us);
            }
            state.direction = d.signum();
        }
    }

    /// Judges the present baseline with what is known of it. True when that led away from it.
    pub(super) fn judge_before_moving(&mut self, now_us: u64, kind: ApplyKind, j: &mut Journal) -> bool {
        if kind == ApplyKind::Trial {
            // A trial goes to and fro by design and judges itself.
            self.regression.restart();
            return false;
        }
        let Some(judgement) = self.regression.moved() else { return false };
        let before = self.baseline;
        self.judged(now_us, judgement, j);
        self.safe_mode.is_some() || self.baseline != before
    }

    pub(super) fn check_shift(&mut self, now_us: u64, kind: ApplyKind, way: &Values) -> Verdict {
        self.check_writable()?;
        if way.iter().any(|d| !d.is_finite()) {
            return Err(Violation::NotFinite);
        }
        for (i, d) in way.iter().enumerate().filter(|(_, d)| d.abs() > EPS) {
            let categorical = self.space[i].kind.is_categorical();
            if self.knobs[i].frozen {
                return Err(Violation::Frozen);
            }
            let knob = &self.space[i];
            let step =
                if exact(kind) { knob.way(self.live[i], knob.normalise(self.baseline[i] + d)) } else { *d };
            if step.abs() > self.rails.max_delta + EPS && !categorical {
                return Err(Violation::DeltaTooLarge);
            }
        }
        if !self.rate_ok(now_us) {
            return Err(Violation::RateLimitExceeded);
        }
        for (i, d) in way.iter().enumerate().filter(|(_, d)| d.abs() > EPS) {
            let (cumulative, flips) = self.room(now_us, i);
            let categorical = self.space[i].kind.is_categorical();
            if kind != ApplyKind::Trial && self.knobs[i].direction * d < 0.0 && flips == 0 {
                return Err(Violation::Thrashing);
            }
            if kind != ApplyKind::Trial && d.abs() > cumulative + EPS && !categorical {
                return Err(Violation::BudgetExhausted);
            }
        }
        Ok(())
    }

    pub(super) fn check_writable(&self) -> Verdict {
        if self.safe_mode.is_some() {
            Err(Violation::SafeMode)
        } else if self.control != Control::On || self.mode != Mode::Auto {
            Err(Violation::Frozen)
        } else {
            Ok(())
        }
    }

    /// Refuses without applying: for what is wrong before it reaches a guardrail (bounds, stale generation, ...).
    pub fn refuse(
        &mut self,
        now_us: u64,
        kind: ApplyKind,
        violation: Violation,
        evidence: Evidence,
        j: &mut Journal,
    ) -> Verdict {
        self.propose(now_us, kind, Err(violation), evidence, j);
        self.refused(now_us, kind, violation, j);
        Err(violation)
    }
}

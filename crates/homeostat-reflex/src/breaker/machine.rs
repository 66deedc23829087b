use super::{BreakerConfig, Outcome, Refusal, Tally, Window};
use crate::lease::Line;
use crate::ledger::{Ledger, Transition};
use homeostat_core::rng::Rng;

/// Where a breaker stands by itself, whatever an operator says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Calls pass.
    Closed {
        /// Since when.
        since_us: u64,
    },
    /// Calls are refused.
    Open {
        /// Since when.
        since_us: u64,
        /// From then on it is half-open.
        until_us: u64,
    },
    /// A few calls pass, as probes.
    HalfOpen {
        /// Since when.
        since_us: u64,
        /// Probes that are out or judged.
        issued: u32,
        /// Probes that went well.
        succeeded: u32,
        /// Probes that failed, or whose lease ended.
        failed: u32,
        /// Probes that were slow, those in flight included.
        slow: u32,
    },
}

impl State {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            State::Closed { .. } => "closed",
            State::Open { .. } => "open",
            State::HalfOpen { .. } => "half-open",
        }
    }

    /// Its number across the bindings.
    pub fn number(&self) -> u32 {
        match self {
            State::Closed { .. } => 0,
            State::Open { .. } => 1,
            State::HalfOpen { .. } => 2,
        }
    }
}

/// What an operator says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Nothing.
    Auto,
    /// Refuse every call.
    ForcedOpen,
    /// Let every call pass; the window is kept, and not acted on.
    Disabled,
}

/// Why a breaker changed its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The share of failures.
    FailureRate,
    /// The share of slow calls.
    SlowRate,
    /// Failures in a row.
    Consecutive,
    /// The number of failures.
    Failures,
    /// Probes failed, or never ended.
    ProbeFailed,
    /// Probes were slow.
    ProbeSlow,
    /// The open period is over.
    Rested,
    /// The probes went well.
    Recovered,
    /// A cascade was found.
    Cascade,
    /// An operator.
    Operator,
}

impl Cause {
    /// Each with its name.
    pub const ALL: [(Cause, &'static str); 10] = [
        (Cause::FailureRate, "failure-rate"),
        (Cause::SlowRate, "slow-rate"),
        (Cause::Consecutive, "consecutive"),
        (Cause::Failures, "failures"),
        (Cause::ProbeFailed, "probe-failed"),
        (Cause::ProbeSlow, "probe-slow"),
        (Cause::Rested, "rested"),
        (Cause::Recovered, "recovered"),
        (Cause::Cascade, "cascade"),
        (Cause::Operator, "operator"),
    ];
}

/// How a returned permit was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It counted. So long did the call take.
    Counted(u64),
    /// It was handed out in an older era, or says nothing: it did not count. So long did the call take.
    NotCounted(u64),
    /// It was returned before, its lease ended, or it never was a permit.
    Unknown,
}

/// After so long without a call, what is counted call by call is forgotten: a failure after an idle hour is one failure.
const IDLE_US: u64 = 3_600_000_000;

/// One breaker. Its permits and its transitions live in a `Ledger`; times must not run backwards.
///
/// Bound: 260 bytes and its window: a quarter of a byte for each call, or 300 bytes by time.
#[derive(Clone, Debug, PartialEq)]
pub struct Breaker {
    config: BreakerConfig,
    owner: u32,
    era: u32,
    state: State,
    operator: Operator,
    window: Window,
    line: Line,
    consecutive: u32,
    /// The latest open period before jitter, and the time up to which the breaker has to stay closed for it to be forgotten.
    period_us: f64,
    steady_from_us: u64,
    /// When what was counted call by call is forgotten, unless there is a call before.
    idle_us: u64,
    /// Nothing in flight becomes slow, no lease ends and nothing is forgotten before this.
    check_us: u64,
    rng: Rng,
    /// Times that it opened.
    pub opened: u64,
    /// Calls that it refused.
    pub refused: u64,
    /// Leases that ended before their permits were returned.
    pub expired: u64,
}

impl Breaker {
    /// A closed breaker of this owner.
    pub fn new(config: BreakerConfig, owner: u32, now_us: u64) -> Self {
        Self {
            owner,
            era: 0,
            state: State::Closed { since_us: now_us },
            operator: Operator::Auto,
            window: Window::new(config.window),
            line: Line::default(),
            consecutive: 0,
            period_us: 0.0,
            steady_from_us: 0,
            idle_us: u64::MAX,
            check_us: u64::MAX,
            rng: Rng::new(config.seed ^ u64::from(owner)),
            opened: 0,
            refused: 0,
            expired: 0,
            config,
        }
    }

    /// A permit, or why there is none.
    #[inline(always)]
    pub fn try_acquire(&mut self, ledger: &mut Ledger, now_us: u64) -> Result<u64, Refusal> {
        self.advance(ledger, now_us);
        if let Err(refusal) = self.admits() {
            self.refused += 1;
            return Err(refusal);
        }
        let opened = ledger.leases.open(&mut self.line, self.owner, self.era, now_us);
        let permit = opened.ok_or(Refusal::Capacity)?;
        if let State::HalfOpen { issued, .. } = &mut self.state {
            *issued += 1;
        }
        let slow_us = self.config.slow_us.unwrap_or(IDLE_US).min(self.config.lease_us).min(IDLE_US);
        self.check_us = self.check_us.min(now_us.saturating_add(slow_us));
        Ok(permit)
    }

    #[inline(always)]
    fn admits(&self) -> Result<(), Refusal> {
        match (self.operator, &self.state) {
            (Operator::Disabled, _) => Ok(()),
            (Operator::ForcedOpen, _) => Err(Refusal::ForcedOpen),
            (Operator::Auto, State::Closed { .. }) => Ok(()),
            (Operator::Auto, State::Open { .. }) => Err(Refusal::Open),
            (Operator::Auto, State::HalfOpen { issued, .. }) => {
                if *issued < self.config.probes {
                    Ok(())
                } else {
                    Err(Refusal::Probing)
                }
            }
        }
    }

    /// Takes a permit back with how its call ended.
    #[inline(always)]
    pub fn tell(&mut self, ledger: &mut Ledger, permit: u64, outcome: Outcome, now_us: u64) -> Told {
        self.advance(ledger, now_us);
        let Some((place, lease)) = ledger.leases.find(permit) else { return Told::Unknown };
        if lease.owner != self.owner {
            return Told::Unknown;
        }
        let took_us = now_us.saturating_sub(lease.started_us);
        let (era, mark) = (lease.era, lease.mark);
        ledger.leases.close(&mut self.line, place);
        if era != self.era {
            return Told::NotCounted(took_us);
        }
        let Some(failed) = outcome.failed() else {
            // The place of a probe that says nothing is free for another.
            if let State::HalfOpen { issued, .. } = &mut self.state {
                *issued -= 1;
            }
            return Told::NotCounted(took_us);
        };
        let slow = self.config.slow_us.is_some_and(|limit| took_us >= limit);
        self.count(ledger, now_us, failed, slow, mark);
        Told::Counted(took_us)
    }

    /// Where it stands now.
    pub fn state(&mut self, ledger: &mut Ledger, now_us: u64) -> State {
        self.advance(ledger, now_us);
        self.state
    }

    /// What an operator says.
    pub fn operator(&self) -> Operator {
        self.operator
    }

    /// Its number across the bindings: 0 closed, 1 open, 2 half-open, 3 forced open, 4 disabled.
    pub fn number(&self) -> u32 {
        match self.operator {
            Operator::Auto => self.state.number(),
            Operator::ForcedOpen => 3,
            Operator::Disabled => 4,
        }
    }

    /// Its name, as `number`.
    pub fn name(&self) -> &'static str {
        match self.operator {
            Operator::Auto => self.state.name(),
            Operator::ForcedOpen => "forced-open",
            Operator::Disabled => "disabled",
        }
    }

    /// The present generation: it changes with every state, so that no result of an earlier one counts.
    pub fn era(&self) -> u32 {
        self.era
    }

    /// Calls in flight.
    pub fn in_flight(&self) -> u32 {
        self.line.len()
    }

    /// What is in the window now.
    pub fn tally(&mut self, now_us: u64) -> Tally {
        self.window.tally(now_us)
    }

    /// Its options.
    pub fn config(&self) -> &BreakerConfig {
        &self.config
    }

    /// How long until a call may pass; 0 where one may now, and infinite while an operator holds it open.
    pub fn retry_after_us(&self, now_us: u64) -> f64 {
        match (self.operator, &self.state) {
            (Operator::ForcedOpen, _) => f64::INFINITY,
            (Operator::Auto, State::Open { until_us, .. }) => until_us.saturating_sub(now_us) as f64,
            _ => 0.0,
        }
    }

    /// Follows an operator. `Auto` starts afresh: closed, with an empty window.
    pub fn operate(&mut self, ledger: &mut Ledger, operator: Operator, now_us: u64) {
        self.advance(ledger, now_us);
        self.operator = operator;
        self.close(ledger, now_us, Cause::Operator);
        self.period_us = 0.0;
    }

    /// Opens it from outside for at least its own period and `at_least_us`; false where an operator is against it or it is open.
    pub fn trip(&mut self, ledger: &mut Ledger, now_us: u64, cause: Cause, at_least_us: u64) -> bool {
        self.advance(ledger, now_us);
        if self.operator != Operator::Auto || matches!(self.state, State::Open { .. }) {
            return false;
        }
        self.open(ledger, now_us, cause, at_least_us);
        true
    }

    /// Lets time pass: an open period ends, calls in flight become slow, leases end.
    #[inline(always)]
    pub fn advance(&mut self, ledger: &mut Ledger, now_us: u64) {
        if now_us >= self.check_us {
            self.sweep(ledger, now_us);
        }
        if let State::Open { until_us, .. } = self.state
            && now_us >= until_us
        {
            let half_open = State::HalfOpen { since_us: now_us, issued: 0, succeeded: 0, failed: 0, slow: 0 };
            self.enter(ledger, now_us, half_open, Cause::Rested);
        }
    }

    #[cold]
    fn sweep(&mut self, ledger: &mut Ledger, now_us: u64) {
        if now_us >= self.idle_us {
            self.window.forget_calls();
            self.consecutive = 0;
            self.idle_us = u64::MAX;
        }
        let slow_us = self.config.slow_us.unwrap_or(u64::MAX);
        while let Some((_, lease)) = ledger.leases.unmarked(&self.line)
            && lease.started_us.saturating_add(slow_us) <= now_us
        {
            let current = lease.era == self.era;
            let mark = if current { self.count_slow(now_us) } else { None };
            ledger.leases.mark(&mut self.line, mark);
            if current {
                self.judge(ledger, now_us);
            }
        }
        while let Some((place, lease)) = ledger.leases.oldest(&self.line)
            && lease.started_us.saturating_add(self.config.lease_us) <= now_us
        {
            let (era, mark) = (lease.era, lease.mark);
            ledger.leases.close(&mut self.line, place);
            self.expired += 1;
            if era == self.era {
                self.count(ledger, now_us, true, false, mark);
            }
        }
        let slow =
            ledger.leases.unmarked(&self.line).map(|(_, lease)| lease.started_us.saturating_add(slow_us));
        let leases = ledger.leases.oldest(&self.line);
        let ends = leases.map(|(_, lease)| lease.started_us.saturating_add(self.config.lease_us));
        self.check_us = slow.unwrap_or(u64::MAX).min(ends.unwrap_or(u64::MAX)).min(self.idle_us);
    }

    /// A call in flight has just become slow; its mark.
    fn count_slow(&mut self, now_us: u64) -> Option<u32> {
        match &mut self.state {
            State::Closed { .. } => {
                self.idle_us = now_us.saturating_add(IDLE_US);
                Some(self.window.push(now_us, false, true))
            }
            State::HalfOpen { slow, .. } => {
                *slow += 1;
                Some(0)
            }
            State::Open { .. } => None,
        }
    }

    /// A call of this era has ended.
    #[inline(always)]
    fn count(&mut self, ledger: &mut Ledger, now_us: u64, failed: bool, is_slow: bool, mark: Option<u32>) {
        match &mut self.state {
            State::Closed { .. } => {
                self.idle_us = now_us.saturating_add(IDLE_US);
                match mark {
                    None => _ = self.window.push(now_us, failed, is_slow),
                    Some(mark) if failed => self.window.fail(now_us, mark),
                    Some(_) => {}
                }
                self.consecutive = if failed { self.consecutive.saturating_add(1) } else { 0 };
            }
            State::HalfOpen { succeeded, failed: failures, slow, .. } => {
                *(if failed { failures } else { succeeded }) += 1;
                *slow += u32::from(is_slow && mark.is_none());
            }
            State::Open { .. } => return,
        }
        self.judge(ledger, now_us);
    }

    #[inline(always)]
    fn judge(&mut self, ledger: &mut Ledger, now_us: u64) {
        if self.operator != Operator::Auto {
            return;
        }
        match self.state {
            State::Closed { .. } => {
                let tally = self.window.tally(now_us);
                if let Some(cause) = self.trouble(tally) {
                    self.open(ledger, now_us, cause, 0);
                }
            }
            State::HalfOpen { succeeded, failed, slow, .. } => {
                if let Some(cause) = self.bad_probes(failed, slow) {
                    self.open(ledger, now_us, cause, 0);
                } else if succeeded + failed >= self.config.probes {
                    self.close(ledger, now_us, Cause::Recovered);
                }
            }
            State::Open { .. } => {}
        }
    }

    #[inline(always)]
    fn trouble(&self, tally: Tally) -> Option<Cause> {
        let config = &self.config;
        if tally.failures == 0 && tally.slow == 0 && self.consecutive == 0 {
            return None;
        }
        if config.consecutive.is_some_and(|limit| self.consecutive >= limit) {
            return Some(Cause::Consecutive);
        }
        if config.failures.is_some_and(|limit| tally.failures >= limit) {
            return Some(Cause::Failures);
        }
        if tally.calls < config.volume() {
            return None;
        }
        // A quotient of counts is the nearest double, as an option written in decimals is: equality means equality.
        if config.failure_rate.is_some_and(|limit| tally.failure_rate() >= limit) {
            return Some(Cause::FailureRate);
        }
        let too_slow =
            config.slow_us.is_some() && config.slow_rate.is_some_and(|limit| tally.slow_rate() >= limit);
        too_slow.then_some(Cause::SlowRate)
    }

    /// Whether so many bad probes of all that there may be are too many. Where failures are counted one by one, one is.
    fn bad_probes(&self, failed: u32, slow: u32) -> Option<Cause> {
        let config = &self.config;
        let reaches = |count: u32, limit: Option<f64>| {
            count > 0 && limit.is_none_or(|limit| f64::from(count) / f64::from(config.probes) >= limit)
        };
        let each = config.consecutive.is_some() || config.failures.is_some();
        if reaches(failed, config.failure_rate.filter(|_| !each)) {
            return Some(Cause::ProbeFailed);
        }
        (config.slow_rate.is_some() && reaches(slow, config.slow_rate)).then_some(Cause::ProbeSlow)
    }

    #[cold]
    fn open(&mut self, ledger: &mut Ledger, now_us: u64, cause: Cause, at_least_us: u64) {
        let steady = matches!(self.state, State::Closed { .. }) && now_us >= self.steady_from_us;
        let first = self.config.open_us as f64;
        let next =
            if steady || self.period_us < first { first } else { self.period_us * self.config.backoff };
        let longest = self.config.open_max_us as f64;
        self.period_us = if next < longest { next } else { longest };
        let chance = (self.rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        let period_us = (self.period_us * (1.0 - self.config.jitter * chance)) as u64;
        let until_us = now_us.saturating_add(period_us.max(at_least_us).max(1));
        self.opened += 1;
        self.enter(ledger, now_us, State::Open { since_us: now_us, until_us }, cause);
    }

    fn close(&mut self, ledger: &mut Ledger, now_us: u64, cause: Cause) {
        self.steady_from_us = now_us.saturating_add(self.period_us as u64);
        self.enter(ledger, now_us, State::Closed { since_us: now_us }, cause);
        self.window.clear();
        self.consecutive = 0;
    }

    fn enter(&mut self, ledger: &mut Ledger, now_us: u64, to: State, cause: Cause) {
        let tally = self.window.tally(now_us);
        let (owner, from, operator) = (self.owner, self.state, self.operator);
        ledger.note(Transition { at_us: now_us, owner, from, to, operator, cause, tally });
        self.state = to;
        self.era = self.era.wrapping_add(1);
    }

    /// Gives every permit back to the ledger without counting it: the breaker is about to be dropped.
    pub fn release(&mut self, ledger: &mut Ledger) {
        while let Some((place, _)) = ledger.leases.oldest(&self.line) {
            ledger.leases.close(&mut self.line, place);
        }
    }
}

#[cfg(test)]
#[path = "machine_model.rs"]
mod model;

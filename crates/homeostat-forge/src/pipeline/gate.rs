//! The breakers in front of the stages, those of `homeostat-reflex`: compile opens at 5 failures within 60 s, validate at 3 within 30 s.
//! While one is open nothing enters its stage: a driver that refuses one shader after the other, or computes one kernel after the other
//! wrongly, is left alone for that long, and then a few candidates show whether it is well again. Runs go on as they were answered.

use alloc::{format, string::String, vec::Vec};
use homeostat_core::error::{Code, Error, Result};
use homeostat_core::list::List;
use homeostat_reflex::breaker::{Breaker, BreakerConfig, Cause, Outcome, Refusal};
use homeostat_reflex::clock::Clock;
use homeostat_reflex::flow::pipeline::breaker;
use homeostat_reflex::ledger::{Ledger, Transition};

/// Most permits that are out: pipelines that are at work, in both stages.
const PERMITS_MAX: usize = 256;
/// A candidate may be out for as long as the slowest watchdog allows, several times over: who hangs is the watchdog's to find.
const LEASE_US: u64 = 3_600_000_000;

/// A stage that a candidate passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The driver compiles it.
    Compile,
    /// It is compared with the oracle.
    Validate,
}

impl Stage {
    const ALL: [(Stage, &'static str); 2] = [(Stage::Compile, "compile"), (Stage::Validate, "validate")];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// The breakers of one device.
pub(super) struct Gates {
    clock: Clock,
    ledger: Ledger,
    breakers: [Breaker; 2],
}

impl Default for Gates {
    fn default() -> Self {
        let of = |(stage, name): (Stage, &str)| {
            let config = BreakerConfig { lease_us: LEASE_US, ..breaker(name).unwrap_or_default() };
            Breaker::new(config, stage as u32, 0)
        };
        Self { clock: Clock::default(), ledger: Ledger::new(PERMITS_MAX), breakers: Stage::ALL.map(of) }
    }
}

impl Gates {
    /// A permit, or an error that says when to come again.
    pub fn enter(&mut self, stage: Stage, now_us: u64) -> Result<u64> {
        let now_us = self.clock.advance(now_us);
        let breaker = &mut self.breakers[stage as usize];
        breaker.try_acquire(&mut self.ledger, now_us).map_err(|refusal| {
            let why = Refusal::ALL.iter().find(|(r, _)| *r == refusal).map_or("", |(_, name)| name);
            let wait_s = (breaker.retry_after_us(now_us) / 1e6) as u64;
            Error::new(Code::ForgeBusy, format!("{}: its breaker is {why}, for {wait_s} s", stage.name()))
        })
    }

    /// Takes a permit back.
    pub fn leave(&mut self, stage: Stage, permit: u64, outcome: Outcome, now_us: u64) {
        let now_us = self.clock.advance(now_us);
        self.breakers[stage as usize].tell(&mut self.ledger, permit, outcome, now_us);
    }

    /// How long until every stage lets somebody in.
    pub fn wait_us(&self) -> u64 {
        let now_us = self.clock.now_us();
        self.breakers.iter().map(|b| b.retry_after_us(now_us) as u64).max().unwrap_or(0)
    }

    /// Lets time pass.
    pub fn advance(&mut self, now_us: u64) {
        let now_us = self.clock.advance(now_us);
        self.breakers.iter_mut().for_each(|b| b.advance(&mut self.ledger, now_us));
    }

    /// What changed, in words.
    pub fn changes(&mut self, now_us: u64) -> Vec<String> {
        self.advance(now_us);
        self.ledger.take().0.iter().map(words).listed()
    }
}

fn words(t: &Transition) -> String {
    let stage = Stage::ALL.get(t.owner as usize).map_or("", |(_, name)| name);
    let cause = Cause::ALL.iter().find(|(c, _)| *c == t.cause).map_or("", |(_, name)| name);
    let (from, to) = (t.from.name(), t.to.name());
    format!("{stage}: {from} to {to}, {cause}, {} of {} failed", t.tally.failures, t.tally.calls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_at_its_failures_and_lets_a_few_in_after_its_period() {
        for (stage, failures, period_us) in
            [(Stage::Compile, 5, 60_000_000), (Stage::Validate, 3, 30_000_000)]
        {
            let mut gates = Gates::default();
            for n in 0..failures {
                let permit = gates.enter(stage, n).unwrap();
                gates.leave(stage, permit, Outcome::Failure, n);
            }
            let refused = gates.enter(stage, failures).unwrap_err();
            assert_eq!(refused.code, Code::ForgeBusy);
            assert!(refused.message.starts_with(stage.name()), "{refused}");
            assert!(gates.wait_us() > period_us / 2);
            let changes = gates.changes(failures);
            assert_eq!(changes.len(), 1);
            assert!(changes[0].contains("closed to open, failures"), "{changes:?}");
            let later = failures + period_us;
            let permits: Vec<u64> = (0..3).map(|_| gates.enter(stage, later).unwrap()).collect();
            assert_eq!(gates.enter(stage, later).unwrap_err().code, Code::ForgeBusy);
            permits.into_iter().for_each(|p| gates.leave(stage, p, Outcome::Success, later));
            assert!(gates.enter(stage, later).is_ok());
        }
    }
}

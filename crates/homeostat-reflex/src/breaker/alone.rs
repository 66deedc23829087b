use super::config::unknown;

use super::{Breaker, BreakerConfig, Cause, Operator, Outcome, Refusal, State, Told, permit_of};
use crate::clock::{Clock, time_us};
use crate::ledger::{Ledger, Transition};
use alloc::string::String;
use homeostat_core::error::Result;
use homeostat_core::json::Writer;

/// Most permits of one breaker that are out at once.
const PERMITS_MAX: usize = 1 << 16;

/// Bit of what `tell` returns: there are transitions to be read.
pub const CHANGED: u32 = 16;

/// A breaker by itself, as the bindings expose it: times and permits are plain numbers, any of which may be nonsense.
#[derive(Clone, Debug)]
pub struct SoloBreaker {
    clock: Clock,
    ledger: Ledger,
    breaker: Breaker,
}

impl SoloBreaker {
    /// A closed breaker with these options in JSON (see `BreakerConfig`); empty text is the default.
    pub fn new(config: &str, now_us: f64) -> Result<Self> {
        let config = BreakerConfig::parse(config)?;
        let mut clock = Clock::default();
        let now_us = clock.advance(time_us(now_us));
        Ok(Self { clock, ledger: Ledger::new(PERMITS_MAX), breaker: Breaker::new(config, 0, now_us) })
    }

    /// A permit, or a refusal as a negative number.
    #[inline]
    pub fn try_acquire(&mut self, now_us: f64) -> f64 {
        let now_us = self.clock.advance(time_us(now_us));
        Refusal::encode(self.breaker.try_acquire(&mut self.ledger, now_us))
    }

    /// Takes a permit back: 0 counted, 1 not counted (an older era, or it says nothing), 2 unknown; and `CHANGED`.
    #[inline]
    pub fn tell(&mut self, permit: f64, outcome: u32, now_us: f64) -> u32 {
        let now_us = self.clock.advance(time_us(now_us));
        let told =
            self.breaker.tell(&mut self.ledger, permit_of(permit), Outcome::from_number(outcome), now_us);
        let changed = if self.ledger.changed() { CHANGED } else { 0 };
        changed
            | match told {
                Told::Counted(_) => 0,
                Told::NotCounted(_) => 1,
                Told::Unknown => 2,
            }
    }

    /// 0 closed, 1 open, 2 half-open, 3 forced open, 4 disabled.
    pub fn state(&mut self, now_us: f64) -> u32 {
        let now_us = self.clock.advance(time_us(now_us));
        self.breaker.advance(&mut self.ledger, now_us);
        self.breaker.number()
    }

    /// How long until a call may pass, in microseconds.
    pub fn retry_after_us(&mut self, now_us: f64) -> f64 {
        self.breaker.retry_after_us(self.clock.advance(time_us(now_us)))
    }

    /// 0: back to itself, closed and with an empty window; 1: forced open; 2: disabled; 3: opened now, to recover by itself.
    pub fn operate(&mut self, word: u32, now_us: f64) -> Result<()> {
        let now_us = self.clock.advance(time_us(now_us));
        operate(&mut self.breaker, &mut self.ledger, word, now_us)
    }

    /// Calls in flight.
    pub fn in_flight(&self) -> u32 {
        self.breaker.in_flight()
    }

    /// The transitions since the last time, as a JSON array.
    pub fn take_changes(&mut self) -> String {
        let (changes, _) = self.ledger.take();
        let mut out = String::new();
        Writer::new(&mut out).array(|w| changes.iter().for_each(|one| w.object(|w| transition(w, one))));
        out
    }

    /// Its present state as JSON.
    pub fn explain(&mut self, now_us: f64) -> String {
        let now_us = self.clock.advance(time_us(now_us));
        self.breaker.advance(&mut self.ledger, now_us);
        let mut out = String::new();
        Writer::new(&mut out).object(|w| {
            describe(w, &mut self.breaker, now_us);
            w.key("options").object(|w| self.breaker.config().write(w));
        });
        out
    }
}

/// An operator's word; see `SoloBreaker::operate`.
pub(crate) fn operate(breaker: &mut Breaker, ledger: &mut Ledger, word: u32, now_us: u64) -> Result<()> {
    match word {
        0 => breaker.operate(ledger, Operator::Auto, now_us),
        1 => breaker.operate(ledger, Operator::ForcedOpen, now_us),
        2 => breaker.operate(ledger, Operator::Disabled, now_us),
        3 => _ = breaker.trip(ledger, now_us, Cause::Operator, 0),
        _ => return Err(unknown("operate", word)),
    }
    Ok(())
}

/// A breaker's state as members.
pub(crate) fn describe(w: &mut Writer, breaker: &mut Breaker, now_us: u64) {
    let tally = breaker.tally(now_us);
    w.key("state").str(breaker.name());
    w.key("calls").uint(tally.calls.into());
    w.key("failures").uint(tally.failures.into());
    w.key("slow").uint(tally.slow.into());
    w.key("failure_rate").num(tally.failure_rate());
    w.key("slow_rate").num(tally.slow_rate());
    w.key("in_flight").uint(breaker.in_flight().into());
    w.key("retry_after_us").num(breaker.retry_after_us(now_us));
    w.key("opened").uint(breaker.opened);
    w.key("refused").uint(breaker.refused);
    w.key("expired").uint(breaker.expired);
}

/// A transition as members.
pub(crate) fn transition(w: &mut Writer, transition: &Transition) {
    w.key("time_us").uint(transition.at_us);
    w.key("from").str(transition.from.name());
    w.key("to").str(match transition.operator {
        Operator::Auto => transition.to.name(),
        Operator::ForcedOpen => "forced-open",
        Operator::Disabled => "disabled",
    });
    w.key("cause").named(&Cause::ALL, transition.cause);
    w.key("calls").uint(transition.tally.calls.into());
    w.key("failures").uint(transition.tally.failures.into());
    w.key("slow").uint(transition.tally.slow.into());
    if let State::Open { until_us, .. } = transition.to {
        w.key("until_us").uint(until_us);
    }
}

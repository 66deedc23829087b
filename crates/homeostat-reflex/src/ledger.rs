//! What breakers share: the permits that are out, and the transitions that nobody has read yet.

use crate::breaker::{Cause, Operator, State, Tally};
use crate::lease::Leases;
use alloc::vec::Vec;

/// Most transitions that wait to be read.
pub const TRANSITIONS_MAX: usize = 1024;

/// A breaker changed its state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transition {
    /// When.
    pub at_us: u64,
    /// Whose breaker.
    pub owner: u32,
    /// The state that it left.
    pub from: State,
    /// The state that it entered.
    pub to: State,
    /// What an operator says from now on.
    pub operator: Operator,
    /// Why.
    pub cause: Cause,
    /// What was in its window.
    pub tally: Tally,
}

/// Permits and transitions.
#[derive(Clone, Debug, PartialEq)]
pub struct Ledger {
    /// The permits that are out.
    pub leases: Leases,
    transitions: Vec<Transition>,
    dropped: u64,
}

impl Ledger {
    /// Room for at most `permits` permits.
    pub fn new(permits: usize) -> Self {
        Self { leases: Leases::new(permits), transitions: Vec::new(), dropped: 0 }
    }

    /// Notes a transition; the oldest are kept, and what did not fit is counted.
    #[cold]
    pub fn note(&mut self, transition: Transition) {
        if self.transitions.len() < TRANSITIONS_MAX {
            self.transitions.push(transition);
        } else {
            self.dropped += 1;
        }
    }

    /// Whether there are transitions that were not taken.
    #[inline]
    pub fn changed(&self) -> bool {
        !self.transitions.is_empty()
    }

    /// The transitions since the last time, in order, and how many more there were that did not fit.
    pub fn take(&mut self) -> (Vec<Transition>, u64) {
        (core::mem::take(&mut self.transitions), core::mem::take(&mut self.dropped))
    }
}

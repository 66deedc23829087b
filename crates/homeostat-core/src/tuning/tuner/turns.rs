//! Which knobs are learned at the moment: more than can be learned at once take turns.

use super::{Learner, Tuner};
use crate::journal::ACTIVE_MAX;
use crate::space::Learn;
use alloc::vec::Vec;

/// More knobs than can be learned at once take turns of this length.
const TURN_US: u64 = 60_000_000;
/// Or of so many pairs of probes, where lags are long.
const TURN_PAIRS: u64 = 12;

impl Tuner {
    /// Knobs that probing learns and that are free.
    fn learnable(&self) -> Vec<usize> {
        let knobs = self.config.space.knobs().iter().enumerate();
        knobs.filter(|(i, k)| k.learn == Learn::Probe && !self.exec.is_frozen(*i)).map(|(i, _)| i).collect()
    }

    /// The knobs whose turn it is.
    pub(super) fn active(&self) -> Vec<usize> {
        let all = self.learnable();
        let n = all.len();
        (0..n.min(ACTIVE_MAX)).map(|k| all[(self.turn + k) % n]).collect()
    }

    pub(super) fn take_turns(&mut self) {
        let count = self.learnable_count();
        let pairs = if let Learner::Kalman(k) = &self.learner { TURN_PAIRS * k.pair_us() } else { 0 };
        let turn_us = TURN_US.max(pairs);
        if count <= ACTIVE_MAX || self.now_us.saturating_sub(self.turn_us) < turn_us || self.exec.is_away() {
            return;
        }
        self.turn = (self.turn + ACTIVE_MAX) % count;
        self.relearn();
    }

    fn learnable_count(&self) -> usize {
        let knobs = self.config.space.knobs().iter().enumerate();
        knobs.filter(|(i, k)| k.learn == Learn::Probe && !self.exec.is_frozen(*i)).count()
    }

    /// The set of learned knobs, or what is live, changed by other means than learning.
    pub(super) fn relearn(&mut self) {
        self.turn_us = self.now_us;
        self.exec.end_visit(self.now_us, &mut self.journal);
        let active = self.active();
        match &mut self.learner {
            Learner::WarmingUp => {}
            Learner::Kalman(learner) => learner.set_active(active, &self.exec),
            Learner::Spsa(learner) => learner.set_active(active),
        }
    }
}

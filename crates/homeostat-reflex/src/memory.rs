//! What a reflex may hold at most: the same number on every target, from the sizes of what it keeps.

use crate::breaker::{TimeWindow, WindowKind};
use crate::component::{Component, Guard};
use crate::journal;
use crate::lease::Lease;
use crate::limiter::Kind;
use crate::lru::Lru;
use crate::names::{NAME_BYTES_MAX, Names};
use crate::options::ReflexConfig;
use crate::patterns::{FINDINGS_MAX, Finding, Pattern, Trace};
use crate::reflex::{ERRORS_MAX, QUEUES_BYTES_MAX};
use crate::regression::RegressionDetector;
use crate::witness::{WITNESS_BYTES_MAX, WITNESSES_MAX};
use core::mem::size_of;

/// Bytes of one of each, rounded up from what they take where pointers are widest; checked below on every target.
const COMPONENT: usize = 1408;
const NAME: usize = 352;
const LEASE: usize = 48;
const TRACE: usize = 200;
const PATTERN: usize = 200;
const FINDING: usize = 64;
const TIME_WINDOW: usize = 288;
const WITNESS: usize = 40_000;
/// With its four histograms of 320 numbers; see `regression`.
const DETECTOR: usize = 208 + 4 * 320 * 8;
/// A rule of a limiter; see `limiter`.
const RULE: usize = 300;
/// What waits to be read: journal entries, notices, latencies, transitions.
const QUEUES: usize = 2_300_000;

const _: () = {
    assert!(size_of::<Component>() <= COMPONENT);
    assert!(Names::BYTES_EACH <= NAME);
    assert!(size_of::<Lease>() <= LEASE);
    assert!(Lru::<Trace>::BYTES_EACH <= TRACE);
    assert!(Lru::<Pattern>::BYTES_EACH <= PATTERN);
    assert!(size_of::<Finding>() <= FINDING);
    assert!(size_of::<TimeWindow>() <= TIME_WINDOW);
    assert!(WITNESS_BYTES_MAX <= WITNESS);
    assert!(size_of::<RegressionDetector>() + 4 * 320 * 8 <= DETECTOR);
    assert!(journal::BYTES_MAX + QUEUES_BYTES_MAX <= QUEUES);
};

impl ReflexConfig {
    /// Bytes that a reflex with these options holds at most, whatever happens to it, without what an allocator adds.
    ///
    /// Lists grow by doubling, so each counts with the next power of two. Components that bring options of their own add what
    /// their windows and limits take above those of `guard`: a quarter of a byte for each call of a window by calls, and 48 bytes
    /// for each call that a limit may let in.
    pub fn bytes_max(&self) -> usize {
        let grown = |count: usize, bytes: usize| count.next_power_of_two() * bytes;
        // Two lists of handles beside each: the affected, and those whose breakers a cascade opened.
        let components = grown(self.components, COMPONENT + NAME + 2 * size_of::<u32>())
            + self.components * self.guard.bytes_max();
        components
            + self.detectors.min(self.components) * DETECTOR
            + grown(self.permits, LEASE)
            + grown(self.traces, TRACE)
            + grown(self.patterns, PATTERN)
            + grown(FINDINGS_MAX, FINDING)
            + WITNESSES_MAX * WITNESS
            + ERRORS_MAX * 2 * NAME_BYTES_MAX
            + QUEUES
    }
}

impl Guard {
    /// Bytes of a window and of a limit, beside the component itself.
    fn bytes_max(&self) -> usize {
        let window = match self.breaker.window {
            WindowKind::Calls(calls) => (calls as usize).div_ceil(32) * 8,
            WindowKind::Time(_) => TIME_WINDOW,
        };
        let limiter = self.limiter.map_or(0, |limiter| {
            let most = if limiter.kind == Kind::Fixed { limiter.initial } else { limiter.max };
            RULE + (most as usize).next_power_of_two() * LEASE
        });
        window + limiter
    }
}

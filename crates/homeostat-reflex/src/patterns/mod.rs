//! Call patterns: requests that enter by one component and call the same ones in the same order.
//!
//! A pattern is learned, and announced, at its tenth request. From then on its requests are held to its latency, and a request
//! that enters by the same component and follows no learned pattern is compared with the one that most requests follow: a call
//! that is missing, extra, or in another place is told. Requests that failed say nothing about either.
//!
//! Bound: `traces` requests in flight, which are also forgotten when nothing is heard of them for a minute, `patterns` patterns,
//! and 256 findings that wait to be read.

mod pattern;
mod trace;

pub use pattern::{Pattern, TOLERANCE};
pub use trace::{STEPS_MAX, Steps, Trace};

use crate::component::Components;
use crate::lru::Lru;
use alloc::collections::VecDeque;

/// Requests after which a pattern is learned.
pub const LEARNED_AT: u64 = 10;
/// Most findings that wait.
pub const FINDINGS_MAX: usize = 256;
/// A request that nothing is heard of for so long is forgotten.
pub const TRACE_US_MAX: u64 = 60_000_000;

/// How a request differs from its pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deviation {
    /// It took longer.
    Slower,
    /// It took less long.
    Faster,
    /// A call did not happen.
    Missing,
    /// A call happened that is not part of it.
    Extra,
    /// The calls happened in another order.
    Reordered,
}

impl Deviation {
    /// Each with its name.
    pub const ALL: [(Deviation, &'static str); 5] = [
        (Deviation::Slower, "slower"),
        (Deviation::Faster, "faster"),
        (Deviation::Missing, "missing"),
        (Deviation::Extra, "extra"),
        (Deviation::Reordered, "reordered"),
    ];
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finding {
    /// When.
    pub at_us: u64,
    /// Signature of the pattern.
    pub pattern: u64,
    /// Handle of the component that its requests enter by.
    pub entry: u32,
    /// `None`: the pattern was learned.
    pub deviation: Option<Deviation>,
    /// The latency that was expected, in microseconds.
    pub expected_us: f64,
    /// The latency that was seen.
    pub got_us: f64,
    /// By what share of the expected latency; 0 where it is the calls that differ.
    pub by: f64,
    /// The call that differs: who in the high half, whom in the low half; 0 where it is the latency, or beyond what is kept.
    pub step: u64,
}

/// The learner.
#[derive(Clone, Debug)]
pub struct Patterns {
    traces: Lru<Trace>,
    patterns: Lru<Pattern>,
    findings: VecDeque<Finding>,
    /// Patterns that were learned.
    pub learned: u64,
    /// Requests that differed.
    pub violations: u64,
    /// Requests that were forgotten before they ended.
    pub lost_traces: u64,
    /// Patterns that were forgotten.
    pub lost_patterns: u64,
    /// Findings that were not read in time.
    pub lost_findings: u64,
}

impl Patterns {
    /// Nothing learned.
    pub fn new(traces: usize, patterns: usize) -> Self {
        Self {
            traces: Lru::new(traces),
            patterns: Lru::new(patterns),
            findings: VecDeque::new(),
            learned: 0,
            violations: 0,
            lost_traces: 0,
            lost_patterns: 0,
            lost_findings: 0,
        }
    }

    /// A request reached a component. Only the first one that it reaches is where it entered.
    pub fn start(&mut self, request: u64, component: u32, now_us: u64) {
        self.expire(now_us);
        if request == 0 || self.traces.contains(request) {
            return;
        }
        let (trace, evicted) = self.traces.insert(request);
        trace.start(component, now_us);
        self.lost_traces += u64::from(evicted);
    }

    /// A component calls another for a request.
    pub fn step(&mut self, request: u64, caller: u32, callee: u32, now_us: u64) {
        if let Some(trace) = self.traces.get_mut(request) {
            trace.step(caller, callee, now_us);
        }
    }

    /// A component is done with a request: where that is the one it entered by, the request is over.
    pub fn end(
        &mut self,
        components: &mut Components,
        request: u64,
        component: u32,
        ok: bool,
        latency_us: Option<f64>,
        now_us: u64,
    ) {
        if self.traces.peek(request).is_none_or(|trace| trace.entry != component) {
            return;
        }
        let Some(trace) = self.traces.remove(request) else { return };
        let (signature, steps) = (trace.signature, trace.steps);
        let got_us = latency_us.unwrap_or(now_us.saturating_sub(trace.started_us) as f64);
        if ok && let Some(slot) = components.names.find(component) {
            let usual = components.get(slot).and_then(|one| one.usual);
            let usual = self.finish(component, signature, steps, got_us, usual, now_us);
            if let Some(one) = components.get_mut(slot) {
                one.usual = usual;
            }
        }
    }

    /// The pattern that most requests of this entry follow from now on.
    fn finish(
        &mut self,
        entry: u32,
        signature: u64,
        steps: Steps,
        got_us: f64,
        usual: Option<u64>,
        now_us: u64,
    ) -> Option<u64> {
        if !self.patterns.contains(signature) {
            let (pattern, evicted) = self.patterns.insert(signature);
            *pattern = Pattern { entry, steps, ..Pattern::default() };
            self.lost_patterns += u64::from(evicted);
        }
        let usual = usual.filter(|usual| self.patterns.contains(*usual));
        let finding = |pattern: u64, deviation, expected_us, by, step| Finding {
            at_us: now_us,
            pattern,
            entry,
            deviation,
            expected_us,
            got_us,
            by,
            step,
        };
        let mut found = [None; 2];
        let pattern = self.patterns.get_mut(signature)?;
        let known = pattern.count >= LEARNED_AT;
        if known {
            let judged = pattern.judge(got_us);
            found[0] = judged.map(|(kind, by)| finding(signature, Some(kind), pattern.expected_us, by, 0));
        }
        pattern.learn(got_us);
        let (count, expected_us) = (pattern.count, pattern.expected_us);
        if !known
            && let Some((key, usual)) = usual.and_then(|key| self.patterns.peek(key).map(|one| (key, one)))
        {
            let differs = usual.compare(&steps);
            found = differs
                .map(|one| one.map(|(kind, step)| finding(key, Some(kind), usual.expected_us, 0.0, step)));
        }
        self.violations += u64::from(found.iter().any(Option::is_some));
        found.into_iter().flatten().for_each(|one| self.tell(one));
        if count == LEARNED_AT {
            self.learned += 1;
            self.tell(finding(signature, None, expected_us, 0.0, 0));
        }
        let most = usual.and_then(|key| self.patterns.peek(key)).map_or(0, |one| one.count);
        if count >= LEARNED_AT && count > most { Some(signature) } else { usual }
    }

    fn tell(&mut self, finding: Finding) {
        if self.findings.len() == FINDINGS_MAX {
            self.findings.pop_front();
            self.lost_findings += 1;
        }
        self.findings.push_back(finding);
    }

    /// Lets time pass: requests that nothing was heard of are forgotten, a few at a time.
    pub fn expire(&mut self, now_us: u64) {
        for _ in 0..8 {
            let old = |trace: &Trace| now_us.saturating_sub(trace.touched_us) >= TRACE_US_MAX;
            if !self.traces.remove_oldest(old) {
                return;
            }
            self.lost_traces += 1;
        }
    }

    /// Takes the oldest finding.
    pub fn take(&mut self) -> Option<Finding> {
        self.findings.pop_front()
    }

    /// Requests in flight.
    pub fn open_traces(&self) -> usize {
        self.traces.len()
    }

    /// The patterns that are known, learned or not, with their signatures.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Pattern)> {
        self.patterns.iter()
    }
}

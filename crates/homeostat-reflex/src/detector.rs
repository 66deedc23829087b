//! A detector of latency regressions by itself, as the bindings expose it: times and latencies are plain numbers, any of which
//! may be nonsense.

use crate::clock::{Clock, time_us};
use crate::journal::regression;
use crate::regression::{Regression, RegressionDetector};
use alloc::string::String;
use homeostat_core::json::Writer;

/// One detector and what it found last.
#[derive(Clone, Debug, Default)]
pub struct SoloDetector {
    clock: Clock,
    detector: RegressionDetector,
    latest: Option<(u64, Regression)>,
}

impl SoloDetector {
    /// One latency in microseconds; true where a regression is certain: then it learns a new baseline.
    pub fn record(&mut self, now_us: f64, latency_us: f64) -> bool {
        let now_us = self.clock.advance(time_us(now_us));
        let found = self.detector.record(now_us, latency_us);
        if let Some(found) = found {
            self.latest = Some((now_us, found));
        }
        found.is_some()
    }

    /// Whether it knows enough to alarm.
    pub fn armed(&self) -> bool {
        self.detector.armed()
    }

    /// Evidence as a multiple of what an alarm needs.
    pub fn evidence(&self) -> f64 {
        self.detector.evidence()
    }

    /// The present state as JSON, and what was found last.
    pub fn explain(&self) -> String {
        let mut out = String::new();
        Writer::new(&mut out).object(|w| {
            w.key("armed").bool(self.detector.armed());
            w.key("median_us").num(self.detector.median_us());
            w.key("evidence").num(self.detector.evidence());
            w.key("ignored").uint(self.detector.ignored());
            if let Some((time_us, found)) = &self.latest {
                w.key("latest").object(|w| {
                    w.key("time_us").uint(*time_us);
                    regression(found, w);
                });
            }
        });
        out
    }
}

use super::kalman::Step;
use crate::journal::{Evidence, Journal};
use crate::safety::SafetyExecutor;
use crate::space::Learn;

/// The rate is tested against this many times its usual value.
const TIMES: f64 = 4.0;
/// Log likelihood ratio that is an alarm.
const THRESHOLD: f64 = 12.0;
/// Below this ratio the usual rate is learned.
const CALM: f64 = 2.0;
const RATE_MIN: f64 = 0.001;
const RATE_MAX: f64 = 0.5;
/// Windows that fix the usual rate first.
const WARM_UP: u32 = 16;
/// Time constant of the usual rate, seconds.
const LEARN_S: f64 = 60.0;

/// An alarm takes the baseline this far towards the anchor, unless it is nearer than `NEAR`.
const BACK_OFF: f64 = 0.10;
const NEAR: f64 = 0.06;

/// A sequential probability ratio test (Wald, 1945) of an error rate: usual against four times the usual.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    /// Failures and samples of the warm-up.
    first: (f64, f64),
    windows: u32,
    usual: f64,
    statistic: f64,
}

impl Guard {
    /// One window: failures among samples. The statistic when it is an alarm.
    pub fn observe(&mut self, failures: f64, samples: f64, dt: f64) -> Option<(f64, f64)> {
        if samples <= 0.0 {
            return None;
        }
        let rate = failures / samples;
        if self.windows < WARM_UP {
            self.windows += 1;
            self.first = (self.first.0 + failures, self.first.1 + samples);
            self.usual = self.first.0 / self.first.1;
            return None;
        }
        let usual = self.usual;
        let p0 = usual.max(RATE_MIN);
        let p1 = (TIMES * p0).min(RATE_MAX);
        let gain = failures * libm::log(p1 / p0) + (samples - failures) * libm::log((1.0 - p1) / (1.0 - p0));
        self.statistic = (self.statistic + gain).max(0.0);
        if self.statistic < CALM {
            self.usual = usual + (dt / LEARN_S).min(1.0) * (rate - usual);
        }
        if self.statistic <= THRESHOLD {
            return None;
        }
        let alarm = (self.statistic, rate);
        self.statistic = 0.0;
        Some(alarm)
    }

    /// One window. On an alarm the baseline backs off, where it may and is not near the anchor anyway: whether it could.
    pub(super) fn guarded(
        &mut self,
        step: &Step,
        exec: &mut SafetyExecutor,
        j: &mut Journal,
    ) -> Option<bool> {
        let (statistic, rate) = self.observe(step.guard.0, step.guard.1, step.dt)?;
        if !exec.may_change() {
            return None;
        }
        let live = (0..exec.space().len()).filter(|i| exec.space()[*i].learn != Learn::Hold);
        let far = live.map(|i| exec.space()[i].way(exec.live()[i], exec.anchor()[i]).abs());
        if far.fold(0.0, f64::max) <= NEAR {
            return None;
        }
        Some(exec.back_off(step.now_us, BACK_OFF, Evidence::Guard { statistic, rate }, j).is_ok())
    }

    /// Whether a rise is suspected at the moment.
    pub fn suspects(&self) -> bool {
        self.statistic >= CALM
    }
}

#[cfg(test)]
#[test]
fn a_rise_alarms_within_seconds_and_the_usual_never() {
    let mut guard = Guard::default();
    assert!((0..10_000).all(|k| guard.observe(f64::from(k % 2), 100.0, 0.25).is_none()));
    let alarm = (0..20).position(|_| guard.observe(4.0, 100.0, 0.25).is_some());
    assert!(alarm.is_some_and(|windows| windows < 10), "{alarm:?}");
}

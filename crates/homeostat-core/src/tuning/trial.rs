use crate::journal::{Body, Evidence, Journal};
use crate::safety::{ApplyKind, SafetyExecutor};
use crate::space::Values;

/// Windows of one block, at least; the first one of each settles.
const BLOCK_WINDOWS: u64 = 4;
/// Length of a block in lags.
const BLOCK_LAGS: f64 = 3.0;
/// Pairs before an early decision, and at most.
const PAIRS: (u32, u32) = (6, 20);
/// Standard errors for an early decision, and for B to win at the end.
const EARLY: f64 = 4.0;
const CLEAR: f64 = 2.0;

/// Windows in a row without an answer that break a trial off.
const SILENT_WINDOWS: u32 = 40;

/// An explicit A/B on one knob: the value it had against another, in alternating blocks (AB, BA, AB, ...).
#[derive(Clone, Debug)]
pub struct Trial {
    knob: usize,
    values: [f64; 2],
    units: [f64; 2],
    block_windows: u64,
    skip: u64,
    /// Position: block in the pair, which of the two is live, windows in the block.
    second: bool,
    live: usize,
    windows: u64,
    silent: u32,
    sum: f64,
    means: [f64; 2],
    pairs: u32,
    mean: f64,
    squares: f64,
}

impl Trial {
    /// A trial of `value` against the present one.
    pub fn new(knob: usize, value: f64, exec: &SafetyExecutor, window_us: u64) -> Self {
        let k = &exec.space()[knob];
        let lag_windows = k.lag_us.div_ceil(window_us);
        let block_windows = BLOCK_WINDOWS.max((BLOCK_LAGS * lag_windows as f64) as u64);
        Self {
            knob,
            values: [exec.values()[knob], k.to_value(k.to_unit(value))],
            units: [exec.baseline()[knob], k.quantise(k.to_unit(value))],
            block_windows,
            skip: lag_windows.clamp(1, block_windows - 1),
            second: false,
            live: 0,
            windows: 0,
            silent: 0,
            sum: 0.0,
            means: [0.0; 2],
            pairs: 0,
            mean: 0.0,
            squares: 0.0,
        }
    }

    fn standard_error(&self) -> f64 {
        let n = f64::from(self.pairs);
        if self.pairs < 2 { f64::INFINITY } else { libm::sqrt(self.squares / (n - 1.0) / n) }
    }

    fn evidence(&self) -> Evidence {
        Evidence::Comparison { before: 0.0, after: self.mean, standard_error: self.standard_error() }
    }

    /// One window; false when the trial has ended.
    pub fn step(&mut self, now_us: u64, y: Option<f64>, exec: &mut SafetyExecutor, j: &mut Journal) -> bool {
        let interfered = (exec.baseline()[self.knob] - self.units[self.live]).abs() > 1e-9;
        if !exec.may_change() || exec.is_frozen(self.knob) || interfered {
            let value = exec.values()[self.knob];
            j.push(now_us, 0, exec.generation(), Body::TrialEnd(self.knob as u8, value, Evidence::None));
            return false;
        }
        let Some(y) = y else {
            self.silent += 1;
            if self.silent >= SILENT_WINDOWS {
                self.break_off(now_us, exec, j);
                return false;
            }
            return true;
        };
        self.silent = 0;
        self.windows += 1;
        if self.windows > self.skip && self.windows <= self.block_windows {
            self.sum += y;
        }
        if self.windows < self.block_windows || !exec.rate_ok(now_us) {
            return true;
        }
        self.means[self.live] = self.sum / (self.block_windows - self.skip) as f64;
        if self.second {
            self.pair();
            if let Some(winner) = self.winner() {
                if !self.show(winner, now_us, exec, j) {
                    self.break_off(now_us, exec, j);
                    return false;
                }
                let (knob, value) = (self.knob as u8, self.values[winner]);
                j.push(now_us, 0, exec.generation(), Body::TrialEnd(knob, value, self.evidence()));
                return false;
            }
            // The next pair starts with what is live: AB, BA, AB.
            self.second = false;
        } else {
            if !self.show(1 - self.live, now_us, exec, j) {
                self.break_off(now_us, exec, j);
                return false;
            }
            self.second = true;
        }
        (self.windows, self.sum) = (0, 0.0);
        true
    }

    fn pair(&mut self) {
        let difference = self.means[1] - self.means[0];
        self.pairs += 1;
        let delta = difference - self.mean;
        self.mean += delta / f64::from(self.pairs);
        self.squares += delta * (difference - self.mean);
    }

    fn winner(&self) -> Option<usize> {
        if self.pairs < PAIRS.0 {
            return None;
        }
        let t = self.mean / self.standard_error().max(1e-12);
        let ended = t.abs() > EARLY || self.pairs >= PAIRS.1;
        ended.then_some(usize::from(t < -CLEAR))
    }

    /// Ends without a result: the knob returns to the value it had.
    pub fn break_off(&mut self, now_us: u64, exec: &mut SafetyExecutor, j: &mut Journal) {
        if self.live != 0 {
            exec.end_trial(now_us, self.knob, self.units[0], j);
        }
        let value = exec.values()[self.knob];
        j.push(now_us, 0, exec.generation(), Body::TrialEnd(self.knob as u8, value, Evidence::None));
    }

    fn show(&mut self, which: usize, now_us: u64, exec: &mut SafetyExecutor, j: &mut Journal) -> bool {
        let mut target: Values = *exec.baseline();
        target[self.knob] = self.units[which];
        let shown = exec.shift(now_us, ApplyKind::Trial, &target, self.evidence(), j).is_ok();
        if shown {
            self.live = which;
        }
        shown
    }
}

//! Signals: per-request samples, folded into one window at a time.

mod histogram;
mod window;

pub use histogram::Histogram;
pub use window::{METRIC_STRIDE, Sample, Window};

use crate::error::{Code, Error, Result};
use crate::json::Quoted;
use alloc::string::String;
use core::fmt;

/// Most signals that one tuner folds: what fits the signal bits of a sample's meta word.
pub const SIGNALS_MAX: usize = 64;

/// What a signal's samples are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalKind {
    /// Milliseconds; folded into a histogram.
    Duration,
    /// 0 to 1, or a boolean.
    Ratio,
    /// Amounts; summed into a rate.
    Count,
    /// Levels; averaged.
    Gauge,
}

impl SignalKind {
    /// Every kind with its wire name.
    pub const ALL: [(SignalKind, &'static str); 4] = [
        (SignalKind::Duration, "duration"),
        (SignalKind::Ratio, "ratio"),
        (SignalKind::Count, "count"),
        (SignalKind::Gauge, "gauge"),
    ];
}

/// A stream of samples that the application reports.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// Unique among the signals; 1 to 64 bytes.
    pub name: String,
    /// What the samples are.
    pub kind: SignalKind,
    /// A ratio that must not rise unexpectedly, such as an error rate.
    pub guard: bool,
}

/// Checks a set of signals; the error names the signal and the option.
pub fn validate(signals: &[Signal]) -> Result<()> {
    let refuse = |text: fmt::Arguments| Err(Error::new(Code::InvalidSignal, text));
    if signals.len() > SIGNALS_MAX {
        return refuse(format_args!("signals: expected at most {SIGNALS_MAX}, got {}", signals.len()));
    }
    for (i, signal) in signals.iter().enumerate() {
        let name = &signal.name;
        if name.is_empty() || name.len() > 64 {
            return refuse(format_args!("signals: a name must have 1 to 64 bytes, got {}", Quoted(name)));
        }
        if signals[..i].iter().any(|other| other.name == *name) {
            return refuse(format_args!("signals.{name}: this name is used twice"));
        }
        if signal.guard && signal.kind != SignalKind::Ratio {
            return refuse(format_args!("signals.{name}.guard: only a ratio can be a guard"));
        }
    }
    Ok(())
}

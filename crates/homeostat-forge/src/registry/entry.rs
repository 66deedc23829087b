//! What happened to a kernel, as one object of JSON.

use super::KernelId;
use crate::ir::Hash;
use crate::measure::Median;
use crate::plan::Variant;
use crate::schedule::Schedule;
use alloc::{format, string::String, vec::Vec};
use homeostat_core::json::Writer;

/// A step of a kernel's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A run begins. Of the journal only: the first entry, before the first decision.
    Start,
    /// A device is there.
    Attached,
    /// The device is gone; the processor answers.
    DeviceGone,
    /// A kernel was asked for.
    Added,
    /// A kernel was given up by its owner.
    Disposed,
    /// It waits to be worked for.
    Queued,
    /// There is no room for it now; it comes back by itself.
    Shed,
    /// A candidate is being compiled and proven.
    Compiling,
    /// A schedule was measured. Of searching only: not a decision.
    Measured,
    /// A candidate is right, and is to be timed.
    Proven,
    /// A candidate passed every check and was timed.
    Validated,
    /// A candidate was wrong, or the driver refused it; nobody saw its answer.
    Rejected,
    /// A candidate is to answer, on this evidence.
    Proposed,
    /// A candidate is right, but not faster by more than the noise; or it could not be recorded.
    Refused,
    /// It answers from now on.
    Promoted,
    /// It answered long enough without a complaint.
    Kept,
    /// It became slow and does not answer any more.
    Demoted,
    /// It was wrong in the field and never answers again.
    Quarantined,
    /// The one before it answers again.
    RolledBack,
    /// It is not needed any more.
    Retired,
    /// There is nothing left to try for now.
    Settled,
    /// A stage's breaker changed its state.
    Breaker,
    /// What was learned could not be kept; it waits.
    Unkept,
    /// So much of the usual work is welcome now.
    Capacity,
    /// So many decisions were not recorded.
    Gap,
}

impl Event {
    /// Every event with its name.
    pub const ALL: [(Event, &'static str); 25] = [
        (Event::Start, "start"),
        (Event::Attached, "attached"),
        (Event::DeviceGone, "device-gone"),
        (Event::Added, "added"),
        (Event::Disposed, "disposed"),
        (Event::Queued, "queued"),
        (Event::Shed, "shed"),
        (Event::Compiling, "compiling"),
        (Event::Measured, "measured"),
        (Event::Proven, "proven"),
        (Event::Validated, "validated"),
        (Event::Rejected, "rejected"),
        (Event::Proposed, "proposed"),
        (Event::Refused, "refused"),
        (Event::Promoted, "promoted"),
        (Event::Kept, "kept"),
        (Event::Demoted, "demoted"),
        (Event::Quarantined, "quarantined"),
        (Event::RolledBack, "rolled-back"),
        (Event::Retired, "retired"),
        (Event::Settled, "settled"),
        (Event::Breaker, "breaker"),
        (Event::Unkept, "unkept"),
        (Event::Capacity, "capacity"),
        (Event::Gap, "gap"),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(e, _)| *e == self).map_or("", |(_, name)| name)
    }

    /// Whether it belongs into the journal: every transition does. The measurements of a search are progress.
    pub fn is_decision(self) -> bool {
        self != Event::Measured
    }
}

/// What a decision rests on; what is not known is `None` or 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// Seconds of a run.
    pub seconds: Option<f64>,
    /// Its time over that of what it is compared with, with the interval.
    pub ratio: Option<Median>,
    /// The greatest error, as a share of what is allowed.
    pub worst: Option<f64>,
    /// After so many runs.
    pub runs: u64,
    /// What was changed of the graph.
    pub variant: Variant,
    /// In words.
    pub reason: String,
    /// Of what was wrong: the smallest case found that fails, and how.
    #[cfg(feature = "std")]
    pub smallest: String,
}

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its place among the decisions, or 0.
    pub seq: u64,
    /// Microseconds on the owner's clock.
    pub time_us: u64,
    /// Which kernel, and the hash of its blueprint.
    pub kernel: Option<(KernelId, Hash)>,
    /// What.
    pub event: Event,
    /// The schedules that it is about; none for the processor.
    pub schedules: Vec<Schedule>,
    /// On what evidence.
    pub evidence: Evidence,
}

impl Entry {
    /// Writes the members after `seq`, `event` and `time_us`.
    pub fn payload(&self, w: &mut Writer) {
        w.key("scope").str("forge");
        if let Some((id, hash)) = &self.kernel {
            w.key("kernel").uint(u64::from(id.0));
            w.key("blueprint").str(&format!("{hash}"));
        }
        if !self.schedules.is_empty() {
            w.key("schedules").array(|w| self.schedules.iter().for_each(|s| w.str(&s.text())));
        }
        let e = &self.evidence;
        if let Some(seconds) = e.seconds {
            w.key("seconds").num(seconds);
        }
        if let Some(ratio) = &e.ratio {
            w.key("ratio").num(ratio.value);
            // Unbounded where there are too few samples.
            if ratio.low.is_finite() && ratio.high.is_finite() {
                w.key("ratio_interval").nums(&[ratio.low, ratio.high]);
            }
            w.key("samples").uint(ratio.samples as u64);
        }
        if let Some(worst) = e.worst {
            w.key("worst_error").num(worst);
        }
        if !e.variant.is_plain() {
            w.key("rewritten").str(&e.variant.text());
        }
        if e.runs > 0 {
            w.key("runs").uint(e.runs);
        }
        if !e.reason.is_empty() {
            w.key("reason").str(&e.reason);
        }
        #[cfg(feature = "std")]
        if !e.smallest.is_empty() {
            w.key("smallest").str(&e.smallest);
        }
    }

    /// One object of JSON, for whoever listens.
    pub fn json(&self) -> String {
        let mut out = String::new();
        Writer::new(&mut out).object(|w| {
            w.key("event").str(self.event.name());
            w.key("time_us").uint(self.time_us);
            self.payload(w);
        });
        out
    }
}

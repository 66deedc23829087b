//! Lifecycles.

/// Where a blueprint stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlueprintState {
    /// Nothing of it was compiled.
    Unvalidated,
    /// Its first kernels are being compiled.
    Compiling,
    /// They are right, and wait to be timed.
    PendingBenchmarking,
    /// It has kernels that are right and timed.
    Validated,
    /// No kernel of it is right.
    Rejected,
    /// Nobody wants it any more.
    Retired,
}

impl BlueprintState {
    /// Every state with its name.
    pub const ALL: [(BlueprintState, &'static str); 6] = [
        (BlueprintState::Unvalidated, "unvalidated"),
        (BlueprintState::Compiling, "compiling"),
        (BlueprintState::PendingBenchmarking, "pending-benchmarking"),
        (BlueprintState::Validated, "validated"),
        (BlueprintState::Rejected, "rejected"),
        (BlueprintState::Retired, "retired"),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(s, _)| *s == self).map_or("", |(_, name)| name)
    }

    /// Whether this step is one of the lifecycle.
    pub fn may_become(self, to: Self) -> bool {
        use BlueprintState::{Compiling, PendingBenchmarking, Rejected, Retired, Unvalidated, Validated};
        match (self, to) {
            (Unvalidated, Compiling)
            | (Compiling, PendingBenchmarking)
            | (PendingBenchmarking, Validated) => true,
            (Compiling | PendingBenchmarking, Rejected) => true,
            // It is compiled again after a field report, or with a newer compiler.
            (Validated | Rejected, Compiling) => true,
            (from, Retired) => from != Retired,
            _ => false,
        }
    }
}

/// Where a kernel stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KernelState {
    /// The driver has compiled it, or the library remembers it: a candidate.
    Compiled,
    /// It passed every check on this device.
    Validated,
    /// It answers users.
    Promoted,
    /// It was wrong or slow in the field.
    Quarantined,
    /// Better ones have taken its place, or nobody wants its blueprint any more, or its device is gone.
    Retired,
}

impl KernelState {
    /// Every state with its name.
    pub const ALL: [(KernelState, &'static str); 5] = [
        (KernelState::Compiled, "compiled"),
        (KernelState::Validated, "validated"),
        (KernelState::Promoted, "promoted"),
        (KernelState::Quarantined, "quarantined"),
        (KernelState::Retired, "retired"),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(s, _)| *s == self).map_or("", |(_, name)| name)
    }

    /// Whether it passed its checks.
    pub fn is_proven(self) -> bool {
        matches!(self, KernelState::Validated | KernelState::Promoted)
    }

    /// Whether this step is one of the lifecycle.
    pub fn may_become(self, to: Self) -> bool {
        use KernelState::{Compiled, Promoted, Quarantined, Retired, Validated};
        match (self, to) {
            (Compiled, Validated) | (Validated, Promoted) => true,
            // Another one is faster.
            (Promoted, Validated) => true,
            (Compiled | Validated | Promoted | Retired, Quarantined) => true,
            // It is tried again from the start.
            (Quarantined | Retired, Compiled) => true,
            (from, Retired) => from != Retired && from != Promoted,
            _ => false,
        }
    }
}

/// Why a proposal was refused. A refusal is a value, never an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// A step larger than the guardrail, or a probe outside its tube.
    DeltaTooLarge,
    /// Too many updates in a second, too soon after the last one, or while a value is still being pushed.
    RateLimitExceeded,
    /// A value outside the knob's bounds.
    OutOfBounds,
    /// No such knob.
    UnknownParameter,
    /// One more change of direction than a minute may have.
    Thrashing,
    /// More cumulative change than a minute may have, or the cap of an exceptional kind.
    BudgetExhausted,
    /// The objective got worse too often in a row.
    ObjectiveRegression,
    /// A constraint is violated.
    ConstraintViolation,
    /// The journal has no room to record the change first.
    AuditQueueFull,
    /// Nothing was certified that a rollback could go to.
    NoBaseline,
    /// NaN or an infinity.
    NotFinite,
    /// The knob, or all of them, are frozen; or the mode does not write.
    Frozen,
    /// SafeMode allows rollbacks only.
    SafeMode,
    /// Made for a configuration that is no longer the live one.
    StaleGeneration,
}

impl Violation {
    /// Every violation with its wire name. Its place here plus one is its number across the seam.
    pub const ALL: [(Violation, &'static str); 14] = [
        (Violation::DeltaTooLarge, "delta-too-large"),
        (Violation::RateLimitExceeded, "rate-limit-exceeded"),
        (Violation::OutOfBounds, "out-of-bounds"),
        (Violation::UnknownParameter, "unknown-parameter"),
        (Violation::Thrashing, "thrashing"),
        (Violation::BudgetExhausted, "budget-exhausted"),
        (Violation::ObjectiveRegression, "objective-regression"),
        (Violation::ConstraintViolation, "constraint-violation"),
        (Violation::AuditQueueFull, "audit-queue-full"),
        (Violation::NoBaseline, "no-baseline"),
        (Violation::NotFinite, "not-finite"),
        (Violation::Frozen, "frozen"),
        (Violation::SafeMode, "safe-mode"),
        (Violation::StaleGeneration, "stale-generation"),
    ];

    /// The wire name.
    pub fn as_str(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// Approved, or refused for a reason.
pub type Verdict = core::result::Result<(), Violation>;

#[cfg(test)]
#[test]
fn the_table_is_in_declaration_order() {
    for (i, (violation, _)) in Violation::ALL.iter().enumerate() {
        assert_eq!(*violation as usize, i);
    }
}

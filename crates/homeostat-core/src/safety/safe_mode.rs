/// Why SafeMode was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SafeModeReason {
    /// A strategy asked for one more change of direction than allowed.
    Thrashing,
    /// A strategy asked for more cumulative change than allowed, or an exceptional kind reached its cap.
    BudgetExhausted,
    /// Regressions in a row.
    ObjectiveRegression,
    /// The journal was full.
    AuditQueueFull,
    /// Too many refused proposals in a minute.
    RepeatedViolations,
    /// Evaluations that never came back, in a row.
    EvaluationTimeout,
    /// A constraint stayed violated.
    ConstraintViolation,
    /// Neither a value nor its predecessor could be pushed.
    PushFailed,
    /// An operator.
    ByHand,
}

impl SafeModeReason {
    /// Every reason with its wire name.
    pub const ALL: [(SafeModeReason, &'static str); 9] = [
        (SafeModeReason::Thrashing, "thrashing"),
        (SafeModeReason::BudgetExhausted, "budget-exhausted"),
        (SafeModeReason::ObjectiveRegression, "objective-regression"),
        (SafeModeReason::AuditQueueFull, "audit-queue-full"),
        (SafeModeReason::RepeatedViolations, "repeated-violations"),
        (SafeModeReason::EvaluationTimeout, "evaluation-timeout"),
        (SafeModeReason::ConstraintViolation, "constraint-violation"),
        (SafeModeReason::PushFailed, "push-failed"),
        (SafeModeReason::ByHand, "by-hand"),
    ];
}

/// Windows whose mean has to show a recovery.
const RECOVERY_WINDOWS: u32 = 8;

/// Nothing changes but a rollback. Left by timer, by hand, or when the objective recovered by the required improvement.
#[derive(Clone, Debug, PartialEq)]
pub struct SafeMode {
    /// Why.
    pub reason: SafeModeReason,
    /// Since when.
    pub since_us: u64,
    /// When the timer ends it; never for SafeMode by hand.
    pub until_us: Option<u64>,
    /// Level of the objective at entry, if it was known.
    level: Option<f64>,
    sum: f64,
    windows: u32,
}

impl SafeMode {
    /// SafeMode from `now_us` on.
    pub fn enter(reason: SafeModeReason, now_us: u64, cooldown_us: u64, level: Option<f64>) -> Self {
        let until_us = (reason != SafeModeReason::ByHand).then(|| now_us.saturating_add(cooldown_us));
        Self { reason, since_us: now_us, until_us, level, sum: 0.0, windows: 0 }
    }

    /// Whether the timer has run out.
    pub fn expired(&self, now_us: u64) -> bool {
        self.until_us.is_some_and(|t| now_us >= t)
    }

    /// One window of the objective; true when it is better than at entry by `improvement`.
    pub fn recovered(&mut self, y: f64, improvement: f64) -> bool {
        if self.until_us.is_none() {
            return false;
        }
        self.sum += y;
        self.windows += 1;
        if self.windows < RECOVERY_WINDOWS {
            return false;
        }
        let mean = self.sum / f64::from(self.windows);
        (self.sum, self.windows) = (0.0, 0);
        self.level.is_some_and(|level| mean <= level - improvement)
    }
}

#[cfg(test)]
#[test]
fn is_left_by_timer_or_recovery_but_not_when_by_hand() {
    let mut timed = SafeMode::enter(SafeModeReason::Thrashing, 1000, 500, Some(1.5));
    assert!(!timed.expired(1499) && timed.expired(1500));
    assert!(!(0..8).any(|_| timed.recovered(1.45, 0.1)), "5 % is not the required improvement");
    assert!((0..8).any(|_| timed.recovered(1.3, 0.1)));
    let mut by_hand = SafeMode::enter(SafeModeReason::ByHand, 1000, 500, Some(1.5));
    assert!(!by_hand.expired(u64::MAX) && !(0..8).any(|_| by_hand.recovered(0.1, 0.1)));
}

//! How a run is scored.

use crate::auditor::{Auditor, Breaches, UpdateKind};
use crate::contender::Case;
use crate::stats::mean;
use crate::{RUN_S, WINDOW_S, WINDOWS};

/// Costs are compared over the last 20 s where convergence is judged.
const SMOOTHING_WINDOWS: usize = 80;

/// The score of one run.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// 0: the dynamic oracle; 1: the untouched default. None where the default is optimal.
    pub regret: Option<f64>,
    /// Share of windows more than 10 % worse than the default would have been.
    pub unsafe_share: f64,
    /// Until 90 % of the achievable gain is reached for the first time, in seconds; the first phase's length if never.
    pub t90_s: f64,
    /// Mean time to the same after each jump; None for plants without jumps.
    pub recovery_s: Option<f64>,
    /// SafeMode entries.
    pub safe_mode_entries: u64,
    /// Worst window relative to the default.
    pub worst_ratio: f64,
    /// Mean cost above the dynamic oracle's, relative to it.
    pub excess: f64,
    /// Mean cost.
    pub cost: f64,
    /// Applied ordinary updates.
    pub ordinary_updates: u64,
    /// Applied exceptional updates.
    pub exceptional_updates: u64,
    /// Guardrail breaches.
    pub breaches: Breaches,
}

impl Metrics {
    pub(super) fn score(case: &Case, costs: &[f64], safe_mode_entries: u64, auditor: &Auditor) -> Self {
        let reference = &case.reference;
        let cost = mean(costs);
        let ratio = |k: usize| costs[k] / reference.initial_cost[k];
        let unsafe_windows = (0..WINDOWS).filter(|&k| costs[k] > 1.1 * reference.initial_cost[k]).count();
        let (t90_s, recovery_s) = convergence(case, costs);
        let ordinary_updates = auditor.count(UpdateKind::Probe) + auditor.count(UpdateKind::Move);
        let exceptional = [
            UpdateKind::Rollback,
            UpdateKind::Challenge,
            UpdateKind::ChallengeReturn,
            UpdateKind::Adoption,
            UpdateKind::BackOff,
            UpdateKind::SafeMode,
        ];
        Self {
            regret: reference.regret(cost),
            unsafe_share: unsafe_windows as f64 / WINDOWS as f64,
            t90_s,
            recovery_s,
            safe_mode_entries,
            worst_ratio: (0..WINDOWS).map(ratio).fold(0.0, f64::max),
            excess: cost / reference.oracle_mean() - 1.0,
            cost,
            ordinary_updates,
            exceptional_updates: exceptional.into_iter().map(|kind| auditor.count(kind)).sum(),
            breaches: auditor.breaches().clone(),
        }
    }
}

/// Time to 90 % of the achievable gain at the start, and mean time to it after the jumps.
fn convergence(case: &Case, costs: &[f64]) -> (f64, Option<f64>) {
    let reference = &case.reference;
    let smoothed = |series: &[f64]| -> Vec<f64> {
        let window = |k: usize| &series[k.saturating_sub(SMOOTHING_WINDOWS - 1)..=k];
        (0..WINDOWS).map(|k| mean(window(k))).collect()
    };
    let cost = smoothed(costs);
    let initial = smoothed(&reference.initial_cost);
    let oracle = smoothed(&reference.oracle_cost);
    let reached = |k: usize| {
        // Where the default is nearly optimal, 2 % of the cost stand in for the gain.
        let gain = (initial[k] - oracle[k]).max(0.02 * oracle[k]);
        cost[k] - oracle[k] <= 0.1 * gain
    };
    let first_reached = |from: usize, to: usize| {
        let windows = (from..to).find(|&k| reached(k)).map_or(to - from, |k| k - from);
        windows as f64 * WINDOW_S
    };
    let index = |t: f64| (t / WINDOW_S) as usize;
    let jumps = case.plant.jumps_s();
    let end_of = |phase: usize| index(jumps.get(phase).copied().unwrap_or(RUN_S));

    let t90_s = first_reached(SMOOTHING_WINDOWS, end_of(0)) + SMOOTHING_WINDOWS as f64 * WINDOW_S;
    if jumps.is_empty() {
        return (t90_s, None);
    }
    // Right after a jump the smoothing still sees the old phase; half its length is skipped and added back.
    let skip = SMOOTHING_WINDOWS / 2;
    let total: f64 = (0..jumps.len())
        .map(|j| first_reached(index(jumps[j]) + skip, end_of(j + 1)) + skip as f64 * WINDOW_S)
        .sum();
    (t90_s, Some(total / jumps.len() as f64))
}

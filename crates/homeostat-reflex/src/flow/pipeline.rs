//! The named queues of the kernel pipeline, and the breakers in front of its stages.

use super::QueueConfig;
use crate::breaker::{BreakerConfig, WindowKind};

/// Blueprints that wait to be compiled.
pub const BLUEPRINTS: QueueConfig = QueueConfig::with_depth(100);
/// Compilations.
pub const COMPILATION: QueueConfig = QueueConfig::with_depth(50);
/// Validations.
pub const VALIDATION: QueueConfig = QueueConfig::with_depth(25);
/// Writes to storage.
pub const STORAGE: QueueConfig = QueueConfig::with_depth(200);

/// The queue of this name.
pub fn queue(name: &str) -> Option<QueueConfig> {
    Some(match name {
        "blueprints" => BLUEPRINTS,
        "compilation" => COMPILATION,
        "validation" => VALIDATION,
        "storage" => STORAGE,
        _ => return None,
    })
}

/// Opens at `failures` within `period_us`, for as long.
fn at(failures: u32, period_us: u64) -> BreakerConfig {
    BreakerConfig {
        window: WindowKind::Time(period_us),
        failures: Some(failures),
        failure_rate: None,
        slow_rate: None,
        open_us: period_us,
        open_max_us: period_us,
        // One process: nobody has to be kept from coming back at the same moment.
        jitter: 0.0,
        ..BreakerConfig::default()
    }
}

/// The breaker of this stage: compile 5 failures in 60 s, validate 3 in 30 s, store 10 in 120 s.
pub fn breaker(stage: &str) -> Option<BreakerConfig> {
    Some(match stage {
        "compile" => at(5, 60_000_000),
        "validate" => at(3, 30_000_000),
        "store" => at(10, 120_000_000),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::breaker::{Breaker, Outcome};
    use crate::ledger::Ledger;

    #[test]
    fn the_queues_have_their_depths() {
        let depths =
            ["blueprints", "compilation", "validation", "storage"].map(|name| queue(name).unwrap().depth);
        assert_eq!((depths, queue("none")), ([100, 50, 25, 200], None));
    }

    #[test]
    fn the_breakers_open_at_their_failures_and_stay_open_for_their_period() {
        for (stage, failures, period_us) in
            [("compile", 5, 60_000_000), ("validate", 3, 30_000_000), ("store", 10, 120_000_000)]
        {
            let (mut ledger, config) = (Ledger::new(100), breaker(stage).unwrap());
            let mut breaker = Breaker::new(config, 0, 0);
            for n in 0..failures {
                assert_eq!(breaker.number(), 0, "{stage}");
                let permit = breaker.try_acquire(&mut ledger, n).unwrap();
                breaker.tell(&mut ledger, permit, Outcome::from_number(1), n);
            }
            let mut at_us = |now_us: u64| {
                breaker.advance(&mut ledger, now_us);
                breaker.number()
            };
            let opened_us = failures - 1;
            let ends_us = opened_us + period_us;
            assert_eq!([opened_us, ends_us - 1, ends_us].map(&mut at_us), [1, 1, 2], "{stage}");
        }
        assert!(breaker("none").is_none());
    }
}

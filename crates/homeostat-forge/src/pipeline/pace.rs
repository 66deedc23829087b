//! How much of the device's time the work beside the runs takes: at most the stated share while runs come in, and of work that only
//! polishes what is hot (AGGRESSIVE) at any time. A command that counts is followed by a pause so long that the two of them keep the share,
//! in which no other one that counts is given out. Polishing also waits until the device is idle: when a run begins, it has stopped as
//! soon as its present command is carried out, or the proof that it is in the middle of.

/// Runs come in while the last one began no longer ago; without one for so long, the device is idle.
const IDLE_US: u64 = 100_000;
/// What takes longer counts as that: the process may have stood still meanwhile, and nothing hangs for ever.
const TOOK_MAX_US: u64 = 30_000_000;

/// When the next command may go out.
#[derive(Default)]
pub(super) struct Pace {
    /// When the command that is out, or whose end nobody told yet, went out; and whether it only polishes.
    out: Option<(u64, bool)>,
    /// Nothing that counts before that.
    from_us: u64,
}

impl Pace {
    /// A command goes out.
    pub fn begin(&mut self, polishes: bool, now_us: u64) {
        self.out = Some((now_us, polishes));
    }

    /// It was carried out; the last run of a user began then, if there was one.
    pub fn end(&mut self, share: f64, last_run_us: Option<u64>, now_us: u64) {
        let Some((since_us, polishes)) = self.out.take() else { return };
        if polishes || is_busy(last_run_us, now_us) {
            let took_us = now_us.saturating_sub(since_us).min(TOOK_MAX_US) as f64;
            self.from_us = now_us.saturating_add((took_us * (1.0 - share) / share) as u64);
        }
    }

    /// How long the pause still lasts.
    pub fn wait_us(&self, now_us: u64) -> u64 {
        self.from_us.saturating_sub(now_us)
    }

    /// Whether anything may go out.
    pub fn may_work(&self, last_run_us: Option<u64>, now_us: u64) -> bool {
        self.wait_us(now_us) == 0 || !is_busy(last_run_us, now_us)
    }

    /// Whether something that only polishes may.
    pub fn may_polish(&self, last_run_us: Option<u64>, now_us: u64) -> bool {
        self.wait_us(now_us) == 0 && !is_busy(last_run_us, now_us)
    }
}

fn is_busy(last_run_us: Option<u64>, now_us: u64) -> bool {
    last_run_us.is_some_and(|at| now_us.saturating_sub(at) < IDLE_US)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_stood_still_during_a_command_works_again_soon() {
        for (took_us, counts_us) in
            [(1_000_000, 1_000_000), (30_000_000, 30_000_000), (3_600_000_000, 30_000_000)]
        {
            let mut pace = Pace::default();
            pace.begin(true, 0);
            pace.end(0.2, None, took_us);
            assert_eq!(pace.wait_us(took_us), 4 * counts_us);
            assert!(pace.may_work(Some(took_us), took_us + 4 * counts_us));
        }
    }
}

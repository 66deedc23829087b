//! Many runs at once, over the processor's cores; the results do not depend on how many.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Conditions, Metrics, Summary, run};
use crate::auditor::Rules;
use crate::contender::{Case, Setup};
use crate::contenders::{self, CreateError};
use crate::guardrails::Preset;

/// A contender's own randomness is a stream apart from the plant's, for the same seed.
const CONTENDER_STREAM: u64 = 101;

/// One row to be filled in.
#[derive(Clone)]
pub struct Job<'a> {
    /// Who.
    pub contender: &'a str,
    /// Against what.
    pub case: &'a Case,
    /// Under which guardrails.
    pub preset: Preset,
    /// Noise.
    pub cv: f64,
    /// The first of `seeds` consecutive seeds.
    pub first_seed: u64,
    /// How many seeds; at least one.
    pub seeds: u64,
    /// The plant's true lag, where not its own.
    pub plant_lag_s: Option<f64>,
    /// The lag that the contender is told, where not the plant's.
    pub declared_lag_s: Option<f64>,
}

impl Job<'_> {
    fn run(&self, seed: u64) -> Result<Metrics, CreateError> {
        let setup = Setup {
            case: self.case,
            preset: self.preset,
            limits: self.preset.limits(),
            lag_s: self.declared_lag_s.unwrap_or(self.case.plant.declared_lag_s()),
            seed: seed.wrapping_add(CONTENDER_STREAM),
        };
        let mut contender = contenders::create(self.contender, &setup)?;
        let conditions = Conditions {
            rules: Rules::of(self.preset),
            cv: self.cv,
            seed: seed.wrapping_add(1),
            lag_s: self.plant_lag_s,
        };
        Ok(run(self.case, contender.as_mut(), &conditions))
    }
}

/// Fills in every row. The error of a row is the reason why its contender could not be made.
pub fn sweep(jobs: &[Job<'_>], threads: usize) -> Vec<Result<Summary, CreateError>> {
    let tasks: Vec<(usize, u64)> = jobs
        .iter()
        .enumerate()
        .flat_map(|(row, job)| (0..job.seeds).map(move |i| (row, job.first_seed.wrapping_add(i))))
        .collect();
    let results = parallel(&tasks, threads, |&(row, seed)| jobs[row].run(seed));
    let mut results = results.into_iter();
    jobs.iter()
        .map(|job| {
            // All of a row's results are taken before the first error may end the row, or the next row would see the rest.
            let runs: Vec<_> = results.by_ref().take(job.seeds as usize).collect();
            let runs = runs.into_iter().collect::<Result<Vec<Metrics>, CreateError>>();
            Ok(Summary::of(job.contender, job.case.plant.name(), job.preset, job.cv, &runs?))
        })
        .collect()
}

/// Maps `items` on `threads` threads; the results are in the order of the items.
pub fn parallel<T: Sync, R: Send>(items: &[T], threads: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(items.len()));
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, items.len().max(1)) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    let result = work(item);
                    done.lock().expect("no worker panics while it holds the lock").push((index, result));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("no worker panics while it holds the lock");
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plant;

    #[test]
    fn parallel_keeps_the_order() {
        let items: Vec<usize> = (0..100).collect();
        let expected: Vec<usize> = items.iter().map(|i| i * i).collect();
        assert_eq!(parallel(&items, 3, |i| i * i), expected);
        assert_eq!(parallel(&items[..0], 3, |i| i * i), vec![]);
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let case = Case::new(plant::find("P5").unwrap());
        let job = Job {
            contender: "spsa",
            case: &case,
            preset: Preset::Balanced,
            cv: 0.1,
            first_seed: 1,
            seeds: 3,
            plant_lag_s: None,
            declared_lag_s: None,
        };
        let regret = |threads| sweep(std::slice::from_ref(&job), threads)[0].as_ref().unwrap().regret;
        assert_eq!(regret(1), regret(2));
    }
}

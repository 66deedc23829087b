//! How many runs make a batch that is worth timing: at least 5 ms of the *device's* time. What a submission costs beside its runs
//! (encoding, a way to another process and back) does not count: where the device has no clock of its own, what a run takes is the slope
//! between batches of n and of 2 n. Bounded: a batch has at most `BATCH_RUNS_MAX` runs, and 50 ms of work unless one run takes longer.
//!
//! A clock may be coarse: browsers round theirs, and their timestamps, to 100 us or more. How coarse is seen from what it says, whose
//! greatest common divisor is its step; a batch has so many steps that rounding is less than the noise. A reading that would end the
//! sizing is taken once more, and the lesser one counts: what else a machine does makes readings longer, never shorter. Of the reading of
//! n that makes the slope too little, or less than nothing: so batches grow no further than the reading of 2 n allows, which is no less
//! than its work, and where that is 50 ms the same pair is read again.

use super::Timing;
use crate::schedule::Limits;
use homeostat_core::real;

/// Shortest batch that is worth timing, in seconds of the device.
pub const BATCH_S_MIN: f64 = 0.005;
/// Longest one that a coarse clock asks for.
pub const BATCH_S_MAX: f64 = 0.05;
/// Most runs of one batch.
pub const BATCH_RUNS_MAX: u32 = 4000;
/// Steps of its clock that a batch lasts: rounding is at most 2.5 % of it.
const STEPS_MIN: f64 = 40.0;
/// Readings after which a clock's step is believed.
const READINGS_MIN: u32 = 3;
/// A guess is followed so far: that of a short batch is mostly noise.
const GROWTH_MAX: f64 = 8.0;
/// Times that a pair is read again in all: where a submission costs 50 ms, long readings are no work.
const AGAIN_MAX: u32 = 4;

/// A batch that is worth timing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Batch {
    /// How many runs.
    pub runs: u32,
    /// What one of them takes, about.
    pub seconds: f64,
}

/// The greatest common divisor of a clock's readings, in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Step {
    ns: u64,
    readings: u32,
}

impl Step {
    fn see(&mut self, seconds: f64) {
        let (mut a, mut b) = (self.ns, libm::round(seconds * 1e9) as u64);
        while b > 0 {
            (a, b) = (b, a % b);
        }
        (self.ns, self.readings) = (a, self.readings + 1);
    }

    /// How long a batch has to be by this clock.
    fn wanted(&self) -> f64 {
        let steps = if self.readings < READINGS_MIN { 0.0 } else { self.ns as f64 * 1e-9 * STEPS_MIN };
        real::clamp(steps, BATCH_S_MIN, BATCH_S_MAX)
    }
}

/// Finds the batch of one kernel: time so many runs as it says, tell it, until it gives one. The kernel has run before: a first dispatch
/// may compile.
#[derive(Clone, Debug)]
pub struct Sizing {
    runs: u32,
    /// What half as many runs took by the wall's clock.
    half: Option<f64>,
    /// Work of one run where that would have been enough; the reading that tells again may be of fewer runs.
    enough: Option<f64>,
    /// How often a pair was read again.
    again: u32,
    /// Of the wall's clock, and of the device's own.
    steps: [Step; 2],
}

impl Default for Sizing {
    fn default() -> Self {
        Self { runs: 1, half: None, enough: None, again: 0, steps: [Step::default(); 2] }
    }
}

impl Sizing {
    /// How many runs to time next.
    pub fn runs(&self) -> u32 {
        self.runs
    }

    /// Tells how long they took.
    pub fn tell(&mut self, timing: &Timing, limits: &Limits, uneven: f64) -> Option<Batch> {
        let seconds = timing.seconds(limits, uneven);
        let step = &mut self.steps[usize::from(timing.own_s.is_some())];
        step.see(timing.own_s.unwrap_or(timing.wall_s));
        let wanted = step.wanted();
        // One run that lasts so long needs no slope: beside it a submission costs nothing.
        let work = if timing.own_s.is_some() || self.runs == 1 && seconds >= BATCH_S_MAX {
            self.half = None;
            seconds
        } else if let Some(half) = self.half.take() {
            2.0 * (seconds - half)
        } else {
            self.half = Some(seconds);
            self.runs *= 2;
            return None;
        };
        let paired = u32::from(timing.own_s.is_none() && self.runs > 1);
        let (runs, most) = (f64::from(self.runs), BATCH_RUNS_MAX << paired);
        if work >= wanted || self.runs >= most {
            let Some(before) = self.enough.take() else {
                self.enough = Some(work / runs);
                self.runs >>= paired;
                return None;
            };
            let work = work.min(before * runs);
            if work >= wanted || self.runs >= most {
                let needed = if work > 0.0 { libm::ceil(runs * wanted / work) } else { runs };
                let batch = real::clamp(needed, 1.0, runs.min(f64::from(BATCH_RUNS_MAX)));
                return Some(Batch { runs: batch as u32, seconds: work.max(0.0) / runs });
            }
        }
        self.enough = None;
        // So many times as much is certainly no more than twice the longest.
        let room = 2.0 * BATCH_S_MAX / seconds;
        if room < 2.0 && self.again < AGAIN_MAX {
            self.again += 1;
            self.runs >>= paired;
            return None;
        }
        // What was seen was less than enough: a little more than it takes, so that the next one is.
        let factor = if work > 0.0 { 1.25 * wanted / work } else { GROWTH_MAX };
        let next = libm::ceil(runs * real::clamp(factor, 2.0, GROWTH_MAX));
        let next = next.min(libm::floor(runs * room)).max(2.0 * runs);
        self.runs = (next as u32).min(most) >> paired;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Decision, decide};
    use super::*;
    use homeostat_core::rng::Rng;

    /// A device whose clocks are coarse, on a machine that does other things too.
    struct Bench {
        rng: Rng,
        now_s: f64,
        /// What a submission costs beside its runs.
        submit_s: f64,
        /// Steps of the wall's clock and of the device's own, which there need not be.
        wall_step_s: f64,
        own_step_s: Option<f64>,
        noise: f64,
        longest: u32,
    }

    const STEPS: [f64; 3] = [1e-9, 1e-4, 1e-3];
    /// Most work of a reading: a batch is half of a pair's greater one.
    const LONGEST_S: f64 = 2.0 * BATCH_S_MAX * 1.02;

    impl Bench {
        fn new(seed: u64, step_s: f64, own: bool) -> Self {
            Self {
                rng: Rng::new(seed),
                now_s: 0.0,
                submit_s: 3e-4,
                wall_step_s: step_s,
                own_step_s: own.then_some(step_s),
                noise: 0.1,
                longest: 0,
            }
        }

        fn unit(&mut self) -> f64 {
            (self.rng.next_u64() >> 11) as f64 / 9_007_199_254_740_992.0
        }

        /// Mostly close, sometimes far slower, as a busy machine is; `run_s` is the least that a run takes.
        fn time(&mut self, run_s: f64, runs: u32) -> Timing {
            self.longest = self.longest.max(runs);
            let hiccup = if self.rng.next_u64().is_multiple_of(8) { 0.5 } else { 0.0 };
            let work = run_s * f64::from(runs) * (1.0 + self.noise * (self.unit() + hiccup / 0.1));
            // Where in a step it begins is anybody's guess.
            self.now_s += self.unit() * 0.01;
            let (from, to) = (self.now_s, self.now_s + self.submit_s + work);
            self.now_s = to;
            let by = |step: f64, from: f64, to: f64| {
                libm::floor(to / step) * step - libm::floor(from / step) * step
            };
            let own_s = self.own_step_s.map(|step| by(step, from, from + work)).filter(|s| *s > 0.0);
            Timing { wall_s: by(self.wall_step_s, from, to), own_s }
        }

        /// The work of the longest reading.
        fn longest_s(&self, run_s: f64) -> f64 {
            f64::from(self.longest) * run_s
        }

        fn size(&mut self, run_s: f64) -> Batch {
            let mut sizing = Sizing::default();
            for _ in 0..100 {
                let timing = self.time(run_s, sizing.runs());
                if let Some(batch) = sizing.tell(&timing, &hardware(), 1.0) {
                    return batch;
                }
            }
            panic!("it comes to no end")
        }

        /// A candidate that takes `factor` times as long as the incumbent, decided as the pipeline does.
        fn decide(&mut self, run_s: f64, factor: f64) -> Decision {
            let (candidate, incumbent) = (self.size(run_s * factor), self.size(run_s));
            let mut pairs = alloc::vec::Vec::new();
            loop {
                let mut sample = |run_s: f64, batch: &Batch| {
                    self.time(run_s, batch.runs).seconds(&hardware(), 1.0) / f64::from(batch.runs)
                };
                let first = sample(run_s * factor, &candidate);
                pairs.push((first, sample(run_s, &incumbent)));
                if let Some(decision) = decide(&pairs).filter(|d| d.is_final()) {
                    return decision;
                }
            }
        }
    }

    fn hardware() -> Limits {
        Limits { kind: crate::schedule::Kind::Hardware, ..Limits::PORTABLE }
    }

    #[test]
    fn a_batch_is_5_ms_of_the_device_whatever_a_submission_costs() {
        for submit_s in [0.0, 3e-4, 4e-3, 2e-2] {
            for (seed, run_s) in [1e-6, 7e-6, 1e-4, 3e-3, 2e-2, 0.3].into_iter().enumerate() {
                for own in [false, true] {
                    let mut bench = Bench { submit_s, noise: 1e-4, ..Bench::new(seed as u64, 1e-9, own) };
                    let batch = bench.size(run_s);
                    let least = (BATCH_S_MIN / run_s).min(f64::from(BATCH_RUNS_MAX));
                    let runs = f64::from(batch.runs);
                    assert!(
                        runs >= least * 0.99 && runs <= least * 1.1 + 1.0,
                        "{submit_s} {run_s}: {batch:?}"
                    );
                    // A submission's cost is none of a run's.
                    let off = (batch.seconds / run_s - 1.0).abs();
                    assert!(off < 5e-3 || run_s >= BATCH_S_MAX && off < 0.1, "{submit_s} {run_s}: {batch:?}");
                    assert!(bench.longest <= 2 * BATCH_RUNS_MAX);
                    assert!(bench.longest_s(run_s) <= LONGEST_S.max(run_s), "{submit_s} {run_s}");
                }
            }
        }
    }

    #[test]
    fn a_coarse_clock_gets_batches_of_many_steps_and_noise_shortens_none() {
        for step_s in STEPS {
            for own in [false, true] {
                for seed in 0..200 {
                    let mut bench = Bench::new(seed, step_s, own);
                    let run_s = 1e-5 * (1.0 + bench.unit() * 9.0);
                    let work = f64::from(bench.size(run_s).runs) * run_s;
                    assert!(bench.longest_s(run_s) <= LONGEST_S, "{step_s} {own} {seed}");
                    // A hiccup that came twice may have shortened it: never below what a clock still sees.
                    let least = BATCH_S_MIN.max(step_s * STEPS_MIN) / 3.0;
                    assert!(work >= least && work <= 2.0 * BATCH_S_MAX, "{step_s} {own} {seed}: {work}");
                }
            }
        }
    }

    #[test]
    fn a_reading_that_was_held_up_makes_none_longer_than_a_batch_may_be() {
        let run_times = [1e-5, 2e-3, 1.2e-2, 2e-2, 2.4e-2, 3e-2, 4.5e-2, 0.12];
        for (step_s, run_s) in STEPS.into_iter().flat_map(|step| run_times.map(|run| (step, run))) {
            for (late, held_up_s) in (0..8).flat_map(|late| [0.01, 0.019, 0.028, 0.1, 0.5].map(|s| (late, s)))
            {
                let mut bench = Bench { noise: 1e-3, ..Bench::new(late, step_s, false) };
                let (mut sizing, mut reading) = (Sizing::default(), 0);
                let batch = loop {
                    let timing = bench.time(run_s, sizing.runs());
                    let more = if reading == late { held_up_s } else { 0.0 };
                    let told = Timing { wall_s: timing.wall_s + more, ..timing };
                    reading += 1;
                    assert!(reading < 50, "it comes to no end");
                    if let Some(batch) = sizing.tell(&told, &hardware(), 1.0) {
                        break batch;
                    }
                };
                let longest_s = bench.longest_s(run_s);
                let text = alloc::format!("{step_s} {run_s} {late} {held_up_s}: {batch:?} {longest_s}");
                assert!(longest_s <= LONGEST_S.max(run_s), "{text}");
                // What it says of a run is right where no whole pair was: the lesser of two counts.
                assert!(batch.seconds <= 1.1 * run_s + 5e-4 + step_s, "{text}");
            }
        }
    }

    #[test]
    fn noise_flips_no_winner_and_a_tenth_is_found_by_coarse_clocks_too() {
        for step_s in STEPS {
            for own in [false, true] {
                let promoted = |factor: f64| {
                    let of = |seed: u64| {
                        let mut bench = Bench::new(seed, step_s, own);
                        let run_s = 1e-5 * (1.0 + bench.unit() * 99.0);
                        matches!(bench.decide(run_s, factor), Decision::Promote(_))
                    };
                    (0..200).filter(|seed| of(*seed)).count()
                };
                let (slower, equal, faster) = (promoted(1.1), promoted(1.0), promoted(0.9));
                assert_eq!(slower, 0, "{step_s} {own}");
                assert!(equal <= 10 && faster >= 180, "{step_s} {own}: {equal} {faster}");
            }
        }
    }
}

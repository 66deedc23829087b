//! When a difference between two kernels is one. Pure: seconds come in, decisions go out.
//!
//! The first dispatch is discarded (it may compile), a batch lasts at least 5 ms of the device's time (`batch`), samples come in
//! interleaved pairs of candidate and incumbent, and what counts is the confidence interval of the median of their ratio. Inside the
//! noise nothing is promoted: an unconfirmed winner gets worse with the number of tries, because the luckiest measurement wins.

mod batch;

pub use batch::{BATCH_RUNS_MAX, BATCH_S_MAX, BATCH_S_MIN, Batch, Sizing};

use crate::schedule::{Kind, Limits};
use alloc::vec::Vec;
use homeostat_core::list::List;
use homeostat_core::real;

/// Pairs before anything is decided, and after which what is undecided stays as it is.
const PAIRS: (usize, usize) = (8, 24);
/// A candidate that is not better than this ratio is not promoted.
pub const RATIO_MAX: f64 = 0.98;

/// How long a batch took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// By the wall's clock.
    pub wall_s: f64,
    /// Of the device itself: its own clock, or the processor's time.
    pub own_s: Option<f64>,
}

impl Timing {
    /// Seconds that count: the device's own, else the wall's. Processor time of all cores is as long as the busiest one takes,
    /// with work that is so uneven.
    pub fn seconds(&self, limits: &Limits, uneven: f64) -> f64 {
        match self.own_s {
            Some(own_s) if limits.kind == Kind::Software => own_s / f64::from(limits.cores) * uneven,
            Some(own_s) => own_s,
            None => self.wall_s,
        }
    }
}

/// A median with its interval of at least 95 % confidence, from order statistics: no shape of the noise is assumed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Median {
    /// The median.
    pub value: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// How many samples.
    pub samples: usize,
}

/// The median of samples; `None` without any. Below six samples no interval has 95 %, and it is unbounded.
pub fn median(samples: &[f64]) -> Option<Median> {
    let mut sorted: Vec<f64> = samples.to_vec();
    real::sort(&mut sorted);
    let n = sorted.len();
    let (first, second) = (sorted.get(n.checked_sub(1)? / 2)?, sorted.get(n / 2)?);
    let value = (first + second) / 2.0;
    let Some(outside) = outside(n) else {
        return Some(Median { value, low: f64::NEG_INFINITY, high: f64::INFINITY, samples: n });
    };
    Some(Median { value, low: sorted[outside], high: sorted[n - 1 - outside], samples: n })
}

/// How many of the outermost samples on each side the interval leaves out: the most for which 2 P(Binomial(n, 1/2) <= k) is at
/// most 5 %.
fn outside(n: usize) -> Option<usize> {
    let mut probability = 1.0;
    for _ in 0..n {
        probability *= 0.5;
    }
    let (mut tail, mut left_out) = (0.0, None);
    for k in 0..n / 2 {
        tail += probability;
        if 2.0 * tail > 0.05 {
            break;
        }
        left_out = Some(k);
        probability *= (n - k) as f64 / (k + 1) as f64;
    }
    left_out
}

/// What pairs of timings say about a candidate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Decision {
    /// It is faster, by more than the noise and by enough to matter.
    Promote(Median),
    /// It is not, or not by enough.
    Keep(Median),
    /// More pairs are needed.
    Undecided(Median),
}

impl Decision {
    /// Whether there are enough pairs: the next one would change nothing, or is not worth its time.
    pub fn is_final(&self) -> bool {
        let (Decision::Promote(ratio) | Decision::Keep(ratio) | Decision::Undecided(ratio)) = self;
        let decided = !matches!(self, Decision::Undecided(_));
        ratio.samples >= PAIRS.1 || ratio.samples >= PAIRS.0 && decided
    }
}

/// Decides by interleaved pairs (candidate, incumbent), in seconds. A pair of which a coarse clock saw nothing says nothing.
pub fn decide(pairs: &[(f64, f64)]) -> Option<Decision> {
    let ratio =
        |(candidate, incumbent): &(f64, f64)| if *incumbent > 0.0 { candidate / incumbent } else { 1.0 };
    let ratios: Vec<f64> = pairs.iter().map(ratio).listed();
    let ratio = median(&ratios)?;
    Some(if ratio.high < RATIO_MAX {
        Decision::Promote(ratio)
    } else if ratio.low > RATIO_MAX {
        Decision::Keep(ratio)
    } else {
        Decision::Undecided(ratio)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use homeostat_core::rng::Rng;

    fn noisy(rng: &mut Rng, centre: f64) -> f64 {
        let unit = (rng.next_u64() >> 11) as f64 / 9_007_199_254_740_992.0;
        // Mostly close, sometimes far slower, as a busy machine is.
        centre * (1.0 + 0.1 * unit + if rng.next_u64().is_multiple_of(8) { 0.5 } else { 0.0 })
    }

    #[test]
    fn the_interval_holds_the_median_as_often_as_it_says() {
        let mut rng = Rng::new(1);
        let truth = 1.0 + 0.1 * 0.5 * 8.0 / 7.0;
        let mut inside = 0;
        for _ in 0..2000 {
            let samples: Vec<f64> = (0..21).map(|_| noisy(&mut rng, 1.0)).collect();
            let m = median(&samples).unwrap();
            inside += u32::from((m.low..=m.high).contains(&truth));
        }
        assert!(inside >= 1880, "{inside} of 2000");
    }

    #[test]
    fn equal_kernels_are_hardly_ever_promoted_and_better_ones_are() {
        let mut rng = Rng::new(2);
        let mut promoted = [0, 0];
        for _ in 0..1000 {
            for (i, factor) in [1.0, 0.9].into_iter().enumerate() {
                let pairs: Vec<(f64, f64)> =
                    (0..40).map(|_| (noisy(&mut rng, factor), noisy(&mut rng, 1.0))).collect();
                promoted[i] += u32::from(matches!(decide(&pairs), Some(Decision::Promote(_))));
            }
        }
        assert!(promoted[0] <= 5 && promoted[1] >= 900, "{promoted:?}");
    }

    #[test]
    fn few_samples_decide_nothing() {
        assert!(matches!(decide(&[(0.1, 1.0); 5]), Some(Decision::Undecided(_))));
        assert!(decide(&[]).is_none());
        assert!(matches!(decide(&[(0.0, 0.0); 9]), Some(Decision::Keep(_))));
    }
}

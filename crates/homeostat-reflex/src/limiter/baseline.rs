//! The uncongested mean round trip. It is learned slowly, as a mean of many, unless it moved: then at once, but not from one look.

/// Weight of a probe in the logarithm of the baseline, once there were many; before, each counts the same.
const WEIGHT_MIN: f64 = 0.05;
/// Weight of an interval without congestion, and of one that is off by more than `MOVED`.
const IDLE_WEIGHT: f64 = 0.075;
const IDLE_MOVED_WEIGHT: f64 = 0.7;
/// A probe that is off by more than this (in logarithm) is looked at again at once. Off by `MOVED` over the root of the number of
/// looks, the mean of them is the baseline.
const SUSPECT: f64 = 0.25;
const MOVED: f64 = 0.5;
/// That is for probes of so many calls or more; of fewer, chance moves the mean further.
const CALLS: f64 = 64.0;
const LOOKS_MAX: f64 = 4.0;

/// What came of a probe.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Verdict {
    /// Look again at the same limit.
    Again,
    /// The baseline is about what it was.
    Same,
    /// It is longer, or shorter, than it was.
    Longer,
    Shorter,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Baseline {
    /// 0 while unknown.
    seconds: f64,
    /// Probes since it moved.
    probes: f64,
    /// Looks at what may have moved, and by how much in all.
    looks: f64,
    off: f64,
}

impl Baseline {
    pub fn seconds(&self) -> f64 {
        self.seconds
    }

    pub fn probes(&self) -> f64 {
        self.probes
    }

    /// Anything is better than nothing.
    pub fn first(&mut self, round_trip_s: f64) {
        if self.seconds == 0.0 {
            self.seconds = round_trip_s;
        }
    }

    /// An interval in which nothing was congested.
    pub fn idle(&mut self, round_trip_s: f64) {
        let off = libm::log(round_trip_s / self.seconds);
        self.shift(off, if off.abs() > MOVED { IDLE_MOVED_WEIGHT } else { IDLE_WEIGHT });
    }

    fn shift(&mut self, off: f64, weight: f64) {
        self.seconds *= libm::exp(weight * off);
    }

    /// A probe's mean round trip, over so many calls.
    pub fn probed(&mut self, round_trip_s: f64, calls: f64) -> Verdict {
        let off = libm::log(round_trip_s / self.seconds);
        (self.looks, self.off) = (self.looks + 1.0, self.off + off);
        let (looks, mean) = (self.looks, self.off / self.looks);
        let evidence = mean.abs() * libm::sqrt(looks * (calls / CALLS).min(1.0));
        let first = looks == 1.0 && evidence > SUSPECT;
        if first || (looks > 1.0 && looks < LOOKS_MAX && evidence > SUSPECT && evidence <= MOVED) {
            return Verdict::Again;
        }
        (self.looks, self.off) = (0.0, 0.0);
        if looks > 1.0 && evidence > MOVED {
            self.shift(mean, 1.0);
            self.probes = looks;
            return if mean > 0.0 { Verdict::Longer } else { Verdict::Shorter };
        }
        let weight = (looks / (self.probes + looks)).max(1.0 - libm::pow(1.0 - WEIGHT_MIN, looks));
        self.shift(mean, weight);
        self.probes += looks;
        Verdict::Same
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Baseline {
        let mut baseline = Baseline::default();
        baseline.first(0.02);
        (0..50).for_each(|_| assert_eq!(baseline.probed(0.02, 64.0), Verdict::Same));
        baseline
    }

    #[test]
    fn moves_at_the_second_look_and_not_for_one_odd_probe() {
        let mut baseline = known();
        assert_eq!(
            (baseline.probed(0.04, 64.0), baseline.probed(0.04, 64.0)),
            (Verdict::Again, Verdict::Longer)
        );
        assert!((baseline.seconds() - 0.04).abs() < 1e-9);
        let mut baseline = known();
        assert_eq!(
            (baseline.probed(0.032, 64.0), baseline.probed(0.02, 64.0)),
            (Verdict::Again, Verdict::Again)
        );
        assert_eq!(baseline.probed(0.019, 64.0), Verdict::Same);
        assert!(baseline.seconds() < 0.022, "{}", baseline.seconds());
        assert_eq!(baseline.probed(0.03, 10.0), Verdict::Same, "ten calls vary so much");
        assert_eq!(
            (baseline.probed(0.005, 64.0), baseline.probed(0.005, 64.0)),
            (Verdict::Again, Verdict::Shorter)
        );
    }
}

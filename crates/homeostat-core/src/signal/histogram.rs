use alloc::{vec, vec::Vec};

/// Sub-buckets per power of two.
const SUB: usize = 32;
const SUB_BITS: u32 = 5;
/// Powers of two covered: 1 microsecond to about 19 hours.
const OCTAVES: usize = 36;
const BUCKETS: usize = SUB * OCTAVES;

/// A latency histogram with logarithmic buckets, in milliseconds.
///
/// Values from 0.001 ms to 6.8e7 ms fall into buckets 1/32 of a power of two wide; a quantile is the middle of its bucket, so
/// it is off by at most 1/64 (1.6 %) of the value. Smaller values count as 0.001 ms, larger ones as the last bucket.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Vec<u32>,
    total: u64,
    /// Buckets that hold anything lie in this range: clearing touches no others.
    low: usize,
    high: usize,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0, low: BUCKETS, high: 0 }
    }
}

impl Histogram {
    /// Counts one value in milliseconds; not a number counts as the smallest.
    pub fn record(&mut self, ms: f64) {
        let i = bucket(ms);
        self.counts[i] = self.counts[i].saturating_add(1);
        self.total += 1;
        self.low = self.low.min(i);
        self.high = self.high.max(i);
    }

    /// Number of values.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The value below which the share `q` of all values lies (nearest rank), in milliseconds; `None` when empty.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        if self.total == 0 {
            return None;
        }
        let rank = (libm::ceil(q.clamp(0.0, 1.0) * self.total as f64) as u64).max(1);
        let mut seen = 0;
        for i in self.low..=self.high {
            seen += u64::from(self.counts[i]);
            if seen >= rank {
                return Some(middle(i));
            }
        }
        Some(middle(self.high))
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        if self.total > 0 {
            self.counts[self.low..=self.high].fill(0);
        }
        (self.total, self.low, self.high) = (0, BUCKETS, 0);
    }
}

/// The bucket follows from the exponent and the first five bits of the mantissa.
fn bucket(ms: f64) -> usize {
    let us = ms * 1000.0;
    if us.is_nan() || us < 1.0 {
        return 0;
    }
    let bits = us.to_bits();
    let exponent = (bits >> 52) as usize - 1023;
    let sub = (bits >> (52 - SUB_BITS)) as usize & (SUB - 1);
    (exponent * SUB + sub).min(BUCKETS - 1)
}

fn middle(i: usize) -> f64 {
    let octave = (1u64 << (i / SUB)) as f64;
    octave * (1.0 + ((i % SUB) as f64 + 0.5) / SUB as f64) / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Nearest rank on the sorted values.
    fn exact(values: &[f64], q: f64) -> f64 {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted[((q * sorted.len() as f64).ceil() as usize).max(1) - 1]
    }

    proptest! {
        #[test]
        fn quantiles_are_within_the_stated_bound(
            values in prop::collection::vec(0.001f64..1e7, 1..400), q in 0.0f64..=1.0,
        ) {
            let mut h = Histogram::default();
            values.iter().for_each(|v| h.record(*v));
            let (got, want) = (h.quantile(q).unwrap(), exact(&values, q));
            prop_assert!((got - want).abs() <= want / 64.0 + 1e-9, "{got} for {want}");
            h.clear();
            prop_assert_eq!(h.quantile(q), None);
            h.record(1.0);
            prop_assert_eq!(h.total(), 1);
        }
    }

    #[test]
    fn odd_values_stay_inside() {
        let mut h = Histogram::default();
        for v in [f64::NAN, -1.0, 0.0, f64::INFINITY, 1e300] {
            h.record(v);
        }
        assert_eq!(h.total(), 5);
        assert!(h.quantile(0.5).unwrap() < 0.01 && h.quantile(1.0).unwrap() > 6e7);
    }
}

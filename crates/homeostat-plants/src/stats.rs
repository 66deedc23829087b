//! Small statistics that several contenders share.

/// Arithmetic mean; NaN for no values.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Mean without the lowest and highest tenth (rounded down). Sorts its argument.
pub fn trimmed_mean(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let cut = values.len() / 10;
    mean(&values[cut..values.len() - cut])
}

/// Running count, mean and variance (Welford), in constant memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moments {
    count: u64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// Adds one value.
    pub fn push(&mut self, value: f64) {
        self.count += 1;
        let delta = value - self.mean;
        self.mean += delta / self.count as f64;
        self.squares += delta * (value - self.mean);
    }

    /// Number of values.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Mean of the values.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Squared standard error of the mean.
    pub fn mean_variance(&self) -> f64 {
        let n = self.count as f64;
        self.squares / (n - 1.0).max(1.0) / n
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_agree_with_the_direct_formulas() {
        let values = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0];
        let mut moments = Moments::default();
        values.iter().for_each(|&v| moments.push(v));
        let m = mean(&values);
        let variance = values.iter().map(|v| (v - m) * (v - m)).sum::<f64>() / 5.0;
        assert!((moments.mean() - m).abs() < 1e-12);
        assert!((moments.mean_variance() - variance / 6.0).abs() < 1e-12);
    }

    #[test]
    fn trimming_drops_a_tenth_on_each_side() {
        let mut values = [1e9, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, -1e9];
        assert_eq!(trimmed_mean(&mut values), 4.5);
    }
}

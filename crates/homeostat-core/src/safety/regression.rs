/// Windows on each side of the comparison.
const WINDOWS: usize = 8;
/// Fewest windows that a side needs to be compared at all.
const WINDOWS_MIN: usize = 2;
/// A regression is worse by more than this share ...
const SHARE: f64 = 0.05;
/// ... and by more than this many standard errors.
const ERRORS: f64 = 2.0;

/// What a comparison found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// Mean before the move.
    pub before: f64,
    /// Mean after the move.
    pub after: f64,
    /// Standard error of their difference.
    pub standard_error: f64,
    /// Regressions in a row, this one included; 0 when it was none.
    pub in_a_row: u32,
}

/// Watches whether moves of the baseline made the objective worse.
///
/// Compares the mean of up to eight windows before a move with up to eight after it: worse by more than 5 % *and* by more than
/// two standard errors is a regression. The objective arrives on the scale the tuner learns on, where 0.05 is 5 %.
#[derive(Clone, Debug, Default)]
pub struct RegressionWatch {
    before: Side,
    after: Side,
    in_a_row: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Side {
    len: usize,
    items: [f64; WINDOWS],
}

impl Side {
    fn mean_and_variance_of_mean(&self) -> (f64, f64) {
        let (items, n) = (&self.items[..self.len], self.len as f64);
        let mean = items.iter().sum::<f64>() / n;
        let variance = items.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0).max(1.0);
        (mean, variance / n)
    }
}

impl RegressionWatch {
    /// One more window at the present baseline; a judgement when the comparison is complete.
    pub fn observe(&mut self, y: f64) -> Option<Judgement> {
        if self.after.len == WINDOWS {
            // The latest windows are what the next move is compared with.
            self.after.items.rotate_left(1);
            self.after.items[WINDOWS - 1] = y;
            return None;
        }
        self.after.items[self.after.len] = y;
        self.after.len += 1;
        if self.after.len == WINDOWS { self.judge() } else { None }
    }

    /// The baseline moves now. An incomplete comparison is judged with what it has.
    pub fn moved(&mut self) -> Option<Judgement> {
        let judgement = if self.after.len < WINDOWS { self.judge() } else { None };
        self.before = self.after;
        self.after.len = 0;
        judgement
    }

    /// Counts something that was as bad as a regression: a rollback, an adopted challenge.
    pub fn count(&mut self) -> u32 {
        self.in_a_row += 1;
        self.in_a_row
    }

    /// Regressions in a row.
    pub fn in_a_row(&self) -> u32 {
        self.in_a_row
    }

    /// Forgets both sides: what follows is another configuration.
    pub fn restart(&mut self) {
        (self.before.len, self.after.len) = (0, 0);
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    fn judge(&mut self) -> Option<Judgement> {
        if self.before.len < WINDOWS_MIN || self.after.len < WINDOWS_MIN {
            return None;
        }
        let (before, variance_before) = self.before.mean_and_variance_of_mean();
        let (after, variance_after) = self.after.mean_and_variance_of_mean();
        let standard_error = libm::sqrt(variance_before + variance_after);
        let worse = after - before > SHARE && after - before > ERRORS * standard_error;
        self.in_a_row = if worse { self.in_a_row + 1 } else { 0 };
        Some(Judgement { before, after, standard_error, in_a_row: self.in_a_row })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(watch: &mut RegressionWatch, y: f64) -> Option<Judgement> {
        (0..WINDOWS).filter_map(|i| watch.observe(y + 0.001 * (i % 2) as f64)).last()
    }

    #[test]
    fn clear_worsening_counts_and_noise_does_not() {
        let mut watch = RegressionWatch::default();
        assert_eq!(feed(&mut watch, 1.0), None, "nothing to compare with");
        watch.moved();
        assert_eq!(feed(&mut watch, 1.2).map(|j| j.in_a_row), Some(1));
        watch.moved();
        assert_eq!(feed(&mut watch, 1.22).map(|j| j.in_a_row), Some(0), "2 % is not a regression");
        watch.moved();
        for y in [0.5, 3.0, 0.5, 3.0, 0.5, 3.0, 0.5] {
            watch.observe(y);
        }
        let noisy = watch.observe(3.0).unwrap();
        assert!(noisy.after > noisy.before * 1.05 && noisy.in_a_row == 0, "noise is not a regression");
    }
}

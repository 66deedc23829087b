//! Waiting that counts only the time in which this process ran: a container that was frozen or a laptop that slept has no device that hangs.

use std::time::Duration;

/// Waits that a wait is made of. Each that is overdue counts as one, however long the process stood still.
const SLICES: u32 = 20;

/// Waits for so long at most, `wait` for a slice of it at a time; `None` where nothing came of it.
pub(crate) fn in_slices<T>(patience: Duration, wait: impl FnMut(Duration) -> Option<T>) -> Option<T> {
    core::iter::repeat_n(patience / SLICES, SLICES as usize).find_map(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standstill_counts_as_one_slice() {
        let patience = Duration::from_secs(20);
        let mut waited = Vec::new();
        // Whoever is late in the first one, by whatever, has all the others.
        let came = in_slices(patience, |slice| {
            waited.push(slice);
            (waited.len() == 20).then_some("it came")
        });
        assert_eq!((came, waited.iter().sum()), (Some("it came"), patience));
        let mut asked = 0;
        let none: Option<()> = in_slices(patience, |_| {
            asked += 1;
            None
        });
        assert_eq!((none, asked), (None, 20));
    }
}

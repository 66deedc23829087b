//! Work that is spread over the processor's cores, where there is a standard library. Every part is computed as it would be alone, so
//! that the bits do not depend on how many there are; a browser has one thread, and loses nothing but time.

/// Threads of one computation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threads(usize);

/// Operations that are worth a thread of their own: it takes some fifty microseconds to start one.
const WORTH: f64 = 4e6;
/// Most threads: more cores than that have other things to do.
#[cfg(feature = "std")]
const MOST: usize = 16;

impl Threads {
    /// One.
    pub const ONE: Threads = Threads(1);

    /// As many as the processor has cores.
    pub fn all() -> Self {
        #[cfg(feature = "std")]
        return Self(std::thread::available_parallelism().map_or(1, |n| n.get()).min(MOST));
        #[cfg(not(feature = "std"))]
        Self::ONE
    }

    /// Rows of each part, where `rows` of them take so many operations and parts are whole multiples of `block` rows.
    fn part(self, rows: usize, block: usize, operations: f64) -> usize {
        let worth = (operations / WORTH) as usize;
        let parts = self.0.min(worth).max(1);
        rows.div_ceil(block).div_ceil(parts).max(1) * block
    }

    /// Does the same with every part of `out`, rows of `width` elements; the closure is given the first row of its part.
    pub fn rows<F>(self, out: &mut [f32], width: usize, block: usize, operations: f64, work: F)
    where
        F: Fn(usize, &mut [f32]) + Sync,
    {
        let rows = out.len().checked_div(width).unwrap_or(0);
        let part = self.part(rows, block, operations);
        if part >= rows {
            return work(0, out);
        }
        #[cfg(feature = "std")]
        std::thread::scope(|scope| {
            let mut parts = out.chunks_mut(part * width).enumerate();
            let own = parts.next();
            for (i, part_of) in parts {
                let work = &work;
                scope.spawn(move || work(i * part, part_of));
            }
            // The first one is this thread's.
            if let Some((_, part_of)) = own {
                work(0, part_of);
            }
        });
        #[cfg(not(feature = "std"))]
        work(0, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn every_row_is_visited_once_whatever_the_number_of_threads() {
        for (threads, rows, block) in [(1, 10, 3), (2, 10, 3), (4, 97, 8), (16, 3, 1), (3, 0, 1)] {
            let mut out = vec![0f32; rows * 5];
            Threads(threads).rows(&mut out, 5, block, 1e9, |first, part| {
                assert!(first % block == 0 && part.len() % 5 == 0);
                for (i, row) in part.chunks_mut(5).enumerate() {
                    row.iter_mut().for_each(|x| *x += (first + i) as f32 + 1.0);
                }
            });
            let wanted: Vec<f32> = (0..rows * 5).map(|i| (i / 5) as f32 + 1.0).collect();
            assert_eq!(out, wanted, "{threads} {rows} {block}");
        }
        // What is small is not worth a thread.
        assert_eq!(Threads(8).part(100, 1, 1e5), 100);
    }
}

use super::window::Tally;
use alloc::{vec, vec::Vec};

/// Calls that one word describes: a bit for failed, a bit for slow.
const PER_WORD: usize = 32;

/// The last so many calls. Two bits for each; every operation costs the same at any size.
#[derive(Clone, Debug, PartialEq)]
pub struct CountWindow {
    words: Vec<u64>,
    size: u32,
    at: u32,
    tally: Tally,
    /// Calls pushed since the start, wrapping: a mark is the number of its call.
    pushed: u32,
}

impl CountWindow {
    /// An empty window over `size` calls, at least one.
    pub fn new(size: u32) -> Self {
        let size = size.max(1);
        let words = vec![0; (size as usize).div_ceil(PER_WORD)];
        Self { words, size, at: 0, tally: Tally::default(), pushed: 0 }
    }

    /// Counts a call in place of the oldest; its mark.
    #[inline(always)]
    pub fn push(&mut self, failed: bool, slow: bool) -> u32 {
        let (word, shift) = (self.at as usize / PER_WORD, self.at as usize % PER_WORD * 2);
        if let Some(word) = self.words.get_mut(word) {
            if self.tally.calls == self.size {
                self.tally.failures -= (*word >> shift & 1) as u32;
                self.tally.slow -= (*word >> shift >> 1 & 1) as u32;
            } else {
                self.tally.calls += 1;
            }
            *word = *word & !(3 << shift) | (u64::from(failed) | u64::from(slow) << 1) << shift;
        }
        self.tally.failures += u32::from(failed);
        self.tally.slow += u32::from(slow);
        self.at = if self.at + 1 == self.size { 0 } else { self.at + 1 };
        self.pushed = self.pushed.wrapping_add(1);
        self.pushed
    }

    /// Turns the call with this mark into a failure, if it is still in the window.
    pub fn fail(&mut self, mark: u32) {
        let age = self.pushed.wrapping_sub(mark);
        if age >= self.tally.calls {
            return;
        }
        let at = (self.at + self.size - 1 - age) % self.size;
        let (word, bit) = (at as usize / PER_WORD, 1 << (at as usize % PER_WORD * 2));
        if let Some(word) = self.words.get_mut(word)
            && *word & bit == 0
        {
            *word |= bit;
            self.tally.failures += 1;
        }
    }

    /// Forgets every call, at no cost for its size.
    pub fn clear(&mut self) {
        self.tally = Tally::default();
    }

    /// What is in the window.
    pub fn tally(&self) -> Tally {
        self.tally
    }
}

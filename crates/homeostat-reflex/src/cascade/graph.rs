/// Most components that one component is known to call.
pub const CALLEES_MAX: usize = 16;

/// Whom a component calls, and whether anybody calls it, as observed.
///
/// Bound: the last 16 callees that were new; 72 bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Calls {
    handles: [u32; CALLEES_MAX],
    len: u8,
    next: u8,
    /// Whether some component was seen to call it.
    pub called: bool,
}

impl Calls {
    /// Notes a call of this component.
    #[inline]
    pub fn note(&mut self, callee: u32) {
        if self.callees().contains(&callee) {
            return;
        }
        self.handles[self.next as usize % CALLEES_MAX] = callee;
        self.next = (self.next + 1) % CALLEES_MAX as u8;
        self.len = (self.len + 1).min(CALLEES_MAX as u8);
    }

    /// Handles of those that it calls; some may be gone.
    pub fn callees(&self) -> &[u32] {
        &self.handles[..usize::from(self.len)]
    }

    /// Whether nothing is known about it: neither callers nor callees.
    pub fn unknown(&self) -> bool {
        self.len == 0 && !self.called
    }

    /// Whether it calls others and nobody was seen to call it: requests enter here.
    pub fn is_entry(&self) -> bool {
        self.len > 0 && !self.called
    }
}

/// Which of a few members hang together: a small union-find over places in a list.
#[derive(Clone, Debug)]
pub struct Groups {
    parents: alloc::vec::Vec<u32>,
}

impl Groups {
    /// Every one of `len` by itself.
    pub fn new(len: usize) -> Self {
        Self { parents: (0..len as u32).collect() }
    }

    /// Who stands for the group of this one.
    pub fn find(&mut self, mut at: usize) -> usize {
        while self.parents[at] as usize != at {
            self.parents[at] = self.parents[self.parents[at] as usize];
            at = self.parents[at] as usize;
        }
        at
    }

    /// Joins two groups.
    pub fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        self.parents[a.max(b)] = a.min(b) as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_latest_callees() {
        let mut calls = Calls::default();
        assert!(calls.unknown() && !calls.is_entry());
        (0..40).for_each(|callee| calls.note(callee / 2));
        assert_eq!(calls.callees().len(), CALLEES_MAX);
        assert!((4..20).all(|callee| calls.callees().contains(&callee)));
        assert!(calls.is_entry());
    }

    #[test]
    fn groups_join() {
        let mut groups = Groups::new(5);
        groups.join(0, 3);
        groups.join(4, 3);
        assert_eq!(groups.find(4), groups.find(0));
        assert_ne!(groups.find(1), groups.find(0));
    }
}

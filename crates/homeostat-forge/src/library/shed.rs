//! What is forgotten where too much is known.

use super::{KERNELS_MAX, KernelKey, KernelState, Library, Record};
use crate::ir::Hash;
use crate::map::Map;
use alloc::vec::Vec;
use homeostat_core::list::List;
use homeostat_solver::order::ascending;

impl Library {
    /// Forgets the slowest kernels of the blueprints that have the most, where there are too many: some more than that, so that it is not
    /// gone through for each new one. What answers and what was wrong is kept. Of blueprints those go that no kernel is known of.
    pub(super) fn shed(&mut self) {
        let target = KERNELS_MAX - KERNELS_MAX / 16;
        if self.kernels.len() > KERNELS_MAX {
            let mut counts: Map<Hash, usize> = Map::new();
            self.kernels.keys().for_each(|k| *counts.or_default(k.blueprint) += 1);
            // So many of each blueprint may stay.
            let stay = |most: usize| counts.values().map(|n| *n.min(&most)).sum::<usize>();
            let (mut least, mut most) = (0, KERNELS_MAX);
            while least < most {
                let middle = (least + most).div_ceil(2);
                if stay(middle) <= target { least = middle } else { most = middle - 1 }
            }
            let mut cuts: Map<Hash, f64> = Map::new();
            for (hash, n) in counts.iter().filter(|(_, n)| **n > least) {
                let seconds: Vec<f64> = self
                    .kernels_of(hash)
                    .filter(|(_, r)| is_spare(r))
                    .map(|(_, r)| r.measures.seconds)
                    .listed();
                let order = ascending(&seconds);
                let first = order.len().saturating_sub(n - least);
                cuts.insert(*hash, order.get(first).map_or(f64::INFINITY, |at| seconds[*at]));
            }
            let goes = |k: &KernelKey, r: &Record| {
                is_spare(r) && cuts.get(&k.blueprint).is_some_and(|cut| r.measures.seconds >= *cut)
            };
            self.kernels.retain(|k, r| !goes(k, r));
        }
        if self.retired.len() > KERNELS_MAX {
            // Who wants one of them again finds what stood, and no kernel that nothing can wake.
            for hash in core::mem::take(&mut self.retired).iter() {
                self.mark(Some(hash), None, true);
            }
        }
        if self.blueprints.len() > KERNELS_MAX {
            let mut blueprints = core::mem::take(&mut self.blueprints);
            blueprints.retain(|hash, _| self.kernels_of(hash).next().is_some());
            self.blueprints = blueprints;
        }
    }
}

/// Whether a kernel may be forgotten where there are too many.
fn is_spare(record: &Record) -> bool {
    !record.answered && !matches!(record.state, KernelState::Promoted | KernelState::Quarantined)
}

//! The kernel that serves an objective best.

use crate::library::{KernelKey, Library, Measures, Query, Record, Tag};

/// What matters most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objective {
    /// The shortest run.
    Speed,
    /// The least memory; among equals the shortest run.
    Memory,
    /// The least error; among equals the shortest run.
    Precision,
}

impl Objective {
    /// Every objective with its name.
    pub const ALL: [(Objective, &'static str); 3] =
        [(Objective::Speed, "speed"), (Objective::Memory, "memory"), (Objective::Precision, "precision")];

    fn tag(self) -> Tag {
        match self {
            Objective::Speed => Tag::HighSpeed,
            Objective::Memory => Tag::LowMemory,
            Objective::Precision => Tag::HighPrecision,
        }
    }
}

impl Objective {
    /// What is to be small of a kernel that was measured: first the one, then the other.
    pub fn cost(self, of: &Measures) -> (f64, f64) {
        match self {
            Objective::Speed => (of.seconds, of.seconds),
            Objective::Memory => (of.extra_bytes as f64, of.seconds),
            Objective::Precision => (of.error, of.seconds),
        }
    }
}

/// The proven kernel that serves the objective best: one of its tag, or, where none has it, the fastest. `None` where no kernel
/// was proven in this process.
pub fn choose<'a>(library: &'a Library, of: &Query<'a>, objective: Objective) -> Option<(KernelKey, Record)> {
    let proven = |of: &Query| {
        let found = library.query(of);
        let first = found.into_iter().find(|(_, r)| r.proven_here && r.state.is_proven());
        first.map(|(k, r)| (k.clone(), r.clone()))
    };
    let tagged = Query { tag: Some(objective.tag()), ..of.clone() };
    proven(&tagged).or_else(|| proven(&Query { tag: None, ..of.clone() }))
}

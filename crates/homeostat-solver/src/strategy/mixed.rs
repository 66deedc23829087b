use super::{Strategy, View};
use crate::mixed::{Dimension, Mixed, Space as MixedSpace};
use crate::space::{Bound, Space};
use alloc::vec::Vec;
use homeostat_core::space::{Kind, Scale};

/// Steps of unequal width up to which they are levels; more are a number that is rounded.
const UNEVEN_LEVELS_MAX: u64 = 64;

/// One coordinate as the model sees it.
fn dimension(bound: &Bound) -> Dimension {
    let knob = &bound.knob;
    match (bound.levels(), knob.scale) {
        (Some(options), _) if knob.kind.is_categorical() => {
            Dimension::Categorical { options: options as u32 }
        }
        (_, Scale::Periodic) => Dimension::Periodic,
        (Some(levels), Scale::Log) if levels <= UNEVEN_LEVELS_MAX => {
            Dimension::Ordered { levels: levels as u32 }
        }
        (Some(levels), Scale::Linear) if levels <= 1 << 20 => Dimension::Ordered { levels: levels as u32 },
        _ => Dimension::Continuous,
    }
}

/// The strategy for spaces with choices, switches, whole numbers and angles.
pub struct MixedStrategy {
    machine: Mixed,
    bounds: Vec<(Bound, Dimension)>,
}

impl MixedStrategy {
    pub fn new(space: &Space, seed: u64) -> Self {
        let bounds: Vec<_> = space.bounds().iter().map(|b| (b.clone(), dimension(b))).collect();
        // A number of many steps is a free coordinate to the model, and yet two places that round to one value are one point.
        let grid = |(bound, dimension): &(Bound, Dimension)| {
            let free = matches!(dimension, Dimension::Continuous | Dimension::Periodic);
            (free && bound.levels().is_some()).then(|| bound.knob.clone())
        };
        let rounded = MixedSpace::new(bounds.iter().map(|(_, d)| *d).collect());
        let machine = Mixed::over(rounded.rounded(bounds.iter().map(grid).collect()), seed);
        Self { machine, bounds }
    }

    fn inwards(&self, unit: &[f64]) -> Vec<f64> {
        let each = self.bounds.iter().zip(unit);
        each.map(|((bound, dimension), u)| match dimension {
            Dimension::Ordered { .. } | Dimension::Categorical { .. } => {
                bound.rank(bound.knob.to_value(*u)) as f64
            }
            _ => bound.knob.quantise(*u),
        })
        .collect()
    }

    fn outwards(&self, point: &[f64]) -> Vec<f64> {
        let each = self.bounds.iter().zip(point);
        each.map(|((bound, dimension), x)| match dimension {
            Dimension::Ordered { .. } | Dimension::Categorical { .. } => {
                bound.knob.to_unit(bound.level(*x as u64))
            }
            _ => *x,
        })
        .collect()
    }
}

impl Strategy for MixedStrategy {
    fn name(&self) -> &'static str {
        "mixed"
    }

    fn ask(&mut self, view: &View) -> Option<Vec<f64>> {
        let pending: Vec<Vec<f64>> = view.pending().map(|unit| self.inwards(unit)).collect();
        self.machine.ask(&pending).map(|point| self.outwards(&point))
    }

    fn tell(&mut self, unit: &[f64], y: f64) {
        let point = self.inwards(unit);
        self.machine.tell(&point, y);
    }
}

/// Whether a space is, for all that a model can see, a box of real numbers.
pub fn is_continuous(space: &Space) -> bool {
    /// With so many steps, rounding to the nearest is less than what a search of this kind can tell.
    const FINE_LEVELS: u64 = 256;
    space.bounds().iter().all(|bound| {
        let fine = bound.levels().is_none_or(|levels| levels >= FINE_LEVELS);
        let plain = !matches!(bound.knob.kind, Kind::Boolean | Kind::Choice);
        fine && plain && bound.knob.scale != Scale::Periodic
    })
}

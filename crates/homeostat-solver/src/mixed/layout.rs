//! How a point looks to the model: columns of numbers whose distance means something.
use super::space::{Dimension, Space};
use alloc::vec::Vec;

/// One column of the model's view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    /// Which of the model's axes it belongs to. An angle has two columns on one axis.
    pub axis: usize,
    /// Whether only equality counts.
    pub choice: bool,
}

/// The view of a space. Dimensions with a single value have no column.
#[derive(Clone, Debug)]
pub struct Layout {
    /// In order of the dimensions.
    pub columns: Vec<Column>,
    /// How many axes there are: dimensions with more than one value.
    pub axes: usize,
    sources: Vec<(usize, Dimension)>,
}

impl Layout {
    /// The view of this space.
    pub fn new(space: &Space) -> Self {
        let varying = space.dims().iter().copied().enumerate().filter(|(_, d)| d.count() != Some(1));
        let mut layout = Self { columns: Vec::new(), axes: 0, sources: Vec::new() };
        for (from, dim) in varying {
            let choice = matches!(dim, Dimension::Categorical { .. });
            let width = if dim == Dimension::Periodic { 2 } else { 1 };
            (0..width).for_each(|_| layout.columns.push(Column { axis: layout.axes, choice }));
            layout.axes += 1;
            layout.sources.push((from, dim));
        }
        layout
    }

    /// Writes the point's columns. Numbers and levels are scaled to [0, 1]; an angle is a point on a circle of diameter ½,
    /// as far as opposite angles are from each other.
    pub fn encode(&self, x: &[f64], into: &mut Vec<f64>) {
        for &(from, dim) in &self.sources {
            match dim {
                Dimension::Continuous | Dimension::Categorical { .. } => into.push(x[from]),
                Dimension::Ordered { levels } => into.push(x[from] / f64::from(levels - 1)),
                Dimension::Periodic => {
                    let angle = 2.0 * core::f64::consts::PI * x[from];
                    into.push(0.25 * libm::cos(angle));
                    into.push(0.25 * libm::sin(angle));
                }
            }
        }
    }
}

//! How a point looks to the model: columns of numbers whose distance means something.
use super::space::{Dimension, Space};
use alloc::{vec, vec::Vec};
use homeostat_core::list::List;

/// What an axis of the model is. Dimensions with a single value are no axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Axis {
    /// One column, scaled to [0, 1].
    Number,
    /// Two columns: a point on a circle of diameter ½, as far as opposite angles are from each other.
    Angle,
    /// One column, of which only equality counts.
    Choice,
}

/// The model's view of a space.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The axes, in order of the dimensions.
    pub axes: Vec<Axis>,
    sources: Vec<(usize, Dimension)>,
}

impl Layout {
    /// The view of this space.
    pub fn new(space: &Space) -> Self {
        let varying = space.dims().iter().copied().enumerate().filter(|(_, d)| d.count() != Some(1));
        let sources: Vec<(usize, Dimension)> = varying.listed();
        let axis = |(_, dim): &(usize, Dimension)| match dim {
            Dimension::Continuous | Dimension::Ordered { .. } => Axis::Number,
            Dimension::Periodic => Axis::Angle,
            Dimension::Categorical { .. } => Axis::Choice,
        };
        Self { axes: sources.iter().map(axis).listed(), sources }
    }

    /// How many columns there are.
    pub fn width(&self) -> usize {
        self.axes.iter().map(|axis| if *axis == Axis::Angle { 2 } else { 1 }).sum()
    }

    /// Writes the point's columns into `row`.
    pub fn encode(&self, x: &[f64], row: &mut Vec<f64>) {
        row.clear();
        for &(from, dim) in &self.sources {
            match dim {
                Dimension::Continuous | Dimension::Categorical { .. } => row.push(x[from]),
                Dimension::Ordered { levels } => row.push(x[from] / f64::from(levels - 1)),
                Dimension::Periodic => {
                    let angle = 2.0 * core::f64::consts::PI * x[from];
                    row.push(0.25 * libm::cos(angle));
                    row.push(0.25 * libm::sin(angle));
                }
            }
        }
    }
}

/// Many rows, held column by column: a kernel goes over all rows at once.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    columns: Vec<Vec<f64>>,
    count: usize,
}

impl Rows {
    /// No rows, of this many columns.
    pub fn new(width: usize) -> Self {
        Self { columns: vec![Vec::new(); width], count: 0 }
    }

    /// Adds a row.
    pub fn push(&mut self, row: &[f64]) {
        self.columns.iter_mut().zip(row).for_each(|(column, x)| column.push(*x));
        self.count += 1;
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.count
    }

    /// The first `count` cells of a column.
    pub fn column(&self, column: usize, count: usize) -> &[f64] {
        &self.columns[column][..count]
    }

    /// Writes row `i` into `row`.
    pub fn copy(&self, i: usize, row: &mut Vec<f64>) {
        row.clear();
        row.extend(self.columns.iter().map(|column| column[i]));
    }
}

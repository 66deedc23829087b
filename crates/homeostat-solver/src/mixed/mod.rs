//! Minimisation over spaces with choices, switches, whole numbers and angles.

mod design;
mod machine;
mod random;
mod seen;
mod space;

pub use machine::Mixed;
pub use space::{Dimension, Space};

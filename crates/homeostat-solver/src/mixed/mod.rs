//! Minimisation over spaces with choices, switches, whole numbers and angles.

mod acquire;
mod archive;
mod design;
mod factor;
mod fit;
mod kernel;
mod layout;
mod machine;
mod process;
mod random;
mod seen;
mod space;
mod transform;

pub use machine::Mixed;
pub use space::{Dimension, Space};

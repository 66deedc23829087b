//! Minimisation over spaces with choices, switches, whole numbers and angles.

mod acquire;
mod design;
mod factor;
mod fit;
mod kernel;
mod layout;
mod machine;
mod process;
mod random;
mod seen;
#[doc(hidden)]
pub mod settings;
mod space;
mod transform;

pub use machine::Mixed;
pub use space::{Dimension, Space};

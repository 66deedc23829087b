//! Results for people ([`table`]) and for programs ([`json`]).

mod json;
mod table;

pub use json::json;
pub use table::{references, table};

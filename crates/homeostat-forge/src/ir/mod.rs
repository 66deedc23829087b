//! Blueprints: what is to be computed, as a small graph of typed tensors with static shapes.
//!
//! A graph is checked while it is built: a `Blueprint` that exists is valid. Its canonical bytes are the same for the same
//! graph on every machine, and its hash names it in the library.

mod blueprint;
mod encode;
mod infer;
mod op;
mod reader;
mod recipe;
mod shape;
mod tensor;

pub use blueprint::{Blueprint, Builder, Node, NodeId};
pub use encode::Hash;
pub use infer::Window;
pub use op::{Binary, Conv2d, Layout, Op, Pool, PoolKind, Reduction, Unary};
pub use shape::{ELEMENTS_MAX, RANK_MAX, Shape};
pub use tensor::{DType, Data, Tensor};

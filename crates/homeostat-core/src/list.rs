//! Iterators into vectors, in little code.
//!
//! `collect` sizes its vector beforehand and differently for every chain of adapters: at a hundred places that keep a handful of things
//! each, that was a twentieth of a WebAssembly module. What is long, or computed with, is still collected.

use alloc::vec::Vec;

/// What every iterator can do.
pub trait List: Iterator + Sized {
    /// Everything, in a vector that grows.
    fn listed(self) -> Vec<Self::Item> {
        let mut list = Vec::new();
        for one in self {
            list.push(one);
        }
        list
    }

    /// Everything, or the first failure; nothing is asked for behind it.
    fn all_or<T, E>(self) -> Result<Vec<T>, E>
    where
        Self: Iterator<Item = Result<T, E>>,
    {
        let mut list = Vec::new();
        for one in self {
            list.push(one?);
        }
        Ok(list)
    }
}

impl<I: Iterator> List for I {}

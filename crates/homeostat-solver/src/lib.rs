//! The offline solver of Homeostat: finds good values in few evaluations.
//!
//! Ask for a point, evaluate it anywhere, tell its value. Pure and deterministic by seed: the same inputs give the same
//! proposals on every target, resumed at any point.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

pub mod classify;
pub mod config;
pub mod continuous;
mod draw;
pub mod importance;
mod linear;
pub mod mixed;
pub mod order;
pub mod probe;
mod smooth;
pub mod space;
pub mod strategy;
pub mod study;

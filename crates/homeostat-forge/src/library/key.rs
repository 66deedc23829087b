//! What a kernel is known by.

use crate::ir::{DType, Hash};
use alloc::string::String;

/// A device with its driver and whoever compiled for it: a kernel proven on one says nothing of another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeviceKey {
    /// The interface that it is reached by.
    pub backend: String,
    /// The vendor's number.
    pub vendor: u32,
    /// The device's number.
    pub device: u32,
    /// The driver, with its version.
    pub driver: String,
    /// This crate's version.
    pub compiler: String,
}

/// A kernel: a group of a blueprint, by a schedule, on a device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KernelKey {
    /// The blueprint, of the sizes that the kernel was made for.
    pub blueprint: Hash,
    /// Which of its groups.
    pub group: u32,
    /// The schedule's text.
    pub schedule: String,
    /// Sizes that are alike, for what is learned across sizes.
    pub bucket: u32,
    /// What the group stores.
    pub dtype: DType,
    /// Where.
    pub device: DeviceKey,
}

/// Begins what stands in the place of a schedule where the processor answers.
pub const PROCESSOR: &str = "processor";

impl KernelKey {
    /// Whether it says that the processor answers.
    pub fn is_processor(&self) -> bool {
        self.schedule.starts_with(PROCESSOR)
    }
}

/// The bucket of a group with this much work: powers of four.
pub fn bucket(work: f64) -> u32 {
    if work >= 1.0 { (libm::log2(work) / 2.0) as u32 } else { 0 }
}

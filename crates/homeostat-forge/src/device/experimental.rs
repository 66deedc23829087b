//! The forge's only `unsafe`: leave to use what wgpu calls experimental.
#![allow(unsafe_code)]

/// The token that wgpu wants with an experimental feature. The only one that is asked for multiplies matrices.
pub(super) fn token() -> wgpu::ExperimentalFeatures {
    // SAFETY: wgpu warns that such a feature may be undefined where it is used wrongly. What uses it is generated and validated, its
    // loads and stores lie inside of operands padded to whole blocks, and a device has it only where its opener asked for it.
    unsafe { wgpu::ExperimentalFeatures::enabled() }
}

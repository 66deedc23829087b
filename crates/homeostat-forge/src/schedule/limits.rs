//! What an adapter can do.

/// What stands behind an adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The processor: workgroup memory is ordinary memory, and a workgroup runs on one core.
    Software,
    /// A graphics processor.
    Hardware,
}

/// An adapter's limits and features, as far as schedules depend on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// What stands behind it.
    pub kind: Kind,
    /// Most invocations of a workgroup.
    pub invocations: u32,
    /// Most invocations of a workgroup along its first two dimensions.
    pub workgroup_side: u32,
    /// Bytes of workgroup memory.
    pub workgroup_bytes: u32,
    /// Bytes of one binding.
    pub binding_bytes: u64,
    /// Workgroups along one dimension.
    pub groups: u32,
    /// Storage buffers of one kernel.
    pub storage_buffers: u32,
    /// Texels along one side of a texture.
    pub texture_side: u32,
    /// Invocations of a subgroup, where there are subgroups and they are all of one size.
    pub subgroup: Option<u32>,
    /// Whether f16 can be stored and read.
    pub f16: bool,
    /// Whether subgroups multiply matrices of 16 by 16 in f16, with sums in f32.
    pub matrices: bool,
    /// How many workgroups run at once: cores of a processor, multiprocessors of a GPU; a guess where it is not known.
    pub cores: u32,
}

impl Limits {
    /// How much longer the busiest core works than the mean one, by a kernel's largest pass.
    pub fn uneven(&self, kernel: &crate::wgsl::Kernel) -> f64 {
        let groups =
            kernel.passes.iter().map(|p| p.grid.iter().map(|d| f64::from(*d)).product()).fold(1.0, f64::max);
        let cores = f64::from(self.cores);
        libm::ceil(groups / cores) / (groups / cores)
    }

    /// What every WebGPU adapter can do.
    pub const PORTABLE: Limits = Limits {
        kind: Kind::Hardware,
        invocations: 256,
        workgroup_side: 256,
        workgroup_bytes: 16_384,
        binding_bytes: 128 << 20,
        groups: 65_535,
        storage_buffers: 8,
        texture_side: 8192,
        subgroup: None,
        f16: false,
        matrices: false,
        cores: 16,
    };
}

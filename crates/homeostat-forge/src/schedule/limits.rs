//! What an adapter can do.

use homeostat_core::error::{Code, Result};
use homeostat_core::json::{Fields, Json};

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

    /// What a browser says of its device, as JSON: WebGPU's own names of limits (those that are not there are the portable ones), and
    /// `features` as a list of theirs, `subgroupMinSize` and `subgroupMaxSize` of the adapter's info, `software` for a fallback adapter,
    /// `cores` of the processor behind it.
    pub fn webgpu(text: &str) -> Result<Self> {
        let json = Json::parse(text)?;
        let mut f = Fields::new(&json, Code::InvalidOption, "limits.");
        let most = f64::from(u32::MAX);
        let mut limit = |key: &str, portable: u32| {
            if json.get(key).is_some() { f.whole(key, 0.0, 9e15).min(most as u64) as u32 } else { portable }
        };
        let p = Self::PORTABLE;
        let mut limits = Self {
            invocations: limit("maxComputeInvocationsPerWorkgroup", p.invocations),
            workgroup_side: limit("maxComputeWorkgroupSizeX", p.workgroup_side)
                .min(limit("maxComputeWorkgroupSizeY", p.workgroup_side)),
            workgroup_bytes: limit("maxComputeWorkgroupStorageSize", p.workgroup_bytes),
            // Canaries lie around what is bound.
            binding_bytes: u64::from(
                limit("maxStorageBufferBindingSize", p.binding_bytes as u32)
                    .min(limit("maxBufferSize", 256 << 20).saturating_sub(512)),
            ),
            groups: limit("maxComputeWorkgroupsPerDimension", p.groups),
            storage_buffers: limit("maxStorageBuffersPerShaderStage", p.storage_buffers),
            texture_side: limit("maxTextureDimension2D", p.texture_side),
            ..p
        };
        let (low, high) = (limit("subgroupMinSize", 0), limit("subgroupMaxSize", 0));
        let cores = limit("cores", 0);
        let software = json.get("software").and_then(Json::bool).unwrap_or(false);
        let features = json.get("features").and_then(Json::arr).unwrap_or(&[]);
        let has = |name: &str| features.iter().any(|f| f.str() == Some(name));
        f.finish()?;
        limits.f16 = has("shader-f16");
        limits.subgroup = (has("subgroups") && low == high && low > 0).then_some(low);
        if software {
            limits.kind = Kind::Software;
        }
        limits.cores = match (cores, software) {
            (0, true) => 2,
            (0, false) => 64,
            (n, _) => n,
        };
        Ok(limits)
    }
}

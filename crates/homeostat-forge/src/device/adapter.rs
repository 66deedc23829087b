//! Which adapters there are, what each is and can do, and the device that is asked of one. Hardware comes before software.

use crate::schedule::{Kind, Limits};
use homeostat_core::error::{Code, Error, Result};
use wgpu::Features;

/// What an adapter is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adapter {
    /// Its name.
    pub name: String,
    /// The interface it is reached by.
    pub backend: String,
    /// The vendor's and the device's number.
    pub ids: (u32, u32),
    /// The driver, with its version.
    pub driver: String,
    /// Whether it is the processor.
    pub software: bool,
}

/// Every adapter there is.
pub fn adapters() -> Vec<Adapter> {
    all_adapters().iter().map(|a| describe(&a.get_info())).collect()
}

fn all_adapters() -> Vec<wgpu::Adapter> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let mut all = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY));
    let rank = |a: &wgpu::Adapter| match a.get_info().device_type {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    };
    all.sort_by_key(rank);
    all
}

pub(super) fn describe(info: &wgpu::AdapterInfo) -> Adapter {
    Adapter {
        name: info.name.clone(),
        backend: info.backend.to_string(),
        ids: (info.vendor, info.device),
        driver: format!("{} {}", info.driver, info.driver_info),
        software: info.device_type == wgpu::DeviceType::Cpu,
    }
}

/// Whether subgroups multiply 16 by 16 by 16 in f16, with sums in f32.
fn has_matrices(adapter: &wgpu::Adapter) -> bool {
    use wgpu::CooperativeScalarType::{F16, F32};
    adapter.features().contains(Features::EXPERIMENTAL_COOPERATIVE_MATRIX | Features::SHADER_F16)
        && adapter
            .cooperative_matrix_properties()
            .iter()
            .any(|p| (p.m_size, p.n_size, p.k_size) == (16, 16, 16) && p.ab_type == F16 && p.cr_type == F32)
}

pub(super) fn limits_of(adapter: &wgpu::Adapter, info: &wgpu::AdapterInfo) -> Limits {
    let (l, features) = (adapter.limits(), adapter.features());
    let software = info.device_type == wgpu::DeviceType::Cpu;
    let one_size = info.subgroup_min_size == info.subgroup_max_size && features.contains(Features::SUBGROUP);
    let cores = std::thread::available_parallelism().map_or(2, |n| n.get() as u32);
    Limits {
        kind: if software { Kind::Software } else { Kind::Hardware },
        invocations: l.max_compute_invocations_per_workgroup,
        workgroup_side: l.max_compute_workgroup_size_x.min(l.max_compute_workgroup_size_y),
        workgroup_bytes: l.max_compute_workgroup_storage_size,
        // An index of bytes has to fit into 32 bits.
        binding_bytes: l
            .max_storage_buffer_binding_size
            .min(l.max_buffer_size - 512)
            .min(u64::from(u32::MAX)),
        groups: l.max_compute_workgroups_per_dimension,
        storage_buffers: l.max_storage_buffers_per_shader_stage,
        texture_side: l.max_texture_dimension_2d,
        subgroup: one_size.then_some(info.subgroup_min_size),
        f16: features.contains(Features::SHADER_F16),
        matrices: false,
        // WebGPU does not say how many multiprocessors there are.
        cores: if software { cores } else { 64 },
    }
}

/// Asks the adapter of this name, or the best one, for a device with all that it can do; whether it may use matrix units.
pub(super) fn request(options: &super::Options) -> Result<(wgpu::Adapter, wgpu::Device, wgpu::Queue, bool)> {
    let name = options.adapter.as_deref();
    let all = all_adapters();
    let names: Vec<String> = all.iter().map(|a| a.get_info().name).collect();
    let found = all.into_iter().find(|a| {
        name.is_none_or(|wanted| a.get_info().name.to_lowercase().contains(&wanted.to_lowercase()))
    });
    let Some(adapter) = found else {
        let text = match name {
            Some(name) => format!("adapter '{name}': expected one of [{}]", names.join(", ")),
            None => String::from("there is no adapter"),
        };
        return Err(Error::new(Code::NoAdapter, text));
    };
    let info = adapter.get_info();
    let wanted = Features::SUBGROUP | Features::SHADER_F16 | Features::TIMESTAMP_QUERY;
    let descriptor = wgpu::DeviceDescriptor {
        label: Some("homeostat-forge"),
        required_features: adapter.features() & wanted,
        required_limits: adapter.limits(),
        ..Default::default()
    };
    let matrices = options.matrices && has_matrices(&adapter);
    let with_matrices = wgpu::DeviceDescriptor {
        required_features: descriptor.required_features | Features::EXPERIMENTAL_COOPERATIVE_MATRIX,
        experimental_features: super::experimental::token(),
        ..descriptor.clone()
    };
    let first = matrices.then(|| pollster::block_on(adapter.request_device(&with_matrices)).ok()).flatten();
    let matrices = first.is_some();
    let opened = match first {
        Some(device) => Ok(device),
        None => pollster::block_on(adapter.request_device(&descriptor)),
    };
    // It is there, and may give a device another time: a driver that restarts does.
    let (device, queue) =
        opened.map_err(|e| Error::new(Code::DeviceLost, format!("adapter '{}': {e}", info.name)))?;
    Ok((adapter, device, queue, matrices))
}

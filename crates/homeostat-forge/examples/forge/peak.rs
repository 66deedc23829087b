//! What a device can do at most: measured with nothing but fused multiply-adds, and as its maker states it.

use homeostat_core::error::Result;
use homeostat_forge::device::{Device, Gpu};
use homeostat_forge::ir::DType;
use homeostat_forge::schedule::Kind;
use homeostat_forge::wgsl::{Binding, Kernel, Pass};

/// Operations a second.
pub struct Peak {
    measured: f64,
    stated: Option<f64>,
}

/// Single precision outside of matrix units, as the makers state it.
const STATED: [(&str, f64); 6] = [
    ("H100 PCIe", 51.2e12),
    ("H100", 66.9e12),
    ("H200", 66.9e12),
    ("A100", 19.5e12),
    ("RTX 4090", 82.6e12),
    ("RTX 3090", 35.6e12),
];

impl Peak {
    /// What shares are taken of: the stated figure where there is one.
    pub fn flops(&self) -> f64 {
        self.stated.unwrap_or(self.measured)
    }

    pub fn print(&self) {
        let stated = self.stated.map_or(String::from("no stated figure for this device"), |s| {
            format!("stated {:.1} GFLOP/s", s / 1e9)
        });
        println!("peak f32: measured {:.1} GFLOP/s, {stated}", self.measured / 1e9);
    }
}

pub fn measure(device: &Device) -> Result<Peak> {
    let hardware = device.limits().kind == Kind::Hardware;
    let groups: u32 = if hardware { 8192 } else { 64 };
    let cores = f64::from(device.limits().cores);
    let measured = device.call(move |gpu: &mut Gpu| {
        let wgsl = String::from(include_str!("../../fixtures/peak-fma.wgsl"));
        let pass = Pass {
            wgsl,
            bindings: vec![Binding::Output],
            grid: [groups, 1, 1],
            subgroups: false,
            matrices: false,
            f16: false,
        };
        let kernel = gpu.compile(&Kernel { passes: vec![pass], temporaries: Vec::new() })?;
        let output = gpu.allocate(DType::F32, u64::from(groups) * 256)?;
        let bound = gpu.bind(&kernel, &[], &output)?;
        gpu.time(&bound, 1)?;
        let operations = f64::from(groups) * 256.0 * 512.0 * 8.0 * 4.0 * 2.0;
        let mut best: f64 = 0.0;
        for _ in 0..7 {
            let t = gpu.time(&bound, 3)?;
            let own = t.own_s.map(|s| if hardware { s } else { s / cores });
            best = best.max(3.0 * operations / own.unwrap_or(t.wall_s));
        }
        Ok(best)
    })?;
    let name = &device.adapter().name;
    let stated = STATED.iter().find(|(known, _)| name.contains(known)).map(|(_, flops)| *flops);
    Ok(Peak { measured, stated })
}

//! Shaders parsed and validated before a driver sees them.

use super::Pass;
use alloc::{format, string::String};
use homeostat_core::error::{Code, Error, Result};
use naga::valid::{Capabilities, ValidationFlags, Validator};

/// Refuses a shader that WGSL does not allow, with where and why.
pub fn validate(pass: &Pass) -> Result<()> {
    let refuse = |why: String| Error::new(Code::KernelRejected, format!("shader: {why}"));
    let module =
        naga::front::wgsl::parse_str(&pass.wgsl).map_err(|e| refuse(e.emit_to_string(&pass.wgsl)))?;
    let mut allowed = Capabilities::empty();
    allowed.set(Capabilities::SUBGROUP, pass.subgroups);
    allowed.set(Capabilities::SHADER_FLOAT16, pass.f16);
    allowed.set(Capabilities::COOPERATIVE_MATRIX, pass.matrices);
    let mut validator = Validator::new(ValidationFlags::all(), allowed);
    validator
        .subgroup_stages(naga::valid::ShaderStages::COMPUTE)
        .subgroup_operations(naga::valid::SubgroupOperationSet::all());
    validator.validate(&module).map(|_| ()).map_err(|e| refuse(e.emit_to_string(&pass.wgsl)))
}

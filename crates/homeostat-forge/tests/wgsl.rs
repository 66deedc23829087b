//! Kernels without a device: every schedule that is said to be valid gives WGSL that naga takes, and texts read back.
#![cfg(feature = "validate")]

use homeostat_core::rng::Rng;
use homeostat_forge::plan::Plan;
use homeostat_forge::prove::families;
use homeostat_forge::schedule::{Kind, Limits, Schedule};
use homeostat_forge::wgsl::{emit, validate};

const SOFTWARE: Limits =
    Limits { kind: Kind::Software, subgroup: Some(8), f16: true, cores: 2, ..Limits::PORTABLE };
const HARDWARE: Limits = Limits {
    subgroup: Some(32),
    f16: true,
    matrices: true,
    cores: 64,
    workgroup_bytes: 49_152,
    invocations: 1024,
    ..Limits::PORTABLE
};

#[test]
fn naga_takes_what_is_said_to_be_valid() {
    let mut rng = Rng::new(5);
    let mut kernels = 0;
    for limits in [SOFTWARE, HARDWARE, Limits::PORTABLE] {
        for family in families() {
            let half = limits.f16 && rng.next_u64().is_multiple_of(2);
            let dtype = if half { homeostat_forge::ir::DType::F16 } else { homeostat_forge::ir::DType::F32 };
            let sizes = &family.sizes[rng.next_u64() as usize % family.sizes.len()];
            let blueprint = (family.build)(sizes, dtype, family.variant).unwrap();
            let plan = Plan::new(&blueprint, limits.storage_buffers as usize).unwrap();
            for group in &plan.groups {
                let first = Schedule::first(group, &limits).unwrap();
                let space = Schedule::space(group, &limits);
                let other = space[rng.next_u64() as usize % space.len()];
                for schedule in [first, other] {
                    assert_eq!(Schedule::parse(&schedule.text()), Some(schedule));
                    let kernel = emit(group, &schedule, &limits).unwrap();
                    for pass in &kernel.passes {
                        validate(pass).unwrap_or_else(|e| {
                            panic!("{} {sizes:?} by {schedule}: {e}\n{}", family.name, pass.wgsl)
                        });
                        assert!(pass.bindings.len() <= 8 + 2, "{schedule}");
                        kernels += 1;
                    }
                }
            }
        }
    }
    assert!(kernels > 500, "{kernels}");
}

#[test]
fn portable_kernels_bind_no_more_than_portable_adapters_do() {
    use homeostat_forge::wgsl::Binding;
    for family in families() {
        let blueprint =
            (family.build)(&family.sizes[0], homeostat_forge::ir::DType::F32, family.variant).unwrap();
        let plan = Plan::new(&blueprint, 8).unwrap();
        for group in &plan.groups {
            for schedule in Schedule::space(group, &Limits::PORTABLE).iter().step_by(7) {
                for pass in emit(group, schedule, &Limits::PORTABLE).unwrap().passes {
                    let textures = |b: &&Binding| matches!(b, Binding::Texture(_) | Binding::TextureOut(_));
                    let buffers = pass.bindings.len() - pass.bindings.iter().filter(textures).count();
                    assert!(buffers <= 8, "{} by {schedule}: {buffers} buffers", family.name);
                }
            }
        }
    }
}

#[test]
fn a_shader_that_is_wrong_is_refused_with_its_place() {
    let blueprint = (families()[0].build)(&[1, 8, 8, 8], homeostat_forge::ir::DType::F32, 0).unwrap();
    let plan = Plan::new(&blueprint, 8).unwrap();
    let schedule = Schedule::first(&plan.groups[0], &SOFTWARE).unwrap();
    let mut pass = emit(&plan.groups[0], &schedule, &SOFTWARE).unwrap().passes.remove(0);
    pass.wgsl = pass.wgsl.replacen("return", "return nothing +", 1);
    let error = validate(&pass).unwrap_err();
    assert!(error.message.contains("nothing"), "{error}");
}

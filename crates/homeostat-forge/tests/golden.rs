//! Canonical bytes and generated kernels stay what they are, unless someone means to change them:
//! `HOMEOSTAT_GOLDEN=write cargo test -p homeostat-forge --test golden` writes `tests/golden` anew.

use homeostat_forge::ir::{Binary, Blueprint, Builder, Conv2d, DType, Layout, NodeId, Op, Unary};
use homeostat_forge::plan::Plan;
use homeostat_forge::schedule::{Kind, Limits, Schedule};
use homeostat_forge::wgsl::emit;
use std::fmt::Write;

const LIMITS: Limits =
    Limits { kind: Kind::Software, subgroup: Some(8), f16: true, cores: 2, ..Limits::PORTABLE };

fn finish(g: Builder, y: NodeId) -> Blueprint {
    g.finish(&[y]).unwrap()
}

fn product() -> Blueprint {
    let mut g = Builder::new();
    let (a, b) = (g.input("a", DType::F32, &[20, 24]).unwrap(), g.input("b", DType::F32, &[24, 36]).unwrap());
    let bias = g.input("bias", DType::F32, &[36]).unwrap();
    let y = g.matmul(a, b, false, false).unwrap();
    let y = g.binary(Binary::Add, y, bias).unwrap();
    let y = g.unary(Unary::Gelu, y).unwrap();
    finish(g, y)
}

fn conv() -> Blueprint {
    let mut g = Builder::new();
    let (x, w) =
        (g.input("x", DType::F16, &[1, 8, 6, 6]).unwrap(), g.input("w", DType::F16, &[12, 8, 3, 3]).unwrap());
    let y = g.conv2d(x, w, Conv2d { padding: [1; 4], layout: Layout::Nchw, ..Conv2d::default() }).unwrap();
    finish(g, y)
}

fn softmax() -> Blueprint {
    let mut g = Builder::new();
    let x = g.input("x", DType::F32, &[8, 256]).unwrap();
    let y = g.node(Op::Softmax { axis: 1 }, &[x]).unwrap();
    finish(g, y)
}

#[test]
fn generated_texts() {
    let cases: [(&str, Blueprint, &str); 6] = [
        ("matmul-buffer4", product(), "contract buffer4 4x4 8x1 columns close guard 1"),
        ("matmul-subgroup-texture", product(), "contract subgroupTexture 4x4 8x1 columns close pad 1"),
        ("matmul-staged8", product(), "contract staged8 4x4 8x1 columns close pad 1"),
        ("conv2d-texture", conv(), "contract textureB 4x4 8x1 rows close pad 1"),
        ("softmax-alone", softmax(), "row 1x8 4x4 tree online rows"),
        ("softmax-together", softmax(), "row 32x4 4x2 tree passes along"),
    ];
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    let write = std::env::var("HOMEOSTAT_GOLDEN").as_deref() == Ok("write");
    std::fs::create_dir_all(folder).unwrap();
    for (name, blueprint, schedule) in cases {
        let plan = Plan::new(&blueprint, 8).unwrap();
        let schedule = Schedule::parse(schedule).unwrap();
        let kernel = emit(&plan.groups[0], &schedule, &LIMITS).unwrap_or_else(|why| panic!("{name}: {why}"));
        let mut text =
            format!("// Blueprint {}, {schedule}; written by tests/golden.rs.\n", blueprint.hash());
        for pass in &kernel.passes {
            writeln!(text, "\n// {:?}, {:?} workgroups\n{}", pass.bindings, pass.grid, pass.wgsl.trim_end())
                .unwrap();
        }
        let path = format!("{folder}/{name}.wgsl");
        if write {
            std::fs::write(&path, &text).unwrap();
        }
        let known = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(known == text, "{path} differs from what is generated; see the top of this test");
    }
}

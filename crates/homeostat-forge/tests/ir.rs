//! Blueprints: what is refused and how it is said, and canonical bytes.

use homeostat_core::error::Code;
use homeostat_forge::ir::{
    Binary, Blueprint, Builder, Conv2d, DType, NodeId, Op, Pool, PoolKind, Reduction, Shape, Unary,
};
use homeostat_forge::prove::families;
use proptest::prelude::*;

fn two(a: &[u32], b: &[u32]) -> (Builder, NodeId, NodeId) {
    let mut g = Builder::new();
    let x = g.input("x", DType::F32, a).unwrap();
    let y = g.input("y", DType::F32, b).unwrap();
    (g, x, y)
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: homeostat_core::error::Result<T>, parts: &[&str]) {
    let error = result.unwrap_err();
    assert_eq!(error.code, Code::BlueprintInvalid);
    for part in parts {
        assert!(error.message.contains(part), "'{}' does not say '{part}'", error.message);
    }
}

#[test]
fn refusals_name_the_node_and_both_shapes() {
    let (mut g, x, y) = two(&[2, 3], &[4, 5]);
    refused(g.matmul(x, y, false, false), &["node 2 (matmul of 0, 1)", "[2, 3]", "[4, 5]", "3 and 4"]);
    refused(g.matmul(x, y, true, true), &["[2, 3] (transposed)", "[4, 5] (transposed)"]);
    refused(g.binary(Binary::Add, x, y), &["node 2", "[2, 3]", "[4, 5]", "broadcast"]);
    refused(g.conv2d(x, y, Conv2d::default()), &["[4, 5]", "four dimensions"]);
    refused(g.reduce(x, Reduction::Sum, &[2], false), &["axis 2", "[2, 3]"]);
    refused(g.reduce(x, Reduction::Sum, &[1, 0], false), &["ascending"]);
    refused(g.node(Op::Reshape { shape: Shape::new(&[7]) }, &[x]), &["[2, 3]", "[7]"]);
    refused(g.node(Op::Transpose { permutation: vec![0, 0] }, &[x]), &["[0, 0]", "[2, 3]"]);
    refused(g.node(Op::LayerNorm { epsilon: 1e-5 }, &[x, y]), &["[4, 5]", "expected [3]"]);
    refused(g.node(Op::Gather { axis: 0 }, &[x, y]), &["operand 1", "expected i32 or u32"]);
    refused(g.node(Op::Softmax { axis: 9 }, &[x]), &["axis 9"]);
    refused(g.node(Op::LayerNorm { epsilon: 0.0 }, &[x]), &["epsilon"]);
    refused(g.scalar(f32::NAN), &["finite"]);
    // A refusal changes nothing.
    assert!(g.unary(Unary::Relu, x).is_ok());
}

#[test]
fn windows_must_fit() {
    let (mut g, x, w) = two(&[1, 3, 4, 4], &[8, 3, 5, 5]);
    refused(g.conv2d(x, w, Conv2d::default()), &["[5, 5]", "[1, 3, 4, 4]"]);
    refused(g.conv2d(x, w, Conv2d { groups: 2, padding: [2; 4], ..Conv2d::default() }), &["2 groups"]);
    refused(g.conv2d(x, w, Conv2d { stride: [0, 1], padding: [2; 4], ..Conv2d::default() }), &["stride"]);
    let pool = Pool {
        kind: PoolKind::Max,
        window: [2, 2],
        stride: [1, 1],
        padding: [2, 0, 0, 0],
        layout: homeostat_forge::ir::Layout::Nchw,
    };
    refused(g.pool(x, pool), &["padding", "[1, 3, 4, 4]"]);
    let y = g.conv2d(x, w, Conv2d { padding: [2, 2, 2, 2], stride: [2, 1], ..Conv2d::default() }).unwrap();
    assert_eq!(g.shape(y).dims(), [1, 8, 2, 4]);
}

#[test]
fn sizes_and_dtypes_have_limits() {
    let mut g = Builder::new();
    refused(g.input("x", DType::F32, &[0, 3]), &["[0, 3]", "at least 1"]);
    refused(g.input("x", DType::F32, &[65536, 65536]), &["2147483648"]);
    refused(g.input("x", DType::F32, &[1; 9]), &["8 dimensions"]);
    refused(g.input("a b", DType::F32, &[1]), &["a b"]);
    let x = g.input("x", DType::F32, &[65536, 4]).unwrap();
    refused(g.input("x", DType::F32, &[1]), &["already"]);
    refused(g.matmul(x, x, false, true), &["[65536, 65536]"]);
    let h = g.input("h", DType::F16, &[65536, 4]).unwrap();
    refused(g.binary(Binary::Add, x, h), &["f16", "f32", "cast"]);
    let i = g.input("i", DType::I32, &[4]).unwrap();
    refused(g.unary(Unary::Exp, i), &["i32"]);
    refused(g.clone().finish(&[]), &["at least one"]);
    refused(g.clone().finish(&[x]), &["computes nothing"]);
}

#[test]
fn every_family_survives_its_bytes() {
    for family in families() {
        for sizes in &family.sizes {
            let blueprint = (family.build)(sizes, DType::F32, family.variant).unwrap();
            let bytes = blueprint.encode();
            let back = Blueprint::decode(&bytes).unwrap();
            assert_eq!((&back, back.encode(), back.hash()), (&blueprint, bytes, blueprint.hash()));
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_blueprint_or_an_error(family in 0usize..100, flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), cut in any::<prop::sample::Index>()) {
        let all = families();
        let family = &all[family % all.len()];
        let mut bytes = (family.build)(&family.sizes[0], DType::F32, family.variant).unwrap().encode();
        for (place, byte) in flips {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Ok(read) = Blueprint::decode(&bytes) {
            prop_assert_eq!(read.encode(), bytes.clone());
        }
        prop_assert!(Blueprint::decode(&bytes[..cut.index(bytes.len())]).is_err());
    }
}

//! How graphs are cut into groups.

use homeostat_forge::ir::{Binary, Builder, DType, Op, Reduction, Shape, Unary};
use homeostat_forge::plan::{Expr, Plan, Work};

#[test]
fn what_follows_a_product_is_its_epilogue() {
    let mut g = Builder::new();
    let (a, b) = (g.input("a", DType::F32, &[8, 16]).unwrap(), g.input("b", DType::F32, &[16, 4]).unwrap());
    let bias = g.input("bias", DType::F32, &[4]).unwrap();
    let y = g.matmul(a, b, false, false).unwrap();
    let y = g.binary(Binary::Add, y, bias).unwrap();
    let y = g.unary(Unary::Gelu, y).unwrap();
    let plan = Plan::new(&g.finish(&[y]).unwrap(), 8).unwrap();
    assert_eq!(plan.groups.len(), 1);
    let group = &plan.groups[0];
    assert!(matches!(group.work, Work::Contract(_)));
    assert_eq!((group.tensors.len(), group.epilogue.operations()), (3, 2));
}

#[test]
fn what_several_groups_read_is_stored_once() {
    let mut g = Builder::new();
    let x = g.input("x", DType::F32, &[8, 8]).unwrap();
    let shared = g.unary(Unary::Exp, x).unwrap();
    let left = g.unary(Unary::Neg, shared).unwrap();
    let right = g.reduce(shared, Reduction::Sum, &[1], false).unwrap();
    let plan = Plan::new(&g.finish(&[left, right]).unwrap(), 8).unwrap();
    assert_eq!(plan.groups.len(), 3);
}

#[test]
fn views_are_strides_until_something_needs_them_in_memory() {
    let mut g = Builder::new();
    let x = g.input("x", DType::F32, &[4, 8]).unwrap();
    let turned = g.node(Op::Transpose { permutation: vec![1, 0] }, &[x]).unwrap();
    let y = g.unary(Unary::Relu, turned).unwrap();
    let plan = Plan::new(&g.clone().finish(&[y]).unwrap(), 8).unwrap();
    assert_eq!(plan.groups.len(), 1);
    let Work::Map(Expr::Unary(_, of)) = &plan.groups[0].work else { panic!("{:?}", plan.groups[0].work) };
    assert!(matches!(&**of, Expr::Read(access) if access.strides == [1, 8]));
    // Its elements are not in the order of the new shape: it has to be in memory first.
    let flat = g.node(Op::Reshape { shape: Shape::new(&[32]) }, &[turned]).unwrap();
    let z = g.unary(Unary::Relu, flat).unwrap();
    assert_eq!(Plan::new(&g.finish(&[z]).unwrap(), 8).unwrap().groups.len(), 2);
}

#[test]
fn a_group_that_reads_too_much_is_cut() {
    let mut g = Builder::new();
    let mut sum = g.input("x0", DType::F32, &[16]).unwrap();
    for i in 1..20 {
        let next = g.input(&format!("x{i}"), DType::F32, &[16]).unwrap();
        sum = g.binary(Binary::Add, sum, next).unwrap();
    }
    let blueprint = g.finish(&[sum]).unwrap();
    for most in [4, 8, 21] {
        let plan = Plan::new(&blueprint, most).unwrap();
        assert!(plan.groups.iter().all(|g| g.tensors.len() < most), "{most}");
        assert_eq!(plan.groups.len() == 1, most == 21);
    }
}

#[test]
fn attention_is_two_products_and_a_softmax() {
    let mut g = Builder::new();
    let [q, k, v] = ["q", "k", "v"].map(|name| g.input(name, DType::F16, &[2, 8, 16]).unwrap());
    let y = g.node(Op::Attention { scale: 0.25, causal: true }, &[q, k, v]).unwrap();
    let plan = Plan::new(&g.finish(&[y]).unwrap(), 8).unwrap();
    let kinds: Vec<bool> = plan.groups.iter().map(|g| matches!(g.work, Work::Contract(_))).collect();
    assert_eq!(kinds, [true, false, true]);
    // Scores are f32: products in f16 could overflow.
    assert_eq!(plan.groups[0].dtype, DType::F32);
}

#[test]
fn small_products_with_one_matrix_are_one_large_product() {
    let mut g = Builder::new();
    let (a, b) =
        (g.input("a", DType::F32, &[6, 5, 16]).unwrap(), g.input("b", DType::F32, &[16, 4]).unwrap());
    let y = g.matmul(a, b, false, false).unwrap();
    let plan = Plan::new(&g.finish(&[y]).unwrap(), 8).unwrap();
    let Work::Contract(c) = &plan.groups[0].work else { panic!() };
    assert_eq!((c.m, c.matrices()), (30, 1));
}

/// What is asked for in one node and computed in steps is refused by that node's number.
#[test]
fn errors_of_steps_name_the_node_that_was_written() {
    use homeostat_forge::registry::Subject;
    let attention = |queries: u32| {
        let mut g = Builder::new();
        let x = g.input("x", DType::F32, &[queries, 64]).unwrap();
        let two = g.scalar(2.0).unwrap();
        let q = g.binary(Binary::Mul, x, two).unwrap();
        let y = g.node(Op::Attention { scale: 1.0, causal: false }, &[q, q, x]).unwrap();
        let z = g.unary(Unary::Relu, y).unwrap();
        g.finish(&[z]).unwrap()
    };
    let refused = Plan::new(&attention(65_536), 8).unwrap_err();
    assert!(refused.message.starts_with("node 3 (attention), in one of its steps: "), "{refused}");
    // Between the groups there are scores: 40,000 x 40,000 numbers.
    let subject = Subject::new(attention(40_000), 8).unwrap();
    subject.fits(1 << 40).unwrap();
    let refused = subject.fits(2 << 30).unwrap_err();
    assert_eq!(refused.code, homeostat_core::error::Code::DeviceMemory);
    assert!(
        refused.message.starts_with("node 3 (attention): f32 of shape [40000, 40000] takes 6400000000 bytes"),
        "{refused}"
    );
    // What is asked for and given counts too.
    let small = Subject::new(attention(16), 8).unwrap();
    small.fits(1 << 20).unwrap();
    assert!(small.fits(4096).is_err());
}

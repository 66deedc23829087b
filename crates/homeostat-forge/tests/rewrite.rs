//! Other graphs for the same numbers: as right as the one that was asked for, whatever is changed.

use homeostat_forge::cpu;
use homeostat_forge::ir::{Binary, Blueprint, Builder, Conv2d, DType, Layout, Op, Reduction, Unary};
use homeostat_forge::oracle::evaluate;
use homeostat_forge::plan::{Plan, Rewrite, Variant};
use homeostat_forge::prove::{Inputs, judge, make, suite};

fn feed_forward() -> Blueprint {
    let mut g = Builder::new();
    let (x, w) = (g.input("x", DType::F32, &[6, 10]).unwrap(), g.input("w", DType::F32, &[10, 12]).unwrap());
    let (v, b) = (g.input("v", DType::F32, &[10, 12]).unwrap(), g.input("b", DType::F32, &[12]).unwrap());
    let half = g.scalar(0.5).unwrap();
    let scaled = g.binary(Binary::Mul, x, half).unwrap();
    let h = g.matmul(scaled, w, false, false).unwrap();
    let h = g.binary(Binary::Add, h, b).unwrap();
    let h = g.unary(Unary::Gelu, h).unwrap();
    // Read by two: stored by rule.
    let shared = g.unary(Unary::Tanh, v).unwrap();
    let y = g.matmul(h, shared, false, true).unwrap();
    let z = g.node(Op::Softmax { axis: 1 }, &[shared]).unwrap();
    let s = g.reduce(z, Reduction::Sum, &[1], false).unwrap();
    g.finish(&[y, s]).unwrap()
}

fn convolution(layout: Layout) -> Blueprint {
    let mut g = Builder::new();
    let (image, filters) = match layout {
        Layout::Nchw => ([2, 4, 7, 5], [6, 2, 3, 3]),
        Layout::Nhwc => ([2, 7, 5, 4], [6, 3, 3, 2]),
    };
    let (x, w) = (g.input("x", DType::F32, &image).unwrap(), g.input("w", DType::F32, &filters).unwrap());
    let conv = Conv2d { padding: [1, 0, 1, 2], stride: [2, 1], groups: 2, layout, ..Conv2d::default() };
    let y = g.conv2d(x, w, conv).unwrap();
    let y = g.unary(Unary::Relu, y).unwrap();
    g.finish(&[y]).unwrap()
}

/// The numbers of a rewritten graph against the oracle of the one that was asked for.
fn is_right(blueprint: &Blueprint, variant: &Variant) -> Plan {
    let plan = Plan::rewritten(blueprint, 8, variant).unwrap_or_else(|e| panic!("{variant}: {e}"));
    let described = |b: &Blueprint, ids: &[homeostat_forge::ir::NodeId]| {
        ids.iter().map(|id| (b.node(*id).shape.clone(), b.node(*id).dtype)).collect::<Vec<_>>()
    };
    for (a, b) in [(blueprint.inputs(), plan.graph.inputs()), (blueprint.outputs(), plan.graph.outputs())] {
        assert_eq!(described(blueprint, a), described(&plan.graph, b), "{variant}");
    }
    for kind in [Inputs::Random, Inputs::Structured, Inputs::Adversarial] {
        let inputs = make(blueprint, kind, 3);
        let verdict = judge(&evaluate(blueprint, &inputs).unwrap(), &cpu::run(&plan, &inputs).unwrap());
        assert!(verdict.miss.is_none(), "{variant}, {} inputs: {}", kind.name(), verdict.miss.unwrap());
    }
    plan
}

fn one(change: Rewrite) -> Variant {
    Variant::default().toggled(change).unwrap()
}

#[test]
fn every_change_and_every_pair_of_changes_is_right() {
    let mut kinds = [0; 3];
    for blueprint in [feed_forward(), convolution(Layout::Nchw), convolution(Layout::Nhwc)] {
        let rule = Plan::new(&blueprint, 8).unwrap();
        let changes = Plan::rewrites(&blueprint).unwrap();
        for (i, change) in changes.iter().enumerate() {
            kinds[Rewrite::KINDS.iter().position(|k| *k == change.kind()).unwrap()] += 1;
            assert_ne!(is_right(&blueprint, &one(*change)).groups, rule.groups, "{change:?} changes nothing");
            for other in &changes[i + 1..] {
                is_right(&blueprint, &one(*change).toggled(*other).unwrap());
            }
        }
    }
    assert!(kinds.iter().all(|n| *n > 0), "{kinds:?}");
}

#[test]
fn a_split_has_more_kernels_or_others_and_a_fusion_fewer() {
    let blueprint = feed_forward();
    let mut more = 0;
    let rule = Plan::new(&blueprint, 8).unwrap().groups.len();
    for change in Plan::rewrites(&blueprint).unwrap() {
        let groups = is_right(&blueprint, &one(change)).groups.len();
        match change {
            // What was computed by whoever reads it may be what follows another root from now on.
            Rewrite::Split(_) => {
                more += usize::from(groups > rule);
                assert!(groups >= rule, "{change:?}: {groups}");
            }
            Rewrite::Fuse(_) => assert!(groups < rule, "{change:?}: {groups}"),
            Rewrite::Layout(_) => assert!(groups >= rule, "{change:?}: {groups}"),
        }
    }
    assert!(more > 0);
}

#[test]
fn the_correctness_suite_is_right_after_changes() {
    let mut changed = 0;
    for case in suite(false, 1).into_iter().step_by(7) {
        let Ok(blueprint) = case.blueprint() else { continue };
        for change in Plan::rewrites(&blueprint).unwrap().into_iter().take(3) {
            is_right(&blueprint, &one(change));
            changed += 1;
        }
    }
    assert!(changed >= 100, "{changed}");
}

#[test]
fn texts_are_read_back_and_toggling_twice_is_nothing() {
    let variant = one(Rewrite::Layout(12)).toggled(Rewrite::Split(3)).unwrap();
    assert_eq!(variant.text(), "split3+layout12");
    assert_eq!(Variant::parse("split3+layout12"), Some(variant.clone()));
    assert_eq!(
        variant.toggled(Rewrite::Layout(12)).unwrap().toggled(Rewrite::Split(3)),
        Some(Variant::default())
    );
    for text in ["split", "split3+split3", "layout12+split3", "fuse1+fuse2+fuse3+fuse4+fuse5", "melt3"] {
        assert_eq!(Variant::parse(text), None, "{text}");
    }
    assert_eq!(Variant::parse(""), Some(Variant::default()));
    // What the graph has no place for changes nothing.
    let blueprint = feed_forward();
    let rule = Plan::new(&blueprint, 8).unwrap();
    assert_eq!(Plan::rewritten(&blueprint, 8, &one(Rewrite::Fuse(999))).unwrap().groups, rule.groups);
}

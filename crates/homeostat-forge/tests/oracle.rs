//! The oracle against values that were worked out by hand, and its bounds against arithmetic in f32.

use homeostat_forge::ir::{Binary, Builder, Conv2d, DType, Data, Op, Reduction, Unary};
use homeostat_forge::oracle::{Reference, evaluate, sample};
use homeostat_forge::prove::{Inputs, make};

fn one(build: impl Fn(&mut Builder) -> homeostat_forge::ir::NodeId, inputs: &[Data]) -> Reference {
    let mut g = Builder::new();
    let y = build(&mut g);
    evaluate(&g.finish(&[y]).unwrap(), inputs).unwrap().remove(0)
}

#[test]
fn small_cases_by_hand() {
    let f = |v: &[f32]| Data::F32(v.to_vec());
    let product = one(
        |g| {
            let (a, b) =
                (g.input("a", DType::F32, &[2, 2]).unwrap(), g.input("b", DType::F32, &[2, 2]).unwrap());
            g.matmul(a, b, true, false).unwrap()
        },
        &[f(&[1.0, 2.0, 3.0, 4.0]), f(&[5.0, 6.0, 7.0, 8.0])],
    );
    assert_eq!(product.value, [26.0, 30.0, 38.0, 44.0]);
    let conv = one(
        |g| {
            let (x, w) = (
                g.input("x", DType::F32, &[1, 1, 2, 2]).unwrap(),
                g.input("w", DType::F32, &[1, 1, 2, 2]).unwrap(),
            );
            g.conv2d(x, w, Conv2d { padding: [1, 0, 0, 0], ..Conv2d::default() }).unwrap()
        },
        &[f(&[1.0, 2.0, 3.0, 4.0]), f(&[1.0, 10.0, 100.0, 1000.0])],
    );
    assert_eq!(conv.value, [2100.0, 4321.0]);
    let mean = one(
        |g| {
            let x = g.input("x", DType::F32, &[2, 3]).unwrap();
            g.reduce(x, Reduction::Mean, &[0], true).unwrap()
        },
        &[f(&[1.0, 2.0, 3.0, 5.0, 6.0, 7.0])],
    );
    assert_eq!(mean.value, [3.0, 4.0, 5.0]);
    let picked = one(
        |g| {
            let (x, i) =
                (g.input("x", DType::F32, &[3, 2]).unwrap(), g.input("i", DType::I32, &[3]).unwrap());
            g.node(Op::Gather { axis: 0 }, &[x, i]).unwrap()
        },
        &[f(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), Data::I32(vec![2, -1, 3])],
    );
    assert_eq!(picked.value, [5.0, 6.0, 0.0, 0.0, 0.0, 0.0]);
    let causal = one(
        |g| {
            let x = g.input("x", DType::F32, &[2, 2]).unwrap();
            let seen = g.node(Op::Causal, &[x]).unwrap();
            g.node(Op::Softmax { axis: 1 }, &[seen]).unwrap()
        },
        &[f(&[1.0, 1.0, 1.0, 1.0])],
    );
    assert_eq!(causal.value, [1.0, 0.0, 0.5, 0.5]);
}

#[test]
fn sums_in_f32_stay_within_the_bounds_and_a_lost_tail_does_not() {
    let k = 65_600usize;
    let mut g = Builder::new();
    let (a, b) = (
        g.input("a", DType::F32, &[1, k as u32]).unwrap(),
        g.input("b", DType::F32, &[k as u32, 1]).unwrap(),
    );
    let y = g.matmul(a, b, false, false).unwrap();
    let blueprint = g.finish(&[y]).unwrap();
    for inputs in [Inputs::Random, Inputs::Structured, Inputs::Adversarial] {
        let data = make(&blueprint, inputs, 3);
        let reference = &evaluate(&blueprint, &data).unwrap()[0];
        let (Data::F32(a), Data::F32(b)) = (&data[0], &data[1]) else { unreachable!() };
        // Parts of 128 terms, as kernels sum.
        let part = |(a, b): (&[f32], &[f32])| a.iter().zip(b).fold(0f32, |sum, (x, y)| sum + x * y);
        let all: f32 = a.chunks(128).zip(b.chunks(128)).map(part).sum();
        assert!((f64::from(all) - reference.value[0]).abs() <= reference.bound[0], "{inputs:?}");
    }
    // What a driver that stops loops at 65,536 steps loses: the tail alone.
    let data = [Data::F32(vec![1.0; k]), Data::F32(vec![1.0; k])];
    let reference = &evaluate(&blueprint, &data).unwrap()[0];
    assert!((65_536.0 - reference.value[0]).abs() > reference.bound[0]);
}

#[test]
fn nothing_is_promised_past_the_largest_number_and_at_poles() {
    let bound = |f: Unary, x: f32| {
        let data = [Data::F32(vec![x])];
        one(
            |g| {
                let x = g.input("x", DType::F32, &[1]).unwrap();
                g.unary(f, x).unwrap()
            },
            &data,
        )
        .bound[0]
    };
    assert!(bound(Unary::Exp, 89.0).is_infinite() && bound(Unary::Exp, 80.0).is_finite());
    assert!(bound(Unary::Log, 0.0).is_infinite() && bound(Unary::Log, 1.0) < 1e-6);
    assert!(bound(Unary::Recip, 0.0).is_infinite() && bound(Unary::Sqrt, -1.0).is_infinite());
    let product = one(
        |g| {
            let x = g.input("x", DType::F32, &[1]).unwrap();
            g.binary(Binary::Mul, x, x).unwrap()
        },
        &[Data::F32(vec![3e19])],
    );
    assert!(product.bound[0].is_infinite());
}

#[test]
fn a_sample_is_what_everything_is_there() {
    use homeostat_forge::oracle::{places, sample};
    for family in homeostat_forge::prove::families() {
        for sizes in &family.sizes {
            let blueprint = (family.build)(sizes, DType::F16, family.variant).unwrap();
            let inputs = make(&blueprint, Inputs::Random, 9);
            let all = evaluate(&blueprint, &inputs).unwrap();
            let wanted: Vec<Vec<usize>> =
                blueprint.outputs().iter().map(|id| places(&blueprint.node(*id).shape, 24, 5)).collect();
            let some = sample(&blueprint, &inputs, &wanted).unwrap();
            for ((all, some), places) in all.iter().zip(&some).zip(&wanted) {
                assert!(!places.is_empty());
                for (at, place) in places.iter().enumerate() {
                    let name = format!("{} {sizes:?} at {place}", family.name);
                    assert_eq!(some.value[at].to_bits(), all.value[*place].to_bits(), "{name}");
                    assert_eq!(some.bound[at].to_bits(), all.bound[*place].to_bits(), "{name}");
                }
            }
        }
    }
}

/// What is computed from a number that is none, or that overflowed, is promised nothing, whatever comes after.
#[test]
fn nothing_is_promised_of_what_comes_after_an_overflow() {
    type Step = (&'static str, fn(&mut Builder, homeostat_forge::ir::NodeId) -> homeostat_forge::ir::NodeId);
    let steps: [Step; 14] = [
        ("tanh", |g, x| g.unary(Unary::Tanh, x).unwrap()),
        ("sigmoid", |g, x| g.unary(Unary::Sigmoid, x).unwrap()),
        ("erf", |g, x| g.unary(Unary::Erf, x).unwrap()),
        ("relu", |g, x| g.unary(Unary::Relu, x).unwrap()),
        ("abs", |g, x| g.unary(Unary::Abs, x).unwrap()),
        ("max", |g, x| {
            let zero = g.scalar(0.0).unwrap();
            g.binary(Binary::Max, x, zero).unwrap()
        }),
        ("divisor", |g, x| {
            let one = g.scalar(1.0).unwrap();
            g.binary(Binary::Div, one, x).unwrap()
        }),
        ("times zero", |g, x| {
            let zero = g.scalar(0.0).unwrap();
            g.binary(Binary::Mul, x, zero).unwrap()
        }),
        ("greatest", |g, x| g.reduce(x, Reduction::Max, &[1], false).unwrap()),
        ("sum", |g, x| g.reduce(x, Reduction::Sum, &[1], false).unwrap()),
        ("softmax", |g, x| g.node(Op::Softmax { axis: 1 }, &[x]).unwrap()),
        ("layer norm", |g, x| g.node(Op::LayerNorm { epsilon: 1e-5 }, &[x]).unwrap()),
        ("rms norm", |g, x| g.node(Op::RmsNorm { epsilon: 1e-5 }, &[x]).unwrap()),
        ("relu of tanh", |g, x| {
            let y = g.unary(Unary::Tanh, x).unwrap();
            g.unary(Unary::Relu, y).unwrap()
        }),
    ];
    let build = |step: &Step| {
        let mut g = Builder::new();
        let x = g.input("x", DType::F32, &[2, 3]).unwrap();
        let squared = g.binary(Binary::Mul, x, x).unwrap();
        let y = step.1(&mut g, squared);
        g.finish(&[y]).unwrap()
    };
    for step in &steps {
        let blueprint = build(step);
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 2e19] {
            let inputs = [Data::F32(vec![1.0, bad, 2.0, 3.0, 1.0, 2.0])];
            let all = evaluate(&blueprint, &inputs).unwrap().remove(0);
            let n = all.bound.len() / 2;
            let free: Vec<bool> = all.bound[..n].iter().map(|b| b.is_infinite()).collect();
            let place = if n == 1 { 0 } else { 1 };
            assert!(free[place], "{} of {bad}: {:?}", step.0, all.bound);
            if ["softmax", "layer norm", "rms norm"].contains(&step.0) {
                assert!(free.iter().all(|f| *f), "{} of {bad}: the whole row", step.0);
            }
            assert!(all.bound[n..].iter().all(|b| b.is_finite()), "{}: the row without it", step.0);
            let wanted = vec![(0..all.bound.len()).collect()];
            assert_eq!(sample(&blueprint, &inputs, &wanted).unwrap()[0].bound, all.bound, "{}", step.0);
        }
    }
}

#[test]
fn an_index_that_may_be_another_one_picks_anything() {
    let mut g = Builder::new();
    let (x, i) = (g.input("x", DType::F32, &[3]).unwrap(), g.input("i", DType::F32, &[3]).unwrap());
    let half = g.scalar(0.5).unwrap();
    let halves = g.binary(Binary::Mul, i, half).unwrap();
    let index = g.node(Op::Cast(DType::I32), &[halves]).unwrap();
    let y = g.node(Op::Gather { axis: 0 }, &[x, index]).unwrap();
    let blueprint = g.finish(&[y]).unwrap();
    // 1.0 may be a little less, and then it is 0; 1.5 is 1 in any case; 1e30 is no number of that dtype.
    let inputs = [Data::F32(vec![5.0, 6.0, 7.0]), Data::F32(vec![2.0, 3.0, 1e30])];
    let all = evaluate(&blueprint, &inputs).unwrap().remove(0);
    assert_eq!(all.bound.iter().map(|b| b.is_infinite()).collect::<Vec<bool>>(), [true, false, true]);
    assert_eq!(all.value[1], 6.0);
    assert_eq!(sample(&blueprint, &inputs, &[vec![0, 1, 2]]).unwrap()[0].bound, all.bound);
}

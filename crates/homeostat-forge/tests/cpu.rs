//! The processor's backend against the oracle: every family, size, dtype and kind of inputs.

use homeostat_forge::cpu;
use homeostat_forge::oracle::evaluate;
use homeostat_forge::plan::Plan;
use homeostat_forge::prove::{Inputs, judge, make, suite};

#[test]
fn the_whole_suite() {
    // What is picked is a schedule, which this backend does not have: each round is another kind of inputs.
    let cases = suite(true, 3);
    let (mut promised, mut elements) = (0, 0);
    for case in &cases {
        let blueprint = case.blueprint().unwrap();
        let inputs = make(&blueprint, case.inputs, 7 + case.pick);
        let references = evaluate(&blueprint, &inputs).unwrap();
        let plan = Plan::new(&blueprint, 8).unwrap();
        let verdict = judge(&references, &cpu::run(&plan, &inputs).unwrap());
        let name = format!("{} {:?} of {}, {:?}", case.family.name, case.sizes, case.dtype, case.inputs);
        assert!(verdict.miss.is_none(), "{name}: {}", verdict.miss.unwrap());
        promised += verdict.promised;
        elements += verdict.elements;
    }
    assert!(cases.len() >= 2000, "{}", cases.len());
    // Bounds that promise nothing would prove nothing.
    assert!(promised * 10 > elements * 9, "{promised} of {elements}");
}

#[test]
fn inputs_that_do_not_fit_are_refused() {
    let case = &suite(false, 0)[0];
    let blueprint = case.blueprint().unwrap();
    let plan = Plan::new(&blueprint, 8).unwrap();
    let error = cpu::run(&plan, &[]).unwrap_err();
    assert_eq!(error.code, homeostat_core::error::Code::TensorMismatch);
}

#[test]
fn the_bits_do_not_depend_on_the_number_of_threads() {
    use homeostat_forge::cpu::Threads;
    use homeostat_forge::ir::{Binary, Builder, DType, Op, Unary};
    let mut g = Builder::new();
    let (x, w) =
        (g.input("x", DType::F32, &[301, 257]).unwrap(), g.input("w", DType::F32, &[257, 200]).unwrap());
    let half = g.scalar(0.5).unwrap();
    let x = g.binary(Binary::Mul, x, half).unwrap();
    let y = g.matmul(x, w, false, false).unwrap();
    let y = g.unary(Unary::Gelu, y).unwrap();
    let z = g.node(Op::Softmax { axis: 0 }, &[y]).unwrap();
    let s = g.reduce(z, homeostat_forge::ir::Reduction::Max, &[1], false).unwrap();
    let n = g.node(Op::LayerNorm { epsilon: 1e-5 }, &[z]).unwrap();
    let blueprint = g.finish(&[n, s]).unwrap();
    let plan = Plan::new(&blueprint, 8).unwrap();
    let inputs = make(&blueprint, Inputs::Random, 4);
    let one = cpu::run_on(&plan, &inputs, Threads::ONE).unwrap();
    assert_eq!(one, cpu::run(&plan, &inputs).unwrap());
    assert!(judge(&evaluate(&blueprint, &inputs).unwrap(), &one).miss.is_none());
}

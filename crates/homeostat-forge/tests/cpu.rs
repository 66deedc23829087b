//! The processor's backend against the oracle: every family, size, dtype and kind of inputs.

use homeostat_forge::cpu;
use homeostat_forge::oracle::evaluate;
use homeostat_forge::plan::Plan;
use homeostat_forge::prove::{judge, make, suite};

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

//! The correctness suite for a page that drives WebGPU itself: each case as the program a device has to make, its inputs between canaries,
//! and the verdict of the oracle in f64. Behind the feature `suite`, which the module that is shipped does not have.

use crate::error::to_js;
use crate::limits::limits;
use alloc::{format, string::String, vec::Vec};
use homeostat_core::error::{Code, Error, Result};
use homeostat_core::json::Writer;
use homeostat_core::list::List;
use homeostat_forge::ir::Data;
use homeostat_forge::oracle::{Reference, evaluate};
use homeostat_forge::pipeline::Recipe;
use homeostat_forge::plan::Plan;
use homeostat_forge::prove::{Case, judge, make, sizes, suite};
use homeostat_forge::schedule::{Limits, Schedule, first_schedules};
use homeostat_forge::wgsl::{Kernel, emit};
use wasm_bindgen::prelude::*;

type Js<T> = core::result::Result<T, JsError>;

/// Every case for one adapter.
#[wasm_bindgen]
pub struct Suite {
    limits: Limits,
    cases: Vec<Case>,
    open: Option<Open>,
}

/// The case that is out.
struct Open {
    recipe: Recipe,
    schedules: Vec<Schedule>,
    inputs: Vec<Data>,
    references: Vec<Reference>,
    outputs: Vec<Option<Data>>,
}

fn none() -> Error {
    Error::new(Code::InvalidOption, "there is no such case, or none is out")
}

#[wasm_bindgen]
impl Suite {
    /// The cases for an adapter of these limits, in JSON: f16 where it has it. `rounds`: how often each size is tried with picked schedules.
    #[wasm_bindgen(constructor)]
    pub fn new(can: &str, rounds: u32) -> Js<Self> {
        let limits = to_js(limits(can))?;
        Ok(Self { limits, cases: suite(limits.f16, u64::from(rounds)), open: None })
    }

    /// How many there are.
    #[wasm_bindgen(getter)]
    pub fn length(&self) -> u32 {
        self.cases.len() as u32
    }

    /// A case as JSON: `{ "family", "dtype", "sizes", "text" }`.
    pub fn case(&self, at: u32) -> Js<String> {
        let case = to_js(self.cases.get(at as usize).ok_or_else(none))?;
        let name = &case.family.name;
        let mut json = String::new();
        Writer::new(&mut json).object(|w| {
            w.key("family").str(name.split('/').next().unwrap_or(name));
            w.key("dtype").str(case.dtype.name());
            w.key("sizes").array(|w| case.sizes.iter().for_each(|d| w.uint(u64::from(*d))));
            let (dtype, inputs) = (case.dtype.name(), case.inputs.name());
            w.key("text").str(&format!(
                "{name} {} of {dtype}, {inputs} inputs, pick {}",
                sizes(&case.sizes),
                case.pick
            ));
        });
        Ok(json)
    }

    /// Takes a case out, of its own sizes or, where some are given, of these; the recipe of its program as JSON.
    pub fn begin(&mut self, at: u32, sizes: Vec<u32>) -> Js<String> {
        to_js(self.take(at, sizes))
    }

    /// The schedules of the case that is out.
    pub fn schedules(&self) -> String {
        self.open
            .as_ref()
            .map_or(String::new(), |open| open.schedules.iter().map(Schedule::text).listed().join(" | "))
    }

    /// The whole content of a tensor's buffer before the run.
    pub fn guarded(&self, place: u32) -> Js<Vec<u8>> {
        let open = to_js(self.open.as_ref().ok_or_else(none))?;
        let tensor = to_js(open.recipe.tensors.get(place as usize).ok_or_else(none))?;
        Ok(tensor.guarded(open.inputs.get(place as usize)))
    }

    /// Checks the whole content of a tensor's buffer after the run, and keeps it where it is an output.
    pub fn check(&mut self, place: u32, bytes: &[u8]) -> Js<()> {
        let open = to_js(self.open.as_mut().ok_or_else(none))?;
        let tensor = to_js(open.recipe.tensors.get(place as usize).ok_or_else(none))?;
        let data = to_js(tensor.check(bytes))?;
        if let Some(output) = open.recipe.outputs.iter().position(|at| *at == place as usize) {
            open.outputs[output] = Some(data);
        }
        Ok(())
    }

    /// Compares what was kept with the oracle, as JSON: `{ "worst", "promised", "elements", "miss"? }`; `worst` is a share of the bound.
    pub fn judge(&mut self) -> Js<String> {
        let open = to_js(self.open.as_mut().ok_or_else(none))?;
        let missing = || Error::new(Code::TensorMismatch, "an output did not come back");
        let outputs = to_js(
            open.outputs.iter_mut().map(Option::take).collect::<Option<Vec<Data>>>().ok_or_else(missing),
        )?;
        let verdict = judge(&open.references, &outputs);
        let mut json = String::new();
        Writer::new(&mut json).object(|w| {
            w.key("worst").num(verdict.worst);
            w.key("promised").uint(verdict.promised);
            w.key("elements").uint(verdict.elements);
            if let Some(miss) = &verdict.miss {
                w.key("miss").str(&format!("{miss}"));
            }
        });
        Ok(json)
    }
}

impl Suite {
    fn take(&mut self, at: u32, sizes: Vec<u32>) -> Result<String> {
        let mut case = self.cases.get(at as usize).ok_or_else(none)?.clone();
        if !sizes.is_empty() {
            case.sizes = sizes;
        }
        let blueprint = case.blueprint()?;
        let plan = Plan::new(&blueprint, self.limits.storage_buffers as usize)?;
        let mut schedules = first_schedules(&plan, &self.limits)?;
        if case.pick > 0 {
            for (i, schedule) in schedules.iter_mut().enumerate() {
                let space = Schedule::space(&plan.groups[i], &self.limits);
                *schedule = space[picked(&case, i) as usize % space.len()];
            }
        }
        let kernel = |(g, schedule): (u32, &Schedule)| {
            let text = |why| Error::new(Code::ForgeUnsupported, format!("{}: {why}", schedule.text()));
            emit(&plan.groups[g as usize], schedule, &self.limits).map(|kernel| (g, kernel)).map_err(text)
        };
        let parts: Vec<(u32, Kernel)> = (0u32..).zip(&schedules).map(kernel).collect::<Result<_>>()?;
        let inputs = make(&blueprint, case.inputs, 7 + case.pick);
        let references = evaluate(&blueprint, &inputs)?;
        let recipe = Recipe::new(&plan, &parts);
        let json = recipe.json(&parts);
        let outputs = blueprint.outputs().iter().map(|_| None).collect();
        self.open = Some(Open { recipe, schedules, inputs, references, outputs });
        Ok(json)
    }
}

/// A place in the space of a group: spread over it, and another one each round; the same as natively.
fn picked(case: &Case, group: usize) -> u64 {
    let first = u64::from(case.sizes[0]);
    (case.pick * 2_654_435_761 + case.family.variant as u64 * 40_503 + first * 97 + group as u64 * 31)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        >> 33
}

//! One blueprint across WebAssembly: planned, computed on the processor, emitted for a device, and judged.
//!
//! Tensors come and go one at a time, as bytes: `setInput`, then `compute`, then `output`. Nothing between two calls is anybody
//! else's, since an instance has one thread.

use crate::error::to_js;
use crate::limits::limits;
use alloc::{format, string::String, vec::Vec};
use homeostat_core::error::{Code, Error, Result};
use homeostat_core::json::Writer;
use homeostat_forge::cpu;
use homeostat_forge::ir::{self, Data, NodeId};
use homeostat_forge::oracle::check_inputs;
use homeostat_forge::plan::{Group, Plan, Work};
use homeostat_forge::prove::{Inputs, Truth, make};
use homeostat_forge::schedule::{Limits, Schedule};
use homeostat_forge::wgsl::{Binding, Kernel, Temporary, emit};
use wasm_bindgen::prelude::*;

type Js<T> = core::result::Result<T, JsError>;

/// A blueprint with its plan for one adapter.
#[wasm_bindgen]
pub struct Blueprint {
    pub(crate) blueprint: ir::Blueprint,
    pub(crate) plan: Plan,
    pub(crate) limits: Limits,
    inputs: Vec<Data>,
    results: Vec<Data>,
    truth: Option<Truth>,
}

/// Elements with the dtype of a node, or why not.
fn data(blueprint: &ir::Blueprint, id: Option<&NodeId>, what: &str, at: u32, bytes: &[u8]) -> Result<Data> {
    let id = id.ok_or_else(|| Error::new(Code::TensorMismatch, format!("{what} {at}: there is none")))?;
    Ok(Data::from_bytes(blueprint.node(*id).dtype, bytes))
}

fn put(into: &mut Vec<Data>, at: usize, data: Data) {
    if into.len() <= at {
        into.resize(at + 1, Data::F32(Vec::new()));
    }
    into[at] = data;
}

#[wasm_bindgen]
impl Blueprint {
    /// A blueprint from its recipe, for an adapter of these limits; without any, for the processor.
    #[wasm_bindgen(constructor)]
    pub fn new(recipe: &str, adapter: &str) -> Js<Self> {
        let limits = to_js(limits(adapter))?;
        let blueprint = to_js(ir::Blueprint::from_recipe(recipe))?;
        let plan = to_js(Plan::new(&blueprint, limits.storage_buffers as usize))?;
        Ok(Self { blueprint, plan, limits, inputs: Vec::new(), results: Vec::new(), truth: None })
    }

    /// Hash, inputs and outputs as JSON.
    pub fn facts(&self) -> String {
        self.blueprint.facts()
    }

    /// What the next call reads as input `at`.
    #[wasm_bindgen(js_name = setInput)]
    pub fn set_input(&mut self, at: u32, bytes: &[u8]) -> Js<()> {
        let known =
            to_js(data(&self.blueprint, self.blueprint.inputs().get(at as usize), "input", at, bytes))?;
        put(&mut self.inputs, at as usize, known);
        Ok(())
    }

    /// The bytes of input `at`, as `makeInputs` made it.
    pub fn input(&self, at: u32) -> Vec<u8> {
        self.inputs.get(at as usize).map_or(Vec::new(), |d| d.bytes().to_vec())
    }

    /// Computes the outputs on the processor; then `output`.
    pub fn compute(&mut self) -> Js<()> {
        self.results = to_js(cpu::run(&self.plan, &self.inputs))?;
        Ok(())
    }

    /// The bytes of output `at`.
    pub fn output(&self, at: u32) -> Vec<u8> {
        self.results.get(at as usize).map_or(Vec::new(), |d| d.bytes().to_vec())
    }

    /// Gives the memory of inputs, results and truth back.
    pub fn forget(&mut self) {
        (self.inputs, self.results, self.truth) = (Vec::new(), Vec::new(), None);
    }

    /// How many kinds of hostile inputs there are.
    pub fn kinds() -> u32 {
        Inputs::ALL.len() as u32
    }

    /// Makes inputs of a kind.
    #[wasm_bindgen(js_name = makeInputs)]
    pub fn make_inputs(&mut self, kind: u32, seed: u32) {
        let kind = Inputs::ALL[kind as usize % Inputs::ALL.len()];
        self.inputs = make(&self.blueprint, kind, u64::from(seed));
    }

    /// Finds what is right for the present inputs: everywhere it takes seconds to, or at about `places` places of each output.
    #[wasm_bindgen(js_name = findTruth)]
    pub fn find_truth(&mut self, places: u32, seed: u32) -> Js<()> {
        to_js(check_inputs(&self.blueprint, &self.inputs))?;
        let seed = u64::from(seed);
        self.truth = Some(to_js(match places {
            0 => Truth::of(&self.blueprint, &self.inputs, seed),
            n => Truth::sampled(&self.blueprint, &self.inputs, n as usize, seed),
        })?);
        Ok(())
    }

    /// What a kernel computed as output `at`.
    #[wasm_bindgen(js_name = setResult)]
    pub fn set_result(&mut self, at: u32, bytes: &[u8]) -> Js<()> {
        let known =
            to_js(data(&self.blueprint, self.blueprint.outputs().get(at as usize), "output", at, bytes))?;
        put(&mut self.results, at as usize, known);
        Ok(())
    }

    /// Judges the results: `{ "worst", "promised", "elements", "miss" }`, the first element out of bounds as a text or null.
    pub fn judge(&mut self) -> Js<String> {
        let outputs = self.blueprint.outputs();
        for (at, id) in outputs.iter().enumerate() {
            let wanted = self.blueprint.node(*id).shape.elements();
            let got = self.results.get(at).map_or(0, Data::len);
            if got as u64 != wanted {
                let text = format!("output {at}: expected {wanted} elements, got {got}");
                return to_js(Err(Error::new(Code::TensorMismatch, text)));
            }
        }
        let Some(truth) = &self.truth else {
            return to_js(Err(Error::new(Code::InvalidOption, "judge: nothing is known to be right yet")));
        };
        let verdict = truth.judge(&self.results);
        let mut json = String::new();
        Writer::new(&mut json).object(|w| {
            w.key("worst").num(verdict.worst);
            w.key("promised").uint(verdict.promised);
            w.key("elements").uint(verdict.elements);
            match verdict.miss {
                None => w.key("miss").null(),
                Some(m) => {
                    use homeostat_core::json::Number;
                    let (got, wanted, bound) = (Number(m.got), Number(m.wanted), Number(m.bound));
                    let (output, index) = (m.output, m.index);
                    w.key("miss").str(&format!(
                        "output {output}, element {index}: got {got}, expected {wanted} within {bound}"
                    ));
                }
            }
        });
        Ok(json)
    }

    /// The tensors that have to be in memory and the groups that compute them, in their order, as JSON.
    pub fn plan(&self) -> String {
        let graph = &self.plan.graph;
        let ids = |w: &mut Writer, ids: &[NodeId]| {
            w.array(|w| ids.iter().for_each(|id| w.uint(id.index() as u64)));
        };
        let mut json = String::new();
        Writer::new(&mut json).object(|w| {
            ids(w.key("inputs"), graph.inputs());
            ids(w.key("outputs"), graph.outputs());
            w.key("tensors").array(|w| {
                let stored = graph.inputs().iter().copied().chain(self.plan.groups.iter().map(|g| g.output));
                for id in stored {
                    let node = graph.node(id);
                    w.object(|w| {
                        w.key("node").uint(id.index() as u64);
                        w.key("bytes").uint(node.shape.elements() * node.dtype.bytes());
                    });
                }
            });
            w.key("groups").array(|w| {
                for group in &self.plan.groups {
                    w.object(|w| {
                        w.key("work").str(work_name(group));
                        ids(w.key("tensors"), &group.tensors);
                        w.key("output").uint(group.output.index() as u64);
                        w.key("multiplyAdds").num(match &group.work {
                            Work::Contract(c) => c.multiply_adds(),
                            _ => 0.0,
                        });
                    });
                }
            });
        });
        json
    }

    /// The schedule to begin a group with; empty where the adapter can compute it in no way.
    pub fn first(&self, group: u32) -> String {
        let first = self.plan.groups.get(group as usize).and_then(|g| Schedule::first(g, &self.limits));
        first.map_or(String::new(), |s| s.text())
    }

    /// A group by a schedule: its passes and temporaries as JSON.
    pub fn emit(&self, group: u32, schedule: &str) -> Js<String> {
        let kernel = self.kernel(group, schedule).map_err(|why| {
            Error::new(Code::ForgeUnsupported, format!("group {group} by '{schedule}': {why}"))
        });
        to_js(kernel).map(|kernel| written(&kernel, self.limits.uneven(&kernel)))
    }
}

impl Blueprint {
    fn kernel(&self, group: u32, schedule: &str) -> core::result::Result<Kernel, &'static str> {
        let group = self.plan.groups.get(group as usize).ok_or("there is no such group")?;
        let schedule = Schedule::parse(schedule).ok_or("this version knows no such schedule")?;
        emit(group, &schedule, &self.limits)
    }
}

fn work_name(group: &Group) -> &'static str {
    match group.work {
        Work::Contract(_) => "contract",
        Work::Row(_) => "row",
        Work::Pool(_) => "pool",
        Work::Map(_) => "map",
    }
}

fn written(kernel: &Kernel, uneven: f64) -> String {
    let mut json = String::new();
    Writer::new(&mut json).object(|w| {
        w.key("uneven").num(uneven);
        w.key("temporaries").array(|w| {
            for temporary in &kernel.temporaries {
                w.object(|w| match temporary {
                    Temporary::Buffer(bytes) => w.key("bytes").uint(*bytes),
                    Temporary::Texture { width, height, dtype } => {
                        w.key("width").uint(u64::from(*width));
                        w.key("height").uint(u64::from(*height));
                        w.key("dtype").str(dtype.name());
                    }
                });
            }
        });
        w.key("passes").array(|w| {
            for pass in &kernel.passes {
                w.object(|w| {
                    w.key("wgsl").str(&pass.browser_wgsl());
                    w.key("grid").array(|w| pass.grid.iter().for_each(|n| w.uint(u64::from(*n))));
                    w.key("bindings").array(|w| {
                        for binding in &pass.bindings {
                            let (kind, at) = match binding {
                                Binding::Tensor(i) => ("tensor", *i),
                                Binding::Output => ("output", 0),
                                Binding::Temporary(i) | Binding::TemporaryOut(i) => ("buffer", *i),
                                Binding::Texture(i) | Binding::TextureOut(i) => ("texture", *i),
                            };
                            w.object(|w| {
                                w.key("kind").str(kind);
                                w.key("at").uint(at as u64);
                            });
                        }
                    });
                });
            }
        });
    });
    json
}

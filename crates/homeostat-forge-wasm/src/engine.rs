//! The engine across WebAssembly. Tensors come and go one at a time, as bytes: `setTensor` for each, then the call that reads them;
//! what a call computed is taken by `tensor`. Nothing between two calls is anybody else's, since an instance has one thread.

use crate::command::Commands;
use crate::error::to_js;
use crate::limits::{device, limits};
use alloc::{format, string::String, vec::Vec};
use homeostat_core::error::{Code, Error, Result};
use homeostat_core::json::Writer;
use homeostat_core::list::List;
use homeostat_forge::engine;
use homeostat_forge::ir::{Blueprint, Data, NodeId};
use homeostat_forge::map::Map;
use homeostat_forge::plan::Work;
use homeostat_forge::registry::{Ended, KernelId, KernelOptions, Options, Outcome, Ticket};
use homeostat_forge::schedule::Schedule;
use homeostat_forge::search::Strategies;
use wasm_bindgen::prelude::*;

type Js<T> = core::result::Result<T, JsError>;

/// A forge for one thread.
#[wasm_bindgen]
pub struct Engine {
    pub(crate) engine: engine::Engine,
    pub(crate) commands: Commands,
    tickets: Map<u32, Ticket>,
    next_ticket: u32,
    /// What the next call reads, and what the last one computed.
    inputs: Vec<Data>,
    pub(crate) outputs: Vec<Data>,
}

/// Microseconds of the host's clock.
pub(crate) fn at(now_us: f64) -> u64 {
    if now_us > 0.0 { now_us as u64 } else { 0 }
}

/// Elements of a node's dtype.
pub(crate) fn data(
    blueprint: &Blueprint,
    ids: &[NodeId],
    what: &str,
    place: u32,
    bytes: &[u8],
) -> Result<Data> {
    let none = || Error::new(Code::TensorMismatch, format!("{what} {place}: there is none"));
    let id = ids.get(place as usize).ok_or_else(none)?;
    Ok(Data::from_bytes(blueprint.node(*id).dtype, bytes))
}

pub(crate) fn put(into: &mut Vec<Data>, place: u32, data: Data) {
    if into.len() <= place as usize {
        into.resize(place as usize + 1, Data::F32(Vec::new()));
    }
    into[place as usize] = data;
}

#[wasm_bindgen]
impl Engine {
    /// A forge without kernels and without a device. `options`: those of every kernel, in JSON. `share`: of the time that background
    /// work takes of the device while runs come in. `strategies`: names, with commas between them. `previous`: hash of the entry that the
    /// journal goes on behind.
    #[wasm_bindgen(constructor)]
    pub fn new(
        options: &str,
        run_id: &str,
        share: f64,
        strategies: &str,
        previous: Option<String>,
    ) -> Js<Self> {
        let kernel = to_js(KernelOptions::default().parse(options))?;
        let strategies = to_js(Strategies::named(strategies))?;
        let options = Options { run_id: run_id.into(), previous, kernel, share, strategies };
        Ok(Self {
            engine: to_js(engine::Engine::new(options))?,
            commands: Commands::default(),
            tickets: Map::new(),
            next_ticket: 0,
            inputs: Vec::new(),
            outputs: Vec::new(),
        })
    }

    /// A device is there; every kernel begins on it.
    pub fn attach(&mut self, what: &str, can: &str, now_us: f64) -> Js<()> {
        let (device, limits) = (to_js(device(what))?, to_js(limits(can))?);
        to_js(self.engine.attach(device, limits, at(now_us)))
    }

    /// The device is gone. What was out needs no reply; whether it is that which hung the device.
    pub fn gone(&mut self, reason: &str, hung: bool, now_us: f64) {
        self.commands.clear();
        let code = if hung { Code::DeviceHung } else { Code::DeviceLost };
        self.engine.gone(&Error::new(code, reason), at(now_us));
    }

    /// A kernel of a recipe; its number.
    pub fn kernel(&mut self, recipe: &str, options: &str, now_us: f64) -> Js<u32> {
        let blueprint = to_js(Blueprint::from_recipe(recipe))?;
        let known = self.engine.registry().options().kernel;
        let options = to_js(known.parse(options))?;
        to_js(self.engine.kernel(blueprint, options, at(now_us))).map(|id| id.0)
    }

    /// Gives a kernel up.
    pub fn dispose(&mut self, kernel: u32, now_us: f64) {
        self.engine.dispose(KernelId(kernel), at(now_us));
    }

    /// What the next call reads as input, or as output (of a device) of this kernel.
    #[wasm_bindgen(js_name = setTensor)]
    pub fn set_tensor(&mut self, kernel: u32, output: bool, place: u32, bytes: &[u8]) -> Js<()> {
        let subject = to_js(self.engine.subject(KernelId(kernel)))?;
        let blueprint = &subject.blueprint;
        if output {
            let known = to_js(data(blueprint, blueprint.outputs(), "output", place, bytes))?;
            put(&mut self.outputs, place, known);
        } else {
            let known = to_js(data(blueprint, blueprint.inputs(), "input", place, bytes))?;
            put(&mut self.inputs, place, known);
        }
        Ok(())
    }

    /// The bytes of an output that `compute` computed.
    pub fn tensor(&self, place: u32) -> Vec<u8> {
        self.outputs.get(place as usize).map_or(Vec::new(), |d| d.bytes().to_vec())
    }

    /// Gives the memory of inputs and outputs back.
    pub fn forget(&mut self) {
        (self.inputs, self.outputs) = (Vec::new(), Vec::new());
    }

    /// The outputs for the inputs that were set, on the processor.
    pub fn compute(&mut self, kernel: u32) -> Js<()> {
        self.outputs = to_js(self.engine.compute(KernelId(kernel), &self.inputs))?;
        Ok(())
    }

    /// Begins a run; its ticket.
    pub fn begin(&mut self, kernel: u32, now_us: f64) -> Js<u32> {
        let ticket = to_js(self.engine.begin(KernelId(kernel), at(now_us)))?;
        self.next_ticket = self.next_ticket.wrapping_add(1);
        self.tickets.insert(self.next_ticket, ticket);
        Ok(self.next_ticket)
    }

    /// The program that answers a run; -1 where the processor does.
    pub fn program(&self, ticket: u32) -> f64 {
        self.tickets.get(&ticket).and_then(|t| t.program).map_or(-1.0, |p| f64::from(p.0))
    }

    /// Whether a run's answer is to be compared with the oracle before it is given.
    pub fn checks(&self, ticket: u32) -> bool {
        self.tickets.get(&ticket).is_some_and(|t| t.check)
    }

    /// Ends a run that the device answered, after so many seconds; where it is to be checked, inputs and outputs were set. Whether its
    /// answer is to be given; else `compute` has it.
    pub fn answered(&mut self, ticket: u32, seconds: f64, now_us: f64) -> bool {
        let Some(ticket) = self.tickets.remove(&ticket) else { return true };
        let outcome = self.engine.answered(ticket, seconds, &self.inputs, &self.outputs, at(now_us));
        outcome == Outcome::Keep
    }

    /// Ends a run that the processor answered, or that the caller gave up.
    pub fn aside(&mut self, ticket: u32, now_us: f64) {
        if let Some(ticket) = self.tickets.remove(&ticket) {
            self.engine.end(ticket, Ended::Aside, at(now_us));
        }
    }

    /// Ends a run that the device failed; `compute` has its answer.
    pub fn failed(&mut self, ticket: u32, code: &str, reason: &str, now_us: f64) {
        if let Some(ticket) = self.tickets.remove(&ticket) {
            self.engine.end(ticket, Ended::Failed(error_of(code, reason)), at(now_us));
        }
    }

    /// Whether nothing is left to do for a kernel beside its runs.
    #[wasm_bindgen(js_name = hasSettled)]
    pub fn has_settled(&self, kernel: u32) -> bool {
        self.engine.has_settled(KernelId(kernel))
    }

    /// A kernel's counts, who answers it and how its groups are computed, as JSON.
    pub fn explain(&mut self, kernel: u32) -> Js<String> {
        to_js(self.explanation(KernelId(kernel)))
    }

    /// What this device is known to compute a kernel by, as JSON.
    pub fn known(&mut self, kernel: u32) -> Js<String> {
        to_js(self.engine.registry().known_json(KernelId(kernel)))
    }

    /// Takes what an earlier life kept: how many facts were taken, damaged, of another version.
    #[wasm_bindgen(js_name = readLibrary)]
    pub fn read_library(&mut self, bytes: &[u8]) -> Vec<u32> {
        let reading = self.engine.read_library(bytes);
        [reading.taken, reading.damaged, reading.other_version].map(|n| n as u32).to_vec()
    }

    /// Lines to append to what is kept.
    #[wasm_bindgen(js_name = takeLibrary)]
    pub fn take_library(&mut self) -> String {
        self.engine.take_library()
    }

    /// What happened since this was last asked: a list in JSON, and behind it how much was dropped.
    #[wasm_bindgen(js_name = takeEvents)]
    pub fn take_events(&mut self) -> String {
        let (entries, dropped) = self.engine.take_events();
        let texts = entries.iter().map(|entry| entry.json()).listed();
        format!("{{\"events\":[{}],\"dropped\":{dropped}}}", texts.join(","))
    }

    /// Chained lines of the journal, about so many bytes of them.
    #[wasm_bindgen(js_name = takeJournal)]
    pub fn take_journal(&mut self, max_bytes: u32) -> String {
        self.engine.take_journal(max_bytes as usize)
    }
}

/// A host's error; what has no code of the device's is the kernel's own.
pub(crate) fn error_of(code: &str, reason: &str) -> Error {
    let known = [Code::DeviceLost, Code::DeviceHung, Code::DeviceMemory, Code::ForgeUnsupported];
    let code = known.into_iter().find(|known| known.as_str() == code).unwrap_or(Code::KernelRejected);
    Error::new(code, reason)
}

impl Engine {
    fn explanation(&mut self, id: KernelId) -> Result<String> {
        let subject = self.engine.subject(id)?;
        let settled = self.engine.has_settled(id);
        let registry = self.engine.registry();
        let (stats, current) = (registry.stats(id)?, registry.current(id)?.cloned());
        let limits = registry.device().map(|(_, limits)| *limits);
        // What answers may compute another graph for the same numbers.
        let plan = current.as_ref().map_or(&subject.plan, |c| &c.form.plan);
        let mut json = String::new();
        Writer::new(&mut json).object(|w| {
            w.key("settled").bool(settled);
            w.key("outputs").uint(subject.blueprint.outputs().len() as u64);
            w.key("runs").uint(stats.runs);
            w.key("onDevice").uint(stats.on_device);
            w.key("checked").uint(stats.checked);
            w.key("wrong").uint(stats.wrong);
            w.key("failed").uint(stats.failed);
            w.key("promotions").uint(stats.promotions);
            w.key("rollbacks").uint(stats.rollbacks);
            if let Some(entry) = registry.rejected(id) {
                w.key("rejected").object(|w| entry.payload(w));
            }
            w.key("groups").array(|w| {
                for (i, group) in plan.groups.iter().enumerate() {
                    w.object(|w| {
                        let (work, multiply_adds) = match &group.work {
                            Work::Contract(c) => ("contract", c.multiply_adds()),
                            Work::Row(_) => ("row", 0.0),
                            Work::Pool(_) => ("pool", 0.0),
                            Work::Map(_) => ("map", 0.0),
                        };
                        w.key("work").str(work);
                        w.key("shape")
                            .array(|w| group.shape.dims().iter().for_each(|d| w.uint(u64::from(*d))));
                        w.key("multiplyAdds").num(multiply_adds);
                        w.key("space").uint(limits.map_or(0, |l| Schedule::space(group, &l).len() as u64));
                        if let Some(schedule) = current.as_ref().and_then(|c| c.schedules.get(i)) {
                            w.key("schedule").str(&schedule.text());
                        }
                    });
                }
            });
        });
        Ok(json)
    }
}

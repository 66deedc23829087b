//! What the engine asks of its host, one command at a time.

use crate::engine::{Engine, at, error_of, put};
use crate::error::to_js;
use alloc::{format, string::String, sync::Arc, vec::Vec};
use homeostat_core::error::{Code, Error, Result};
use homeostat_forge::ir::Data;
use homeostat_forge::map::Map;
use homeostat_forge::measure::Timing;
use homeostat_forge::pipeline::{Command, Recipe, Reply, TensorSpec};
use homeostat_forge::registry::KernelId;
use wasm_bindgen::prelude::*;

type Js<T> = core::result::Result<T, JsError>;

/// What was asked, and what of it is still needed.
#[derive(Default)]
pub struct Commands {
    /// The tensors of the programs that the host has: all of them, and how many are inputs.
    programs: Map<u32, (Vec<TensorSpec>, Vec<usize>)>,
    /// Inputs of the command that is out.
    inputs: Arc<Vec<Data>>,
}

impl Commands {
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn tensor(&self, program: u32, place: u32) -> Result<&TensorSpec> {
        let none = || Error::new(Code::InvalidOption, format!("program {program} has no tensor {place}"));
        self.programs.get(&program).and_then(|(tensors, _)| tensors.get(place as usize)).ok_or_else(none)
    }
}

#[wasm_bindgen]
impl Engine {
    /// What the device should do next beside the runs, as JSON: `{ "do": "compile" | "execute" | "compute" | "time" | "drop",
    /// "kernel", "program", … }`; empty where there is nothing to be done now.
    pub fn next(&mut self, now_us: f64) -> Js<String> {
        let Some((kernel, command)) = self.engine.next(at(now_us)) else { return Ok(String::new()) };
        let kernel = kernel.map_or(-1, |id| i64::from(id.0));
        let text = match command {
            Command::Compile(program, plan, parts) => {
                let recipe = Recipe::new(&plan, &parts);
                let json = recipe.json(&parts);
                self.commands.programs.insert(program.0, (recipe.tensors, recipe.outputs));
                format!(
                    "{{\"do\":\"compile\",\"kernel\":{kernel},\"program\":{},\"recipe\":{json}}}",
                    program.0
                )
            }
            Command::Execute { program, inputs, guarded } => {
                self.commands.inputs = inputs;
                let program = program.0;
                format!(
                    "{{\"do\":\"execute\",\"kernel\":{kernel},\"program\":{program},\"guarded\":{guarded}}}"
                )
            }
            Command::Compute(inputs) => {
                self.commands.inputs = inputs;
                format!("{{\"do\":\"compute\",\"kernel\":{kernel}}}")
            }
            Command::Time(program, group, times) => {
                let program = program.0;
                format!(
                    "{{\"do\":\"time\",\"kernel\":{kernel},\"program\":{program},\"group\":{group},\"times\":{times}}}"
                )
            }
            Command::Drop(program) => {
                self.commands.programs.remove(&program.0);
                format!("{{\"do\":\"drop\",\"kernel\":{kernel},\"program\":{}}}", program.0)
            }
        };
        Ok(text)
    }

    /// The bytes of an input of the command that is out.
    #[wasm_bindgen(js_name = commandInput)]
    pub fn command_input(&self, place: u32) -> Vec<u8> {
        self.commands.inputs.get(place as usize).map_or(Vec::new(), |d| d.bytes().to_vec())
    }

    /// The whole content of a tensor's buffer before a guarded run: canaries around an input's elements, or around unwritten ones.
    pub fn guarded(&self, program: u32, place: u32) -> Js<Vec<u8>> {
        let tensor = to_js(self.commands.tensor(program, place))?;
        Ok(tensor.guarded(self.commands.inputs.get(place as usize)))
    }

    /// Checks the whole content of a tensor's buffer after a guarded run; an output of the program is kept for the reply.
    #[wasm_bindgen(js_name = checkGuarded)]
    pub fn check_guarded(&mut self, program: u32, place: u32, bytes: &[u8]) -> Js<()> {
        let known = to_js(self.commands.tensor(program, place).and_then(|tensor| tensor.check(bytes)))?;
        let outputs = self.commands.programs.get(&program).map_or(&[][..], |(_, outputs)| outputs);
        if let Some(output) = outputs.iter().position(|at| *at == place as usize) {
            put(&mut self.outputs, output as u32, known);
        }
        Ok(())
    }

    /// Runs the command's inputs on the processor; the reply is `replyExecuted`.
    #[wasm_bindgen(js_name = computeCommand)]
    pub fn compute_command(&mut self, kernel: u32) -> Js<()> {
        let inputs = self.commands.inputs.clone();
        self.outputs = to_js(self.engine.compute(KernelId(kernel), &inputs))?;
        Ok(())
    }

    /// The command is done.
    #[wasm_bindgen(js_name = replyDone)]
    pub fn reply_done(&mut self) {
        self.reply(Reply::Done);
    }

    /// The command's outputs were set, or computed; it took so many seconds.
    #[wasm_bindgen(js_name = replyExecuted)]
    pub fn reply_executed(&mut self, seconds: f64) {
        let outputs = core::mem::take(&mut self.outputs);
        self.reply(Reply::Executed(outputs, seconds));
    }

    /// So long it took by the wall's clock, and by the device's own where that is a number.
    #[wasm_bindgen(js_name = replyTimed)]
    pub fn reply_timed(&mut self, wall_s: f64, own_s: f64) {
        self.reply(Reply::Timed(Timing { wall_s, own_s: (own_s > 0.0).then_some(own_s) }));
    }

    /// The command failed.
    #[wasm_bindgen(js_name = replyFailed)]
    pub fn reply_failed(&mut self, code: &str, reason: &str) {
        self.reply(Reply::Failed(error_of(code, reason)));
    }
}

impl Engine {
    fn reply(&mut self, reply: Reply) {
        self.commands.inputs = Arc::default();
        self.engine.reply(reply);
    }
}

//! wgpu as a machine of a forge.

use super::adapter::Adapter;
use super::buffer::Buffer;
use super::gpu::Gpu;
use super::program::Program;
use crate::host::{Machine, Opened, Operand};
use crate::ir::Data;
use crate::library::DeviceKey;
use crate::measure::Timing;
use crate::plan::Plan;
use crate::registry::ProgramId;
use crate::wgsl::Kernel;
use homeostat_core::error::{Code, Error, Result};
use std::collections::BTreeMap;

/// A device with its programs and the elements that were left on it.
pub struct GpuMachine {
    gpu: Gpu,
    programs: BTreeMap<ProgramId, Program>,
    kept: BTreeMap<u64, Buffer>,
}

/// What the library knows an adapter by.
pub fn key_of(adapter: &Adapter) -> DeviceKey {
    DeviceKey {
        backend: adapter.backend.clone(),
        vendor: adapter.ids.0,
        device: adapter.ids.1,
        driver: format!("{}, {}", adapter.name, adapter.driver),
        compiler: env!("CARGO_PKG_VERSION").into(),
    }
}

impl GpuMachine {
    /// Opens an adapter, on the present thread.
    pub fn open(options: &super::Options) -> Result<(Self, Opened)> {
        let gpu = Gpu::open(options)?;
        let opened = Opened {
            key: key_of(gpu.adapter()),
            limits: *gpu.limits(),
            patience: super::patience(gpu.adapter()),
        };
        Ok((Self { gpu, programs: BTreeMap::new(), kept: BTreeMap::new() }, opened))
    }

    /// The device itself: for fault tests.
    pub fn gpu(&mut self) -> &mut Gpu {
        &mut self.gpu
    }
}

fn unknown(what: &str) -> Error {
    Error::new(Code::Closed, format!("{what}: it was given up before this call, or was lost with its device"))
}

impl Machine for GpuMachine {
    fn compile(&mut self, program: ProgramId, plan: &Plan, parts: &[(u32, Kernel)]) -> Result<()> {
        let compiled = self.gpu.program_of_parts(plan, parts)?;
        self.programs.insert(program, compiled);
        Ok(())
    }

    fn execute(&mut self, program: ProgramId, inputs: &[Data], guarded: bool) -> Result<Vec<Data>> {
        let program = self.programs.get(&program).ok_or_else(|| unknown("program"))?;
        if guarded { self.gpu.run_program(program, inputs) } else { self.gpu.answer(program, inputs) }
    }

    fn time(&mut self, program: ProgramId, group: u32, times: u32) -> Result<Timing> {
        let program = self.programs.get(&program).ok_or_else(|| unknown("program"))?;
        self.gpu.time(program.bound(group)?, times)
    }

    fn release(&mut self, program: ProgramId) {
        if self.programs.remove(&program).is_some() {
            self.gpu.tidy();
        }
    }

    fn upload(&mut self, number: u64, data: &Data) -> Result<()> {
        let buffer = self.gpu.upload(data)?;
        self.kept.insert(number, buffer);
        Ok(())
    }

    fn download(&mut self, number: u64) -> Result<Data> {
        let buffer = self.kept.get(&number).ok_or_else(|| unknown("buffer"))?;
        self.gpu.read(buffer)
    }

    fn forget(&mut self, number: u64) {
        self.kept.remove(&number);
    }

    fn chain(
        &mut self,
        program: ProgramId,
        inputs: &[Operand],
        keep: &[Option<u64>],
    ) -> Result<Vec<Option<Data>>> {
        let program = self.programs.get(&program).ok_or_else(|| unknown("program"))?;
        let mut given: Vec<(&Buffer, &Buffer)> = Vec::new();
        for (operand, tensor) in inputs.iter().zip(program.inputs()) {
            match operand {
                Operand::Data(data) => self.gpu.write(tensor, data)?,
                Operand::Kept(number) => {
                    given.push((self.kept.get(number).ok_or_else(|| unknown("buffer"))?, tensor));
                }
            }
        }
        // What stays is copied out of the program, whose next run writes it anew: nothing of it comes from here.
        let mut own: Vec<(u64, Buffer, &Buffer)> = Vec::new();
        for (at, tensor) in program.outputs().enumerate() {
            if let Some(number) = keep.get(at).copied().flatten() {
                own.push((number, self.gpu.reserve(tensor.dtype(), tensor.elements())?, tensor));
            }
        }
        let kept: Vec<(&Buffer, &Buffer)> = own.iter().map(|(_, own, tensor)| (*tensor, own)).collect();
        self.gpu.run_between(&given, &program.all(), &kept)?;
        let mut outputs = Vec::new();
        for (at, tensor) in program.outputs().enumerate() {
            let stays = keep.get(at).is_some_and(|number| number.is_some());
            outputs.push(if stays { None } else { Some(self.gpu.read(tensor)?) });
        }
        self.kept.extend(own.into_iter().map(|(number, buffer, _)| (number, buffer)));
        Ok(outputs)
    }

    fn is_hung(&self) -> bool {
        self.gpu.is_hung()
    }
}

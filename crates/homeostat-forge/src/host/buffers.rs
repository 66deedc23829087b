//! Elements that stay on the device between runs: a chain of kernels needs no reading back.
//!
//! Bound: `BUFFERS_MAX` at once. Where the processor answers they are ordinary memory. A device's loss is theirs too: using one
//! afterwards is an error, not a wrong number.

use super::forge::{Forge, lock};
use super::machine::{Machine, Operand};
use crate::ir::{DType, Data};
use crate::registry::{Ended, KernelId, Subject};
use homeostat_core::error::{Code, Error, Result};
use std::collections::BTreeMap;
use std::time::Instant;

/// Most buffers at once.
pub const BUFFERS_MAX: usize = 65_536;

enum Place {
    Device,
    Memory(Data),
    Lost,
}

/// Every buffer of a forge.
#[derive(Default)]
pub(super) struct Buffers {
    all: BTreeMap<u64, (Place, DType, u64)>,
    next: u64,
}

impl Buffers {
    /// The device is gone, with what was on it.
    pub fn lose(&mut self) {
        for (place, ..) in self.all.values_mut() {
            if matches!(place, Place::Device) {
                *place = Place::Lost;
            }
        }
    }

    fn add(&mut self, place: Place, dtype: DType, elements: u64) -> Result<u64> {
        if self.all.len() >= BUFFERS_MAX {
            let text = format!("buffers: expected at most {BUFFERS_MAX} at once");
            return Err(Error::new(Code::DeviceMemory, text));
        }
        self.next += 1;
        self.all.insert(self.next, (place, dtype, elements));
        Ok(self.next)
    }
}

/// An input of a run.
#[derive(Clone, Debug)]
pub enum Given {
    /// From outside.
    Data(Data),
    /// A buffer of this forge.
    Buffer(u64),
}

/// An output of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Got {
    /// Read.
    Data(Data),
    /// Kept, as a buffer.
    Buffer(u64),
}

impl<M: Machine> Forge<M> {
    /// Elements for runs to come, on the device where there is one.
    pub fn upload(&self, data: Data) -> Result<u64> {
        let (dtype, elements) = (data.dtype(), data.len() as u64);
        let Some(worker) = self.shared.worker() else {
            return lock(&self.shared.buffers).add(Place::Memory(data), dtype, elements);
        };
        let number = lock(&self.shared.buffers).add(Place::Device, dtype, elements)?;
        let uploaded = worker.call(move |m: &mut M| m.upload(number, &data));
        if let Err(error) = uploaded {
            lock(&self.shared.buffers).all.remove(&number);
            return Err(error);
        }
        Ok(number)
    }

    /// Reads a buffer.
    pub fn download(&self, number: u64) -> Result<Data> {
        match lock(&self.shared.buffers).all.get(&number) {
            None => return Err(Error::new(Code::Closed, "the buffer was given up before this call")),
            Some((Place::Memory(data), ..)) => return Ok(data.clone()),
            Some((Place::Lost, ..)) => return Err(lost()),
            Some((Place::Device, ..)) => {}
        }
        let worker = self.shared.worker().ok_or_else(lost)?;
        worker.call(move |m: &mut M| m.download(number))
    }

    /// Gives a buffer up.
    pub fn forget(&self, number: u64) {
        let was = lock(&self.shared.buffers).all.remove(&number);
        if let (Some((Place::Device, ..)), Some(worker)) = (was, self.shared.worker()) {
            // Nothing waits for it.
            let _ = worker.submit(move |m: &mut M| {
                m.forget(number);
                Ok(())
            });
        }
    }

    /// Runs with buffers as inputs, and keeps outputs as buffers where `keep` says so.
    pub fn run_with(&self, id: KernelId, given: Vec<Given>, keep: &[bool]) -> Result<Vec<Got>> {
        let subject = self.subject(id)?;
        self.check_given(&subject, &given)?;
        let keep: Vec<bool> =
            (0..subject.blueprint.outputs().len()).map(|i| keep.get(i).copied().unwrap_or(false)).collect();
        let ticket = self.begin(id)?;
        let (Some(program), Some(worker), false) = (ticket.program, self.shared.worker(), ticket.check)
        else {
            // A run that is checked needs its inputs and outputs here; so does the processor.
            let inputs = given.into_iter().map(|g| self.fetch(g)).collect::<Result<Vec<Data>>>();
            let inputs = match inputs {
                Ok(inputs) => inputs,
                Err(error) => {
                    self.end(ticket, Ended::Aside);
                    return Err(error);
                }
            };
            let outputs = match (ticket.program, self.shared.worker()) {
                (Some(program), Some(worker)) => {
                    let own = inputs.clone();
                    let answered = worker.call(move |m: &mut M| {
                        let start = Instant::now();
                        Ok((m.execute(program, &own, false)?, start.elapsed().as_secs_f64()))
                    });
                    self.finish(&subject, ticket, &inputs, answered)?
                }
                _ => {
                    self.end(ticket, Ended::Aside);
                    subject.compute(&inputs)?
                }
            };
            return outputs.into_iter().zip(keep).map(|(data, keep)| self.give(data, keep)).collect();
        };
        let prepared = self.operands(&given).and_then(|own| Ok((own, self.reserve(&subject, &keep)?)));
        let (own, numbers) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                self.end(ticket, Ended::Aside);
                return Err(error);
            }
        };
        let wanted = numbers.clone();
        let answered = worker.call(move |m: &mut M| {
            let start = Instant::now();
            let outputs = m.chain(program, &own, &wanted)?;
            Ok((outputs, start.elapsed().as_secs_f64()))
        });
        match answered {
            Ok((outputs, seconds)) => {
                self.end(ticket, Ended::Answered(seconds, None));
                let got = |(data, number): (Option<Data>, Option<u64>)| match (data, number) {
                    (_, Some(number)) => Ok(Got::Buffer(number)),
                    (Some(data), None) => Ok(Got::Data(data)),
                    (None, None) => Err(Error::new(Code::DeviceLost, "an output was not read")),
                };
                outputs.into_iter().zip(numbers).map(got).collect()
            }
            Err(error) => {
                numbers.into_iter().flatten().for_each(|number| self.forget(number));
                self.end(ticket, Ended::Failed(error));
                let inputs = given.into_iter().map(|g| self.fetch(g)).collect::<Result<Vec<Data>>>()?;
                let outputs = subject.compute(&inputs)?;
                outputs.into_iter().zip(keep).map(|(data, keep)| self.give(data, keep)).collect()
            }
        }
    }

    fn check_given(&self, subject: &Subject, given: &[Given]) -> Result<()> {
        let buffers = lock(&self.shared.buffers);
        let mut described = Vec::new();
        for g in given {
            described.push(match g {
                Given::Data(data) => (data.dtype(), data.len() as u64),
                Given::Buffer(number) => match buffers.all.get(number) {
                    None => return Err(Error::new(Code::Closed, "the buffer was given up before this call")),
                    Some((Place::Lost, ..)) => return Err(lost()),
                    Some((_, dtype, elements)) => (*dtype, *elements),
                },
            });
        }
        crate::oracle::check_described(&subject.blueprint, &described)
    }

    fn operands(&self, given: &[Given]) -> Result<Vec<Operand>> {
        let buffers = lock(&self.shared.buffers);
        let operand = |g: &Given| match g {
            Given::Data(data) => Ok(Operand::Data(data.clone())),
            Given::Buffer(number) => match buffers.all.get(number) {
                Some((Place::Memory(data), ..)) => Ok(Operand::Data(data.clone())),
                Some((Place::Device, ..)) => Ok(Operand::Kept(*number)),
                _ => Err(lost()),
            },
        };
        given.iter().map(operand).collect()
    }

    fn fetch(&self, given: Given) -> Result<Data> {
        match given {
            Given::Data(data) => Ok(data),
            Given::Buffer(number) => self.download(number),
        }
    }

    fn give(&self, data: Data, keep: bool) -> Result<Got> {
        if keep { self.upload(data).map(Got::Buffer) } else { Ok(Got::Data(data)) }
    }

    fn reserve(&self, subject: &Subject, keep: &[bool]) -> Result<Vec<Option<u64>>> {
        let mut buffers = lock(&self.shared.buffers);
        let outputs = subject.blueprint.outputs().iter().zip(keep);
        let number = |(id, keep): (&crate::ir::NodeId, &bool)| {
            let node = subject.blueprint.node(*id);
            keep.then(|| buffers.add(Place::Device, node.dtype, node.shape.elements())).transpose()
        };
        outputs.map(number).collect()
    }
}

fn lost() -> Error {
    Error::new(Code::DeviceLost, "the buffer was lost with its device: upload it again")
}

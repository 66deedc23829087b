//! Elements that stay on the device between runs: a chain of kernels needs no reading back.
//!
//! Bound: `BUFFERS_MAX` at once, and together as many bytes as a kernel's tensors may have (`KernelOptions::memory_max` of the forge): what
//! would be more is an error before anything is dispatched, which names the tensor and its bytes. Where the processor answers they are ordinary memory. A device's loss is theirs too: using one
//! afterwards is an error, not a wrong number. A run holds its inputs from the moment it is asked for: one that is given up meanwhile
//! is there until the run has ended.

use super::forge::{Forge, lock};
use super::machine::{Machine, Operand};
use super::pump::sweep;
use crate::ir::{DType, Data};
use crate::registry::{Ended, KernelId, ProgramId, Subject};
use homeostat_core::error::{Code, Error, Result};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Most buffers at once.
pub const BUFFERS_MAX: usize = 65_536;

enum Place {
    Device,
    Memory(Data),
    Lost,
}

struct Kept {
    place: Place,
    dtype: DType,
    elements: u64,
    /// Runs that need it.
    held: u32,
    /// Whether it goes with the last of them.
    given_up: bool,
}

impl Kept {
    fn bytes(&self) -> u64 {
        self.elements.saturating_mul(self.dtype.bytes())
    }
}

/// What a machine is to give up, where its queue has room.
#[derive(Clone, Default)]
pub(super) struct Trash {
    pub programs: Vec<ProgramId>,
    pub buffers: Vec<u64>,
}

/// Every buffer of a forge.
pub(super) struct Buffers {
    all: BTreeMap<u64, Kept>,
    /// What they take, and may take, in bytes.
    bytes: u64,
    pub bytes_max: u64,
    next: u64,
    pub trash: Trash,
}

impl Buffers {
    /// None, of which there may be so many bytes.
    pub fn new(bytes_max: u64) -> Self {
        Self { all: BTreeMap::new(), bytes: 0, bytes_max, next: 0, trash: Trash::default() }
    }

    /// The device is gone, with what was on it.
    pub fn lose(&mut self) {
        for kept in self.all.values_mut().filter(|kept| matches!(kept.place, Place::Device)) {
            kept.place = Place::Lost;
            self.bytes -= kept.bytes();
        }
        self.trash = Trash::default();
    }

    /// Refuses what there is no room for.
    fn room(&self, what: &str, bytes: u64) -> Result<()> {
        let (kept, most) = (self.bytes, self.bytes_max);
        if kept.saturating_add(bytes) > most {
            let text = format!(
                "{what} takes {bytes} bytes, the tensors that stay {kept}: expected at most {most} together (memoryMax)"
            );
            return Err(Error::new(Code::DeviceMemory, text));
        }
        if self.all.len() >= BUFFERS_MAX {
            let text = format!("buffers: expected at most {BUFFERS_MAX} at once");
            return Err(Error::new(Code::DeviceMemory, text));
        }
        Ok(())
    }

    fn add(&mut self, what: &str, place: Place, dtype: DType, elements: u64) -> Result<u64> {
        let kept = Kept { place, dtype, elements, held: 0, given_up: false };
        self.room(what, kept.bytes())?;
        self.bytes += kept.bytes();
        self.next += 1;
        self.all.insert(self.next, kept);
        Ok(self.next)
    }

    /// One that nobody has given up.
    fn get(&self, number: u64) -> Result<&Kept> {
        let closed = || Error::new(Code::Closed, "the buffer was given up before this call");
        self.all.get(&number).filter(|kept| !kept.given_up).ok_or_else(closed)
    }

    fn give_up(&mut self, number: u64) {
        let Some(kept) = self.all.get_mut(&number) else { return };
        kept.given_up = true;
        if kept.held > 0 {
            return;
        }
        let Some(kept) = self.all.remove(&number) else { return };
        // What was lost with its device takes nothing.
        self.bytes -= if matches!(kept.place, Place::Lost) { 0 } else { kept.bytes() };
        if matches!(kept.place, Place::Device) {
            self.trash.buffers.push(number);
        }
    }

    fn let_go(&mut self, number: u64) {
        let Some(kept) = self.all.get_mut(&number) else { return };
        kept.held -= 1;
        if kept.held == 0 && kept.given_up {
            self.give_up(number);
        }
    }
}

/// An input of a run.
#[derive(Clone, Debug)]
pub enum Given {
    /// From outside.
    Data(Data),
    /// A buffer of this forge.
    Buffer(u64),
    /// The same, which stays until this is dropped, though it may be given up meanwhile.
    Held(Arc<Held>),
}

/// A buffer that somebody needs.
pub struct Held {
    buffers: Arc<Mutex<Buffers>>,
    number: u64,
}

impl core::fmt::Debug for Held {
    fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        f.debug_tuple("Held").field(&self.number).finish()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // What it frees is swept by the next call or by the pump.
        lock(&self.buffers).let_go(self.number);
    }
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
        let what = format!("upload of {} elements of {}", data.len(), data.dtype());
        self.keep(&what, data)
    }

    /// The same of a tensor by its name.
    fn keep(&self, what: &str, data: Data) -> Result<u64> {
        let (dtype, elements) = (data.dtype(), data.len() as u64);
        let Some(worker) = self.shared.worker() else {
            return lock(&self.shared.buffers).add(what, Place::Memory(data), dtype, elements);
        };
        let number = lock(&self.shared.buffers).add(what, Place::Device, dtype, elements)?;
        let uploaded = worker.call(move |m: &mut M| m.upload(number, &data));
        if let Err(error) = uploaded {
            // It may have come after all: what is not there is none of the machine's business.
            self.forget(number);
            return Err(error);
        }
        Ok(number)
    }

    /// Holds the buffers among these, so that whoever gives them up from now on does not take them from a run that was asked for.
    pub fn hold(&self, given: Vec<Given>) -> Result<Vec<Given>> {
        let mut buffers = lock(&self.shared.buffers);
        for g in &given {
            if let Given::Buffer(number) = g {
                buffers.get(*number)?;
            }
        }
        let hold = |g| match g {
            Given::Buffer(number) => {
                if let Some(kept) = buffers.all.get_mut(&number) {
                    kept.held += 1;
                }
                Given::Held(Arc::new(Held { buffers: self.shared.buffers.clone(), number }))
            }
            other => other,
        };
        Ok(given.into_iter().map(hold).collect())
    }

    /// Reads a buffer.
    pub fn download(&self, number: u64) -> Result<Data> {
        // Held, so that it is there until it was read.
        let held = self.hold(vec![Given::Buffer(number)])?;
        let read = held.into_iter().map(|g| self.fetch(g)).next();
        sweep(&self.shared);
        read.unwrap_or_else(|| Err(lost()))
    }

    fn read(&self, number: u64) -> Result<Data> {
        match lock(&self.shared.buffers).all.get(&number).map(|kept| &kept.place) {
            Some(Place::Memory(data)) => return Ok(data.clone()),
            Some(Place::Device) => {}
            Some(Place::Lost) | None => return Err(lost()),
        }
        let worker = self.shared.worker().ok_or_else(lost)?;
        worker.call(move |m: &mut M| m.download(number))
    }

    /// Gives a buffer up.
    pub fn forget(&self, number: u64) {
        lock(&self.shared.buffers).give_up(number);
        sweep(&self.shared);
    }

    /// Runs with buffers as inputs, and keeps outputs as buffers where `keep` says so.
    pub fn run_with(&self, id: KernelId, given: Vec<Given>, keep: &[bool]) -> Result<Vec<Got>> {
        let got = self.hold(given).and_then(|given| self.run_held(id, given, keep));
        sweep(&self.shared);
        got
    }

    fn run_held(&self, id: KernelId, given: Vec<Given>, keep: &[bool]) -> Result<Vec<Got>> {
        let subject = self.subject(id)?;
        self.check_given(&subject, &given)?;
        let keep: Vec<bool> =
            (0..subject.blueprint.outputs().len()).map(|i| keep.get(i).copied().unwrap_or(false)).collect();
        self.check_room(&subject, &keep)?;
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
            return self.give(&subject, outputs, &keep);
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
                self.give(&subject, subject.compute(&inputs)?, &keep)
            }
        }
    }

    fn check_given(&self, subject: &Subject, given: &[Given]) -> Result<()> {
        let buffers = lock(&self.shared.buffers);
        let mut described = Vec::new();
        for g in given {
            described.push(match g {
                Given::Data(data) => (data.dtype(), data.len() as u64),
                Given::Buffer(number) => described_by(buffers.get(*number)?)?,
                Given::Held(held) => described_by(buffers.all.get(&held.number).ok_or_else(lost)?)?,
            });
        }
        crate::oracle::check_described(&subject.blueprint, &described)
    }

    fn operands(&self, given: &[Given]) -> Result<Vec<Operand>> {
        let buffers = lock(&self.shared.buffers);
        let operand = |g: &Given| {
            let number = match g {
                Given::Data(data) => return Ok(Operand::Data(data.clone())),
                Given::Buffer(number) => *number,
                Given::Held(held) => held.number,
            };
            match buffers.all.get(&number).map(|kept| &kept.place) {
                Some(Place::Memory(data)) => Ok(Operand::Data(data.clone())),
                Some(Place::Device) => Ok(Operand::Kept(number)),
                Some(Place::Lost) | None => Err(lost()),
            }
        };
        given.iter().map(operand).collect()
    }

    fn fetch(&self, given: Given) -> Result<Data> {
        match given {
            Given::Data(data) => Ok(data),
            Given::Buffer(number) => self.download(number),
            Given::Held(held) => self.read(held.number),
        }
    }

    /// Answers, of which some are kept: all of them, or none.
    fn give(&self, subject: &Subject, outputs: Vec<Data>, keep: &[bool]) -> Result<Vec<Got>> {
        let mut given = Vec::new();
        for (place, (data, keep)) in outputs.into_iter().zip(keep).enumerate() {
            let kept = || self.keep(&named(subject, place), data.clone()).map(Got::Buffer);
            match if *keep { kept() } else { Ok(Got::Data(data)) } {
                Ok(got) => given.push(got),
                Err(error) => {
                    self.forget_all(&given);
                    return Err(error);
                }
            }
        }
        Ok(given)
    }

    fn forget_all(&self, given: &[Got]) {
        for got in given {
            if let Got::Buffer(number) = got {
                self.forget(*number);
            }
        }
    }

    /// Whether the outputs that are to stay have room: all of them, before anything is computed.
    fn check_room(&self, subject: &Subject, keep: &[bool]) -> Result<()> {
        let buffers = lock(&self.shared.buffers);
        let (mut total, mut largest) = (0u64, (0, 0));
        for (place, _) in keep.iter().enumerate().filter(|(_, keep)| **keep) {
            let node = subject.blueprint.node(subject.blueprint.outputs()[place]);
            let bytes = node.shape.elements().saturating_mul(node.dtype.bytes());
            (total, largest) = (total.saturating_add(bytes), largest.max((bytes, place)));
        }
        if total == 0 { Ok(()) } else { buffers.room(&named(subject, largest.1), total) }
    }

    fn reserve(&self, subject: &Subject, keep: &[bool]) -> Result<Vec<Option<u64>>> {
        let mut buffers = lock(&self.shared.buffers);
        let outputs = subject.blueprint.outputs().iter().zip(keep).enumerate();
        let mut numbers = Vec::new();
        for (place, (id, keep)) in outputs {
            let node = subject.blueprint.node(*id);
            let mut add =
                || buffers.add(&named(subject, place), Place::Device, node.dtype, node.shape.elements());
            match keep.then(&mut add).transpose() {
                Ok(number) => numbers.push(number),
                Err(error) => {
                    numbers.into_iter().flatten().for_each(|number| buffers.give_up(number));
                    return Err(error);
                }
            }
        }
        Ok(numbers)
    }
}

/// An output, for whoever reads an error.
fn named(subject: &Subject, place: usize) -> String {
    let id = subject.blueprint.outputs()[place];
    let node = subject.blueprint.node(id);
    format!(
        "output {place}, node {} ({}) of shape {} and {}, which is to stay,",
        id.index(),
        node.op.name(),
        node.shape,
        node.dtype
    )
}

fn described_by(kept: &Kept) -> Result<(DType, u64)> {
    if matches!(kept.place, Place::Lost) { Err(lost()) } else { Ok((kept.dtype, kept.elements)) }
}

fn lost() -> Error {
    Error::new(Code::DeviceLost, "the buffer was lost with its device: upload it again")
}

//! A forge for one thread: the registry and the pipelines behind one door. What a browser's binding wraps; natively `host` does the
//! same over threads.
//!
//! # How a binding uses this
//!
//! ```text
//! engine = Engine::new(options)
//! engine.read_library(bytes)                         what an earlier life kept (IndexedDB, a file)
//! engine.attach(DeviceKey, Limits, now)              when there is a device; without one the processor answers
//! id = engine.kernel(blueprint, options, now)        Blueprint::decode(bytes) checks what comes from outside
//!
//! a run:     ticket = engine.begin(id, now)
//!            ticket.program is Some  -> write inputs, dispatch, read outputs of that program
//!                                       engine.answered(ticket, seconds, inputs, outputs, now)
//!                                         Keep -> the outputs; Recompute -> engine.compute(id, inputs)
//!            it is None              -> engine.compute(id, inputs), then engine.end(ticket, Ended::Aside, now)
//!            the device failed       -> engine.end(ticket, Ended::Failed(error), now), then engine.compute(id, inputs)
//!
//! beside:    while let Some((kernel, command)) = engine.next(now)   carry out, then engine.reply(reply)
//!            (again after a run ended, and some milliseconds later where it gave None)
//!
//! now and then: engine.take_events(), engine.take_journal(bytes), engine.take_library()    they fill up where nobody takes them
//! device lost:  engine.gone(error, now); with another device engine.attach(…) again
//! ```
//!
//! `now` is in microseconds, monotonic. `next` may compute for as long as one proof takes (`KernelOptions::proof_work_max`).

use crate::ir::{Blueprint, Data};
use crate::library::{DeviceKey, Reading};
use crate::pipeline::{Background, Command, Reply};
use crate::prove::Verdict;
use crate::registry::{
    Ended, Entry, KernelId, KernelOptions, Options, Outcome, Registry, Subject, Ticket, check,
};
use crate::schedule::{Limits, Schedule};
use alloc::{format, string::String, sync::Arc, vec::Vec};
use core::cell::RefCell;
use homeostat_core::error::{Code, Error, Result};

/// A forge for one thread.
pub struct Engine {
    registry: RefCell<Registry>,
    background: Background,
}

impl Engine {
    /// A forge without kernels and without a device.
    pub fn new(options: Options) -> Result<Self> {
        Ok(Self { registry: RefCell::new(Registry::new(options)?), background: Background::new() })
    }

    /// The registry, for what is only read and for the library.
    pub fn registry(&mut self) -> &mut Registry {
        self.registry.get_mut()
    }

    /// A device is there; every kernel begins on it.
    pub fn attach(&mut self, device: DeviceKey, limits: Limits, now_us: u64) -> Result<()> {
        self.registry.get_mut().attach(device, limits, now_us);
        // The most used ones first: there may be more than the pipeline has room for.
        let ids = self.registry.get_mut().ids_by_use();
        ids.into_iter().try_for_each(|id| self.background.start(&self.registry, id, now_us).map(drop))
    }

    /// The device is gone. What was out needs no reply.
    pub fn gone(&mut self, error: &Error, now_us: u64) {
        self.background.blame(&self.registry, error);
        self.registry.get_mut().gone(error, now_us);
        self.background.clear(now_us);
    }

    /// A kernel of a blueprint: the processor answers until something better is proven.
    pub fn kernel(&mut self, blueprint: Blueprint, options: KernelOptions, now_us: u64) -> Result<KernelId> {
        let id = self.registry.get_mut().add(blueprint, options, now_us)?;
        self.background.start(&self.registry, id, now_us)?;
        Ok(id)
    }

    /// Gives a kernel up.
    pub fn dispose(&mut self, id: KernelId, now_us: u64) {
        self.background.stop(id, now_us);
        self.registry.get_mut().dispose(id, now_us);
    }

    /// What a kernel computes.
    pub fn subject(&mut self, id: KernelId) -> Result<Arc<Subject>> {
        self.registry.get_mut().subject(id)
    }

    /// Begins a run.
    pub fn begin(&mut self, id: KernelId, now_us: u64) -> Result<Ticket> {
        self.registry.get_mut().begin(id, now_us)
    }

    /// Ends a run, and says what to do with its answer. A device that was lost ends every pipeline.
    pub fn end(&mut self, ticket: Ticket, ended: Ended, now_us: u64) -> Outcome {
        let registry = self.registry.get_mut();
        let was_there = registry.device().is_some();
        let outcome = registry.end(ticket, ended, now_us);
        if was_there && registry.device().is_none() {
            self.background.clear(now_us);
        }
        outcome
    }

    /// Ends a run that the device answered; where its ticket asks for it the answer is compared with the oracle before. It ends in any
    /// case: where the oracle cannot judge the blueprint, its proof could not either; where outputs are missing the processor has to
    /// answer.
    pub fn answered(
        &mut self,
        ticket: Ticket,
        seconds: f64,
        inputs: &[Data],
        outputs: &[Data],
        now_us: u64,
    ) -> Outcome {
        let subject = self.subject(ticket.kernel).ok().filter(|_| ticket.check);
        let judged = subject.map(|subject| checked(&subject, &ticket, inputs, outputs));
        self.end(ticket, ended(seconds, judged), now_us)
    }

    /// The outputs for these inputs, on the processor.
    pub fn compute(&mut self, id: KernelId, inputs: &[Data]) -> Result<Vec<Data>> {
        self.registry.get_mut().subject(id)?.compute(inputs)
    }

    /// Has schedules, one for each group, proven and promoted when the kernel's pipeline has nothing else to do.
    pub fn propose(&mut self, id: KernelId, schedules: Vec<Schedule>) {
        self.background.propose(id, schedules);
    }

    /// What the device should do next beside the runs, and for which kernel.
    pub fn next(&mut self, now_us: u64) -> Option<(Option<KernelId>, Command)> {
        self.background.next(&self.registry, now_us)
    }

    /// How long `next` gives nothing, so that the runs keep their share of the device.
    pub fn wait_us(&self, now_us: u64) -> u64 {
        self.background.wait_us(now_us)
    }

    /// What came of the command that is out.
    pub fn reply(&mut self, reply: Reply) {
        self.background.reply(&self.registry, reply);
    }

    /// Share of the usual work that is welcome: 1, 0.7, 0.3 or 0.1, as the queue of kernels that wait is filled.
    pub fn capacity(&self) -> f64 {
        self.background.capacity()
    }

    /// Whether nothing is left to do for a kernel beside its runs.
    pub fn has_settled(&self, id: KernelId) -> bool {
        self.background.has_settled(id)
    }

    /// Takes what an earlier life kept.
    pub fn read_library(&mut self, bytes: &[u8]) -> Reading {
        self.registry.get_mut().read_library(bytes)
    }

    /// Lines to append to what is kept.
    pub fn take_library(&mut self) -> String {
        self.registry.get_mut().library.take_lines()
    }

    /// What happened since this was last asked, and how much of it was dropped.
    pub fn take_events(&mut self) -> (Vec<Entry>, u64) {
        self.registry.get_mut().take_events()
    }

    /// Chained lines of the journal, about so many bytes of them.
    pub fn take_journal(&mut self, max_bytes: usize) -> String {
        self.registry.get_mut().take_journal(max_bytes)
    }
}

fn ended(seconds: f64, judged: Option<Result<Verdict>>) -> Ended {
    match judged {
        // Nobody asked for it, or it was disposed of meanwhile.
        None => Ended::Answered(seconds, None),
        Some(Ok(verdict)) => Ended::Answered(seconds, Some(verdict)),
        Some(Err(error)) if error.code == Code::TensorMismatch => Ended::Failed(error),
        Some(Err(_)) => Ended::Answered(seconds, None),
    }
}

fn checked(subject: &Subject, ticket: &Ticket, inputs: &[Data], outputs: &[Data]) -> Result<Verdict> {
    for (place, id) in subject.blueprint.outputs().iter().enumerate() {
        let wanted = subject.blueprint.node(*id).shape.elements();
        let got = outputs.get(place).map_or(0, Data::len) as u64;
        if got != wanted {
            let text = format!("output {place}: expected {wanted} elements, got {got}");
            return Err(Error::new(Code::TensorMismatch, text));
        }
    }
    check(subject, ticket, inputs, outputs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_oracle_that_cannot_judge_judges_nothing() {
        let error = |code| Some(Err(Error::new(code, "as the test wants it")));
        assert_eq!(ended(1.0, error(Code::ForgeUnsupported)), Ended::Answered(1.0, None));
        assert!(matches!(ended(1.0, error(Code::TensorMismatch)), Ended::Failed(_)));
    }
}

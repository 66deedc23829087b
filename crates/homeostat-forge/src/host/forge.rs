//! The forge itself, as any thread sees it.

use super::buffers::Buffers;
use super::machine::{Machine, Opened};
use super::outbox::Outbox;
use super::pump::{Message, pump};
use super::store::Store;
use super::worker::Worker;
use crate::ir::{Blueprint, Data};
use crate::oracle::check_inputs;
use crate::registry::{
    Ended, Entry, Installed, KernelId, KernelOptions, Options as RegistryOptions, Outcome, Registry, Stats,
    Subject, Ticket, check,
};
use crate::schedule::Schedule;
use homeostat_core::error::{Code, Error, Result};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Opens a machine, on the thread that it will live on. It is asked again after a loss.
pub type Opener<M> = Arc<dyn Fn() -> Result<(M, Opened)> + Send + Sync>;

/// How a forge is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Of the registry: journal, kernels' defaults, share.
    pub registry: RegistryOptions,
    /// The library's file; none for one that ends with the process.
    pub library: Option<PathBuf>,
    /// Whether the journal is kept for `take_journal`. Where it is and nobody takes it, it fills up, and nothing is promoted any more.
    pub keep_journal: bool,
    /// How long to wait before a lost device is opened again, at first; doubled with each loss that follows at once.
    pub reopen: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            registry: RegistryOptions::default(),
            library: None,
            keep_journal: false,
            reopen: Duration::from_millis(100),
        }
    }
}

/// What is known of the pump's work.
#[derive(Default)]
pub(super) struct Progress {
    /// Whether it was tried to open a device, and came to an end; not so again from a loss until the next try has come to its end.
    pub opened: bool,
    /// Kernels with something left to do beside their runs, and whether the pump knows of it.
    pub busy: BTreeMap<KernelId, bool>,
    pub closed: bool,
}

/// What every thread shares.
pub(super) struct Shared<M> {
    pub registry: Mutex<Registry>,
    pub worker: Mutex<Option<Worker<M>>>,
    pub buffers: Arc<Mutex<Buffers>>,
    pub progress: Mutex<Progress>,
    pub changed: Condvar,
    pub store: Mutex<Option<Outbox>>,
    pub options: Options,
    epoch: Instant,
}

pub(super) fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is behind these locks is whole at every step; a panic while one was held was a lack of memory.
    of.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl<M: Machine> Shared<M> {
    pub fn now_us(&self) -> u64 {
        self.epoch.elapsed().as_micros() as u64
    }

    pub fn worker(&self) -> Option<Worker<M>> {
        lock(&self.worker).clone()
    }
}

/// A forge. Dropping it ends its threads.
pub struct Forge<M: Machine> {
    pub(super) shared: Arc<Shared<M>>,
    inbox: Sender<Message>,
}

impl<M: Machine> Forge<M> {
    /// Opens a forge. It answers at once, by the processor; the device, where there is an opener, comes in the background (`ready`).
    pub fn open(options: Options, opener: Option<Opener<M>>) -> Result<Self> {
        let mut registry = Registry::new(options.registry.clone())?;
        let mut store = options.library.clone().map(Store::open).transpose()?;
        if let Some(store) = &mut store {
            let found = store.refresh(&mut registry.library)?;
            registry.note_found(found.damaged, found.other_version, 0);
            store.compact(&mut registry.library)?;
        }
        let (inbox, messages) = channel();
        let shared = Arc::new(Shared {
            registry: Mutex::new(registry),
            worker: Mutex::new(None),
            buffers: Arc::new(Mutex::new(Buffers::new(options.registry.kernel.memory_max))),
            progress: Mutex::new(Progress { opened: opener.is_none(), ..Progress::default() }),
            changed: Condvar::new(),
            store: Mutex::new(store.map(Outbox::new)),
            options,
            epoch: Instant::now(),
        });
        let own = shared.clone();
        let thread = std::thread::Builder::new().name("homeostat-forge-pump".into());
        let spawned = thread.spawn(move || pump(&own, opener, &messages));
        spawned.map_err(|e| Error::new(Code::NoAdapter, format!("no thread for the forge: {e}")))?;
        Ok(Self { shared, inbox })
    }

    fn wait_until(&self, timeout: Duration, done: impl Fn(&Progress) -> bool) -> bool {
        let until = Instant::now() + timeout;
        let mut progress = lock(&self.shared.progress);
        while !done(&progress) && !progress.closed {
            let Some(left) = until.checked_duration_since(Instant::now()) else { return false };
            // Promotions are not told: they are looked for now and then.
            let slice = left.min(Duration::from_millis(20));
            let waited = self.shared.changed.wait_timeout(progress, slice);
            progress = waited.map_or_else(|p| p.into_inner().0, |(progress, _)| progress);
        }
        done(&progress)
    }

    /// Waits until a device was opened, or cannot be; whether that is so by now.
    pub fn ready(&self, timeout: Duration) -> bool {
        self.wait_until(timeout, |p| p.opened)
    }

    /// Waits until a kernel answers from the device, or there is nothing left that could make it; whether that is so by now.
    pub fn warm(&self, id: KernelId, timeout: Duration) -> bool {
        let answers = || lock(&self.shared.registry).current(id).map_or(true, |c| c.is_some());
        self.wait_until(timeout, |p| p.opened && !p.busy.contains_key(&id) || answers())
    }

    /// Waits until nothing is left to do for a kernel beside its runs; whether that is so by now.
    pub fn settle(&self, id: KernelId, timeout: Duration) -> bool {
        self.wait_until(timeout, |p| p.opened && !p.busy.contains_key(&id))
    }

    /// Whether there is a device now, and what it is.
    pub fn device(&self) -> Option<crate::library::DeviceKey> {
        lock(&self.shared.registry).device().map(|(key, _)| key.clone())
    }

    /// A kernel of a blueprint, with the forge's options for kernels or its own.
    pub fn kernel(&self, blueprint: Blueprint, options: Option<KernelOptions>) -> Result<KernelId> {
        if let Some(store) = &mut *lock(&self.shared.store) {
            // What another process found meanwhile.
            let news = store.store().news()?;
            lock(&self.shared.registry).read_library(&news);
        }
        let options = options.unwrap_or(self.shared.options.registry.kernel);
        let id = lock(&self.shared.registry).add(blueprint, options, self.shared.now_us())?;
        lock(&self.shared.progress).busy.insert(id, false);
        self.send(Message::Start(id));
        Ok(id)
    }

    /// Has schedules, one for each group, proven and promoted when nothing else is left to do for the kernel: `settle` waits for it.
    pub fn propose(&self, id: KernelId, schedules: Vec<Schedule>) -> Result<()> {
        self.subject(id)?;
        lock(&self.shared.progress).busy.insert(id, false);
        self.send(Message::Propose(id, schedules));
        Ok(())
    }

    /// Takes what answers back; whether there was another program to go back to.
    pub fn take_back(&self, id: KernelId) -> bool {
        lock(&self.shared.registry).take_back(id, self.shared.now_us())
    }

    fn send(&self, message: Message) {
        // A pump that ended was closed.
        let _ = self.inbox.send(message);
    }

    /// Gives a kernel up. Runs that have begun end as they began.
    pub fn dispose(&self, id: KernelId) {
        lock(&self.shared.registry).dispose(id, self.shared.now_us());
        self.send(Message::Stop(id));
    }

    /// What a kernel computes.
    pub fn subject(&self, id: KernelId) -> Result<Arc<Subject>> {
        lock(&self.shared.registry).subject(id)
    }

    /// What a kernel's runs came to.
    pub fn stats(&self, id: KernelId) -> Result<Stats> {
        lock(&self.shared.registry).stats(id)
    }

    /// The program that answers; `None` where the processor does.
    pub fn current(&self, id: KernelId) -> Result<Option<Installed>> {
        lock(&self.shared.registry).current(id).map(|c| c.cloned())
    }

    /// Does something with the registry: for what is only read, and for tests.
    pub fn with_registry<T>(&self, work: impl FnOnce(&mut Registry) -> T) -> T {
        work(&mut lock(&self.shared.registry))
    }

    /// What happened since this was last asked, and how much of it was dropped.
    pub fn take_events(&self) -> (Vec<Entry>, u64) {
        lock(&self.shared.registry).take_events()
    }

    /// Chained lines of the journal, about so many bytes of them.
    pub fn take_journal(&self, max_bytes: usize) -> String {
        lock(&self.shared.registry).take_journal(max_bytes)
    }

    /// The outputs for these inputs. Blocks: call it where that is allowed.
    pub fn run(&self, id: KernelId, inputs: Vec<Data>) -> Result<Vec<Data>> {
        let subject = self.subject(id)?;
        check_inputs(&subject.blueprint, &inputs)?;
        let ticket = self.begin(id)?;
        let inputs = Arc::new(inputs);
        let (Some(program), Some(worker)) = (ticket.program, self.shared.worker()) else {
            self.end(ticket, Ended::Aside);
            return subject.compute(&inputs);
        };
        let own = inputs.clone();
        let answered = worker.call(move |machine: &mut M| {
            let start = Instant::now();
            let outputs = machine.execute(program, &own, false)?;
            Ok((outputs, start.elapsed().as_secs_f64()))
        });
        self.finish(&subject, ticket, &inputs, answered)
    }

    pub(super) fn begin(&self, id: KernelId) -> Result<Ticket> {
        let now_us = self.shared.now_us();
        lock(&self.shared.registry).begin(id, now_us)
    }

    pub(super) fn end(&self, ticket: Ticket, ended: Ended) -> Outcome {
        let failed = matches!(ended, Ended::Failed(_));
        let outcome = lock(&self.shared.registry).end(ticket, ended, self.shared.now_us());
        if failed || outcome == Outcome::Recompute {
            self.send(Message::Wake);
        }
        outcome
    }

    /// What becomes of a device's answer: given, or computed again.
    pub(super) fn finish(
        &self,
        subject: &Subject,
        ticket: Ticket,
        inputs: &[Data],
        answered: Result<(Vec<Data>, f64)>,
    ) -> Result<Vec<Data>> {
        let (outputs, ended) = match answered {
            Ok((outputs, seconds)) => {
                // The oracle takes longer than a lock may be held.
                let verdict = ticket.check.then(|| check(subject, &ticket, inputs, &outputs)).transpose();
                match verdict {
                    Ok(verdict) => (outputs, Ended::Answered(seconds, verdict)),
                    // The oracle cannot judge this blueprint: too many elements behind one. Its proof could not either.
                    Err(_) => (outputs, Ended::Answered(seconds, None)),
                }
            }
            Err(error) => (Vec::new(), Ended::Failed(error)),
        };
        match self.end(ticket, ended) {
            Outcome::Keep => Ok(outputs),
            Outcome::Recompute => subject.compute(inputs),
        }
    }

    /// Ends the threads, and waits so long for what is going on to end. A forge that is closed answers by the processor.
    pub fn close(&self, timeout: Duration) -> bool {
        self.send(Message::Close);
        let until = Instant::now() + timeout;
        let mut progress = lock(&self.shared.progress);
        while !progress.closed {
            let Some(left) = until.checked_duration_since(Instant::now()) else { return false };
            let waited = self.shared.changed.wait_timeout(progress, left);
            progress = waited.map_or_else(|p| p.into_inner().0, |(progress, _)| progress);
        }
        true
    }
}

impl<M: Machine> Drop for Forge<M> {
    fn drop(&mut self) {
        self.close(Duration::from_secs(2));
    }
}

//! A machine on a thread of its own, because drivers block: compiling a pipeline can take seconds, waiting for a dispatch as long as
//! the dispatch takes.
//!
//! Everything that is done with it is a job sent to that thread; the sender waits no longer than the watchdog allows. A machine that
//! does not answer in time is *abandoned*: its thread, which may be inside the driver, is left alone with everything it owns, and
//! every later job is refused at once. Destroying a device that hangs can hang too.

use homeostat_core::error::{Code, Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

/// Most jobs that wait for a machine.
const JOBS_MAX: usize = 1024;
/// How long opening may take.
const OPEN_MAX: Duration = Duration::from_secs(30);

type Job<M> = Box<dyn FnOnce(&mut M) + Send>;

/// A machine's thread, for any thread.
pub struct Worker<M> {
    jobs: SyncSender<Job<M>>,
    abandoned: Arc<AtomicBool>,
    patience: Duration,
}

impl<M> Clone for Worker<M> {
    fn clone(&self) -> Self {
        Self { jobs: self.jobs.clone(), abandoned: self.abandoned.clone(), patience: self.patience }
    }
}

/// A job's answer, when it comes.
pub struct Answer<T> {
    from: Receiver<Result<T>>,
    abandoned: Arc<AtomicBool>,
}

impl<T> Answer<T> {
    /// Waits; past the watchdog's time the machine is given up.
    pub fn wait(self, watchdog: Duration) -> Result<T> {
        match self.from.recv_timeout(watchdog) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => {
                self.abandoned.store(true, Ordering::Release);
                let text = format!(
                    "no answer within {} ms: the device was given up, open another one",
                    watchdog.as_millis()
                );
                Err(Error::new(Code::DeviceHung, text))
            }
            // The thread ended before it came to this job.
            Err(RecvTimeoutError::Disconnected) => Err(ended()),
        }
    }
}

fn ended() -> Error {
    Error::new(Code::DeviceLost, "the device's thread ended")
}

impl<M: 'static> Worker<M> {
    /// Opens a machine on a thread, and what it says of itself. `is_hung` is asked after every job: a machine that hung is never
    /// destroyed, for what it owns may still be in the driver's hands.
    pub fn open<T: Send + 'static>(
        patience: Duration,
        is_hung: fn(&M) -> bool,
        open: impl FnOnce() -> Result<(M, T)> + Send + 'static,
    ) -> Result<(Self, T)> {
        let (jobs, waiting) = sync_channel::<Job<M>>(JOBS_MAX);
        let (opened, answer) = sync_channel(1);
        let abandoned = Arc::new(AtomicBool::new(false));
        let gone = abandoned.clone();
        let thread = std::thread::Builder::new().name("homeostat-forge".into());
        let spawned = thread.spawn(move || {
            let mut machine = match open() {
                Ok((machine, said)) => {
                    if opened.send(Ok(said)).is_err() {
                        return;
                    }
                    machine
                }
                Err(error) => return drop(opened.send(Err(error))),
            };
            while let Ok(job) = waiting.recv() {
                job(&mut machine);
                if is_hung(&machine) || gone.load(Ordering::Acquire) {
                    gone.store(true, Ordering::Release);
                    std::mem::forget(machine);
                    return;
                }
            }
        });
        spawned.map_err(|e| Error::new(Code::NoAdapter, format!("no thread for the device: {e}")))?;
        let said = Answer { from: answer, abandoned: abandoned.clone() }.wait(OPEN_MAX)?;
        Ok((Self { jobs, abandoned, patience }, said))
    }

    /// Whether it was given up.
    pub fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Acquire)
    }

    /// How long a job may take.
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// The same machine, with another patience for its jobs.
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sends a job; the answer comes later. A panic inside is an error of that job alone.
    pub fn submit<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut M) -> Result<T> + Send + 'static,
    ) -> Result<Answer<T>> {
        if self.is_abandoned() {
            return Err(Error::new(Code::DeviceHung, "the device was given up, open another one"));
        }
        let (done, from) = sync_channel(1);
        let job: Job<M> = Box::new(move |machine| {
            let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| job(machine)));
            let answer = answer.unwrap_or_else(|_| Err(Error::new(Code::Panic, "a device job panicked")));
            // Nobody may be waiting any more.
            let _ = done.send(answer);
        });
        match self.jobs.try_send(job) {
            Ok(()) => Ok(Answer { from, abandoned: self.abandoned.clone() }),
            Err(TrySendError::Full(_)) => {
                Err(Error::new(Code::ForgeUnsupported, "more than 1024 jobs wait for the device"))
            }
            Err(TrySendError::Disconnected(_)) => Err(ended()),
        }
    }

    /// Sends a job and waits for its answer, no longer than the watchdog allows.
    pub fn call<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut M) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.submit(job)?.wait(self.patience)
    }
}

//! The one room that touches wgpu.
//!
//! A device lives on a thread of its own, because drivers block: compiling a pipeline can take seconds, waiting for a dispatch as
//! long as the dispatch takes. Everything that is done with it is a job sent to that thread; the sender waits no longer than the
//! watchdog allows. A device that does not answer in time is *abandoned*: its thread, which may be inside the driver, is left
//! alone with everything it owns, and every later job is refused at once. Destroying a device that hangs can hang too.

mod buffer;
mod experimental;
mod gpu;
mod program;
mod time;

pub use crate::measure::Timing;
pub use crate::schedule::first_schedules;
pub use buffer::{Buffer, CANARY_BYTES};
pub use gpu::{Adapter, Bound, Compiled, Gpu, adapters};
pub use program::Program;
pub use time::process_cpu_s;

use crate::schedule::Limits;
use homeostat_core::error::{Code, Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

/// How long a job may take before its device is given up, unless it says otherwise.
pub const WATCHDOG_DEFAULT: Duration = Duration::from_secs(30);
/// The same where the adapter is the processor.
pub const WATCHDOG_SOFTWARE: Duration = Duration::from_secs(100);
/// Most jobs that wait for a device.
const JOBS_MAX: usize = 1024;

type Job = Box<dyn FnOnce(&mut Gpu) + Send>;

/// A device, for any thread.
#[derive(Clone)]
pub struct Device {
    jobs: SyncSender<Job>,
    abandoned: Arc<AtomicBool>,
    adapter: Adapter,
    limits: Limits,
}

/// A job's answer, when it comes.
pub struct Answer<T> {
    from: Receiver<Result<T>>,
    abandoned: Arc<AtomicBool>,
}

impl<T> Answer<T> {
    /// Waits; past the watchdog's time the device is given up.
    pub fn wait(self, watchdog: Duration) -> Result<T> {
        match self.from.recv_timeout(watchdog) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => {
                self.abandoned.store(true, Ordering::Release);
                Err(hung(watchdog))
            }
            // The thread ended before it came to this job.
            Err(RecvTimeoutError::Disconnected) => {
                Err(Error::new(Code::DeviceLost, "the device's thread ended"))
            }
        }
    }
}

fn hung(after: Duration) -> Error {
    let text =
        format!("no answer within {} ms: the device was given up, open another one", after.as_millis());
    Error::new(Code::DeviceHung, text)
}

/// How a device is opened.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Part of an adapter's name; the best one where there is none, hardware before software.
    pub adapter: Option<String>,
    /// Whether matrix units may be used, which wgpu calls experimental. Off by default: no device has proven those kernels yet.
    pub matrices: bool,
}

impl Device {
    /// Opens the adapter of this name, or the best one.
    pub fn open(name: Option<&str>) -> Result<Self> {
        Self::open_with(&Options { adapter: name.map(String::from), ..Options::default() })
    }

    /// Opens an adapter.
    pub fn open_with(options: &Options) -> Result<Self> {
        let (jobs, waiting) = sync_channel::<Job>(JOBS_MAX);
        let (opened, answer) = sync_channel(1);
        let wanted = options.clone();
        let abandoned = Arc::new(AtomicBool::new(false));
        let gone = abandoned.clone();
        let thread = std::thread::Builder::new().name("homeostat-forge".into());
        let spawned = thread.spawn(move || {
            let mut gpu = match Gpu::open(&wanted) {
                Ok(gpu) => gpu,
                Err(error) => return drop(opened.send(Err(error))),
            };
            if opened.send(Ok((gpu.adapter().clone(), *gpu.limits()))).is_err() {
                return;
            }
            while let Ok(job) = waiting.recv() {
                job(&mut gpu);
                if gpu.is_hung() || gone.load(Ordering::Acquire) {
                    // Never destroyed: what it owns may still be in the driver's hands.
                    gone.store(true, Ordering::Release);
                    std::mem::forget(gpu);
                    return;
                }
            }
        });
        spawned.map_err(|e| Error::new(Code::NoAdapter, format!("no thread for the device: {e}")))?;
        let pending = Answer { from: answer, abandoned: abandoned.clone() };
        let (adapter, limits) = pending.wait(WATCHDOG_DEFAULT)?;
        Ok(Self { jobs, abandoned, adapter, limits })
    }

    /// What it is.
    pub fn adapter(&self) -> &Adapter {
        &self.adapter
    }

    /// What it can do.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether it was given up.
    pub fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Acquire)
    }

    /// Sends a job; the answer comes later. A panic inside is an error of that job alone.
    pub fn submit<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Gpu) -> Result<T> + Send + 'static,
    ) -> Result<Answer<T>> {
        if self.is_abandoned() {
            return Err(Error::new(Code::DeviceHung, "the device was given up, open another one"));
        }
        let (done, from) = sync_channel(1);
        let job: Job = Box::new(move |gpu| {
            let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| job(gpu)));
            let answer = answer.unwrap_or_else(|_| Err(Error::new(Code::Panic, "a device job panicked")));
            // Nobody may be waiting any more.
            let _ = done.send(answer);
        });
        match self.jobs.try_send(job) {
            Ok(()) => Ok(Answer { from, abandoned: self.abandoned.clone() }),
            Err(TrySendError::Full(_)) => {
                Err(Error::new(Code::ForgeUnsupported, "more than 1024 jobs wait for the device"))
            }
            Err(TrySendError::Disconnected(_)) => {
                Err(Error::new(Code::DeviceLost, "the device's thread ended"))
            }
        }
    }

    /// Sends a job and waits for its answer, no longer than the watchdog allows.
    pub fn call<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Gpu) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.submit(job)?.wait(self.patience())
    }

    /// How long a job may take.
    pub fn patience(&self) -> Duration {
        if self.adapter.software { WATCHDOG_SOFTWARE } else { WATCHDOG_DEFAULT }
    }
}

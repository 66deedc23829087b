//! The one room that touches wgpu: a device on a thread of its own (`host::Worker`), and what a forge asks of it (`GpuMachine`).

mod adapter;
mod buffer;
mod experimental;
mod gpu;
mod machine;
mod program;
mod time;

pub use crate::host::Answer;
pub use crate::measure::Timing;
pub use crate::pipeline::CANARY_BYTES;
pub use crate::schedule::first_schedules;
pub use adapter::{Adapter, adapters};
pub use buffer::Buffer;
pub use gpu::{Bound, Compiled, Gpu};
pub use machine::GpuMachine;
pub use program::Program;
pub use time::process_cpu_s;

use crate::host::Worker;
use crate::schedule::Limits;
use homeostat_core::error::Result;
use std::time::Duration;

/// How long a job may take before its device is given up, unless it says otherwise.
pub const WATCHDOG_DEFAULT: Duration = Duration::from_secs(30);
/// The same where the adapter is the processor.
pub const WATCHDOG_SOFTWARE: Duration = Duration::from_secs(100);

/// How a device is opened.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Part of an adapter's name; the best one where there is none, hardware before software.
    pub adapter: Option<String>,
    /// Whether matrix units may be used, which wgpu calls experimental. Off by default: no device has proven those kernels yet.
    pub matrices: bool,
}

/// How long a job may take on this adapter.
fn patience(adapter: &Adapter) -> Duration {
    if adapter.software { WATCHDOG_SOFTWARE } else { WATCHDOG_DEFAULT }
}

/// A device, for any thread.
#[derive(Clone)]
pub struct Device {
    worker: Worker<Gpu>,
    adapter: Adapter,
    limits: Limits,
}

impl Device {
    /// Opens the adapter of this name, or the best one.
    pub fn open(name: Option<&str>) -> Result<Self> {
        Self::open_with(&Options { adapter: name.map(String::from), ..Options::default() })
    }

    /// Opens an adapter.
    pub fn open_with(options: &Options) -> Result<Self> {
        let wanted = options.clone();
        let open = move || {
            let gpu = Gpu::open(&wanted)?;
            let said = (gpu.adapter().clone(), *gpu.limits());
            Ok((gpu, said))
        };
        let (worker, (adapter, limits)) = Worker::open(WATCHDOG_DEFAULT, Gpu::is_hung, open)?;
        let worker = worker.with_patience(patience(&adapter));
        Ok(Self { worker, adapter, limits })
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
        self.worker.is_abandoned()
    }

    /// Sends a job; the answer comes later. A panic inside is an error of that job alone.
    pub fn submit<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Gpu) -> Result<T> + Send + 'static,
    ) -> Result<Answer<T>> {
        self.worker.submit(job)
    }

    /// Sends a job and waits for its answer, no longer than the watchdog allows.
    pub fn call<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Gpu) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.worker.call(job)
    }

    /// How long a job may take.
    pub fn patience(&self) -> Duration {
        self.worker.patience()
    }
}

//! A forge across N-API.

use crate::error::to_js;
use crate::machine::{Machine, Told, opener};
use crate::pool::{Pool, promise};
use homeostat_core::error::{self, Code, Error};
use homeostat_core::json::Writer;
use homeostat_forge::host::{self, Given, Got};
use homeostat_forge::ir::{Blueprint, DType, Data};
use homeostat_forge::plan::Work;
#[cfg(feature = "device")]
use homeostat_forge::registry::{Installed, Subject};
use homeostat_forge::registry::{KernelId, KernelOptions, Options};
use homeostat_forge::schedule::Schedule;
use homeostat_forge::search::Strategies;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

/// Runs that wait for the device at once, or are computed by the processor.
const THREADS: usize = 4;
/// How long opening a device may take before the processor answers meanwhile.
const OPEN_MAX: Duration = Duration::from_secs(30);
const CLOSE_MAX: Duration = Duration::from_secs(2);

/// What is asked of a forge.
#[derive(Clone)]
pub(crate) struct Wanted {
    pub adapter: Option<String>,
    pub device: String,
    pub kernel: String,
    pub run_id: String,
    pub share: f64,
    pub strategies: String,
    pub previous: Option<String>,
}

type Inner = Arc<host::Forge<Machine>>;

static OPEN: Mutex<Vec<Weak<host::Forge<Machine>>>> = Mutex::new(Vec::new());

/// Has every forge that is still there end its threads, without waiting for it.
pub(crate) fn close_all() {
    let all = std::mem::take(&mut *OPEN.lock().unwrap_or_else(PoisonError::into_inner));
    for forge in all.iter().filter_map(Weak::upgrade) {
        forge.close(Duration::ZERO);
    }
}

/// A forge with its device.
#[napi]
pub struct Forge {
    inner: Option<Inner>,
    pool: Option<Pool>,
    kernel: KernelOptions,
    told: Told,
}

fn closed() -> Error {
    Error::new(Code::Closed, "the forge was closed before this call")
}

fn bytes_of(data: &Data) -> Uint8Array {
    data.bytes().to_vec().into()
}

impl Forge {
    /// Opens the adapter that is wanted; blocks until that is done.
    pub(crate) fn open(wanted: Wanted) -> error::Result<Self> {
        let kernel = KernelOptions::default().parse(&wanted.kernel)?;
        let Wanted { run_id, previous, share, .. } = wanted.clone();
        let strategies = Strategies::named(&wanted.strategies)?;
        let options = Options { run_id, previous, kernel, share, strategies };
        let told = Told::default();
        let opener = if wanted.device == "cpu" { None } else { opener(wanted.adapter.clone(), told.clone()) };
        let options = host::Options { registry: options, keep_journal: true, ..host::Options::default() };
        let inner = Arc::new(host::Forge::open(options, opener)?);
        {
            let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
            open.retain(|one| one.strong_count() > 0);
            open.push(Arc::downgrade(&inner));
        }
        inner.ready(OPEN_MAX);
        let trouble = told.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).trouble.clone();
        // Who names an adapter, or asks for a GPU, wants no other answer.
        if let Some(error) = trouble.filter(|_| wanted.device == "gpu" || wanted.adapter.is_some()) {
            inner.close(CLOSE_MAX);
            return Err(error);
        }
        let pool = Pool::new(THREADS).map_err(|e| Error::new(Code::NoAdapter, e.reason.clone()))?;
        Ok(Self { inner: Some(inner), pool: Some(pool), kernel, told })
    }

    fn inner(&self) -> Result<&Inner> {
        self.inner.as_ref().ok_or_else(|| to_js(closed()))
    }

    /// What a kernel computes, and how the device answers it.
    #[cfg(feature = "device")]
    pub(crate) fn answering(&self, kernel: u32) -> error::Result<(Arc<Subject>, Installed)> {
        let inner = self.inner.as_ref().ok_or_else(closed)?;
        let (subject, current) = (inner.subject(KernelId(kernel))?, inner.current(KernelId(kernel))?);
        let nothing = || Error::new(Code::NoAdapter, "nothing answers from a device");
        current.map(|installed| (subject, installed)).ok_or_else(nothing)
    }

    fn pool(&self) -> Result<&Pool> {
        self.pool.as_ref().ok_or_else(|| to_js(closed()))
    }

    /// Copies the inputs of a run, and holds those that are here: whoever disposes of them now does not take them from it.
    fn given(&self, id: KernelId, bytes: &[Uint8Array], handles: &[f64]) -> Result<Vec<Given>> {
        let subject = self.inner()?.subject(id).map_err(to_js)?;
        let inputs = subject.blueprint.inputs();
        if bytes.len() != inputs.len() || handles.len() != inputs.len() {
            let text = format!("inputs: expected {}, got {}", inputs.len(), bytes.len());
            return Err(to_js(Error::new(Code::TensorMismatch, text)));
        }
        let one = |((id, bytes), handle): ((_, &Uint8Array), &f64)| match *handle as u64 {
            0 => Given::Data(Data::from_bytes(subject.blueprint.node(id).dtype, bytes)),
            number => Given::Buffer(number),
        };
        let given = inputs.iter().copied().zip(bytes).zip(handles).map(one).collect();
        self.inner()?.hold(given).map_err(to_js)
    }
}

#[napi]
impl Forge {
    /// The adapter as JSON; empty without a device.
    #[napi]
    pub fn adapter(&self) -> String {
        self.told.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).adapter.clone()
    }

    /// Why there is no device; empty where there is one, or none was wanted.
    #[napi]
    pub fn trouble(&self) -> String {
        let known = self.told.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        known.trouble.as_ref().map_or(String::new(), |error| error.message.clone())
    }

    /// A kernel of a recipe; its number.
    #[napi(catch_unwind)]
    pub fn kernel(&self, recipe: String, options: String) -> Result<u32> {
        let blueprint = Blueprint::from_recipe(&recipe).map_err(to_js)?;
        let options = self.kernel.parse(&options).map_err(to_js)?;
        self.inner()?.kernel(blueprint, Some(options)).map(|id| id.0).map_err(to_js)
    }

    /// One run: the outputs' bytes. An input is bytes where its handle is 0, else that tensor.
    #[napi(catch_unwind, ts_return_type = "Promise<Array<Uint8Array>>")]
    pub fn run<'env>(
        &self,
        env: &'env Env,
        kernel: u32,
        bytes: Vec<Uint8Array>,
        handles: Vec<f64>,
    ) -> Result<Object<'env>> {
        let id = KernelId(kernel);
        let (given, inner) = (self.given(id, &bytes, &handles)?, self.inner()?.clone());
        promise(env, self.pool()?, move || {
            let got = inner.run_with(id, given, &[])?;
            Ok(got
                .iter()
                .map(|one| if let Got::Data(data) = one { bytes_of(data) } else { Vec::new().into() })
                .collect::<Vec<Uint8Array>>())
        })
    }

    /// One run whose outputs stay: their handles.
    #[napi(catch_unwind, ts_return_type = "Promise<Array<number>>")]
    pub fn run_staying<'env>(
        &self,
        env: &'env Env,
        kernel: u32,
        bytes: Vec<Uint8Array>,
        handles: Vec<f64>,
    ) -> Result<Object<'env>> {
        let id = KernelId(kernel);
        let (given, inner) = (self.given(id, &bytes, &handles)?, self.inner()?.clone());
        let outputs = inner.subject(id).map_err(to_js)?.blueprint.outputs().len();
        promise(env, self.pool()?, move || {
            let got = inner.run_with(id, given, &vec![true; outputs])?;
            Ok(got
                .iter()
                .map(|one| if let Got::Buffer(number) = one { *number as f64 } else { 0.0 })
                .collect::<Vec<f64>>())
        })
    }

    /// A kernel's counts, who answers it and how its groups are computed, as JSON.
    #[napi(catch_unwind)]
    pub fn explain(&self, kernel: u32) -> Result<String> {
        explain(self.inner()?, KernelId(kernel)).map_err(to_js)
    }

    /// What this device is known to compute a kernel by, as JSON.
    #[napi(catch_unwind)]
    pub fn known(&self, kernel: u32) -> Result<String> {
        self.inner()?.with_registry(|registry| registry.known_json(KernelId(kernel))).map_err(to_js)
    }

    /// Gives a kernel up.
    #[napi(catch_unwind)]
    pub fn dispose(&self, kernel: u32) {
        if let Some(inner) = &self.inner {
            inner.dispose(KernelId(kernel));
        }
    }

    /// Elements that stay; their handle.
    #[napi(catch_unwind, ts_return_type = "Promise<number>")]
    pub fn upload<'env>(&self, env: &'env Env, dtype: String, bytes: Uint8Array) -> Result<Object<'env>> {
        let dtype = DType::ALL.into_iter().find(|d| d.name() == dtype).unwrap_or(DType::F32);
        let (data, inner) = (Data::from_bytes(dtype, &bytes), self.inner()?.clone());
        promise(env, self.pool()?, move || inner.upload(data).map(|number| number as f64))
    }

    /// The bytes of elements that stayed.
    #[napi(catch_unwind, ts_return_type = "Promise<Uint8Array>")]
    pub fn read<'env>(&self, env: &'env Env, handle: f64) -> Result<Object<'env>> {
        let inner = self.inner()?.clone();
        promise(env, self.pool()?, move || inner.download(handle as u64).map(|data| bytes_of(&data)))
    }

    /// Gives elements up.
    #[napi(catch_unwind)]
    pub fn free(&self, handle: f64) {
        if let Some(inner) = &self.inner {
            inner.forget(handle as u64);
        }
    }

    /// What happened since this was last asked, and how much of it was dropped.
    #[napi(catch_unwind)]
    pub fn take_events(&self) -> Result<String> {
        let (entries, dropped) = self.inner()?.take_events();
        let texts: Vec<String> = entries.iter().map(|entry| entry.json()).collect();
        Ok(format!("{{\"events\":[{}],\"dropped\":{dropped}}}", texts.join(",")))
    }

    /// Chained lines of the journal, about so many bytes of them.
    #[napi(catch_unwind)]
    pub fn take_journal(&self, max_bytes: u32) -> Result<String> {
        Ok(self.inner()?.take_journal(max_bytes as usize))
    }

    /// Takes lines that were kept: how many facts were taken, damaged, of another version.
    #[napi(catch_unwind)]
    pub fn read_library(&self, bytes: Uint8Array) -> Result<Vec<u32>> {
        let reading = self.inner()?.with_registry(|registry| registry.read_library(&bytes));
        Ok([reading.taken, reading.damaged, reading.other_version].map(|n| n as u32).to_vec())
    }

    /// Lines that the library grew by, once.
    #[napi(catch_unwind)]
    pub fn take_library(&self) -> Result<String> {
        Ok(self.inner()?.with_registry(|registry| registry.library.take_lines()))
    }

    /// Ends its threads; done when they ended, or when what hangs was waited for long enough. Runs that have begun end as they began.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn close<'env>(&mut self, env: &'env Env) -> Result<Object<'env>> {
        self.pool = None;
        let inner = self.inner.take();
        promise(env, &Pool::new(1)?, move || {
            if let Some(inner) = inner {
                inner.close(CLOSE_MAX);
            }
            Ok(())
        })
    }
}

impl Drop for Forge {
    /// Collected without having been closed: that takes time, which JavaScript's thread does not have.
    fn drop(&mut self) {
        if let Some(inner) = self.inner.take() {
            // Where no thread can be had it is closed here and now.
            let _ = std::thread::Builder::new().spawn(move || inner.close(CLOSE_MAX));
        }
    }
}

fn explain(forge: &Inner, id: KernelId) -> error::Result<String> {
    let (subject, stats, current) = (forge.subject(id)?, forge.stats(id)?, forge.current(id)?);
    let limits = forge.with_registry(|registry| registry.device().map(|(_, limits)| *limits));
    let rejected = forge.with_registry(|registry| registry.rejected(id).cloned());
    let settled = forge.settle(id, Duration::ZERO);
    // What answers may compute another graph for the same numbers.
    let plan = current.as_ref().map_or(&subject.plan, |c| &c.form.plan);
    let mut json = String::new();
    Writer::new(&mut json).object(|w| {
        w.key("settled").bool(settled);
        w.key("outputs").uint(subject.blueprint.outputs().len() as u64);
        let counts = [
            ("runs", stats.runs),
            ("onDevice", stats.on_device),
            ("checked", stats.checked),
            ("wrong", stats.wrong),
            ("failed", stats.failed),
            ("promotions", stats.promotions),
            ("rollbacks", stats.rollbacks),
        ];
        counts.iter().for_each(|(key, count)| w.key(key).uint(*count));
        if let Some(entry) = &rejected {
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
                    w.key("shape").array(|w| group.shape.dims().iter().for_each(|d| w.uint(u64::from(*d))));
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

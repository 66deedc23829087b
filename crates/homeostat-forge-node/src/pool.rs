//! Threads of the add-on's own: what waits for a device must not hold up the files and names that Node's own few threads look up.

use crate::error::to_js;
use homeostat_core::error::{Code, Error};
use napi::bindgen_prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

type Job = Box<dyn FnOnce() + Send>;
type Answer<T> = homeostat_core::error::Result<T>;

/// A few threads. They end when the pool is gone and what it was given is done.
#[derive(Clone)]
pub struct Pool {
    jobs: Sender<Job>,
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    loop {
        // The lock ends with this statement: others wait for the next job meanwhile.
        let job = jobs.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).recv();
        match job {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}

impl Pool {
    /// So many threads.
    pub fn new(threads: usize) -> Result<Self> {
        let (jobs, waiting) = channel::<Job>();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..threads {
            let waiting = waiting.clone();
            let thread = std::thread::Builder::new().name("homeostat-forge-run".into());
            let spawned = thread.spawn(move || work(&waiting));
            spawned.map_err(|e| napi::Error::from_reason(format!("no thread for the forge: {e}")))?;
        }
        Ok(Self { jobs })
    }
}

/// Has a pool do something; the promise of what it gives. A panic is an error of that promise alone.
pub fn promise<'env, T: ToNapiValue + Send + 'static>(
    env: &'env Env,
    pool: &Pool,
    work: impl FnOnce() -> Answer<T> + Send + 'static,
) -> Result<Object<'env>> {
    type Resolver<T> = Box<dyn FnOnce(Env) -> Result<T> + Send>;
    let (deferred, promise) = env.create_deferred::<T, Resolver<T>>()?;
    let job: Job = Box::new(move || {
        let answer = catch_unwind(AssertUnwindSafe(work));
        let answer = answer.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            Err(Error::new(Code::Panic, text.unwrap_or_else(|| "the forge panicked".into())))
        });
        match answer {
            Ok(value) => deferred.resolve(Box::new(move |_| Ok(value))),
            Err(error) => deferred.reject(to_js(error)),
        }
    });
    pool.jobs.send(job).map_err(|_| napi::Error::from_reason("the forge's threads ended"))?;
    Ok(promise)
}

//! A machine on a thread of its own, because drivers block: compiling a pipeline can take seconds, waiting for a dispatch as long as
//! the dispatch takes.
//!
//! Everything that is done with it is a job sent to that thread. Whoever waits for one watches the job that the machine is at, his
//! own or another one before it: if that takes longer than the watchdog allows, the machine is *abandoned*. How long the queue is
//! counts for nothing, nor does time in which this process stood still: a laptop that slept or a container that was frozen has no
//! machine that hangs. The thread of an abandoned machine, which may be inside the driver, is left alone with everything it owns;
//! whoever waits is told at once, and every later job is refused. Destroying a device that hangs can hang too.

use homeostat_core::error::{Code, Error, Result};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Most jobs that wait for a machine.
const JOBS_MAX: usize = 1024;
/// How long opening may take.
const OPEN_MAX: Duration = Duration::from_secs(30);
/// How often who waits looks at what the machine is at.
const LOOK: Duration = Duration::from_millis(25);
/// A look that comes so much later than it should says that the process stood still.
const STILL: Duration = Duration::from_secs(1);
/// Most times that this counts for one job: a machine that is merely busy without end keeps no device that hangs for ever.
const STILL_MAX: u32 = 8;

type Job<M> = (u64, Box<dyn FnOnce(&mut M) + Send>);

/// The job that a machine is at.
#[derive(Clone, Copy)]
struct At {
    job: u64,
    since: Instant,
    /// What the process stood still meanwhile, how often, and up to when that is counted: several who wait see the same standstill.
    still: Duration,
    stills: u32,
    counted: Instant,
}

impl At {
    fn new(job: u64) -> Self {
        let now = Instant::now();
        Self { job, since: now, still: Duration::ZERO, stills: 0, counted: now }
    }

    /// Takes note that who began to wait for one look at `from` is back only now.
    fn stood(&mut self, from: Instant, now: Instant) {
        let late = now.saturating_duration_since((from + LOOK).max(self.counted));
        if late >= STILL && self.stills < STILL_MAX {
            (self.still, self.stills, self.counted) = (self.still + late, self.stills + 1, now);
        }
    }

    fn hangs(&self, now: Instant, watchdog: Duration) -> bool {
        now.saturating_duration_since(self.since).saturating_sub(self.still) >= watchdog
    }
}

/// What everybody knows of a machine's thread.
#[derive(Default)]
struct Pulse {
    abandoned: AtomicBool,
    /// What it is at; `None` between jobs.
    at: Mutex<Option<At>>,
    /// Numbers of jobs; opening is job 0.
    next: AtomicU64,
}

impl Pulse {
    fn set(&self, at: Option<u64>) {
        *self.at.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = at.map(At::new);
    }

    /// Gives the machine up where it has been at one job for too long, for who waited since `from` for a look. Only whose own job that is
    /// learns that it hangs.
    fn look(&self, own: u64, from: Instant, now: Instant, watchdog: Duration) -> Result<()> {
        // Held while it is decided: a job that ends now ends before.
        let mut at = self.at.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let hangs = at.as_mut().is_some_and(|at| {
            at.stood(from, now);
            at.hangs(now, watchdog)
        });
        if !hangs && !self.abandoned.load(Ordering::Acquire) {
            return Ok(());
        }
        self.abandoned.store(true, Ordering::Release);
        if at.is_none_or(|at| at.job != own) {
            return Err(given_up());
        }
        let text = format!(
            "no answer within {} ms: the device was given up, open another one",
            watchdog.as_millis()
        );
        Err(Error::new(Code::DeviceHung, text))
    }
}

fn given_up() -> Error {
    Error::new(Code::DeviceLost, "the device was given up with another job: open another one")
}

/// A machine's thread, for any thread.
pub struct Worker<M> {
    jobs: SyncSender<Job<M>>,
    pulse: Arc<Pulse>,
    patience: Duration,
}

impl<M> Clone for Worker<M> {
    fn clone(&self) -> Self {
        Self { jobs: self.jobs.clone(), pulse: self.pulse.clone(), patience: self.patience }
    }
}

/// A job's answer, when it comes.
pub struct Answer<T> {
    from: Receiver<Result<T>>,
    pulse: Arc<Pulse>,
    job: u64,
}

impl<T> Answer<T> {
    /// Waits; a machine that is at one job for longer than this is given up.
    pub fn wait(self, watchdog: Duration) -> Result<T> {
        loop {
            let from = Instant::now();
            match self.from.recv_timeout(LOOK.min(watchdog)) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Timeout) => {
                    self.pulse.look(self.job, from, Instant::now(), watchdog)?
                }
                // The thread ended before it came to this job.
                Err(RecvTimeoutError::Disconnected) => return Err(ended()),
            }
        }
    }
}

/// A machine that is being opened.
pub struct Opening<M, T> {
    worker: Worker<M>,
    answer: Answer<T>,
    /// When it was last looked at: what the process stood still since then is not the machine's.
    looked: Instant,
}

impl<M, T> Opening<M, T> {
    /// The machine, once it is there, or why there is none. One that takes too long is left alone, as one that hangs.
    pub fn poll(self) -> core::result::Result<Result<(Worker<M>, T)>, Self> {
        self.poll_at(Instant::now())
    }

    fn poll_at(self, now: Instant) -> core::result::Result<Result<(Worker<M>, T)>, Self> {
        match self.answer.from.try_recv() {
            Ok(said) => Ok(said.map(|said| (self.worker, said))),
            Err(TryRecvError::Disconnected) => Ok(Err(ended())),
            Err(TryRecvError::Empty) => match self.answer.pulse.look(0, self.looked, now, OPEN_MAX) {
                Ok(()) => Err(Self { looked: now, ..self }),
                Err(error) => Ok(Err(error)),
            },
        }
    }

    fn wait(self) -> Result<(Worker<M>, T)> {
        let said = self.answer.wait(OPEN_MAX)?;
        Ok((self.worker, said))
    }
}

/// Threads of machines that were opened.
static THREADS: Mutex<Vec<JoinHandle<()>>> = Mutex::new(Vec::new());
/// How often it is looked whether they ended.
const REST_LOOK: Duration = Duration::from_millis(1);

/// Waits until the threads of all machines have ended, whose last holders let them go before; whether that is so by now. For the end of
/// a process: one that ends while a driver's threads live may crash in it.
pub fn rest(timeout: Duration) -> bool {
    let until = Instant::now() + timeout;
    loop {
        let mut threads = THREADS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let (done, left) = std::mem::take(&mut *threads).into_iter().partition(|thread| thread.is_finished());
        *threads = left;
        let rests = threads.is_empty();
        drop(threads);
        let done: Vec<JoinHandle<()>> = done;
        // What its thread panicked with was somebody's answer.
        done.into_iter().for_each(|thread| drop(thread.join()));
        if rests || Instant::now() >= until {
            return rests;
        }
        std::thread::sleep(REST_LOOK);
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
        Self::begin(patience, is_hung, open)?.wait()
    }

    /// The same, without waiting for it.
    pub fn begin<T: Send + 'static>(
        patience: Duration,
        is_hung: fn(&M) -> bool,
        open: impl FnOnce() -> Result<(M, T)> + Send + 'static,
    ) -> Result<Opening<M, T>> {
        let (jobs, waiting) = sync_channel::<Job<M>>(JOBS_MAX);
        let (opened, from) = sync_channel(1);
        let pulse = Arc::new(Pulse::default());
        pulse.set(Some(pulse.next.fetch_add(1, Ordering::Relaxed)));
        let own = pulse.clone();
        let thread = std::thread::Builder::new().name("homeostat-forge".into());
        let spawned = thread.spawn(move || {
            let mut machine = match open() {
                Ok((machine, said)) => {
                    own.set(None);
                    if opened.send(Ok(said)).is_err() {
                        return;
                    }
                    machine
                }
                Err(error) => return drop(opened.send(Err(error))),
            };
            while let Ok((number, job)) = waiting.recv() {
                own.set(Some(number));
                job(&mut machine);
                own.set(None);
                if is_hung(&machine) || own.abandoned.load(Ordering::Acquire) {
                    own.abandoned.store(true, Ordering::Release);
                    std::mem::forget(machine);
                    return;
                }
            }
        });
        let spawned =
            spawned.map_err(|e| Error::new(Code::NoAdapter, format!("no thread for the device: {e}")))?;
        let mut threads = THREADS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        threads.retain(|thread| !thread.is_finished());
        threads.push(spawned);
        drop(threads);
        let answer = Answer { from, pulse: pulse.clone(), job: 0 };
        Ok(Opening { worker: Self { jobs, pulse, patience }, answer, looked: Instant::now() })
    }

    /// Whether it was given up.
    pub fn is_abandoned(&self) -> bool {
        self.pulse.abandoned.load(Ordering::Acquire)
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
            return Err(given_up());
        }
        let (done, from) = sync_channel(1);
        let number = self.pulse.next.fetch_add(1, Ordering::Relaxed);
        let job: Box<dyn FnOnce(&mut M) + Send> = Box::new(move |machine| {
            let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| job(machine)));
            let answer = answer.unwrap_or_else(|_| Err(Error::new(Code::Panic, "a device job panicked")));
            // Nobody may be waiting any more.
            let _ = done.send(answer);
        });
        match self.jobs.try_send((number, job)) {
            Ok(()) => Ok(Answer { from, pulse: self.pulse.clone(), job: number }),
            Err(TrySendError::Full(_)) => {
                Err(Error::new(Code::ForgeBusy, "more than 1024 jobs wait for the device"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    fn worker(patience: Duration) -> Worker<()> {
        Worker::open(patience, |()| false, || Ok(((), ()))).unwrap().0
    }

    fn slow(worker: &Worker<()>, takes: Duration) -> Answer<()> {
        worker
            .submit(move |()| {
                std::thread::sleep(takes);
                Ok(())
            })
            .unwrap()
    }

    #[test]
    fn a_long_queue_gives_no_machine_up() {
        let patience = Duration::from_millis(1600);
        let worker = worker(patience);
        let start = Instant::now();
        let answers: Vec<Answer<()>> = (0..12).map(|_| slow(&worker, patience / 8)).collect();
        // The last one waits one and a half times as long as any job may take.
        let last = answers.into_iter().next_back().unwrap();
        last.wait(patience).unwrap();
        assert!(start.elapsed() > patience && !worker.is_abandoned());
    }

    #[test]
    fn a_process_that_stood_still_has_no_machine_that_hangs() {
        let (watchdog, begin) = (Duration::from_secs(10), Instant::now());
        let after = |ms: u64| begin + Duration::from_millis(ms);
        let mut at = At { job: 1, since: begin, still: Duration::ZERO, stills: 0, counted: begin };
        // An hour's sleep, seen by two who wait; then as long as the watchdog allows, and no longer.
        let awake = 3_600_000 + 1025;
        for _ in 0..2 {
            at.stood(after(1000), after(awake));
            assert!(!at.hangs(after(awake), watchdog));
        }
        assert!(!at.hangs(after(awake + 8900), watchdog));
        assert!(at.hangs(after(awake + 9000), watchdog));
        // Looks that are a little late forgive nothing, and standstills without end not for ever.
        let mut busy = At { stills: 0, still: Duration::ZERO, counted: begin, ..at };
        for late in (1..100).map(|i| i * 1000) {
            busy.stood(after(late - 1000), after(late));
        }
        assert!(busy.hangs(after(10_000), watchdog));
        for late in (1..100).map(|i| i * 2000) {
            busy.stood(after(late - 2000), after(late));
        }
        assert!(busy.hangs(after(200_000), watchdog));
    }

    #[test]
    fn whoever_waits_behind_a_job_that_hangs_is_told_at_once() {
        let patience = Duration::from_millis(500);
        let worker = worker(patience);
        let (end, held) = channel::<()>();
        let stuck = worker
            .submit(move |()| {
                let _ = held.recv();
                Ok(())
            })
            .unwrap();
        let (behind, later) = (slow(&worker, Duration::ZERO), slow(&worker, Duration::ZERO));
        assert_eq!(behind.wait(patience).unwrap_err().code, Code::DeviceLost);
        assert!(worker.is_abandoned());
        // The others find it given up, and wait for no patience of their own.
        let patient = Duration::from_secs(600);
        assert_eq!(later.wait(patient).unwrap_err().code, Code::DeviceLost);
        assert_eq!(stuck.wait(patient).unwrap_err().code, Code::DeviceHung);
        assert_eq!(worker.submit(|()| Ok(())).map(|_| ()).unwrap_err().code, Code::DeviceLost);
        drop(end);
    }

    #[test]
    fn a_machine_that_was_let_go_is_gone_when_all_rest() {
        struct Kept(Arc<AtomicBool>);
        impl Drop for Kept {
            fn drop(&mut self) {
                std::thread::sleep(Duration::from_millis(20));
                self.0.store(true, Ordering::Relaxed);
            }
        }
        let gone = Arc::new(AtomicBool::new(false));
        let own = gone.clone();
        let (worker, ()) =
            Worker::open(Duration::from_secs(600), |_| false, move || Ok((Kept(own), ()))).unwrap();
        assert!(!rest(Duration::ZERO) && !gone.load(Ordering::Relaxed));
        drop(worker);
        assert!(rest(Duration::from_secs(60)) && gone.load(Ordering::Relaxed));
    }

    #[test]
    fn an_opening_is_waited_for_by_nobody() {
        let (go, wait) = channel::<()>();
        let open = move || {
            let _ = wait.recv();
            Ok(((), 7))
        };
        let mut opening = Worker::begin(Duration::from_secs(600), |()| false, open).unwrap();
        for _ in 0..3 {
            opening = opening.poll().map(|_| ()).unwrap_err();
        }
        drop(go);
        let said = loop {
            match opening.poll() {
                Ok(opened) => break opened.unwrap().1,
                Err(again) => opening = again,
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        assert_eq!(said, 7);
    }

    #[test]
    fn a_process_that_stood_still_gives_no_opening_up() {
        let (go, wait) = channel::<()>();
        let open = move || {
            let _ = wait.recv();
            Ok(((), ()))
        };
        let mut opening = Worker::begin(Duration::from_secs(600), |()| false, open).unwrap();
        // An hour between two looks; then one every half second, until as much has passed as opening may take.
        let mut now = Instant::now() + Duration::from_secs(3600);
        let mut looks = 0;
        let error = loop {
            match opening.poll_at(now) {
                Ok(came) => break came.map(|_| ()).unwrap_err(),
                Err(again) => opening = again,
            }
            now += Duration::from_millis(500);
            looks += 1;
        };
        assert_eq!(error.code, Code::DeviceHung);
        // Less where beginning took its time.
        assert!((1..=60).contains(&looks), "{looks}");
        drop(go);
    }
}

//! The thread that does what is to be done beside the runs.

use super::forge::{Opener, Shared, lock};
use super::machine::Machine;
use super::worker::Worker;
use crate::pipeline::{Background, Command, Reply};
use crate::registry::{KernelId, is_loss};
use crate::schedule::Schedule;
use homeostat_core::error::{Code, Error, Result};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Devices that hang, and are left alone with what they own, before no other one is opened.
pub const ABANDONED_MAX: u32 = 8;
/// Longest wait before a lost device is opened again.
const REOPEN_MAX: Duration = Duration::from_secs(30);
/// A device that lasted so long is trusted again.
const TRUSTED: Duration = Duration::from_secs(60);
/// Runs come in while the last one began no longer ago.
const BUSY_US: u64 = 100_000;
/// Longest pause that background work makes for runs.
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// How often what rests is looked at.
const REST: Duration = Duration::from_millis(25);
/// Bytes of the journal that are let go at once, where nobody keeps it.
const JOURNAL_BYTES: usize = 1 << 20;

/// What the pump is told.
pub(super) enum Message {
    /// A kernel is there.
    Start(KernelId),
    /// A kernel is gone.
    Stop(KernelId),
    /// Somebody's schedules for a kernel.
    Propose(KernelId, Vec<Schedule>),
    /// Something happened in the field.
    Wake,
    /// The end.
    Close,
}

/// When to open a device again.
struct Reopen<M> {
    opener: Option<Opener<M>>,
    next: Option<Instant>,
    wait: Duration,
    opened: Instant,
    abandoned: u32,
}

pub(super) fn pump<M: Machine>(shared: &Shared<M>, opener: Option<Opener<M>>, inbox: &Receiver<Message>) {
    let mut background = Background::new();
    let now = Instant::now();
    let wait = shared.options.reopen;
    let mut reopen =
        Reopen { next: opener.is_some().then_some(now), opener, wait, opened: now, abandoned: 0 };
    loop {
        while let Ok(message) = inbox.try_recv() {
            if !take(shared, &mut background, message) {
                return close(shared);
            }
        }
        look_after_device(shared, &mut background, &mut reopen);
        let next = background.next(&shared.registry, shared.now_us());
        let worked = next.is_some();
        let pause = match next {
            Some((id, command)) => {
                let start = Instant::now();
                let reply = carry_out(shared, id, command);
                if let Reply::Failed(error) = &reply
                    && is_loss(error)
                {
                    lock(&shared.registry).gone(error, shared.now_us());
                }
                background.reply(reply);
                pause_after(shared, start.elapsed())
            }
            None => REST,
        };
        persist(shared);
        publish(shared, &background);
        if worked && pause.is_zero() {
            continue;
        }
        match inbox.recv_timeout(pause) {
            Ok(message) => {
                if !take(shared, &mut background, message) {
                    return close(shared);
                }
            }
            Err(RecvTimeoutError::Disconnected) => return close(shared),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

fn take<M: Machine>(shared: &Shared<M>, background: &mut Background, message: Message) -> bool {
    match message {
        Message::Start(id) => {
            // A kernel that was disposed of before it began is no error.
            drop(background.start(&shared.registry, id));
            lock(&shared.progress).busy.insert(id, true);
        }
        Message::Stop(id) => background.stop(id),
        Message::Propose(id, schedules) => {
            background.propose(id, schedules);
            lock(&shared.progress).busy.insert(id, true);
        }
        Message::Wake => {}
        Message::Close => return false,
    }
    true
}

fn close<M: Machine>(shared: &Shared<M>) {
    persist(shared);
    // Its thread ends with its last sender.
    lock(&shared.worker).take();
    let error = Error::new(Code::Closed, "the forge was closed");
    lock(&shared.registry).gone(&error, shared.now_us());
    lock(&shared.progress).closed = true;
    shared.changed.notify_all();
}

/// How long background work leaves the device to the runs after a command of this length.
fn pause_after<M: Machine>(shared: &Shared<M>, took: Duration) -> Duration {
    let since = shared.now_us().saturating_sub(shared.last_run_us.load(Ordering::Relaxed));
    let never = shared.last_run_us.load(Ordering::Relaxed) == 0;
    if never || since > BUSY_US {
        return Duration::ZERO;
    }
    let share = shared.options.registry.share;
    took.mul_f64((1.0 - share) / share).min(PAUSE_MAX)
}

/// Lets a lost device go, and opens another one when it is time.
fn look_after_device<M: Machine>(shared: &Shared<M>, background: &mut Background, reopen: &mut Reopen<M>) {
    let attached = lock(&shared.registry).device().is_some();
    if !attached && let Some(worker) = lock(&shared.worker).take() {
        background.clear();
        lock(&shared.buffers).lose();
        reopen.abandoned += u32::from(worker.is_abandoned());
        if reopen.opened.elapsed() > TRUSTED {
            reopen.wait = shared.options.reopen;
        }
        let may = reopen.opener.is_some() && reopen.abandoned < ABANDONED_MAX;
        reopen.next = may.then(|| Instant::now() + reopen.wait);
        reopen.wait = (reopen.wait * 2).min(REOPEN_MAX);
    }
    let (Some(at), Some(opener)) = (reopen.next, &reopen.opener) else { return };
    if at > Instant::now() {
        return;
    }
    let opener = opener.clone();
    match open(opener) {
        Ok((worker, opened)) => {
            (reopen.next, reopen.opened) = (None, Instant::now());
            *lock(&shared.worker) = Some(worker);
            lock(&shared.registry).attach(opened.key, opened.limits, shared.now_us());
            let ids = lock(&shared.registry).ids();
            lock(&shared.progress).busy.extend(ids.iter().map(|id| (*id, true)));
            ids.into_iter().for_each(|id| drop(background.start(&shared.registry, id)));
        }
        // There is none, and none will come.
        Err(error) if error.code == Code::NoAdapter => {
            reopen.next = None;
            lock(&shared.registry).note_no_device(&error, shared.now_us());
        }
        Err(error) => {
            lock(&shared.registry).note_no_device(&error, shared.now_us());
            reopen.next = Some(Instant::now() + reopen.wait);
            reopen.wait = (reopen.wait * 2).min(REOPEN_MAX);
        }
    }
    lock(&shared.progress).opened = true;
    shared.changed.notify_all();
}

fn open<M: Machine>(opener: Opener<M>) -> Result<(Worker<M>, super::machine::Opened)> {
    let patience = Duration::from_secs(30);
    let (worker, opened) = Worker::open(patience, M::is_hung, move || opener())?;
    Ok((worker.with_patience(opened.patience), opened))
}

fn carry_out<M: Machine>(shared: &Shared<M>, id: Option<KernelId>, command: Command) -> Reply {
    let subject = id.and_then(|id| lock(&shared.registry).subject(id).ok());
    if let Command::Drop(program) = command {
        if let Some(worker) = shared.worker() {
            // Nothing waits for it.
            let _ = worker.submit(move |m: &mut M| {
                m.release(program);
                Ok(())
            });
        }
        return Reply::Done;
    }
    let Some(subject) = subject else {
        return Reply::Failed(Error::new(Code::Closed, "the kernel was disposed of"));
    };
    if let Command::Compute(inputs) = command {
        let start = Instant::now();
        let computed = subject.compute(&inputs);
        let seconds = start.elapsed().as_secs_f64();
        return computed.map_or_else(Reply::Failed, |outputs| Reply::Executed(outputs, seconds));
    }
    let Some(worker) = shared.worker() else {
        return Reply::Failed(Error::new(Code::DeviceLost, "the device is gone"));
    };
    let reply = worker.call(move |machine: &mut M| match command {
        Command::Compile(program, parts) => {
            machine.compile(program, &subject.plan, &parts).map(|()| Reply::Done)
        }
        Command::Execute { program, inputs, guarded } => {
            let start = Instant::now();
            let outputs = machine.execute(program, &inputs, guarded)?;
            Ok(Reply::Executed(outputs, start.elapsed().as_secs_f64()))
        }
        Command::Time(program, group, times) => machine.time(program, group, times).map(Reply::Timed),
        _ => Err(Error::new(Code::InvalidOption, "the command is not a device's")),
    });
    reply.unwrap_or_else(Reply::Failed)
}

/// Library lines to their file, the journal to whoever keeps it.
fn persist<M: Machine>(shared: &Shared<M>) {
    let lines = {
        let mut registry = lock(&shared.registry);
        if !shared.options.keep_journal {
            registry.take_journal(JOURNAL_BYTES);
        }
        registry.library.take_lines()
    };
    if let Some(store) = &mut *lock(&shared.store)
        && !lines.is_empty()
    {
        let kept = store.append(&lines);
        let mut registry = lock(&shared.registry);
        let compacted = kept.and_then(|()| store.compact(&mut registry.library));
        if let Err(error) = compacted {
            registry.note_no_device(&error, shared.now_us());
        }
    }
}

fn publish<M: Machine>(shared: &Shared<M>, background: &Background) {
    let mut progress = lock(&shared.progress);
    let before = progress.busy.len();
    // Before a device was opened nothing has begun.
    if progress.opened {
        progress.busy.retain(|id, known| !*known || !background.has_settled(*id));
    }
    if progress.busy.len() != before {
        drop(progress);
        shared.changed.notify_all();
    }
}

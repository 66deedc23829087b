//! The thread that does what is to be done beside the runs.

use super::forge::{Opener, Shared, lock};
use super::machine::{Machine, Opened};
use super::outbox::Outbox;
use super::worker::{Opening, Worker};
use crate::pipeline::{Background, Command, Reply};
use crate::registry::{Event, Evidence, KernelId, is_loss};
use crate::schedule::Schedule;
use homeostat_core::error::{Code, Error, Result};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Devices that hang, and are left alone with what they own, before no other one is opened.
pub const ABANDONED_MAX: u32 = 8;
/// Longest wait before a lost device is opened again.
const REOPEN_MAX: Duration = Duration::from_secs(30);
/// A device that lasted so long is trusted again.
const TRUSTED: Duration = Duration::from_secs(60);
/// How often what rests is looked at.
const REST: Duration = Duration::from_millis(25);
/// How often it is looked for what other processes learned: what they found wrong answers no longer than that.
const REFRESH_US: u64 = 1_000_000;
/// Lines of the library that are taken while runs wait: a fraction of a millisecond.
const LINES_AT_ONCE: usize = 32;
/// The same while a device is being opened.
const OPENING: Duration = Duration::from_millis(2);
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
    /// What is being opened: a driver may take its time, and others go on meanwhile.
    opening: Option<Opening<M, Opened>>,
    wait: Duration,
    opened: Instant,
    /// Whether there was a device once: then a lack of one is not for good.
    was_there: bool,
    abandoned: u32,
}

impl<M: Machine> Reopen<M> {
    /// What came of opening a device, where that came to its end; begins to open one when it is time.
    fn step(&mut self) -> Option<Result<(Worker<M>, Opened)>> {
        if let Some(opening) = self.opening.take() {
            return match opening.poll() {
                Ok(opened) => Some(opened.map(|(worker, o)| (worker.with_patience(o.patience), o))),
                Err(opening) => {
                    self.opening = Some(opening);
                    None
                }
            };
        }
        if self.next.is_none_or(|at| at > Instant::now()) {
            return None;
        }
        self.next = None;
        let opener = self.opener.clone()?;
        match Worker::begin(Duration::ZERO, M::is_hung, move || opener()) {
            Ok(opening) => {
                self.opening = Some(opening);
                None
            }
            Err(error) => Some(Err(error)),
        }
    }

    /// When to try again after a failure. Where there never was a device, none will come; a driver that restarts has none for a while.
    fn failed(&mut self, error: &Error) {
        // Its thread is stuck in the driver.
        self.abandoned += u32::from(error.code == Code::DeviceHung);
        if error.code != Code::NoAdapter || self.was_there {
            self.later();
        }
    }

    fn later(&mut self) {
        let may = self.opener.is_some() && self.abandoned < ABANDONED_MAX;
        self.next = may.then(|| Instant::now() + self.wait);
        self.wait = (self.wait * 2).min(REOPEN_MAX);
    }
}

pub(super) fn pump<M: Machine>(shared: &Shared<M>, opener: Option<Opener<M>>, inbox: &Receiver<Message>) {
    let mut background = Background::new();
    let mut refreshed_us = 0;
    let now = Instant::now();
    let wait = shared.options.reopen;
    let mut reopen = Reopen {
        next: opener.is_some().then_some(now),
        opener,
        opening: None,
        wait,
        opened: now,
        was_there: false,
        abandoned: 0,
    };
    loop {
        while let Ok(message) = inbox.try_recv() {
            if !take(shared, &mut background, message) {
                return close(shared);
            }
        }
        look_after_device(shared, &mut background, &mut reopen);
        let next = background.next(&shared.registry, shared.now_us());
        let worked = next.is_some();
        if let Some((id, command)) = next {
            let reply = carry_out(shared, id, command);
            background.ended(&shared.registry, shared.now_us());
            let lost = match &reply {
                Reply::Failed(error) if is_loss(error) => Some(error.clone()),
                _ => None,
            };
            // What hung it is remembered while it is known which device that was.
            background.reply(&shared.registry, reply);
            if let Some(error) = lost {
                lock(&shared.registry).gone(&error, shared.now_us());
            }
        }
        sweep(shared);
        persist(shared);
        refresh(shared, &mut refreshed_us);
        publish(shared, &background);
        if worked {
            continue;
        }
        let pause = match background.wait_us(shared.now_us()) {
            _ if reopen.opening.is_some() => OPENING,
            0 => REST,
            wait_us => Duration::from_micros(wait_us).min(REST),
        };
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
            drop(background.start(&shared.registry, id, shared.now_us()));
            lock(&shared.progress).busy.insert(id, true);
        }
        Message::Stop(id) => background.stop(id, shared.now_us()),
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

/// Lets a lost device go, and opens another one when it is time.
fn look_after_device<M: Machine>(shared: &Shared<M>, background: &mut Background, reopen: &mut Reopen<M>) {
    let attached = lock(&shared.registry).device().is_some();
    if !attached && let Some(worker) = lock(&shared.worker).take() {
        background.clear(shared.now_us());
        lock(&shared.buffers).lose();
        reopen.abandoned += u32::from(worker.is_abandoned());
        if reopen.opened.elapsed() > TRUSTED {
            reopen.wait = shared.options.reopen;
        }
        reopen.later();
        // Nothing has settled while another one is expected.
        lock(&shared.progress).opened = reopen.next.is_none();
    }
    let Some(came) = reopen.step() else { return };
    match came {
        Ok((worker, opened)) => {
            (reopen.was_there, reopen.opened) = (true, Instant::now());
            *lock(&shared.worker) = Some(worker);
            lock(&shared.registry).attach(opened.key, opened.limits, shared.now_us());
            let ids = lock(&shared.registry).ids_by_use();
            lock(&shared.progress).busy.extend(ids.iter().map(|id| (*id, true)));
            ids.into_iter().for_each(|id| drop(background.start(&shared.registry, id, shared.now_us())));
        }
        Err(error) => {
            lock(&shared.registry).note_no_device(&error, shared.now_us());
            reopen.failed(&error);
        }
    }
    lock(&shared.progress).opened = true;
    shared.changed.notify_all();
}

/// Has the machine give up what nobody needs any more. What does not fit into its queue is kept for the next time; what was on a
/// machine that is gone went with it.
pub(super) fn sweep<M: Machine>(shared: &Shared<M>) {
    let trash = std::mem::take(&mut lock(&shared.buffers).trash);
    let Some(worker) = shared.worker() else { return };
    if trash.programs.is_empty() && trash.buffers.is_empty() {
        return;
    }
    let own = trash.clone();
    let sent = worker.submit(move |m: &mut M| {
        own.programs.into_iter().for_each(|program| m.release(program));
        own.buffers.into_iter().for_each(|number| m.forget(number));
        Ok(())
    });
    if sent.is_err_and(|error| !is_loss(&error)) {
        let mut buffers = lock(&shared.buffers);
        buffers.trash.programs.extend(trash.programs);
        buffers.trash.buffers.extend(trash.buffers);
    }
}

fn carry_out<M: Machine>(shared: &Shared<M>, id: Option<KernelId>, command: Command) -> Reply {
    let subject = id.and_then(|id| lock(&shared.registry).subject(id).ok());
    if let Command::Drop(program) = command {
        lock(&shared.buffers).trash.programs.push(program);
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
        Command::Compile(program, plan, parts) => {
            machine.compile(program, &plan, &parts).map(|()| Reply::Done)
        }
        Command::Execute { program, inputs, guarded } => {
            let start = Instant::now();
            let outputs = machine.execute(program, &inputs, guarded)?;
            Ok(Reply::Executed(outputs, start.elapsed().as_secs_f64()))
        }
        Command::Time(program, group, times) => machine.time(program, group, times).map(Reply::Timed),
        Command::Compute(_) | Command::Drop(_) => {
            Err(Error::new(Code::InvalidOption, "the command is not a device's"))
        }
    });
    reply.unwrap_or_else(Reply::Failed)
}

/// Library lines to their file, the journal to whoever keeps it.
fn persist<M: Machine>(shared: &Shared<M>) {
    if !shared.options.keep_journal {
        lock(&shared.registry).take_journal(JOURNAL_BYTES);
    }
    // Without a file the lines wait for whoever takes them.
    let mut outbox = lock(&shared.store);
    let Some(outbox) = &mut *outbox else { return };
    let lines = lock(&shared.registry).library.take_lines();
    let now_us = shared.now_us();
    if !lines.is_empty() {
        outbox.put(lines, now_us);
    }
    let failed = outbox.flush(now_us).and_then(|()| compact(shared, outbox)).err();
    let (changes, lost) = (outbox.changes(), outbox.take_lost());
    if failed.is_none() && changes.is_empty() && lost == 0 {
        return;
    }
    let note = |event, reason| {
        let evidence = Evidence { reason, ..Evidence::default() };
        lock(&shared.registry).note(now_us, None, event, &[], evidence);
    };
    failed.into_iter().for_each(|error| note(Event::Unkept, format!("{error}")));
    if lost > 0 {
        note(Event::Unkept, format!("{lost} batches of lines were given up: too many waited"));
    }
    changes.into_iter().for_each(|change| note(Event::Breaker, change));
}

/// Takes what other processes appended to the library's file. One that cannot be read is told of by whoever makes a kernel.
fn refresh<M: Machine>(shared: &Shared<M>, refreshed_us: &mut u64) {
    let now_us = shared.now_us();
    if now_us.saturating_sub(*refreshed_us) < REFRESH_US {
        return;
    }
    *refreshed_us = now_us;
    let mut outbox = lock(&shared.store);
    let Some(Ok(news)) = outbox.as_mut().map(|outbox| outbox.store().news()) else { return };
    for some in news.split_inclusive(|b| *b == b'\n').collect::<Vec<_>>().chunks(LINES_AT_ONCE) {
        lock(&shared.registry).read_library(&some.concat());
    }
}

/// Writes a large file anew, from a copy of the library: runs do not wait for a disk. What other processes wrote to the file meanwhile is
/// taken a few lines at a time.
fn compact<M: Machine>(shared: &Shared<M>, outbox: &mut Outbox) -> Result<()> {
    if !outbox.store().is_large()? {
        return Ok(());
    }
    let mut copy = lock(&shared.registry).library.clone();
    if outbox.store().compact(&mut copy)? {
        let lines = copy.all_lines();
        let all: Vec<&str> = lines.split_inclusive('\n').collect();
        for some in all.chunks(LINES_AT_ONCE) {
            lock(&shared.registry).read_library(some.concat().as_bytes());
        }
    }
    Ok(())
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

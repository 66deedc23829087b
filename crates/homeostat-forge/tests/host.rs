//! The host's part over a simulated machine: buffers that are given up while they are needed, devices that come and go, what is kept.

#[path = "host/launch.rs"]
mod launch;
#[path = "host/memory.rs"]
mod memory;

// It has faults that other tests want.
#[allow(dead_code)]
mod simulated;

use homeostat_core::error::{Code, Error, Result};
use homeostat_forge::host::{BUFFERS_MAX, Forge, Given, Got, Opened, Options};
use homeostat_forge::ir::{Blueprint, Builder, DType, Data, Unary};
use homeostat_forge::library::KernelState;
use homeostat_forge::registry::{
    Backend, Ended, Event, KernelId, KernelOptions, Options as RegistryOptions, Outcome, Tier,
};
use simulated::{Faults, Simulated};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(60);

type Open = dyn Fn(&Arc<Faults>) -> Result<(Simulated, Opened)> + Send + Sync;

fn options() -> Options {
    let kernel =
        KernelOptions { tier: Tier::Fast, backend: Backend::Gpu, sampling: 0.0, ..KernelOptions::default() };
    let registry = RegistryOptions { kernel, share: 1.0, ..RegistryOptions::default() };
    Options { registry, reopen: Duration::from_millis(1), ..Options::default() }
}

/// A machine whose watchdog bites in no test.
fn patient(faults: &Arc<Faults>) -> Result<(Simulated, Opened)> {
    let (machine, opened) = simulated::open(faults)?;
    Ok((machine, Opened { patience: LONG, ..opened }))
}

fn forge_by(options: Options, open: Box<Open>) -> (Forge<Simulated>, Arc<Faults>) {
    let faults = Arc::new(Faults::default());
    let own = faults.clone();
    (Forge::open(options, Some(Arc::new(move || open(&own)))).unwrap(), faults)
}

/// Twice relu, with as many outputs.
fn relu(outputs: usize) -> Blueprint {
    let mut g = Builder::new();
    let x = g.input("x", DType::F32, &[4]).unwrap();
    let mut y = x;
    let all: Vec<_> = (0..outputs)
        .map(|_| {
            y = g.unary(Unary::Relu, y).unwrap();
            y
        })
        .collect();
    g.finish(&all).unwrap()
}

fn x() -> Data {
    Data::F32(vec![-1.0, 2.0, -3.0, 4.0])
}

fn right() -> Data {
    Data::F32(vec![0.0, 2.0, 0.0, 4.0])
}

fn until(what: &str, done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < LONG, "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A kernel that answers from the device.
fn on_device(forge: &Forge<Simulated>, outputs: usize) -> KernelId {
    assert!(forge.ready(LONG));
    let id = forge.kernel(relu(outputs), None).unwrap();
    assert!(forge.settle(id, LONG) && forge.current(id).unwrap().is_some());
    id
}

#[test]
fn a_buffer_that_is_given_up_is_there_for_runs_that_were_asked_for() {
    let (there, faults) = forge_by(options(), Box::new(patient));
    let id = on_device(&there, 1);
    let none = Forge::<Simulated>::open(options(), None).unwrap();
    let aside = none.kernel(relu(1), None).unwrap();
    for (forge, id) in [(&there, id), (&none, aside)] {
        let number = forge.upload(x()).unwrap();
        let runs: Vec<Vec<Given>> =
            (0..3).map(|_| forge.hold(vec![Given::Buffer(number)]).unwrap()).collect();
        forge.forget(number);
        // Whoever asks later is told.
        for error in [
            forge.run_with(id, vec![Given::Buffer(number)], &[]).unwrap_err(),
            forge.download(number).unwrap_err(),
            forge.hold(vec![Given::Buffer(number)]).unwrap_err(),
        ] {
            assert_eq!(error.code, Code::Closed);
        }
        for given in runs {
            assert_eq!(forge.run_with(id, given, &[]).unwrap(), [Got::Data(right())]);
        }
    }
    // With the last of them it went.
    until("the buffer stays", || faults.buffers.load(Ordering::Relaxed) == 0);
}

#[test]
fn outputs_are_kept_all_or_none() {
    let forge = Forge::<Simulated>::open(options(), None).unwrap();
    let id = forge.kernel(relu(2), None).unwrap();
    let all: Vec<u64> = (1..BUFFERS_MAX).map(|_| forge.upload(Data::F32(vec![0.0])).unwrap()).collect();
    let error = forge.run_with(id, vec![Given::Data(x())], &[true, true]).unwrap_err();
    assert_eq!(error.code, Code::DeviceMemory);
    // The place that the first of them took is free again.
    forge.forget(all[0]);
    assert_eq!(forge.run_with(id, vec![Given::Data(x())], &[true, true]).unwrap().len(), 2);
}

#[test]
fn nothing_that_is_given_up_is_forgotten_where_the_machine_s_queue_is_full() {
    let (forge, faults) = forge_by(options(), Box::new(patient));
    let id = on_device(&forge, 1);
    let all: Vec<u64> = (0..1500).map(|_| forge.upload(x()).unwrap()).collect();
    assert_eq!(faults.buffers.load(Ordering::Relaxed), 1500);
    std::thread::scope(|scope| {
        let held = faults.gate.lock().unwrap();
        let run = scope.spawn(|| forge.run(id, vec![x()]).unwrap());
        all.iter().for_each(|number| forge.forget(*number));
        drop(held);
        assert_eq!(run.join().unwrap(), [right()]);
    });
    until("buffers stay", || faults.buffers.load(Ordering::Relaxed) == 0);
}

/// A driver that restarts: it has no adapter for a while.
#[test]
fn a_device_that_was_there_is_waited_for() {
    let tries = Arc::new(AtomicU64::new(0));
    let own = tries.clone();
    let open = move |faults: &Arc<Faults>| match own.fetch_add(1, Ordering::Relaxed) {
        1..=3 => Err(Error::new(Code::NoAdapter, "there is no adapter")),
        _ => patient(faults),
    };
    let (forge, faults) = forge_by(options(), Box::new(open));
    let id = on_device(&forge, 1);
    faults.lose_in.store(1, Ordering::Relaxed);
    assert_eq!(forge.run(id, vec![x()]).unwrap(), [right()]);
    until("the device does not come back", || forge.current(id).is_ok_and(|c| c.is_some()));
    assert_eq!(tries.load(Ordering::Relaxed), 5);
    // Where there never was one, one look is enough.
    let tries = Arc::new(AtomicU64::new(0));
    let own = tries.clone();
    let open = move |_: &Arc<Faults>| {
        own.fetch_add(1, Ordering::Relaxed);
        Err(Error::new(Code::NoAdapter, "there is no adapter"))
    };
    let (forge, _) = forge_by(options(), Box::new(open));
    assert!(forge.ready(LONG));
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(tries.load(Ordering::Relaxed), 1);
}

#[test]
fn a_driver_that_takes_its_time_to_open_holds_nothing_up_and_nothing_has_settled_meanwhile() {
    let gate = Arc::new(Mutex::new(()));
    let own = gate.clone();
    let open = move |faults: &Arc<Faults>| {
        drop(own.lock());
        patient(faults)
    };
    let (forge, faults) = forge_by(options(), Box::new(open));
    let id = on_device(&forge, 1);
    let held = gate.lock().unwrap();
    faults.lose_in.store(1, Ordering::Relaxed);
    assert_eq!(forge.run(id, vec![x()]).unwrap(), [right()]);
    until("the loss is not seen", || forge.device().is_none());
    until("it has settled without a device", || !forge.settle(id, Duration::ZERO));
    // The processor answers, kernels come and go.
    assert_eq!(forge.run(id, vec![x()]).unwrap(), [right()]);
    let other = forge.kernel(relu(1), None).unwrap();
    assert!(!forge.settle(other, Duration::from_millis(50)));
    drop(held);
    assert!(forge.settle(id, LONG) && forge.settle(other, LONG));
    assert!(forge.current(id).unwrap().is_some() && forge.current(other).unwrap().is_some());
    // Nor does it hold up the end.
    let held = gate.lock().unwrap();
    faults.lose_in.store(1, Ordering::Relaxed);
    assert_eq!(forge.run(id, vec![x()]).unwrap(), [right()]);
    until("the loss is not seen", || forge.device().is_none());
    assert!(forge.close(LONG));
    drop(held);
}

#[test]
fn what_the_library_grows_by_is_there_for_whoever_keeps_it() {
    let (forge, _) = forge_by(options(), Box::new(patient));
    on_device(&forge, 1);
    let lines = forge.with_registry(|registry| registry.library.take_lines());
    assert!(lines.contains("\"kernel\":\"promoted\""), "{lines}");
}

#[test]
fn what_another_process_found_wrong_does_not_answer_here_any_more() {
    let folder = std::env::temp_dir().join(format!("homeostat-forge-host-{}", std::process::id()));
    let with_file = || Options { library: Some(folder.join("library.jsonl")), ..options() };
    let (one, _) = forge_by(with_file(), Box::new(patient));
    let (other, _) = forge_by(with_file(), Box::new(patient));
    let (id, same) = (on_device(&one, 1), on_device(&other, 1));
    let schedules = one.current(id).unwrap().unwrap().schedules;
    assert_eq!(other.current(same).unwrap().unwrap().schedules, schedules);
    let ticket = other.with_registry(|r| r.begin(same, 1)).unwrap();
    let wrong = Error::new(Code::KernelRejected, "an element is off");
    other.with_registry(|r| r.end(ticket, Ended::Failed(wrong), 2));
    until("it still answers", || one.current(id).unwrap().is_none_or(|c| c.schedules != schedules));
    let events = one.take_events().0;
    let told = events.iter().find(|e| e.event == Event::Quarantined).unwrap();
    assert_eq!(told.evidence.reason, "another process found it wrong");
    assert_eq!(one.run(id, vec![x()]).unwrap(), [right()]);
    drop((one, other));
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Runs that were on a device that hangs end one by one, long after another one was opened.
#[test]
fn a_late_failure_of_an_earlier_device_says_nothing_of_the_present_one() {
    let (forge, faults) = forge_by(options(), Box::new(patient));
    let id = on_device(&forge, 1);
    let late = forge.with_registry(|r| r.begin(id, 1)).unwrap();
    faults.lose_in.store(1, Ordering::Relaxed);
    assert_eq!(forge.run(id, vec![x()]).unwrap(), [right()]);
    until("the device does not come back", || forge.current(id).is_ok_and(|c| c.is_some()));
    let kept = forge.upload(x()).unwrap();
    let hung = Error::new(Code::DeviceHung, "no answer");
    let outcome = forge.with_registry(|r| r.end(late, Ended::Failed(hung), 2));
    assert_eq!(outcome, Outcome::Recompute);
    assert!(forge.device().is_some() && forge.current(id).unwrap().is_some());
    std::thread::sleep(Duration::from_millis(60));
    assert_eq!(forge.download(kept).unwrap(), x());
    assert_eq!(faults.opened.load(Ordering::Relaxed), 2);
}

#[test]
fn what_hung_a_device_is_not_tried_on_the_next_one() {
    let (forge, faults) = forge_by(options(), Box::new(simulated::open));
    let id = on_device(&forge, 1);
    let schedules = forge.current(id).unwrap().unwrap().schedules;
    faults.hang_in.store(1, Ordering::Relaxed);
    assert_eq!(forge.run(id, vec![x()]).unwrap(), [right()]);
    let quarantined: Vec<String> = forge.with_registry(|r| {
        let of = r.library.kernels().filter(|(_, record)| record.state == KernelState::Quarantined);
        of.map(|(key, _)| key.schedule.clone()).collect()
    });
    assert_eq!(quarantined, [schedules[0].text()]);
    until("no other device is opened", || forge.device().is_some());
    assert!(forge.settle(id, LONG));
    assert!(forge.current(id).unwrap().is_none_or(|c| c.schedules != schedules));
}

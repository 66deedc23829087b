//! Kernels that fail when they are launched, and a device that is busy: nobody else is held up by either.

use super::*;
use homeostat_forge::registry::Entry;
use simulated::Defect;
use std::path::Path;
use std::sync::atomic::AtomicBool;

fn product(m: u32, n: u32, k: u32) -> Blueprint {
    let mut g = Builder::new();
    let (a, b) = (g.input("a", DType::F32, &[m, k]).unwrap(), g.input("b", DType::F32, &[k, n]).unwrap());
    let y = g.matmul(a, b, false, false).unwrap();
    g.finish(&[y]).unwrap()
}

/// Ones, whose products are the number of terms.
fn ones() -> Vec<Data> {
    vec![Data::F32(vec![1.0; 12 * 20]), Data::F32(vec![1.0; 20 * 16])]
}

fn twenties() -> [Data; 1] {
    [Data::F32(vec![20.0; 12 * 16])]
}

/// A life with this library: what answered in the end, and what was tried.
fn life(library: &Path, plan: impl Fn(&Faults)) -> (Option<String>, Vec<String>) {
    let options = Options { library: Some(library.to_path_buf()), ..options() };
    let faults = Arc::new(Faults::default());
    plan(&faults);
    let own = faults.clone();
    let forge = Forge::open(options, Some(Arc::new(move || patient(&own)))).unwrap();
    let id = forge.kernel(product(12, 16, 20), None).unwrap();
    // Right from the first call to the last, whatever the device does.
    assert_eq!(forge.run(id, ones()).unwrap(), twenties());
    assert!(forge.settle(id, LONG));
    (0..3).for_each(|_| assert_eq!(forge.run(id, ones()).unwrap(), twenties()));
    let tried = |e: &&Entry| matches!(e.event, Event::Compiling | Event::Promoted);
    let events = forge.take_events().0;
    let tried = events.iter().filter(tried).flat_map(|e| e.schedules.iter().map(|s| s.text())).collect();
    let answers = forge.current(id).unwrap().map(|c| c.schedules[0].text());
    assert!(forge.close(LONG));
    (answers, tried)
}

#[test]
fn a_cached_winner_that_panics_or_is_refused_at_launch_never_answers_again() {
    let folder = std::env::temp_dir().join(format!("homeostat-forge-launch-{}", std::process::id()));
    // It fails while it is compiled, and at each of the two launches of its second proof.
    for call in 1..=3 {
        for panics in [true, false] {
            let path = folder.join(format!("{call}-{panics}.jsonl"));
            let (winner, _) = life(&path, |_| {});
            let winner = winner.unwrap();
            // Where nothing fails it answers, and nothing else is tried.
            let (again, tried) = life(&path, |_| {});
            assert_eq!((again.as_ref(), tried), (Some(&winner), vec![winner.clone(); 2]));
            let fails = |faults: &Faults| {
                let counter = if panics { &faults.panic_in } else { &faults.refuse_in };
                counter.store(call, Ordering::Relaxed);
            };
            let (answers, tried) = life(&path, fails);
            assert_eq!(tried[0], winner, "{call} {panics}");
            assert!(answers.is_some_and(|other| other != winner), "{call} {panics}: {tried:?}");
            // Nor in a later life, where it would do.
            let (answers, tried) = life(&path, |_| {});
            assert!(answers.is_some() && !tried.contains(&winner), "{call} {panics}: {tried:?}");
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Whoever waits for the device waits on a thread that nobody else needs: what is sent to it meanwhile is queued.
#[test]
fn nobody_is_held_up_while_someone_waits_for_the_device() {
    let (forge, faults) = forge_by(options(), Box::new(patient));
    let id = on_device(&forge, 1);
    let number = forge.upload(x()).unwrap();
    let went_on = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let held = faults.gate.lock().unwrap();
        let runs: Vec<_> = (0..3).map(|_| scope.spawn(|| forge.run(id, vec![x()]).unwrap())).collect();
        until("runs did not begin", || forge.stats(id).unwrap().runs == 3);
        let others = scope.spawn(|| {
            forge.forget(number);
            let other = forge.kernel(relu(1), None).unwrap();
            // The processor answers it meanwhile.
            assert_eq!(forge.run(other, vec![x()]).unwrap(), [right()]);
            forge.take_events();
            forge.dispose(other);
            went_on.store(true, Ordering::Relaxed);
        });
        // While the device is still at the first of the runs.
        until("others were held up", || went_on.load(Ordering::Relaxed));
        drop(held);
        others.join().unwrap();
        runs.into_iter().for_each(|run| assert_eq!(run.join().unwrap(), [right()]));
    });
}

#[test]
fn a_miscompiled_tile_edge_is_told_by_a_smaller_case() {
    let (forge, faults) = forge_by(Options { keep_journal: true, ..options() }, Box::new(patient));
    *faults.of_new.lock().unwrap() = Some(Defect::TileEdge);
    let id = forge.kernel(product(21, 20, 24), None).unwrap();
    assert!(forge.settle(id, LONG) && forge.current(id).unwrap().is_none());
    let events = forge.take_events().0;
    let rejected = events.iter().find(|e| e.event == Event::Rejected).unwrap();
    // The last row is lost: that of 21 is element 400, that of one is the first.
    assert!(rejected.evidence.reason.contains("element 400: got NaN"), "{rejected:?}");
    let smallest = "a [1, 1], b [1, 1]: random inputs: output 0, element 0: got NaN";
    assert!(rejected.evidence.smallest.starts_with(smallest), "{rejected:?}");
    assert!(forge.take_journal(usize::MAX).contains(&format!("\"smallest\":\"{smallest}")));
    assert!(forge.with_registry(|r| r.rejected(id).is_some_and(|e| e.evidence == rejected.evidence)));
    until("programs stay", || faults.programs.load(Ordering::Relaxed) == 0);
}

//! Faults on purpose, a thousand rounds and more: each is caught before a user sees a wrong number, or the run is answered all the
//! same; nothing hangs, nothing crashes. One command: `cargo test --release -p homeostat-forge --features host --test faults`.
//! `HOMEOSTAT_FORGE_ROUNDS` sets how many; a failing round names its seed.

mod simulated;

use homeostat_core::rng::Rng;
use homeostat_forge::host::{Forge, Options};
use homeostat_forge::ir::{Binary, Blueprint, Builder, DType, Data, Op};
use homeostat_forge::oracle::{Reference, evaluate};
use homeostat_forge::prove::{Inputs, judge, make};
use homeostat_forge::registry::{Backend, Event, KernelOptions, Options as RegistryOptions, Tier};
use simulated::{Defect, Faults, Simulated};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const DEFECTS: [Defect; 3] = [Defect::TileEdge, Defect::Barrier, Defect::EarlyStop];
const LONG: Duration = Duration::from_secs(60);

fn rounds() -> u64 {
    std::env::var("HOMEOSTAT_FORGE_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(1050)
}

fn product(m: u32, n: u32, k: u32) -> Blueprint {
    let mut g = Builder::new();
    let (a, b) = (g.input("a", DType::F32, &[m, k]).unwrap(), g.input("b", DType::F32, &[k, n]).unwrap());
    let bias = g.input("bias", DType::F32, &[n]).unwrap();
    let y = g.matmul(a, b, false, false).unwrap();
    let y = g.binary(Binary::Add, y, bias).unwrap();
    g.finish(&[y]).unwrap()
}

fn with_softmax() -> Blueprint {
    let mut g = Builder::new();
    let (x, w) = (g.input("x", DType::F32, &[10, 24]).unwrap(), g.input("w", DType::F32, &[24, 16]).unwrap());
    let y = g.matmul(x, w, false, false).unwrap();
    let y = g.node(Op::Softmax { axis: 1 }, &[y]).unwrap();
    g.finish(&[y]).unwrap()
}

fn forge(
    faults: &Arc<Faults>,
    kernel: KernelOptions,
    library: Option<std::path::PathBuf>,
) -> Forge<Simulated> {
    let faults = faults.clone();
    let registry = RegistryOptions { kernel, share: 1.0, ..RegistryOptions::default() };
    let reopen = Duration::from_millis(1);
    let options = Options { registry, library, reopen, ..Options::default() };
    Forge::open(options, Some(Arc::new(move || simulated::open(&faults)))).unwrap()
}

fn options(tier: Tier, sampling: f64, seed: u64) -> KernelOptions {
    KernelOptions { tier, backend: Backend::Gpu, sampling, seed, evaluations: 3, ..KernelOptions::default() }
}

struct Question {
    inputs: Vec<Data>,
    right: Vec<Reference>,
}

fn questions(blueprint: &Blueprint, seed: u64) -> Vec<Question> {
    let kinds = [Inputs::Random, Inputs::Adversarial, Inputs::Structured];
    let ask = |kind| {
        let inputs = make(blueprint, kind, seed);
        let right = evaluate(blueprint, &inputs).unwrap();
        Question { inputs, right }
    };
    kinds.into_iter().map(ask).collect()
}

/// Runs, and how many answers were wrong.
fn wrong_of(
    forge: &Forge<Simulated>,
    id: homeostat_forge::registry::KernelId,
    q: &[Question],
    runs: usize,
) -> usize {
    let wrong = |i: usize| {
        let q = &q[i % q.len()];
        let answer = forge.run(id, q.inputs.clone()).unwrap();
        judge(&q.right, &answer).miss.is_some()
    };
    (0..runs).filter(|i| wrong(*i)).count()
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Compiled(Defect),
    Begins(Defect),
    LostInRun,
    LostInSwap,
    Hang,
    HangInSwap,
    Panic,
    Library,
}

const FAULTS: [Fault; 12] = [
    Fault::Compiled(DEFECTS[0]),
    Fault::Compiled(DEFECTS[1]),
    Fault::Compiled(DEFECTS[2]),
    Fault::Begins(DEFECTS[0]),
    Fault::Begins(DEFECTS[1]),
    Fault::Begins(DEFECTS[2]),
    Fault::LostInRun,
    Fault::LostInSwap,
    Fault::Hang,
    Fault::HangInSwap,
    Fault::Panic,
    Fault::Library,
];

fn happened(forge: &Forge<Simulated>, event: Event) -> bool {
    forge.take_events().0.iter().any(|e| e.event == event)
}

/// One round: a forge, a fault, runs before and after it. An error says what was not as it should be.
fn round(seed: u64) -> Result<Fault, String> {
    let mut rng = Rng::new(seed);
    let mut draw = |n: u64| rng.next_u64() % n;
    let fault = FAULTS[(seed % FAULTS.len() as u64) as usize];
    let blueprint = match draw(3) {
        0 => with_softmax(),
        1 => product(5 + draw(12) as u32, 4 * (1 + draw(4) as u32), 8 + draw(30) as u32),
        _ => product(9, 7, 13),
    };
    let asked = questions(&blueprint, seed);
    let faults = Arc::new(Faults::default());
    let folder = std::env::temp_dir().join(format!("homeostat-forge-faults-{}-{seed}", std::process::id()));
    let path = (fault == Fault::Library).then(|| folder.join("library.jsonl"));
    let tier = if draw(2) == 0 { Tier::Fast } else { Tier::Standard };
    let check =
        |ok: bool, what: &str| if ok { Ok(()) } else { Err(format!("round {seed}, {fault:?}: {what}")) };
    if let Fault::Compiled(defect) = fault {
        *faults.of_new.lock().unwrap() = Some(defect);
    }
    if let Some(path) = &path {
        damaged_library(path, &faults, &blueprint, seed);
    }
    let f = forge(&faults, options(tier, 1.0, seed), path);
    let id = f.kernel(blueprint.clone(), None).unwrap();
    // The first call comes before anything is proven.
    check(wrong_of(&f, id, &asked, 2) == 0, "wrong before a kernel was proven")?;
    match fault {
        Fault::Compiled(_) => {
            check(f.settle(id, LONG), "did not settle")?;
            let events = f.take_events().0;
            let rejected = events.iter().find(|e| e.event == Event::Rejected);
            check(rejected.is_some(), "the proof did not reject it")?;
            check(rejected.is_some_and(|e| !e.evidence.smallest.is_empty()), "no smallest case is told")?;
            check(f.current(id).unwrap().is_none(), "it answers")?;
        }
        Fault::Begins(defect) => {
            check(f.settle(id, LONG), "did not settle")?;
            check(f.current(id).unwrap().is_some(), "nothing answers")?;
            *faults.of_all.lock().unwrap() = Some(defect);
            check(wrong_of(&f, id, &asked, 12) == 0, "a wrong answer was given")?;
            check(happened(&f, Event::Quarantined), "nothing was quarantined")?;
        }
        Fault::LostInRun | Fault::Hang | Fault::Panic => {
            check(f.warm(id, LONG), "did not warm")?;
            let counter = match fault {
                Fault::LostInRun => &faults.lose_in,
                Fault::Hang => &faults.hang_in,
                _ => &faults.panic_in,
            };
            counter.store(1 + draw(6), Ordering::Relaxed);
        }
        Fault::LostInSwap | Fault::HangInSwap => {
            let counter = if fault == Fault::LostInSwap { &faults.lose_in } else { &faults.hang_in };
            counter.store(1 + draw(30), Ordering::Relaxed);
        }
        Fault::Library => {
            check(happened(&f, Event::Rejected), "damage was not reported")?;
        }
    }
    let start = Instant::now();
    check(wrong_of(&f, id, &asked, 20) == 0, "a wrong answer was given")?;
    check(start.elapsed() < LONG, "runs were held up")?;
    if matches!(fault, Fault::LostInRun | Fault::LostInSwap | Fault::Hang | Fault::HangInSwap) {
        // It comes back.
        let until = Instant::now() + LONG;
        faults.lose_in.store(0, Ordering::Relaxed);
        faults.hang_in.store(0, Ordering::Relaxed);
        while f.device().is_none() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
        check(f.device().is_some(), "the device did not come back")?;
        check(f.settle(id, LONG), "did not settle again")?;
        check(wrong_of(&f, id, &asked, 3) == 0, "a wrong answer after it came back")?;
    }
    drop(f);
    let _ = std::fs::remove_dir_all(&folder);
    Ok(fault)
}

/// A library of an earlier life, with bytes changed, a line torn, and one of another version.
fn damaged_library(path: &std::path::Path, faults: &Arc<Faults>, blueprint: &Blueprint, seed: u64) {
    let f = forge(faults, options(Tier::Standard, 1.0, seed), Some(path.to_path_buf()));
    let id = f.kernel(blueprint.clone(), None).unwrap();
    assert!(f.settle(id, LONG));
    assert!(f.close(LONG));
    let mut bytes = std::fs::read(path).unwrap();
    assert!(bytes.len() > 100);
    let mut rng = Rng::new(seed ^ 77);
    for _ in 0..1 + rng.next_u64() % 8 {
        let at = (rng.next_u64() % bytes.len() as u64) as usize;
        if bytes[at] != b'\n' {
            bytes[at] ^= 1 + (rng.next_u64() % 200) as u8;
        }
    }
    bytes.extend_from_slice(b"00000000 {\"v\":1,\"blueprint\":\"torn");
    std::fs::write(path, &bytes).unwrap();
    // The next life begins with a whole line.
    std::fs::write(path, [&bytes[..], b"\n"].concat()).unwrap();
}

/// Rounds that go on at once: most of what a round takes is waiting for the watchdog.
const AT_ONCE: usize = 16;

fn every_fault_is_caught() {
    let (n, start) = (rounds(), Instant::now());
    let next = AtomicU64::new(0);
    let (counts, failures) = (Mutex::new(BTreeMap::<String, u64>::new()), Mutex::new(Vec::new()));
    std::thread::scope(|s| {
        for _ in 0..AT_ONCE {
            s.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= n {
                        break;
                    }
                    match std::panic::catch_unwind(|| round(seed)) {
                        Ok(Ok(fault)) => {
                            *counts.lock().unwrap().entry(format!("{fault:?}")).or_default() += 1;
                        }
                        Ok(Err(text)) => failures.lock().unwrap().push(text),
                        Err(_) => failures.lock().unwrap().push(format!("round {seed} panicked")),
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    for (name, count) in counts.into_inner().unwrap() {
        println!("{count:>5} {name}");
    }
    println!(
        "{n} rounds in {:.1} s, {} not as they should be",
        start.elapsed().as_secs_f64(),
        failures.len()
    );
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A fault that begins later, at sampling rates below 1: found within 4 / rate runs.
fn late_faults_are_found_in_time() {
    for (i, rate) in [0.5, 0.25, 0.1, 0.05].into_iter().enumerate() {
        for round in 0..12u64 {
            let seed = round + 100 * i as u64;
            let blueprint = product(16, 12, 20);
            let asked = questions(&blueprint, seed);
            let faults = Arc::new(Faults::default());
            let f = forge(&faults, options(Tier::Fast, rate, seed), None);
            let id = f.kernel(blueprint, None).unwrap();
            assert!(f.settle(id, LONG));
            assert_eq!(wrong_of(&f, id, &asked, seed as usize % 37), 0);
            *faults.of_all.lock().unwrap() = Some(DEFECTS[seed as usize % 3]);
            let found = (1..).find(|_| {
                wrong_of(&f, id, &asked, 1);
                f.stats(id).unwrap().wrong > 0
            });
            let most = (4.0 / rate) as usize;
            assert!(found.is_some_and(|n| n <= most), "rate {rate}, seed {seed}: {found:?} runs");
            // From then on nothing wrong is given: what comes back is watched closely, and is taken back as well.
            assert_eq!(wrong_of(&f, id, &asked, 40), 0, "rate {rate}, seed {seed}");
        }
    }
}

fn a_warm_library_needs_no_search() {
    let folder = std::env::temp_dir().join(format!("homeostat-forge-warm-{}", std::process::id()));
    let path = folder.join("library.jsonl");
    let blueprint = with_softmax();
    let start = |wanted: Event| {
        let faults = Arc::new(Faults::default());
        let f = forge(&faults, options(Tier::Standard, 0.0, 3), Some(path.clone()));
        let id = f.kernel(blueprint.clone(), None).unwrap();
        assert!(f.settle(id, LONG));
        let (events, _) = f.take_events();
        assert!(events.iter().any(|e| e.event == wanted), "{events:?}");
        let measured = events.iter().filter(|e| e.event == Event::Measured).count();
        let schedules = f.current(id).unwrap().unwrap().schedules;
        assert!(f.close(LONG));
        (measured, schedules)
    };
    let (cold, found) = start(Event::Measured);
    assert_eq!(cold, 6);
    let (warm, again) = start(Event::Promoted);
    assert_eq!((warm, &again), (0, &found));
    // Where the schedules of the library have become wrong, the second start finds out before anyone sees it.
    let faults = Arc::new(Faults::default());
    *faults.of_new.lock().unwrap() = Some(Defect::EarlyStop);
    let f = forge(&faults, options(Tier::Standard, 0.0, 3), Some(path.clone()));
    let id = f.kernel(blueprint.clone(), None).unwrap();
    let asked = questions(&blueprint, 1);
    assert_eq!(wrong_of(&f, id, &asked, 10), 0);
    assert!(f.settle(id, LONG));
    assert!(f.current(id).unwrap().is_none());
    drop(f);
    std::fs::remove_dir_all(&folder).unwrap();
}

/// At least ten thousand runs on four threads while programs are promoted and taken back without a pause. Both go on until there was
/// enough of either, whichever the machine gives more turns.
fn runs_go_on_under_continuous_swaps() {
    let blueprint = product(12, 16, 24);
    let asked = questions(&blueprint, 5);
    let faults = Arc::new(Faults::default());
    let f = forge(&faults, options(Tier::Fast, 0.02, 5), None);
    let id = f.kernel(blueprint, None).unwrap();
    assert!(f.settle(id, LONG));
    let first = f.current(id).unwrap().unwrap().schedules;
    let subject = f.subject(id).unwrap();
    let space = homeostat_forge::schedule::Schedule::space(&subject.plan.groups[0], &simulated::limits());
    let (runs, wrong, failed) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let (enough, start, mut swaps) = (AtomicBool::new(false), Instant::now(), 0);
    std::thread::scope(|s| {
        for t in 0..4usize {
            let (f, asked, enough, runs, wrong, failed) = (&f, &asked, &enough, &runs, &wrong, &failed);
            s.spawn(move || {
                while !enough.load(Ordering::Relaxed) {
                    let q = &asked[t % asked.len()];
                    match f.run(id, q.inputs.clone()) {
                        Ok(answer) if judge(&q.right, &answer).miss.is_none() => {}
                        Ok(_) => drop(wrong.fetch_add(1, Ordering::Relaxed)),
                        Err(_) => drop(failed.fetch_add(1, Ordering::Relaxed)),
                    }
                    runs.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let mut turn = 0;
        while start.elapsed() < LONG
            && (runs.load(Ordering::Relaxed) < 10_000
                || swaps < 20
                || f.stats(id).is_ok_and(|s| s.on_device <= 5000))
        {
            let other = space[turn * 7 % space.len()];
            turn += 1;
            f.propose(id, vec![other]).unwrap();
            f.settle(id, LONG);
            swaps += 1 + u32::from(f.take_back(id));
        }
        enough.store(true, Ordering::Relaxed);
    });
    let stats = f.stats(id).unwrap();
    let runs = runs.into_inner();
    println!("{runs} runs, {swaps} swaps, {} on the device, {} checked", stats.on_device, stats.checked);
    assert_eq!((wrong.into_inner(), failed.into_inner()), (0, 0));
    assert!(runs >= 10_000 && swaps >= 20 && stats.on_device > 5000, "{runs} {swaps} {stats:?}");
    assert!(!first.is_empty());
}

/// What ten thousand kernels leave behind.
fn nothing_is_left_of_kernels_that_were_disposed_of() {
    let faults = Arc::new(Faults::default());
    let f = forge(&faults, options(Tier::Fast, 0.0, 1), None);
    let blueprint = product(4, 4, 4);
    let inputs = make(&blueprint, Inputs::Random, 1);
    let mut after_warm_up = 0;
    for i in 0..10_000u32 {
        let id = f.kernel(blueprint.clone(), None).unwrap();
        if i % 10 == 0 {
            f.run(id, inputs.clone()).unwrap();
            assert!(f.settle(id, LONG));
        }
        f.dispose(id);
        if i % 64 == 0 {
            f.take_events();
        }
        if i == 1000 {
            after_warm_up = resident_bytes();
        }
    }
    let until = Instant::now() + LONG;
    while faults.programs.load(Ordering::Relaxed) > 0 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(faults.programs.load(Ordering::Relaxed), 0);
    let now = resident_bytes();
    println!("resident after 1,000 kernels {after_warm_up} bytes, after 10,000 {now}");
    assert!(now as f64 <= after_warm_up as f64 * 1.05, "{after_warm_up} {now}");
}

/// 0 where the system does not say.
fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}

/// Two forges share a library's file, and neither damages what the other wrote.
fn a_library_is_shared() {
    let folder = std::env::temp_dir().join(format!("homeostat-forge-shared-{}", std::process::id()));
    let path = folder.join("library.jsonl");
    std::thread::scope(|s| {
        for t in 0..3u32 {
            let path = path.clone();
            s.spawn(move || {
                let faults = Arc::new(Faults::default());
                let f = forge(&faults, options(Tier::Standard, 0.0, u64::from(t)), Some(path));
                for i in 0..12 {
                    let id = f.kernel(product(4 + i, 8, 8 + t), None).unwrap();
                    assert!(f.settle(id, LONG));
                    f.dispose(id);
                }
                assert!(f.close(LONG));
            });
        }
    });
    let mut library = homeostat_forge::library::Library::new();
    let reading = library.read(&std::fs::read(&path).unwrap());
    assert_eq!((reading.damaged, reading.other_version), (0, 0));
    assert!(library.len() >= 36, "{}", library.len());
    std::fs::remove_dir_all(&folder).unwrap();
}

/// One thing at a time: these measure memory and provoke panics.
fn main() {
    let filter: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    // A machine's panic on purpose is told by its own error.
    std::panic::set_hook(Box::new(|info| {
        let text = info.to_string();
        if !text.contains("as the test wants it") {
            eprintln!("{text}");
        }
    }));
    let tests: [(&str, fn()); 6] = [
        (
            "nothing_is_left_of_kernels_that_were_disposed_of",
            nothing_is_left_of_kernels_that_were_disposed_of,
        ),
        ("a_warm_library_needs_no_search", a_warm_library_needs_no_search),
        ("a_library_is_shared", a_library_is_shared),
        ("late_faults_are_found_in_time", late_faults_are_found_in_time),
        ("runs_go_on_under_continuous_swaps", runs_go_on_under_continuous_swaps),
        ("every_fault_is_caught", every_fault_is_caught),
    ];
    let (mut passed, mut failed, mut filtered) = (0, 0, 0);
    for (name, test) in tests {
        if !filter.is_empty() && !filter.iter().any(|f| name.contains(f.as_str())) {
            filtered += 1;
            continue;
        }
        let start = Instant::now();
        let ok = std::panic::catch_unwind(test).is_ok();
        println!(
            "test {name} ... {} ({:.1} s)",
            if ok { "ok" } else { "FAILED" },
            start.elapsed().as_secs_f64()
        );
        if ok { passed += 1 } else { failed += 1 }
    }
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {word}. {passed} passed; {failed} failed; 0 ignored; 0 measured; {filtered} filtered out"
    );
    std::process::exit(if failed == 0 { 0 } else { 101 });
}

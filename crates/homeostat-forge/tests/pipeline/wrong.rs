//! What was wrong is told with the smallest case found, and is not picked because it was fast; how long a dispatch takes is measured by the
//! device's work alone. Smallest cases are looked for natively.

use super::*;
use homeostat_forge::schedule::Schedule;

#[cfg(feature = "std")]
#[test]
fn a_rejection_names_the_smallest_case_found() {
    let mut bench = Bench::new();
    bench.ill = Ill::Edge;
    let id = bench.kernel(9, Tier::Fast);
    bench.work(10_000);
    assert!(!bench.answers(id) && bench.engine.has_settled(id));
    let all = bench.engine.take_events().0;
    let rejected: Vec<&Entry> = all.iter().filter(|e| e.event == Event::Rejected).collect();
    let [rejected] = rejected[..] else { panic!("{rejected:?}") };
    // Of a product of 8 x 12 by 12 x 9 whose rows are lost from the fifth on.
    let smallest = &rejected.evidence.smallest;
    assert!(
        smallest.starts_with("a [5, 1], b [1, 1]: random inputs: output 0, element 4: got NaN"),
        "{smallest}"
    );
    assert!(rejected.evidence.reason.contains("element 36: got NaN"), "{rejected:?}");
    // Journal and explanation have it too, and its programs are gone.
    let journal = bench.engine.take_journal(usize::MAX);
    assert!(journal.contains("\"smallest\":\"a [5, 1], b [1, 1]: random"), "{journal}");
    assert_eq!(bench.engine.registry().rejected(id).unwrap().evidence.smallest, *smallest);
    assert!(bench.plans.is_empty());
    // At most sixteen proofs more, for whatever is wrong.
    assert!(bench.compiled.len() <= 1 + 16, "{}", bench.compiled.len());
}

#[cfg(feature = "std")]
#[test]
fn what_is_wrong_at_every_size_is_told_by_one_element_and_what_is_refused_by_none() {
    for (ill, wanted) in [(Ill::Wrong, "a [1, 1], b [1, 1]: random inputs"), (Ill::Refuses, "")] {
        let mut bench = Bench::new();
        bench.ill = ill;
        bench.kernel(9, Tier::Fast);
        bench.work(10_000);
        let all = bench.engine.take_events().0;
        let rejected = all.iter().find(|e| e.event == Event::Rejected).unwrap();
        assert!(rejected.evidence.smallest.starts_with(wanted), "{rejected:?}");
        assert_eq!(rejected.evidence.smallest.is_empty(), wanted.is_empty());
    }
}

/// A device on which a submission costs four milliseconds, and one dispatch ten microseconds unless it is said otherwise.
fn carry_out(
    bench: &mut Bench,
    id: Option<KernelId>,
    command: Command,
    seconds: impl Fn(ProgramId) -> f64,
) -> Reply {
    match command {
        Command::Time(program, _, times) => {
            let wall_s = 4e-3 + seconds(program) * f64::from(times);
            Reply::Timed(Timing { wall_s, own_s: None })
        }
        other => bench.carry_out(id, other),
    }
}

#[test]
fn batches_are_of_the_device_s_work_whatever_a_submission_costs() {
    let mut bench = Bench::new();
    let id = bench.kernel(20, Tier::Standard);
    let mut batches: BTreeMap<ProgramId, Vec<u32>> = BTreeMap::new();
    while let Some((of, command)) = bench.engine.next(bench.now_us) {
        if let Command::Time(program, _, times) = &command {
            batches.entry(*program).or_default().push(*times);
        }
        let reply = carry_out(&mut bench, of, command, |_| 1e-5);
        bench.engine.reply(reply);
    }
    assert!(bench.answers(id) && batches.len() > 10);
    for (program, batches) in &batches {
        // Sized by the slope between n and 2 n; what is sampled afterwards are batches of at least 5 ms of 10 us.
        let last = *batches.last().unwrap();
        assert!(last >= 495 && *batches.iter().max().unwrap() <= 4000, "{program:?}: {batches:?}");
    }
}

/// A schedule that is ten times as fast as any other, because it leaves out most of the work.
#[test]
fn a_wrong_kernel_is_not_picked_because_it_was_fast() {
    let mut bench = Bench::new();
    let id = bench.kernel(20, Tier::Standard);
    let (mut tempting, mut fast) = (None, Vec::new());
    while let Some((of, command)) = bench.engine.next(bench.now_us) {
        let reply = match command {
            Command::Compile(program, plan, parts) => {
                let text = parts[0].1.passes.last().unwrap().wgsl.clone();
                // The first one that is not what answers by now.
                if tempting.is_none() && bench.answers(id) {
                    tempting = Some(text.clone());
                }
                if tempting.as_ref() == Some(&text) {
                    fast.push(program);
                }
                bench.carry_out(of, Command::Compile(program, plan, parts))
            }
            Command::Execute { program, inputs, guarded } => {
                bench.ill = if fast.contains(&program) { Ill::Wrong } else { Ill::No };
                bench.carry_out(of, Command::Execute { program, inputs, guarded })
            }
            other => carry_out(&mut bench, of, other, |p| if fast.contains(&p) { 1e-6 } else { 1e-5 }),
        };
        bench.engine.reply(reply);
    }
    assert!(!fast.is_empty());
    let current = bench.engine.registry().current(id).unwrap().unwrap().clone();
    assert!(!fast.contains(&current.program));
    let all = bench.engine.take_events().0;
    let rejected: Vec<Schedule> =
        all.iter().filter(|e| e.event == Event::Rejected).flat_map(|e| e.schedules.clone()).collect();
    assert_eq!(rejected.len(), 1, "it was the fastest, and was proven");
    let promoted = all.iter().filter(|e| e.event == Event::Promoted).flat_map(|e| e.schedules.clone());
    assert!(promoted.into_iter().all(|s| s != rejected[0]));
    assert_eq!(bench.quarantined(), [rejected[0].text()]);
}

/// Whoever closes, disposes of the kernel or loses the device then drops the pipeline.
#[cfg(feature = "std")]
#[test]
fn what_is_wrong_is_kept_from_everybody_before_its_smallest_case_is_looked_for() {
    let mut bench = Bench::new();
    bench.ill = Ill::Wrong;
    let id = bench.kernel(9, Tier::Fast);
    // Its smaller cases are compiled beside the first program.
    while bench.compiled.len() < 2 {
        assert_eq!(bench.work(1), 1);
    }
    let tried = bench.tried();
    assert_eq!((tried.len(), &tried), (1, &bench.quarantined()));
    bench.engine.dispose(id, bench.now_us);
    bench.work(100);
    let lines = bench.engine.take_library();
    let mut later = Bench::after(&lines, device("d", "1"));
    later.kernel(9, Tier::Standard);
    later.work(10_000);
    assert!(later.tried().iter().all(|schedule| *schedule != tried[0]));
}

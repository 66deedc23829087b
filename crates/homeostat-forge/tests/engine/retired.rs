//! What is retired: kernels and blueprints that nobody wants any more, that better ones have taken the place of, whose device is gone. Each
//! is journaled, and none is lost to whoever wants it again.

use super::*;
use homeostat_forge::library::{BlueprintState, Record};

fn states(engine: &mut Engine) -> Vec<KernelState> {
    engine.registry().library.kernels().map(|(_, r): (_, &Record)| r.state).collect()
}

/// Reasons of what was retired since events were last taken, with the schedules.
fn retired(engine: &mut Engine) -> Vec<(String, Vec<Schedule>)> {
    let all = engine.take_events().0.into_iter().filter(|e| e.event == Event::Retired);
    all.map(|e| (e.evidence.reason, e.schedules)).collect()
}

#[test]
fn what_nobody_wants_any_more_is_retired_and_stands_where_it_stood_when_it_is_wanted_again() {
    let (mut engine, mut bench, id) = attached(Tier::Fast);
    let other = engine.kernel(blueprint(), options(Tier::Fast), 1).unwrap();
    bench.work(&mut engine);
    let hash = engine.subject(id).unwrap().hash;
    let winner = engine.registry().current(id).unwrap().unwrap().schedules.clone();
    assert!(!engine.take_library().is_empty());
    engine.take_events();
    engine.dispose(other, 5);
    // Another kernel of it is there.
    assert_eq!(retired(&mut engine), [(String::from("it was disposed of"), winner.clone())]);
    assert_eq!(engine.registry().library.blueprint(&hash), BlueprintState::Validated);
    assert_eq!(states(&mut engine), [KernelState::Promoted]);
    engine.take_journal(usize::MAX);
    engine.dispose(id, 6);
    assert_eq!(engine.registry().library.blueprint(&hash), BlueprintState::Retired);
    assert_eq!(states(&mut engine), [KernelState::Retired]);
    let journal = engine.take_journal(usize::MAX);
    assert!(journal.contains("nobody wants its blueprint any more"), "{journal}");
    assert!(journal.contains("\"retired\"") && journal.contains("it was disposed of"), "{journal}");
    // It is this process's own matter: the file says what answered last, as before.
    assert_eq!(engine.take_library(), "");
    let kept = engine.registry().library.all_lines();
    assert!(kept.contains("\"promoted\"") && !kept.contains("retired"), "{kept}");
    engine.take_events();
    let again = engine.kernel(blueprint(), options(Tier::Standard), 7).unwrap();
    assert_eq!(engine.registry().library.blueprint(&hash), BlueprintState::Validated);
    assert_eq!(states(&mut engine), [KernelState::Compiled]);
    bench.work(&mut engine);
    // It is proven once more, and nothing is searched for or written.
    assert_eq!(engine.registry().current(again).unwrap().unwrap().schedules, winner);
    assert_eq!(states(&mut engine), [KernelState::Promoted]);
    assert!(!names(&mut engine).contains(&Event::Measured));
    assert_eq!(engine.take_library(), "");
}

#[test]
fn what_better_ones_have_taken_the_place_of_is_retired_beyond_what_can_be_rolled_back_to() {
    let (mut engine, mut bench, id) = attached(Tier::Fast);
    bench.work(&mut engine);
    let subject = engine.subject(id).unwrap();
    let first = engine.registry().current(id).unwrap().unwrap().schedules.clone();
    let space = Schedule::space(&subject.plan.groups[0], &Limits::PORTABLE);
    let others: Vec<Schedule> = space.into_iter().filter(|s| *s != first[0]).take(3).collect();
    engine.take_events();
    for (n, schedule) in others.iter().enumerate() {
        engine.propose(id, vec![*schedule]);
        bench.work(&mut engine);
        // Two can be rolled back to.
        let wanted = if n == 2 {
            vec![(String::from("better ones have taken its place"), first.clone())]
        } else {
            vec![]
        };
        assert_eq!(retired(&mut engine), wanted);
    }
    let state = |engine: &mut Engine, schedule: &Schedule| {
        let text = schedule.text();
        let mut all = engine.registry().library.kernels();
        all.find(|(k, _)| k.schedule == text).map(|(_, r)| r.state)
    };
    use KernelState::{Promoted, Retired, Validated};
    assert_eq!(state(&mut engine, &first[0]), Some(Retired));
    assert_eq!(state(&mut engine, &others[0]), Some(Validated));
    assert_eq!(state(&mut engine, &others[2]), Some(Promoted));
    assert!(engine.take_journal(usize::MAX).contains("better ones have taken its place"));
    // A later life does not begin with it, and knows no more of it than that; it may be proven again where somebody asks for it.
    let lines = engine.take_library();
    assert!(lines.contains("\"kernel\":\"retired\""), "{lines}");
    assert!(!engine.registry().known_json(id).unwrap().contains(&first[0].text()));
    engine.propose(id, first.clone());
    bench.work(&mut engine);
    assert_eq!(state(&mut engine, &first[0]), Some(Promoted));
}

#[test]
fn what_a_device_took_with_it_is_retired_and_is_a_candidate_when_one_comes() {
    let (mut engine, mut bench, id) = attached(Tier::Fast);
    bench.work(&mut engine);
    let winner = engine.registry().current(id).unwrap().unwrap().schedules.clone();
    engine.take_events();
    engine.take_library();
    engine.gone(&Error::new(Code::DeviceLost, "a driver restarts"), 9);
    assert_eq!(retired(&mut engine), [(String::from("its device is gone"), winner.clone())]);
    assert_eq!(states(&mut engine), [KernelState::Retired]);
    assert!(engine.take_journal(usize::MAX).contains("its device is gone"));
    // Another device says nothing of it.
    engine.attach(DeviceKey { device: 7, ..key() }, Limits::PORTABLE, 10).unwrap();
    assert_eq!(states(&mut engine), [KernelState::Retired]);
    engine.gone(&Error::new(Code::DeviceLost, "it was the wrong one"), 11);
    bench.programs.clear();
    engine.attach(key(), Limits::PORTABLE, 12).unwrap();
    assert_eq!(states(&mut engine), [KernelState::Compiled]);
    bench.work(&mut engine);
    assert_eq!(engine.registry().current(id).unwrap().unwrap().schedules, winner);
    assert_eq!(states(&mut engine), [KernelState::Promoted]);
    // What is found wrong meanwhile is quarantined, retired or not.
    engine.dispose(id, 13);
    let bad: Vec<_> = engine.registry().library.kernels().map(|(k, _)| k.clone()).collect();
    engine.registry().library.move_kernel(&bad[0], KernelState::Quarantined, None).unwrap();
    assert_eq!(states(&mut engine), [KernelState::Quarantined]);
}

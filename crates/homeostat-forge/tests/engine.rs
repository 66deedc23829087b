//! The engine as a browser's binding drives it: one thread, a clock that is an argument, a device that is this test.

#[path = "engine/retired.rs"]
mod retired;

use homeostat_core::error::{Code, Error};
use homeostat_core::journal::Chain;
use homeostat_forge::architect::Topic;
use homeostat_forge::engine::Engine;
use homeostat_forge::ir::{Blueprint, Builder, DType, Data, Unary};
use homeostat_forge::library::{DeviceKey, KernelState};
use homeostat_forge::measure::Timing;
use homeostat_forge::pipeline::{Command, Recipe, Reply};
use homeostat_forge::prove::{Inputs, make};
use homeostat_forge::registry::{
    Backend, CAPACITY, Ended, Entry, Event, Evidence, Installed, KernelId, KernelOptions, Offer, Options,
    Outcome, ProgramId, Tier, check,
};
use homeostat_forge::schedule::{Limits, Schedule};
use std::collections::BTreeSet;

fn blueprint() -> Blueprint {
    let mut g = Builder::new();
    let (a, b) = (g.input("a", DType::F32, &[48, 40]).unwrap(), g.input("b", DType::F32, &[40, 64]).unwrap());
    let y = g.matmul(a, b, false, false).unwrap();
    let y = g.unary(Unary::Relu, y).unwrap();
    g.finish(&[y]).unwrap()
}

fn key() -> DeviceKey {
    let compiler = env!("CARGO_PKG_VERSION").into();
    DeviceKey { backend: "test".into(), vendor: 1, device: 1, driver: "d".into(), compiler }
}

fn options(tier: Tier) -> KernelOptions {
    KernelOptions { tier, backend: Backend::Gpu, sampling: 1.0, evaluations: 4, ..KernelOptions::default() }
}

/// The device: it computes what it should, and remembers which programs it has.
#[derive(Default)]
struct Bench {
    programs: BTreeSet<ProgramId>,
    commands: u64,
}

impl Bench {
    fn carry_out(&mut self, engine: &mut Engine, id: Option<KernelId>, command: Command) -> Reply {
        self.commands += 1;
        match command {
            Command::Compile(program, plan, parts) => {
                let recipe = Recipe::new(&plan, &parts);
                assert!(recipe.json(&parts).starts_with("{\"tensors\":[{\"dtype\":\"f32\""));
                assert!(self.programs.insert(program));
                Reply::Done
            }
            Command::Execute { program, inputs, .. } => {
                assert!(self.programs.contains(&program));
                Reply::Executed(engine.compute(id.unwrap(), &inputs).unwrap(), 1e-3)
            }
            Command::Compute(inputs) => Reply::Executed(engine.compute(id.unwrap(), &inputs).unwrap(), 2e-3),
            Command::Time(_, _, times) => {
                Reply::Timed(Timing { wall_s: 1e-5 * f64::from(times), own_s: None })
            }
            Command::Drop(program) => {
                assert!(self.programs.remove(&program), "{program:?} was not there");
                Reply::Done
            }
        }
    }

    /// Carries out what there is to do.
    fn work(&mut self, engine: &mut Engine) {
        // A second each: the runs before it were long ago.
        while let Some((id, command)) = engine.next(self.commands * 1_000_000) {
            let reply = self.carry_out(engine, id, command);
            engine.reply(reply);
        }
    }
}

/// A run as a binding does it; the device's answer is off where `wrong` says so.
fn run(engine: &mut Engine, id: KernelId, wrong: bool) -> (Vec<Data>, Outcome) {
    let inputs = make(&blueprint(), Inputs::Random, 3);
    let subject = engine.subject(id).unwrap();
    let ticket = engine.begin(id, 5).unwrap();
    let mut outputs = subject.compute(&inputs).unwrap();
    if ticket.program.is_none() {
        let outcome = engine.end(ticket, Ended::Aside, 6);
        return (outputs, outcome);
    }
    if let (Data::F32(values), true) = (&mut outputs[0], wrong) {
        values[7] += 1.0;
    }
    let verdict = ticket.check.then(|| check(&subject, &ticket, &inputs, &outputs).unwrap());
    let outcome = engine.end(ticket, Ended::Answered(1e-3, verdict), 6);
    if outcome == Outcome::Recompute {
        outputs = subject.compute(&inputs).unwrap();
    }
    (outputs, outcome)
}

fn attached(tier: Tier) -> (Engine, Bench, KernelId) {
    let mut engine = Engine::new(Options::default()).unwrap();
    engine.attach(key(), Limits::PORTABLE, 0).unwrap();
    let id = engine.kernel(blueprint(), options(tier), 1).unwrap();
    (engine, Bench::default(), id)
}

fn names(engine: &mut Engine) -> Vec<Event> {
    engine.take_events().0.iter().map(|e: &Entry| e.event).collect()
}

#[test]
fn from_the_first_program_to_the_last_search() {
    let (mut engine, mut bench, id) = attached(Tier::Standard);
    assert_eq!(run(&mut engine, id, false).1, Outcome::Keep);
    assert!(engine.registry().current(id).unwrap().is_none() && !engine.has_settled(id));
    bench.work(&mut engine);
    assert!(engine.has_settled(id));
    let all = engine.take_events().0;
    let seen: Vec<Event> = all.iter().map(|e| e.event).collect();
    for event in
        [Event::Attached, Event::Added, Event::Compiling, Event::Validated, Event::Promoted, Event::Settled]
    {
        assert!(seen.contains(&event), "{event:?}: {seen:?}");
    }
    assert_eq!(seen.iter().filter(|e| **e == Event::Measured).count(), 4, "{all:?}");
    // Only what answers is left on the device.
    assert_eq!(bench.programs.len(), 1);
    assert_eq!(run(&mut engine, id, false).1, Outcome::Keep);
    engine.dispose(id, 9);
    bench.work(&mut engine);
    assert!(bench.programs.is_empty());
    assert_eq!(engine.begin(id, 10).unwrap_err().code, Code::Closed);
}

#[test]
fn decisions_are_in_the_journal_before_they_take_effect_and_its_lines_are_chained() {
    let (mut engine, mut bench, id) = attached(Tier::Fast);
    bench.work(&mut engine);
    assert_eq!(run(&mut engine, id, true).1, Outcome::Recompute);
    let text = engine.take_journal(usize::MAX);
    let mut chain = Chain::default();
    let events: Vec<&str> = text
        .lines()
        .map(|line| {
            let (body, hash) = Chain::split(line).unwrap();
            assert!(chain.check(body, hash));
            body.split("\"event\":\"").nth(1).unwrap().split('"').next().unwrap()
        })
        .collect();
    let wanted = [
        "start",
        "attached",
        "added",
        "queued",
        "compiling",
        "proven",
        "validated",
        "proposed",
        "promoted",
        "settled",
        "quarantined",
        "rolled-back",
    ];
    assert_eq!(events, wanted);
    assert!(text.contains("worst_error") && text.contains("\"scope\":\"forge\""), "{text}");
}

#[test]
fn what_was_wrong_never_answers_again() {
    let (mut engine, mut bench, id) = attached(Tier::Fast);
    bench.work(&mut engine);
    let bad = engine.registry().current(id).unwrap().unwrap().schedules.clone();
    let (answer, outcome) = run(&mut engine, id, true);
    assert_eq!((outcome, engine.registry().current(id).unwrap()), (Outcome::Recompute, None));
    assert_eq!(answer, engine.compute(id, &make(&blueprint(), Inputs::Random, 3)).unwrap());
    let states: Vec<KernelState> = engine.registry().library.kernels().map(|(_, r)| r.state).collect();
    assert_eq!(states, [KernelState::Quarantined]);
    // Another one is found for it, and never that one.
    bench.work(&mut engine);
    let next = engine.registry().current(id).unwrap().unwrap().schedules.clone();
    assert_ne!(next, bad);
    engine.propose(id, bad.clone());
    bench.work(&mut engine);
    assert_eq!(engine.registry().current(id).unwrap().unwrap().schedules, next);
    // Nor in a later life.
    let lines = engine.take_library();
    let mut later = Engine::new(Options::default()).unwrap();
    later.read_library(lines.as_bytes());
    later.attach(key(), Limits::PORTABLE, 0).unwrap();
    let id = later.kernel(blueprint(), options(Tier::Fast), 1).unwrap();
    Bench::default().work(&mut later);
    let answers = later.registry().current(id).unwrap().unwrap().schedules.clone();
    assert_eq!(answers, next);
}

#[test]
fn a_run_that_began_before_a_swap_still_condemns_its_program() {
    let (mut engine, mut bench, id) = attached(Tier::Fast);
    bench.work(&mut engine);
    let first = engine.registry().current(id).unwrap().unwrap().clone();
    let ticket = engine.begin(id, 5).unwrap();
    let subject = engine.subject(id).unwrap();
    let space = Schedule::space(&subject.plan.groups[0], &Limits::PORTABLE);
    let other = *space.iter().find(|s| **s != first.schedules[0]).unwrap();
    engine.propose(id, vec![other]);
    bench.work(&mut engine);
    let second = engine.registry().current(id).unwrap().unwrap().clone();
    assert_eq!((second.schedules[0], ticket.program), (other, Some(first.program)));
    let inputs = make(&blueprint(), Inputs::Random, 3);
    let wrong = vec![Data::F32(vec![1e9; 48 * 64])];
    let verdict = check(&subject, &ticket, &inputs, &wrong).unwrap();
    assert_eq!(engine.end(ticket, Ended::Answered(1e-3, Some(verdict)), 7), Outcome::Recompute);
    // What answers stays; there is nothing to go back to any more.
    assert_eq!(engine.registry().current(id).unwrap(), Some(&second));
    assert!(!engine.registry().take_back(id, 8));
    bench.work(&mut engine);
    assert!(!bench.programs.contains(&first.program) && bench.programs.contains(&second.program));
}

#[test]
fn a_program_lives_as_long_as_its_last_run() {
    let (mut engine, mut bench, id) = attached(Tier::Fast);
    bench.work(&mut engine);
    let (one, two) = (engine.begin(id, 1).unwrap(), engine.begin(id, 2).unwrap());
    engine.dispose(id, 3);
    bench.work(&mut engine);
    assert_eq!(bench.programs.len(), 1);
    engine.end(one, Ended::Answered(1e-3, None), 4);
    bench.work(&mut engine);
    assert_eq!(bench.programs.len(), 1);
    engine.end(two, Ended::Failed(Error::new(Code::DeviceMemory, "none left")), 5);
    bench.work(&mut engine);
    assert!(bench.programs.is_empty());
}

#[test]
fn what_cannot_be_recorded_does_not_take_place_but_what_protects_does() {
    let (mut engine, mut bench, id) = attached(Tier::Fast);
    bench.work(&mut engine);
    let installed = engine.registry().current(id).unwrap().unwrap().clone();
    for _ in 0..CAPACITY {
        engine.registry().note(1, Some(id), Event::Kept, &[], Evidence::default());
    }
    let offer = |installed: Installed| Offer { installed, ratio: None, worst: 0.1 };
    let again = Installed { program: ProgramId(99), ..installed };
    assert!(!engine.registry().promote(id, offer(again.clone()), 2));
    assert_eq!(run(&mut engine, id, true).1, Outcome::Recompute);
    assert!(engine.registry().lost() > 0);
    engine.take_journal(usize::MAX);
    let elsewhere = Installed { schedules: Vec::new(), ..again };
    assert!(engine.registry().promote(id, offer(elsewhere), 3));
}

#[test]
fn without_a_device_the_processor_answers_and_a_new_one_begins_anew() {
    let (mut engine, mut bench, id) = attached(Tier::Fast);
    bench.work(&mut engine);
    let ticket = engine.begin(id, 1).unwrap();
    let error = Error::new(Code::DeviceLost, "gone");
    assert_eq!(engine.end(ticket, Ended::Failed(error), 2), Outcome::Recompute);
    assert!(engine.registry().device().is_none() && engine.next(3).is_none());
    assert_eq!(run(&mut engine, id, true).1, Outcome::Keep);
    engine.attach(key(), Limits::PORTABLE, 4).unwrap();
    bench.programs.clear();
    engine.take_events();
    bench.work(&mut engine);
    // What the library knows is checked once more, and answers without a search.
    assert!(engine.registry().current(id).unwrap().is_some());
    assert!(!names(&mut engine).contains(&Event::Measured));
}

#[test]
fn a_program_that_becomes_slow_is_taken_back_and_looked_into_once_more() {
    let (mut engine, mut bench, id) = attached(Tier::Fast);
    bench.work(&mut engine);
    let first = engine.registry().current(id).unwrap().unwrap().schedules.clone();
    let run = |engine: &mut Engine, seconds: f64| {
        let ticket = engine.begin(id, 1).unwrap();
        engine.end(ticket, Ended::Answered(seconds, None), 2);
    };
    // The only program stays, however slow: it is right, and there is nothing faster.
    (0..100).for_each(|_| run(&mut engine, 3e-3));
    assert_eq!(engine.registry().current(id).unwrap().unwrap().schedules, first);
    let subject = engine.subject(id).unwrap();
    let space = Schedule::space(&subject.plan.groups[0], &Limits::PORTABLE);
    let other = *space.iter().find(|s| **s != first[0]).unwrap();
    engine.propose(id, vec![other]);
    bench.work(&mut engine);
    assert_eq!(engine.registry().current(id).unwrap().unwrap().schedules, [other]);
    (0..31).for_each(|_| run(&mut engine, 1e-3));
    assert_eq!(engine.registry().current(id).unwrap().unwrap().schedules, [other]);
    engine.take_events();
    let runs = (1..100).find(|_| {
        run(&mut engine, 2e-3);
        engine.registry().current(id).unwrap().unwrap().schedules == first
    });
    assert!(runs.is_some_and(|n| n <= 64), "{runs:?}");
    // Both take as long on this bench: what was taken back is compared, and does not come back.
    bench.work(&mut engine);
    let seen = names(&mut engine);
    assert_eq!(engine.registry().current(id).unwrap().unwrap().schedules, first);
    for event in [Event::Demoted, Event::RolledBack, Event::Refused, Event::Settled] {
        assert!(seen.contains(&event), "{event:?}: {seen:?}");
    }
}

#[test]
fn a_kernel_disposed_of_while_its_candidate_is_compiled_leaves_nothing() {
    let (mut engine, mut bench, id) = attached(Tier::Fast);
    let (of, command) = engine.next(1).unwrap();
    assert!(matches!(command, Command::Compile(..)));
    let reply = bench.carry_out(&mut engine, of, command);
    engine.dispose(id, 2);
    engine.reply(reply);
    bench.work(&mut engine);
    assert!(bench.programs.is_empty());
}

#[test]
fn a_checked_run_ends_whatever_came_of_it() {
    let (mut engine, mut bench, id) = attached(Tier::Fast);
    bench.work(&mut engine);
    let inputs = make(&blueprint(), Inputs::Random, 3);
    let right = engine.compute(id, &inputs).unwrap();
    let begin = |engine: &mut Engine| {
        let ticket = engine.begin(id, 5).unwrap();
        assert!(ticket.check && ticket.program.is_some());
        ticket
    };
    let ticket = begin(&mut engine);
    assert_eq!(engine.answered(ticket, 1e-3, &inputs, &right, 6), Outcome::Keep);
    // Outputs that the host lacks are the processor's to compute, and say nothing of the kernel.
    for (inputs, outputs) in [(&inputs[..], &[][..]), (&inputs[..1], &right[..])] {
        let ticket = begin(&mut engine);
        assert_eq!(engine.answered(ticket, 1e-3, inputs, outputs, 6), Outcome::Recompute);
    }
    let mut wrong = right.clone();
    if let Data::F32(values) = &mut wrong[0] {
        values[7] += 1.0;
    }
    let (late, ticket) = (begin(&mut engine), begin(&mut engine));
    assert_eq!(engine.answered(ticket, 1e-3, &inputs, &wrong, 6), Outcome::Recompute);
    assert!(names(&mut engine).contains(&Event::Quarantined));
    engine.dispose(id, 7);
    assert_eq!(engine.answered(late, 1e-3, &inputs, &right, 8), Outcome::Keep);
    // Every run has ended: nothing holds a program.
    bench.work(&mut engine);
    assert!(bench.programs.is_empty(), "{:?}", bench.programs);
}

#[test]
fn options_say_what_is_wrong_with_them() {
    let parse = |text| KernelOptions::default().parse(text).map_err(|e| (e.code, e.message.clone()));
    assert_eq!(parse("").unwrap(), KernelOptions::default());
    assert_eq!(parse(r#"{"tier":"fast","sampling":0.5}"#).unwrap().tier, Tier::Fast);
    for (text, wanted) in [
        (r#"{"tier":"slow"}"#, "kernel.tier: expected one of standard, fast, aggressive"),
        (r#"{"sampling":1.5}"#, "kernel.sampling: expected 0 to 1, got 1.5"),
        (r#"{"sampler":1}"#, "kernel.sampler: is not an option"),
    ] {
        let (code, message) = parse(text).unwrap_err();
        assert!(code == Code::InvalidOption && message.starts_with(wanted), "{message}");
    }
    let limits = Limits::webgpu(
        r#"{"maxComputeInvocationsPerWorkgroup":512,"features":["shader-f16","subgroups"],"subgroupMinSize":8,"subgroupMaxSize":8,"software":true}"#,
    )
    .unwrap();
    assert_eq!((limits.invocations, limits.subgroup, limits.f16, limits.cores), (512, Some(8), true, 2));
    assert_eq!(
        Limits::webgpu(r#"{"maxComputeInvocationsPerWorkgroup":"x"}"#).unwrap_err().code,
        Code::InvalidOption
    );
}

/// Two products that share what is computed before them.
fn shared() -> Blueprint {
    let mut g = Builder::new();
    let x = g.input("x", DType::F32, &[24, 16]).unwrap();
    let (v, w) = (g.input("v", DType::F32, &[16, 8]).unwrap(), g.input("w", DType::F32, &[16, 12]).unwrap());
    let t = g.unary(Unary::Tanh, x).unwrap();
    let (y, z) = (g.matmul(t, v, false, false).unwrap(), g.matmul(t, w, false, false).unwrap());
    g.finish(&[y, z]).unwrap()
}

#[test]
fn another_graph_that_is_faster_answers_and_is_known_in_a_later_life() {
    let life = |library: &[u8]| {
        let mut engine = Engine::new(Options::default()).unwrap();
        engine.read_library(library);
        engine.attach(key(), Limits::PORTABLE, 0).unwrap();
        let options = KernelOptions { evaluations: 10, ..options(Tier::Standard) };
        let id = engine.kernel(shared(), options, 1).unwrap();
        // On this device every dispatch takes as long as any other: fewer kernels are faster.
        Bench::default().work(&mut engine);
        assert!(engine.has_settled(id));
        let current = engine.registry().current(id).unwrap().unwrap().clone();
        let events = engine.take_events().0;
        let text: String = events.iter().map(Entry::json).collect();
        (current, text, engine.take_library())
    };
    let (current, text, library) = life(b"");
    assert_eq!(engine_groups(&current), 2, "{:?}", current.form.variant);
    assert!(!current.form.variant.is_plain());
    assert!(text.contains(&format!("\"rewritten\":\"{}\"", current.form.variant)), "{text}");
    assert!(library.contains("rewrite-fuse") && library.contains("model-contract"), "{library}");
    let (again, text, _) = life(library.as_bytes());
    assert_eq!((again.form.variant, again.schedules), (current.form.variant, current.schedules));
    assert!(!text.contains("measured"), "{text}");
}

fn engine_groups(installed: &Installed) -> usize {
    installed.form.plan.groups.len()
}

#[test]
fn what_fails_in_the_field_is_learned_from() {
    let (mut engine, mut bench, id) = attached(Tier::Fast);
    bench.work(&mut engine);
    let first = engine.registry().current(id).unwrap().unwrap().schedules[0];
    let subject = engine.subject(id).unwrap();
    let space = Schedule::space(&subject.plan.groups[0], &Limits::PORTABLE);
    let apart =
        |s: &&Schedule| s.dimensions().iter().zip(first.dimensions()).filter(|(a, b)| **a != *b).count() == 1;
    let other = *space.iter().find(apart).unwrap();
    engine.propose(id, vec![other]);
    bench.work(&mut engine);
    assert_eq!(engine.registry().current(id).unwrap().unwrap().schedules, [other]);
    assert_eq!(run(&mut engine, id, true).1, Outcome::Recompute);
    let (numbers, trust) = engine.registry().learned(Topic::Moves(0)).unwrap();
    let changed = (0..8).find(|d| other.dimensions()[*d] != first.dimensions()[*d]).unwrap();
    assert_eq!(trust, 1.0);
    assert_eq!(numbers[2 * changed..2 * changed + 2], [1.0, -1.0]);
    assert_eq!(numbers.iter().filter(|n| **n != 0.0).count(), 2);
    // Another device of the vendor believes some of it, one of another vendor nothing.
    let library = engine.take_library();
    let mut later = Engine::new(Options::default()).unwrap();
    later.read_library(library.as_bytes());
    later.attach(DeviceKey { device: 7, ..key() }, Limits::PORTABLE, 0).unwrap();
    assert_eq!(later.registry().learned(Topic::Moves(0)), Some((numbers, 0.4)));
    later.attach(DeviceKey { vendor: 9, ..key() }, Limits::PORTABLE, 0).unwrap();
    assert_eq!(later.registry().learned(Topic::Moves(0)), None);
}

//! The stages of the pipeline: queues that are bounded, load that is shed by what matters, breakers that leave a sick driver alone.

#[path = "pipeline/pace.rs"]
mod pace;
#[path = "pipeline/wrong.rs"]
mod wrong;

use homeostat_core::error::{Code, Error};
use homeostat_forge::controller::Objective;
use homeostat_forge::engine::Engine;
use homeostat_forge::ir::{Blueprint, Builder, DType, Data};
use homeostat_forge::library::{BlueprintState, DeviceKey, KernelState};
use homeostat_forge::measure::Timing;
use homeostat_forge::pipeline::{Command, Reply};
use homeostat_forge::plan::Plan;
use homeostat_forge::prove::{Inputs, make};
use homeostat_forge::registry::{
    Backend, Ended, Entry, Event, KernelId, KernelOptions, Options, ProgramId, Tier,
};
use homeostat_forge::schedule::Limits;
use std::collections::BTreeMap;
use std::sync::Arc;

const SECOND: u64 = 1_000_000;

fn blueprint(n: u32) -> Blueprint {
    let mut g = Builder::new();
    let (a, b) = (g.input("a", DType::F32, &[8, 12]).unwrap(), g.input("b", DType::F32, &[12, n]).unwrap());
    let y = g.matmul(a, b, false, false).unwrap();
    g.finish(&[y]).unwrap()
}

/// What is wrong with the device.
#[derive(Clone, Copy, PartialEq)]
enum Ill {
    No,
    Refuses,
    Wrong,
    /// A tile's edge is miscompiled: rows from the fifth on are not stored.
    #[cfg(feature = "std")]
    Edge,
}

struct Bench {
    engine: Engine,
    ill: Ill,
    now_us: u64,
    /// What a run takes on the processor; on the device it takes a millisecond.
    compute_s: f64,
    /// Kernels whose programs were compiled, in order.
    compiled: Vec<KernelId>,
    /// So many commands from now one hangs the device; 0 for none.
    hang_in: usize,
    /// What every program computes.
    plans: BTreeMap<ProgramId, Arc<Plan>>,
}

fn device(driver: &str, compiler: &str) -> DeviceKey {
    let (driver, compiler) = (driver.into(), compiler.into());
    DeviceKey { backend: "test".into(), vendor: 1, device: 1, driver, compiler }
}

impl Bench {
    fn new() -> Self {
        Self::after("", device("d", "1"))
    }

    /// A later life, with what earlier ones kept.
    fn after(library: &str, key: DeviceKey) -> Self {
        let mut engine = Engine::new(Options::default()).unwrap();
        engine.read_library(library.as_bytes());
        engine.attach(key, Limits::PORTABLE, 0).unwrap();
        let plans = BTreeMap::new();
        Self { engine, ill: Ill::No, now_us: 1, compute_s: 2e-3, compiled: Vec::new(), hang_in: 0, plans }
    }

    fn kernel(&mut self, n: u32, tier: Tier) -> KernelId {
        let options =
            KernelOptions { tier, backend: Backend::Gpu, evaluations: 10, ..KernelOptions::default() };
        self.engine.kernel(blueprint(n), options, self.now_us).unwrap()
    }

    fn carry_out(&mut self, id: Option<KernelId>, command: Command) -> Reply {
        self.now_us += 10;
        match command {
            Command::Compile(program, plan, _) => {
                self.compiled.push(id.unwrap());
                self.plans.insert(program, plan);
                if self.ill == Ill::Refuses {
                    return Reply::Failed(Error::new(Code::KernelRejected, "the driver does not like it"));
                }
                Reply::Done
            }
            Command::Compute(inputs) => {
                Reply::Executed(self.engine.compute(id.unwrap(), &inputs).unwrap(), self.compute_s)
            }
            Command::Execute { program, inputs, .. } => {
                let plan = &self.plans[&program];
                let mut outputs = homeostat_forge::cpu::run(plan, &inputs).unwrap();
                if let Data::F32(values) = &mut outputs[0] {
                    match self.ill {
                        Ill::Wrong => values[0] += 1.0 + values[0].abs(),
                        #[cfg(feature = "std")]
                        Ill::Edge => {
                            let row = plan.graph.node(plan.graph.outputs()[0]).shape.last() as usize;
                            values.iter_mut().skip(4 * row).for_each(|v| *v = f32::NAN);
                        }
                        Ill::No | Ill::Refuses => {}
                    }
                }
                Reply::Executed(outputs, 1e-3)
            }
            Command::Time(_, _, times) => {
                Reply::Timed(Timing { wall_s: 1e-5 * f64::from(times), own_s: None })
            }
            Command::Drop(program) => {
                self.plans.remove(&program);
                Reply::Done
            }
        }
    }

    /// Carries out what there is to do, so many commands of it at most.
    fn work(&mut self, most: usize) -> usize {
        for done in 0..most {
            let mut next = self.engine.next(self.now_us);
            if next.is_none() && self.engine.wait_us(self.now_us) > 0 {
                self.now_us += self.engine.wait_us(self.now_us);
                next = self.engine.next(self.now_us);
            }
            let Some((id, command)) = next else { return done };
            let hangs = self.hang_in == 1;
            self.hang_in = self.hang_in.saturating_sub(1);
            if hangs {
                let error = Error::new(Code::DeviceHung, "as the test wants it");
                self.engine.reply(Reply::Failed(error.clone()));
                self.engine.gone(&error, self.now_us);
                return done;
            }
            let reply = self.carry_out(id, command);
            self.engine.reply(reply);
        }
        most
    }

    fn answers(&mut self, id: KernelId) -> bool {
        self.engine.registry().current(id).unwrap().is_some()
    }

    /// Of each event since this was last asked, how many.
    fn count(&mut self, events: &[Event]) -> Vec<usize> {
        let all = self.engine.take_events().0;
        events.iter().map(|event| all.iter().filter(|e| e.event == *event).count()).collect()
    }

    fn run(&mut self, id: KernelId) {
        let ticket = self.engine.begin(id, self.now_us).unwrap();
        self.engine.end(ticket, Ended::Aside, self.now_us);
    }
}

#[test]
fn what_the_queue_has_no_room_for_is_shed_and_gets_its_turn() {
    let mut bench = Bench::new();
    let ids: Vec<KernelId> = (0..170).map(|n| bench.kernel(4 + n, Tier::Fast)).collect();
    // 100 wait; nothing was begun, since the device was not asked yet.
    assert_eq!(bench.count(&[Event::Queued, Event::Shed]), [100, 70]);
    assert_eq!(bench.engine.capacity(), 0.1);
    assert!(ids.iter().all(|id| !bench.engine.has_settled(*id)));
    // Someone uses two of those that were shed.
    for id in [ids[160], ids[165]] {
        (0..5).for_each(|_| bench.run(id));
    }
    bench.work(1_000_000);
    assert!(ids.iter().all(|id| bench.answers(*id) && bench.engine.has_settled(*id)));
    assert_eq!(bench.compiled.len(), 170);
    let place = |id: KernelId| bench.compiled.iter().position(|known| *known == id).unwrap();
    let shed_first = ids[100..].iter().map(|id| place(*id)).min().unwrap();
    assert_eq!(place(ids[160]).min(place(ids[165])), shed_first);
    // Capacity comes back a level a second.
    for _ in 0..5 {
        bench.now_us += 2 * SECOND;
        bench.work(10);
    }
    assert_eq!(bench.engine.capacity(), 1.0);
}

#[test]
fn first_programs_come_before_searches_and_searches_get_less_where_many_wait() {
    let mut bench = Bench::new();
    let ids: Vec<KernelId> = (0..96).map(|n| bench.kernel(8 + n, Tier::Standard)).collect();
    bench.work(1_000_000);
    assert!(ids.iter().all(|id| bench.answers(*id)));
    // Everybody that was at work had a first program before anyone had a second.
    let mut seen = Vec::new();
    let second = bench
        .compiled
        .iter()
        .position(|id| {
            seen.contains(id) || {
                seen.push(*id);
                false
            }
        })
        .unwrap();
    assert!(second >= 50, "{second}");
    let measured = bench.count(&[Event::Measured])[0];
    assert!(measured < 96 * 10, "{measured}");
    // Alone, it gets all that was asked for.
    for _ in 0..5 {
        bench.now_us += 2 * SECOND;
        bench.work(10);
    }
    let id = bench.kernel(300, Tier::Standard);
    bench.count(&[]);
    bench.work(1_000_000);
    assert_eq!(bench.count(&[Event::Measured]), [10]);
    assert!(bench.engine.has_settled(id));
}

#[test]
fn a_driver_that_refuses_everything_is_left_alone_for_a_minute() {
    let mut bench = Bench::new();
    bench.ill = Ill::Refuses;
    let ids: Vec<KernelId> = (0..20).map(|n| bench.kernel(8 + n, Tier::Fast)).collect();
    bench.work(1_000_000);
    // The sixth never came to the driver.
    assert_eq!(bench.compiled.len(), 5);
    let [breaker, shed, rejected] = bench.count(&[Event::Breaker, Event::Shed, Event::Rejected])[..] else {
        panic!()
    };
    assert_eq!((breaker, shed, rejected), (1, 15, 5));
    // Runs are answered all the same.
    let inputs = make(&blueprint(8), Inputs::Random, 1);
    assert_eq!(bench.engine.compute(ids[0], &inputs).unwrap()[0].len(), 64);
    bench.now_us += 50 * SECOND;
    assert_eq!(bench.work(1_000_000), 0);
    // It is tried again, with one candidate, and is as ill as before.
    bench.now_us += 11 * SECOND;
    bench.work(1_000_000);
    assert!((6..=8).contains(&bench.compiled.len()), "{}", bench.compiled.len());
    // When it is well, everybody comes whose turn it was not yet.
    bench.ill = Ill::No;
    for _ in 0..8 {
        bench.now_us += 61 * SECOND;
        bench.work(1_000_000);
    }
    assert!(ids.iter().all(|id| bench.engine.has_settled(*id)));
    assert!(ids.iter().filter(|id| bench.answers(**id)).count() >= 12);
    let journal = bench.engine.take_journal(usize::MAX);
    assert!(journal.contains("compile: closed to open, failures, 5 of 5 failed"), "{journal}");
    assert!(journal.contains("half-open to closed"), "{journal}");
}

#[test]
fn a_device_that_computes_wrongly_is_left_alone_for_half_a_minute() {
    let mut bench = Bench::new();
    bench.ill = Ill::Wrong;
    let ids: Vec<KernelId> = (0..8).map(|n| bench.kernel(8 + n, Tier::Fast)).collect();
    bench.work(1_000_000);
    let [breaker, rejected] = bench.count(&[Event::Breaker, Event::Rejected])[..] else { panic!() };
    assert_eq!((breaker, rejected), (1, 3));
    assert!(ids.iter().all(|id| !bench.answers(*id)));
    bench.ill = Ill::No;
    for _ in 0..3 {
        bench.now_us += 31 * SECOND;
        bench.work(1_000_000);
    }
    assert_eq!(ids.iter().filter(|id| bench.answers(**id)).count(), 5);
}

#[test]
fn a_blueprint_goes_its_way_step_by_step() {
    let mut bench = Bench::new();
    let id = bench.kernel(9, Tier::Fast);
    let hash = bench.engine.subject(id).unwrap().hash;
    let mut states = vec![bench.engine.registry().library.blueprint(&hash)];
    loop {
        let done = bench.work(1);
        let state = bench.engine.registry().library.blueprint(&hash);
        if states.last() != Some(&state) {
            states.push(state);
        }
        if done == 0 {
            break;
        }
    }
    use BlueprintState::{Compiling, PendingBenchmarking, Unvalidated, Validated};
    assert_eq!(states, [Unvalidated, Compiling, PendingBenchmarking, Validated]);
    bench.ill = Ill::Wrong;
    let wrong = bench.kernel(10, Tier::Fast);
    bench.work(1000);
    let hash = bench.engine.subject(wrong).unwrap().hash;
    assert_eq!(bench.engine.registry().library.blueprint(&hash), BlueprintState::Rejected);
}

#[test]
fn the_processor_answers_where_it_is_faster() {
    for (compute_s, device) in [(2e-3, true), (5e-4, false), (1e-3, false)] {
        let mut bench = Bench::new();
        bench.compute_s = compute_s;
        let options = KernelOptions { tier: Tier::Standard, evaluations: 4, ..KernelOptions::default() };
        let id = bench.engine.kernel(blueprint(20), options, 1).unwrap();
        bench.work(100_000);
        assert_eq!((bench.answers(id), bench.engine.has_settled(id)), (device, true), "{compute_s}");
        let journal = bench.engine.take_journal(usize::MAX);
        assert_eq!(journal.contains("the processor is as fast"), !device, "{journal}");
    }
}

#[test]
fn what_matters_most_decides_which_kernel_answers() {
    let mut bench = Bench::new();
    let mut answer = |objective: Objective| {
        let tier = Tier::Standard;
        let options = KernelOptions {
            tier,
            objective,
            backend: Backend::Gpu,
            evaluations: 6,
            ..KernelOptions::default()
        };
        let id = bench.engine.kernel(blueprint(21), options, bench.now_us).unwrap();
        bench.work(100_000);
        let current = bench.engine.registry().current(id).unwrap().unwrap().clone();
        bench.engine.dispose(id, bench.now_us);
        current.measures[0]
    };
    let fast = answer(Objective::Speed);
    let small = answer(Objective::Memory);
    // 21 columns are no whole fours: who reads fours needs a copy of the second operand, and the first one's rows are.
    assert!(small.extra_bytes <= fast.extra_bytes);
    let precise = answer(Objective::Precision);
    assert!(precise.error <= fast.error.min(small.error), "{precise:?} {fast:?} {small:?}");
    // Alone, without a library that knows: nothing beside its tensors where that is possible.
    let mut bench = Bench::new();
    let options =
        KernelOptions { objective: Objective::Memory, backend: Backend::Gpu, ..KernelOptions::default() };
    let id = bench.engine.kernel(blueprint(24), options, 1).unwrap();
    bench.work(100_000);
    assert_eq!(bench.engine.registry().current(id).unwrap().unwrap().measures[0].extra_bytes, 0);
    let text = KernelOptions::default().parse(r#"{"objective":"taste"}"#).unwrap_err().message.clone();
    assert!(text.contains("speed, memory, precision"), "{text}");
}

impl Bench {
    /// The schedules that were compiled as whole programs since events were last taken.
    fn tried(&mut self) -> Vec<String> {
        let all = self.engine.take_events().0;
        let compiling = all.iter().filter(|e| e.event == Event::Compiling);
        compiling.flat_map(|e| e.schedules.iter().map(|s| s.text())).collect()
    }

    fn quarantined(&mut self) -> Vec<String> {
        let library = &self.engine.registry().library;
        let wrong = library.kernels().filter(|(_, r)| r.state == KernelState::Quarantined);
        wrong.map(|(k, _)| k.schedule.clone()).collect()
    }
}

#[test]
fn what_was_wrong_is_not_tried_again_in_a_later_life() {
    for ill in [Ill::Wrong, Ill::Refuses] {
        let mut first = Bench::new();
        first.ill = ill;
        let id = first.kernel(16, Tier::Standard);
        first.work(1000);
        assert!(!first.answers(id) && first.engine.has_settled(id));
        let tried = first.tried();
        assert!(!tried.is_empty());
        assert!(tried.iter().all(|schedule| first.quarantined().contains(schedule)), "{tried:?}");
        let lines = first.engine.take_library();
        let mut second = Bench::after(&lines, device("d", "1"));
        let id = second.kernel(16, Tier::Fast);
        second.work(1000);
        assert!(second.answers(id));
        assert!(second.tried().iter().all(|schedule| !tried.contains(schedule)));
        // Another driver, or another version of this crate, may do it right.
        for key in [device("e", "1"), device("d", "2")] {
            let mut other = Bench::after(&lines, key);
            other.kernel(16, Tier::Fast);
            other.work(1000);
            assert_eq!(other.tried()[0], tried[0]);
        }
    }
}

#[test]
fn what_hung_the_device_is_not_tried_again() {
    let hang = |hang_in: usize| {
        let mut bench = Bench::new();
        bench.kernel(16, Tier::Standard);
        bench.hang_in = hang_in;
        bench.work(10_000);
        (bench.hang_in == 0).then_some(bench)
    };
    let (mut hangs, mut of_search) = (0, 0);
    // At the compilation of the first program, at each run of its proof, at whatever a search asks for.
    for hang_in in 1.. {
        let Some(mut bench) = hang(hang_in) else { break };
        let (wrong, events) = (bench.quarantined(), bench.engine.take_events().0);
        if wrong.is_empty() {
            // A program that is given up: it is nobody's any more.
            continue;
        }
        hangs += 1;
        of_search += usize::from(events.iter().any(|e| e.event == Event::Measured));
        assert_eq!(wrong.len(), 1);
        let told = |e: &Event| events.iter().any(|known| known.event == *e);
        assert!(told(&Event::Quarantined) && told(&Event::DeviceGone), "{hang_in}");
        // The device comes back, in this life and in the next.
        let lines = bench.engine.take_library();
        bench.engine.attach(device("d", "1"), Limits::PORTABLE, bench.now_us).unwrap();
        bench.work(10_000);
        let mut later = Bench::after(&lines, device("d", "1"));
        let id = later.kernel(16, Tier::Standard);
        later.work(10_000);
        assert!(later.answers(id));
        for bench in [&mut bench, &mut later] {
            let all = bench.engine.take_events().0;
            let tried = |e: &&Entry| matches!(e.event, Event::Compiling | Event::Measured | Event::Promoted);
            let mut schedules = all.iter().filter(tried).flat_map(|e| e.schedules.iter().map(|s| s.text()));
            assert!(schedules.all(|schedule| schedule != wrong[0]), "{hang_in}: {wrong:?}");
        }
    }
    assert!(hangs > 20 && of_search > 10, "{hangs} hangs, {of_search} while it searched");
}

#[test]
fn that_the_processor_won_is_not_found_out_again() {
    let life = |library: &str, key: DeviceKey, tier: Tier, backend: Backend| {
        let mut bench = Bench::after(library, key);
        // Ten times as fast as the device.
        bench.compute_s = 1e-4;
        let options = KernelOptions { tier, backend, evaluations: 10, ..KernelOptions::default() };
        let id = bench.engine.kernel(blueprint(16), options, 1).unwrap();
        bench.work(10_000);
        assert!(bench.engine.has_settled(id));
        let answers = bench.answers(id);
        let counts = bench.count(&[Event::Measured, Event::Settled]);
        assert_eq!(counts[1], 1);
        (answers, counts[0], bench.compiled.len(), format!("{library}{}", bench.engine.take_library()))
    };
    let here = || device("d", "1");
    let (answers, none, compiled, fast) = life("", here(), Tier::Fast, Backend::Auto);
    assert!(!answers && none == 0 && compiled > 0);
    assert!(fast.contains("\"processor-first\""));
    assert_eq!(life(&fast, here(), Tier::Fast, Backend::Auto).2, 0);
    // Whoever asks for a search gets one, once.
    let (answers, measured, _, searched) = life(&fast, here(), Tier::Standard, Backend::Auto);
    assert!(!answers && measured > 0);
    for tier in [Tier::Fast, Tier::Standard, Tier::Aggressive] {
        let (answers, measured, compiled, lines) = life(&searched, here(), tier, Backend::Auto);
        assert_eq!((answers, measured, compiled), (false, 0, 0));
        assert_eq!(lines, searched);
    }
    for key in [device("e", "1"), device("d", "2"), DeviceKey { device: 2, ..here() }] {
        assert!(life(&searched, key, Tier::Standard, Backend::Auto).1 > 0);
    }
    // Who wants the device gets it; from then on it is what is known.
    let (answers, .., forced) = life(&searched, here(), Tier::Standard, Backend::Gpu);
    assert!(answers);
    assert_eq!(life(&forced, here(), Tier::Standard, Backend::Auto).1, 0);
}

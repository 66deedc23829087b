//! The stages of the pipeline: queues that are bounded, load that is shed by what matters, breakers that leave a sick driver alone.

use homeostat_core::error::{Code, Error};
use homeostat_forge::controller::Objective;
use homeostat_forge::engine::Engine;
use homeostat_forge::ir::{Blueprint, Builder, DType, Data};
use homeostat_forge::library::{BlueprintState, DeviceKey};
use homeostat_forge::measure::Timing;
use homeostat_forge::pipeline::{Command, Reply};
use homeostat_forge::prove::{Inputs, make};
use homeostat_forge::registry::{Backend, Ended, Event, KernelId, KernelOptions, Options, Tier};
use homeostat_forge::schedule::Limits;

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
}

struct Bench {
    engine: Engine,
    ill: Ill,
    now_us: u64,
    /// What a run takes on the processor; on the device it takes a millisecond.
    compute_s: f64,
    /// Kernels whose programs were compiled, in order.
    compiled: Vec<KernelId>,
}

impl Bench {
    fn new() -> Self {
        let mut engine = Engine::new(Options::default()).unwrap();
        let compiler = env!("CARGO_PKG_VERSION").into();
        let key = DeviceKey { backend: "test".into(), vendor: 1, device: 1, driver: "d".into(), compiler };
        engine.attach(key, Limits::PORTABLE, 0).unwrap();
        Self { engine, ill: Ill::No, now_us: 1, compute_s: 2e-3, compiled: Vec::new() }
    }

    fn kernel(&mut self, n: u32, tier: Tier) -> KernelId {
        let options =
            KernelOptions { tier, backend: Backend::Gpu, evaluations: 10, ..KernelOptions::default() };
        self.engine.kernel(blueprint(n), options, self.now_us).unwrap()
    }

    fn carry_out(&mut self, id: Option<KernelId>, command: Command) -> Reply {
        self.now_us += 10;
        match command {
            Command::Compile(..) => {
                self.compiled.push(id.unwrap());
                if self.ill == Ill::Refuses {
                    return Reply::Failed(Error::new(Code::KernelRejected, "the driver does not like it"));
                }
                Reply::Done
            }
            Command::Compute(inputs) => {
                Reply::Executed(self.engine.compute(id.unwrap(), &inputs).unwrap(), self.compute_s)
            }
            Command::Execute { inputs, .. } => {
                let mut outputs = self.engine.compute(id.unwrap(), &inputs).unwrap();
                if let (Data::F32(values), Ill::Wrong) = (&mut outputs[0], self.ill) {
                    values[0] += 1.0 + values[0].abs();
                }
                Reply::Executed(outputs, 1e-3)
            }
            Command::Time(_, _, times) => {
                Reply::Timed(Timing { wall_s: 1e-5 * f64::from(times), own_s: None })
            }
            Command::Drop(_) => Reply::Done,
        }
    }

    /// Carries out what there is to do, so many commands of it at most.
    fn work(&mut self, most: usize) -> usize {
        for done in 0..most {
            let Some((id, command)) = self.engine.next(self.now_us) else { return done };
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
    let text = KernelOptions::default().parse(r#"{"objective":"taste"}"#).unwrap_err().message;
    assert!(text.contains("speed, memory, precision"), "{text}");
}

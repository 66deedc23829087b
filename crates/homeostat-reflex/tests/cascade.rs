//! Cascades through the whole reflex.

use homeostat_core::json::Json;
use homeostat_reflex::reflex::Reflex;

const REQUEST_END: u32 = 1;
const CALL: u32 = 2;
const CALL_RETURN: u32 = 3;
const OK: u32 = 1;
const REFUSED: u32 = 2;

struct Service {
    reflex: Reflex,
    /// gateway, auth, catalogue, database, mailer, clock
    handles: [u32; 6],
    now_us: f64,
}

impl Service {
    fn new(options: &str) -> Self {
        let mut reflex = Reflex::new(options, 0.0).unwrap();
        let names = ["gateway", "auth", "catalogue", "database", "mailer", "clock"];
        let handles = names.map(|name| reflex.component(name, "", 0.0).unwrap() as u32);
        let mut service = Self { reflex, handles, now_us: 0.0 };
        for (caller, callee) in [(0, 1), (0, 2), (1, 3), (2, 3)] {
            service.event(CALL, OK, caller, callee, 0.0);
        }
        service
    }

    fn event(&mut self, kind: u32, flags: u32, component: usize, peer: usize, value: f64) {
        let (component, peer) = (self.handles[component], self.handles[peer]);
        assert_eq!(self.reflex.record(kind, flags, 0, component, self.now_us, 0.0, peer, value) & 1, 1);
        self.now_us += 100.0;
    }

    /// The database fails, then who calls it, then who calls those.
    fn fail(&mut self, times: usize) {
        for _ in 0..times {
            self.event(CALL_RETURN, 0, 1, 3, 5e4);
            self.event(CALL_RETURN, 0, 2, 3, 5e4);
            self.event(REQUEST_END, 0, 1, 0, 6e4);
            self.event(REQUEST_END, 0, 2, 0, 6e4);
            self.event(REQUEST_END, 0, 0, 0, 7e4);
        }
    }

    fn wait(&mut self, seconds: u32) {
        for _ in 0..seconds * 10 {
            self.now_us += 1e5;
            self.reflex.tick(self.now_us);
        }
    }

    fn witnesses(&self) -> Vec<Json> {
        Json::parse(&self.reflex.witnesses()).unwrap().arr().unwrap().to_vec()
    }

    fn state(&mut self, component: usize) -> f64 {
        self.reflex.state(self.handles[component], self.now_us)
    }
}

fn text<'a>(json: &'a Json, key: &str) -> &'a str {
    json.get(key).and_then(Json::str).unwrap()
}

fn names(json: &Json) -> Vec<&str> {
    json.arr().unwrap().iter().map(|one| one.str().unwrap_or_else(|| text(one, "component"))).collect()
}

#[test]
fn one_cascade_gives_one_witness_that_ends_at_the_root() {
    let mut service = Service::new("");
    service.fail(500);
    let witnesses = service.witnesses();
    assert_eq!(witnesses.len(), 1, "one cascade, and not one per error");
    let witness = &witnesses[0];
    assert_eq!(text(witness, "root_cause"), "database");
    let chain = witness.get("chain").unwrap();
    assert_eq!(names(chain).last(), Some(&"database"));
    let times: Vec<f64> =
        chain.arr().unwrap().iter().map(|l| l.get("time_us").unwrap().num().unwrap()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b) && times.len() >= 3, "{times:?}");
    let opened = names(witness.get("action").unwrap().get("opened").unwrap());
    assert_eq!(opened[0], "database", "the root cause first");
    assert!(opened.len() <= 3, "at most half of six are open: {opened:?}");
    let words = text(witness, "words");
    assert!(words.contains("The likely root cause is database: 100 % of"), "{words}");
    assert_eq!(service.state(3), 1.0);
    assert_eq!((service.state(0), service.state(4)), (0.0, 0.0), "neither the entry nor who is well");
    assert_eq!(service.reflex.sheds_from(), 2, "four of six: the three lowest tiers");
    assert_eq!(service.reflex.try_acquire(service.handles[4], 3, service.now_us), -5.0);
    assert!(service.reflex.try_acquire(service.handles[4], 1, service.now_us) >= 0.0);
}

#[test]
fn recovery_is_staged_and_the_next_cascade_is_another_one() {
    let mut service = Service::new("");
    service.fail(50);
    assert_eq!(service.reflex.sheds_from(), 2);
    let mut seen = vec![2];
    for _ in 0..60 {
        service.wait(1);
        // Probes go well.
        for component in 1..4 {
            let permit = service.reflex.try_acquire(service.handles[component], 0, service.now_us);
            service.reflex.tell(permit, 0, 0, service.now_us);
        }
        if seen.last() != Some(&service.reflex.sheds_from()) {
            seen.push(service.reflex.sheds_from());
        }
    }
    assert_eq!(seen, [2, 3, 4, 5], "one stage after the other");
    assert!(service.witnesses()[0].get("recovered_us").unwrap().num().is_some());
    service.fail(500);
    assert_eq!(service.witnesses().len(), 2);
    let mut journal = Vec::new();
    while service.reflex.queued() > 0 {
        journal.extend(service.reflex.take_journal(1 << 16));
    }
    let journal = String::from_utf8(journal).unwrap();
    for event in ["start", "cascade", "opened", "half-opened", "closed", "stage", "recovered"] {
        assert!(journal.contains(&format!("\"event\":\"{event}\"")), "{event}");
    }
}

#[test]
fn components_that_do_not_belong_together_are_no_cascade() {
    // Three pairs of which one calls the other; one of each pair fails.
    let mut reflex = Reflex::new("", 0.0).unwrap();
    let handles: Vec<u32> =
        (0..6).map(|i| reflex.component(&format!("c{i}"), "", 0.0).unwrap() as u32).collect();
    for pair in handles.chunks(2) {
        reflex.record(CALL, OK, 0, pair[0], 0.0, 0.0, pair[1], 0.0);
    }
    for i in 0..600 {
        let pair = &handles[i % 3 * 2..];
        reflex.record(CALL_RETURN, 0, 0, pair[0], i as f64, 0.0, pair[1], 1.0);
    }
    assert_eq!(reflex.witnesses(), "[]");
    // The same without a call graph: nothing is known, so it is assumed.
    let mut reflex = Reflex::new("", 0.0).unwrap();
    let handles: Vec<u32> =
        (0..3).map(|i| reflex.component(&format!("c{i}"), "", 0.0).unwrap() as u32).collect();
    for i in 0..60 {
        reflex.record(REQUEST_END, 0, 0, handles[i % 3], i as f64, 0.0, 0, 1.0);
    }
    assert_ne!(reflex.witnesses(), "[]");
}

#[test]
fn the_threshold_counts_and_refusals_do_not() {
    let mut service = Service::new(r#"{"cascade":{"min_components":5}}"#);
    service.fail(500);
    assert!(service.witnesses().is_empty(), "four are affected, and five are asked for");
    let mut service = Service::new("");
    for _ in 0..500 {
        service.event(CALL_RETURN, REFUSED, 1, 3, 1.0);
        service.event(REQUEST_END, REFUSED, 1, 0, 1.0);
        service.event(REQUEST_END, REFUSED, 2, 0, 1.0);
    }
    assert!(service.witnesses().is_empty(), "what a breaker refuses is no error of the component");
}

#[test]
fn only_roots_are_opened_where_that_is_asked_for() {
    let mut service = Service::new(r#"{"cascade":{"opens":"roots"}}"#);
    service.fail(50);
    let witness = &service.witnesses()[0];
    assert_eq!(names(witness.get("action").unwrap().get("opened").unwrap()), ["database"]);
}

#[test]
fn calls_under_permits_count_as_well() {
    let mut service = Service::new(r#"{"breaker":{"minimum_calls":1000}}"#);
    for _ in 0..30 {
        for component in [1, 2, 3] {
            let permit = service.reflex.try_acquire(service.handles[component], 2, service.now_us);
            service.now_us += 1000.0;
            service.reflex.tell(permit, 1, 0, service.now_us);
        }
    }
    assert_eq!(service.witnesses().len(), 1);
}

#[test]
fn what_only_other_processes_call_keeps_its_breaker_here() {
    // The gateway calls auth and the catalogue; that both call a database is known by events of theirs.
    for opens in ["affected", "roots"] {
        let options = format!(r#"{{"cascade":{{"opens":"{opens}","max_open_share":1}}}}"#);
        let mut reflex = Reflex::new(&options, 0.0).unwrap();
        let mut known = |name: &str, options: &str| reflex.component(name, options, 0.0).unwrap() as u32;
        let (gateway, auth, catalogue) = (known("gateway", ""), known("auth", ""), known("catalogue", ""));
        let database = known("database", r#"{"remote":true}"#);
        for (caller, callee) in
            [(gateway, auth), (gateway, catalogue), (auth, database), (catalogue, database)]
        {
            reflex.record(CALL, OK, 0, caller, 0.0, 0.0, callee, 0.0);
        }
        for i in 0..300 {
            let now = f64::from(i) * 100.0;
            for (caller, callee) in
                [(auth, database), (catalogue, database), (gateway, auth), (gateway, catalogue)]
            {
                reflex.record(CALL_RETURN, 0, 0, caller, now, 0.0, callee, 900.0);
            }
        }
        let witnesses = Json::parse(&reflex.witnesses()).unwrap();
        let witness = &witnesses.arr().unwrap()[0];
        assert_eq!(text(witness, "root_cause"), "database", "it is the root all the same");
        let words = text(witness, "words");
        assert!(words.contains("what only other processes call has its breaker there"), "{words}");
        let opened = names(witness.get("action").unwrap().get("opened").unwrap());
        let callers: &[&str] = if opens == "roots" { &[] } else { &["auth", "catalogue"] };
        assert_eq!(opened.iter().filter(|name| callers.contains(name)).count(), callers.len(), "{opened:?}");
        assert!(!opened.contains(&"database"), "{opened:?}");
        assert_eq!(reflex.state(database, 3e4), 0.0);
        assert!(reflex.explain(database, 3e4).contains(r#""remote":true"#));
        // Whoever begins to call it here gets the breaker that was asked for, and from then on it is one of this process.
        let mine = reflex.component("database", r#"{"breaker":{"consecutive":1,"failure_rate":null}}"#, 3e4);
        assert_eq!(mine.unwrap() as u32, database);
        assert!(!reflex.explain(database, 3e4).contains("remote"));
        let permit = reflex.try_acquire(database, 0, 3e4);
        reflex.tell(permit, 1, 0, 3e4);
        assert_eq!(reflex.state(database, 3e4), 1.0);
        // What another process says of it later changes nothing here.
        reflex.component("database", r#"{"remote":true}"#, 3e4).unwrap();
        assert_eq!(reflex.state(database, 3e4), 1.0);
    }
}

#[test]
fn a_cascade_of_thousands_is_one_witness_of_bounded_size() {
    let mut reflex = Reflex::new(r#"{"cascade":{"max_open_share":1,"min_components":1000}}"#, 0.0).unwrap();
    let handles: Vec<u32> =
        (0..4000).map(|i| reflex.component(&format!("{i:0>128}"), "", 0.0).unwrap() as u32).collect();
    for round in 0..12 {
        for handle in &handles {
            reflex.record(REQUEST_END, 0, 0, *handle, f64::from(round), 0.0, 0, 1.0);
        }
        reflex.tick(f64::from(round) + 0.5);
    }
    let text = reflex.witnesses();
    assert!(text.len() < 64_000, "{} bytes", text.len());
    let witnesses = Json::parse(&text).unwrap();
    let witness = &witnesses.arr().unwrap()[0];
    let number = |json: &Json, key: &str| json.get(key).and_then(Json::num).unwrap();
    let action = witness.get("action").unwrap();
    assert_eq!((number(witness, "affected_count"), number(action, "opened_count")), (1000.0, 1000.0));
    assert_eq!(names(action.get("opened").unwrap()).len(), 32);
    assert_eq!(number(witness, "joined"), 3000.0);
}

#[test]
fn what_is_open_already_is_not_counted_as_spared() {
    let mut service = Service::new("");
    for component in [1, 2, 3] {
        service.reflex.operate(service.handles[component], 3, service.now_us).unwrap();
    }
    service.fail(50);
    let witness = &service.witnesses()[0];
    let words = text(witness, "words");
    assert!(words.contains("No breaker was opened, 3 were open already;"), "{words}");
    assert!(!words.contains("more were not"), "{words}");
}

//! Call patterns through the whole reflex.

use homeostat_core::json::Json;
use homeostat_reflex::reflex::Reflex;

const START: u32 = 0;
const END: u32 = 1;
const CALL: u32 = 2;
const OK: u32 = 1;

struct Service {
    reflex: Reflex,
    handles: Vec<u32>,
    request: f64,
    now_us: f64,
}

impl Service {
    fn new() -> Self {
        let mut reflex = Reflex::new("", 0.0).unwrap();
        let handles =
            ["entry", "a", "b", "c"].map(|name| reflex.component(name, "", 0.0).unwrap() as u32).to_vec();
        Self { reflex, handles, request: 0.0, now_us: 0.0 }
    }

    /// A request that calls these, and takes so long.
    fn request(&mut self, calls: &[usize], latency_us: f64) {
        self.request += 1.0;
        let entry = self.handles[0];
        let mut event = |kind, component, peer, at| {
            self.reflex.record(kind, OK, 0, component, at, self.request, peer, 0.0)
        };
        event(START, entry, 0, self.now_us);
        for callee in calls {
            event(CALL, entry, self.handles[*callee], self.now_us);
        }
        event(END, entry, 0, self.now_us + latency_us);
        self.now_us += latency_us;
    }

    fn notices(&mut self) -> Vec<(String, f64, String)> {
        let notices = Json::parse(&self.reflex.take_notices()).unwrap();
        let text = |one: &Json, key: &str| one.get(key).and_then(Json::str).unwrap_or("").to_string();
        let what = |one: &Json| {
            let deviation = text(one, "deviation");
            let what = if deviation.is_empty() { text(one, "notice") } else { deviation };
            (what, one.get("by").and_then(Json::num).unwrap_or(0.0), text(one, "call"))
        };
        notices.arr().unwrap().iter().map(what).collect()
    }
}

#[test]
fn a_pattern_is_announced_once_at_its_tenth_request() {
    let mut service = Service::new();
    (0..9).for_each(|_| service.request(&[1, 2], 100.0));
    assert_eq!(service.notices(), []);
    service.request(&[1, 2], 100.0);
    assert_eq!(service.notices(), [("pattern".into(), 0.0, "".into())]);
    (0..1000).for_each(|_| service.request(&[1, 2], 100.0));
    assert_eq!(service.notices(), []);
    let patterns = Json::parse(&service.reflex.patterns()).unwrap();
    let pattern = &patterns.arr().unwrap()[0];
    assert_eq!(pattern.get("count").unwrap().num(), Some(1010.0));
    assert_eq!(pattern.get("expected_us").unwrap().num(), Some(100.0));
}

#[test]
fn a_latency_beyond_the_tolerance_is_told_with_how_much() {
    let mut service = Service::new();
    (0..10).for_each(|_| service.request(&[1], 100.0));
    service.notices();
    service.request(&[1], 150.0);
    assert_eq!(service.notices(), [], "half as much again is within the tolerance");
    let mut service = Service::new();
    (0..10).for_each(|_| service.request(&[1], 100.0));
    service.notices();
    service.request(&[1], 300.0);
    assert_eq!(service.notices(), [("slower".into(), 2.0, "".into())]);
    // The expected latency moved by a tenth of the way: 120. What varies widely is not news each time.
    service.request(&[1], 30.0);
    assert_eq!(service.notices(), [("faster".into(), -0.75, "".into())]);
}

#[test]
fn nothing_is_divided_by_an_expected_latency_of_zero() {
    let mut service = Service::new();
    (0..10).for_each(|_| service.request(&[1], 0.0));
    service.notices();
    service.request(&[1], 0.0);
    assert_eq!(service.notices(), []);
    service.request(&[1], 5.0);
    assert_eq!(service.notices(), [("slower".into(), 5.0, "".into())]);
}

#[test]
fn missing_extra_and_reordered_calls_are_told() {
    let mut service = Service::new();
    (0..10).for_each(|_| service.request(&[1, 2, 2], 100.0));
    service.notices();
    for (calls, wanted) in [
        (&[1, 2][..], &[("missing", "entry -> b")][..]),
        (&[1, 2, 2, 3], &[("extra", "entry -> c")]),
        (&[2, 1, 2], &[("reordered", "entry -> b")]),
        (&[1, 2, 3], &[("missing", "entry -> b"), ("extra", "entry -> c")]),
    ] {
        service.request(calls, 100.0);
        let got = service.notices();
        let got: Vec<(&str, &str)> =
            got.iter().map(|(what, _, call)| (what.as_str(), call.as_str())).collect();
        assert_eq!(got, wanted, "{calls:?}");
    }
}

#[test]
fn another_sequence_that_is_learned_is_no_violation() {
    let mut service = Service::new();
    (0..10).for_each(|_| service.request(&[1], 100.0));
    (0..10).for_each(|_| service.request(&[2], 100.0));
    service.notices();
    service.request(&[1], 100.0);
    service.request(&[2], 100.0);
    assert_eq!(service.notices(), []);
}

#[test]
fn a_request_that_never_ends_is_forgotten() {
    let mut service = Service::new();
    let entry = service.handles[0];
    for request in 1..=100_000 {
        service.reflex.record(START, OK, 0, entry, f64::from(request), f64::from(request), 0, 0.0);
    }
    let health = Json::parse(&service.reflex.health(1e5)).unwrap();
    assert_eq!(health.get("open_requests").unwrap().num(), Some(4096.0));
    let dropped = health.get("dropped").unwrap().get("requests").unwrap().num();
    assert_eq!(dropped, Some(100_000.0 - 4096.0));
    (0..600).for_each(|i| _ = service.reflex.tick(100e6 + f64::from(i)));
    let health = Json::parse(&service.reflex.health(200e6)).unwrap();
    assert_eq!(
        health.get("open_requests").unwrap().num(),
        Some(0.0),
        "nothing was heard of them for a minute"
    );
}

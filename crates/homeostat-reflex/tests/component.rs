//! A component of the reflex: its limit, its latency, its room among others.

use homeostat_core::json::Json;
use homeostat_reflex::reflex::Reflex;

const SUCCESS: u32 = 0;
const TIMED_OUT: u32 = 3;
const NORMAL: u32 = 2;

#[test]
fn a_limit_refuses_what_is_too_much_and_is_no_failure() {
    let mut reflex = Reflex::new("", 0.0).unwrap();
    let options = r#"{"limiter":{"kind":"fixed","initial":2,"lease_us":1000},"breaker":{"consecutive":1,"failure_rate":null}}"#;
    let handle = reflex.component("db", options, 0.0).unwrap() as u32;
    let (first, second) = (reflex.try_acquire(handle, NORMAL, 0.0), reflex.try_acquire(handle, NORMAL, 0.0));
    assert!(first >= 0.0 && second >= 0.0);
    assert_eq!(reflex.try_acquire(handle, NORMAL, 0.0), -4.0);
    assert_eq!(reflex.state(handle, 0.0), 0.0, "a refusal is no failure");
    assert_eq!(reflex.tell(first, SUCCESS, 0, 1.0), 0);
    assert!(reflex.try_acquire(handle, NORMAL, 2.0) >= 0.0, "its place is free again");
    assert_eq!(reflex.try_acquire(handle, NORMAL, 999.0), -4.0);
    assert!(reflex.try_acquire(handle, NORMAL, 1000.0) >= 0.0, "a hung call loses its place with its lease");
    assert_eq!((reflex.limit(handle), reflex.limit(12345)), (2.0, f64::INFINITY));
}

#[test]
fn a_limit_that_moves_is_journaled_once_a_second() {
    let mut reflex = Reflex::new("", 0.0).unwrap();
    let handle = reflex
        .component("db", r#"{"limiter":{"kind":"aimd"},"breaker":{"failure_rate":null}}"#, 0.0)
        .unwrap() as u32;
    for i in 0..50 {
        let now = f64::from(i) * 1000.0;
        let permits: Vec<f64> = (0..15).map(|_| reflex.try_acquire(handle, NORMAL, now)).collect();
        for permit in permits {
            reflex.tell(permit, TIMED_OUT, 0, now + 500.0);
        }
    }
    assert!(reflex.limit(handle) < 20.0);
    reflex.tick(1.1e6);
    let journal = String::from_utf8(reflex.take_journal(1 << 20)).unwrap();
    let limits: Vec<&str> = journal.lines().filter(|line| line.contains(r#""event":"limit""#)).collect();
    assert_eq!(limits.len(), 1, "{journal}");
    assert!(limits[0].contains(r#""component":"db","before":20,"limit":"#), "{}", limits[0]);
}

#[test]
fn a_latency_that_moves_up_is_told() {
    let mut reflex = Reflex::new("", 0.0).unwrap();
    let handle = reflex.component("db", "", 0.0).unwrap() as u32;
    let mut now = 0.0;
    let mut serve = |reflex: &mut Reflex, seconds: u32, factor: f64| {
        for i in 0..seconds * 200 {
            let permit = reflex.try_acquire(handle, NORMAL, now);
            // A golden-ratio sequence: independent enough, and the same everywhere.
            let took = factor * (1000.0 + 1000.0 * (f64::from(i) * 0.618_033_988_75).fract());
            reflex.tell(permit, SUCCESS, 0, now + took);
            now += 5000.0;
            if i % 20 == 0 {
                reflex.tick(now);
            }
        }
    };
    let regressions = |reflex: &mut Reflex| {
        let notices = Json::parse(&reflex.take_notices()).unwrap();
        let notices = notices.arr().unwrap().iter();
        notices
            .filter(|one| one.get("notice").and_then(Json::str) == Some("regression"))
            .cloned()
            .collect::<Vec<_>>()
    };
    serve(&mut reflex, 120, 1.0);
    assert_eq!(regressions(&mut reflex), []);
    serve(&mut reflex, 30, 2.0);
    let told = regressions(&mut reflex);
    assert_eq!(told.len(), 1);
    let number = |key: &str| told[0].get(key).and_then(Json::num).unwrap();
    assert!(number("median_now_us") > 1.5 * number("median_before_us"));
}

#[test]
fn names_by_users_are_bounded_and_what_protects_stays() {
    let mut reflex =
        Reflex::new(r#"{"components":8,"breaker":{"consecutive":1,"open_us":1000000000}}"#, 0.0).unwrap();
    let pinned = reflex.component("pinned", r#"{"pinned":true}"#, 0.0).unwrap() as u32;
    let open = reflex.component("open", "", 0.0).unwrap() as u32;
    let busy = reflex.component("busy", "", 0.0).unwrap() as u32;
    let permit = reflex.try_acquire(open, NORMAL, 0.0);
    reflex.tell(permit, 1, 0, 0.0);
    let in_flight = reflex.try_acquire(busy, NORMAL, 0.0);
    let mut handles = Vec::new();
    for i in 0..100_000 {
        handles.push(reflex.component(&format!("user {i}"), "", 1.0).unwrap());
    }
    assert!(handles.iter().all(|handle| *handle >= 0.0));
    assert_eq!(
        (reflex.state(pinned, 1.0), reflex.state(open, 1.0), reflex.state(busy, 1.0)),
        (0.0, 1.0, 0.0)
    );
    assert_eq!(reflex.tell(in_flight, 0, 0, 1.0) & 3, 0);
    assert_eq!(
        reflex.try_acquire(handles[0] as u32, NORMAL, 1.0),
        -6.0,
        "a handle of one that is gone is unknown"
    );
    let health = Json::parse(&reflex.health(1.0)).unwrap();
    assert_eq!(health.get("components").unwrap().num(), Some(8.0));
    assert_eq!(health.get("dropped").unwrap().get("components").unwrap().num(), Some(99_995.0));
    assert_eq!(reflex.component("", "", 1.0).unwrap_err().code.as_str(), "HOMEOSTAT_INVALID_OPTION");
    assert_eq!(
        reflex.component(&"x".repeat(129), "", 1.0).unwrap_err().code.as_str(),
        "HOMEOSTAT_INVALID_OPTION"
    );
    // All pinned: no room is an outcome.
    let mut reflex = Reflex::new(r#"{"components":1}"#, 0.0).unwrap();
    reflex.component("a", r#"{"pinned":true}"#, 0.0).unwrap();
    assert_eq!(reflex.component("b", "", 0.0).unwrap(), -7.0);
}

#[test]
fn permits_of_what_was_forgotten_are_void() {
    let mut reflex = Reflex::new(r#"{"permits":2}"#, 0.0).unwrap();
    let handle = reflex.component("a", "", 0.0).unwrap() as u32;
    let permit = reflex.try_acquire(handle, NORMAL, 0.0);
    assert!(reflex.forget(handle) && !reflex.forget(handle));
    assert_eq!(reflex.tell(permit, 1, 0, 1.0), 2);
    let handle = reflex.component("b", r#"{"breaker":{"lease_us":1000}}"#, 0.0).unwrap() as u32;
    let other = reflex.component("c", "", 0.0).unwrap() as u32;
    (0..2).for_each(|_| assert!(reflex.try_acquire(handle, NORMAL, 1.0) >= 0.0));
    assert_eq!(reflex.try_acquire(other, NORMAL, 2.0), -7.0, "every permit is out");
    assert!(reflex.try_acquire(other, NORMAL, 20_000.0) >= 0.0, "leases that ended elsewhere are found");
}

#[test]
fn what_another_process_says_does_not_move_the_clock() {
    let mut reflex = Reflex::new(r#"{"breaker":{"consecutive":1,"open_us":1000}}"#, 0.0).unwrap();
    let handle = reflex.component("a", "", 0.0).unwrap() as u32;
    let permit = reflex.try_acquire(handle, NORMAL, 0.0);
    reflex.tell(permit, 1, 0, 0.0);
    let mut record = [0u8; 32];
    record[0] = 5;
    record[4..8].copy_from_slice(&handle.to_le_bytes());
    record[8..16].copy_from_slice(&1e15f64.to_le_bytes());
    assert_eq!(reflex.ingest(&record, 10.0), 1);
    assert_eq!(reflex.ingest(&record[..31], 10.0), 0);
    assert_eq!(reflex.state(handle, 20.0), 1.0);
}

#[test]
fn what_is_changed_for_the_better_is_counted_where_it_was_changed() {
    let mut reflex = Reflex::new("", 0.0).unwrap();
    let handle =
        |reflex: &mut Reflex, name: &str, options: &str| reflex.component(name, options, 0.0).unwrap() as u32;
    let one = handle(&mut reflex, "one", "");
    let two = handle(&mut reflex, "two", r#"{"limiter":{"kind":"aimd"}}"#);
    assert!(reflex.optimised(one, "ttl from 300 s to 340 s", 1.0).unwrap());
    assert!(reflex.optimised(one, "pool from 10 to 12", 2.0).unwrap());
    assert!(!reflex.optimised(777, "nobody", 3.0).unwrap());
    assert_eq!(reflex.optimised(one, "", 4.0).unwrap_err().code.as_str(), "HOMEOSTAT_INVALID_OPTION");
    // The limit moves down, which is one more.
    for _ in 0..5 {
        let permit = reflex.try_acquire(two, NORMAL, 5.0);
        reflex.tell(permit, TIMED_OUT, 0, 6.0);
    }
    reflex.tick(2e6);
    let of = |reflex: &mut Reflex, handle: u32| {
        let report = Json::parse(&reflex.explain(handle, 2e6)).unwrap();
        report.get("optimisations").and_then(Json::num).unwrap()
    };
    assert_eq!((of(&mut reflex, one), of(&mut reflex, two)), (2.0, 1.0));
    let health = Json::parse(&reflex.health(2e6)).unwrap();
    assert_eq!(health.get("optimisations_applied").and_then(Json::num), Some(3.0));
    assert!(reflex.metrics(2e6).contains("homeostat_optimisations_total 3\n"));
    let journal = String::from_utf8(reflex.take_journal(1 << 20)).unwrap();
    assert!(journal.contains(r#""event":"optimised""#) && journal.contains(r#""what":"pool from 10 to 12""#));
}

#[test]
fn the_bounds_of_a_limit_are_set_and_journaled() {
    let mut reflex = Reflex::new("", 0.0).unwrap();
    let bare = reflex.component("bare", "", 0.0).unwrap() as u32;
    let handle = reflex.component("db", r#"{"limiter":{"kind":"aimd"}}"#, 0.0).unwrap() as u32;
    assert!(!reflex.set_limit_bounds(bare, 1, 2, 0.0), "it has no limit");
    assert!(!reflex.set_limit_bounds(777, 1, 2, 0.0));
    assert!(reflex.set_limit_bounds(handle, 3, 7, 1.0));
    assert_eq!(reflex.limit(handle), 7.0);
    assert!(reflex.set_limit_bounds(handle, 30, 7, 2.0), "the least counts");
    assert_eq!(reflex.limit(handle), 30.0);
    let journal = String::from_utf8(reflex.take_journal(1 << 20)).unwrap();
    assert!(
        journal.contains(r#""event":"limit-bounds""#)
            && journal.contains(r#""component":"db","min":3,"max":7"#)
    );
}

//! Random schedules with clocks that are skewed, jump and run backwards, and calls that make no sense.

use homeostat_core::json::Json;
use homeostat_reflex::breaker::SoloBreaker;
use homeostat_reflex::reflex::Reflex;
use proptest::prelude::*;

/// A time that a caller may pass: near the last one, far ahead, behind it, or no time at all.
fn drift() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => 0.0..2_000.0,
        2 => -5_000.0..0.0,
        1 => Just(3.6e9),
        1 => Just(-1e12),
        1 => Just(f64::NAN),
    ]
}

proptest! {
    #[test]
    fn a_breaker_is_never_wedged(
        steps in prop::collection::vec((0u8..6, drift(), 0u32..5, any::<prop::sample::Index>()), 1..300),
        probes in 1u32..4,
        consecutive in 1u32..4,
    ) {
        let options = format!(
            r#"{{"consecutive":{consecutive},"probes":{probes},"open_us":1000,"lease_us":5000,"slow_us":700,"slow_rate":0.5,"minimum_calls":5,"window_calls":20}}"#,
        );
        let mut breaker = SoloBreaker::new(&options, 0.0).unwrap();
        let (mut now, mut latest) = (0.0f64, 0.0f64);
        let mut permits = vec![-1.0, f64::NAN, 7e15];
        for (what, by, outcome, which) in steps {
            let at = if by.is_nan() { by } else { now + by };
            if at > now { now = at; }
            if at > latest { latest = at; }
            match what {
                0 | 1 => permits.push(breaker.try_acquire(at)),
                2..=4 => {
                    let told = breaker.tell(permits[which.index(permits.len())], outcome, at);
                    prop_assert!(told & !16 <= 2);
                }
                _ => prop_assert!(breaker.state(at) <= 2),
            }
            prop_assert!(breaker.retry_after_us(at) <= 60e6);
        }
        let issued = permits.iter().filter(|permit| **permit >= 0.0 && **permit < 7e15).count();
        prop_assert!(breaker.in_flight() as usize <= issued);
        // Leases end, open periods end, and after an idle hour nothing that was counted is left: good probes close it, and nothing
        // good is refused.
        let mut at = latest.max(0.0).floor() + 1.0;
        for wait in [70e6, 70e6, 70e6, 3_600e6] {
            at += wait;
            breaker.state(at);
        }
        prop_assert_eq!(breaker.in_flight(), 0);
        for _ in 0..probes {
            let permit = breaker.try_acquire(at);
            prop_assert!(permit >= 0.0, "refused {} when all is well", permit);
            breaker.tell(permit, 0, at);
        }
        prop_assert_eq!(breaker.state(at), 0);
        for _ in 0..100 {
            let permit = breaker.try_acquire(at);
            prop_assert!(permit >= 0.0, "refused {} when all was well", permit);
            breaker.tell(permit, 0, at);
        }
        prop_assert_eq!(breaker.state(at), 0);
    }

    #[test]
    fn the_reflex_takes_anything(
        steps in prop::collection::vec((0u8..10, drift(), any::<u32>(), any::<f64>(), any::<prop::sample::Index>()), 1..200),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let options = r#"{"components":4,"permits":8,"traces":4,"patterns":2,"breaker":{"consecutive":2,"open_us":1000},"cascade":{"minimum_calls":1,"min_components":2}}"#;
        let mut reflex = Reflex::new(options, 0.0).unwrap();
        let (mut handles, mut permits) = (vec![0u32, u32::MAX], vec![f64::NAN]);
        let mut now = 0.0f64;
        for (what, by, number, value, which) in steps {
            let at = if by.is_nan() { by } else { now + by };
            if at > now { now = at; }
            let handle = handles[which.index(handles.len())];
            match what {
                0 => handles.push(reflex.component(&format!("c{}", number % 9), "", at).unwrap() as u32),
                1 | 2 => permits.push(reflex.try_acquire(handle, number % 7, at)),
                3 | 4 => _ = reflex.tell(permits[which.index(permits.len())], number % 4, number, at),
                5..=7 => _ = reflex.record(number % 9, number >> 4, number >> 8, handle, at, value, handles[number as usize % handles.len()], value),
                8 => _ = reflex.tick(at),
                _ => _ = (reflex.operate(handle, number % 5, at), reflex.forget(number), reflex.ingest(&bytes, at)),
            }
        }
        // Left alone, every lease ends, every request is forgotten, and what a cascade did is taken back.
        for _ in 0..200 {
            now += 1e6;
            reflex.tick(now);
        }
        let health = Json::parse(&reflex.health(now)).unwrap();
        for (key, wanted) in [("in_flight", 0.0), ("open_requests", 0.0), ("shed_from_tier", 5.0)] {
            prop_assert_eq!(health.get(key).and_then(Json::num), Some(wanted), "{}", key);
        }
        prop_assert_eq!(health.get("ongoing_witness"), Some(&Json::Null));
        prop_assert!(Json::parse(&reflex.take_notices()).is_ok());
        prop_assert!(Json::parse(&reflex.witnesses()).is_ok());
        prop_assert!(Json::parse(&reflex.patterns()).is_ok());
        prop_assert!(reflex.metrics(now).ends_with("# EOF\n"));
        let mut verifier = homeostat_core::journal::Verifier::new();
        while reflex.queued() > 0 {
            verifier.push(&reflex.take_journal(1000));
        }
        prop_assert_eq!(verifier.finish().problem, None);
    }
}

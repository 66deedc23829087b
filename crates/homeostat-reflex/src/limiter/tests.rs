use super::*;
use proptest::prelude::*;

const KINDS: [Kind; 5] = [Kind::Fixed, Kind::Aimd, Kind::Vegas, Kind::Gradient2, Kind::Adaptive];

fn fixed(limit: u32, lease_us: u64) -> Limiter {
    Limiter::new(&LimiterConfig { initial: limit, lease_us, ..LimiterConfig::of(Kind::Fixed) })
}

#[test]
fn admits_up_to_the_limit_and_again_after_a_return() {
    let mut limiter = fixed(2, 1000);
    let first = limiter.try_acquire(0).unwrap();
    limiter.try_acquire(0).unwrap();
    assert_eq!((limiter.try_acquire(0), limiter.refused()), (None, 1));
    assert!(limiter.release(first, Ended::Served, 10));
    assert!(limiter.try_acquire(10).is_some());
    assert!(!limiter.release(first, Ended::Served, 11), "a permit is returned once");
    assert_eq!(limiter.in_flight(), 2);
}

#[test]
fn a_hung_call_loses_its_place_and_its_late_return_is_ignored() {
    let mut limiter = fixed(1, 1000);
    let hung = limiter.try_acquire(5).unwrap();
    assert!(limiter.try_acquire(1004).is_none());
    let next = limiter.try_acquire(1005).unwrap();
    assert_eq!(limiter.expired(), 1);
    assert!(!limiter.release(hung, Ended::Served, 1006));
    assert_eq!(limiter.in_flight(), 1);
    assert!(limiter.release(next, Ended::Served, 1007));
}

/// Round trips and drops that are known, one after another.
fn feed(limiter: &mut Limiter, round_trip_us: u64, ended: Ended) {
    let permit = limiter.try_acquire(0).unwrap();
    limiter.release(permit, ended, round_trip_us);
}

#[test]
fn aimd_follows_its_formula() {
    let mut limiter = Limiter::new(&LimiterConfig { timeout_us: 100, ..LimiterConfig::of(Kind::Aimd) });
    feed(&mut limiter, 50, Ended::Served);
    assert_eq!(limiter.limit(), 20, "2 x 1 in flight is less than 20");
    feed(&mut limiter, 50, Ended::Dropped);
    assert_eq!(limiter.limit(), 18);
    feed(&mut limiter, 101, Ended::Served);
    assert_eq!(limiter.limit(), 16, "floor(16.2)");
    feed(&mut limiter, 101, Ended::Ignored);
    assert_eq!(limiter.limit(), 16);
    let held: Vec<u64> = (0..8).map(|_| limiter.try_acquire(0).unwrap()).collect();
    limiter.release(held[7], Ended::Served, 100);
    assert_eq!(limiter.limit(), 17, "8 in flight is half of 16, and 100 us is in time");
}

#[test]
fn vegas_follows_its_formula() {
    let config = LimiterConfig { initial: 100, ..LimiterConfig::of(Kind::Vegas) };
    let ended = |round_trip_us: u64, in_flight: usize, ended: Ended| {
        let mut limiter = Limiter::new(&config);
        feed(&mut limiter, 1000, Ended::Served);
        let held: Vec<u64> = (0..in_flight).map(|_| limiter.try_acquire(0).unwrap()).collect();
        limiter.release(held[in_flight - 1], ended, round_trip_us);
        limiter.limit()
    };
    // Step 2. Queue 2, 4, 10, 17 of 100.
    assert_eq!(ended(1020, 50, Ended::Served), 112);
    assert_eq!(ended(1040, 50, Ended::Served), 102);
    assert_eq!(ended(1110, 50, Ended::Served), 100);
    assert_eq!(ended(1200, 50, Ended::Served), 98);
    assert_eq!(ended(1200, 49, Ended::Served), 100, "less than half is used");
    assert_eq!(ended(1200, 1, Ended::Dropped), 98);
}

#[test]
fn gradient2_follows_its_formula() {
    let mut limiter = Limiter::new(&LimiterConfig::of(Kind::Gradient2));
    let mut window = |at_us: u64, round_trip_us: u64| {
        let held: Vec<u64> = (0..12).map(|_| limiter.try_acquire(at_us).unwrap()).collect();
        for permit in held {
            limiter.release(permit, Ended::Served, at_us + round_trip_us);
        }
        f64::from(limiter.limit())
    };
    // The first call closes a window of one, which is thrown away.
    window(0, 100_000);
    // Each time what is left of the round before and one call of this one.
    assert_eq!(window(2_000_000, 100_000), 20.0, "0.8 x 20 + 0.2 x 24 = 20.8");
    assert_eq!(window(4_000_000, 100_000), 21.0, "21.6");
}

/// A service with `cores` of `service_us` each and a first-in, first-out queue, offered a load that never ends.
fn saturate(limiter: &mut Limiter, cores: usize, service_us: u64, seconds: u64) -> u32 {
    let mut free_us = vec![0u64; cores];
    let mut flying: Vec<(u64, u64)> = Vec::new();
    let mut worst = 0;
    for now_us in (0..seconds * 1_000_000).step_by(500) {
        let mut done: Vec<(u64, u64)> = flying.extract_if(.., |call| call.0 <= now_us).collect();
        done.sort_unstable();
        done.into_iter().for_each(|(at_us, permit)| assert!(limiter.release(permit, Ended::Served, at_us)));
        if let Some(permit) = limiter.try_acquire(now_us) {
            let core = free_us.iter_mut().min().unwrap();
            *core = now_us.max(*core) + service_us;
            flying.push((*core, permit));
        }
        if now_us > seconds * 500_000 {
            worst = worst.max(limiter.limit());
        }
    }
    worst
}

#[test]
fn adaptive_finds_what_the_service_can_do_from_below_and_above() {
    for initial in [2, 20, 500] {
        let config = LimiterConfig { initial, ..LimiterConfig::default() };
        let mut limiter = Limiter::new(&config);
        let worst = saturate(&mut limiter, 10, 10_000, 60);
        let limit = limiter.limit();
        assert!((9..=22).contains(&limit) && worst <= 22, "from {initial}: {limit}, {worst}");
    }
}

/// Calls at once, served `cores` at a time; gives how many were admitted.
fn burst(limiter: &mut Limiter, now_us: u64, calls: usize, cores: usize, service_us: u64) -> usize {
    let permits: Vec<u64> = (0..calls).filter_map(|_| limiter.try_acquire(now_us)).collect();
    for (i, permit) in permits.iter().enumerate() {
        let rounds = (i / cores + 1) as u64;
        assert!(limiter.release(*permit, Ended::Served, now_us + rounds * service_us + i as u64));
    }
    permits.len()
}

#[test]
fn adaptive_does_not_take_idle_time_for_weakness() {
    let mut limiter = Limiter::new(&LimiterConfig::default());
    for second in 0..2_000u64 {
        let admitted = burst(&mut limiter, second * 10_000_000, 30, 20, 20_000);
        assert!(admitted >= 20, "{admitted} of 30, after {second} bursts");
    }
}

#[test]
fn adaptive_admits_a_burst_after_a_bad_time_and_a_rest() {
    let mut limiter = Limiter::new(&LimiterConfig::default());
    saturate(&mut limiter, 1, 50_000, 120);
    assert!(limiter.limit() < 20, "{}", limiter.limit());
    // What was in flight at the end of the bad time hangs until its lease ends.
    let rested_us = 300_000_000;
    limiter.expire(rested_us);
    assert_eq!(burst(&mut limiter, rested_us, 20, 20, 20_000), 20);
}

proptest! {
    /// Any calls at any times: the limit keeps its bounds, permits are never more than were allowed, nothing is kept for ever.
    #[test]
    fn every_rule_keeps_its_bounds(
        kind in 0usize..5,
        bounds in (1u32..10, 0u32..50),
        steps in prop::collection::vec((0u8..5, 0u64..2_000_000, any::<prop::sample::Index>()), 0..300),
    ) {
        let (min, max) = (bounds.0, bounds.0 + bounds.1);
        let initial = 20u32.clamp(min, max);
        let config = LimiterConfig { min, max, initial, lease_us: 5_000_000, ..LimiterConfig::of(KINDS[kind]) };
        let mut limiter = Limiter::new(&config);
        let (mut now_us, mut held) = (0u64, Vec::new());
        for (what, step_us, which) in steps {
            now_us += step_us * u64::from(step_us % 3 == 0);
            if what < 3 {
                let before = limiter.in_flight();
                let permit = limiter.try_acquire(now_us);
                prop_assert!(permit.is_none() || before.max(limiter.in_flight()) <= max);
                held.extend(permit);
            } else if !held.is_empty() {
                let ended = [Ended::Served, Ended::Dropped, Ended::Ignored][step_us as usize % 3];
                let permit = held.swap_remove(which.index(held.len()));
                limiter.release(permit, ended, now_us);
                prop_assert!(!limiter.release(permit, ended, now_us));
            }
            prop_assert!((1..=max).contains(&limiter.limit()));
        }
        limiter.expire(now_us + 5_000_000);
        prop_assert_eq!(limiter.in_flight(), 0);
        prop_assert!(limiter.try_acquire(now_us + 5_000_000).is_some());
    }
}

#[test]
fn nonsense_from_outside_does_no_harm() {
    let mut limiter = SoloLimiter::new("").unwrap();
    for permit in [f64::NAN, -1.0, 0.0, 0.5, f64::INFINITY, 1e300] {
        assert!(!limiter.release(permit, 0, f64::NAN), "{permit}");
    }
    let permit = limiter.try_acquire(f64::NAN);
    assert!((0.0..9_007_199_254_740_992.0).contains(&permit));
    assert!(!limiter.release(permit + 0.5, 0, 5.0));
    assert!(limiter.release(permit, 9, -5.0));
    limiter.set_bounds(0, 0);
    assert_eq!(limiter.limit(), 1);
    assert_eq!(limiter.in_flight(f64::INFINITY), 0);
}

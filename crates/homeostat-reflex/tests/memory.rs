//! The bound on memory is stated, met, and not a multiple of what can be needed: everything that a reflex keeps is filled, and what
//! it holds then is counted at the allocator. `npm run bench -- reflex-memory` does the same with 1e8 events in WebAssembly.
#![allow(unsafe_code, reason = "an allocator that counts")]

use homeostat_core::json::Json;
use homeostat_reflex::options::ReflexConfig;
use homeostat_reflex::reflex::Reflex;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    // Of this thread: what runs the tests has threads of its own, which allocate when they like.
    static LIVE: Cell<usize> = const { Cell::new(0) };
}

/// Counts the bytes that are in use.
struct Counting;

fn live() -> usize {
    LIVE.with(Cell::get)
}

/// A thread that ends frees what another one counted, and has no counter any more.
fn count(change: impl Fn(usize) -> usize) {
    let _ = LIVE.try_with(|live| live.set(change(live.get())));
}

// SAFETY: every call is handed on as it is to the system's allocator, which keeps the contract; counting touches no memory of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(|live| live.wrapping_add(layout.size()));
        // SAFETY: the caller's layout, unchanged.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(|live| live.wrapping_sub(layout.size()));
        // SAFETY: the caller's pointer and layout, unchanged.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const START: u32 = 0;
const END: u32 = 1;
const CALL: u32 = 2;
const RETURN: u32 = 3;
const OK: u32 = 1;

/// More of everything than there is room for: names as long as they may be, requests that never end, permits that nobody returns,
/// one cascade after the other, a journal and notices that nobody reads.
fn flood(reflex: &mut Reflex, times: u32) {
    let mut now = 0.0;
    let mut handles = Vec::new();
    for i in 0..times {
        let name = format!("{i:0>128}");
        let handle = reflex.component(&name, "", now).unwrap();
        handles.push(handle as u32);
        reflex.error_class(&format!("{i:0>128}"));
        now += 1.0;
    }
    let known = &handles[handles.len() - 3000..];
    let each = |i: u32| known[i as usize % known.len()];
    for i in 0..times {
        now += 1.0;
        let request = f64::from(i) + 1.0;
        reflex.record(START, OK, 0, each(i), now, request, 0, 0.0);
        for j in 0..20 {
            reflex.record(CALL, OK, 0, each(i), now, request, each(i + j * j + 1), 0.0);
        }
        // One in two ends, each by a pattern of its own.
        if i % 2 == 0 {
            reflex.record(END, OK, 0, each(i), now, request, 0, 500.0);
        }
        reflex.try_acquire(each(i), 0, now);
        reflex.try_acquire(each(i), 0, now);
    }
    for _ in 0..70 {
        for i in 0..known.len() as u32 * 2 {
            reflex.record(RETURN, 0, 0, each(i), now, 0.0, each(i * 7 + 1), 900.0);
            now += 1.0;
        }
        for _ in 0..40 {
            now += 1e6;
            reflex.tick(now);
        }
    }
}

#[test]
fn what_is_held_stays_below_the_bound_that_is_stated() {
    let options = r#"{"cascade":{"minimum_calls":2,"opens":"nothing"}}"#;
    let bound = ReflexConfig::parse(options).unwrap().bytes_max();
    let before = live();
    let mut reflex = Reflex::new(options, 0.0).unwrap();
    flood(&mut reflex, 35_000);
    let held = live() - before;
    assert!(held <= bound, "{held} bytes, more than {bound}");
    assert!(held * 2 > bound, "{held} bytes: a bound of {bound} says nothing");
    let witnesses = Json::parse(&reflex.witnesses()).unwrap().arr().unwrap().len();
    let health = Json::parse(&reflex.health(0.0)).unwrap();
    let number = |key: &str| health.get(key).and_then(Json::num).unwrap();
    assert_eq!((number("components"), witnesses), (4096.0, 64), "not everything is full");
    assert_eq!(number("bytes_max"), bound as f64);
    drop((reflex, health));
    assert_eq!(live(), before, "something was left behind");
    println!("{held} of at most {bound} bytes");
}

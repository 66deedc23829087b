//! A C interface for benches in other languages: problems, landscapes and our solver, through plain pointers.
//!
//! Points have the length that their problem, machine or study was made with; the caller guarantees it. Handles are
//! freed once by the function that says so. Nothing here is for more than one thread at a time.

#![allow(unsafe_code, reason = "the one module that speaks C")]

use crate::landscapes::{Landscape, landscapes};
use crate::mixed::{Problem, problems};
use homeostat_solver::continuous::Continuous;
use homeostat_solver::mixed::{Dimension, Mixed};
use homeostat_solver::study::{Outcome, Study};
use std::slice;
use std::sync::OnceLock;

fn all_problems() -> &'static [Problem] {
    static ALL: OnceLock<Vec<Problem>> = OnceLock::new();
    ALL.get_or_init(problems)
}

fn all_landscapes() -> &'static [Landscape] {
    static ALL: OnceLock<Vec<Landscape>> = OnceLock::new();
    ALL.get_or_init(landscapes)
}

/// The value of the problem of this number, in the order of `fixtures/solver/mixed.json`; NaN where there is none or its
/// number of dimensions is another.
///
/// # Safety
/// `x` points to `n` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn problem_evaluate(index: u32, x: *const f64, n: u32) -> f64 {
    // SAFETY: the caller's promise.
    let x = unsafe { slice::from_raw_parts(x, n as usize) };
    match all_problems().get(index as usize) {
        Some(problem) if problem.dimensions.len() == x.len() => problem.evaluate(x),
        _ => f64::NAN,
    }
}

/// The value of the landscape of this number, in the order of `fixtures/solver/landscapes.json`; NaN as above.
///
/// # Safety
/// `x` points to `n` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn landscape_evaluate(index: u32, x: *const f64, n: u32) -> f64 {
    // SAFETY: the caller's promise.
    let x = unsafe { slice::from_raw_parts(x, n as usize) };
    match all_landscapes().get(index as usize) {
        Some(landscape) if landscape.n == x.len() => landscape.evaluate(x),
        _ => f64::NAN,
    }
}

/// A continuous machine over `n` coordinates.
#[unsafe(no_mangle)]
pub extern "C" fn continuous_new(n: u32, seed: u64) -> *mut Continuous {
    Box::into_raw(Box::new(Continuous::new(n.max(1) as usize, seed)))
}

/// Writes the next point.
///
/// # Safety
/// `machine` is from `continuous_new` and not freed; `out` has room for `n` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn continuous_ask(machine: *mut Continuous, out: *mut f64) {
    // SAFETY: the caller's promise, and nobody else holds the machine.
    let point = unsafe { &mut *machine }.ask();
    // SAFETY: the caller's promise; the point is not where `out` is.
    unsafe { slice::from_raw_parts_mut(out, point.len()) }.copy_from_slice(point);
}

/// Tells the value of the point that was asked for.
///
/// # Safety
/// `machine` is from `continuous_new` and not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn continuous_tell(machine: *mut Continuous, y: f64) {
    // SAFETY: the caller's promise, and nobody else holds the machine.
    unsafe { &mut *machine }.tell(y);
}

/// Frees a continuous machine.
///
/// # Safety
/// `machine` is from `continuous_new` and not freed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn continuous_free(machine: *mut Continuous) {
    // SAFETY: the caller's promise: the box was made by `continuous_new`.
    drop(unsafe { Box::from_raw(machine) });
}

/// A mixed machine. `kinds`: 0 continuous, 1 periodic, 2 ordered, 3 categorical; `counts`: levels or options.
///
/// # Safety
/// `kinds` and `counts` point to `n` numbers each.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mixed_new(
    kinds: *const u32,
    counts: *const u32,
    n: u32,
    seed: u64,
) -> *mut MixedHandle {
    // SAFETY: the caller's promise.
    let (kinds, counts) =
        unsafe { (slice::from_raw_parts(kinds, n as usize), slice::from_raw_parts(counts, n as usize)) };
    let dimension = |(&kind, &count): (&u32, &u32)| match kind {
        0 => Dimension::Continuous,
        1 => Dimension::Periodic,
        2 => Dimension::Ordered { levels: count },
        _ => Dimension::Categorical { options: count },
    };
    let dims = kinds.iter().zip(counts).map(dimension).collect();
    Box::into_raw(Box::new(MixedHandle { machine: Mixed::new(dims, seed), n: n as usize }))
}

/// A mixed machine and how long its points are.
pub struct MixedHandle {
    machine: Mixed,
    n: usize,
}

/// Writes the next point; 0 where the space is exhausted, else 1.
///
/// # Safety
/// `handle` is from `mixed_new` and not freed; `out` has room for `n` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mixed_ask(handle: *mut MixedHandle, out: *mut f64) -> i32 {
    // SAFETY: the caller's promise, and nobody else holds the handle.
    let handle = unsafe { &mut *handle };
    let Some(point) = handle.machine.ask(&[]) else { return 0 };
    // SAFETY: the caller's promise; the point is not where `out` is.
    unsafe { slice::from_raw_parts_mut(out, handle.n) }.copy_from_slice(&point);
    1
}

/// Tells the value of a point.
///
/// # Safety
/// `handle` is from `mixed_new` and not freed; `x` points to `n` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mixed_tell(handle: *mut MixedHandle, x: *const f64, y: f64) {
    // SAFETY: the caller's promise, and nobody else holds the handle.
    let handle = unsafe { &mut *handle };
    // SAFETY: the caller's promise.
    handle.machine.tell(unsafe { slice::from_raw_parts(x, handle.n) }, y);
}

/// Frees a mixed machine.
///
/// # Safety
/// `handle` is from `mixed_new` and not freed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mixed_free(handle: *mut MixedHandle) {
    // SAFETY: the caller's promise: the box was made by `mixed_new`.
    drop(unsafe { Box::from_raw(handle) });
}

/// A study from its configuration as JSON; null where that is invalid, and the reason goes to standard error.
///
/// # Safety
/// `config` points to `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn study_new(config: *const u8, length: usize) -> *mut Study {
    // SAFETY: the caller's promise.
    let bytes = unsafe { slice::from_raw_parts(config, length) };
    let made = std::str::from_utf8(bytes)
        .map_err(|error| error.to_string())
        .and_then(|text| Study::new(text).map_err(|error| format!("{error:?}")));
    match made {
        Ok(study) => Box::into_raw(Box::new(study)),
        Err(reason) => {
            eprintln!("{reason}");
            std::ptr::null_mut()
        }
    }
}

/// Writes the next point in knob units and gives its trial; -1 where there is none. The log is dropped: a bench needs none.
///
/// # Safety
/// `study` is from `study_new` and not freed; `out` has room for one number per knob.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn study_ask(study: *mut Study, out: *mut f64) -> i32 {
    // SAFETY: the caller's promise, and nobody else holds the study.
    let study = unsafe { &mut *study };
    // SAFETY: the caller's promise.
    let out = unsafe { slice::from_raw_parts_mut(out, study.config().space.len()) };
    let trial = study.ask_into(out).unwrap_or(-1);
    study.take_log();
    trial
}

/// Tells the value of an asked trial; 0 where it is refused, else 1.
///
/// # Safety
/// `study` is from `study_new` and not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn study_tell(study: *mut Study, trial: u32, value: f64) -> i32 {
    // SAFETY: the caller's promise, and nobody else holds the study.
    let study = unsafe { &mut *study };
    let told = study.tell(trial, Outcome::Complete { value, margin: f64::NAN });
    study.take_log();
    i32::from(told.is_ok())
}

/// Writes the incumbent, the point that the study would recommend now, and gives its trial; -1 where there is none.
///
/// # Safety
/// `study` is from `study_new` and not freed; `out` has room for one number per knob.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn study_best(study: *const Study, out: *mut f64) -> i32 {
    // SAFETY: the caller's promise.
    let study = unsafe { &*study };
    // SAFETY: the caller's promise.
    let out = unsafe { slice::from_raw_parts_mut(out, study.config().space.len()) };
    study.best_into(out).unwrap_or(-1)
}

/// Writes what the study says of itself, as JSON, where `capacity` bytes are enough; gives its length either way.
///
/// # Safety
/// `study` is from `study_new` and not freed; `out` has room for `capacity` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn study_explain(study: *const Study, out: *mut u8, capacity: usize) -> usize {
    // SAFETY: the caller's promise.
    let text = unsafe { &*study }.explain();
    if text.len() <= capacity {
        // SAFETY: the caller's promise.
        unsafe { slice::from_raw_parts_mut(out, text.len()) }.copy_from_slice(text.as_bytes());
    }
    text.len()
}

/// Frees a study.
///
/// # Safety
/// `study` is from `study_new` and not freed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn study_free(study: *mut Study) {
    // SAFETY: the caller's promise: the box was made by `study_new`.
    drop(unsafe { Box::from_raw(study) });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_study_is_driven_through_pointers() {
        let config =
            br#"{"seed":1,"bounds":{"x":{"min":-1,"max":1},"c":{"kind":"choice","choices":["a","b"]}}}"#;
        let mut point = [0.0; 2];
        // SAFETY: lengths and lifetimes as each function asks for.
        unsafe {
            let study = study_new(config.as_ptr(), config.len());
            assert!(!study.is_null());
            for turn in 0..30 {
                let trial = study_ask(study, point.as_mut_ptr());
                assert_eq!(trial, turn);
                assert!((-1.0..=1.0).contains(&point[0]) && (point[1] == 0.0 || point[1] == 1.0));
                assert_eq!(study_tell(study, trial as u32, point[0] * point[0] + point[1]), 1);
                assert_eq!(study_tell(study, trial as u32, 0.0), 0, "a result is told once");
            }
            assert!(study_best(study, point.as_mut_ptr()) >= 0);
            assert!(point[1] == 0.0 && point[0].abs() < 0.3, "{point:?}");
            let length = study_explain(study, std::ptr::null_mut(), 0);
            let mut text = vec![0; length];
            assert_eq!(study_explain(study, text.as_mut_ptr(), length), length);
            assert!(text.starts_with(b"{") && text.ends_with(b"}"));
            study_free(study);
            assert!(study_new(b"{}".as_ptr(), 2).is_null());
        }
    }

    #[test]
    fn machines_and_problems_are_driven_through_pointers() {
        let mut x = [0.0; 4];
        // SAFETY: lengths and lifetimes as each function asks for.
        unsafe {
            let machine = continuous_new(4, 3);
            continuous_ask(machine, x.as_mut_ptr());
            continuous_tell(machine, landscape_evaluate(8, x.as_ptr(), 1));
            continuous_free(machine);
            let handle = mixed_new([0, 1, 2, 3].as_ptr(), [0, 0, 3, 2].as_ptr(), 4, 3);
            for _ in 0..20 {
                assert_eq!(mixed_ask(handle, x.as_mut_ptr()), 1);
                assert!(x[2] <= 2.0 && x[3] <= 1.0);
                mixed_tell(handle, x.as_ptr(), x[0]);
            }
            mixed_free(handle);
            assert!(problem_evaluate(0, [13.0, 7.0, 42.1, 176.7].as_ptr(), 4) > 6059.0);
            assert!(
                problem_evaluate(0, x.as_ptr(), 3).is_nan() && problem_evaluate(999, x.as_ptr(), 4).is_nan()
            );
        }
    }
}

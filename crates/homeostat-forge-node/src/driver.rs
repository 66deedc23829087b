//! Who is inside of a driver: a process that ends while one compiles crashes in it, because its own threads outlive its globals.

// Without devices nobody is.
#![cfg_attr(not(feature = "device"), allow(dead_code))]

use std::cell::RefCell;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

static INSIDE: Mutex<u32> = Mutex::new(0);
static LEFT: Condvar = Condvar::new();

thread_local! {
    static STAYS: RefCell<Option<Inside>> = const { RefCell::new(None) };
}

fn count() -> MutexGuard<'static, u32> {
    INSIDE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// While it lives its holder may be inside of a driver.
pub struct Inside(());

impl Inside {
    /// From now on.
    pub fn enter() -> Self {
        *count() += 1;
        Self(())
    }

    /// From now on until this thread has ended, and with it what it owns.
    pub fn stay() {
        STAYS.set(Some(Self::enter()));
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        *count() -= 1;
        LEFT.notify_all();
    }
}

/// Waits until nobody is inside; whether that is so by now.
pub fn all_left(timeout: Duration) -> bool {
    let waited = LEFT.wait_timeout_while(count(), timeout, |inside| *inside > 0);
    let (inside, _) = waited.unwrap_or_else(PoisonError::into_inner);
    *inside == 0
}

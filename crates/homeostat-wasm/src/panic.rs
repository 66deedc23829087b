//! The text of a panic. A panic ends the instance; the façade asks for the text afterwards.

use alloc::string::String;
use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering::Relaxed};
use wasm_bindgen::prelude::*;

/// Longer texts are cut.
const BYTES_MAX: usize = 512;

/// Atomics because a static must not be anything else without `unsafe`; there is one thread.
static TEXT: [AtomicU8; BYTES_MAX] = [const { AtomicU8::new(0) }; BYTES_MAX];
static LEN: AtomicUsize = AtomicUsize::new(0);

/// Text of the last panic, taken; for the façade after a `WebAssembly.RuntimeError`.
#[wasm_bindgen(js_name = takePanic)]
pub fn take_panic() -> String {
    let len = LEN.swap(0, Relaxed);
    TEXT.iter().take(len).map(|byte| char::from(byte.load(Relaxed))).collect()
}

/// Keeps the text without allocating: the panic may be the allocator's.
#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    use core::fmt::Write;

    struct Text;
    impl Write for Text {
        fn write_str(&mut self, part: &str) -> core::fmt::Result {
            let len = LEN.load(Relaxed);
            for (place, byte) in TEXT.iter().skip(len).zip(part.bytes()) {
                // Panics are in ASCII; what a value may bring in beyond that is not worth its code.
                place.store(if byte.is_ascii() { byte } else { b'?' }, Relaxed);
                LEN.fetch_add(1, Relaxed);
            }
            Ok(())
        }
    }
    LEN.store(0, Relaxed);
    let _ = write!(Text, "{info}");
    core::arch::wasm32::unreachable()
}

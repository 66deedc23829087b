//! A panic is a trap. Its text and place would be a twentieth of the module, and a panic is a defect that is looked into with
//! the native build, where both are kept; the trap's stack says which function it was.

/// The façade sees a `WebAssembly.RuntimeError` and never enters the instance again.
#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}

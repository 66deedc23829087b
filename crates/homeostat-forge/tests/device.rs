//! On a device: the quick part of the correctness suite, and faults. Where there is no adapter every test is counted as ignored,
//! and says so; the whole suite is `cargo run --release -p homeostat-forge --features device --example forge -- correctness`.

#[path = "on_device/forge.rs"]
mod forge;
#[path = "on_device/kernels.rs"]
mod kernels;

use homeostat_core::error::Code;
use homeostat_forge::device::Device;

type Test = (&'static str, fn(&Device));

const TESTS: [Test; 17] = [
    ("quick_correctness", kernels::quick_correctness),
    ("graphs_with_intermediate_tensors", kernels::graphs),
    ("rewritten_graphs_are_right", kernels::rewritten),
    ("a_dropped_barrier_is_found", kernels::dropped_barrier),
    ("a_wrong_tile_edge_is_found", kernels::wrong_tile_edge),
    ("a_lost_tail_is_found", kernels::lost_tail),
    ("a_refused_shader_is_an_error", kernels::refused_shader),
    ("too_much_memory_is_an_error", kernels::too_much_memory),
    ("a_panic_in_a_job_is_an_error_of_that_job", kernels::panic_in_a_job),
    ("the_first_call_is_right_and_tuning_keeps_it_so", forge::tuning),
    ("a_warm_library_needs_no_search", forge::warm_library),
    ("a_miscompiled_kernel_never_answers", forge::miscompiled),
    ("a_fault_that_begins_later_is_rolled_back", forge::wrong_in_the_field),
    ("the_processor_answers_while_a_lost_device_comes_back", forge::lost_in_the_field),
    ("kernels_are_chained_without_reading_back", forge::chained),
    ("nothing_is_left_of_kernels_that_were_disposed_of", forge::disposed),
    ("a_lost_device_is_an_error", kernels::lost_device),
];

fn main() {
    let filter: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let wanted = |name: &str| filter.is_empty() || filter.iter().any(|f| name.contains(f.as_str()));
    let (mut passed, mut failed, mut ignored) = (0, 0, 0);
    for (name, test) in
        TESTS.iter().chain(&[("a_device_that_hangs_is_given_up", kernels::hang as fn(&Device))])
    {
        if !wanted(name) {
            continue;
        }
        match Device::open(None) {
            Err(e) if e.code == Code::NoAdapter => {
                println!("test {name} ... ignored, {}", e.message);
                ignored += 1;
            }
            Err(e) => panic!("{e}"),
            Ok(device) => match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| test(&device))) {
                Ok(()) => {
                    println!("test {name} ... ok");
                    passed += 1;
                }
                Err(_) => {
                    println!("test {name} ... FAILED");
                    failed += 1;
                }
            },
        }
    }
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {word}. {passed} passed; {failed} failed; {ignored} ignored; 0 measured; 0 filtered out"
    );
    std::process::exit(if failed == 0 { 0 } else { 101 });
}

//! The forge from a terminal: adapters, the whole correctness suite, benches, sweeps.
//!
//! ```text
//! cargo run --release -p homeostat-forge --features device --example forge -- <command> [--adapter <name>] ...
//!   adapters
//!   correctness [--backend cpu] [--rounds 3] [--part 1/1] [--only <family>]
//!   bench [--op matmul] [--shape 512x512x512,..] [--dtype f32] [--evaluations 22]
//!   sweep [--op matmul] [--shape 512x512x512] [--dtype f32] [--out <file>] [--slice <seconds>]
//!   space [--op matmul] [--shape 512x512x512] [--dtype f32] [--counts on]
//!   processor [--shape 512x512x512,..]
//!   replay [--tables <file>,..] [--seeds 5]
//!   pack --tables <file>,.. --out <folder>
//!   swap [--runs 10000] [--size 64]
//!   memory [--kernels 10000] [--seconds 200] [--slice <seconds>]
//!   warm [--size 256]
//! ```
//!
//! A target that is missed ends a command with an error: 2,000 cases and none wrong (`correctness`, unless `--part` or `--only` leave some out),
//! 95 % of the optimum (`replay` of the tables that are checked in), p99 during swaps 1.2 times that outside, memory within 5 %, a second start
//! within 1.5 times what it needs.

mod arguments;
mod bench;
mod correctness;
mod field;
mod lab;
mod peak;
mod processor;
mod slices;
mod sweep;
#[path = "../../tests/table/mod.rs"]
mod table;
mod target;
mod workload;

use arguments::Arguments;
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    let arguments = Arguments::read();
    let result = match arguments.command.as_str() {
        "adapters" => adapters(),
        "correctness" => correctness::run(&arguments),
        "bench" => bench::run(&arguments),
        "sweep" => sweep::run(&arguments),
        "space" => sweep::space(&arguments),
        "processor" => processor::run(&arguments),
        "replay" | "pack" => sweep::replay(&arguments),
        "swap" => field::swap(&arguments),
        "memory" => field::memory(&arguments),
        "warm" => field::warm(&arguments),
        other => Err(format!(
            "no command '{other}': expected adapters, correctness, bench, processor, sweep, replay, pack, space, swap, memory, warm"
        )),
    };
    // Who ends while a driver's threads live may crash in it; one that hangs is not waited for any longer.
    homeostat_forge::host::rest(Duration::from_secs(10));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn adapters() -> Result<(), String> {
    for adapter in homeostat_forge::device::adapters() {
        println!(
            "{} ({}, {}){}",
            adapter.name,
            adapter.backend,
            adapter.driver,
            if adapter.software { ", software" } else { "" }
        );
    }
    Ok(())
}

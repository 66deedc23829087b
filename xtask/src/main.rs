//! Build steps that are programs of their own: `cargo run -p xtask -- <command>`.

mod codegen;
mod wasm_bindgen;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo run -p xtask -- <command>
  wasm-bindgen IN.wasm OUT_DIR NAME   JavaScript glue and types for a wasm build (what the wasm-bindgen CLI does)
  codegen [--check]                   writes every generated file; --check only compares and fails on a difference";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["wasm-bindgen", input, out_dir, name] => wasm_bindgen::run(input, out_dir, name),
        ["codegen"] => codegen::run(codegen::Mode::Write),
        ["codegen", "--check"] => codegen::run(codegen::Mode::Check),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

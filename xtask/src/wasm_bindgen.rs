//! What the wasm-bindgen CLI does, as a library locked by `Cargo.lock`: no second installation that may differ in version.

use wasm_bindgen_cli_support::Bindgen;

/// Reads a wasm build and writes `NAME.js`, `NAME.d.ts` and `NAME_bg.wasm`. The caller names the module's address: no
/// default path, which bundlers and edge runtimes would try to resolve.
pub fn run(input: &str, out_dir: &str, name: &str) -> Result<(), String> {
    let generate = || {
        Bindgen::new()
            .input_path(input)
            .out_name(name)
            .typescript(true)
            .remove_name_section(true)
            .remove_producers_section(true)
            .omit_default_module_path(true)
            .web(true)?
            .generate(out_dir)
    };
    generate().map_err(|error| format!("wasm-bindgen {input}: {error:?}"))
}

//! The forge as a native add-on for Node. Bindings convert and register, nothing else: a call copies what it is given, leaves the rest
//! to a thread, and returns a promise.

#[cfg(feature = "device")]
pub mod bench;
mod driver;
mod error;
pub mod forge;
mod machine;
mod pool;

use error::to_js;
use homeostat_forge::ir::Blueprint;
use napi::bindgen_prelude::*;
use napi_derive::napi;

/// Version of the core; equals the package's version.
#[napi]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// Checks a recipe; what it takes and gives, as JSON.
#[napi(catch_unwind)]
pub fn facts(recipe: String) -> Result<String> {
    Blueprint::from_recipe(&recipe).map(|blueprint| blueprint.facts()).map_err(to_js)
}

/// Every adapter there is, as JSON, the best first.
#[napi(ts_return_type = "Promise<string>")]
pub fn adapters(env: &Env) -> Result<Object<'_>> {
    pool::promise(env, &pool::Pool::new(1)?, || Ok(machine::adapters()))
}

/// Closes every forge of this process, and waits so long until no thread is inside of a driver; whether that is so by now. For the
/// end of the process.
#[napi(catch_unwind)]
pub fn rest(max_ms: u32) -> bool {
    forge::close_all();
    driver::all_left(std::time::Duration::from_millis(u64::from(max_ms)))
}

/// Opens a forge. `device`: auto, gpu or cpu. `kernel`: options of its kernels in JSON. `strategies`: names, with commas between
/// them. `previous`: hash of the entry that the journal goes on behind.
#[allow(clippy::too_many_arguments, reason = "they are those of a call from JavaScript")]
#[napi(ts_return_type = "Promise<Forge>")]
pub fn open(
    env: &Env,
    adapter: Option<String>,
    device: String,
    kernel: String,
    run_id: String,
    share: f64,
    strategies: Option<String>,
    previous: Option<String>,
) -> Result<Object<'_>> {
    let strategies = strategies.unwrap_or_default();
    let wanted = forge::Wanted { adapter, device, kernel, run_id, share, strategies, previous };
    pool::promise(env, &pool::Pool::new(1)?, move || forge::Forge::open(wanted))
}

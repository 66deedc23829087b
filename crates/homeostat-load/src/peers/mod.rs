//! Concurrency limiters that others use, ported: Netflix's AIMD, Vegas and Gradient2, each fed sample by sample and in windows
//! of a second (`WindowedLimit`, its default), and Envoy's adaptive concurrency at the median and at the 90th percentile.

mod aimd;
mod envoy;
mod gradient2;
mod vegas;
mod windowed;

pub use aimd::Aimd;
pub use envoy::Envoy;
pub use gradient2::Gradient2;
pub use vegas::Vegas;
pub use windowed::{Direct, Rule, Windowed};

use crate::limiter::{Completion, Limiter};
use crate::scenario::Scenario;

/// No peer goes above this many at once.
pub const LIMIT_MAX: f64 = 1000.0;
/// Where the Netflix limiters start.
const LIMIT_START: f64 = 20.0;

/// Names of the peers, in the order of the tables.
pub const NAMES: [&str; 8] = [
    "aimd",
    "aimd-windowed",
    "vegas",
    "vegas-windowed",
    "gradient2-windowed",
    "gradient2",
    "envoy-p50",
    "envoy-p90",
];

/// A limit that never changes.
#[derive(Clone, Copy, Debug)]
pub struct Fixed(pub usize);

impl Limiter for Fixed {
    fn limit(&self) -> usize {
        self.0
    }
    fn completed(&mut self, _: &Completion) {}
}

/// The peer of this name (or `fixed-N`), set up for the scenario as its users would: AIMD's timeout is the scenario's target.
pub fn create(name: &str, scenario: &Scenario, seed: u64) -> Option<Box<dyn Limiter>> {
    Some(match name {
        "aimd" => Box::new(Direct(Aimd::new(scenario.target_s))),
        "aimd-windowed" => Box::new(Windowed::new(Aimd::new(scenario.target_s))),
        "vegas" => Box::new(Direct(Vegas::new(seed))),
        "vegas-windowed" => Box::new(Windowed::new(Vegas::new(seed))),
        "gradient2-windowed" => Box::new(Windowed::new(Gradient2::new())),
        "gradient2" => Box::new(Direct(Gradient2::new())),
        "envoy-p50" => Box::new(Envoy::new(seed, 0.5)),
        "envoy-p90" => Box::new(Envoy::new(seed, 0.9)),
        _ => Box::new(Fixed(name.strip_prefix("fixed-")?.parse().ok()?)),
    })
}

//! How points are found. A strategy sees the unit box and finite values, lower being better; bounds, constraints, failures,
//! duplicates and the log are the study's.

mod archive;
mod machine;
mod mixed;
mod nelder_mead;
mod random;
mod sobol;
mod sobol_table;
mod speculative;
mod spsa;
mod tpe;

use crate::config::{BUDGET_DEFAULT, Config, Method};
use crate::continuous::Continuous;
use crate::draw;
use crate::space::Space;
use crate::study::{Places, Trial};
use alloc::{boxed::Box, vec::Vec};
use homeostat_core::space::Scale;
use machine::Machine;
use speculative::Speculative;

/// What a strategy may know of the study when it is asked.
pub struct View<'a> {
    /// The space.
    pub space: &'a Space,
    /// Points by their values.
    pub places: &'a Places,
    /// Every trial.
    pub trials: &'a [Trial],
    /// Open trials, in the order in which they were asked for.
    pub open: &'a [u32],
}

/// Whether a place was proposed or added before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Seen {
    /// Never.
    New,
    /// It is open, and nothing was told there.
    Open,
    /// The mean of what was told there.
    Told(f64),
    /// It is known, and nothing can be said of its worth.
    Worthless,
}

impl View<'_> {
    /// Whether there is a bounded number of points, so that none may come twice.
    pub fn is_finite(&self) -> bool {
        self.space.size().is_some()
    }

    /// What is known of the values that a place stands for.
    pub fn seen(&self, unit: &[f64]) -> Seen {
        match self.places.get(&self.space.to_values(unit)) {
            None => Seen::New,
            Some(place) if place.told > 0 => Seen::Told(place.mean),
            Some(place) if !place.open.is_empty() => Seen::Open,
            Some(_) => Seen::Worthless,
        }
    }

    /// Places that were proposed for the first time and not told yet.
    pub fn pending(&self) -> impl Iterator<Item = &[f64]> {
        let open = self.open.iter().map(|trial| &self.trials[*trial as usize]);
        open.filter(|trial| !trial.second_look).map(|trial| trial.unit.as_slice())
    }
}

/// Finds points. Deterministic: the same calls give the same points.
pub trait Strategy {
    /// Its name, for people.
    fn name(&self) -> &'static str;

    /// What it is doing, for people.
    fn phase(&self) -> &'static str {
        "refine"
    }

    /// Points of the probe that it likes to begin with.
    fn startup(&self) -> u32 {
        0
    }

    /// The next place. On a finite space it should be new; `None` where the strategy finds none.
    fn ask(&mut self, view: &View) -> Option<Vec<f64>>;

    /// A value, at a place that the strategy proposed or at any other.
    fn tell(&mut self, unit: &[f64], y: f64);
}

/// The strategy of a configuration; `generation` makes the random numbers of one that starts over new.
pub fn make(config: &Config, generation: u64) -> Box<dyn Strategy> {
    let seed = draw::seed(u64::from(config.seed), 2 + (generation << 8));
    let (space, n) = (&config.space, config.space.len());
    match config.method {
        Method::Random => Box::new(random::Random::new(n, seed)),
        Method::Sobol => Box::new(sobol::Sobol::new(n, seed)),
        Method::Tpe => tpe(config, seed),
        Method::NelderMead => wait(nelder_mead::NelderMead::new(n, config.parameter("size"), seed)),
        Method::Spsa => {
            let circles = space.bounds().iter().map(|b| b.knob.scale == Scale::Periodic).collect();
            let gains = spsa::Gains {
                step: config.parameter("step"),
                perturbation: config.parameter("perturbation"),
                alpha: config.parameter("alpha"),
                gamma: config.parameter("gamma"),
                stability: f64::from(config.budget.unwrap_or(BUDGET_DEFAULT)) / 20.0,
            };
            wait(spsa::Spsa::new(circles, gains, seed))
        }
        Method::Auto if mixed::is_continuous(space) => wait(Continuous::new(n, seed)),
        Method::Auto => Box::new(mixed::MixedStrategy::new(space, seed)),
    }
}

fn tpe(config: &Config, seed: u64) -> Box<dyn Strategy> {
    let parameter = |name| config.parameter(name) as u32;
    Box::new(tpe::Tpe::new(&config.space, parameter("startup"), parameter("candidates"), seed))
}

fn wait(machine: impl Machine + 'static) -> Box<dyn Strategy> {
    Box::new(Speculative::new(Box::new(machine)))
}

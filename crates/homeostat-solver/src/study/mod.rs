//! A study: ask for a point, evaluate it anywhere, tell its outcome, in any order and with any number of points open.
//!
//! Everything that happens is a line of the log, and everything else follows from the log: a study that was read back from
//! it proposes the same points to the last bit. What is refused changes nothing.
//!
//! A finite space never gets the same point twice, whether it was proposed or added; when every point was, `ask` has nothing
//! more to say. Where knobs are real numbers, `auto` may look at its best point a second time: see `noise`.

mod explain;
mod incumbent;
mod log;
mod noise;
mod places;
mod propose;
mod read;
mod report;
mod trial;
mod worth;

pub use incumbent::Incumbent;
pub use log::{FORMAT, VERSION};
pub use places::{Place, Places};
pub use read::StudyReader;
pub use report::Report;
pub use trial::{Outcome, Trial};

use crate::config::Config;
use crate::probe::Probe;
use crate::strategy::{Strategy, View};
use alloc::{boxed::Box, string::String, vec::Vec};
use core::cell::{Cell, RefCell};
use homeostat_core::error::{Code, Error, Result};
use homeostat_core::json::Writer;
use homeostat_core::rng::Rng;
use log::Log;
use noise::Repeats;
use worth::Worth;

/// Counts up whenever the same history leads to other proposals. A log of another algorithm goes on, with its results as
/// observations.
pub const ALGORITHM: u32 = 1;
/// Most trials of one study.
pub const TRIALS_MAX: u32 = 1 << 30;
/// Told trials that a strategy starts afresh from, the latest ones.
const RELEARN_MAX: usize = 1000;
/// Longest configuration, in bytes.
const CONFIG_BYTES_MAX: usize = 1 << 20;

/// How many trials there are of each kind.
#[derive(Clone, Debug, Default)]
struct Counts {
    complete: u32,
    infeasible: u32,
    not_finite: u32,
    failed: u32,
    pruned: u32,
    added: u32,
}

/// One study.
pub struct Study {
    config: Config,
    trials: Vec<Trial>,
    /// Open trials in the order in which they were asked for.
    open: Vec<u32>,
    /// Told trials in the order in which they were told.
    told: Vec<u32>,
    /// Told trials whose worth cannot be said yet.
    deferred: Vec<u32>,
    places: Places,
    counts: Counts,
    worth: Worth,
    /// The least complete and feasible value, by luck or not.
    luckiest: Option<u32>,
    repeats: Repeats,
    /// Of how many told trials, the incumbent; it changes with them alone.
    incumbent: Cell<Option<(usize, Incumbent)>>,
    /// Of how many told trials, what they say.
    report: RefCell<Option<(usize, Report)>>,
    probe: Probe,
    probed: u32,
    probe_end: u32,
    strategy: Box<dyn Strategy>,
    /// For what no strategy decides.
    rng: Rng,
    /// Points of a finite space up to this number are known.
    cursor: u64,
    log: Log,
    /// Asks are read from a log of another algorithm: nothing is proposed.
    facts_only: bool,
}

impl Study {
    /// A new study.
    pub fn new(config: &str) -> Result<Self> {
        if config.len() > CONFIG_BYTES_MAX {
            let wanted = "at most 1 MiB of JSON";
            return Err(Error::expected(Code::InvalidOption, "config", wanted, config.len() as f64));
        }
        let mut study = Self::from_config(Config::parse(config)?);
        study.log.header(&study.config);
        Ok(study)
    }

    /// A study without the first line of its log.
    fn from_config(config: Config) -> Self {
        let probe = Probe::new(config.space.len(), u64::from(config.seed));
        let strategy = crate::strategy::make(&config, 0);
        let probe_end = config.probe_points(strategy.startup());
        Self {
            trials: Vec::new(),
            open: Vec::new(),
            told: Vec::new(),
            deferred: Vec::new(),
            places: Places::default(),
            counts: Counts::default(),
            worth: Worth::new(),
            luckiest: None,
            repeats: Repeats::default(),
            incumbent: Cell::new(None),
            report: RefCell::new(None),
            probe,
            probed: 0,
            probe_end,
            strategy,
            rng: Rng::new(u64::from(config.seed) ^ 0x5EED_0F0F_57D1_0001),
            cursor: 0,
            log: Log::default(),
            facts_only: false,
            config,
        }
    }

    /// Its configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Its trials, open ones included.
    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }

    /// Whether every point of a finite space is known or open.
    pub fn is_exhausted(&self) -> bool {
        self.config.space.size().is_some_and(|size| self.places.count() >= size)
    }

    /// The next point's trial; `None` where a finite space is exhausted, or after `TRIALS_MAX` trials.
    pub fn ask(&mut self) -> Option<u32> {
        if self.is_exhausted() || self.trials.len() >= TRIALS_MAX as usize {
            return None;
        }
        if let Some(known) = self.second_look() {
            let Trial { values, unit, .. } = self.trials[known as usize].clone();
            return Some(self.open_trial(values, unit, true));
        }
        let unit = self.propose();
        let values = self.config.space.to_values(&unit);
        Some(self.open_trial(values, unit, false))
    }

    fn open_trial(&mut self, values: Vec<f64>, unit: Vec<f64>, second_look: bool) -> u32 {
        let trial = self.trials.len() as u32;
        self.log.ask(trial, &self.config.space, &values);
        self.places.open(&values, trial);
        self.open.push(trial);
        self.trials.push(Trial { values, unit, outcome: None, second_look });
        trial
    }

    /// The outcome of an open trial. True where a value that is not finite counts as the worst seen.
    pub fn tell(&mut self, trial: u32, outcome: Outcome) -> Result<bool> {
        if self.trial(trial)?.outcome.is_some() {
            let message = format_args!("trial {trial} was told before: an outcome is told once");
            return Err(Error::new(Code::TrialTold, message));
        }
        let outcome = outcome.canonical();
        self.log.tell(trial, &outcome);
        self.open.retain(|open| *open != trial);
        Ok(self.close_trial(trial, outcome))
    }

    /// An outcome for a point that was not asked for; its trial.
    pub fn add(&mut self, values: &[f64], outcome: Outcome) -> Result<u32> {
        let values = self.config.space.canonical(values)?;
        if self.trials.len() >= TRIALS_MAX as usize {
            let wanted = format_args!("at most {TRIALS_MAX} of one study");
            return Err(Error::expected(Code::InvalidOption, "trials", wanted, f64::from(TRIALS_MAX)));
        }
        let outcome = outcome.canonical();
        let trial = self.trials.len() as u32;
        self.log.add(trial, &self.config.space, &values, &outcome);
        let unit = self.config.space.to_unit(&values);
        self.trials.push(Trial { values, unit, outcome: None, second_look: false });
        self.counts.added += 1;
        self.close_trial(trial, outcome);
        Ok(trial)
    }

    /// Keeps an outcome and lets the strategy learn from it.
    fn close_trial(&mut self, trial: u32, outcome: Outcome) -> bool {
        let not_finite = matches!(outcome, Outcome::Complete { value, .. } if value.is_nan());
        let place = &mut self.trials[trial as usize];
        place.outcome = Some(outcome);
        let counted = match place.outcome {
            Some(Outcome::Failed { .. }) => &mut self.counts.failed,
            Some(Outcome::Pruned { .. }) => &mut self.counts.pruned,
            _ => &mut self.counts.complete,
        };
        *counted += 1;
        self.counts.not_finite += u32::from(not_finite);
        self.counts.infeasible += u32::from(place.violation() > 0.0);
        if let Some(value) = place.feasible_value() {
            self.repeats.count(self.places.value(&place.values, trial, value));
            let least = self.luckiest.and_then(|trial| self.trials[trial as usize].value());
            if least.is_none_or(|least| value < least) {
                self.luckiest = Some(trial);
            }
        }
        self.told.push(trial);
        let had_feasible = self.worth.has_feasible();
        if !self.learn(trial) {
            return not_finite;
        }
        if !had_feasible && self.worth.has_feasible() && self.counts.infeasible > 0 {
            // Until now the violation alone counted: what was learned is on another scale.
            self.relearn();
        } else {
            for trial in core::mem::take(&mut self.deferred) {
                self.learn(trial);
            }
        }
        not_finite
    }

    /// Tells the strategy about a told trial; false where its worth cannot be said yet.
    fn learn(&mut self, trial: u32) -> bool {
        let told = &self.trials[trial as usize];
        let y = self.worth.of(told);
        self.places.close(&told.values, trial, y);
        match y {
            // A second look is the study's own: strategies go on as if the first had told everything.
            Some(y) if !self.facts_only && !told.second_look => self.strategy.tell(&told.unit, y),
            Some(_) => {}
            None => self.deferred.push(trial),
        }
        y.is_some()
    }

    /// Starts the strategy afresh from the latest results.
    fn relearn(&mut self) {
        self.strategy = crate::strategy::make(&self.config, self.trials.len() as u64);
        self.deferred.clear();
        self.places.forget();
        let from = self.told.len().saturating_sub(RELEARN_MAX);
        for i in from..self.told.len() {
            self.learn(self.told[i]);
        }
    }

    /// The open trial at exactly these values, the earliest if there are several.
    pub fn find(&self, values: &[f64]) -> Result<Option<u32>> {
        let values = self.config.space.canonical(values)?;
        Ok(self.places.get(&values).and_then(|place| place.open.first().copied()))
    }

    /// The trial of this number.
    pub fn trial(&self, trial: u32) -> Result<&Trial> {
        self.trials.get(trial as usize).ok_or_else(|| {
            let message = format_args!("there is no trial {trial}: the study has {}", self.trials.len());
            Error::new(Code::UnknownTrial, message)
        })
    }

    /// The trial of this number as JSON.
    pub fn trial_json(&self, trial: u32) -> Result<String> {
        let mut out = String::new();
        self.trial(trial)?.write(trial, &self.config.space, &mut Writer::new(&mut out));
        Ok(out)
    }

    /// The point of this number of the study's probe, in knob units: for those who share a probe out among machines.
    pub fn probe_point(&self, index: u32) -> Vec<f64> {
        self.config.space.to_values(&self.probe.point(index))
    }

    /// `ask` as it crosses a binding: writes the point, and gives its trial or -1.
    pub fn ask_into(&mut self, out: &mut [f64]) -> Result<i32> {
        self.fits(out)?;
        let trial = self.ask();
        Ok(self.write_into(trial, out))
    }

    /// `best` as it crosses a binding: writes the point, and gives its trial or -1.
    pub fn best_into(&self, out: &mut [f64]) -> Result<i32> {
        self.fits(out)?;
        Ok(self.write_into(self.best(), out))
    }

    /// `probe_point` as it crosses a binding.
    pub fn probe_into(&self, index: u32, out: &mut [f64]) -> Result<()> {
        self.fits(out)?;
        if index == u32::MAX {
            return Err(Error::new(
                Code::InvalidOption,
                "index: expected a whole number from 0 to 4294967294",
            ));
        }
        out.copy_from_slice(&self.probe_point(index));
        Ok(())
    }

    fn write_into(&self, trial: Option<u32>, out: &mut [f64]) -> i32 {
        trial.map_or(-1, |trial| {
            out.copy_from_slice(&self.trials[trial as usize].values);
            trial as i32
        })
    }

    fn fits(&self, out: &[f64]) -> Result<()> {
        let n = self.config.space.len();
        if out.len() == n {
            return Ok(());
        }
        let wanted = format_args!("room for {n} numbers, one per knob");
        Err(Error::expected(Code::InvalidOption, "out", wanted, out.len() as f64))
    }

    /// The lines that the log grew by since the last call.
    pub fn take_log(&mut self) -> Vec<u8> {
        self.log.take()
    }

    fn view(&self) -> View<'_> {
        View { space: &self.config.space, places: &self.places, trials: &self.trials, open: &self.open }
    }
}

/// A number from outside as the number of a trial; `u32::MAX`, which none has, where it is no such number.
pub fn index(number: f64) -> u32 {
    let whole = number >= 0.0 && number < f64::from(u32::MAX) && libm::trunc(number) == number;
    if whole { number as u32 } else { u32::MAX }
}

//! Mode `recommend`: what evidence favours, said once, and withdrawn when it no longer holds.

use super::Tuner;
use crate::journal::{Body, Evidence, ModelEvidence};
use crate::real::clamp;
use crate::safety::Mode;
use crate::space::{Learn, Values};

/// A recommendation differs from what is live, and the next one from it, by at least this, in units of the range.
const STEP: f64 = 0.02;
/// Windows in a row without evidence for it that withdraw a recommendation.
const DOUBTFUL_WINDOWS: u32 = 40;
/// Windows after which the short mean of the objective has forgotten what was live before.
const SETTLING_WINDOWS: u32 = 24;
/// A level this far from where it was says that what was learned is of another time.
const LEVEL_CHANGE: f64 = 0.15;
/// As the learner's own steps: shrunken where the slope is not clear.
const SHRINK: f64 = 4.0;
const CURVATURE_MIN: f64 = 0.2;

/// What is recommended for one knob at present.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Advice {
    place: Option<f64>,
    doubtful: u32,
}

/// What a phase in mode `auto` had learned when it ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Learned {
    model: ModelEvidence,
    /// Where the model and the baseline pointed, in units of the range.
    place: Values,
    baseline: Values,
    /// Windows since then, until the level there is known.
    windows: u32,
    level: Option<f64>,
}

impl Tuner {
    /// The mode is about to change: what `auto` has learned is kept for `recommend`.
    pub(super) fn keep_learned(&mut self, next: Mode) {
        if next != Mode::Recommend {
            self.advice.fill(Advice::default());
        }
        if self.exec.mode() != Mode::Auto || next == Mode::Auto {
            self.learned = if next == Mode::Auto { None } else { self.learned };
            return;
        }
        let Some(model) = self.model() else { return };
        let baseline = *self.exec.baseline();
        let most = self.exec.guardrails().max_delta;
        let mut place = baseline;
        for slot in 0..usize::from(model.len) {
            let (i, g, e) = (usize::from(model.knobs[slot]), model.gradient[slot], model.error[slot]);
            let trust = g * g / (g * g + SHRINK * e * e + 1e-12);
            let step = clamp(-trust * g / model.curvature[slot].max(CURVATURE_MIN), -most, most);
            place[i] = self.exec.space()[i].normalise(baseline[i] + step);
        }
        self.learned = Some(Learned { model, place, baseline, windows: 0, level: None });
    }

    /// The mode has changed: a probe that was live has become the baseline, and what was learned is compared with that.
    pub(super) fn learned_here(&mut self) {
        let baseline = *self.exec.baseline();
        if let Some(learned) = &mut self.learned {
            learned.baseline = baseline;
        }
    }

    /// Recommends what a former phase in mode `auto` has learned, for as long as it holds.
    pub(super) fn recommend_learned(&mut self) {
        let now = self.exec.level();
        let Some(learned) = self.learned.as_mut().filter(|_| self.exec.mode() == Mode::Recommend) else {
            return;
        };
        learned.windows = learned.windows.saturating_add(1);
        if learned.windows == SETTLING_WINDOWS {
            learned.level = now;
        }
        let learned = *learned;
        // Where nothing else was changed, another level means other times.
        let there =
            learned.baseline.iter().zip(self.exec.baseline().iter()).all(|(a, b)| (a - b).abs() < STEP);
        let changed = learned.level.zip(now).is_some_and(|(a, b)| (a - b).abs() > LEVEL_CHANGE);
        let holds = !(there && changed);
        for i in 0..self.config.space.len() {
            let knob = &self.config.space[i];
            if knob.learn != Learn::Probe || self.exec.is_frozen(i) {
                continue;
            }
            let target = knob.quantise(learned.place[i]);
            let away = knob.way(self.exec.baseline()[i], target).abs() >= STEP;
            self.advise(i, (away && holds).then_some((target, Evidence::Model(learned.model))));
        }
    }

    /// Evidence of this window for a knob, or none.
    pub(super) fn advise(&mut self, i: usize, target: Option<(f64, Evidence)>) {
        let knob = &self.config.space[i];
        let (here, advice) = (self.exec.baseline()[i], &mut self.advice[i]);
        let body = match target {
            Some((place, evidence)) => {
                advice.doubtful = 0;
                if knob.way(advice.place.unwrap_or(here), place).abs() < STEP {
                    return;
                }
                advice.place = Some(place);
                Body::Recommend(i as u8, knob.to_value(place), evidence)
            }
            None if advice.place.is_none() => return,
            None => {
                advice.doubtful += 1;
                if advice.doubtful < DOUBTFUL_WINDOWS {
                    return;
                }
                *advice = Advice::default();
                Body::Withdraw(i as u8)
            }
        };
        self.journal.push(self.now_us, 0, self.exec.generation(), body);
    }

    /// What is recommended for a knob at present, in its own unit.
    pub fn recommended(&self, i: usize) -> Option<f64> {
        self.advice[i].place.map(|place| self.config.space[i].to_value(place))
    }
}

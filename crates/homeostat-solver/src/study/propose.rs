//! The next point: from the probe, then from the strategy, and never one that was there already.

use super::Study;
use crate::draw;
use crate::strategy::Seen;
use alloc::vec::Vec;

/// Proposals of a strategy that were there already, before another way out is taken.
const RETRIES: usize = 16;
/// Random points that are tried before a finite space is searched in order.
const TRIES: usize = 64;

impl Study {
    pub(super) fn propose(&mut self) -> Vec<f64> {
        while self.probed < self.probe_end {
            let unit = self.probe.point(self.probed);
            self.probed += 1;
            if self.is_fresh(&unit) {
                return unit;
            }
        }
        let mut last = None;
        for _ in 0..RETRIES {
            let view = super::View {
                space: &self.config.space,
                places: &self.places,
                trials: &self.trials,
                open: &self.open,
            };
            match self.strategy.ask(&view) {
                Some(unit) if self.is_fresh(&unit) => return unit,
                None => break,
                other => last = other,
            }
        }
        self.escape(last)
    }

    /// Whether a place may be proposed. Its values count: where knobs are rounded, many places have the same.
    fn is_fresh(&self, unit: &[f64]) -> bool {
        self.view().seen(unit) == Seen::New
    }

    /// A point that was not there yet: near `place` if there is one, else anywhere.
    fn escape(&mut self, place: Option<Vec<f64>>) -> Vec<f64> {
        let best = self.luckiest.map(|best| self.trials[best as usize].unit.clone());
        if let Some(centre) = place.or(best) {
            for attempt in 0..TRIES {
                let unit = self.near(&centre, attempt);
                if self.is_fresh(&unit) {
                    return unit;
                }
            }
        }
        let mut unit = Vec::new();
        for _ in 0..TRIES {
            unit = (0..self.config.space.len()).map(|_| draw::uniform(&mut self.rng)).collect();
            if self.is_fresh(&unit) {
                return unit;
            }
        }
        // Real numbers cannot be searched in order: where bounds leave but a few of them, one comes again.
        if self.view().is_finite() { self.first_free() } else { unit }
    }

    /// A point a few steps away, farther with every attempt.
    fn near(&mut self, centre: &[f64], attempt: usize) -> Vec<f64> {
        let steps = 1 + attempt as u64 / 8;
        let mut unit = self.config.space.quantise(centre);
        let moved = self.rng.next_u64() as usize % unit.len();
        for (d, bound) in self.config.space.bounds().iter().enumerate() {
            let chosen = d == moved || draw::uniform(&mut self.rng) * (unit.len() as f64) < 0.5;
            let Some(levels) = bound.levels() else {
                let far = 0.01 * steps as f64 * (draw::uniform(&mut self.rng) - 0.5);
                unit[d] = bound.knob.normalise(unit[d] + far);
                continue;
            };
            if chosen {
                let by = 1 + self.rng.next_u64() % steps.min(levels);
                // Around the end and on from the start: any step leads somewhere, and choices have no order anyway.
                let rank = bound.rank(bound.knob.to_value(unit[d]));
                let to = if self.rng.sign() > 0.0 { rank + by } else { rank + levels - by % levels };
                unit[d] = bound.knob.to_unit(bound.level(to % levels));
            }
        }
        unit
    }

    /// The first point in the order of ranks that was not there yet. Known points stay known, so the search never goes back.
    fn first_free(&mut self) -> Vec<f64> {
        let space = &self.config.space;
        loop {
            let values = space.point(self.cursor);
            if self.places.get(&values).is_none() {
                return space.to_unit(&values);
            }
            self.cursor += 1;
        }
    }
}

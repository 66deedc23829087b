//! What this device has taught, and what others like it did: for the searches and the architect.

use super::{Installed, KernelId, Registry};
use crate::architect::{Lessons, Paid, Topic};
use crate::plan::Rewrite;
use alloc::vec::Vec;

impl Registry {
    /// What is known about a topic, by this device or one like it, and how far that is trusted here: 0 to 1.
    pub fn learned(&self, topic: Topic) -> Option<(Vec<f64>, f64)> {
        let (device, _) = self.device()?;
        let (numbers, trust) = self.library.learned(device, topic.name())?;
        Some((numbers.to_vec(), trust))
    }

    /// What every topic is known to be.
    pub fn lessons(&self) -> Lessons {
        Lessons::new(|topic| self.learned(topic))
    }

    /// Adds to what this device has taught.
    pub(crate) fn learn(&mut self, topic: Topic, numbers: &[f64]) {
        let Some((device, _)) = &self.device else { return };
        let device = device.clone();
        // Only what the device itself said is added to; what was taken over from another one stays a guess.
        let own = self.library.learned(&device, topic.name()).filter(|(_, trust)| *trust >= 1.0);
        let known = own.map(|(known, _)| known.to_vec());
        self.library.learn(device, topic.name(), &topic.merged(known.as_deref(), numbers));
    }

    /// A program failed in the field: the moves that led to it from the one before it have not paid.
    pub(super) fn learn_from_field(&mut self, id: KernelId, bad: &Installed, gain: f64) {
        let Some(back) = self.fields.get(&id).and_then(|f| f.current.clone()) else { return };
        if back.form.variant != bad.form.variant {
            let changed = |r: &&Rewrite| !back.form.variant.rewrites().contains(r);
            for rewrite in bad.form.variant.rewrites().iter().filter(changed) {
                self.learn(Topic::Rewrite(*rewrite), &Paid { tries: 1.0, gain }.numbers());
            }
            return;
        }
        for (from, to) in back.schedules.iter().zip(&bad.schedules).filter(|(a, b)| a != b) {
            if let Some((topic, numbers)) = Topic::of_move(from, to, gain) {
                self.learn(topic, &numbers);
            }
        }
    }
}

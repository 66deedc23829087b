//! What the library is told of promotions and failures, and what it knows to begin with.

use super::{Installed, KernelId, Registry};
use crate::library::{BlueprintState, KernelKey, KernelState, Query, bucket};
use crate::schedule::Schedule;
use alloc::vec::Vec;

impl Registry {
    /// What the library knows a group's kernel by; `None` without a device.
    fn key(&self, id: KernelId, group: usize, schedule: &Schedule) -> Option<KernelKey> {
        let (device, subject) = (&self.device.as_ref()?.0, &self.fields.get(&id)?.subject);
        Some(KernelKey {
            blueprint: subject.hash,
            group: group as u32,
            schedule: schedule.text(),
            bucket: bucket(subject.work(group)),
            dtype: subject.plan.groups.get(group)?.dtype,
            device: device.clone(),
        })
    }

    /// Whether one of these schedules failed in the field before.
    pub(super) fn is_quarantined(&self, id: KernelId, schedules: &[Schedule]) -> bool {
        schedules.iter().enumerate().any(|(group, schedule)| self.quarantined(id, group, schedule))
    }

    /// Whether this schedule of a group failed in the field before, here or in an earlier life.
    pub fn quarantined(&self, id: KernelId, group: usize, schedule: &Schedule) -> bool {
        let state = self.key(id, group, schedule).and_then(|key| self.library.kernel(&key).map(|r| r.state));
        matches!(state, Some(KernelState::Quarantined))
    }

    /// Every group's schedules that failed in the field before.
    pub fn banned(&self, id: KernelId) -> Vec<(usize, Schedule)> {
        let (Some((device, _)), Some(field)) = (self.device(), self.fields.get(&id)) else {
            return Vec::new();
        };
        let hash = field.subject.hash;
        let failed = self
            .library
            .kernels_of(&hash)
            .filter(|(k, r)| k.device == *device && r.state == KernelState::Quarantined);
        failed.filter_map(|(k, _)| Some((k.group as usize, Schedule::parse(&k.schedule)?))).collect()
    }

    /// The schedules that answered best on this device before, one for each group; `None` where one group has none.
    pub fn known(&self, id: KernelId) -> Option<Vec<Schedule>> {
        let (device, limits) = self.device()?;
        let subject = &self.fields.get(&id)?.subject;
        let best = |group: usize| {
            let query = Query { blueprint: subject.hash, group: group as u32, device, tag: None };
            let found = self.library.query(&query);
            let usable = |text: &str| {
                let schedule = Schedule::parse(text)?;
                schedule.check(&subject.plan.groups[group], limits).is_ok().then_some(schedule)
            };
            // What answered last time before what was only measured.
            let answered = found.iter().filter(|(_, r)| r.answered);
            answered.chain(&found).find_map(|(k, _)| usable(&k.schedule))
        };
        (0..subject.plan.groups.len()).map(best).collect()
    }

    /// Schedules that answered for kernels of about this size on this device: where a search looks first.
    pub fn alike(&self, id: KernelId, group: usize) -> Vec<Schedule> {
        let (Some((device, limits)), Some(field)) = (self.device(), self.fields.get(&id)) else {
            return Vec::new();
        };
        let subject = &field.subject;
        let of = &subject.plan.groups[group];
        let near = self.library.alike(device, of.dtype, bucket(subject.work(group)));
        let fits = |text: &str| Schedule::parse(text).filter(|s| s.check(of, limits).is_ok());
        near.into_iter().filter_map(fits).filter(|s| !self.quarantined(id, group, s)).collect()
    }

    /// Blueprint and kernels go their way in the library.
    pub(super) fn record_promotion(&mut self, id: KernelId, new: &Installed) {
        let Some(field) = self.fields.get(&id) else { return };
        let hash = field.subject.hash;
        let before = field.current.as_ref().map_or(Vec::new(), |c| c.schedules.clone());
        use BlueprintState::{Compiling, PendingBenchmarking, Validated};
        for state in [Compiling, PendingBenchmarking, Validated] {
            // Where it stands there already, the step is refused and nothing is lost.
            if self.library.blueprint(&hash) != Validated {
                let _ = self.library.move_blueprint(hash, state);
            }
        }
        for (group, schedule) in new.schedules.iter().enumerate() {
            let Some(key) = self.key(id, group, schedule) else { continue };
            let measures = new.measures.get(group).copied().unwrap_or_default();
            let known = self.library.kernel(&key).map(|r| (r.state, r.proven_here));
            if known == Some((KernelState::Promoted, true)) {
                continue;
            }
            if !matches!(known, Some((KernelState::Validated, true))) {
                self.library.add(key.clone(), measures);
                let _ = self.library.move_kernel(&key, KernelState::Validated, None);
            }
            let _ = self.library.move_kernel(&key, KernelState::Promoted, Some(measures));
            if let Some(old) = before.get(group).filter(|old| *old != schedule)
                && let Some(old) = self.key(id, group, old)
            {
                let _ = self.library.move_kernel(&old, KernelState::Validated, None);
            }
        }
    }

    /// What a failure means in the library: what differs from the program before is at fault; where nothing differs, all of it.
    pub(super) fn settle_library(&mut self, id: KernelId, bad: &Installed, back: &[Schedule], wrong: bool) {
        let differs: Vec<usize> =
            (0..bad.schedules.len()).filter(|g| back.get(*g) != bad.schedules.get(*g)).collect();
        let at_fault = if differs.is_empty() { (0..bad.schedules.len()).collect() } else { differs };
        let to = if wrong { KernelState::Quarantined } else { KernelState::Validated };
        for group in at_fault {
            if let Some(key) = self.key(id, group, &bad.schedules[group]) {
                let _ = self.library.move_kernel(&key, to, None);
            }
        }
        for (group, schedule) in back.iter().enumerate() {
            if let Some(key) = self.key(id, group, schedule) {
                let _ = self.library.move_kernel(&key, KernelState::Promoted, None);
            }
        }
    }
}

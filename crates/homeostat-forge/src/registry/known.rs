//! What the library is told of promotions and failures, and what it knows to begin with.

use super::{
    Backend, Event, Evidence, Form, Installed, KernelId, KernelOptions, Registry, Tier, Tried, is_wrong,
};
use crate::controller::{Objective, choose};
use crate::library::{BlueprintState, KernelKey, KernelState, Measures, PROCESSOR, Query, Record, bucket};
use crate::plan::Variant;
use crate::schedule::Schedule;
use alloc::{format, string::String, vec::Vec};
use homeostat_core::error::{Code, Error};
use homeostat_core::list::List;

/// Most schedules of a kernel that are not tried again because the driver refused them.
const BANNED_MAX: usize = 256;

/// What the device was tried with before the processor was found to be the better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// With the schedules to begin with.
    First,
    /// With what a search found.
    Search,
}

impl Extent {
    const ALL: [Extent; 2] = [Extent::First, Extent::Search];

    /// What the library has in the place of a schedule.
    fn text(self) -> String {
        format!("{PROCESSOR}{}", if self == Extent::First { "-first" } else { "" })
    }
}

/// What a kernel of the library is computed by: a schedule, of a group of the blueprint's own graph or of another one for the same numbers.
fn text(variant: &Variant, schedule: &Schedule) -> String {
    if variant.is_plain() { schedule.text() } else { format!("{variant} {schedule}") }
}

/// The inverse.
fn read(text: &str) -> Option<(Variant, Schedule)> {
    if let Some(schedule) = Schedule::parse(text) {
        return Some((Variant::default(), schedule));
    }
    let (variant, schedule) = text.split_once(' ')?;
    Some((Variant::parse(variant)?, Schedule::parse(schedule)?))
}

impl Registry {
    /// What the library knows a group's kernel by; `None` without a device.
    fn key(&self, id: KernelId, form: &Form, group: usize, schedule: &Schedule) -> Option<KernelKey> {
        self.key_of(id, form, group, text(&form.variant, schedule))
    }

    fn key_of(&self, id: KernelId, form: &Form, group: usize, schedule: String) -> Option<KernelKey> {
        let (device, subject) = (&self.device.as_ref()?.0, &self.fields.get(&id)?.subject);
        let dtype = form.plan.groups.get(group)?.dtype;
        Some(KernelKey {
            blueprint: subject.hash,
            group: group as u32,
            schedule,
            bucket: bucket(form.work(group)),
            dtype,
            device: device.clone(),
        })
    }

    /// Whether one of a program's schedules failed in the field before.
    pub(super) fn is_quarantined(&self, id: KernelId, installed: &Installed) -> bool {
        let failed = |(group, schedule)| self.quarantined(id, &installed.form, group, schedule);
        installed.schedules.iter().enumerate().any(failed)
    }

    /// Whether this schedule of a group failed in the field before, here or in an earlier life.
    pub fn quarantined(&self, id: KernelId, form: &Form, group: usize, schedule: &Schedule) -> bool {
        let known = self.key(id, form, group, schedule);
        let state = known.and_then(|key| self.library.kernel(&key).map(|r| r.state));
        matches!(state, Some(KernelState::Quarantined))
    }

    /// Every group's schedules that failed in the field before, or that the driver refused; with the graph that they are of.
    pub fn banned(&self, id: KernelId) -> Vec<(Variant, usize, Schedule)> {
        let (Some((device, _)), Some(field)) = (self.device(), self.fields.get(&id)) else {
            return Vec::new();
        };
        let hash = field.subject.hash;
        let failed = self
            .library
            .kernels_of(&hash)
            .filter(|(k, r)| k.device == *device && r.state == KernelState::Quarantined);
        let failed = failed.filter_map(|(k, _)| {
            let (variant, schedule) = read(&k.schedule)?;
            Some((variant, k.group as usize, schedule))
        });
        failed.chain(field.banned.iter().cloned()).listed()
    }

    /// The graph and the schedules that answered best on this device before, one for each group; `None` where one group has none.
    pub fn known(&self, id: KernelId) -> Option<(Form, Vec<Schedule>)> {
        let (device, _) = self.device()?;
        let subject = &self.fields.get(&id)?.subject;
        // What answered last time before what was only measured; another graph only where it answered.
        let answered =
            self.library.kernels_of(&subject.hash).filter(|(k, r)| r.answered && k.device == *device);
        let other = answered.filter_map(|(k, _)| read(&k.schedule)).map(|(v, _)| v).find(|v| !v.is_plain());
        let other = other.and_then(|variant| subject.form(&variant).ok());
        let form = other.into_iter().chain([subject.own()]);
        let complete = |form: Form| {
            let best = |group| self.best_known(id, &form, group);
            let schedules = (0..form.plan.groups.len()).map(best).collect::<Option<Vec<Schedule>>>()?;
            Some((form, schedules))
        };
        form.into_iter().find_map(complete)
    }

    fn best_known(&self, id: KernelId, form: &Form, group: usize) -> Option<Schedule> {
        let (device, limits) = self.device()?;
        let field = self.fields.get(&id)?;
        let (blueprint, objective) = (field.subject.hash, field.options.objective);
        let query = Query { blueprint, group: group as u32, device, tag: None };
        let found = self.library.query(&query);
        let usable = |text: &str| {
            let (variant, schedule) = read(text)?;
            let fits = || schedule.check(&form.plan.groups[group], limits).is_ok();
            (variant == form.variant && fits()).then_some(schedule)
        };
        // What was proven in this life has its tags; what is only remembered is ranked by what was measured.
        // Where little memory is what matters, one that needs some is no reason not to search.
        let serves = |r: &Record| objective != Objective::Memory || r.measures.extra_bytes == 0;
        if let Some((key, record)) = choose(&self.library, &query, objective)
            && serves(&record)
            && let Some(schedule) = usable(&key.schedule)
        {
            return Some(schedule);
        }
        if objective == Objective::Speed {
            let answered = found.iter().filter(|(_, r)| r.answered);
            return answered.chain(&found).find_map(|(k, _)| usable(&k.schedule));
        }
        let mut best: Option<((f64, f64), Schedule)> = None;
        for (key, record) in found.into_iter().filter(|(_, r)| serves(r)) {
            let cost = objective.cost(&record.measures);
            if let Some(schedule) = usable(&key.schedule)
                && best.is_none_or(|(least, _)| cost < least)
            {
                best = Some((cost, schedule));
            }
        }
        best.map(|(_, schedule)| schedule)
    }

    /// Schedules that answered for kernels of about this size on this device: where a search looks first.
    pub fn alike(&self, id: KernelId, group: usize) -> Vec<Schedule> {
        let (Some((device, limits)), Some(field)) = (self.device(), self.fields.get(&id)) else {
            return Vec::new();
        };
        let form = field.subject.own();
        let of = &form.plan.groups[group];
        let near = self.library.alike(device, of.dtype, bucket(form.work(group)));
        let fits = |text: &str| read(text).map(|(_, s)| s).filter(|s| s.check(of, limits).is_ok());
        near.into_iter().filter_map(fits).filter(|s| !self.quarantined(id, &form, group, s)).listed()
    }

    /// A blueprint goes its way in the library with what happens to its candidates; one that has kernels stays validated.
    pub(super) fn follow(&mut self, hash: crate::ir::Hash, event: Event) {
        let to = match event {
            Event::Compiling => BlueprintState::Compiling,
            Event::Proven => BlueprintState::PendingBenchmarking,
            Event::Validated => BlueprintState::Validated,
            Event::Rejected => BlueprintState::Rejected,
            _ => return,
        };
        if self.library.blueprint(&hash) != BlueprintState::Validated {
            // A step that its lifecycle does not have is none.
            let _ = self.library.move_blueprint(hash, to);
        }
    }

    /// Never tries these again in this life; where they were wrong, refused by the driver or hung the device, never on this device. Of a
    /// whole program what differs from the one that answers is at fault: nobody knows which of its kernels.
    pub(crate) fn ban(&mut self, id: KernelId, tried: &Tried, error: &Error, now_us: u64) {
        let Some(field) = self.fields.get_mut(&id) else { return };
        let variant = &tried.form.variant;
        let current = field.current.as_ref().filter(|c| c.form.variant == *variant);
        let answers = |(g, s): &&(usize, Schedule)| current.is_some_and(|c| c.schedules.get(*g) == Some(s));
        let mut at_fault: Vec<(usize, Schedule)> =
            tried.schedules.iter().filter(|one| !answers(one)).copied().listed();
        if at_fault.is_empty() {
            at_fault = tried.schedules.clone();
        }
        for (group, schedule) in &at_fault {
            if field.banned.len() < BANNED_MAX {
                field.banned.push((variant.clone(), *group, *schedule));
            }
        }
        if !is_wrong(error) {
            return;
        }
        for (group, schedule) in &at_fault {
            if let Some(key) = self.key(id, &tried.form, *group, schedule) {
                if self.library.kernel(&key).is_none() {
                    self.library.add(key.clone(), Measures::default());
                }
                let _ = self.library.move_kernel(&key, KernelState::Quarantined, None);
            }
        }
        if error.code == Code::DeviceHung {
            let schedules: Vec<Schedule> = at_fault.iter().map(|(_, s)| *s).listed();
            let (variant, reason) = (variant.clone(), error.message.clone());
            let evidence = Evidence { variant, reason, ..Evidence::default() };
            self.note(now_us, Some(id), Event::Quarantined, &schedules, evidence);
        }
    }

    /// The processor answers, whatever the device was tried with: a later start need not find that out again.
    pub(crate) fn stay(&mut self, id: KernelId, extent: Extent, seconds: f64) {
        let Some(key) = self.key_of_processor(id, extent) else { return };
        if self.library.kernel(&key).is_some_and(|r| r.answered) {
            return;
        }
        self.library.add(key.clone(), Measures { seconds, portable: true, ..Measures::default() });
        for state in [KernelState::Validated, KernelState::Promoted] {
            let _ = self.library.move_kernel(&key, state, None);
        }
    }

    /// Whether the processor was found to be the better one on this device before, by at least as much as would be tried now.
    pub(crate) fn stays(&self, id: KernelId) -> bool {
        let Some(field) = self.fields.get(&id) else { return false };
        let KernelOptions { tier, backend, .. } = field.options;
        let counts =
            |extent: &Extent| backend == Backend::Auto && (tier == Tier::Fast || *extent == Extent::Search);
        let known = |extent: Extent| {
            let key = self.key_of_processor(id, extent);
            key.and_then(|key| self.library.kernel(&key)).is_some_and(|r| r.answered)
        };
        Extent::ALL.into_iter().filter(counts).any(known)
    }

    fn key_of_processor(&self, id: KernelId, extent: Extent) -> Option<KernelKey> {
        let form = self.fields.get(&id)?.subject.own();
        self.key_of(id, &form, 0, extent.text())
    }

    /// A program of the device answers: the processor was not the better one after all.
    fn leave_processor(&mut self, id: KernelId) {
        for extent in Extent::ALL {
            if let Some(key) = self.key_of_processor(id, extent) {
                let _ = self.library.move_kernel(&key, KernelState::Validated, None);
            }
        }
    }

    /// Blueprint and kernels go their way in the library.
    pub(super) fn record_promotion(&mut self, id: KernelId, new: &Installed) {
        let Some(field) = self.fields.get(&id) else { return };
        let (hash, before) = (field.subject.hash, field.current.clone());
        // Who brings a program without having told of its steps has proven it all the same.
        [Event::Compiling, Event::Proven, Event::Validated]
            .into_iter()
            .for_each(|step| self.follow(hash, step));
        for (group, schedule) in new.schedules.iter().enumerate() {
            let Some(key) = self.key(id, &new.form, group, schedule) else { continue };
            let record = self.library.kernel(&key);
            // What was not timed in this life was in an earlier one.
            let measures = match (new.measures.get(group), record) {
                (Some(own), _) if own.seconds > 0.0 => *own,
                (_, Some(earlier)) => earlier.measures,
                (own, None) => own.copied().unwrap_or_default(),
            };
            let known = record.map(|r| (r.state, r.proven_here));
            if known == Some((KernelState::Promoted, true)) || self.library.answers_again(&key) {
                continue;
            }
            if !matches!(known, Some((KernelState::Validated, true))) {
                self.library.add(key.clone(), measures);
                let _ = self.library.move_kernel(&key, KernelState::Validated, None);
            }
            let _ = self.library.move_kernel(&key, KernelState::Promoted, Some(measures));
        }
        self.leave_processor(id);
        let Some(before) = before else { return };
        for (group, schedule) in before.schedules.iter().enumerate() {
            let stays = before.form.variant == new.form.variant && new.schedules.get(group) == Some(schedule);
            if !stays && let Some(old) = self.key(id, &before.form, group, schedule) {
                let _ = self.library.move_kernel(&old, KernelState::Validated, None);
            }
        }
    }

    /// Programs that cannot be rolled back to any more: their kernels are retired where nobody else has them.
    pub(super) fn retire(&mut self, id: KernelId, old: &Installed) {
        for (group, schedule) in old.schedules.iter().enumerate() {
            let Some(key) = self.key(id, &old.form, group, schedule) else { continue };
            let has = |i: &Installed| {
                i.form.variant == old.form.variant && i.schedules.get(group) == Some(schedule)
            };
            let hash = key.blueprint;
            let mut all = self.fields.values().filter(|f| f.subject.hash == hash);
            if !all.any(|f| f.current.iter().chain(&f.previous).any(has)) {
                self.library.replaced(&key);
            }
        }
    }

    /// What a failure means in the library: what differs from the program before is at fault; where nothing differs, all of it.
    pub(super) fn settle_library(&mut self, id: KernelId, bad: &Installed, wrong: bool) {
        let back = self.fields.get(&id).and_then(|f| f.current.clone());
        let same = |g: &usize| {
            let back = back.as_ref().filter(|back| back.form.variant == bad.form.variant);
            back.is_some_and(|back| back.schedules.get(*g) == bad.schedules.get(*g))
        };
        let all = 0..bad.schedules.len();
        let differs: Vec<usize> = all.clone().filter(|g| !same(g)).listed();
        let at_fault = if differs.is_empty() { all.listed() } else { differs };
        let to = if wrong { KernelState::Quarantined } else { KernelState::Validated };
        for group in at_fault {
            if let Some(key) = self.key(id, &bad.form, group, &bad.schedules[group]) {
                let _ = self.library.move_kernel(&key, to, None);
            }
        }
        let Some(back) = back else { return };
        for (group, schedule) in back.schedules.iter().enumerate() {
            if let Some(key) = self.key(id, &back.form, group, schedule) {
                let _ = self.library.move_kernel(&key, KernelState::Promoted, None);
            }
        }
    }
}

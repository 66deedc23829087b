//! The one way in which it changes who answers: proposed, checked, journaled, applied, watched; kept or taken back.

use super::field::{KEPT_RUNS, WARY_RUNS};
use super::{Event, Evidence, FieldReport, Installed, KernelId, Offer, ProgramId, Registry};
use crate::controller::Report;
use alloc::{string::String, vec::Vec};
use homeostat_core::list::List;

/// What a wrong answer in the field says of the moves that led to it: as much as if it took e times as long.
const WRONG: f64 = -1.0;
impl Registry {
    /// Has a proven program answer from now on; whether it does.
    pub fn promote(&mut self, id: KernelId, offer: Offer, now_us: u64) -> bool {
        let Offer { installed, ratio, worst } = offer;
        let schedules = installed.schedules.clone();
        let seconds = (installed.seconds > 0.0).then_some(installed.seconds);
        let evidence = Evidence { seconds, ratio, worst: Some(worst), ..of(&installed) };
        if !self.fields.contains_key(&id) || self.device.is_none() {
            return false;
        }
        let refusal = if !self.journal.has_room() {
            Some("the journal is full: what cannot be recorded does not take place")
        } else if self.is_quarantined(id, &installed) {
            Some("it was wrong before")
        } else {
            None
        };
        if let Some(reason) = refusal {
            let reason = String::from(reason);
            self.note(now_us, Some(id), Event::Refused, &schedules, Evidence { reason, ..evidence });
            return false;
        }
        self.note(now_us, Some(id), Event::Proposed, &schedules, evidence.clone());
        self.record_promotion(id, &installed);
        self.note(now_us, Some(id), Event::Promoted, &schedules, evidence);
        if let Some(field) = self.fields.get_mut(&id) {
            let surplus = field.install(installed);
            for old in surplus {
                self.retire(id, &old);
                let reason = String::from("better ones have taken its place");
                self.note(now_us, Some(id), Event::Retired, &old.schedules, Evidence { reason, ..of(&old) });
                self.give_up(old.program);
            }
        }
        true
    }

    /// A run of what answers takes so many seconds: that was not known when it was promoted.
    pub(crate) fn expect(&mut self, id: KernelId, program: ProgramId, seconds: f64) {
        if let Some(field) = self.fields.get_mut(&id) {
            field.expect(program, seconds);
        }
    }

    /// Takes what answers back, because somebody asked for it; whether there was another program to go back to.
    pub fn take_back(&mut self, id: KernelId, now_us: u64) -> bool {
        let Some(field) = self.fields.get_mut(&id).filter(|f| !f.previous.is_empty()) else { return false };
        let Some(program) = field.current.as_ref().map(|c| c.program) else { return false };
        let Some((old, _)) = field.remove(program) else { return false };
        self.give_up(old.program);
        self.settle_library(id, &old, false);
        let reason = String::from("it was asked for");
        self.note(now_us, Some(id), Event::Demoted, &old.schedules, Evidence { reason, ..of(&old) });
        self.note_back(id, now_us);
        true
    }

    /// A promotion that lasted long enough is kept.
    pub(super) fn keep(&mut self, id: KernelId, now_us: u64) {
        let Some(field) = self.fields.get_mut(&id) else { return };
        let runs = field.watch.runs();
        if field.kept || runs < KEPT_RUNS {
            return;
        }
        field.kept = true;
        let Some(kept) = field.current.clone() else { return };
        self.note(now_us, Some(id), Event::Kept, &kept.schedules, Evidence { runs, ..of(&kept) });
    }

    /// Takes a slow program back, where there is another one.
    pub(super) fn demote(&mut self, id: KernelId, program: ProgramId, report: Report, now_us: u64) {
        let Report::Slow { ratio, runs } = report else { return };
        let Some(field) = self.fields.get_mut(&id) else { return };
        // A slow program without a predecessor is still right, and what is usual now is what it is watched by.
        if field.previous.is_empty() {
            field.watch.rescale(ratio.value);
            return;
        }
        let Some((bad, _)) = field.remove(program) else { return };
        let evidence = Evidence { ratio: Some(ratio), runs, ..of(&bad) };
        self.give_up(bad.program);
        self.settle_library(id, &bad, false);
        self.learn_from_field(id, &bad, -libm::log(ratio.value));
        self.note(now_us, Some(id), Event::Demoted, &bad.schedules, evidence);
        self.note_back(id, now_us);
        self.report(FieldReport { kernel: id, form: bad.form, schedules: bad.schedules, wrong: false });
    }

    /// A program that was wrong, or that the device refused to run, never answers again.
    pub(crate) fn quarantine(&mut self, id: KernelId, program: ProgramId, reason: &str, now_us: u64) {
        self.withdraw(id, program, true, reason, now_us);
    }

    /// What other processes that share the library found wrong does not answer here any more.
    pub(super) fn heed(&mut self, now_us: u64) {
        let mut wrong = Vec::new();
        for (id, field) in self.fields.iter() {
            let of = field.current.iter().chain(&field.previous);
            wrong.extend(of.filter(|i| self.is_quarantined(*id, i)).map(|i| (*id, i.program)));
        }
        for (id, program) in wrong {
            self.withdraw(id, program, false, "another process found it wrong", now_us);
        }
    }

    /// Takes a wrong program back; whether it was found out here.
    fn withdraw(&mut self, id: KernelId, program: ProgramId, own: bool, reason: &str, now_us: u64) {
        let Some(field) = self.fields.get_mut(&id) else { return };
        let runs = field.watch.runs();
        let Some((bad, answered)) = field.remove(program) else { return };
        field.wary = WARY_RUNS;
        self.give_up(bad.program);
        self.settle_library(id, &bad, own);
        if own {
            self.learn_from_field(id, &bad, WRONG);
        }
        let evidence = Evidence { runs, reason: reason.into(), ..of(&bad) };
        self.note(now_us, Some(id), Event::Quarantined, &bad.schedules, evidence);
        if answered {
            self.note_back(id, now_us);
        }
        self.report(FieldReport { kernel: id, form: bad.form, schedules: bad.schedules, wrong: true });
    }

    /// A kernel's programs are not needed any more, though nothing was wrong with them.
    pub(super) fn retire_all(&mut self, id: KernelId, reason: &str, now_us: u64) -> Vec<ProgramId> {
        let Some(field) = self.fields.get_mut(&id) else { return Vec::new() };
        let gone = field.clear();
        for old in &gone {
            let evidence = Evidence { reason: reason.into(), ..of(old) };
            self.note(now_us, Some(id), Event::Retired, &old.schedules, evidence);
        }
        gone.iter().map(|old| old.program).listed()
    }

    /// What answers now answers again.
    fn note_back(&mut self, id: KernelId, now_us: u64) {
        let current = self.fields.get(&id).and_then(|f| f.current.as_ref());
        let (schedules, evidence) =
            current.map_or((Vec::new(), Evidence::default()), |c| (c.schedules.clone(), of(c)));
        self.note(now_us, Some(id), Event::RolledBack, &schedules, evidence);
    }
}

/// Evidence about a program, to begin with.
fn of(installed: &Installed) -> Evidence {
    Evidence { variant: installed.form.variant.clone(), ..Evidence::default() }
}

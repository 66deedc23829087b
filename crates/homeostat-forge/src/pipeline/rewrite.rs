//! Other graphs for the same numbers: proposed in the architect's order, proven like any kernel, compared as whole runs.

use super::life::{Context, is_over};
use super::raise::{Proof, Raised};
use crate::architect::{Paid, Topic};
use crate::measure::{Decision, Median};
use crate::plan::{Plan, Rewrite};
use crate::registry::Installed;
use crate::schedule::Schedule;
use alloc::vec::Vec;
use homeostat_core::error::Result;

impl Context {
    /// Tries so many other graphs, after having skipped some, and has the better ones answer; what answers then.
    pub(super) async fn rewrite(
        &self,
        mut current: Installed,
        skip: usize,
        tries: usize,
    ) -> Result<Installed> {
        let Ok(changes) = Plan::rewrites(&self.subject.blueprint) else { return Ok(current) };
        let order = self.lessons.order(changes);
        if order.is_empty() {
            return Ok(current);
        }
        // Later rounds go on where the earlier ones ended, and begin anew when all were tried.
        for change in (skip..skip + tries.min(order.len())).map(|at| order[at % order.len()]) {
            match self.try_change(&current, change).await {
                Ok(Some(better)) => current = better,
                Ok(None) => {}
                Err(error) if is_over(&error) => return Err(error),
                // Its graph cannot be computed here: that is no reason to give the others up.
                Err(_) => {}
            }
        }
        Ok(current)
    }

    async fn try_change(&self, current: &Installed, change: Rewrite) -> Result<Option<Installed>> {
        let Some(variant) = current.form.variant.toggled(change) else { return Ok(None) };
        let form = self.subject.form(&variant)?;
        // A change that led to the same kernels is none.
        if form.plan.groups == current.form.plan.groups {
            return Ok(None);
        }
        let here = self.of(&form);
        let schedules = here.taken_over(current)?;
        let Some(raised) = here.raise(schedules, Proof::Full).await? else { return Ok(None) };
        let (won, ratio) = match self.beats(&raised, current).await {
            Ok(beats) => beats,
            Err(error) => {
                self.port.release(raised.program).await;
                return Err(error);
            }
        };
        if let Some(ratio) = &ratio {
            let gain = -libm::log(ratio.value);
            self.port.learn(Topic::Rewrite(change), Paid { tries: 1.0, gain }.numbers().to_vec()).await;
        }
        if won {
            return Ok(self.answer(raised, ratio).await);
        }
        self.refuse(&raised, ratio, "the other graph is not faster by more than the noise").await;
        self.port.release(raised.program).await;
        Ok(None)
    }

    /// A schedule for each group: that of the present program where it computes the same, else the one to begin with.
    fn taken_over(&self, current: &Installed) -> Result<Vec<Schedule>> {
        let mut schedules = self.first()?;
        for (group, schedule) in self.form.plan.groups.iter().zip(&mut schedules) {
            let known = current.form.plan.groups.iter().zip(&current.schedules);
            let mut alike =
                known.filter(|(g, s)| g.shape == group.shape && s.check(group, &self.limits).is_ok());
            if let Some((_, taken)) = alike.next() {
                *schedule = *taken;
            }
        }
        Ok(schedules)
    }

    /// Whether a program is faster than what answers, by more than the noise; both as the sum of their groups.
    pub(super) async fn beats(&self, raised: &Raised, current: &Installed) -> Result<(bool, Option<Median>)> {
        let (candidate, incumbent) = (self.of(&raised.form), self.of(&current.form));
        let kernels = incumbent.kernels(&current.schedules)?;
        // A program of its own: the one that answers may be taken back meanwhile.
        let program = self.port.compile(incumbent.tried(&current.schedules), kernels).await?;
        let decision = async {
            let one = candidate.benches(raised.program, &raised.schedules).await?;
            let other = incumbent.benches(program, &current.schedules).await?;
            self.pairs(&one, &other).await
        };
        let decision = decision.await;
        self.port.release(program).await;
        Ok(match decision? {
            Some(Decision::Promote(ratio)) => (true, Some(ratio)),
            Some(Decision::Keep(ratio) | Decision::Undecided(ratio)) => (false, Some(ratio)),
            None => (false, None),
        })
    }
}

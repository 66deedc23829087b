//! The smallest case that schedules fail which were found wrong: for whoever reads the rejection. Bounded: so many more programs are compiled
//! and proven, none of which ever answers. A case of other sizes has other shaders; it counts where it is cut into the same groups and the
//! schedules still fit. Natively alone: in WebAssembly it would be 2.1 kB gzipped, and a rejection there has the case that failed.

use super::life::{Context, is_over};
use super::raise::Proof;
use crate::ir::{Blueprint, Op};
use crate::plan::Plan;
use crate::prove::{Between, choices};
use crate::schedule::Schedule;
use alloc::{format, string::String, sync::Arc, vec::Vec};
use homeostat_core::error::{Code, Result};

/// Most proofs for one rejection.
const PROOFS_MAX: u32 = 16;

impl Context {
    /// The shapes of the smallest case found, and how it fails; the case itself, which failed for this reason, where no smaller one does.
    pub(super) async fn smallest_of(&self, schedules: &[Schedule], why: &str) -> String {
        let mut best = (self.subject.blueprint.clone(), String::from(why));
        let mut left = PROOFS_MAX;
        loop {
            let mut smaller = false;
            for mut together in choices(&best.0) {
                let mut between = Between::new(together.size);
                while let Some(size) = between.probe() {
                    let Some(tried) = together.resized(&best.0, size) else { break };
                    if left == 0 {
                        return describe(&best.0, &best.1);
                    }
                    left -= 1;
                    match self.fails(&tried, schedules).await {
                        Ok(Some(why)) => {
                            (best, together.size, smaller) = ((tried, why), size, true);
                            between.tell(size, true);
                        }
                        Ok(None) => between.tell(size, false),
                        // The device is gone, or takes nothing now: what was found is enough.
                        Err(_) => return describe(&best.0, &best.1),
                    }
                }
            }
            if !smaller {
                return describe(&best.0, &best.1);
            }
        }
    }

    /// How a smaller case fails; `None` where it is right, or cannot be tried.
    async fn fails(&self, blueprint: &Blueprint, schedules: &[Schedule]) -> Result<Option<String>> {
        let most = self.limits.storage_buffers as usize;
        let Ok(plan) = Plan::rewritten(blueprint, most, &self.form.variant) else { return Ok(None) };
        if plan.groups.len() != schedules.len() {
            return Ok(None);
        }
        let mut fitting = plan.groups.iter().zip(schedules);
        if !fitting.all(|(group, schedule)| schedule.check(group, &self.limits).is_ok()) {
            return Ok(None);
        }
        let Ok(kernels) = self.kernels_of(&plan, schedules) else { return Ok(None) };
        let compiled = self.port.compile_plan(self.tried(schedules), Arc::new(plan), kernels).await;
        let program = match compiled {
            Ok(program) => program,
            Err(error) if is_over(&error) => return Err(error),
            Err(_) => return Ok(None),
        };
        let shown = self.compare(program, blueprint, Proof::Full).await;
        self.port.release(program).await;
        match shown {
            Err(error) if error.code == Code::KernelRejected => Ok(Some(error.message.clone())),
            Err(error) if is_over(&error) => Err(error),
            _ => Ok(None),
        }
    }
}

fn describe(blueprint: &Blueprint, why: &str) -> String {
    let mut inputs: Vec<String> = Vec::new();
    for id in blueprint.inputs() {
        let node = blueprint.node(*id);
        if let Op::Input { name } = &node.op {
            inputs.push(format!("{name} {}", node.shape));
        }
    }
    format!("{}: {why}", inputs.join(", "))
}

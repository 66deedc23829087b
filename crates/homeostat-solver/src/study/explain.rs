use super::Study;
use alloc::string::String;
use homeostat_core::json::Writer;

impl Study {
    /// Everything a person may ask about the study's present state, as JSON.
    pub fn explain(&self) -> String {
        let mut out = String::new();
        Writer::new(&mut out).object(|w| {
            w.key("strategy").str(self.strategy.name());
            w.key("phase").str(if self.probed < self.probe_end { "probe" } else { self.strategy.phase() });
            w.key("trials").object(|w| self.write_counts(w));
            w.key("exhausted").bool(self.is_exhausted());
            match self.best() {
                Some(best) => w.key("best").object(|w| {
                    let trial = &self.trials[best as usize];
                    w.key("trial").uint(u64::from(best));
                    self.config.space.write_params(&trial.values, w.key("params"));
                    w.key("value").num(trial.value().unwrap_or(f64::NAN));
                }),
                None => w.key("best").null(),
            }
        });
        out
    }

    fn write_counts(&self, w: &mut Writer) {
        let counts = &self.counts;
        for (name, count) in [
            ("total", self.trials.len() as u32),
            ("open", self.open.len() as u32),
            ("complete", counts.complete),
            ("failed", counts.failed),
            ("pruned", counts.pruned),
            ("infeasible", counts.infeasible),
            ("not_finite", counts.not_finite),
            ("added", counts.added),
        ] {
            w.key(name).uint(u64::from(count));
        }
    }
}

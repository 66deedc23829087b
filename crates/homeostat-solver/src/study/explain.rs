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
            match self.incumbent() {
                Some(best) => w.key("best").object(|w| {
                    w.key("trial").uint(u64::from(best.trial));
                    let values = &self.trials[best.trial as usize].values;
                    self.config.space.write_params(values, w.key("params"));
                    w.key("value").num(best.value);
                }),
                None => w.key("best").null(),
            }
            w.key("noise").str(self.repeats.noise().word());
            self.write_report(w);
        });
        out
    }

    fn write_report(&self, w: &mut Writer) {
        let report = self.report();
        match report.landscape {
            Some(verdict) => w.key("landscape").object(|w| {
                w.key("verdict").str(verdict.word());
                w.key("confidence").num(verdict.confidence);
            }),
            None => w.key("landscape").null(),
        }
        w.key("importance").object(|w| {
            let shares = report.importance.unwrap_or_default();
            for (bound, share) in self.config.space.bounds().iter().zip(shares) {
                w.key(&bound.knob.name).num(share);
            }
        });
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

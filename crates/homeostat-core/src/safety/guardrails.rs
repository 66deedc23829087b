use crate::error::{Code, Error, Result};
use crate::json::Number;

/// A named set of guardrails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Small steps, long memory.
    Conservative,
    /// The default.
    Balanced,
    /// Large steps, short memory.
    Aggressive,
}

impl Preset {
    /// Every preset with its wire name.
    pub const ALL: [(Preset, &'static str); 3] = [
        (Preset::Conservative, "conservative"),
        (Preset::Balanced, "balanced"),
        (Preset::Aggressive, "aggressive"),
    ];
}

/// Limits on change. Steps are in units of a knob's range, windows roll.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guardrails {
    /// The preset these limits started from; also chooses how probes are shaped.
    pub preset: Preset,
    /// Largest step of any knob in one ordinary update. 0.001 to 1.
    pub max_delta: f64,
    /// Ordinary updates in any second. 1 to 100.
    pub updates_per_second: f64,
    /// Least time between ordinary updates. 0 to 60 s.
    pub min_interval_us: f64,
    /// Changes of direction of one knob's baseline in any minute. 0 to 60.
    pub flips_per_minute: f64,
    /// How long SafeMode lasts. 0 to 1 h.
    pub cooldown_us: f64,
    /// Sum of one knob's baseline steps in any minute. 0.001 to 60.
    pub cumulative_per_minute: f64,
    /// Regressions in a row until SafeMode. 1 to 100.
    pub regressions: f64,
    /// How far a probe may take a knob from its baseline. 0 to `max_delta`.
    pub probe_amplitude: f64,
    /// Regressions in a row until a rollback. 1 to 100.
    pub rollback_after: f64,
    /// Rollbacks in any hour; one more is SafeMode instead. 0 to 1000.
    pub rollbacks_per_hour: f64,
    /// How long a baseline has to stay healthy to be certified. 0 to 1 h.
    pub min_stable_us: f64,
    /// Anchor challenges in any hour. 0 to 1000.
    pub challenges_per_hour: f64,
    /// Constraint back-offs in any hour; one more is SafeMode instead. 0 to 1000.
    pub back_offs_per_hour: f64,
}

/// Probes toggle at most this often in any second.
pub const PROBES_PER_SECOND: usize = 2;

/// Name and range of each number, in declaration order after `preset`. The façade's checks are generated from it.
pub const GUARDRAIL_RANGES: [(&str, f64, f64); 13] = [
    ("max_delta", 0.001, 1.0),
    ("updates_per_second", 1.0, 100.0),
    ("min_interval_us", 0.0, 60e6),
    ("flips_per_minute", 0.0, 60.0),
    ("cooldown_us", 0.0, 3600e6),
    ("cumulative_per_minute", 0.001, 60.0),
    ("regressions", 1.0, 100.0),
    ("probe_amplitude", 0.0, 1.0),
    ("rollback_after", 1.0, 100.0),
    ("rollbacks_per_hour", 0.0, 1000.0),
    ("min_stable_us", 0.0, 3600e6),
    ("challenges_per_hour", 0.0, 1000.0),
    ("back_offs_per_hour", 0.0, 1000.0),
];

impl Guardrails {
    /// The limits of a preset.
    pub fn preset(preset: Preset) -> Self {
        let [delta, ups, interval, flips, cooldown, cumulative, regressions, probe, after, rollbacks, stable] =
            match preset {
                Preset::Conservative => [0.05, 2.0, 500e3, 2.0, 60e6, 0.25, 3.0, 0.05, 2.0, 2.0, 30e6],
                Preset::Balanced => [0.10, 10.0, 100e3, 3.0, 30e6, 0.5, 5.0, 0.05, 3.0, 4.0, 5e6],
                Preset::Aggressive => [0.20, 20.0, 50e3, 5.0, 10e6, 1.0, 8.0, 0.05, 5.0, 10.0, 1e6],
            };
        Self {
            preset,
            max_delta: delta,
            updates_per_second: ups,
            min_interval_us: interval,
            flips_per_minute: flips,
            cooldown_us: cooldown,
            cumulative_per_minute: cumulative,
            regressions,
            probe_amplitude: probe,
            rollback_after: after,
            rollbacks_per_hour: rollbacks,
            min_stable_us: stable,
            challenges_per_hour: 12.0,
            back_offs_per_hour: 30.0,
        }
    }

    /// The numbers by name, in declaration order.
    pub fn fields(&self) -> [(&'static str, f64); 13] {
        let values = [
            self.max_delta,
            self.updates_per_second,
            self.min_interval_us,
            self.flips_per_minute,
            self.cooldown_us,
            self.cumulative_per_minute,
            self.regressions,
            self.probe_amplitude,
            self.rollback_after,
            self.rollbacks_per_hour,
            self.min_stable_us,
            self.challenges_per_hour,
            self.back_offs_per_hour,
        ];
        core::array::from_fn(|i| (GUARDRAIL_RANGES[i].0, values[i]))
    }

    /// Replaces one number; refuses unknown names and values out of range.
    pub fn set(&mut self, name: &str, value: f64) -> Result<()> {
        let Some(i) = GUARDRAIL_RANGES.iter().position(|(n, ..)| *n == name) else {
            return Err(Error::new(Code::InvalidOption, format_args!("guardrails.{name}: no such limit")));
        };
        let (_, min, max) = GUARDRAIL_RANGES[i];
        if !(min..=max).contains(&value) {
            let wanted = format_args!("{} to {}", Number(min), Number(max));
            return Err(Error::expected(
                Code::InvalidOption,
                format_args!("guardrails.{name}"),
                wanted,
                value,
            ));
        }
        let slots: [&mut f64; 13] = [
            &mut self.max_delta,
            &mut self.updates_per_second,
            &mut self.min_interval_us,
            &mut self.flips_per_minute,
            &mut self.cooldown_us,
            &mut self.cumulative_per_minute,
            &mut self.regressions,
            &mut self.probe_amplitude,
            &mut self.rollback_after,
            &mut self.rollbacks_per_hour,
            &mut self.min_stable_us,
            &mut self.challenges_per_hour,
            &mut self.back_offs_per_hour,
        ];
        *slots.into_iter().nth(i).expect("GUARDRAIL_RANGES and slots have the same length") = value;
        Ok(())
    }

    /// Limits that contradict each other.
    pub fn validate(&self) -> Result<()> {
        if self.probe_amplitude > self.max_delta {
            let wanted = format_args!("at most max_delta ({})", Number(self.max_delta));
            let option = "guardrails.probe_amplitude";
            return Err(Error::expected(Code::InvalidOption, option, wanted, self.probe_amplitude));
        }
        Ok(())
    }
}

//! The guardrail presets, as stated in the specification. Contenders and the auditor share these numbers, nothing else.

use std::fmt;
use std::str::FromStr;

/// A named set of guardrails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Preset {
    /// Small steps, slow.
    Conservative,
    /// The default.
    Balanced,
    /// Large steps, fast.
    Aggressive,
}

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 3] = [Self::Conservative, Self::Balanced, Self::Aggressive];

    /// The preset's limits.
    pub fn limits(self) -> Limits {
        match self {
            Self::Conservative => Limits {
                max_delta: 0.05,
                updates_per_second: 2,
                min_interval_us: 500_000,
                flips_per_minute: 2,
                cooldown_us: 60_000_000,
                cumulative_per_minute: 0.25,
                regressions: 3,
                rollbacks_per_hour: 2,
                probe_amplitude: 0.05,
            },
            Self::Balanced => Limits {
                max_delta: 0.10,
                updates_per_second: 10,
                min_interval_us: 100_000,
                flips_per_minute: 3,
                cooldown_us: 30_000_000,
                cumulative_per_minute: 0.5,
                regressions: 5,
                rollbacks_per_hour: 4,
                probe_amplitude: 0.05,
            },
            Self::Aggressive => Limits {
                max_delta: 0.20,
                updates_per_second: 20,
                min_interval_us: 50_000,
                flips_per_minute: 5,
                cooldown_us: 10_000_000,
                cumulative_per_minute: 1.0,
                regressions: 8,
                rollbacks_per_hour: 10,
                probe_amplitude: 0.08,
            },
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Conservative => "conservative",
            Self::Balanced => "balanced",
            Self::Aggressive => "aggressive",
        })
    }
}

impl FromStr for Preset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|preset| preset.to_string() == text).ok_or_else(|| {
            format!("preset: expected conservative, balanced or aggressive, received {text:?}")
        })
    }
}

/// The limits of a preset; knob units normalised to `[0, 1]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Largest change of any knob in one ordinary update.
    pub max_delta: f64,
    /// Most ordinary updates in any rolling second.
    pub updates_per_second: usize,
    /// Shortest time between updates.
    pub min_interval_us: u64,
    /// Most direction changes of a knob's baseline in any rolling minute.
    pub flips_per_minute: usize,
    /// How long SafeMode lasts when nothing ends it earlier.
    pub cooldown_us: u64,
    /// Largest total change of a knob's baseline in any rolling minute.
    pub cumulative_per_minute: f64,
    /// Regressions in a row that lead to SafeMode.
    pub regressions: usize,
    /// Most rollbacks in any rolling hour.
    pub rollbacks_per_hour: usize,
    /// Half-width of the tube around the baseline that probes stay in.
    pub probe_amplitude: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back_and_a_wrong_one_is_named() {
        for preset in Preset::ALL {
            assert_eq!(preset.to_string().parse(), Ok(preset));
        }
        assert!("Balanced".parse::<Preset>().unwrap_err().contains("\"Balanced\""));
    }
}

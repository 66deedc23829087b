//! Telemetry digests: what one window says about one configuration, in 64 bytes.
//!
//! Little-endian. Absent fields are all zero bits, so that encoding a decoded digest gives the same bytes.
//!
//! ```text
//!  0        1        2                 4                          8
//!  +--------+--------+-----------------+--------------------------+
//!  | version| mask   | reserved, zero  | samples (u32)            |
//!  +--------+--------+-----------------+--------------------------+
//!  8  timestamp_us (u64)              16  config_generation (u64)
//! 24  objective_value (f64)           32  latency_p99_us (f64)   mask bit 0
//! 40  throughput_rps (f64) bit 1      48  error_rate (f64)       mask bit 2
//! 56  constraint_margin (f64) bit 3   64  end
//! ```

mod fields;
mod ring;

pub use fields::DIGEST_FIELDS;
pub use ring::DigestRing;

use crate::error::{Code, Error, Result};
use crate::json::{Number, WHOLE_MAX};

/// Size of the wire layout.
pub const DIGEST_BYTES: usize = 64;
/// Version that this build writes and reads.
pub const DIGEST_VERSION: u8 = 1;
const MASK_BITS: u8 = 0b1111;
const WORDS: usize = DIGEST_BYTES / 8;

/// One window's telemetry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TelemetryDigest {
    /// End of the window, monotonic.
    pub timestamp_us: u64,
    /// Generation of the configuration that served the samples.
    pub generation: u64,
    /// Samples behind the numbers.
    pub samples: u32,
    /// Lower is better.
    pub objective: f64,
    /// 99th percentile of the first duration signal.
    pub latency_p99_us: Option<f64>,
    /// Requests per second.
    pub throughput_rps: Option<f64>,
    /// Share of failed requests, 0 to 1.
    pub error_rate: Option<f64>,
    /// (limit - value) / |limit| of the tightest constraint; positive is satisfied.
    pub constraint_margin: Option<f64>,
}

impl TelemetryDigest {
    fn optional(&self) -> [Option<f64>; 4] {
        [self.latency_p99_us, self.throughput_rps, self.error_rate, self.constraint_margin]
    }

    /// The wire layout. Refuses what [`Self::decode`] would refuse.
    pub fn encode(&self) -> Result<[u8; DIGEST_BYTES]> {
        self.check()?;
        let mut words = [0; WORDS];
        words[0] = u64::from(DIGEST_VERSION) | u64::from(self.samples) << 32;
        words[1] = self.timestamp_us;
        words[2] = self.generation;
        words[3] = self.objective.to_bits();
        for (i, value) in self.optional().into_iter().enumerate() {
            if let Some(value) = value {
                words[0] |= 1 << (8 + i);
                words[4 + i] = value.to_bits();
            }
        }
        let mut out = [0; DIGEST_BYTES];
        for (raw, word) in out.chunks_exact_mut(8).zip(words) {
            raw.copy_from_slice(&word.to_le_bytes());
        }
        Ok(out)
    }

    /// Reads the wire layout; every byte string that is not a valid digest is refused with the reason.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        if bytes.len() != DIGEST_BYTES {
            let (wanted, got) = (DIGEST_BYTES, bytes.len() as f64);
            return Err(Error::expected(Code::DigestLength, "digest", format_args!("{wanted} bytes"), got));
        }
        let mut words = [0; WORDS];
        for (word, raw) in words.iter_mut().zip(bytes.chunks_exact(8)) {
            *word = raw.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        }
        let [version, mask, reserved @ ..] = (words[0] as u32).to_le_bytes();
        if version != DIGEST_VERSION {
            return Err(Error::expected(Code::DigestVersion, "digest.version", "1", f64::from(version)));
        }
        if mask & !MASK_BITS != 0 || reserved != [0, 0] {
            let message =
                format_args!("digest: reserved bits must be 0, got {}", Number((words[0] as u32).into()));
            return Err(Error::new(Code::DigestLayout, message));
        }
        let mut fields = [None; 4];
        for (i, (field, raw)) in fields.iter_mut().zip(&words[4..]).enumerate() {
            if mask & (1 << i) != 0 {
                *field = Some(f64::from_bits(*raw));
            } else if *raw != 0 {
                return Err(Error::new(
                    Code::DigestLayout,
                    format_args!("digest: field {i} is absent by its mask but not zero"),
                ));
            }
        }
        let [latency_p99_us, throughput_rps, error_rate, constraint_margin] = fields;
        let digest = Self {
            timestamp_us: words[1],
            generation: words[2],
            samples: (words[0] >> 32) as u32,
            objective: f64::from_bits(words[3]),
            latency_p99_us,
            throughput_rps,
            error_rate,
            constraint_margin,
        };
        digest.check()?;
        Ok(digest)
    }

    fn check(&self) -> Result<()> {
        let named = [
            ("objective_value", Some(self.objective)),
            ("latency_p99_us", self.latency_p99_us),
            ("throughput_rps", self.throughput_rps),
            ("error_rate", self.error_rate),
            ("constraint_margin", self.constraint_margin),
        ];
        for (name, value) in named {
            let Some(v) = value else { continue };
            if !v.is_finite() {
                return refuse(Code::DigestNotFinite, name, "a finite number", v);
            }
            match name {
                "latency_p99_us" | "throughput_rps" if v < 0.0 => {
                    return refuse(Code::DigestRange, name, "at least 0", v);
                }
                "error_rate" if !(0.0..=1.0).contains(&v) => {
                    return refuse(Code::DigestRange, name, "0 to 1", v);
                }
                _ => {}
            }
        }
        // Beyond 2^53 a double no longer counts in ones, and the façade could not read it exactly.
        for (name, v) in [("timestamp_us", self.timestamp_us), ("config_generation", self.generation)] {
            if v > WHOLE_MAX as u64 {
                return refuse(Code::DigestRange, name, "0 to 2^53", v as f64);
            }
        }
        Ok(())
    }

    /// Whether this digest may teach anything about `generation` at `now_us`.
    pub fn validity(&self, now_us: u64, generation: u64, settled_us: u64, age_us_max: u64) -> Validity {
        if !self.objective.is_finite() || self.optional().iter().flatten().any(|v| !v.is_finite()) {
            Validity::NotFinite
        } else if self.timestamp_us > now_us {
            Validity::FromTheFuture
        } else if now_us - self.timestamp_us > age_us_max {
            Validity::TooOld
        } else if self.generation != generation {
            Validity::WrongGeneration
        } else if self.timestamp_us < settled_us {
            Validity::Settling
        } else {
            Validity::Valid
        }
    }
}

fn refuse(code: Code, field: &str, wanted: &str, got: f64) -> Result<()> {
    Err(Error::expected(code, format_args!("digest.{field}"), wanted, got))
}

/// Why a digest counts for learning, or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// It counts.
    Valid,
    /// It was served by another configuration.
    WrongGeneration,
    /// Its window ended too long ago.
    TooOld,
    /// A change has not settled yet.
    Settling,
    /// Its window ends later than now.
    FromTheFuture,
    /// Its objective (or another number) is NaN or infinite, or the window had no sample.
    NotFinite,
}

impl Validity {
    /// Every validity with its wire name.
    pub const ALL: [(Validity, &'static str); 6] = [
        (Validity::Valid, "valid"),
        (Validity::WrongGeneration, "wrong-generation"),
        (Validity::TooOld, "too-old"),
        (Validity::Settling, "settling"),
        (Validity::FromTheFuture, "from-the-future"),
        (Validity::NotFinite, "not-finite"),
    ];
}

#[cfg(test)]
mod tests;

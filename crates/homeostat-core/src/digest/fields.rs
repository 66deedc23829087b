use super::TelemetryDigest;
use crate::engine::time_us;
use crate::error::{Code, Error, Result};

/// Numbers that describe a digest across the seam, in this order: timestamp_us, generation, samples, objective, then the
/// optional fields as NaN where absent.
pub const DIGEST_FIELDS: usize = 8;

impl TelemetryDigest {
    /// The numbers of a digest.
    pub fn to_fields(&self) -> [f64; DIGEST_FIELDS] {
        let mut out = [f64::NAN; DIGEST_FIELDS];
        out[0] = self.timestamp_us as f64;
        out[1] = self.generation as f64;
        out[2] = f64::from(self.samples);
        out[3] = self.objective;
        for (slot, field) in out[4..].iter_mut().zip(self.optional()) {
            *slot = field.unwrap_or(f64::NAN);
        }
        out
    }

    /// A digest from its numbers; the error names the field, the range and the value.
    pub fn from_fields(fields: &[f64]) -> Result<Self> {
        let &[timestamp, generation, samples, objective, ref optional @ ..] = fields else {
            return Err(wrong_length(fields.len()));
        };
        let &[latency, throughput, errors, margin] = optional else { return Err(wrong_length(fields.len())) };
        if !(0.0..=f64::from(u32::MAX)).contains(&samples) || libm::trunc(samples) != samples {
            let wanted = "a whole number below 2^32";
            return Err(Error::expected(Code::DigestRange, "digest.samples", wanted, samples));
        }
        let present = |v: f64| (!v.is_nan()).then_some(v);
        Ok(Self {
            timestamp_us: time_us(timestamp, "digest.timestamp_us")?,
            generation: time_us(generation, "digest.generation")?,
            samples: samples as u32,
            objective,
            latency_p99_us: present(latency),
            throughput_rps: present(throughput),
            error_rate: present(errors),
            constraint_margin: present(margin),
        })
    }
}

fn wrong_length(got: usize) -> Error {
    let wanted = format_args!("{DIGEST_FIELDS} numbers");
    Error::expected(Code::DigestLength, "digest", wanted, got as f64)
}

//! Knobs and the space they span.
//!
//! Inside, every knob lives in [0, 1] ("unit"); the application sees its own unit. A unit is turned into a value by the
//! knob's scale and rounded to what its kind can hold, so that what is live is always a value the application could have
//! been given.

mod knob;

pub use knob::{Kind, Knob, Learn, Scale};

use crate::error::{Code, Error, Result};
use alloc::vec::Vec;

/// Most knobs that one tuner holds.
pub const KNOBS_MAX: usize = 32;

/// One number per knob, without allocation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Values {
    len: u8,
    items: [f64; KNOBS_MAX],
}

impl Values {
    /// `len` zeros.
    pub fn zeros(len: usize) -> Self {
        assert!(len <= KNOBS_MAX, "at most {KNOBS_MAX} knobs");
        Self { len: len as u8, items: [0.0; KNOBS_MAX] }
    }
}

/// Out of bounds panics here, at one place, instead of at every use.
impl core::ops::Index<usize> for Values {
    type Output = f64;
    fn index(&self, knob: usize) -> &f64 {
        &self.items[..self.len as usize][knob]
    }
}

impl core::ops::IndexMut<usize> for Values {
    fn index_mut(&mut self, knob: usize) -> &mut f64 {
        &mut self.items[..self.len as usize][knob]
    }
}

impl core::ops::Deref for Values {
    type Target = [f64];
    fn deref(&self) -> &[f64] {
        &self.items[..self.len as usize]
    }
}

impl core::ops::DerefMut for Values {
    fn deref_mut(&mut self) -> &mut [f64] {
        &mut self.items[..self.len as usize]
    }
}

impl FromIterator<f64> for Values {
    fn from_iter<I: IntoIterator<Item = f64>>(iter: I) -> Self {
        let mut values = Self::zeros(0);
        for v in iter {
            values.items[values.len as usize] = v;
            values.len += 1;
        }
        values
    }
}

/// Out of bounds panics here, at one place, instead of at every use.
impl core::ops::Index<usize> for Space {
    type Output = Knob;
    fn index(&self, knob: usize) -> &Knob {
        &self.knobs[knob]
    }
}

/// The knobs of one tuner, validated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Space {
    knobs: Vec<Knob>,
}

impl Space {
    /// A space of these knobs; refuses none, too many, duplicate names, and any knob that is not valid.
    pub fn new(knobs: Vec<Knob>) -> Result<Self> {
        if knobs.is_empty() || knobs.len() > KNOBS_MAX {
            let n = knobs.len();
            let wanted = format_args!("1 to {KNOBS_MAX} knobs");
            return Err(Error::expected(Code::InvalidOption, "knobs", wanted, n as f64));
        }
        for (i, knob) in knobs.iter().enumerate() {
            knob.validate()?;
            if knobs[..i].iter().any(|other| other.name == knob.name) {
                return Err(Error::new(
                    Code::InvalidKnob,
                    format_args!("knobs.{}: this name is used twice", knob.name),
                ));
            }
        }
        Ok(Self { knobs })
    }

    /// Number of knobs.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.knobs.len()
    }

    /// The knobs in order.
    pub fn knobs(&self) -> &[Knob] {
        &self.knobs
    }

    /// The knob at this index.
    pub fn knob(&self, index: usize) -> Result<&Knob> {
        self.knobs.get(index).ok_or_else(|| {
            Error::new(
                Code::UnknownKnob,
                format_args!("knob: expected an index below {}, got {index}", self.knobs.len()),
            )
        })
    }

    /// The initial values, in units.
    pub fn initial(&self) -> Values {
        self.knobs.iter().map(|k| k.to_unit(k.initial)).collect()
    }
}

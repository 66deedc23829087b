//! Numbers in memory.

use super::shape::Shape;
use alloc::vec::Vec;
use core::fmt;
use half::f16;

/// What a number is stored as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DType {
    /// 32-bit floating point.
    F32,
    /// 16-bit floating point: stored so, computed in f32.
    F16,
    /// Signed 32-bit integer, for indices.
    I32,
    /// Unsigned 32-bit integer, for indices.
    U32,
}

impl DType {
    /// Every dtype, in the order of their canonical numbers.
    pub const ALL: [DType; 4] = [DType::F32, DType::F16, DType::I32, DType::U32];

    /// Bytes of one element.
    pub fn bytes(self) -> u64 {
        if self == DType::F16 { 2 } else { 4 }
    }

    /// Whether arithmetic is defined on it.
    pub fn is_float(self) -> bool {
        matches!(self, DType::F32 | DType::F16)
    }

    /// Its name, in WGSL and for people.
    pub fn name(self) -> &'static str {
        match self {
            DType::F32 => "f32",
            DType::F16 => "f16",
            DType::I32 => "i32",
            DType::U32 => "u32",
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The elements of a tensor, row-major.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// 32-bit floating point.
    F32(Vec<f32>),
    /// 16-bit floating point.
    F16(Vec<f16>),
    /// Signed integers.
    I32(Vec<i32>),
    /// Unsigned integers.
    U32(Vec<u32>),
}

impl Data {
    /// What the elements are stored as.
    pub fn dtype(&self) -> DType {
        match self {
            Data::F32(_) => DType::F32,
            Data::F16(_) => DType::F16,
            Data::I32(_) => DType::I32,
            Data::U32(_) => DType::U32,
        }
    }

    /// How many elements.
    pub fn len(&self) -> usize {
        match self {
            Data::F32(v) => v.len(),
            Data::F16(v) => v.len(),
            Data::I32(v) => v.len(),
            Data::U32(v) => v.len(),
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One element as f64; every stored value is one exactly.
    pub fn get(&self, index: usize) -> f64 {
        match self {
            Data::F32(v) => f64::from(v[index]),
            Data::F16(v) => f64::from(v[index].to_f32()),
            Data::I32(v) => f64::from(v[index]),
            Data::U32(v) => f64::from(v[index]),
        }
    }

    /// Its bytes, as a device reads them.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Data::F32(v) => bytemuck::cast_slice(v),
            Data::F16(v) => bytemuck::cast_slice(v),
            Data::I32(v) => bytemuck::cast_slice(v),
            Data::U32(v) => bytemuck::cast_slice(v),
        }
    }

    /// Elements from a device's bytes; what is left over at the end is dropped.
    pub fn from_bytes(dtype: DType, bytes: &[u8]) -> Self {
        fn all<T: bytemuck::AnyBitPattern>(bytes: &[u8]) -> Vec<T> {
            bytes.chunks_exact(size_of::<T>()).map(bytemuck::pod_read_unaligned).collect()
        }
        match dtype {
            DType::F32 => Data::F32(all(bytes)),
            DType::F16 => Data::F16(all::<u16>(bytes).into_iter().map(f16::from_bits).collect()),
            DType::I32 => Data::I32(all(bytes)),
            DType::U32 => Data::U32(all(bytes)),
        }
    }

    /// Numbers rounded to a dtype.
    pub fn from_f64(dtype: DType, values: impl IntoIterator<Item = f64>) -> Self {
        let values = values.into_iter();
        match dtype {
            DType::F32 => Data::F32(values.map(|x| x as f32).collect()),
            DType::F16 => Data::F16(values.map(f16::from_f64).collect()),
            DType::I32 => Data::I32(values.map(|x| x as i32).collect()),
            DType::U32 => Data::U32(values.map(|x| x as u32).collect()),
        }
    }
}

/// A tensor: elements and their shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its dimensions.
    pub shape: Shape,
    /// Its elements.
    pub data: Data,
}

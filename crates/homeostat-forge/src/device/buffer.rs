//! Buffers between canaries: a kernel that writes outside of its tensor is caught.

use super::gpu::Gpu;
use crate::ir::{DType, Data};
use homeostat_core::error::{Code, Error, Result};
use std::num::NonZeroU64;
use wgpu::{BufferBinding, BufferUsages};

/// Bytes before and after the elements; the binding offsets of every adapter are multiples of it.
pub const CANARY_BYTES: u64 = 256;
const CANARY: u8 = 0xA5;
/// What elements hold before a kernel writes them: NaN in f32 and f16.
const UNWRITTEN: u8 = 0xFF;

/// Elements on a device.
pub struct Buffer {
    pub(super) buffer: wgpu::Buffer,
    pub(super) dtype: DType,
    elements: u64,
    bytes: u64,
}

impl Buffer {
    /// How many elements.
    pub fn elements(&self) -> u64 {
        self.elements
    }

    /// What they are stored as.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    pub(super) fn binding(&self) -> wgpu::BindingResource<'_> {
        wgpu::BindingResource::Buffer(BufferBinding {
            buffer: &self.buffer,
            offset: CANARY_BYTES,
            size: NonZeroU64::new(self.bytes),
        })
    }
}

impl Gpu {
    /// A buffer whose elements are unwritten.
    pub fn allocate(&mut self, dtype: DType, elements: u64) -> Result<Buffer> {
        let bytes = (elements * dtype.bytes()).next_multiple_of(4).max(4);
        if bytes > self.limits().binding_bytes {
            let text =
                format!("{bytes} bytes: expected at most {} in one buffer", self.limits().binding_bytes);
            return Err(Error::new(Code::DeviceMemory, text));
        }
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_DST | BufferUsages::COPY_SRC;
        let buffer = self.raw_buffer(bytes + 2 * CANARY_BYTES, usage)?;
        let buffer = Buffer { buffer, dtype, elements, bytes };
        self.unwrite(&buffer)?;
        Ok(buffer)
    }

    /// Makes every element unwritten, and the canaries whole.
    pub fn unwrite(&mut self, buffer: &Buffer) -> Result<()> {
        let canary = [CANARY; CANARY_BYTES as usize];
        self.write_bytes(&buffer.buffer, 0, &canary);
        self.write_bytes(&buffer.buffer, CANARY_BYTES, &vec![UNWRITTEN; buffer.bytes as usize]);
        self.write_bytes(&buffer.buffer, CANARY_BYTES + buffer.bytes, &canary);
        self.alive()
    }

    /// A buffer with these elements.
    pub fn upload(&mut self, data: &Data) -> Result<Buffer> {
        let buffer = self.allocate(data.dtype(), data.len() as u64)?;
        self.write(&buffer, data)?;
        Ok(buffer)
    }

    /// Writes all elements.
    pub fn write(&mut self, buffer: &Buffer, data: &Data) -> Result<()> {
        let mut bytes = data.bytes().to_vec();
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        self.write_bytes(&buffer.buffer, CANARY_BYTES, &bytes);
        self.alive()
    }

    /// Reads all elements; an error where a canary is dead.
    pub fn read(&mut self, buffer: &Buffer) -> Result<Data> {
        let bytes = self.read_bytes(&buffer.buffer, buffer.bytes + 2 * CANARY_BYTES)?;
        let (before, rest) = bytes.split_at(CANARY_BYTES as usize);
        let (elements, after) = rest.split_at(buffer.bytes as usize);
        if before.iter().chain(after).any(|byte| *byte != CANARY) {
            let side = if before.iter().any(|byte| *byte != CANARY) { "before" } else { "after" };
            return Err(Error::new(
                Code::KernelRejected,
                format!("wrote outside of a tensor, {side} its elements"),
            ));
        }
        Ok(Data::from_bytes(buffer.dtype, &elements[..(buffer.elements * buffer.dtype.bytes()) as usize]))
    }
}

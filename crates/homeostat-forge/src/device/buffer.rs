//! Buffers between canaries: a kernel that writes outside of its tensor is caught.

use super::gpu::Gpu;
use crate::ir::{DType, Data};
use crate::pipeline::{CANARY_BYTES, TensorSpec};
use homeostat_core::error::{Code, Error, Result};
use std::num::NonZeroU64;
use wgpu::{BufferBinding, BufferUsages};

const BEFORE: u64 = CANARY_BYTES as u64;

/// Elements on a device.
pub struct Buffer {
    pub(super) buffer: wgpu::Buffer,
    spec: TensorSpec,
}

impl Buffer {
    /// How many elements.
    pub fn elements(&self) -> u64 {
        self.spec.elements
    }

    /// What they are stored as.
    pub fn dtype(&self) -> DType {
        self.spec.dtype
    }

    pub(super) fn bytes(&self) -> u64 {
        self.spec.bytes()
    }

    /// With its canaries.
    pub(super) fn whole(&self) -> u64 {
        self.spec.bytes() + 2 * BEFORE
    }

    pub(super) fn binding(&self) -> wgpu::BindingResource<'_> {
        wgpu::BindingResource::Buffer(BufferBinding {
            buffer: &self.buffer,
            offset: BEFORE,
            size: NonZeroU64::new(self.spec.bytes()),
        })
    }
}

impl Gpu {
    /// A buffer whose elements are unwritten.
    pub fn allocate(&mut self, dtype: DType, elements: u64) -> Result<Buffer> {
        let buffer = self.reserve(dtype, elements)?;
        self.unwrite(&buffer)?;
        Ok(buffer)
    }

    /// A buffer for whoever writes all of it, canaries too: nothing is.
    pub(super) fn reserve(&mut self, dtype: DType, elements: u64) -> Result<Buffer> {
        let spec = TensorSpec { dtype, elements };
        let (bytes, most) = (spec.bytes(), self.limits().binding_bytes);
        if bytes > most {
            let text = format!("{bytes} bytes: expected at most {most} in one buffer");
            return Err(Error::new(Code::DeviceMemory, text));
        }
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_DST | BufferUsages::COPY_SRC;
        Ok(Buffer { buffer: self.raw_buffer(bytes + 2 * BEFORE, usage)?, spec })
    }

    /// Makes every element unwritten, and the canaries whole.
    pub fn unwrite(&mut self, buffer: &Buffer) -> Result<()> {
        self.write_bytes(&buffer.buffer, 0, &buffer.spec.guarded(None));
        self.alive()
    }

    /// A buffer with these elements.
    pub fn upload(&mut self, data: &Data) -> Result<Buffer> {
        let buffer = self.reserve(data.dtype(), data.len() as u64)?;
        self.write_bytes(&buffer.buffer, 0, &buffer.spec.guarded(Some(data)));
        self.alive()?;
        Ok(buffer)
    }

    /// Writes all elements.
    pub fn write(&mut self, buffer: &Buffer, data: &Data) -> Result<()> {
        let bytes = data.bytes();
        if bytes.len().is_multiple_of(4) {
            self.write_bytes(&buffer.buffer, BEFORE, bytes);
        } else {
            let mut padded = bytes.to_vec();
            padded.resize(bytes.len().next_multiple_of(4), 0);
            self.write_bytes(&buffer.buffer, BEFORE, &padded);
        }
        self.alive()
    }

    /// Makes every element zero.
    pub(super) fn zero(&mut self, buffer: &Buffer) -> Result<()> {
        self.write_bytes(&buffer.buffer, BEFORE, &vec![0; buffer.spec.bytes() as usize]);
        self.alive()
    }

    /// Reads all elements; an error where a canary is dead.
    pub fn read(&mut self, buffer: &Buffer) -> Result<Data> {
        let bytes = self.read_bytes(&buffer.buffer, buffer.spec.bytes() + 2 * BEFORE)?;
        buffer.spec.check(&bytes)
    }
}

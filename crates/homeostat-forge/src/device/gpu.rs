//! A device as its own thread sees it: what is compiled, bound, dispatched and timed on it, and what of that goes wrong.

use super::adapter::{Adapter, describe, limits_of, request};
use super::buffer::Buffer;
use crate::host::in_slices;
use crate::ir::DType;
use crate::measure::Timing;
use crate::schedule::Limits;
use crate::wgsl::{Binding, Kernel, Pass, Temporary, validate};
use homeostat_core::error::{Code, Error, Result};
use std::borrow::Cow;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use wgpu::{BufferUsages, ErrorFilter, Features, PollType};

/// How long a submission may take.
const DISPATCH_MAX: Duration = Duration::from_secs(20);
/// The same where the adapter is the processor: its driver compiles during the first dispatch, on cores that others use too.
const DISPATCH_SOFTWARE_MAX: Duration = Duration::from_secs(80);

/// A kernel that the driver has compiled.
pub struct Compiled {
    passes: Vec<(wgpu::ComputePipeline, Pass)>,
    temporaries: Vec<Temporary>,
}

/// A kernel with its tensors: ready to be dispatched.
pub struct Bound {
    passes: Vec<(wgpu::ComputePipeline, wgpu::BindGroup, [u32; 3])>,
}

/// A device, on its thread.
pub struct Gpu {
    device: wgpu::Device,
    queue: wgpu::Queue,
    adapter: Adapter,
    limits: Limits,
    /// Whether a pass can be timed by the device itself.
    timestamps: bool,
    /// Errors that no scope caught, and the device's loss.
    stray: Arc<Mutex<Option<Error>>>,
    hung: bool,
}

impl Gpu {
    /// Opens the adapter of this name, or the best one.
    pub(super) fn open(options: &super::Options) -> Result<Self> {
        let (adapter, device, queue, matrices) = request(options)?;
        // First of all: wgpu's own handler panics.
        let stray = Arc::new(Mutex::new(None));
        let (errors, losses) = (stray.clone(), stray.clone());
        device.on_uncaptured_error(Arc::new(move |e: wgpu::Error| note(&errors, from_wgpu(&e))));
        device.set_device_lost_callback(move |_, why| note(&losses, Error::new(Code::DeviceLost, why)));
        let timestamps = adapter.features().contains(Features::TIMESTAMP_QUERY);
        let info = adapter.get_info();
        let limits = Limits { matrices, ..limits_of(&adapter, &info) };
        Ok(Self { device, queue, adapter: describe(&info), limits, timestamps, stray, hung: false })
    }

    /// What it is.
    pub fn adapter(&self) -> &Adapter {
        &self.adapter
    }

    /// What it can do.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether a dispatch did not end in time.
    pub fn is_hung(&self) -> bool {
        self.hung
    }

    /// The error that came from nowhere, once.
    pub(super) fn alive(&self) -> Result<()> {
        match self.stray.lock() {
            // A lost device stays lost.
            Ok(stray) if stray.as_ref().is_some_and(|e| e.code == Code::DeviceLost) => {
                stray.clone().map_or(Ok(()), Err)
            }
            Ok(mut stray) => stray.take().map_or(Ok(()), Err),
            Err(_) => Err(Error::new(Code::Panic, "an error handler panicked")),
        }
    }

    /// Runs a piece of work inside of error scopes, so that what goes wrong there is its own error.
    fn scoped<T>(&self, work: impl FnOnce() -> T) -> Result<T> {
        let filters = [ErrorFilter::Internal, ErrorFilter::OutOfMemory, ErrorFilter::Validation];
        let scopes = filters.map(|filter| self.device.push_error_scope(filter));
        let result = work();
        let mut first = None;
        for scope in scopes.into_iter().rev() {
            let error = pollster::block_on(scope.pop());
            first = first.or(error);
        }
        match first {
            Some(error) => Err(from_wgpu(&error)),
            None => self.alive().map(|()| result),
        }
    }

    pub(super) fn raw_buffer(&self, size: u64, usage: BufferUsages) -> Result<wgpu::Buffer> {
        self.scoped(|| {
            self.device.create_buffer(&wgpu::BufferDescriptor {
                label: None,
                size,
                usage,
                mapped_at_creation: false,
            })
        })
    }

    pub(super) fn write_bytes(&self, buffer: &wgpu::Buffer, offset: u64, bytes: &[u8]) {
        self.queue.write_buffer(buffer, offset, bytes);
    }

    pub(super) fn read_bytes(&mut self, from: &wgpu::Buffer, bytes: u64) -> Result<Vec<u8>> {
        let landing = self.raw_buffer(bytes, BufferUsages::MAP_READ | BufferUsages::COPY_DST)?;
        let mut encoder = self.device.create_command_encoder(&Default::default());
        encoder.copy_buffer_to_buffer(from, 0, &landing, 0, bytes);
        self.submit(encoder)?;
        landing.slice(..).map_async(wgpu::MapMode::Read, |_| {});
        self.wait()?;
        let view = landing
            .slice(..)
            .get_mapped_range()
            .map_err(|e| Error::new(Code::DeviceLost, format!("reading back: {e:?}")))?;
        Ok(view.to_vec())
    }

    fn submit(&self, encoder: wgpu::CommandEncoder) -> Result<()> {
        self.scoped(|| self.queue.submit([encoder.finish()])).map(|_| ())
    }

    fn wait(&mut self) -> Result<()> {
        let patience = if self.adapter.software { DISPATCH_SOFTWARE_MAX } else { DISPATCH_MAX };
        let polled = in_slices(patience, |slice| {
            let wait = PollType::Wait { submission_index: None, timeout: Some(slice) };
            Some(self.device.poll(wait)).filter(|polled| !matches!(polled, Err(wgpu::PollError::Timeout)))
        });
        match polled {
            Some(Ok(_)) => self.alive(),
            Some(Err(e)) => Err(Error::new(Code::DeviceLost, format!("waiting: {e}"))),
            None => {
                self.hung = true;
                let text =
                    format!("a dispatch took longer than {} s: the device was given up", patience.as_secs());
                Err(Error::new(Code::DeviceHung, text))
            }
        }
    }

    /// Lets wgpu free what was dropped: it does so when it is polled.
    pub(super) fn tidy(&mut self) {
        // A device that is lost has nothing left to free.
        let _ = self.device.poll(PollType::Poll);
    }

    /// Dispatches kernels one after the other between copies from tensor to tensor, as one submission, and waits. Copies before are of
    /// elements; those after are of whole buffers, canaries too.
    pub(super) fn run_between(
        &mut self,
        before: &[(&super::Buffer, &super::Buffer)],
        bounds: &[&Bound],
        after: &[(&super::Buffer, &super::Buffer)],
    ) -> Result<()> {
        let mut encoder = self.device.create_command_encoder(&Default::default());
        let start = super::CANARY_BYTES as u64;
        for (from, to) in before {
            alike(from, to)?;
            encoder.copy_buffer_to_buffer(&from.buffer, start, &to.buffer, start, to.bytes());
        }
        record(&mut encoder, bounds, 1, None);
        for (from, to) in after {
            alike(from, to)?;
            encoder.copy_buffer_to_buffer(&from.buffer, 0, &to.buffer, 0, to.whole());
        }
        self.submit(encoder)?;
        self.wait()
    }

    /// Loses the device, as a driver that resets does: for fault tests.
    pub fn lose(&mut self) {
        self.device.destroy();
    }

    /// Has the driver compile a kernel that naga finds valid.
    pub fn compile(&mut self, kernel: &Kernel) -> Result<Compiled> {
        let mut passes = Vec::new();
        for pass in &kernel.passes {
            validate(pass)?;
            let pipeline = self.scoped(|| {
                let source = wgpu::ShaderSource::Wgsl(Cow::Borrowed(&pass.wgsl));
                let module =
                    self.device.create_shader_module(wgpu::ShaderModuleDescriptor { label: None, source });
                self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                    label: None,
                    layout: None,
                    module: &module,
                    entry_point: Some("main"),
                    // Every kernel writes workgroup memory before it reads it.
                    compilation_options: wgpu::PipelineCompilationOptions {
                        zero_initialize_workgroup_memory: false,
                        ..Default::default()
                    },
                    cache: None,
                })
            })?;
            passes.push((pipeline, pass.clone()));
        }
        Ok(Compiled { passes, temporaries: kernel.temporaries.clone() })
    }

    /// Gives a kernel its tensors.
    pub fn bind(&mut self, kernel: &Compiled, tensors: &[&Buffer], output: &Buffer) -> Result<Bound> {
        enum Held {
            Buffer(wgpu::Buffer),
            Texture(wgpu::TextureView),
        }
        let mut held = Vec::new();
        for temporary in &kernel.temporaries {
            held.push(match temporary {
                Temporary::Buffer(bytes) => {
                    Held::Buffer(self.raw_buffer((*bytes).next_multiple_of(16), BufferUsages::STORAGE)?)
                }
                Temporary::Texture { width, height, dtype } => {
                    Held::Texture(self.texture(*width, *height, *dtype)?)
                }
            });
        }
        let mut passes = Vec::new();
        for (pipeline, pass) in &kernel.passes {
            let entries: Vec<wgpu::BindGroupEntry> = (0u32..)
                .zip(&pass.bindings)
                .map(|(binding, what)| {
                    let resource = match what {
                        Binding::Tensor(i) => tensors[*i].binding(),
                        Binding::Output => output.binding(),
                        Binding::Temporary(i)
                        | Binding::TemporaryOut(i)
                        | Binding::Texture(i)
                        | Binding::TextureOut(i) => match &held[*i] {
                            Held::Buffer(buffer) => buffer.as_entire_binding(),
                            Held::Texture(view) => wgpu::BindingResource::TextureView(view),
                        },
                    };
                    wgpu::BindGroupEntry { binding, resource }
                })
                .collect();
            let group = self.scoped(|| {
                let layout = pipeline.get_bind_group_layout(0);
                self.device.create_bind_group(&wgpu::BindGroupDescriptor {
                    label: None,
                    layout: &layout,
                    entries: &entries,
                })
            })?;
            passes.push((pipeline.clone(), group, pass.grid));
        }
        Ok(Bound { passes })
    }

    fn texture(&self, width: u32, height: u32, dtype: DType) -> Result<wgpu::TextureView> {
        let half = dtype == DType::F16;
        let format = if half { wgpu::TextureFormat::Rgba16Float } else { wgpu::TextureFormat::Rgba32Float };
        self.scoped(|| {
            let texture = self.device.create_texture(&wgpu::TextureDescriptor {
                label: None,
                size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format,
                usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::STORAGE_BINDING,
                view_formats: &[],
            });
            texture.create_view(&Default::default())
        })
    }

    fn recorded(
        &self,
        bounds: &[&Bound],
        times: u32,
        timestamps: Option<&wgpu::QuerySet>,
    ) -> wgpu::CommandEncoder {
        let mut encoder = self.device.create_command_encoder(&Default::default());
        record(&mut encoder, bounds, times, timestamps);
        encoder
    }

    /// Dispatches kernels one after the other, as one submission, and waits.
    pub fn run(&mut self, bounds: &[&Bound]) -> Result<()> {
        self.submit(self.recorded(bounds, 1, None))?;
        self.wait()
    }

    /// Seconds that `times` runs of a kernel take: by the processor's clocks where the adapter is the processor, by the device's
    /// own where it has one, else by the wall's.
    pub fn time(&mut self, bound: &Bound, times: u32) -> Result<Timing> {
        if self.timestamps && !self.adapter.software {
            return self.time_by_device(bound, times);
        }
        let encoder = self.recorded(&[bound], times, None);
        let before = process_cpu(self.adapter.software);
        let start = Instant::now();
        self.submit(encoder)?;
        self.wait()?;
        let wall_s = start.elapsed().as_secs_f64();
        let cpu_s = before.and_then(|b| Some(super::process_cpu_s()? - b));
        Ok(Timing { wall_s, own_s: cpu_s })
    }

    fn time_by_device(&mut self, bound: &Bound, times: u32) -> Result<Timing> {
        let queries = self.device.create_query_set(&wgpu::QuerySetDescriptor {
            label: None,
            ty: wgpu::QueryType::Timestamp,
            count: 2,
        });
        let resolved = self.raw_buffer(256, BufferUsages::QUERY_RESOLVE | BufferUsages::COPY_SRC)?;
        let mut encoder = self.recorded(&[bound], times, Some(&queries));
        encoder.resolve_query_set(&queries, 0..2, &resolved, 0);
        let start = Instant::now();
        self.submit(encoder)?;
        self.wait()?;
        let wall_s = start.elapsed().as_secs_f64();
        let bytes = self.read_bytes(&resolved, 16)?;
        let tick = |i: usize| u64::from_le_bytes(bytes[i * 8..i * 8 + 8].try_into().unwrap_or([0; 8]));
        let own_s =
            tick(1).saturating_sub(tick(0)) as f64 * f64::from(self.queue.get_timestamp_period()) * 1e-9;
        Ok(Timing { wall_s, own_s: (own_s > 0.0).then_some(own_s) })
    }
}

fn record(
    encoder: &mut wgpu::CommandEncoder,
    bounds: &[&Bound],
    times: u32,
    timestamps: Option<&wgpu::QuerySet>,
) {
    let writes = timestamps.map(|query_set| wgpu::ComputePassTimestampWrites {
        query_set,
        beginning_of_pass_write_index: Some(0),
        end_of_pass_write_index: Some(1),
    });
    let mut pass =
        encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: None, timestamp_writes: writes });
    for _ in 0..times {
        for (pipeline, group, [x, y, z]) in bounds.iter().flat_map(|b| &b.passes) {
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, group, &[]);
            pass.dispatch_workgroups(*x, *y, *z);
        }
    }
}

/// Refuses to copy between tensors of other sizes or dtypes.
fn alike(from: &super::Buffer, to: &super::Buffer) -> Result<()> {
    if (from.dtype(), from.elements()) == (to.dtype(), to.elements()) {
        return Ok(());
    }
    let text = format!(
        "buffer: expected {} elements of {}, got {} of {}",
        to.elements(),
        to.dtype(),
        from.elements(),
        from.dtype()
    );
    Err(Error::new(Code::TensorMismatch, text))
}

fn process_cpu(software: bool) -> Option<f64> {
    if software { super::process_cpu_s() } else { None }
}

fn note(stray: &Mutex<Option<Error>>, error: Error) {
    if let Ok(mut stray) = stray.lock() {
        // The first one is the cause; but a loss is more than any error.
        if stray.is_none() || error.code == Code::DeviceLost {
            *stray = Some(error);
        }
    }
}

fn from_wgpu(error: &wgpu::Error) -> Error {
    match error {
        wgpu::Error::OutOfMemory { .. } => {
            Error::new(Code::DeviceMemory, "the device has no memory left for this")
        }
        wgpu::Error::Validation { description, .. } | wgpu::Error::Internal { description, .. } => {
            Error::new(Code::KernelRejected, format!("the device refused: {description}"))
        }
    }
}

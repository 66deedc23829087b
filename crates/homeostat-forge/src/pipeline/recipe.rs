//! A program as what a device has to make: tensors, temporaries, dispatches. The same for wgpu and for a browser's WebGPU.
//!
//! Every tensor is a buffer of its own: `CANARY_BYTES`, its elements (rounded up to 4 bytes), `CANARY_BYTES`; it is bound from
//! `CANARY_BYTES` on, with the size of its elements, so that a kernel that writes outside of its tensor is caught.

use crate::ir::{DType, Data, NodeId};
use crate::plan::Plan;
use crate::wgsl::{Binding, Kernel, Temporary};
use alloc::{string::String, vec, vec::Vec};
use homeostat_core::error::{Code, Error, Result};
use homeostat_core::json::Writer;
use homeostat_core::list::List;

/// Bytes before and after the elements; the binding offsets of every adapter divide it.
pub const CANARY_BYTES: usize = 256;
const CANARY: u8 = 0xA5;
/// What elements hold before a kernel writes them: NaN in f32 and f16.
const UNWRITTEN: u8 = 0xFF;

/// A tensor of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TensorSpec {
    /// What its elements are stored as.
    pub dtype: DType,
    /// How many.
    pub elements: u64,
}

impl TensorSpec {
    /// Bytes of its elements, as they are bound.
    pub fn bytes(&self) -> u64 {
        (self.elements * self.dtype.bytes()).next_multiple_of(4).max(4)
    }

    /// A buffer's content between whole canaries: these elements, or unwritten ones.
    pub fn guarded(&self, data: Option<&Data>) -> Vec<u8> {
        let (bytes, mut all) = (self.bytes() as usize, vec![CANARY; CANARY_BYTES]);
        all.extend(data.map_or(&[][..], Data::bytes));
        // Elements that end within a word are followed by zeros: they are no canary.
        let rest = if data.is_some() { 0 } else { UNWRITTEN };
        all.resize(CANARY_BYTES + bytes, rest);
        all.resize(bytes + 2 * CANARY_BYTES, CANARY);
        all
    }

    /// The elements of a whole buffer that was read back; an error where a canary is dead.
    pub fn check(&self, buffer: &[u8]) -> Result<Data> {
        let bytes = self.bytes() as usize;
        if buffer.len() != bytes + 2 * CANARY_BYTES {
            return Err(Error::new(Code::TensorMismatch, "a buffer is not of its tensor's size"));
        }
        let (before, after) = (&buffer[..CANARY_BYTES], &buffer[CANARY_BYTES + bytes..]);
        let dead = |side: &[u8]| side.iter().any(|byte| *byte != CANARY);
        if dead(before) || dead(after) {
            let side = if dead(before) { "before" } else { "after" };
            let text = alloc::format!("wrote outside of a tensor, {side} its elements");
            return Err(Error::new(Code::KernelRejected, text));
        }
        let elements = &buffer[CANARY_BYTES..CANARY_BYTES + (self.elements * self.dtype.bytes()) as usize];
        Ok(Data::from_bytes(self.dtype, elements))
    }
}

/// What a dispatch binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// A tensor of the program, by its place.
    Tensor(usize),
    /// A temporary of the program, by its place.
    Temporary(usize),
}

/// One dispatch.
#[derive(Clone, Debug, PartialEq)]
pub struct Dispatch {
    /// Which group of the plan it belongs to.
    pub group: u32,
    /// Which pass of the kernel, by its place in the command's kernel.
    pub pass: usize,
    /// What it binds in group 0, from binding 0 on.
    pub resources: Vec<Resource>,
}

/// A program as what a device has to make.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// Its tensors: first the inputs, in the order of the blueprint.
    pub tensors: Vec<TensorSpec>,
    /// The node of the plan's graph that each tensor holds.
    pub nodes: Vec<NodeId>,
    /// How many of them are inputs.
    pub inputs: usize,
    /// The outputs, by their place among the tensors, in the order of the blueprint; those that no compiled group stores are absent.
    pub outputs: Vec<usize>,
    /// Tensors that a compiled group reads and none stores: they hold zeros.
    pub zeroed: Vec<usize>,
    /// What lives between dispatches; not shared between groups.
    pub temporaries: Vec<Temporary>,
    /// In this order.
    pub dispatches: Vec<Dispatch>,
}

impl Recipe {
    /// What a device has to make for these groups of a plan.
    pub fn new(plan: &Plan, parts: &[(u32, Kernel)]) -> Self {
        let mut nodes: Vec<NodeId> = plan.graph.inputs().to_vec();
        let inputs = nodes.len();
        let mut place = |id: NodeId| {
            nodes.iter().position(|known| *known == id).unwrap_or_else(|| {
                nodes.push(id);
                nodes.len() - 1
            })
        };
        let (mut temporaries, mut dispatches, mut stored) = (Vec::new(), Vec::new(), Vec::new());
        for (g, kernel) in parts {
            let group = &plan.groups[*g as usize];
            let read: Vec<usize> = group.tensors.iter().map(|id| place(*id)).listed();
            let output = place(group.output);
            let first = temporaries.len();
            for (pass, of) in kernel.passes.iter().enumerate() {
                let resource = |binding: &Binding| match *binding {
                    Binding::Tensor(i) => Resource::Tensor(read[i]),
                    Binding::Output => Resource::Tensor(output),
                    Binding::Temporary(i)
                    | Binding::TemporaryOut(i)
                    | Binding::Texture(i)
                    | Binding::TextureOut(i) => Resource::Temporary(first + i),
                };
                let resources = of.bindings.iter().map(resource).listed();
                dispatches.push(Dispatch { group: *g, pass, resources });
            }
            temporaries.extend(kernel.temporaries.iter().copied());
            stored.push(output);
        }
        let found = |id: &NodeId| nodes.iter().position(|known| known == id).filter(|at| stored.contains(at));
        let outputs = plan.graph.outputs().iter().filter_map(found).listed();
        let zeroed = (inputs..nodes.len()).filter(|at| !stored.contains(at)).listed();
        let spec = |id: &NodeId| {
            let node = plan.graph.node(*id);
            TensorSpec { dtype: node.dtype, elements: node.shape.elements() }
        };
        let tensors = nodes.iter().map(spec).listed();
        Self { tensors, nodes, inputs, outputs, zeroed, temporaries, dispatches }
    }

    /// The recipe with its shaders as JSON, for a browser's WebGPU: the members are named as the fields are, `tensors` with
    /// `dtype`, `elements` and `bytes`, `dispatches` with `wgsl`, `grid` and `resources` as `["tensor" | "temporary", place]`.
    pub fn json(&self, parts: &[(u32, Kernel)]) -> String {
        let mut out = String::new();
        Writer::new(&mut out).object(|w| {
            w.key("tensors").array(|w| self.tensors.iter().for_each(|t| tensor(w, t)));
            w.key("inputs").uint(self.inputs as u64);
            w.key("outputs").array(|w| self.outputs.iter().for_each(|i| w.uint(*i as u64)));
            w.key("zeroed").array(|w| self.zeroed.iter().for_each(|i| w.uint(*i as u64)));
            w.key("temporaries").array(|w| self.temporaries.iter().for_each(|t| temporary(w, t)));
            w.key("dispatches").array(|w| self.dispatches.iter().for_each(|d| dispatch(w, d, parts)));
        });
        out
    }
}

fn tensor(w: &mut Writer, t: &TensorSpec) {
    w.object(|w| {
        w.key("dtype").str(t.dtype.name());
        w.key("elements").uint(t.elements);
        w.key("bytes").uint(t.bytes());
    });
}

fn temporary(w: &mut Writer, t: &Temporary) {
    w.object(|w| match t {
        Temporary::Buffer(bytes) => {
            w.key("bytes").uint(bytes.next_multiple_of(16));
        }
        Temporary::Texture { width, height, dtype } => {
            w.key("width").uint(u64::from(*width));
            w.key("height").uint(u64::from(*height));
            w.key("format").str(if *dtype == DType::F16 { "rgba16float" } else { "rgba32float" });
        }
    });
}

fn dispatch(w: &mut Writer, d: &Dispatch, parts: &[(u32, Kernel)]) {
    let Some((_, kernel)) = parts.iter().find(|(g, _)| *g == d.group) else { return };
    let pass = &kernel.passes[d.pass];
    w.object(|w| {
        w.key("group").uint(u64::from(d.group));
        w.key("wgsl").str(&pass.browser_wgsl());
        w.key("grid").array(|w| pass.grid.iter().for_each(|n| w.uint(u64::from(*n))));
        w.key("resources").array(|w| {
            for resource in &d.resources {
                w.array(|w| {
                    let (kind, at) = match resource {
                        Resource::Tensor(at) => ("tensor", *at),
                        Resource::Temporary(at) => ("temporary", *at),
                    };
                    w.str(kind);
                    w.uint(at as u64);
                });
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canaries_are_whole_until_someone_writes_over_them() {
        let spec = TensorSpec { dtype: DType::F16, elements: 3 };
        let data = Data::from_f64(DType::F16, [1.0, 2.0, 3.0]);
        let mut buffer = spec.guarded(Some(&data));
        assert_eq!((buffer.len(), spec.check(&buffer).unwrap()), (2 * CANARY_BYTES + 8, data));
        assert!(spec.check(&spec.guarded(None)).unwrap().get(0).is_nan());
        buffer[CANARY_BYTES + 8] = 0;
        assert_eq!(spec.check(&buffer).unwrap_err().code, Code::KernelRejected);
        assert_eq!(spec.check(&buffer[1..]).unwrap_err().code, Code::TensorMismatch);
    }
}

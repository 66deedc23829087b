//! A shader in the making: bindings, helpers, text.

use super::{Binding, Pass};
use crate::ir::DType;
use alloc::{format, string::String, vec::Vec};
use core::fmt::{Display, Write};
use homeostat_core::list::List;

/// How a binding is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// An array of numbers, or of fours of them.
    Buffer(DType, u32),
    /// Four numbers a texel.
    Texture,
    /// The same, written; of f16 or f32.
    TextureOut(DType),
}

/// A shader in the making.
#[derive(Default)]
pub(super) struct Source {
    bindings: Vec<(Binding, Form)>,
    helpers: Vec<String>,
    head: String,
    body: String,
    /// Whether subgroup operations are used.
    pub subgroups: bool,
    /// Whether matrices are multiplied.
    pub matrices: bool,
}

impl Source {
    /// The name of a binding, declared when it is first asked for.
    pub fn bind(&mut self, binding: Binding, form: Form) -> String {
        let at = self.bindings.iter().position(|known| *known == (binding, form)).unwrap_or_else(|| {
            self.bindings.push((binding, form));
            self.bindings.len() - 1
        });
        format!("b{at}")
    }

    /// A function, declared once.
    pub fn helper(&mut self, text: String) {
        if !self.helpers.contains(&text) {
            self.helpers.push(text);
        }
    }

    /// Text outside of the entry point.
    pub fn declare(&mut self, text: &str) {
        self.head.push_str(text);
        self.head.push('\n');
    }

    /// A line of the entry point.
    pub fn line(&mut self, text: impl Display) {
        self.write(&text);
    }

    /// Once, not for every kind of text.
    fn write(&mut self, text: &dyn Display) {
        // A string takes everything.
        let _ = writeln!(self.body, "{text}");
    }

    /// The dispatch, with a workgroup of this size.
    pub fn finish(self, workgroup: [u32; 3], builtins: &str, grid: [u32; 3]) -> Pass {
        let half = self.bindings.iter().any(|(_, form)| matches!(form, Form::Buffer(DType::F16, _)));
        let mut wgsl = String::from(if half { "enable f16;\n" } else { "" });
        if self.matrices {
            wgsl.push_str("enable wgpu_cooperative_matrix;\n");
        }
        for (i, (binding, form)) in self.bindings.iter().enumerate() {
            let declaration = match form {
                Form::Buffer(dtype, width) => {
                    let element = if *width == 4 { format!("vec4<{dtype}>") } else { format!("{dtype}") };
                    let writes = matches!(binding, Binding::Output | Binding::TemporaryOut(_));
                    format!(
                        "var<storage, {}> b{i}: array<{element}>",
                        if writes { "read_write" } else { "read" }
                    )
                }
                Form::Texture => format!("var b{i}: texture_2d<f32>"),
                Form::TextureOut(dtype) => {
                    let format = if *dtype == DType::F16 { "rgba16float" } else { "rgba32float" };
                    format!("var b{i}: texture_storage_2d<{format}, write>")
                }
            };
            // A string takes everything.
            let _ = writeln!(wgsl, "@group(0) @binding({i}) {declaration};");
        }
        let [x, y, z] = workgroup;
        wgsl.push_str(&self.head);
        self.helpers.iter().for_each(|helper| wgsl.push_str(helper));
        let _ = writeln!(
            wgsl,
            "@compute @workgroup_size({x}, {y}, {z})\nfn main({builtins}) {{\n{}}}",
            self.body
        );
        Pass {
            wgsl,
            bindings: self.bindings.into_iter().map(|(binding, _)| binding).listed(),
            grid,
            subgroups: self.subgroups,
            matrices: self.matrices,
            f16: half,
        }
    }
}

/// The type of a number or of four, in f32.
pub(super) fn float(width: u32) -> &'static str {
    if width == 4 { "vec4<f32>" } else { "f32" }
}

/// A number as a literal that means exactly it.
pub(super) fn literal(x: f32) -> String {
    format!("bitcast<f32>({}u)", x.to_bits())
}

/// Workgroups in two dimensions where there are more than fit into one, and the text of a workgroup's number.
pub(super) fn linear_grid(groups: u64, most: u32) -> ([u32; 3], String) {
    if groups <= u64::from(most) {
        return ([groups as u32, 1, 1], String::from("wid.x"));
    }
    let wide = 32_768u32.min(most);
    ([wide, groups.div_ceil(u64::from(wide)) as u32, 1], format!("(wid.y * {wide}u + wid.x)"))
}

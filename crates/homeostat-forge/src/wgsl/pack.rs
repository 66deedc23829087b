//! An operand of a contraction copied into the form that a schedule reads: padded with zeros, turned, as a texture.

use super::expr::{Place, emit as value};
use super::map::elementwise;
use super::source::{Form, Source};
use super::{Binding, Pass};
use crate::ir::DType;
use crate::plan::{Image, Side};
use crate::schedule::{Limits, MapSchedule};
use alloc::{format, string::String};

/// Where the elements of the packed operand come from.
pub(super) enum From {
    /// Matrices with this many rows and columns used, of rows of `columns` padded to `wide`, `high` rows each.
    Matrices {
        rows: u32,
        columns: u32,
        high: u32,
        wide: u32,
        /// Whether the packed rows are the operand's columns.
        turned: bool,
    },
    /// The image of a convolution: channels last, zeros around, channels of each group padded.
    Image(Image, u32),
    /// The filters of a convolution: for each group taps, padded channels, and columns padded to `wide`.
    Filters(Image, u32, u32, u32),
}

/// Where it goes: a temporary buffer, or a texture of this many texels a row.
#[derive(Clone, Copy)]
pub(super) enum To {
    Buffer(usize),
    Texture(usize, u32),
}

/// The pass; four neighbours are written at once.
pub(super) fn pack(side: &Side, from: &From, to: To, elements: u64, limits: &Limits) -> Pass {
    let s = MapSchedule { invocations: 64, width: 4, items: 1 };
    elementwise(Source::default(), elements, &s, limits, |source| {
        let (places, inside) = place(from);
        let x = value(source, &side.expr, &Place { over: &side.shape, index: "e", width: 1, root: "0.0" });
        source.helper(format!(
            "fn element(o: u32) -> f32 {{ {places} if (!({inside})) {{ return 0.0; }} return {x}; }}\n"
        ));
        let four = "vec4<f32>(element(o), element(o + 1u), element(o + 2u), element(o + 3u))";
        match to {
            To::Buffer(t) => {
                let out = source.bind(Binding::TemporaryOut(t), Form::Buffer(side.dtype, 4));
                format!("{out}[o / 4u] = vec4<{}>({four});", side.dtype)
            }
            To::Texture(t, width) => {
                let dtype = if side.dtype == DType::F16 { DType::F16 } else { DType::F32 };
                let out = source.bind(Binding::TextureOut(t), Form::TextureOut(dtype));
                format!("textureStore({out}, vec2<u32>(o / 4u % {width}u, o / 4u / {width}u), {four});")
            }
        }
    })
}

/// Statements that find the operand's index `e` for the packed index `o`, and the condition that it is inside.
fn place(from: &From) -> (String, String) {
    match from {
        From::Matrices { rows, columns, high, wide, turned } => {
            let matrix = u64::from(*rows) * u64::from(*columns);
            let e = if *turned { format!("c * {rows}u + r") } else { format!("r * {columns}u + c") };
            let text = format!(
                "let c = o % {wide}u; let r = o / {wide}u % {high}u; let z = o / {}u; let e = z * {matrix}u + {e};",
                u64::from(*high) * u64::from(*wide)
            );
            (text, format!("r < {rows}u && c < {columns}u"))
        }
        From::Image(i, channels) => {
            let ([h, w], [high, wide], [top, left, ..]) = (i.input, i.padded(), i.padding);
            let (g, all) = (i.groups, i.groups * i.channels);
            let e = if i.channels_last {
                format!("((n * {h}u + y) * {w}u + x) * {all}u + c")
            } else {
                format!("((n * {all}u + c) * {h}u + y) * {w}u + x")
            };
            let (row, pixel) =
                (u64::from(g) * u64::from(*channels), u64::from(g) * u64::from(*channels) * u64::from(wide));
            let text = format!(
                "let k = o % {channels}u; let c = o / {channels}u % {g}u * {}u + k; let x = o / {row}u % {wide}u - {left}u; \
                 let y = o / {pixel}u % {high}u - {top}u; let n = o / {}u; let e = {e};",
                i.channels,
                pixel * u64::from(high)
            );
            (text, format!("k < {}u && x < {w}u && y < {h}u", i.channels))
        }
        From::Filters(i, channels, columns, wide) => {
            let [h, w] = i.size;
            let e = if i.channels_last {
                format!("(f * {}u + t) * {}u + k", h * w, i.channels)
            } else {
                format!("(f * {}u + k) * {}u + t", i.channels, h * w)
            };
            let (row, tap) = (u64::from(*wide), u64::from(*wide) * u64::from(*channels));
            let text = format!(
                "let c = o % {row}u; let k = o / {row}u % {channels}u; let t = o / {tap}u % {}u; let f = o / {}u * {columns}u + c; let e = {e};",
                h * w,
                tap * u64::from(h * w)
            );
            (text, format!("c < {columns}u && k < {}u", i.channels))
        }
    }
}

//! The operands of a contraction as its main pass reads them: as they are in memory, or packed.

use super::pack::{From, To, pack};
use super::source::{Form, Source};
use super::{Binding, Kernel, Temporary};
use crate::plan::{Contract, Side};
use crate::schedule::{ContractSchedule, Limits, Padded, Path};
use alloc::string::String;

/// How the main pass reads an operand.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    /// The binding's name.
    pub name: String,
    /// Whether it is a texture.
    pub texture: bool,
    /// Rows of one of its matrices.
    pub high: u32,
    /// Elements of a row.
    pub wide: u32,
    /// Numbers of one element of the array.
    pub width: u32,
}

fn up(n: u64, to: u64) -> u64 {
    n.div_ceil(to) * to
}

/// A packed operand as the main pass sees it, its pass added to the kernel.
fn packed(
    source: &mut Source,
    kernel: &mut Kernel,
    side: &Side,
    from: From,
    size: (u32, u32, u64),
    form: (bool, u32),
    limits: &Limits,
) -> Operand {
    let ((high, wide, elements), (texture, width)) = (size, form);
    let t = kernel.temporaries.len();
    let (temporary, to, binding, form) = if texture {
        let rows = (elements / u64::from(wide)) as u32;
        let texels = Temporary::Texture { width: wide / 4, height: rows, dtype: side.dtype };
        (texels, To::Texture(t, wide / 4), Binding::Texture(t), Form::Texture)
    } else {
        let bytes = up(elements * side.dtype.bytes(), 16);
        (Temporary::Buffer(bytes), To::Buffer(t), Binding::Temporary(t), Form::Buffer(side.dtype, width))
    };
    kernel.temporaries.push(temporary);
    kernel.passes.push(pack(side, &from, to, elements, limits));
    Operand { name: source.bind(binding, form), texture, high, wide, width }
}

/// The first operand as the main pass sees it, packed by a pass of its own where it has to be.
pub(super) fn operand_a(
    source: &mut Source,
    kernel: &mut Kernel,
    c: &Contract,
    s: &ContractSchedule,
    p: &Padded,
    limits: &Limits,
) -> Operand {
    // Lanes of a subgroup load one number each.
    let width = if s.path.is_subgroup() { 1 } else { s.path.width() };
    if let Some(image) = &c.image {
        let elements = s.elements_a(c, p);
        let [_, wide] = image.padded();
        let row = wide * image.groups * p.channels;
        let plain =
            c.a.plain
                .filter(|_| image.channels_last && image.padding == [0; 4] && p.channels == image.channels);
        return match plain {
            Some(tensor) => Operand {
                name: source.bind(Binding::Tensor(tensor), Form::Buffer(c.a.dtype, width)),
                texture: false,
                high: 0,
                wide: row,
                width,
            },
            None => packed(
                source,
                kernel,
                &c.a,
                From::Image(*image, p.channels),
                (0, row, elements),
                (false, width),
                limits,
            ),
        };
    }
    let direct = !s.path.texture_a() && !c.a.transposed && p.m == c.m && p.k == c.k;
    match c.a.plain.filter(|_| direct) {
        Some(tensor) => {
            let name = source.bind(Binding::Tensor(tensor), Form::Buffer(c.a.dtype, width));
            Operand { name, texture: false, high: p.m, wide: p.k, width }
        }
        None => {
            let from =
                From::Matrices { rows: c.m, columns: c.k, high: p.m, wide: p.k, turned: c.a.transposed };
            // What is stored the other way round has its sizes the other way round.
            let elements = u64::from(c.a.matrices) * u64::from(p.m) * u64::from(p.k);
            packed(source, kernel, &c.a, from, (p.m, p.k, elements), (s.path.texture_a(), width), limits)
        }
    }
}

/// The second operand, likewise.
pub(super) fn operand_b(
    source: &mut Source,
    kernel: &mut Kernel,
    c: &Contract,
    s: &ContractSchedule,
    p: &Padded,
    limits: &Limits,
) -> Operand {
    let turned = s.path == Path::Turned;
    let width = s.path.width();
    let (high, wide) = if turned { (p.n, p.k) } else { (p.k, p.n) };
    let elements = u64::from(c.b.matrices) * u64::from(p.k) * u64::from(p.n);
    if let Some(image) = &c.image {
        let from = From::Filters(*image, p.channels, c.n, p.n);
        return packed(
            source,
            kernel,
            &c.b,
            from,
            (high, wide, elements),
            (s.path.texture_b(), width),
            limits,
        );
    }
    let direct = !s.path.texture_b() && c.b.transposed == turned && p.n == c.n && p.k == c.k;
    match c.b.plain.filter(|_| direct) {
        Some(tensor) => {
            let name = source.bind(Binding::Tensor(tensor), Form::Buffer(c.b.dtype, width));
            Operand { name, texture: false, high, wide, width }
        }
        None => {
            let (rows, columns) = if turned { (c.n, c.k) } else { (c.k, c.n) };
            let from = From::Matrices { rows, columns, high, wide, turned: c.b.transposed != turned };
            packed(source, kernel, &c.b, from, (high, wide, elements), (s.path.texture_b(), width), limits)
        }
    }
}

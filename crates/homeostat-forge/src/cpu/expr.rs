//! Expressions over blocks of elements.

use super::math;
use super::threads::Threads;
use crate::ir::{Binary, Data, Shape};
use crate::plan::{Access, Expr};
use alloc::{borrow::Cow, vec::Vec};

/// Elements of a block.
pub(super) const BLOCK: usize = 256;

/// Elements `start..start + out.len()` of an expression over a shape; `root` has the root's values there.
pub(super) fn evaluate(
    expr: &Expr,
    over: &Shape,
    tensors: &[&Data],
    start: usize,
    root: &[f32],
    out: &mut [f32],
) {
    let n = out.len();
    match expr {
        Expr::Root => out.copy_from_slice(&root[..n]),
        Expr::Scalar(x) => out.fill(*x),
        Expr::Read(access) => read(access, over, tensors[access.tensor], start, out),
        Expr::Cast(_, of) => evaluate(of, over, tensors, start, root, out),
        Expr::Unary(f, of) => {
            evaluate(of, over, tensors, start, root, out);
            math::apply(*f, out);
        }
        Expr::Binary(f, a, b) => {
            let mut right = [0f32; BLOCK];
            evaluate(a, over, tensors, start, root, out);
            evaluate(b, over, tensors, start, root, &mut right[..n]);
            binary(*f, out, &right[..n]);
        }
        Expr::Causal { rows, columns, hidden, of } => {
            evaluate(of, over, tensors, start, root, out);
            let (rows, columns) = (*rows as usize, *columns as usize);
            for (i, x) in (start..).zip(out) {
                if i % columns + rows > i / columns % rows + columns {
                    *x = *hidden;
                }
            }
        }
        Expr::Gather { data, .. } => {
            for (i, x) in (start..).zip(out) {
                *x = picked(expr, tensors, i).map_or(0.0, |place| tensors[*data].get(place) as f32);
            }
        }
    }
}

/// Where a gathered element lies; `None` where its index is outside.
pub(super) fn picked(expr: &Expr, tensors: &[&Data], i: usize) -> Option<usize> {
    let Expr::Gather { indices, size, picked, inner, .. } = expr else { return None };
    let (size, picked, inner) = (*size as usize, *picked as usize, *inner as usize);
    let index = tensors[*indices].get(i / inner % picked);
    let inside = index >= 0.0 && index < size as f64;
    inside.then(|| (i / inner / picked * size + index as usize) * inner + i % inner)
}

fn binary(f: Binary, left: &mut [f32], right: &[f32]) {
    macro_rules! each {
        ($f:expr) => {
            pulp::Arch::new().dispatch(
                #[inline(always)]
                || left.iter_mut().zip(right).for_each(|(a, b)| *a = $f(*a, *b)),
            )
        };
    }
    match f {
        Binary::Add => each!(|a: f32, b: f32| a + b),
        Binary::Sub => each!(|a: f32, b: f32| a - b),
        Binary::Mul => each!(|a: f32, b: f32| a * b),
        Binary::Div => each!(|a: f32, b: f32| a / b),
        Binary::Max => each!(|a: f32, b: f32| if a > b { a } else { b }),
        Binary::Min => each!(|a: f32, b: f32| if a < b { a } else { b }),
    }
}

/// Places in a tensor of consecutive elements of a shape.
pub(super) struct Places<'a> {
    dims: &'a [u32],
    strides: &'a [u32],
    index: Vec<u32>,
    place: usize,
}

impl<'a> Places<'a> {
    pub fn new(over: &'a Shape, strides: &'a [u32], start: usize) -> Self {
        let dims = over.dims();
        let mut index = alloc::vec![0; dims.len()];
        let (mut rest, mut place) = (start, 0);
        for d in (0..dims.len()).rev() {
            index[d] = (rest % dims[d] as usize) as u32;
            rest /= dims[d] as usize;
            place += index[d] as usize * strides[d] as usize;
        }
        Self { dims, strides, index, place }
    }
}

impl Iterator for Places<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let place = self.place;
        for d in (0..self.dims.len()).rev() {
            self.index[d] += 1;
            self.place += self.strides[d] as usize;
            if self.index[d] < self.dims[d] {
                break;
            }
            self.place -= self.dims[d] as usize * self.strides[d] as usize;
            self.index[d] = 0;
        }
        Some(place)
    }
}

fn read(access: &Access, over: &Shape, data: &Data, start: usize, out: &mut [f32]) {
    if access.is_plain(over) {
        let n = out.len();
        match data {
            Data::F32(v) => out.copy_from_slice(&v[start..start + n]),
            Data::F16(v) => v[start..start + n].iter().zip(out).for_each(|(x, to)| *to = x.to_f32()),
            _ => (start..).zip(out).for_each(|(i, to)| *to = data.get(i) as f32),
        }
        return;
    }
    let places = Places::new(over, &access.strides, start);
    match data {
        Data::F32(v) => places.zip(out).for_each(|(i, to)| *to = v[i]),
        _ => places.zip(out).for_each(|(i, to)| *to = data.get(i) as f32),
    }
}

/// Every element of an expression, where it lies if that is what a tensor holds.
pub(super) fn numbers<'a>(
    expr: &Expr,
    over: &Shape,
    tensors: &[&'a Data],
    threads: Threads,
) -> Cow<'a, [f32]> {
    match expr {
        Expr::Read(access) if access.is_plain(over) => match tensors[access.tensor] {
            Data::F32(numbers) => Cow::Borrowed(numbers),
            _ => Cow::Owned(all(expr, over, tensors, threads)),
        },
        _ => Cow::Owned(all(expr, over, tensors, threads)),
    }
}

/// Every element of an expression.
pub(super) fn all(expr: &Expr, over: &Shape, tensors: &[&Data], threads: Threads) -> Vec<f32> {
    let mut out = alloc::vec![0f32; over.elements() as usize];
    // A read is an operation too; functions are some twenty.
    let operations = out.len() as f64 * (1.0 + 20.0 * expr.operations() as f64);
    threads.rows(&mut out, 1, BLOCK, operations, |first, part| {
        for (i, block) in part.chunks_mut(BLOCK).enumerate() {
            evaluate(expr, over, tensors, first + i * BLOCK, &[], block);
        }
    });
    out
}

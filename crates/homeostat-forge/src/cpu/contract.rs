//! Contractions as products of matrices; a convolution lays its windows out a block of rows at a time.

use super::expr::numbers;
use super::product::{Operand, product};
use super::threads::Threads;
use crate::ir::Data;
use crate::plan::{Contract, Image, Side};
use alloc::{vec, vec::Vec};

/// Rows of windows laid out at once.
const ROWS: usize = 384;

pub(super) fn compute(c: &Contract, tensors: &[&Data], threads: Threads) -> Vec<f32> {
    let [m, n, k] = [c.m, c.n, c.k].map(|d| d as usize);
    if let Some(image) = &c.image {
        return convolve(c, image, tensors, threads);
    }
    let matrices = |side: &Side| numbers(&side.expr, &side.shape, tensors, threads);
    let (a, b) = (matrices(&c.a), matrices(&c.b));
    let mut out = vec![0f32; c.matrices() as usize * m * n];
    for (z, part) in out.chunks_exact_mut(m * n).enumerate() {
        let (mut rest, mut za, mut zb) = (z, 0, 0);
        for batch in c.batch.iter().rev() {
            let at = rest % batch.count as usize;
            rest /= batch.count as usize;
            za += at * batch.step_a as usize;
            zb += at * batch.step_b as usize;
        }
        let a = Operand { numbers: &a[za * m * k..(za + 1) * m * k], turned: c.a.transposed };
        let b = Operand { numbers: &b[zb * k * n..(zb + 1) * k * n], turned: c.b.transposed };
        product(a, b, part, [m, n, k], threads);
    }
    out
}

fn convolve(c: &Contract, i: &Image, tensors: &[&Data], threads: Threads) -> Vec<f32> {
    let [m, n, k] = [c.m, c.n, c.k].map(|d| d as usize);
    let (pixels, channels, groups) =
        (numbers(&c.a.expr, &c.a.shape, tensors, threads), i.channels as usize, i.groups as usize);
    let filters = numbers(&c.b.expr, &c.b.shape, tensors, threads);
    let taps = (i.size[0] * i.size[1]) as usize;
    let [oh, ow] = i.output.map(|d| d as usize);
    let mut out = vec![0f32; groups * m * n];
    let mut windows = vec![0f32; ROWS.min(m) * k];
    let mut results = vec![0f32; ROWS.min(m) * n];
    for g in 0..groups {
        // Steps are taps, then channels.
        let mut b = vec![0f32; k * n];
        for f in 0..n {
            let filter = g * n + f;
            for step in 0..k {
                let (t, ch) = (step / channels, step % channels);
                let from = if i.channels_last {
                    (filter * taps + t) * channels + ch
                } else {
                    (filter * channels + ch) * taps + t
                };
                b[step * n + f] = filters[from];
            }
        }
        for first in (0..m).step_by(ROWS) {
            let rows = ROWS.min(m - first);
            for (row, window) in (first..first + rows).zip(windows.chunks_exact_mut(k)) {
                lay_out(i, &pixels, row, g, window);
            }
            let results = &mut results[..rows * n];
            results.fill(0.0);
            let windows = Operand { numbers: &windows[..rows * k], turned: false };
            product(windows, Operand { numbers: &b, turned: false }, results, [rows, n, k], threads);
            for (row, values) in (first..first + rows).zip(results.chunks_exact(n)) {
                for (f, value) in values.iter().enumerate() {
                    let (image, pixel, filter) = (row / (oh * ow), row % (oh * ow), g * n + f);
                    let to = if i.channels_last {
                        row * groups * n + filter
                    } else {
                        (image * groups * n + filter) * oh * ow + pixel
                    };
                    out[to] = *value;
                }
            }
        }
    }
    out
}

/// The window of one pixel of the result.
fn lay_out(i: &Image, pixels: &[f32], row: usize, group: usize, window: &mut [f32]) {
    let ([h, w], [oh, ow]) = (i.input.map(|d| d as usize), i.output.map(|d| d as usize));
    let (channels, all) = (i.channels as usize, (i.channels * i.groups) as usize);
    let (image, y, x) = (row / (oh * ow), row / ow % oh, row % ow);
    for (t, part) in window.chunks_exact_mut(channels).enumerate() {
        let (ty, tx) = (t / i.size[1] as usize, t % i.size[1] as usize);
        let iy = (y * i.stride[0] as usize + ty * i.dilation[0] as usize).wrapping_sub(i.padding[0] as usize);
        let ix = (x * i.stride[1] as usize + tx * i.dilation[1] as usize).wrapping_sub(i.padding[1] as usize);
        if iy >= h || ix >= w {
            part.fill(0.0);
        } else if i.channels_last {
            let from = ((image * h + iy) * w + ix) * all + group * channels;
            part.copy_from_slice(&pixels[from..from + channels]);
        } else {
            let first = ((image * all + group * channels) * h + iy) * w + ix;
            part.iter_mut().enumerate().for_each(|(c, to)| *to = pixels[first + c * h * w]);
        }
    }
}

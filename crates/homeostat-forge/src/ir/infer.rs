//! What shape and dtype a node has. A refusal names the node, the operand and every shape involved.

use super::op::{Conv2d, Layout, Op, Pool};
use super::shape::Shape;
use super::tensor::DType;
use alloc::{format, string::String, vec::Vec};
use homeostat_core::list::List;

/// An operand as its consumer sees it.
pub(super) type Operand<'a> = (&'a Shape, DType);
type Inferred = core::result::Result<(Shape, DType), String>;

/// The sizes of a window that moves over an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Images.
    pub batch: u32,
    /// Channels of the image.
    pub channels: u32,
    /// Height and width of the image.
    pub input: [u32; 2],
    /// Height and width of the result.
    pub output: [u32; 2],
    /// Height and width of the window.
    pub size: [u32; 2],
}

impl Window {
    fn new(
        image: &Shape,
        layout: Layout,
        size: [u32; 2],
        span: [u64; 2],
        stride: [u32; 2],
        padding: [u32; 4],
    ) -> Result<Self, String> {
        let &[batch, a, b, c] = image.dims() else {
            return Err(format!("operand 0 has shape {image}, expected four dimensions"));
        };
        let (channels, input) = if layout == Layout::Nchw { (a, [b, c]) } else { (c, [a, b]) };
        let mut output = [0; 2];
        for d in 0..2 {
            let padded = u64::from(input[d]) + u64::from(padding[d]) + u64::from(padding[d + 2]);
            if stride[d] == 0 || span[d] == 0 {
                return Err(format!("window {size:?} with stride {stride:?}: expected at least 1 in each"));
            }
            if span[d] > padded {
                return Err(format!(
                    "a window that spans {span:?} is larger than the padded image of operand 0, shape {image} with padding {padding:?}"
                ));
            }
            output[d] = u32::try_from((padded - span[d]) / u64::from(stride[d]) + 1)
                .map_err(|_| format!("padding {padding:?} is too large"))?;
        }
        Ok(Self { batch, channels, input, output, size })
    }

    /// The shape of the result with this many channels.
    fn shape(&self, layout: Layout, channels: u32) -> Shape {
        let [h, w] = self.output;
        Shape::new(&if layout == Layout::Nchw {
            [self.batch, channels, h, w]
        } else {
            [self.batch, h, w, channels]
        })
    }
}

impl Conv2d {
    /// The window over this image, and the channels of the result; or why the operands do not fit.
    pub fn window(&self, image: &Shape, filters: &Shape) -> Result<(Window, u32), String> {
        let &[out, a, b, c] = filters.dims() else {
            return Err(format!("operand 1 has shape {filters}, expected four dimensions"));
        };
        let (inner, size) = if self.layout == Layout::Nchw { (a, [b, c]) } else { (c, [a, b]) };
        let span = |d: usize| {
            if size[d] == 0 || self.dilation[d] == 0 {
                0
            } else {
                u64::from(size[d] - 1) * u64::from(self.dilation[d]) + 1
            }
        };
        let window = Window::new(image, self.layout, size, [span(0), span(1)], self.stride, self.padding)?;
        let groups = self.groups;
        if groups == 0 || window.channels % groups != 0 || out % groups != 0 {
            return Err(format!(
                "{groups} groups do not divide the channels of operands {image} and {filters}"
            ));
        }
        if inner != window.channels / groups {
            return Err(format!(
                "operands of shapes {image} and {filters} in {groups} groups: a filter has {inner} channels, expected {}",
                window.channels / groups
            ));
        }
        Ok((window, out))
    }
}

impl Pool {
    /// The window over this image, or why it does not fit.
    pub fn window(&self, image: &Shape) -> Result<Window, String> {
        for d in 0..4 {
            if self.padding[d] >= self.window[d % 2] {
                return Err(format!(
                    "padding {:?} of operand 0, shape {image}: expected less than the window {:?}",
                    self.padding, self.window
                ));
            }
        }
        Window::new(image, self.layout, self.window, self.window.map(u64::from), self.stride, self.padding)
    }
}

/// Shape and dtype of a node, or the end of a sentence that says why not.
pub(super) fn infer(op: &Op, operands: &[Operand]) -> Inferred {
    let wanted = match op {
        Op::Input { .. } | Op::Scalar(_) => 0..=0,
        Op::Binary(_) | Op::MatMul { .. } | Op::Conv2d(_) | Op::Gather { .. } => 2..=2,
        Op::Attention { .. } => 3..=3,
        Op::LayerNorm { .. } => 1..=3,
        Op::RmsNorm { .. } => 1..=2,
        _ => 1..=1,
    };
    if !wanted.contains(&operands.len()) {
        return Err(format!(
            "has {} operands, expected {} to {}",
            operands.len(),
            wanted.start(),
            wanted.end()
        ));
    }
    holds_numbers(op, operands)?;
    match op {
        Op::Input { .. } => Err(String::from("has no shape of its own")),
        Op::Scalar(_) => Ok((Shape::new(&[]), DType::F32)),
        Op::Unary(_) => Ok((operands[0].0.clone(), operands[0].1)),
        Op::Cast(dtype) => Ok((operands[0].0.clone(), *dtype)),
        Op::Binary(_) => binary(operands[0], operands[1]),
        Op::Causal => last_two(operands[0].0, 0).map(|_| (operands[0].0.clone(), operands[0].1)),
        Op::MatMul { transpose_a, transpose_b, output } => {
            let shape = matmul(operands[0].0, operands[1].0, *transpose_a, *transpose_b)?;
            same_dtype(operands)?;
            if output.is_float() {
                Ok((shape, *output))
            } else {
                Err(format!("gives {output}, expected f32 or f16"))
            }
        }
        Op::Conv2d(conv) => {
            let (window, out) = conv.window(operands[0].0, operands[1].0)?;
            same_dtype(operands)?;
            Ok((window.shape(conv.layout, out), operands[0].1))
        }
        Op::Pool(pool) => {
            let window = pool.window(operands[0].0)?;
            Ok((window.shape(pool.layout, window.channels), operands[0].1))
        }
        Op::Reduce { axes, keep, .. } => reduce(operands[0], axes, *keep),
        Op::Softmax { axis } => {
            axis_of(operands[0].0, *axis, 0).map(|_| (operands[0].0.clone(), operands[0].1))
        }
        Op::LayerNorm { .. } | Op::RmsNorm { .. } => norm(operands),
        Op::Attention { .. } => attention(operands),
        Op::Transpose { permutation } => transpose(operands[0], permutation),
        Op::Reshape { shape } if shape.elements() == operands[0].0.elements() => {
            Ok((shape.clone(), operands[0].1))
        }
        Op::Reshape { shape } => {
            Err(format!("operand 0 of shape {} does not have as many elements as {shape}", operands[0].0))
        }
        Op::Gather { axis } => {
            let (data, indices) = (operands[0].0, operands[1].0);
            let axis = axis_of(data, *axis, 0)?;
            let dims = data.dims();
            let all = [&dims[..axis], indices.dims(), &dims[axis + 1..]].concat();
            Ok((Shape(all), operands[0].1))
        }
    }
}

/// Refuses integers where numbers are computed with, and numbers where an index is wanted.
fn holds_numbers(op: &Op, operands: &[Operand]) -> Result<(), String> {
    let indices = if matches!(op, Op::Gather { .. }) { 1 } else { usize::MAX };
    for (i, (shape, dtype)) in operands.iter().enumerate() {
        let movable =
            matches!(op, Op::Transpose { .. } | Op::Reshape { .. } | Op::Cast(_) | Op::Gather { .. });
        if i == indices && dtype.is_float() {
            return Err(format!("operand {i} of shape {shape} holds {dtype}, expected i32 or u32"));
        }
        if i != indices && !movable && !dtype.is_float() {
            return Err(format!("operand {i} of shape {shape} holds {dtype}, expected f32 or f16"));
        }
    }
    Ok(())
}

fn same_dtype(operands: &[Operand]) -> Result<(), String> {
    for (i, (shape, dtype)) in operands.iter().enumerate().skip(1) {
        let (first, wanted) = operands[0];
        if *dtype != wanted {
            return Err(format!(
                "operand {i} of shape {shape} holds {dtype} and operand 0 of shape {first} {wanted}: cast one of them"
            ));
        }
    }
    Ok(())
}

/// A scalar takes the other operand's dtype.
fn binary(a: Operand, b: Operand) -> Inferred {
    let shape =
        a.0.broadcast(b.0)
            .ok_or_else(|| format!("operands 0 and 1 of shapes {} and {} do not broadcast", a.0, b.0))?;
    let dtype = match (a.0.rank(), b.0.rank()) {
        (0, _) => b.1,
        (_, 0) => a.1,
        _ => {
            same_dtype(&[a, b])?;
            a.1
        }
    };
    Ok((shape, dtype))
}

fn last_two(shape: &Shape, operand: usize) -> Result<(&[u32], u32, u32), String> {
    match shape.dims() {
        [batch @ .., a, b] => Ok((batch, *a, *b)),
        _ => Err(format!("operand {operand} has shape {shape}, expected at least two dimensions")),
    }
}

fn matmul(a: &Shape, b: &Shape, transpose_a: bool, transpose_b: bool) -> Result<Shape, String> {
    let turned = |(batch, x, y), turn| if turn { (batch, y, x) } else { (batch, x, y) };
    let (batch_a, m, k) = turned(last_two(a, 0)?, transpose_a);
    let (batch_b, k_b, n) = turned(last_two(b, 1)?, transpose_b);
    let said = || {
        let turned = |t: bool| if t { " (transposed)" } else { "" };
        format!("operands 0 and 1 of shapes {a}{} and {b}{}", turned(transpose_a), turned(transpose_b))
    };
    if k != k_b {
        return Err(format!("{}: inner dimensions {k} and {k_b} differ", said()));
    }
    let batch = Shape::new(batch_a)
        .broadcast(&Shape::new(batch_b))
        .ok_or_else(|| format!("{}: batches do not broadcast", said()))?;
    Ok(Shape([batch.dims(), &[m, n]].concat()))
}

fn axis_of(shape: &Shape, axis: u32, operand: usize) -> Result<usize, String> {
    if (axis as usize) < shape.rank() {
        Ok(axis as usize)
    } else {
        Err(format!("axis {axis}: operand {operand} of shape {shape} has {} dimensions", shape.rank()))
    }
}

fn reduce((shape, dtype): Operand, axes: &[u32], keep: bool) -> Inferred {
    if axes.is_empty() || !axes.is_sorted_by(|a, b| a < b) {
        return Err(format!("axes {axes:?} of operand 0, shape {shape}: expected at least one, ascending"));
    }
    for axis in axes {
        axis_of(shape, *axis, 0)?;
    }
    let folded = |d: usize| axes.contains(&(d as u32));
    let dims = shape.dims().iter().enumerate();
    let left: Vec<u32> =
        dims.filter(|(d, _)| keep || !folded(*d)).map(|(d, n)| if folded(d) { 1 } else { *n }).listed();
    Ok((Shape(left), dtype))
}

fn norm(operands: &[Operand]) -> Inferred {
    let (shape, dtype) = operands[0];
    if shape.rank() == 0 {
        return Err(String::from("operand 0 has shape [], expected at least one dimension"));
    }
    for (i, (other, _)) in operands.iter().enumerate().skip(1) {
        if other.dims() != [shape.last()] {
            return Err(format!(
                "operand {i} has shape {other}, expected [{}] for operand 0 of shape {shape}",
                shape.last()
            ));
        }
    }
    same_dtype(operands)?;
    Ok((shape.clone(), dtype))
}

fn attention(operands: &[Operand]) -> Inferred {
    let [(q, dtype), (k, _), (v, _)] = operands else { return Err(String::from("expected three operands")) };
    let (_, _, depth) = last_two(q, 0)?;
    let (_, keys, depth_k) = last_two(k, 1)?;
    let (_, values, _) = last_two(v, 2)?;
    if depth != depth_k || keys != values {
        return Err(format!(
            "operands of shapes {q}, {k} and {v}: expected [.., q, d], [.., k, d] and [.., k, v]"
        ));
    }
    let scores = matmul(q, k, false, true)?;
    let shape = matmul(&scores, v, false, false)
        .map_err(|_| format!("operands of shapes {q}, {k} and {v}: batches do not broadcast"))?;
    same_dtype(operands)?;
    Ok((shape, *dtype))
}

fn transpose((shape, dtype): Operand, permutation: &[u32]) -> Inferred {
    if permutation.len() != shape.rank() || !(0..shape.rank() as u32).all(|d| permutation.contains(&d)) {
        return Err(format!(
            "permutation {permutation:?} of operand 0, shape {shape}: expected each of its dimensions once"
        ));
    }
    Ok((Shape(permutation.iter().map(|d| shape.dims()[*d as usize]).listed()), dtype))
}

//! What is tuned: an operation and its shape, from text.

use homeostat_core::error::Result as Checked;
use homeostat_forge::ir::{Blueprint, Builder, Conv2d, DType, Data, Layout, Op};
use homeostat_forge::oracle::evaluate;
use homeostat_forge::prove::{Inputs, Miss, judge, make};

/// An operation of a shape.
#[derive(Clone, Debug)]
pub struct Workload {
    pub op: String,
    pub dims: Vec<u32>,
    pub dtype: DType,
}

impl Workload {
    pub fn parse(op: &str, shape: &str, dtype: &str) -> Result<Self, String> {
        let dims: Result<Vec<u32>, _> = shape.split('x').map(str::parse).collect();
        let dims = dims.map_err(|_| format!("--shape {shape}: expected numbers like 512x512x512"))?;
        let wanted = match op {
            "matmul" => 3,
            "conv2d" => 4,
            "softmax" | "layernorm" => 2,
            _ => return Err(format!("--op {op}: expected matmul, conv2d, softmax or layernorm")),
        };
        if dims.len() != wanted {
            return Err(format!("--shape {shape}: expected {wanted} numbers for {op}"));
        }
        let dtype = match dtype {
            "f32" => DType::F32,
            "f16" => DType::F16,
            other => return Err(format!("--dtype {other}: expected f32 or f16")),
        };
        Ok(Self { op: op.into(), dims, dtype })
    }

    pub fn name(&self) -> String {
        let dims: Vec<String> = self.dims.iter().map(u32::to_string).collect();
        format!("{} {} {}", self.op, dims.join("x"), self.dtype)
    }

    /// matmul m x n x k; conv2d side x channels x filter x filters; softmax and layer norm rows x columns.
    pub fn blueprint(&self) -> Checked<Blueprint> {
        let (d, dtype) = (&self.dims, self.dtype);
        let mut g = Builder::new();
        let y = match self.op.as_str() {
            "matmul" => {
                let (a, b) = (g.input("a", dtype, &[d[0], d[2]])?, g.input("b", dtype, &[d[2], d[1]])?);
                g.matmul(a, b, false, false)?
            }
            "conv2d" => {
                let x = g.input("x", dtype, &[1, d[0], d[0], d[1]])?;
                let w = g.input("w", dtype, &[d[3], d[2], d[2], d[1]])?;
                let pad = d[2] / 2;
                let conv = Conv2d { padding: [pad; 4], layout: Layout::Nhwc, ..Conv2d::default() };
                g.conv2d(x, w, conv)?
            }
            "softmax" => {
                let x = g.input("x", dtype, d)?;
                g.node(Op::Softmax { axis: 1 }, &[x])?
            }
            _ => {
                let x = g.input("x", dtype, d)?;
                g.node(Op::LayerNorm { epsilon: 1e-5 }, &[x])?
            }
        };
        g.finish(&[y])
    }

    /// Floating-point operations; 0 where bytes are what counts.
    pub fn operations(&self) -> f64 {
        let d: Vec<f64> = self.dims.iter().map(|d| f64::from(*d)).collect();
        match self.op.as_str() {
            "matmul" => 2.0 * d[0] * d[1] * d[2],
            "conv2d" => 2.0 * d[0] * d[0] * d[1] * d[2] * d[2] * d[3],
            _ => 0.0,
        }
    }

    /// Bytes that have to move at least.
    pub fn bytes(&self) -> f64 {
        let d: Vec<f64> = self.dims.iter().map(|d| f64::from(*d)).collect();
        let elements = match self.op.as_str() {
            "matmul" => d[0] * d[2] + d[2] * d[1] + d[0] * d[1],
            "conv2d" => d[0] * d[0] * (d[1] + d[3]) + d[1] * d[2] * d[2] * d[3],
            _ => 2.0 * d[0] * d[1],
        };
        elements * self.dtype.bytes() as f64
    }

    /// Random inputs, and rows of the result to check: a large product is checked in its first, last and some middle rows.
    pub fn inputs(&self) -> Checked<(Vec<Data>, Check)> {
        let blueprint = self.blueprint()?;
        let inputs = make(&blueprint, Inputs::Random, 11);
        let rows: Vec<u32> = if self.op == "matmul" && self.operations() > 4e8 {
            let m = self.dims[0];
            let mut rows = vec![0, 1, m / 3, m / 2, m - 2, m - 1];
            rows.dedup();
            rows
        } else {
            Vec::new()
        };
        let references = if rows.is_empty() {
            evaluate(&blueprint, &inputs)?
        } else {
            let (n, k) = (self.dims[1], self.dims[2]);
            let part = Workload { dims: vec![rows.len() as u32, n, k], ..self.clone() };
            let picked = rows.iter().flat_map(|r| (0..k).map(move |i| (r * k + i) as usize));
            let a = Data::from_f64(self.dtype, picked.map(|i| inputs[0].get(i)));
            evaluate(&part.blueprint()?, &[a, inputs[1].clone()])?
        };
        Ok((inputs, Check { rows, columns: *self.dims.get(1).unwrap_or(&1) as usize, references }))
    }
}

/// What is right, of all rows or of some.
pub struct Check {
    rows: Vec<u32>,
    columns: usize,
    references: Vec<homeostat_forge::oracle::Reference>,
}

impl Check {
    pub fn judge(&self, result: &Data) -> Option<Miss> {
        if self.rows.is_empty() {
            return judge(&self.references, std::slice::from_ref(result)).miss;
        }
        let places =
            self.rows.iter().flat_map(|r| (0..self.columns).map(move |c| *r as usize * self.columns + c));
        let part = Data::from_f64(result.dtype(), places.map(|i| result.get(i)));
        judge(&self.references, &[part]).miss
    }
}

//! A blueprint as JSON, as the façades of other languages say it: every step is checked by the builder, in its order.
//!
//! ```text
//! { "nodes": [ { "op": "input", "name": "a", "dims": [4, 8] }, { "op": "input", "name": "b", "dims": [8, 2] },
//!              { "op": "matmul", "of": [0, 1] }, { "op": "input", "name": "bias", "like": 2, "part": "last" },
//!              { "op": "add", "of": [2, 3] } ], "outputs": [4] }
//! ```
//! An input may take its shape from a node before it: the same, its last dimension, or its channels, so that who writes a bias
//! need not know how many there are. What is left out has the default that is usual for the operation.

use super::blueprint::{Blueprint, Builder, NODES_MAX, NodeId, invalid};
use super::op::{Binary, Conv2d, Layout, Op, Pool, PoolKind, Reduction, Unary};
use super::shape::{RANK_MAX, Shape};
use super::tensor::DType;
use alloc::{format, string::String, vec::Vec};
use homeostat_core::error::{Error, Result};
use homeostat_core::json::{Json, Number, Writer};
use homeostat_core::list::List;
use homeostat_solver::order::ascending;

const UNARY: [(Unary, &str); 14] = [
    (Unary::Neg, "neg"),
    (Unary::Abs, "abs"),
    (Unary::Exp, "exp"),
    (Unary::Log, "log"),
    (Unary::Sqrt, "sqrt"),
    (Unary::Rsqrt, "rsqrt"),
    (Unary::Recip, "recip"),
    (Unary::Relu, "relu"),
    (Unary::Sigmoid, "sigmoid"),
    (Unary::Silu, "silu"),
    (Unary::Tanh, "tanh"),
    (Unary::Erf, "erf"),
    (Unary::Gelu, "gelu"),
    (Unary::GeluTanh, "geluTanh"),
];
const BINARY: [(Binary, &str); 6] = [
    (Binary::Add, "add"),
    (Binary::Sub, "sub"),
    (Binary::Mul, "mul"),
    (Binary::Div, "div"),
    (Binary::Max, "max"),
    (Binary::Min, "min"),
];
const REDUCTION: [(Reduction, &str); 4] =
    [(Reduction::Sum, "sum"), (Reduction::Mean, "mean"), (Reduction::Max, "max"), (Reduction::Min, "min")];
const POOL: [(PoolKind, &str); 2] = [(PoolKind::Max, "max"), (PoolKind::Mean, "mean")];
const LAYOUT: [(Layout, &str); 2] = [(Layout::Nchw, "nchw"), (Layout::Nhwc, "nhwc")];
const DTYPE: [(DType, &str); 4] =
    [(DType::F32, "f32"), (DType::F16, "f16"), (DType::I32, "i32"), (DType::U32, "u32")];

/// How an input's shape follows from another node's.
#[derive(Clone, Copy)]
enum Part {
    Same,
    Last,
    Channels(Layout),
}
const PART: [(Part, &str); 4] = [
    (Part::Same, "same"),
    (Part::Last, "last"),
    (Part::Channels(Layout::Nchw), "channels-nchw"),
    (Part::Channels(Layout::Nhwc), "channels-nhwc"),
];

fn find<T: Copy>(table: &[(T, &'static str)], name: &str) -> Option<T> {
    table.iter().find(|(_, known)| *known == name).map(|(value, _)| *value)
}

/// One step of a recipe.
struct Step<'a> {
    at: usize,
    op: &'a str,
    json: &'a Json,
}

impl Step<'_> {
    fn refuse(&self, what: &str) -> Error {
        let Self { at, op, .. } = self;
        invalid(format!("node {at} ({op}): {what}"))
    }

    fn expected(&self, key: &str, wanted: &str) -> Error {
        self.refuse(&format!("{key}: expected {wanted}"))
    }

    fn choice<T: Copy>(&self, key: &str, table: &[(T, &'static str)], or: T) -> Result<T> {
        let Some(json) = self.json.get(key) else { return Ok(or) };
        let names = || table.iter().map(|(_, name)| *name).listed().join(", ");
        json.str().and_then(|name| find(table, name)).ok_or_else(|| self.expected(key, &names()))
    }

    fn flag(&self, key: &str) -> Result<bool> {
        match self.json.get(key) {
            None => Ok(false),
            Some(json) => json.bool().ok_or_else(|| self.expected(key, "true or false")),
        }
    }

    fn number(&self, key: &str) -> Result<Option<f32>> {
        match self.json.get(key) {
            None => Ok(None),
            Some(json) => {
                json.num().map(|n| Some(n as f32)).ok_or_else(|| self.expected(key, "a finite number"))
            }
        }
    }

    fn whole(&self, key: &str, json: &Json) -> Result<u32> {
        let n = json.num().unwrap_or(f64::NAN);
        if !(0.0..=f64::from(u32::MAX)).contains(&n) || libm::trunc(n) != n {
            let text = format!("a whole number from 0 to {}, got {}", u32::MAX, Number(n));
            return Err(self.expected(key, &text));
        }
        Ok(n as u32)
    }

    fn list(&self, key: &str) -> Result<Option<Vec<u32>>> {
        let Some(json) = self.json.get(key) else { return Ok(None) };
        let list = json.arr().ok_or_else(|| self.expected(key, "a list of whole numbers"))?;
        list.iter().map(|n| self.whole(key, n)).all_or().map(Some)
    }

    fn of<const N: usize>(&self, key: &str, or: [u32; N]) -> Result<[u32; N]> {
        match self.list(key)? {
            None => Ok(or),
            Some(list) => list.try_into().map_err(|_| self.expected(key, &format!("{N} whole numbers"))),
        }
    }

    fn index(&self, key: &str, or: u32) -> Result<u32> {
        self.json.get(key).map_or(Ok(or), |json| self.whole(key, json))
    }

    fn operands(&self, known: &[NodeId]) -> Result<Vec<NodeId>> {
        let node = |i: u32| {
            let found = known.get(i as usize).copied();
            found.ok_or_else(|| self.refuse(&format!("there is no node {i} before it")))
        };
        self.list("of")?.unwrap_or_default().into_iter().map(node).all_or()
    }

    /// An axis, from the end where it is negative.
    fn axis(&self, json: &Json, rank: usize) -> Result<u32> {
        let n = json.num().unwrap_or(f64::NAN);
        let at = if n < 0.0 { n + rank as f64 } else { n };
        if !(at >= 0.0 && at < rank as f64 && libm::trunc(at) == at) {
            let text = format!(
                "axis {}: expected a whole number from {} to {}",
                Number(n),
                -(rank as i64),
                rank as i64 - 1
            );
            return Err(self.refuse(&text));
        }
        Ok(at as u32)
    }

    fn axes(&self, rank: usize) -> Result<Vec<u32>> {
        let Some(json) = self.json.get("axes") else { return Ok((0..rank as u32).listed()) };
        let list = json.arr().ok_or_else(|| self.expected("axes", "a list of whole numbers"))?;
        let axes = list.iter().map(|n| self.axis(n, rank).map(f64::from)).all_or()?;
        Ok(ascending(&axes).into_iter().map(|i| axes[i] as u32).listed())
    }

    fn input(&self, builder: &mut Builder, known: &[NodeId]) -> Result<NodeId> {
        let name =
            self.json.get("name").and_then(Json::str).ok_or_else(|| self.expected("name", "a text"))?;
        let named = |e: Error| {
            let message = format!("input '{name}': {}", e.message);
            e.saying(message)
        };
        let dtype = self.choice("dtype", &DTYPE, DType::F32).map_err(named)?;
        let dims = match self.json.get("like") {
            None => self.list("dims").map_err(named)?.ok_or_else(|| self.expected("dims", "a list"))?,
            Some(like) => {
                let like = self.whole("like", like)? as usize;
                let Some(like) = known.get(like) else {
                    return Err(self.refuse(&format!("there is no node {like} before it")));
                };
                let dims = builder.shape(*like).dims();
                match self.choice("part", &PART, Part::Same)? {
                    Part::Same => dims.to_vec(),
                    Part::Last | Part::Channels(Layout::Nhwc) => {
                        dims.last().map_or(Vec::new(), |d| [*d].to_vec())
                    }
                    Part::Channels(Layout::Nchw) => match dims {
                        [_, channels, _, _] => [*channels, 1, 1].to_vec(),
                        _ => return Err(named(self.refuse("channels are of a shape of four dimensions"))),
                    },
                }
            }
        };
        builder
            .input(name, dtype, &dims)
            .map_err(|e| if e.message.starts_with("input") { e } else { named(e) })
    }

    fn windowed(&self) -> Result<([u32; 2], [u32; 4], Layout)> {
        Ok((
            self.of("stride", [1, 1])?,
            self.of("padding", [0; 4])?,
            self.choice("layout", &LAYOUT, Layout::Nchw)?,
        ))
    }

    fn node(&self, builder: &mut Builder, known: &[NodeId]) -> Result<NodeId> {
        let of = self.operands(known)?;
        let first = of.first().copied();
        let rank = first.map_or(0, |id| builder.shape(id).rank());
        let dtype = first.map_or(DType::F32, |id| builder.dtype(id));
        let epsilon = || self.number("epsilon").map(|e| e.unwrap_or(1e-5));
        let one = |key: &str| {
            let last = Json::Num(-1.0);
            self.axis(self.json.get(key).unwrap_or(&last), rank)
        };
        let op = match self.op {
            "scalar" => Op::Scalar(self.number("value")?.ok_or_else(|| self.expected("value", "a number"))?),
            "cast" => Op::Cast(self.choice("dtype", &DTYPE, DType::F32)?),
            "causal" => Op::Causal,
            "matmul" => Op::MatMul {
                transpose_a: self.flag("transposeA")?,
                transpose_b: self.flag("transposeB")?,
                output: self.choice("output", &DTYPE, dtype)?,
            },
            "conv2d" => {
                let (stride, padding, layout) = self.windowed()?;
                let dilation = self.of("dilation", [1, 1])?;
                Op::Conv2d(Conv2d { stride, padding, dilation, groups: self.index("groups", 1)?, layout })
            }
            "pool" => {
                let window = self.of("window", [2, 2])?;
                let (_, padding, layout) = self.windowed()?;
                let kind = self.choice("kind", &POOL, PoolKind::Max)?;
                Op::Pool(Pool { kind, window, stride: self.of("stride", window)?, padding, layout })
            }
            "reduce" => Op::Reduce {
                kind: self.choice("kind", &REDUCTION, Reduction::Sum)?,
                axes: self.axes(rank)?,
                keep: self.flag("keep")?,
            },
            "softmax" => Op::Softmax { axis: one("axis")? },
            "layerNorm" => Op::LayerNorm { epsilon: epsilon()? },
            "rmsNorm" => Op::RmsNorm { epsilon: epsilon()? },
            "attention" => {
                let depth = first.map_or(1, |id| builder.shape(id).last());
                let usual = 1.0 / libm::sqrtf(depth as f32);
                Op::Attention { scale: self.number("scale")?.unwrap_or(usual), causal: self.flag("causal")? }
            }
            "transpose" => {
                let reversed = (0..rank as u32).rev().listed();
                Op::Transpose { permutation: self.list("permutation")?.unwrap_or(reversed) }
            }
            "reshape" => {
                let shape =
                    self.list("dims")?.ok_or_else(|| self.expected("dims", "a list of whole numbers"))?;
                if shape.len() > RANK_MAX {
                    return Err(self.refuse("expected at most 8 dimensions"));
                }
                Op::Reshape { shape: Shape::new(&shape) }
            }
            "gather" => {
                Op::Gather { axis: self.axis(self.json.get("axis").unwrap_or(&Json::Num(0.0)), rank)? }
            }
            name => match (find(&UNARY, name), find(&BINARY, name)) {
                (Some(f), _) => Op::Unary(f),
                (_, Some(f)) => Op::Binary(f),
                _ => return Err(self.refuse("there is no operation of this name")),
            },
        };
        builder.node(op, &of)
    }
}

impl Blueprint {
    /// The blueprint of a recipe in JSON.
    pub fn from_recipe(text: &str) -> Result<Self> {
        let json = Json::parse(text)?;
        let nodes =
            json.get("nodes").and_then(Json::arr).ok_or_else(|| invalid("nodes: expected a list".into()))?;
        if nodes.len() > NODES_MAX {
            return Err(invalid(format!("nodes: expected at most {NODES_MAX}, got {}", nodes.len())));
        }
        let mut builder = Builder::new();
        let mut known: Vec<NodeId> = Vec::new();
        for (at, json) in nodes.iter().enumerate() {
            let op = json.get("op").and_then(Json::str).unwrap_or("?");
            let step = Step { at, op, json };
            known.push(match op {
                "input" => step.input(&mut builder, &known)?,
                _ => step.node(&mut builder, &known)?,
            });
        }
        let whole = Step { at: nodes.len(), op: "outputs", json: &json };
        let outputs = whole.list("outputs")?.unwrap_or_default();
        let unknown = |i: &u32| invalid(format!("outputs: there is no node {i}"));
        let outputs: Vec<NodeId> =
            outputs.iter().map(|i| known.get(*i as usize).copied().ok_or_else(|| unknown(i))).all_or()?;
        builder.finish(&outputs)
    }

    /// What goes in and what comes out, as JSON: `{ "hash", "inputs": [{ "name", "dtype", "shape" }], "outputs": [..] }`.
    pub fn facts(&self) -> String {
        let mut json = String::new();
        let tensor = |w: &mut Writer, id: NodeId| {
            let node = self.node(id);
            w.object(|w| {
                if let Op::Input { name } = &node.op {
                    w.key("name").str(name);
                }
                w.key("dtype").str(node.dtype.name());
                w.key("shape").array(|w| node.shape.dims().iter().for_each(|d| w.uint(u64::from(*d))));
            });
        };
        Writer::new(&mut json).object(|w| {
            w.key("hash").str(&format!("{}", self.hash()));
            w.key("inputs").array(|w| self.inputs().iter().for_each(|id| tensor(w, *id)));
            w.key("outputs").array(|w| self.outputs().iter().for_each(|id| tensor(w, *id)));
        });
        json
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(nodes: &str) -> String {
        Blueprint::from_recipe(&format!(r#"{{"nodes":[{nodes}],"outputs":[0]}}"#))
            .map(|_| ())
            .unwrap_err()
            .message
            .clone()
    }

    #[test]
    fn reads_what_the_builder_builds() {
        let recipe = r#"{"nodes":[
            {"op":"input","name":"a","dims":[4,8]},{"op":"input","name":"b","dims":[2,8]},
            {"op":"matmul","of":[0,1],"transposeB":true},
            {"op":"input","name":"bias","like":2,"part":"last"},{"op":"add","of":[2,3]},{"op":"gelu","of":[4]},
            {"op":"softmax","of":[5],"axis":-1},{"op":"reduce","of":[6],"kind":"max","axes":[-2],"keep":true}
        ],"outputs":[7,5]}"#;
        let read = Blueprint::from_recipe(recipe).unwrap();
        let mut g = Builder::new();
        let a = g.input("a", DType::F32, &[4, 8]).unwrap();
        let b = g.input("b", DType::F32, &[2, 8]).unwrap();
        let y = g.matmul(a, b, false, true).unwrap();
        let bias = g.input("bias", DType::F32, &[2]).unwrap();
        let y = g.binary(Binary::Add, y, bias).unwrap();
        let y = g.unary(Unary::Gelu, y).unwrap();
        let s = g.node(Op::Softmax { axis: 1 }, &[y]).unwrap();
        let m = g.reduce(s, Reduction::Max, &[0], true).unwrap();
        let built = g.finish(&[m, y]).unwrap();
        assert_eq!(read, built);
        assert_eq!(
            read.facts(),
            format!(
                concat!(
                    r#"{{"hash":"{}","inputs":[{{"name":"a","dtype":"f32","shape":[4,8]}},"#,
                    r#"{{"name":"b","dtype":"f32","shape":[2,8]}},{{"name":"bias","dtype":"f32","shape":[2]}}],"#,
                    r#""outputs":[{{"dtype":"f32","shape":[1,2]}},{{"dtype":"f32","shape":[4,2]}}]}}"#
                ),
                built.hash()
            )
        );
    }

    #[test]
    fn refusals_name_the_node_and_what_is_wrong() {
        let input = r#"{"op":"input","name":"a","dims":[4,8]}"#;
        let cases = [
            (
                r#"{"op":"input","name":"a","dims":[4,5e9]}"#,
                "input 'a': node 0 (input): dims: expected a whole number",
            ),
            (r#"{"op":"input","name":"a","dims":[4,0]}"#, "input 'a': node 0 (input) of shape [4, 0]"),
            (r#"{"op":"gelu","of":[3]}"#, "node 0 (gelu): there is no node 3"),
            (r#"{"op":"glow","of":[]}"#, "node 0 (glow): there is no operation"),
            (
                &format!(r#"{input},{{"op":"softmax","of":[0],"axis":2}}"#),
                "node 1 (softmax): axis 2: expected",
            ),
            (&format!(r#"{input},{{"op":"matmul","of":[0,0]}}"#), "node 1 (matmul of 0, 0): "),
        ];
        for (nodes, starts) in cases {
            let text = refused(nodes);
            assert!(text.starts_with(starts), "{text}");
        }
    }
}

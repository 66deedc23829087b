//! Reads a blueprint's canonical bytes; whatever they hold, the result is a valid blueprint or an error.

use super::blueprint::{Blueprint, Builder, NODES_MAX, NodeId, invalid};
use super::encode::{BINARY, LAYOUT, MAGIC, POOL, REDUCTION, UNARY};
use super::op::{Conv2d, Op, Pool};
use super::shape::{RANK_MAX, Shape};
use super::tensor::DType;
use alloc::{format, string::String, vec::Vec};
use homeostat_core::error::{Error, Result};
use homeostat_core::list::List;

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn refuse(&self, wanted: &str) -> Error {
        invalid(format!("blueprint bytes at {}: expected {wanted}", self.at))
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let end = self
            .at
            .checked_add(n)
            .filter(|end| *end <= self.bytes.len())
            .ok_or_else(|| self.refuse("more bytes"))?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn u8(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    fn bool(&mut self) -> Result<bool> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.refuse("0 or 1")),
        }
    }

    fn u32(&mut self) -> Result<u32> {
        let mut word = [0; 4];
        word.copy_from_slice(self.take(4)?);
        Ok(u32::from_le_bytes(word))
    }

    fn f32(&mut self) -> Result<f32> {
        self.u32().map(f32::from_bits)
    }

    fn words<const N: usize>(&mut self) -> Result<[u32; N]> {
        let mut words = [0; N];
        for word in &mut words {
            *word = self.u32()?;
        }
        Ok(words)
    }

    fn list(&mut self, most: usize) -> Result<Vec<u32>> {
        let n = self.u32()? as usize;
        if n > most {
            return Err(self.refuse("a shorter list"));
        }
        (0..n).map(|_| self.u32()).all_or()
    }

    fn pick<T: Clone>(&mut self, table: &[T]) -> Result<T> {
        let i = self.u8()?;
        table.get(usize::from(i)).cloned().ok_or_else(|| self.refuse("a known kind"))
    }

    fn op(&mut self) -> Result<Op> {
        Ok(match self.u8()? {
            0 => {
                let n = self.u32()? as usize;
                let text = core::str::from_utf8(self.take(n)?).map_err(|_| self.refuse("UTF-8"))?;
                Op::Input { name: String::from(text) }
            }
            1 => Op::Scalar(self.f32()?),
            2 => Op::Unary(self.pick(&UNARY)?),
            3 => Op::Binary(self.pick(&BINARY)?),
            4 => Op::Cast(self.pick(&DType::ALL)?),
            5 => Op::Causal,
            6 => Op::MatMul {
                transpose_a: self.bool()?,
                transpose_b: self.bool()?,
                output: self.pick(&DType::ALL)?,
            },
            7 => Op::Conv2d(Conv2d {
                stride: self.words()?,
                padding: self.words()?,
                dilation: self.words()?,
                groups: self.u32()?,
                layout: self.pick(&LAYOUT)?,
            }),
            8 => {
                let (keep, kind) = (self.bool()?, self.pick(&REDUCTION)?);
                Op::Reduce { kind, axes: self.list(RANK_MAX)?, keep }
            }
            9 => Op::Softmax { axis: self.u32()? },
            10 => Op::LayerNorm { epsilon: self.f32()? },
            11 => Op::RmsNorm { epsilon: self.f32()? },
            12 => {
                let (scale, causal) = (self.f32()?, self.u32()?);
                if causal > 1 {
                    return Err(self.refuse("0 or 1"));
                }
                Op::Attention { scale, causal: causal == 1 }
            }
            13 => {
                let (window, stride, padding) = (self.words()?, self.words()?, self.words()?);
                Op::Pool(Pool {
                    window,
                    stride,
                    padding,
                    layout: self.pick(&LAYOUT)?,
                    kind: self.pick(&POOL)?,
                })
            }
            14 => Op::Transpose { permutation: self.list(RANK_MAX)? },
            15 => Op::Reshape { shape: Shape::new(&self.list(RANK_MAX)?) },
            16 => Op::Gather { axis: self.u32()? },
            _ => return Err(self.refuse("a known operation")),
        })
    }
}

impl Blueprint {
    /// The blueprint of these canonical bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let mut r = Reader { bytes, at: 0 };
        if r.take(MAGIC.len())? != MAGIC {
            r.at = 0;
            return Err(r.refuse("HFB1, this version's mark"));
        }
        let mut builder = Builder::new();
        let nodes = r.u32()? as usize;
        if nodes > NODES_MAX {
            return Err(r.refuse("at most 4096 nodes"));
        }
        for _ in 0..nodes {
            let op = r.op()?;
            let operands: Vec<NodeId> = r.list(RANK_MAX)?.into_iter().map(NodeId).listed();
            match op {
                Op::Input { name } if operands.is_empty() => {
                    let dtype = r.pick(&DType::ALL)?;
                    let dims = r.list(RANK_MAX)?;
                    builder.input(&name, dtype, &dims)?;
                }
                Op::Input { .. } => return Err(r.refuse("an input without operands")),
                op => {
                    builder.node(op, &operands)?;
                }
            }
        }
        let outputs: Vec<NodeId> = r.list(NODES_MAX)?.into_iter().map(NodeId).listed();
        if r.at != bytes.len() {
            return Err(r.refuse("the end"));
        }
        builder.finish(&outputs)
    }
}

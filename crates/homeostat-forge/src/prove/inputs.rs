//! Inputs that kernels fail on.

use crate::ir::{Blueprint, DType, Data, NodeId, Op};
use alloc::vec::Vec;
use homeostat_core::list::List;
use homeostat_core::rng::Rng;

/// A kind of inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inputs {
    /// Evenly between -1 and 1.
    Random,
    /// Small whole numbers that tell where an element comes from: sums are exact, and a wrong place shows.
    Structured,
    /// Only zeros.
    Zeros,
    /// As large as products of two can be summed.
    Large,
    /// So small that products vanish.
    Tiny,
    /// Signs that cancel, over many powers of two.
    Adversarial,
}

impl Inputs {
    /// Every kind.
    pub const ALL: [Inputs; 6] =
        [Inputs::Random, Inputs::Structured, Inputs::Zeros, Inputs::Large, Inputs::Tiny, Inputs::Adversarial];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Inputs::Random => "random",
            Inputs::Structured => "structured",
            Inputs::Zeros => "zeros",
            Inputs::Large => "large",
            Inputs::Tiny => "tiny",
            Inputs::Adversarial => "adversarial",
        }
    }

    fn number(self, i: u64, rng: &mut Rng, half: bool) -> f64 {
        // 53 bits, between -1 and 1.
        let mut even = || (rng.next_u64() >> 11) as f64 / 4_503_599_627_370_496.0 - 1.0;
        let (large, tiny) = if half { (60.0, 1e-4) } else { (1e15, 1e-25) };
        match self {
            Inputs::Random => even(),
            Inputs::Structured => ((i * 7 + i / 5 * 3 + i / 64) % 17) as f64 - 8.0,
            Inputs::Zeros => 0.0,
            Inputs::Large => even() * large,
            Inputs::Tiny => even() * tiny,
            Inputs::Adversarial => {
                let power = (even() * if half { 5.0 } else { 15.0 }) as i32;
                let size = (0..power.abs())
                    .fold(1.0 + 0.01 * even(), |x, _| if power > 0 { x * 2.0 } else { x / 2.0 });
                if i.is_multiple_of(2) { size } else { -size }
            }
        }
    }
}

/// The inputs of a blueprint; integers are indices, a few of them outside.
pub fn make(blueprint: &Blueprint, kind: Inputs, seed: u64) -> Vec<Data> {
    let mut rng = Rng::new(seed ^ kind as u64);
    blueprint
        .inputs()
        .iter()
        .map(|id| {
            let node = blueprint.node(*id);
            let n = node.shape.elements();
            match node.dtype {
                DType::F32 | DType::F16 => {
                    let half = node.dtype == DType::F16;
                    Data::from_f64(node.dtype, (0..n).map(|i| kind.number(i, &mut rng, half)))
                }
                DType::I32 | DType::U32 => {
                    let most = picked_from(blueprint, *id).unwrap_or(100);
                    let mut index = |_| match rng.next_u64() % 16 {
                        0 if node.dtype == DType::I32 => -1.0,
                        1 => f64::from(most),
                        _ => (rng.next_u64() % u64::from(most)) as f64,
                    };
                    Data::from_f64(node.dtype, (0..n).map(&mut index))
                }
            }
        })
        .listed()
}

/// Size of the dimension that these indices pick from.
fn picked_from(blueprint: &Blueprint, indices: NodeId) -> Option<u32> {
    blueprint.nodes().iter().find_map(|node| match node.op {
        Op::Gather { axis } if node.operands[1] == indices => {
            Some(blueprint.node(node.operands[0]).shape.dims()[axis as usize])
        }
        _ => None,
    })
}

//! Smaller cases, for whoever looks for the smallest one that fails: of plain sizes, or of a blueprint.
//!
//! A blueprint's sizes are those of its inputs; the other shapes follow. Dimensions that have to agree have the same size, so what is
//! lessened is every dimension of a size at once, or a single one of them: what does not fit together is no blueprint, and no case.

use crate::ir::{Blueprint, Builder, Op, Shape};
use alloc::vec::Vec;
use homeostat_core::list::List;

/// Most dimensions of inputs that are lessened one by one; above, only all of a size at once.
const SINGLE_MAX: usize = 24;

/// The least size between 1 and one that fails, which still fails: 1 first, then halves. It is the least one where larger sizes fail too.
pub struct Between {
    /// The greatest one that is right, or 0.
    right: u32,
    /// The least one that fails.
    pub fails: u32,
}

impl Between {
    /// Below a size that fails.
    pub fn new(fails: u32) -> Self {
        Self { right: 0, fails }
    }

    /// What to try next.
    pub fn probe(&self) -> Option<u32> {
        let middle = if self.right == 0 { 1 } else { self.right + (self.fails - self.right) / 2 };
        (self.fails - self.right > 1 && middle < self.fails).then_some(middle)
    }

    /// Whether what was tried fails.
    pub fn tell(&mut self, size: u32, fails: bool) {
        if fails { self.fails = size } else { self.right = size }
    }
}

/// The smallest sizes, lessened one at a time, for which something still fails.
pub fn shrink(sizes: &[u32], mut fails: impl FnMut(&[u32]) -> bool) -> Vec<u32> {
    let mut best = sizes.to_vec();
    loop {
        let before = best.clone();
        for i in 0..best.len() {
            let mut between = Between::new(best[i]);
            while let Some(size) = between.probe() {
                let mut tried = best.clone();
                tried[i] = size;
                between.tell(size, fails(&tried));
            }
            best[i] = between.fails;
        }
        if best == before {
            return best;
        }
    }
}

/// Dimensions of inputs that are lessened together: which input, which dimension.
pub struct Together {
    /// What they are now.
    pub size: u32,
    places: Vec<(usize, usize)>,
}

/// Every choice of dimensions to lessen: all of a size at once, then single ones.
pub fn choices(blueprint: &Blueprint) -> Vec<Together> {
    let mut all: Vec<Together> = Vec::new();
    let (mut single, mut dims) = (Vec::new(), 0);
    for (input, id) in blueprint.inputs().iter().enumerate() {
        for (dim, size) in blueprint.node(*id).shape.dims().iter().enumerate() {
            dims += 1;
            match all.iter_mut().find(|t| t.size == *size) {
                Some(together) => together.places.push((input, dim)),
                None => all.push(Together { size: *size, places: Vec::from([(input, dim)]) }),
            }
            single.push(Together { size: *size, places: Vec::from([(input, dim)]) });
        }
    }
    if dims <= SINGLE_MAX {
        all.append(&mut single);
    }
    all
}

impl Together {
    /// The same blueprint with these dimensions of another size; `None` where that does not fit together, or nothing is to be changed.
    pub fn resized(&self, blueprint: &Blueprint, size: u32) -> Option<Blueprint> {
        let mut g = Builder::new();
        for node in blueprint.nodes() {
            let made = match &node.op {
                Op::Input { name } => {
                    let input = blueprint.inputs().iter().position(|id| blueprint.node(*id).op == node.op)?;
                    let mut dims = node.shape.dims().to_vec();
                    for (_, dim) in self.places.iter().filter(|(of, _)| *of == input) {
                        // It was lessened with others before.
                        if dims[*dim] != self.size {
                            return None;
                        }
                        dims[*dim] = size;
                    }
                    g.input(name, node.dtype, &dims)
                }
                Op::Reshape { shape } => {
                    let other = |d: &u32| if *d == self.size { size } else { *d };
                    g.node(
                        Op::Reshape { shape: Shape::new(&shape.dims().iter().map(other).listed()) },
                        &node.operands,
                    )
                }
                op => g.node(op.clone(), &node.operands),
            };
            made.ok()?;
        }
        g.finish(blueprint.outputs()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Binary, DType};

    #[test]
    fn finds_the_smallest_failing_sizes() {
        assert_eq!(shrink(&[64, 100, 7], |s| s[1] >= 33 && s[2] > 2), [1, 33, 3]);
        assert_eq!(shrink(&[2, 3], |s| s[0] == 2 && s[1] == 3), [2, 3]);
        let mut tries = 0;
        shrink(&[512, 512, 512], |s| {
            tries += 1;
            s[0] * s[1] >= 64
        });
        assert!(tries < 60, "{tries}");
    }

    #[test]
    fn dimensions_that_agree_are_lessened_together() {
        let mut g = Builder::new();
        let (a, b) = (g.input("a", DType::F32, &[8, 6]).unwrap(), g.input("b", DType::F32, &[6, 8]).unwrap());
        let bias = g.input("bias", DType::F32, &[8]).unwrap();
        let y = g.matmul(a, b, false, false).unwrap();
        let y = g.binary(Binary::Add, y, bias).unwrap();
        let y = g.node(Op::Reshape { shape: Shape::new(&[64]) }, &[y]).unwrap();
        let blueprint = g.finish(&[y]).unwrap();
        let dims = |b: &Blueprint| -> Vec<Vec<u32>> {
            b.inputs().iter().map(|id| b.node(*id).shape.dims().to_vec()).collect()
        };
        let fitting: Vec<Vec<Vec<u32>>> =
            choices(&blueprint).iter().filter_map(|t| t.resized(&blueprint, 3)).map(|b| dims(&b)).collect();
        // The sum of six products; nothing else keeps 64 elements.
        assert_eq!(fitting, [[vec![8, 3], vec![3, 8], vec![8]]]);
        let mut g = Builder::new();
        let (a, b) = (g.input("a", DType::F32, &[8, 8]).unwrap(), g.input("b", DType::F32, &[8, 8]).unwrap());
        let y = g.matmul(a, b, false, false).unwrap();
        let blueprint = g.finish(&[y]).unwrap();
        let fitting: Vec<Vec<Vec<u32>>> =
            choices(&blueprint).iter().filter_map(|t| t.resized(&blueprint, 3)).map(|b| dims(&b)).collect();
        // All at once, the rows of one, the columns of the other.
        assert_eq!(fitting, [[vec![3, 3], vec![3, 3]], [vec![3, 8], vec![8, 8]], [vec![8, 8], vec![8, 3]]]);
    }
}

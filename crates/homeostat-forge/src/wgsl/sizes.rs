//! Texts of index arithmetic.

use crate::ir::Shape;
use alloc::{format, string::String, vec::Vec};

/// Where the element of index `index` of `over` lies in a tensor of these strides.
pub(super) fn offset(index: &str, over: &Shape, strides: &[u32]) -> String {
    // Dimensions that are one in memory become one.
    let mut merged: Vec<(u64, u64)> = Vec::new();
    for (n, stride) in over.dims().iter().zip(strides) {
        let (n, stride) = (u64::from(*n), u64::from(*stride));
        match merged.last_mut() {
            _ if n == 1 => {}
            Some((outer, step)) if *step == stride * n => (*outer, *step) = (*outer * n, stride),
            _ => merged.push((n, stride)),
        }
    }
    let mut terms: Vec<String> = Vec::new();
    let mut below: u64 = 1;
    for (i, (n, stride)) in merged.iter().enumerate().rev() {
        if *stride != 0 {
            let down = if below == 1 { String::from(index) } else { format!("{index} / {below}u") };
            let place = if i == 0 { down } else { format!("({down}) % {n}u") };
            terms.push(if *stride == 1 { format!("({place})") } else { format!("({place}) * {stride}u") });
        }
        below *= n;
    }
    if terms.is_empty() { String::from("0u") } else { terms.join(" + ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_in_memory_are_one_dimension() {
        let shape = Shape::new(&[2, 3, 4]);
        assert_eq!(offset("o", &shape, &shape.strides()), "(o)");
        assert_eq!(offset("o", &shape, &[0, 0, 1]), "((o) % 4u)");
        assert_eq!(offset("o", &shape, &[0, 0, 0]), "0u");
        assert_eq!(offset("o", &shape, &[1, 8, 2]), "((o) % 12u) * 2u + (o / 12u)");
        assert_eq!(offset("o", &shape, &[1, 2, 6]), "((o) % 4u) * 6u + ((o / 4u) % 3u) * 2u + (o / 12u)");
    }
}

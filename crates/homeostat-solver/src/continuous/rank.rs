//! Agreement of two rankings.

/// Kendall's τ-b of the pairs: 1 where both orders agree, -1 where they are opposite, 0 where they are unrelated or one of the two
/// is constant or there are fewer than three.
pub(crate) fn kendall_tau(pairs: &[(f64, f64)]) -> f64 {
    if pairs.len() < 3 {
        return 0.0;
    }
    let (mut agreement, mut distinct_a, mut distinct_b) = (0i64, 0i64, 0i64);
    for (i, (a, b)) in pairs.iter().enumerate() {
        for (other_a, other_b) in &pairs[..i] {
            let (x, y) = (a.total_cmp(other_a) as i64, b.total_cmp(other_b) as i64);
            agreement += x * y;
            distinct_a += x * x;
            distinct_b += y * y;
        }
    }
    if distinct_a == 0 || distinct_b == 0 {
        return 0.0;
    }
    agreement as f64 / libm::sqrt(distinct_a as f64 * distinct_b as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        let tau = |b: [f64; 4]| kendall_tau(&[(1.0, b[0]), (2.0, b[1]), (3.0, b[2]), (4.0, b[3])]);
        assert_eq!(tau([1.0, 5.0, 6.0, 9.0]), 1.0);
        assert_eq!(tau([9.0, 6.0, 5.0, 1.0]), -1.0);
        assert_eq!(tau([2.0, 1.0, 4.0, 3.0]), 1.0 / 3.0);
        assert_eq!(tau([7.0; 4]), 0.0);
        assert_eq!(kendall_tau(&[(1.0, 1.0), (2.0, 2.0)]), 0.0);
        // Ties in one ranking: (5 - 0) / sqrt(6 · 5).
        assert!((tau([1.0, 2.0, 3.0, 3.0]) - 5.0 / 30f64.sqrt()).abs() < 1e-15);
    }
}

//! The bowl of the four-knob plants: elongated, with two pairs of coupled knobs.

use crate::Setting;

const CURVATURE: Setting = [2.0, 1.5, 1.0, 0.7];

/// 1 at the optimum. The coupling is weaker than the curvature, so the optimum is unique.
pub fn cost(u: &Setting, optimum: &Setting) -> f64 {
    let d: Setting = std::array::from_fn(|i| u[i] - optimum[i]);
    let own: f64 = (0..4).map(|i| CURVATURE[i] * d[i] * d[i]).sum();
    let coupled = 1.2 * d[0] * d[1] - 0.6 * d[2] * d[3];
    1.0 + 3.0 * (own + coupled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_optimum_is_the_optimum() {
        let optimum = [0.3, 0.7, 0.4, 0.6];
        assert_eq!(cost(&optimum, &optimum), 1.0);
        for i in 0..4 {
            for step in [-0.01, 0.01] {
                let mut u = optimum;
                u[i] += step;
                assert!(cost(&u, &optimum) > 1.0);
            }
        }
    }
}

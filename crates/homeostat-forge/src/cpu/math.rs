//! Functions of one number that compilers turn into vectors: no branch, no call.
//!
//! `exp` is off by at most 2 units in the last place between -87 and 88, everything here by less than the oracle's bounds.

use crate::ir::Unary;

/// e^x; below -87.3 zero, above 88.3 the largest that is finite.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    // Adding and taking away this number rounds to a whole one.
    const ROUND: f32 = 12_582_912.0;
    let clamped = x.clamp(-87.3, 88.3);
    let n = (clamped * core::f32::consts::LOG2_E + ROUND) - ROUND;
    let r = (clamped - n * LN2_HIGH) - n * LN2_LOW;
    let p = 1.987_569_1e-4;
    let p = p * r + 1.398_199_9e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 1.666_666_5e-1;
    let p = p * r + 0.5;
    let y = p * r * r + r + 1.0;
    let scaled = y * f32::from_bits(((n as i32 + 127) << 23) as u32);
    if x < -87.3 { 0.0 } else { scaled }
}

#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

#[inline(always)]
fn tanh(x: f32) -> f32 {
    let t = exp(-2.0 * x.abs());
    let y = (1.0 - t) / (1.0 + t);
    if x < 0.0 { -y } else { y }
}

/// Abramowitz and Stegun 7.1.26, 1.5e-7.
#[inline(always)]
fn erf(x: f32) -> f32 {
    let a = x.abs().min(6.0);
    let t = 1.0 / (1.0 + 0.327_591_1 * a);
    let p = t * (0.254_829_6 + t * (-0.284_496_72 + t * (1.421_413_8 + t * (-1.453_152 + t * 1.061_405_4))));
    let y = 1.0 - p * exp(-a * a);
    if x < 0.0 { -y } else { y }
}

/// Applies a function to every number.
pub(super) fn apply(f: Unary, x: &mut [f32]) {
    macro_rules! each {
        ($f:expr) => {
            pulp::Arch::new().dispatch(
                #[inline(always)]
                || x.iter_mut().for_each(|x| *x = $f(*x)),
            )
        };
    }
    match f {
        Unary::Neg => each!(|x: f32| -x),
        Unary::Abs => each!(|x: f32| x.abs()),
        Unary::Exp => each!(exp),
        Unary::Log => x.iter_mut().for_each(|x| *x = libm::logf(*x)),
        Unary::Sqrt => each!(|x: f32| libm::sqrtf(x)),
        Unary::Rsqrt => each!(|x: f32| 1.0 / libm::sqrtf(x)),
        Unary::Recip => each!(|x: f32| 1.0 / x),
        Unary::Relu => each!(|x: f32| x.max(0.0)),
        Unary::Sigmoid => each!(sigmoid),
        Unary::Silu => each!(|x: f32| x * sigmoid(x)),
        Unary::Tanh => each!(tanh),
        Unary::Erf => each!(erf),
        Unary::Gelu => each!(|x: f32| 0.5 * x * (1.0 + erf(x * core::f32::consts::FRAC_1_SQRT_2))),
        Unary::GeluTanh => each!(|x: f32| {
            // Beyond, tanh is 1 whatever the cube is, which could overflow.
            let c = x.clamp(-40.0, 40.0);
            0.5 * x * (1.0 + tanh(0.797_884_6 * (c + 0.044_715 * c * c * c)))
        }),
    }
}

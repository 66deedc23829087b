//! The peers against golden numbers that another implementation of the same simulator and limiters gave, at seed 1. That one
//! takes its logarithms from the platform's library, so the last digits may differ.

use homeostat_load::peers::{NAMES, create};
use homeostat_load::scenario;
use homeostat_load::simulate::simulate;

/// Goodput per second, p99 in milliseconds and mean limit of each peer, in the order of `NAMES`.
type Golden = [(f64, f64, f64); 8];

const CAPDOWN: Golden = [
    (277.7500, 473.4752, 67.382),
    (430.5000, 124.6404, 10.759),
    (285.2667, 120.3536, 6.812),
    (475.5833, 129.5398, 13.841),
    (497.7333, 160.6786, 27.801),
    (496.4000, 158.9455, 22.841),
    (489.4333, 200.5546, 23.485),
    (493.1167, 219.3298, 34.985),
];

const LOW5_120: Golden = [
    (3.6178, 5670.7239, 13.745),
    (3.5534, 4926.7135, 13.019),
    (4.3237, 3098.8419, 6.418),
    (4.2873, 3784.9839, 7.438),
    (1.0754, 7599.3834, 23.750),
    (3.7864, 5099.4339, 14.131),
    (4.1229, 4133.7495, 122.340),
    (3.5585, 5709.5227, 252.269),
];

const DEP120: Golden = [
    (542.0000, 435.5043, 126.152),
    (576.3000, 114.7172, 16.603),
    (251.0000, 116.1569, 6.905),
    (610.6400, 112.4491, 18.073),
    (746.2600, 139.7890, 36.145),
    (681.4500, 152.2269, 25.869),
    (674.6000, 116.2067, 21.941),
    (704.9300, 123.5609, 25.541),
];

const H_K4_120: Golden = [
    (161.4700, 394.7097, 46.300),
    (194.2900, 175.5677, 14.337),
    (176.3900, 129.6359, 7.408),
    (194.7400, 164.3010, 13.600),
    (194.5600, 292.9460, 37.438),
    (193.8100, 185.1674, 16.907),
    (176.6100, 144.8128, 8.347),
    (191.0000, 204.1046, 27.862),
];

fn check(name: &str, golden: &Golden) {
    let scenario = scenario::all().into_iter().find(|scenario| scenario.name == name).unwrap();
    for (peer, &(goodput, p99_ms, limit)) in NAMES.into_iter().zip(golden) {
        let outcome = simulate(&scenario, create(peer, &scenario, 1).unwrap().as_mut(), 1);
        let close = |ours: f64, theirs: f64| (ours / theirs - 1.0).abs() < 2e-4;
        assert!(
            close(outcome.goodput, goodput)
                && close(outcome.p99_s * 1e3, p99_ms)
                && close(outcome.limit_mean, limit),
            "{name} {peer}: {} {} {}",
            outcome.goodput,
            outcome.p99_s * 1e3,
            outcome.limit_mean
        );
    }
}

#[test]
fn capdown() {
    check("capdown", &CAPDOWN);
}

#[test]
fn low5_120() {
    check("low5-120", &LOW5_120);
}

#[test]
fn dep120() {
    check("dep120", &DEP120);
}

#[test]
fn h_k4_120() {
    check("h-k4-120", &H_K4_120);
}

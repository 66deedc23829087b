//! The plants against golden numbers, computed once by an independent implementation of the same definitions (the one that
//! the tuner's design was measured with). Phases there use seven digits of a turn, hence the tolerance.

use homeostat_plants::contender::Case;
use homeostat_plants::{WINDOW_S, plant, rng::Rng};

const TOLERANCE: f64 = 1e-6;

/// Where the cost is sampled: a time, and the settings of up to four knobs.
const SAMPLES: [(f64, [f64; 4]); 7] = [
    (0.0, [0.5, 0.5, 0.5, 0.5]),
    (17.25, [0.1, 0.9, 0.3, 0.7]),
    (500.0, [0.62, 0.41, 0.8, 0.05]),
    (899.75, [0.0, 1.0, 0.0, 1.0]),
    (1000.5, [1.0, 0.0, 1.0, 0.0]),
    (1333.0, [0.45, 0.58, 0.33, 0.21]),
    (1799.75, [0.9, 0.9, 0.9, 0.9]),
];

/// Windows at which the dynamic oracle is sampled.
const WINDOWS: [usize; 7] = [0, 1, 1930, 2401, 4002, 5521, 7199];

struct Golden {
    plant: &'static str,
    /// Mean cost of the default, of the dynamic oracle and of the best fixed setting.
    means: [f64; 3],
    fixed: &'static [f64],
    cost: [f64; 7],
    /// Best setting and its cost at each of [`WINDOWS`].
    oracle: [(&'static [f64], f64); 7],
}

#[rustfmt::skip]
const GOLDEN: [Golden; 9] = [
    Golden {
        plant: "P0",
        means: [1.0, 1.0, 1.0],
        fixed: &[0.5, 0.5, 0.5, 0.5],
        cost: [1.0, 2.38, 2.02222, 4.45, 4.45, 1.20397, 3.784],
        oracle: [
            (&[0.5, 0.5, 0.5, 0.5], 1.0),
            (&[0.5, 0.5, 0.5, 0.5], 1.0),
            (&[0.5, 0.5, 0.5, 0.5], 1.0),
            (&[0.5, 0.5, 0.5, 0.5], 1.0),
            (&[0.5, 0.5, 0.5, 0.5], 1.0),
            (&[0.5, 0.5, 0.5, 0.5], 1.0),
            (&[0.5, 0.5, 0.5, 0.5], 1.0),
        ],
    },
    Golden {
        plant: "P1",
        means: [2.268615026, 1.6043602399, 1.6613669316],
        fixed: &[0.51875],
        cost: [0.7701214162, 1.5050968527, 0.8421199839, 2.6850225435, 3.8072607282, 2.6372106582, 3.3939867781],
        oracle: [
            (&[0.6], 0.7373243638),
            (&[0.6], 0.7371795458),
            (&[0.64], 0.8396454534),
            (&[0.55], 0.6259478487),
            (&[0.4225], 2.211824915),
            (&[0.4825], 2.6276165592),
            (&[0.4], 2.0661343138),
        ],
    },
    Golden {
        plant: "P1D",
        means: [2.268615026, 1.6043602399, 1.6613669316],
        fixed: &[0.51875],
        cost: [0.7701214162, 1.5050968527, 0.8421199839, 2.6850225435, 3.8072607282, 2.6372106582, 3.3939867781],
        oracle: [
            (&[0.6], 0.7373243638),
            (&[0.6], 0.7371795458),
            (&[0.64], 0.8396454534),
            (&[0.55], 0.6259478487),
            (&[0.4225], 2.211824915),
            (&[0.4825], 2.6276165592),
            (&[0.4], 2.0661343138),
        ],
    },
    Golden {
        plant: "P2",
        means: [0.963777531, 0.82312362, 0.8892323571],
        fixed: &[0.45175],
        cost: [0.707417075, 1.2446687055, 2.1242043233, 1.5041858039, 0.5381648023, 0.2245145098, 2.2683339767],
        oracle: [
            (&[0.535], 0.6976333726),
            (&[0.535], 0.6976333726),
            (&[0.2775], 1.4196535197),
            (&[0.2775], 1.4196535197),
            (&[0.405], 0.5381648022),
            (&[0.535], 0.6976333726),
            (&[0.535], 0.6976333726),
        ],
    },
    Golden {
        plant: "P3",
        means: [3.1255844314, 2.0736162833, 2.0741684431],
        fixed: &[0.69425, 0.56075],
        cost: [2.0063363542, 24.3941504876, 3.0507243398, 24.5, 24.5, 1.3595083662, 5.1720076174],
        oracle: [
            (&[0.5466666667, 0.5733333333], 1.8583719638),
            (&[0.5466666667, 0.5733333333], 1.8583719638),
            (&[0.5466666667, 0.5733333333], 1.8583719638),
            (&[0.72, 0.56], 3.0040624785),
            (&[0.72, 0.56], 3.0040624785),
            (&[0.5266666667, 0.56], 1.3584144076),
            (&[0.5266666667, 0.56], 1.3584144076),
        ],
    },
    Golden {
        plant: "P4",
        means: [1.4255226727, 1.0, 1.1948313315],
        fixed: &[0.65, 0.4, 0.55625, 0.31875],
        cost: [1.7125, 4.9585, 1.25962, 3.4945, 4.4341013688, 1.7858665769, 3.6979184568],
        oracle: [
            (&[0.75, 0.3, 0.65, 0.2], 1.0),
            (&[0.75, 0.3, 0.65, 0.2], 1.0),
            (&[0.75, 0.3, 0.65, 0.2], 1.0),
            (&[0.45, 0.6, 0.35, 0.5], 1.0),
            (&[0.53375, 0.51625, 0.43375, 0.433], 1.0),
            (&[0.640798697, 0.409201303, 0.540798697, 0.359201303], 1.0),
            (&[0.6994763422, 0.3505236578, 0.5994763422, 0.3005236578], 1.0),
        ],
    },
    Golden {
        plant: "P4R",
        means: [1.5205, 1.0, 1.489],
        fixed: &[0.525, 0.45, 0.5, 0.4],
        cost: [1.7125, 4.9585, 3.24622, 8.2375, 6.7735, 1.90357, 5.0125],
        oracle: [
            (&[0.75, 0.3, 0.65, 0.2], 1.0),
            (&[0.75, 0.3, 0.65, 0.2], 1.0),
            (&[0.3, 0.6, 0.35, 0.6], 1.0),
            (&[0.75, 0.3, 0.65, 0.2], 1.0),
            (&[0.3, 0.6, 0.35, 0.6], 1.0),
            (&[0.75, 0.3, 0.65, 0.2], 1.0),
            (&[0.3, 0.6, 0.35, 0.6], 1.0),
        ],
    },
    Golden {
        plant: "P5",
        means: [1.360000536, 1.1270571479, 1.1913582294],
        fixed: &[0.44375, 0.6],
        cost: [1.1600612871, 1.48, 2.4636472773, 1.61, 2.56, 1.1804000001, 2.3482843728],
        oracle: [
            (&[0.575, 0.6], 1.1140353487),
            (&[0.575, 0.6], 1.1140353487),
            (&[0.425, 0.6], 1.2040353487),
            (&[0.425, 0.6], 1.2040353487),
            (&[0.4975, 0.6], 1.16097292),
            (&[0.625, 0.6], 1.0844354935),
            (&[0.725, 0.6], 1.0240366306),
        ],
    },
    Golden {
        plant: "PF",
        means: [1.0, 1.0, 1.0],
        fixed: &[0.5, 0.5, 0.5, 0.5],
        cost: [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
        oracle: [
            (&[0.5, 0.5, 0.5, 0.5], 1.0),
            (&[0.5, 0.5, 0.5, 0.5], 1.0),
            (&[0.5, 0.5, 0.5, 0.5], 1.0),
            (&[0.5, 0.5, 0.5, 0.5], 1.0),
            (&[0.5, 0.5, 0.5, 0.5], 1.0),
            (&[0.5, 0.5, 0.5, 0.5], 1.0),
            (&[0.5, 0.5, 0.5, 0.5], 1.0),
        ],
    },
];

fn close(what: &str, actual: f64, expected: f64) {
    let error = (actual - expected).abs() / expected.abs().max(1.0);
    assert!(error <= TOLERANCE, "{what}: {actual} instead of {expected}");
}

#[test]
fn cost_oracle_and_fixed_optimum_of_every_plant() {
    for golden in &GOLDEN {
        let case = Case::new(plant::find(golden.plant).expect("a plant of that name"));
        let name = golden.plant;
        let reference = &case.reference;
        for ((t, u), expected) in SAMPLES.iter().zip(golden.cost) {
            close(&format!("{name} cost at {t} s"), case.plant.cost(*t, u), expected);
        }
        let means = [reference.initial_mean(), reference.oracle_mean(), reference.fixed_mean];
        for (what, (actual, expected)) in
            ["default", "oracle", "fixed"].iter().zip(means.into_iter().zip(golden.means))
        {
            close(&format!("{name} mean cost, {what}"), actual, expected);
        }
        for (actual, expected) in reference.fixed.iter().zip(golden.fixed) {
            close(&format!("{name} fixed optimum"), *actual, *expected);
        }
        for (window, (setting, cost)) in WINDOWS.into_iter().zip(golden.oracle) {
            close(&format!("{name} oracle cost, window {window}"), reference.oracle_cost[window], cost);
            // Where the cost is flat the best setting is not unique, so it is compared by what it costs.
            let mut u = [0.0; 4];
            u[..setting.len()].copy_from_slice(setting);
            let t = window as f64 * WINDOW_S;
            close(
                &format!("{name} cost of the oracle setting, window {window}"),
                case.plant.cost(t, &u),
                cost,
            );
        }
    }
}

#[test]
fn the_generator_has_its_stated_sequence() {
    let mut rng = Rng::new(7);
    close("uniform", rng.uniform(), 0.14868053286292432);
    close("normal", rng.normal(), -0.3592931030514948);
    close("normal", rng.normal(), 0.19172910799127513);
    close("student", rng.student3(), -0.4335039957905469);
    assert_eq!(rng.sign(), -1.0);
    close("uniform", rng.uniform(), 0.37065565275591744);
}

/// Every plant has golden numbers, or is the twin of one that has: it then costs the same everywhere.
#[test]
fn no_plant_is_left_out() {
    for plant in plant::all() {
        let golden = |name: &str| GOLDEN.iter().any(|golden| golden.plant == name);
        if golden(plant.name()) {
            continue;
        }
        let twin =
            plant.name().strip_suffix('I').expect("a plant with golden numbers, or a twin in whole numbers");
        assert!(golden(twin), "{twin} has golden numbers");
        let twin = plant::find(twin).expect("a plant of that name");
        for (t, u) in &SAMPLES {
            assert_eq!(plant.cost(*t, u).to_bits(), twin.cost(*t, u).to_bits(), "{} at {t} s", plant.name());
        }
    }
}

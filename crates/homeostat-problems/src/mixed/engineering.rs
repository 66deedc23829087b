//! Machine parts with stock sizes: constrained design problems with whole numbers, tables and materials.

#![allow(clippy::approx_constant, reason = "the published coefficients, as printed")]

use super::{Dimension, Kind, Problem, penalised};
use crate::Half;
use std::f64::consts::PI;

pub(super) fn problems() -> Vec<Problem> {
    vec![pressure_vessel(), speed_reducer(), welded_beam(), coil_spring(), gear_train(), concrete_beam()]
}

fn pressure_vessel() -> Problem {
    Problem {
        name: "pressure-vessel",
        source: "Sandgren 1990; shell and head thickness in sixteenths of an inch, radius and length 10 to 200",
        kind: Kind::Mixed,
        constrained: true,
        half: Half::Develop,
        dimensions: vec![
            Dimension::integer(1, 99),
            Dimension::integer(1, 99),
            Dimension::real(10.0, 200.0),
            Dimension::real(10.0, 200.0),
        ],
        best_at: vec![13.0, 7.0, 42.098_445_595_854_92, 176.636_595_842_439_6],
        best: 6_059.714_335_048_436,
        best_from: "literature (Gandomi 2013 and others)",
        evaluate: |x| {
            let (shell, head, r, l) = (x[0] / 16.0, x[1] / 16.0, x[2], x[3]);
            let cost = 0.6224 * shell * r * l
                + 1.7781 * head * r * r
                + 3.1661 * shell * shell * l
                + 19.84 * shell * shell * r;
            let volume = PI * r * r * l + 4.0 / 3.0 * PI * r * r * r;
            penalised(
                cost,
                6059.714,
                &[0.0193 * r / shell - 1.0, 0.00954 * r / head - 1.0, 1_296_000.0 / volume - 1.0],
            )
        },
    }
}

fn speed_reducer() -> Problem {
    Problem {
        name: "speed-reducer",
        source: "Golinski 1973; the number of teeth is a whole number",
        kind: Kind::Mixed,
        constrained: true,
        half: Half::Held,
        dimensions: vec![
            Dimension::real(2.6, 3.6),
            Dimension::real(0.7, 0.8),
            Dimension::integer(17, 28),
            Dimension::real(7.3, 8.3),
            Dimension::real(7.3, 8.3),
            Dimension::real(2.9, 3.9),
            Dimension::real(5.0, 5.5),
        ],
        best_at: vec![
            3.5,
            0.7,
            17.0,
            7.3,
            7.715_319_911_478_246,
            3.350_214_666_096_448_6,
            5.286_654_464_980_222,
        ],
        best: 2_994.471_066_146_82,
        best_from: "literature (Akay and Karaboga 2012)",
        evaluate: |x| {
            let (b, m, z, l1, l2, d1, d2) = (x[0], x[1], x[2], x[3], x[4], x[5], x[6]);
            let weight = 0.7854 * b * m * m * (3.3333 * z * z + 14.9334 * z - 43.0934)
                - 1.508 * b * (d1 * d1 + d2 * d2)
                + 7.4777 * (d1 * d1 * d1 + d2 * d2 * d2)
                + 0.7854 * (l1 * d1 * d1 + l2 * d2 * d2);
            let bending = |l: f64, load: f64, strength: f64, d: f64| {
                let torque = 745.0 * l / (m * z);
                (torque * torque + load).sqrt() / (strength * d * d * d) - 1.0
            };
            let deflection = |l: f64, d: f64| 1.93 * l * l * l / (m * z * d * d * d * d) - 1.0;
            penalised(
                weight,
                2994.471,
                &[
                    27.0 / (b * m * m * z) - 1.0,
                    397.5 / (b * m * m * z * z) - 1.0,
                    deflection(l1, d1),
                    deflection(l2, d2),
                    bending(l1, 16.9e6, 110.0, d1),
                    bending(l2, 157.5e6, 85.0, d2),
                    m * z / 40.0 - 1.0,
                    5.0 * m / b - 1.0,
                    b / (12.0 * m) - 1.0,
                    (1.5 * d1 + 1.9) / l1 - 1.0,
                    (1.1 * d2 + 1.9) / l2 - 1.0,
                ],
            )
        },
    }
}

/// Shear strength's base, Young's modulus, shear modulus (psi), cost of welding, cost of the bar (per cubic inch).
const MATERIALS: [[f64; 5]; 4] = [
    [30e3, 30e6, 12e6, 0.1047, 0.0481],
    [8e3, 14e6, 6e6, 0.0489, 0.0224],
    [5e3, 10e6, 4e6, 0.5235, 0.2405],
    [8e3, 16e6, 6e6, 0.5584, 0.2566],
];

fn welded_beam() -> Problem {
    Problem {
        name: "welded-beam-material",
        source: "Deb and Goyal 1996; two or four welds, four metals, weld height and bar width in sixteenths of an inch",
        kind: Kind::Mixed,
        constrained: true,
        half: Half::Develop,
        dimensions: vec![
            Dimension::choice(2),
            Dimension::choice(4),
            Dimension::integer(1, 32),
            Dimension::real(0.1, 20.0),
            Dimension::real(0.1, 20.0),
            Dimension::integer(1, 32),
        ],
        best_at: vec![1.0, 0.0, 2.0, 0.1, 8.197_560_612_767_68, 4.0],
        best: 1.533_140_570_935_736_4,
        best_from: "long search",
        evaluate: |x| {
            let [s, e, g, weld_cost, bar_cost] = MATERIALS[x[1] as usize];
            let (h, l, t, b) = (x[2] / 16.0, x[3], x[4], x[5] / 16.0);
            let (load, length) = (6000.0, 14.0);
            let two = x[0] == 0.0;
            let throat = core::f64::consts::SQRT_2 * h;
            let (area, polar, joined) = if two {
                let half = (h + t) / 2.0;
                (throat * l, 2.0 * throat * l * (l * l / 12.0 + half * half), l)
            } else {
                let sum = h + t + l;
                (throat * (t + l), 2.0 * throat * sum * sum * sum / 6.0, t + l)
            };
            let cost = (1.0 + weld_cost) * h * h * joined + bar_cost * t * b * (length + l);
            let radius = 0.5 * (l * l + (h + t) * (h + t)).sqrt();
            let direct = load / area;
            let twist = load * (length + 0.5 * l) * radius / polar;
            let shear = (direct * direct + twist * twist + direct * twist * l / radius).sqrt();
            let bend = 6.0 * load * length / (t * t * b);
            let bow = 4.0 * load * length * length * length / (e * t * t * t * b);
            let buckling = 4.013 * t * b * b * b * (e * g).sqrt() / (6.0 * length * length)
                * (1.0 - t / (4.0 * length) * (e / g).sqrt());
            let excesses = [
                shear / (0.577 * s) - 1.0,
                bend / s - 1.0,
                bow / 0.25 - 1.0,
                h / b - 1.0,
                1.0 - buckling / load,
            ];
            penalised(cost, 2.0, &excesses)
        },
    }
}

/// Wire diameters in stock, in inches.
const WIRES: [f64; 42] = [
    0.009, 0.0095, 0.0104, 0.0118, 0.0128, 0.0132, 0.014, 0.015, 0.0162, 0.0173, 0.018, 0.020, 0.023, 0.025,
    0.028, 0.032, 0.035, 0.041, 0.047, 0.054, 0.063, 0.072, 0.080, 0.092, 0.105, 0.120, 0.135, 0.148, 0.162,
    0.177, 0.192, 0.207, 0.225, 0.244, 0.263, 0.283, 0.307, 0.331, 0.362, 0.394, 0.4375, 0.500,
];

fn coil_spring() -> Problem {
    Problem {
        name: "coil-spring",
        source: "Sandgren 1990, as in Lampinen and Zelinka 1999; coils, a table of 42 wires, a real diameter",
        kind: Kind::Integer,
        constrained: true,
        half: Half::Held,
        dimensions: vec![Dimension::integer(1, 70), Dimension::real(0.6, 3.0), Dimension::integer(0, 41)],
        best_at: vec![9.0, 1.223_041_010_078_9, 35.0],
        best: 2.658_559_165_97,
        best_from: "literature (Lampinen and Zelinka 1999)",
        evaluate: |x| {
            let (coils, ring, wire) = (x[0], x[1], WIRES[x[2] as usize]);
            let (most, preload, strength) = (1000.0, 300.0, 189_000.0);
            let index = ring / wire;
            let cube = wire * wire * wire;
            // A ring no wider than its wire has no spring index; the bound 3 on it is what counts then.
            let shape = index.max(1.1);
            let crowding = (4.0 * shape - 1.0) / (4.0 * shape - 4.0) + 0.615 / shape;
            let stress = 8.0 * crowding * most * ring / (PI * cube);
            let rate = 11.5e6 * cube * wire / (8.0 * coils * ring * ring * ring);
            let free = most / rate + 1.05 * (coils + 2.0) * wire;
            penalised(
                PI * PI * ring * wire * wire * (coils + 2.0) / 4.0,
                2.6586,
                &[
                    stress / strength - 1.0,
                    free / 14.0 - 1.0,
                    0.2 / wire - 1.0,
                    (ring + wire) / 3.0 - 1.0,
                    3.0 / index - 1.0,
                    preload / rate / 6.0 - 1.0,
                    1.25 / ((most - preload) / rate) - 1.0,
                ],
            )
        },
    }
}

fn gear_train() -> Problem {
    Problem {
        name: "gear-train",
        source: "Sandgren 1990; four gears of 12 to 60 teeth, the logarithm of the squared error of the ratio",
        kind: Kind::Integer,
        constrained: false,
        half: Half::Develop,
        dimensions: vec![Dimension::integer(12, 60); 4],
        best_at: vec![49.0, 16.0, 19.0, 43.0],
        best: -11.568_330,
        best_from: "exhaustive search",
        evaluate: |x| {
            let error = 1.0 / 6.931 - x[1] * x[2] / (x[0] * x[3]);
            libm::log10(error * error + 1e-15)
        },
    }
}

/// Areas of reinforcing bars in stock, in square inches.
const BARS: [f64; 11] = [6.0, 6.16, 6.32, 6.6, 7.0, 7.11, 7.2, 7.8, 7.9, 8.0, 8.4];

fn concrete_beam() -> Problem {
    Problem {
        name: "concrete-beam",
        source: "Amir and Hasegawa 1989; a table of 11 bar areas, a whole width, a real depth",
        kind: Kind::Integer,
        constrained: true,
        half: Half::Held,
        dimensions: vec![Dimension::integer(0, 10), Dimension::integer(28, 40), Dimension::real(5.0, 10.0)],
        best_at: vec![2.0, 34.0, 8.5],
        best: 359.208,
        best_from: "literature (Gandomi 2011)",
        evaluate: |x| {
            let (bars, width, depth) = (BARS[x[0] as usize], x[1], x[2]);
            let needed = 180.0 + 7.375 * bars * bars / depth;
            penalised(
                29.4 * bars + 0.6 * width * depth,
                359.208,
                &[width / depth / 4.0 - 1.0, needed / (bars * width) - 1.0],
            )
        },
    }
}

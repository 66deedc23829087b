//! The rivals against an independent implementation of the same algorithms, for the same seeds: so that nobody has to
//! take on trust that a rival was written down well. Trajectories amplify the last bits of a float, hence the tolerance.

use homeostat_plants::contender::Case;
use homeostat_plants::guardrails::Preset;
use homeostat_plants::plant;
use homeostat_plants::run::{Job, sweep};

const TOLERANCE: f64 = 2e-3;
const SEEDS: u64 = 2;

/// Contender, plant, preset; mean regret, mean share of unsafe windows, mean SafeMode entries.
type Row = (&'static str, &'static str, Preset, f64, f64, f64);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("spsa", "P2", Preset::Balanced, 0.225330, 0.057708, 55.0),
    ("spsa", "P2", Preset::Conservative, 0.546174, 0.055972, 28.5),
    ("random", "P2", Preset::Balanced, 0.273361, 0.041042, 46.0),
    ("random", "P2", Preset::Conservative, 0.691067, 0.201736, 25.0),
    ("tpe", "P2", Preset::Balanced, 1.433679, 0.178333, 47.5),
    ("tpe", "P2", Preset::Conservative, 2.472293, 0.490625, 25.5),
    ("hill", "P2", Preset::Balanced, 0.241397, 0.055486, 0.0),
    ("hill", "P2", Preset::Conservative, 0.312868, 0.073472, 0.0),
    ("spsa-tube", "P2", Preset::Balanced, 0.161183, 0.012708, 0.0),
    ("spsa-tube", "P2", Preset::Conservative, 0.167286, 0.019722, 0.0),
    ("gp", "P2", Preset::Balanced, 0.236437, 0.021528, 0.0),
    ("vegas", "P2", Preset::Balanced, 0.773559, 0.227153, 0.0),
    ("aimd", "P2", Preset::Balanced, 2.403505, 0.752986, 0.0),
    ("gradient2", "P2", Preset::Balanced, 27.791499, 0.752569, 0.0),
    ("vegas-guarded", "P2", Preset::Balanced, 0.718471, 0.200556, 0.0),
    ("vegas-guarded", "P2", Preset::Conservative, 0.907007, 0.232778, 0.0),
    ("aimd-guarded", "P2", Preset::Balanced, 2.698305, 0.672292, 0.0),
    ("aimd-guarded", "P2", Preset::Conservative, 2.893818, 0.565347, 0.5),
    ("gradient2-guarded", "P2", Preset::Balanced, 25.740008, 0.725625, 0.0),
    ("gradient2-guarded", "P2", Preset::Conservative, 27.338683, 0.728750, 0.0),
    ("spsa", "P3", Preset::Balanced, 0.084984, 0.001250, 55.0),
    ("spsa", "P3", Preset::Conservative, 0.175590, 0.000208, 29.0),
    ("tpe", "P3", Preset::Balanced, 1.480745, 0.162847, 52.0),
    ("tpe", "P3", Preset::Conservative, 0.554508, 0.011389, 28.0),
    ("hill", "P3", Preset::Balanced, 0.098304, 0.001458, 0.0),
    ("hill", "P3", Preset::Conservative, 0.185820, 0.022083, 0.0),
    ("spsa", "P4", Preset::Balanced, 0.767699, 0.207361, 55.0),
    ("spsa", "P4", Preset::Conservative, 0.764234, 0.151875, 29.0),
    ("random", "P4", Preset::Balanced, 0.768953, 0.240278, 47.0),
    ("random", "P4", Preset::Conservative, 0.985431, 0.293056, 26.0),
    ("tpe", "P4", Preset::Balanced, 1.042923, 0.157083, 54.5),
    ("tpe", "P4", Preset::Conservative, 1.026242, 0.023472, 28.0),
    ("hill", "P4", Preset::Balanced, 0.571746, 0.170417, 0.0),
    ("hill", "P4", Preset::Conservative, 0.776442, 0.288681, 0.0),
    ("spsa-tube", "P4", Preset::Balanced, 0.215287, 0.039514, 0.0),
    ("spsa-tube", "P4", Preset::Conservative, 0.279759, 0.063819, 0.0),
    ("gp", "P4", Preset::Conservative, 0.356695, 0.084306, 0.0),
    ("spsa", "P5", Preset::Balanced, 0.496410, 0.000556, 55.0),
    ("spsa", "P5", Preset::Conservative, 0.670651, 0.000000, 29.0),
    ("tpe", "P5", Preset::Balanced, 0.601975, 0.012222, 49.5),
    ("tpe", "P5", Preset::Conservative, 0.535184, 0.011389, 28.0),
    ("hill", "P5", Preset::Balanced, 2.951893, 0.557708, 0.0),
    ("hill", "P5", Preset::Conservative, 0.770999, 0.068750, 0.0),
];

#[test]
fn every_rival_does_as_well_as_elsewhere() {
    let names = ["P2", "P3", "P4", "P5"];
    let cases = names.map(|name| Case::new(plant::find(name).expect("a plant of that name")));
    let jobs: Vec<Job<'_>> = ROWS
        .iter()
        .map(|&(contender, plant, preset, ..)| Job {
            contender,
            case: cases.iter().find(|case| case.plant.name() == plant).expect("one of the cases"),
            preset,
            cv: 0.1,
            first_seed: 30_000,
            seeds: SEEDS,
            plant_lag_s: None,
            declared_lag_s: None,
        })
        .collect();
    for (summary, row) in sweep(&jobs, 2).into_iter().zip(ROWS) {
        let summary = summary.expect("every contender fits its plant");
        let (contender, plant, preset, regret, unsafe_share, safe_mode_entries) = *row;
        let close = |what: &str, actual: f64, expected: f64| {
            let error = (actual - expected).abs();
            assert!(
                error <= TOLERANCE,
                "{contender} on {plant} ({preset}), {what}: {actual} instead of {expected}"
            );
        };
        close("regret", summary.regret.expect("these plants have one").mean, regret);
        close("unsafe share", summary.unsafe_share.mean, unsafe_share);
        close("SafeMode entries", summary.safe_mode_entries.mean, safe_mode_entries);
    }
}

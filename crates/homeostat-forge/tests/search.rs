//! The search over tables of everything: each table has every schedule of one workload, measured on one adapter
//! (`forge sweep`, then `forge pack`, see design.md). What the search would have found is read off the table.

mod table;

use homeostat_forge::ir::{Builder, Conv2d, DType, Layout, Op};
use homeostat_forge::plan::Plan;
use homeostat_forge::schedule::{Kind, Limits, Schedule};
use homeostat_forge::search::Search;

/// The adapter of the tables: a software one with two cores.
const LIMITS: Limits = Limits {
    kind: Kind::Software,
    invocations: 1024,
    workgroup_side: 1024,
    workgroup_bytes: 32_768,
    storage_buffers: 32,
    texture_side: 16_384,
    subgroup: Some(8),
    f16: true,
    cores: 2,
    ..Limits::PORTABLE
};
const EVALUATIONS: usize = 22;
fn plan(name: &str) -> Plan {
    let mut words = name.trim_end_matches(".txt").split('-');
    let op = words.next().unwrap();
    let d: Vec<u32> = words.next().unwrap().split('x').map(|n| n.parse().unwrap()).collect();
    let mut g = Builder::new();
    let y = match op {
        "matmul" => {
            let (a, b) = (
                g.input("a", DType::F32, &[d[0], d[2]]).unwrap(),
                g.input("b", DType::F32, &[d[2], d[1]]).unwrap(),
            );
            g.matmul(a, b, false, false)
        }
        "conv2d" => {
            let x = g.input("x", DType::F32, &[1, d[0], d[0], d[1]]).unwrap();
            let w = g.input("w", DType::F32, &[d[3], d[2], d[2], d[1]]).unwrap();
            g.conv2d(x, w, Conv2d { padding: [d[2] / 2; 4], layout: Layout::Nhwc, ..Conv2d::default() })
        }
        _ => {
            let x = g.input("x", DType::F32, &d).unwrap();
            g.node(
                if op == "softmax" { Op::Softmax { axis: 1 } } else { Op::LayerNorm { epsilon: 1e-5 } },
                &[x],
            )
        }
    };
    Plan::new(&g.finish(&[y.unwrap()]).unwrap(), LIMITS.storage_buffers as usize).unwrap()
}

#[test]
fn finds_95_percent_of_the_optimum_in_22_evaluations() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tables");
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let mut space_is_large = true;
    let (mut means, mut firsts) = (Vec::new(), Vec::new());
    for name in &names {
        let text = std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
        let plan = plan(name);
        let space = Schedule::space(&plan.groups[0], &LIMITS);
        let seconds = table::read(&space, &text).unwrap_or_else(|why| panic!("{name}: {why}"));
        space_is_large &= space.len() >= 350;
        let optimum = seconds.iter().copied().fold(f64::INFINITY, f64::min);
        let share = |seed: u32| {
            let mut search = Search::new(&plan.groups[0], &LIMITS, seed).unwrap();
            for _ in 0..EVALUATIONS {
                let number = search.propose().unwrap();
                search.tell(number, seconds[number]);
            }
            optimum / search.told().iter().map(|(_, s)| *s).fold(f64::INFINITY, f64::min)
        };
        let shares: Vec<f64> = (0..5).map(share).collect();
        // What FAST begins with.
        let search = Search::new(&plan.groups[0], &LIMITS, 0).unwrap();
        let first = search.begin_with(Schedule::first(&plan.groups[0], &LIMITS).unwrap());
        let place = space.iter().position(|s| *s == first).unwrap();
        firsts.push(optimum / seconds[place]);
        let mean = shares.iter().sum::<f64>() / 5.0;
        println!(
            "{name}: {} points, first {:.3}, mean {mean:.3}, worst {:.3}",
            space.len(),
            firsts.last().unwrap(),
            shares.iter().copied().fold(1.0, f64::min)
        );
        means.push((name.trim_end_matches(".txt"), mean));
    }
    assert!(means.len() >= 10, "{}", means.len());
    let all = means.iter().map(|(_, m)| m).sum::<f64>() / means.len() as f64;
    let first = firsts.iter().sum::<f64>() / firsts.len() as f64;
    println!("mean of all {all:.3}, of first schedules {first:.3}");
    assert!(space_is_large, "fewer than 350 points");
    assert!(first >= 0.75, "{firsts:.3?}");
    assert!(all >= 0.98, "{means:.3?}");
    assert!(means.iter().all(|(_, mean)| *mean >= 0.95), "{means:.3?}");
}

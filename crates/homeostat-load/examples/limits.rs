//! Largest limit in each tenth of a scenario: `cargo run --release -p homeostat-load --example limits -- mild1h`.

use homeostat_load::{ours, scenario, simulate::simulate};

fn main() {
    let wanted = std::env::args().nth(1).unwrap_or_else(|| "mild1h".into());
    for scenario in scenario::all().iter().filter(|scenario| scenario.name == wanted) {
        for seed in 1..=3 {
            let mut limiter = ours::create(ours::SUBJECT, scenario, seed).expect("the subject is known");
            let outcome = simulate(scenario, limiter.as_mut(), seed);
            let limits = &outcome.limit_per_second;
            let tenths: Vec<usize> = limits
                .chunks(limits.len().div_ceil(10))
                .map(|chunk| chunk.iter().copied().max().unwrap_or(0))
                .collect();
            println!("seed {seed}: {tenths:?}; first 60 s: {:?}", &limits[..60.min(limits.len())]);
            println!(
                "  good per second from 55 s: {:?}",
                outcome.good_per_second.iter().skip(55).take(40).collect::<Vec<_>>()
            );
        }
    }
}

//! A fast part of what Homeostat's limiter and detector are held to; the whole is `load --targets` and `load detector`.

use homeostat_load::compare::{Create, Ratio, measure};
use homeostat_load::detect::{TARGETS, delays, false_alarms, shape};
use homeostat_load::stream::Regression;
use homeostat_load::{ours, peers, scenario};

#[test]
fn serves_as_much_as_the_best_peer_where_it_is_quick_to_tell() {
    let mut scenarios = scenario::all();
    scenarios
        .retain(|scenario| ["capdown", "h-k4-120", "net+20", "h-onoff"].contains(&scenario.name.as_str()));
    assert_eq!(scenarios.len(), 4);
    let names = ["gradient2-windowed", "envoy-p50", "envoy-p90", ours::SUBJECT];
    let create: &Create = &|name, scenario, seed| {
        ours::create(name, scenario, seed).or_else(|| peers::create(name, scenario, seed))
    };
    for (scenario, row) in scenarios.iter().zip(measure(&scenarios, &names, 1, create).unwrap()) {
        let ratio = Ratio::of(&row[3], &row[..3]);
        assert!(ratio.goodput >= 0.95 && ratio.p99 <= 1.1, "{}: {ratio:?}", scenario.name);
    }
}

#[test]
fn a_doubling_is_seen_in_time_and_nothing_else_is() {
    for target in TARGETS {
        let shape = shape(target.stream).unwrap();
        assert_eq!(false_alarms(shape, 1000.0, 0.01, 7), 0, "{}", target.stream);
        let [doubled] = delays(shape, 5.0, [Regression::All(2.0)], 40, 0);
        assert!(doubled.p95_s <= target.slow_p95_s && doubled.early == 0, "{}: {doubled:?}", target.stream);
        let [doubled] = delays(shape, 1000.0, [Regression::All(2.0)], 3, 0);
        assert!(doubled.p95_s <= target.p95_s.min(12.0), "{}: {doubled:?}", target.stream);
    }
}

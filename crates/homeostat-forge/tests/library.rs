//! The library: lifecycles, what survives on disk, what damage does.

use homeostat_core::error::Code;
use homeostat_forge::ir::{DType, Hash};
use homeostat_forge::library::{
    BlueprintState, DeviceKey, KernelKey, KernelState, Library, Measures, Query, Tag,
};
use proptest::prelude::*;

fn device(driver: &str) -> DeviceKey {
    DeviceKey {
        backend: "vulkan".into(),
        vendor: 1,
        device: 2,
        driver: driver.into(),
        compiler: "0.1.0".into(),
    }
}

fn key(schedule: &str) -> KernelKey {
    KernelKey {
        blueprint: Hash([7; 32]),
        group: 0,
        schedule: schedule.into(),
        bucket: 9,
        dtype: DType::F32,
        device: device("d 1"),
    }
}

fn measures(seconds: f64, error: f64, extra_bytes: u64) -> Measures {
    Measures { seconds, error, extra_bytes, portable: extra_bytes == 0 }
}

fn proven(library: &mut Library, schedule: &str, m: Measures) {
    library.add(key(schedule), m);
    library.move_kernel(&key(schedule), KernelState::Validated, None).unwrap();
}

#[test]
fn kernels_go_their_way_and_no_other() {
    let mut library = Library::new();
    library.add(key("a"), measures(1.0, 0.1, 0));
    let refused = |r: homeostat_core::error::Result<()>| assert_eq!(r.unwrap_err().code, Code::InvalidOption);
    refused(library.move_kernel(&key("a"), KernelState::Promoted, None));
    refused(library.move_kernel(&key("b"), KernelState::Validated, None));
    library.move_kernel(&key("a"), KernelState::Validated, None).unwrap();
    library.move_kernel(&key("a"), KernelState::Promoted, None).unwrap();
    refused(library.move_kernel(&key("a"), KernelState::Retired, None));
    library.move_kernel(&key("a"), KernelState::Quarantined, None).unwrap();
    refused(library.move_kernel(&key("a"), KernelState::Promoted, None));
    let hash = Hash([1; 32]);
    refused(library.move_blueprint(hash, BlueprintState::Validated));
    for state in [
        BlueprintState::Compiling,
        BlueprintState::PendingBenchmarking,
        BlueprintState::Validated,
        BlueprintState::Retired,
    ] {
        library.move_blueprint(hash, state).unwrap();
    }
    refused(library.move_blueprint(hash, BlueprintState::Compiling));
}

#[test]
fn tags_are_measured_among_those_that_are_proven() {
    let mut library = Library::new();
    proven(&mut library, "fast", measures(1.0, 0.5, 1024));
    proven(&mut library, "exact", measures(1.5, 0.1, 0));
    // Faster than all, but never proven.
    library.add(key("wrong"), measures(0.1, 0.0, 0));
    let of =
        |tag| Query { blueprint: Hash([7; 32]), group: 0, device: Box::leak(Box::new(device("d 1"))), tag };
    let names = |tag| {
        let q = of(tag);
        library.query(&q).iter().map(|(k, _)| k.schedule.clone()).collect::<Vec<String>>()
    };
    assert_eq!(names(Some(Tag::HighSpeed)), ["fast"]);
    assert_eq!(names(Some(Tag::HighPrecision)), ["exact"]);
    assert_eq!(names(Some(Tag::LowMemory)), ["exact"]);
    assert_eq!(names(None), ["wrong", "fast", "exact"]);
    let elsewhere = device("d 2");
    let q = Query { device: &elsewhere, ..of(None) };
    assert!(library.query(&q).is_empty());
}

#[test]
fn what_was_kept_is_a_candidate_again() {
    let mut library = Library::new();
    proven(&mut library, "a", measures(1.0, 0.1, 0));
    library.move_kernel(&key("a"), KernelState::Promoted, Some(measures(0.9, 0.1, 0))).unwrap();
    library.add(key("q"), measures(2.0, 0.1, 0));
    library.move_kernel(&key("q"), KernelState::Quarantined, None).unwrap();
    library.move_blueprint(Hash([7; 32]), BlueprintState::Compiling).unwrap();
    let lines = library.take_lines();
    assert!(library.take_lines().is_empty());
    let mut other = Library::new();
    assert_eq!(other.read(lines.as_bytes()).taken, 6);
    let a = other.kernel(&key("a")).unwrap();
    assert_eq!((a.state, a.measures.seconds, a.proven_here), (KernelState::Compiled, 0.9, false));
    assert_eq!(other.kernel(&key("q")).unwrap().state, KernelState::Quarantined);
    assert!(other.move_kernel(&key("a"), KernelState::Promoted, None).is_err());
    // What this process has proven is not taken back by what is read.
    other.move_kernel(&key("a"), KernelState::Validated, None).unwrap();
    other.read(lines.as_bytes());
    assert_eq!(other.kernel(&key("a")).unwrap().state, KernelState::Validated);
}

#[test]
fn other_versions_are_passed_over() {
    let mut library = Library::new();
    library.add(key("a"), measures(1.0, 0.1, 0));
    let line = library.take_lines();
    let json = line.split_once(' ').unwrap().1.trim().replace("\"v\":1", "\"v\":2");
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(json.as_bytes());
    let text = format!("{:02x}{:02x}{:02x}{:02x} {json}\n", digest[0], digest[1], digest[2], digest[3]);
    let reading = Library::new().read(text.as_bytes());
    assert_eq!((reading.taken, reading.other_version, reading.damaged), (0, 1, 0));
    assert_eq!(reading.whole().unwrap_err().code, Code::LibraryVersion);
    let torn = format!("{}\n{}", line.trim(), &line[..40]);
    let reading = Library::new().read(torn.as_bytes());
    let error = reading.whole().unwrap_err();
    assert_eq!((reading.taken, error.code), (1, Code::LibraryDamaged));
    assert!(error.message.contains("line 2 first"), "{error}");
}

proptest! {
    #[test]
    fn damage_loses_lines_and_nothing_else(places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut library = Library::new();
        for i in 0..8 {
            library.add(key(&format!("s{i}")), measures(1.0 + f64::from(i), 0.1, 0));
        }
        let clean = library.take_lines().into_bytes();
        let mut bytes = clean.clone();
        for (place, byte) in &places {
            let place = place.index(bytes.len());
            bytes[place] = *byte;
        }
        let mut read = Library::new();
        let reading = read.read(&bytes);
        prop_assert!(reading.taken <= 8 && reading.taken + places.len() as u64 * 2 >= 8);
        // Every kernel that is there is one that was written.
        for i in 0..8 {
            if let Some(record) = read.kernel(&key(&format!("s{i}"))) {
                prop_assert_eq!(record, library.kernel(&key(&format!("s{i}"))).unwrap());
            }
        }
        prop_assert!(read.len() as u64 <= reading.taken);
    }
}

/// What another process found wrong is wrong here too, whatever was known of it, and nothing that is written later takes it back.
#[test]
fn quarantine_is_final_for_every_process_that_shares_it() {
    let mut one = Library::new();
    proven(&mut one, "a", measures(1.0, 0.1, 0));
    one.move_kernel(&key("a"), KernelState::Promoted, None).unwrap();
    let mut other = Library::new();
    other.read(one.take_lines().as_bytes());
    other.move_kernel(&key("a"), KernelState::Quarantined, None).unwrap();
    let verdict = other.take_lines();
    one.read(verdict.as_bytes());
    assert_eq!(one.kernel(&key("a")).unwrap().state, KernelState::Quarantined);
    // It is not promoted again, nor added anew, nor forgotten when the file is written anew.
    assert!(one.move_kernel(&key("a"), KernelState::Promoted, None).is_err());
    one.add(key("a"), measures(0.5, 0.1, 0));
    assert!(one.take_lines().is_empty());
    let mut next = Library::new();
    next.read(one.all_lines().as_bytes());
    assert_eq!(next.kernel(&key("a")).unwrap().state, KernelState::Quarantined);
    // Lines of a process that had not heard of it come later in the file.
    let mut stale = Library::new();
    proven(&mut stale, "a", measures(1.0, 0.1, 0));
    next.read(stale.take_lines().as_bytes());
    assert_eq!(next.kernel(&key("a")).unwrap().state, KernelState::Quarantined);
}

#[test]
fn too_many_kernels_and_blueprints_are_forgotten_in_one_go_and_never_what_matters() {
    use homeostat_forge::library::KERNELS_MAX;
    let of = |n: usize, schedule: &str| {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&(n as u64).to_be_bytes());
        KernelKey { blueprint: Hash(hash), ..key(schedule) }
    };
    let mut library = Library::new();
    // One blueprint has most of them, the others a few.
    library.add(of(0, "wrong"), measures(1e9, 0.1, 0));
    library.move_kernel(&of(0, "wrong"), KernelState::Quarantined, None).unwrap();
    library.add(of(0, "answers"), measures(1e8, 0.1, 0));
    library.move_kernel(&of(0, "answers"), KernelState::Validated, None).unwrap();
    library.move_kernel(&of(0, "answers"), KernelState::Promoted, None).unwrap();
    for i in 0..KERNELS_MAX - 4000 {
        library.add(of(0, &format!("s{i:06}")), measures(1.0 + i as f64, 0.1, 0));
    }
    for i in 0..6000 {
        library.add(of(1 + i / 4, &format!("s{}", i % 4)), measures(1.0, 0.1, 0));
        library.take_lines();
    }
    assert!(library.len() <= KERNELS_MAX && library.len() > KERNELS_MAX / 2, "{}", library.len());
    for kept in ["wrong", "answers", "s000000"] {
        assert!(library.kernel(&of(0, kept)).is_some(), "{kept}");
    }
    // The slowest of the fullest went, and none of the small ones.
    assert!(library.kernel(&of(0, &format!("s{:06}", KERNELS_MAX - 4001))).is_none());
    assert!((0..6000).all(|i| library.kernel(&of(1 + i / 4, &format!("s{}", i % 4))).is_some()));
    let mut library = Library::new();
    library.add(of(7, "known"), measures(1.0, 0.1, 0));
    for i in 0..KERNELS_MAX + 100 {
        library.move_blueprint(of(i, "").blueprint, BlueprintState::Compiling).unwrap();
        library.take_lines();
    }
    assert_eq!(library.blueprint(&of(7, "").blueprint), BlueprintState::Compiling);
    assert!(library.all_lines().lines().count() <= KERNELS_MAX);
}

#[test]
fn too_many_blueprints_that_nobody_wants_lose_no_winner() {
    use homeostat_forge::library::KERNELS_MAX;
    let of = |n: usize| {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&(n as u64).to_be_bytes());
        KernelKey { blueprint: Hash(hash), ..key("a") }
    };
    let mut library = Library::new();
    for n in [0, 1] {
        library.add(of(n), measures(1.0, 0.1, 0));
        library.move_kernel(&of(n), KernelState::Validated, None).unwrap();
        library.move_kernel(&of(n), KernelState::Promoted, None).unwrap();
    }
    library.add(of(2), measures(1.0, 0.1, 0));
    library.move_kernel(&of(2), KernelState::Validated, None).unwrap();
    library.replaced(&of(2));
    // The second one is wanted all the time.
    (0..=KERNELS_MAX + 1).filter(|n| *n != 1).for_each(|n| library.retire_blueprint(&of(n).blueprint));
    library.want_blueprint(&of(0).blueprint);
    let state = |n: usize| library.kernel(&of(n)).unwrap().state;
    // It can be begun with; what better ones took the place of stays where it was.
    assert_eq!(
        [state(0), state(1), state(2)],
        [KernelState::Compiled, KernelState::Promoted, KernelState::Retired]
    );
    assert_eq!(
        library
            .query(&Query { blueprint: of(0).blueprint, group: 0, device: &device("d 1"), tag: None })
            .len(),
        1
    );
}

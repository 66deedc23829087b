//! Real processes share one library's file: all of them write to it and write it anew, and nothing is damaged or lost.

use homeostat_forge::host::Store;
use homeostat_forge::ir::{DType, Hash};
use homeostat_forge::library::{DeviceKey, KernelKey, KernelState, Library, Measures};
use std::path::PathBuf;
use std::process::{Command, Stdio};

const PROCESSES: u32 = 4;
const KERNELS: u32 = 150;
/// Times that each kernel is found anew: most of the file is facts that later ones replaced.
const ROUNDS: u32 = 12;
const PATH: &str = "HOMEOSTAT_FORGE_LIBRARY";
const NUMBER: &str = "HOMEOSTAT_FORGE_PROCESS";

fn key(process: u32, kernel: u32) -> KernelKey {
    let mut hash = [0; 32];
    hash[..4].copy_from_slice(&process.to_le_bytes());
    hash[4..8].copy_from_slice(&kernel.to_le_bytes());
    KernelKey {
        blueprint: Hash(hash),
        group: 0,
        schedule: format!("contract buffer4 4x4 8x1 columns close pad {process}"),
        bucket: 3,
        dtype: DType::F32,
        device: DeviceKey {
            backend: "test".into(),
            vendor: 1,
            device: process,
            driver: "d".into(),
            compiler: "1".into(),
        },
    }
}

#[test]
#[ignore = "the test below runs it, in processes of its own"]
fn one_of_many() {
    let path = PathBuf::from(std::env::var(PATH).unwrap());
    let process: u32 = std::env::var(NUMBER).unwrap().parse().unwrap();
    let (mut store, mut library) = (Store::open(path).unwrap(), Library::new());
    let mut compacted = 0;
    for round in 0..ROUNDS {
        for kernel in 0..KERNELS {
            let key = key(process, kernel);
            let seconds = f64::from(round * 1000 + kernel);
            library.add(key.clone(), Measures { seconds, ..Measures::default() });
            library.move_kernel(&key, KernelState::Validated, None).unwrap();
            library.move_kernel(&key, KernelState::Promoted, None).unwrap();
            store.append(&library.take_lines()).unwrap();
        }
        store.refresh(&mut library).unwrap();
        compacted += u32::from(store.compact(&mut library).unwrap());
    }
    println!("compacted {compacted} times");
}

#[test]
fn processes_share_a_file() {
    let folder = std::env::temp_dir().join(format!("homeostat-forge-processes-{}", std::process::id()));
    let path = folder.join("library.jsonl");
    let start = |process: u32| {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "one_of_many", "--ignored", "--nocapture", "--test-threads=1"])
            .env(PATH, &path)
            .env(NUMBER, process.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let children: Vec<_> = (0..PROCESSES).map(start).collect();
    let outputs = children.into_iter().map(|child| child.wait_with_output().unwrap());
    let mut compacted = 0;
    for output in outputs {
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}");
        let times = text.split("compacted ").nth(1).and_then(|rest| rest.split(' ').next());
        compacted += times.unwrap().parse::<u32>().unwrap();
    }
    assert!(compacted > 0, "the file was never written anew");
    let bytes = std::fs::read(&path).unwrap();
    let mut library = Library::new();
    library.read(&bytes).whole().unwrap();
    assert_eq!(library.len() as u32, PROCESSES * KERNELS);
    for (process, kernel) in (0..PROCESSES).flat_map(|p| (0..KERNELS).map(move |k| (p, k))) {
        let record = library.kernel(&key(process, kernel)).unwrap();
        // The latest of each, whoever wrote the file anew meanwhile.
        assert_eq!(record.measures.seconds, f64::from((ROUNDS - 1) * 1000 + kernel), "{process} {kernel}");
        assert!(record.answered, "{process} {kernel}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

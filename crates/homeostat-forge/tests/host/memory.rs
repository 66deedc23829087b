//! More memory than there is to be: an error that names what takes it, before anything is dispatched.

use super::*;

fn bounded(memory_max: u64) -> Options {
    let options = options();
    let kernel = KernelOptions { memory_max, ..options.registry.kernel };
    Options { registry: RegistryOptions { kernel, ..options.registry }, ..options }
}

#[test]
fn tensors_that_stay_are_held_against_memory_max() {
    // Four tensors of 16 bytes.
    let (there, faults) = forge_by(bounded(64), Box::new(patient));
    let id = on_device(&there, 2);
    let none = Forge::<Simulated>::open(bounded(64), None).unwrap();
    let aside = none.kernel(relu(2), None).unwrap();
    for (forge, id) in [(&there, id), (&none, aside)] {
        let mut all: Vec<u64> = (0..3).map(|_| forge.upload(x()).unwrap()).collect();
        let runs = forge.stats(id).unwrap().runs;
        // Two outputs have no room: that is known before anything is computed, and nothing stays.
        let error = forge.run_with(id, vec![Given::Data(x())], &[true, true]).unwrap_err();
        assert_eq!((error.code, forge.stats(id).unwrap().runs), (Code::DeviceMemory, runs));
        for part in ["node 2", "of shape [4] and f32", "takes 32 bytes", "stay 48", "at most 64", "memoryMax"]
        {
            assert!(error.message.contains(part), "{error}");
        }
        // One has.
        let got = forge.run_with(id, vec![Given::Data(x())], &[false, true]).unwrap();
        let Got::Buffer(kept) = got[1] else { panic!("{got:?}") };
        let error = forge.upload(x()).unwrap_err();
        assert_eq!(error.code, Code::DeviceMemory);
        assert!(error.message.starts_with("upload of 4 elements of f32 takes 16 bytes"), "{error}");
        // Runs whose outputs do not stay need no room.
        assert_eq!(forge.run(id, vec![x()]).unwrap(), [right(), right()]);
        assert_eq!(forge.run_with(id, vec![Given::Buffer(kept)], &[]).unwrap()[0], Got::Data(right()));
        forge.forget(kept);
        all.push(forge.upload(x()).unwrap());
        // What a run still needs takes its room until the run has ended.
        let run = forge.hold(vec![Given::Buffer(all[0])]).unwrap();
        all.iter().for_each(|number| forge.forget(*number));
        all = (0..3).map(|_| forge.upload(x()).unwrap()).collect();
        assert_eq!(forge.upload(x()).unwrap_err().code, Code::DeviceMemory);
        forge.run_with(id, run, &[]).unwrap();
        all.push(forge.upload(x()).unwrap());
        all.iter().for_each(|number| forge.forget(*number));
    }
    until("buffers stay", || faults.buffers.load(Ordering::Relaxed) == 0);
}

#[test]
fn what_a_device_took_with_it_takes_no_room() {
    let (forge, faults) = forge_by(bounded(64), Box::new(patient));
    let id = on_device(&forge, 1);
    let lost: Vec<u64> = (0..4).map(|_| forge.upload(x()).unwrap()).collect();
    assert_eq!(forge.upload(x()).unwrap_err().code, Code::DeviceMemory);
    faults.lose_in.store(1, Ordering::Relaxed);
    assert_eq!(forge.run(id, vec![x()]).unwrap(), [right()]);
    until("the device does not come back", || forge.current(id).is_ok_and(|c| c.is_some()));
    let all: Vec<u64> = (0..4).map(|_| forge.upload(x()).unwrap()).collect();
    assert_eq!(forge.download(lost[0]).unwrap_err().code, Code::DeviceLost);
    lost.iter().for_each(|number| forge.forget(*number));
    assert_eq!(forge.upload(x()).unwrap_err().code, Code::DeviceMemory);
    assert_eq!(forge.download(all[3]).unwrap(), x());
}

#[test]
fn a_kernel_that_needs_more_is_refused_before_anything_is_compiled() {
    let (forge, faults) = forge_by(bounded(47), Box::new(patient));
    assert!(forge.ready(LONG));
    // Input, the step between and the output: three times 16 bytes, where the step between is stored.
    let error = forge.kernel(relu(2), None).unwrap_err();
    assert_eq!(error.code, Code::DeviceMemory);
    for part in ["of shape [4] takes 16 bytes", "all tensors 48", "at most 47 (memoryMax)"] {
        assert!(error.message.contains(part), "{error}");
    }
    assert_eq!(faults.programs.load(Ordering::Relaxed), 0);
}

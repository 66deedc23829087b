//! Processor time, for adapters that are the processor.

/// Seconds that all threads of this process have run; `None` where the system does not say. The main thread's clock alone is not
/// enough: a software driver computes on threads of its own.
pub fn process_cpu_s() -> Option<f64> {
    let mut total = 0u64;
    for task in std::fs::read_dir("/proc/self/task").ok()? {
        // A thread may end between the listing and the reading.
        let Ok(text) = std::fs::read_to_string(task.ok()?.path().join("schedstat")) else { continue };
        total += text.split(' ').next()?.parse::<u64>().ok()?;
    }
    (total > 0).then_some(total as f64 / 1e9)
}

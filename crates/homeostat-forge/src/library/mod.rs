//! What was learned: blueprints and kernels with their lifecycle, and what was measured of them.
//!
//! Pure: it reads and writes lines, and whoever keeps them does the I/O. Each line is one fact with a checksum over its bytes; lines
//! are only ever appended, each in one write, so two processes that share a file can interleave whole lines and no more. A line that
//! is damaged, or of a newer version, is passed over and counted. Later facts about the same kernel on the same device replace
//! earlier ones. What was read is a *candidate*: it has to pass a check on this device before it runs for anyone.

mod key;
mod line;
mod shed;
mod state;

pub use key::{DeviceKey, KernelKey, PROCESSOR, bucket};
pub use state::{BlueprintState, KernelState};

use crate::ir::{DType, Hash};
use crate::map::{Map, Set};
use alloc::{format, string::String, vec::Vec};
use homeostat_core::error::{Code, Error, Result};
use homeostat_core::list::List;
use homeostat_solver::order::ascending;

/// Counts up whenever a kernel's meaning changes: what an older version proved is not proven any more.
pub const SCHEMA: u32 = 1;
/// Most kernels that are kept; the worst ones of the fullest blueprint go first.
pub const KERNELS_MAX: usize = 65_536;

/// Most lessons that are kept, and most numbers of one.
const LESSONS_MAX: usize = 1024;
const NUMBERS_MAX: usize = 64;
/// How many buckets apart sizes are still alike.
const ALIKE_MAX: u32 = 3;
/// Most schedules that are taken over from kernels that are alike.
const ALIKE: usize = 4;

/// What was measured of a kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measures {
    /// Seconds of a run, the median.
    pub seconds: f64,
    /// Bytes that it needs beside its tensors.
    pub extra_bytes: u64,
    /// Its greatest error, as a share of what is allowed.
    pub error: f64,
    /// Whether portable limits allow it.
    pub portable: bool,
}

/// What a kernel is good at: measured, not declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// Within 5 % of the fastest of its blueprint on its device.
    HighSpeed,
    /// Needs no memory beside its tensors.
    LowMemory,
    /// Its greatest error is at most a quarter above the least one of its blueprint on its device.
    HighPrecision,
    /// Runs within the limits that every adapter has.
    Portable,
}

impl Tag {
    /// Every tag with its name.
    pub const ALL: [(Tag, &'static str); 4] = [
        (Tag::HighSpeed, "high-speed"),
        (Tag::LowMemory, "low-memory"),
        (Tag::HighPrecision, "high-precision"),
        (Tag::Portable, "portable"),
    ];
}

/// A kernel that is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Where it stands.
    pub state: KernelState,
    /// What was measured.
    pub measures: Measures,
    /// Whether it was proven in this process: what was only read was not.
    pub proven_here: bool,
    /// Whether it answered users when this was last known: the first candidate of the next start.
    pub answered: bool,
}

/// What was found while reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Facts that were taken.
    pub taken: u64,
    /// Lines whose checksum or form is wrong.
    pub damaged: u64,
    /// Lines of another version.
    pub other_version: u64,
    /// Kernels that another process found wrong, which this one did not know.
    pub quarantined: u64,
    /// The first line that was not taken, from 1 on; 0 where all were.
    pub first_refused: u64,
}

impl Reading {
    /// An error where a line was not taken: for whoever wants a library whole, or not at all.
    pub fn whole(&self) -> Result<()> {
        let (code, what, n) = if self.damaged > 0 {
            (Code::LibraryDamaged, "damaged", self.damaged)
        } else {
            (Code::LibraryVersion, "of another version", self.other_version)
        };
        if n == 0 {
            return Ok(());
        }
        let text = format!(
            "library: {n} lines are {what}, line {} first; expected version {SCHEMA}",
            self.first_refused
        );
        Err(Error::new(code, text))
    }
}

/// Blueprints and kernels.
#[derive(Clone, Debug, Default)]
pub struct Library {
    blueprints: Map<Hash, BlueprintState>,
    kernels: Map<KernelKey, Record>,
    /// Blueprints that nobody here wants any more. Of this process only: others may want them, and a later life may.
    retired: Set<Hash>,
    /// What devices have taught, by topic.
    lessons: Map<(DeviceKey, String), Vec<f64>>,
    /// Lines that nobody has kept yet.
    lines: String,
}

impl Library {
    /// An empty library.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where a blueprint stands; `Unvalidated` where it was never seen.
    pub fn blueprint(&self, hash: &Hash) -> BlueprintState {
        if self.retired.contains(hash) {
            return BlueprintState::Retired;
        }
        self.blueprints.get(hash).copied().unwrap_or(BlueprintState::Unvalidated)
    }

    /// Moves a blueprint on; a step that its lifecycle does not have is refused.
    pub fn move_blueprint(&mut self, hash: Hash, to: BlueprintState) -> Result<()> {
        let from = self.blueprint(&hash);
        if !from.may_become(to) {
            return Err(refused(format!("blueprint {hash}"), from.name(), to.name()));
        }
        if to == BlueprintState::Retired {
            self.retire_blueprint(&hash);
            return Ok(());
        }
        self.blueprints.insert(hash, to);
        self.lines.push_str(&line::blueprint(&hash, to));
        self.shed();
        Ok(())
    }

    /// Nobody wants a blueprint any more: what answered answers no more, and is the first candidate of whoever wants it again. Of this
    /// process only: no line says so, for others may want it, and a later life.
    pub fn retire_blueprint(&mut self, hash: &Hash) {
        self.retired.insert(*hash);
        self.mark(Some(hash), None, false);
        self.shed();
    }

    /// Somebody wants a blueprint, again where it was retired: it stands where it stood.
    pub fn want_blueprint(&mut self, hash: &Hash) {
        if self.retired.remove(hash) {
            self.mark(Some(hash), None, true);
        }
    }

    /// A device is gone, or there: what answered there answers no more, or is a candidate where somebody wants its blueprint.
    pub fn mark_device(&mut self, device: &DeviceKey, is_there: bool) {
        self.mark(None, Some(device), is_there);
    }

    /// Retires what answers, of a blueprint or on a device, or makes it a candidate again. For whoever reads the library it stays what
    /// answered last.
    fn mark(&mut self, blueprint: Option<&Hash>, device: Option<&DeviceKey>, wanted: bool) {
        let first = first_of(blueprint.unwrap_or(&Hash([0; 32])));
        for (key, record) in self.kernels.from_mut(&first) {
            if blueprint.is_some_and(|hash| key.blueprint != *hash) {
                break;
            }
            let elsewhere = device.is_some_and(|device| key.device != *device);
            if !record.answered || elsewhere || wanted && self.retired.contains(&key.blueprint) {
                continue;
            }
            match record.state {
                KernelState::Promoted if !wanted => record.state = KernelState::Retired,
                KernelState::Retired if wanted => record.state = KernelState::Compiled,
                _ => {}
            }
        }
    }

    /// Better kernels have taken the place of one that answered once.
    pub fn replaced(&mut self, key: &KernelKey) {
        if self.kernels.get(key).is_some_and(|r| r.state == KernelState::Validated) {
            let _ = self.move_kernel(key, KernelState::Retired, None);
        }
    }

    /// What was proven here and answered before answers again, as the lines say already; whether that is so.
    pub fn answers_again(&mut self, key: &KernelKey) -> bool {
        let Some(record) = self.kernels.get_mut(key) else { return false };
        let same = record.proven_here && record.answered && record.state == KernelState::Compiled;
        if same {
            record.state = KernelState::Promoted;
        }
        same
    }

    /// What is known of a kernel.
    pub fn kernel(&self, key: &KernelKey) -> Option<&Record> {
        self.kernels.get(key)
    }

    /// Whether it was wrong, here or elsewhere: that is final, whoever says what else.
    fn is_quarantined(&self, key: &KernelKey) -> bool {
        self.kernels.get(key).is_some_and(|r| r.state == KernelState::Quarantined)
    }

    /// A kernel that was just compiled. One that is quarantined stays so.
    pub fn add(&mut self, key: KernelKey, measures: Measures) {
        if self.is_quarantined(&key) {
            return;
        }
        let record = Record { state: KernelState::Compiled, measures, proven_here: false, answered: false };
        self.lines.push_str(&line::kernel(&key, &record));
        self.kernels.insert(key, record);
        self.shed();
    }

    /// Moves a kernel on. Only what was proven here may be promoted.
    pub fn move_kernel(
        &mut self,
        key: &KernelKey,
        to: KernelState,
        measures: Option<Measures>,
    ) -> Result<()> {
        let Some(record) = self.kernels.get_mut(key) else {
            return Err(Error::new(
                Code::InvalidOption,
                format!("kernel '{}': it is not in the library", key.schedule),
            ));
        };
        let proven = record.proven_here || to == KernelState::Validated;
        if !record.state.may_become(to) || to == KernelState::Promoted && !proven {
            return Err(refused(format!("kernel '{}'", key.schedule), record.state.name(), to.name()));
        }
        record.state = to;
        record.answered = to == KernelState::Promoted;
        record.proven_here = proven;
        record.measures = measures.unwrap_or(record.measures);
        self.lines.push_str(&line::kernel(key, record));
        Ok(())
    }

    /// Kernels of a blueprint on a device with a bucket of sizes, usable ones, fastest first.
    pub fn query<'a>(&'a self, of: &'a Query<'a>) -> Vec<(&'a KernelKey, &'a Record)> {
        let usable = |r: &Record| {
            matches!(r.state, KernelState::Compiled | KernelState::Validated | KernelState::Promoted)
        };
        let found: Vec<(&KernelKey, &Record)> = self
            .kernels_of(&of.blueprint)
            .filter(|(k, r)| usable(r) && of.matches(k) && !k.is_processor())
            .filter(|(k, r)| of.tag.is_none_or(|tag| self.tags(k, r).contains(&tag)))
            .listed();
        // Those that are as fast stay in the order of their keys.
        let seconds: Vec<f64> = found.iter().map(|(_, r)| r.measures.seconds).listed();
        ascending(&seconds).into_iter().map(|i| found[i]).listed()
    }

    /// Schedules that answered on a device for groups of this dtype and of about this size, of whatever blueprint; nearest sizes
    /// first, then in the order of their keys.
    pub fn alike(&self, device: &DeviceKey, dtype: DType, bucket: u32) -> Vec<&str> {
        let near: Vec<(f64, &KernelKey)> = self
            .kernels
            .iter()
            .filter(|(k, r)| r.answered && k.dtype == dtype && k.device == *device && !k.is_processor())
            .filter(|(k, _)| k.bucket.abs_diff(bucket) <= ALIKE_MAX)
            .map(|(k, _)| (f64::from(k.bucket.abs_diff(bucket)), k))
            .listed();
        let apart: Vec<f64> = near.iter().map(|(apart, _)| *apart).listed();
        let mut schedules: Vec<&str> = Vec::new();
        for (_, key) in ascending(&apart).into_iter().map(|i| near[i]) {
            if schedules.len() < ALIKE && !schedules.contains(&key.schedule.as_str()) {
                schedules.push(&key.schedule);
            }
        }
        schedules
    }

    /// What a device has taught about a topic, or what the most similar one has; and how far that is trusted here: 1 for the device
    /// itself, less where the driver is another one, least where only the vendor is the same.
    pub fn learned(&self, device: &DeviceKey, topic: &str) -> Option<(&[f64], f64)> {
        let trust = |of: &DeviceKey| {
            if of == device {
                1.0
            } else if (&of.backend, of.vendor, of.device) == (&device.backend, device.vendor, device.device) {
                0.75
            } else if of.vendor == device.vendor {
                0.4
            } else {
                0.0
            }
        };
        let mut best: Option<(&[f64], f64)> = None;
        for ((of, about), numbers) in self.lessons.iter() {
            let trust = trust(of);
            if about == topic && trust > best.map_or(0.0, |(_, most)| most) {
                best = Some((numbers, trust));
            }
        }
        best
    }

    /// Keeps what a device has taught about a topic, instead of what was kept of it before.
    pub fn learn(&mut self, device: DeviceKey, topic: &str, numbers: &[f64]) {
        let key = (device, String::from(topic));
        let is_new = !self.lessons.contains_key(&key);
        if numbers.len() > NUMBERS_MAX || numbers.iter().any(|n| !n.is_finite()) {
            return;
        }
        if is_new && self.lessons.len() >= LESSONS_MAX {
            return;
        }
        self.lines.push_str(&line::lesson(&key.0, topic, numbers));
        self.lessons.insert(key, numbers.to_vec());
    }

    /// Every fact as a line: what a file is replaced by when it has grown by facts that later ones replaced.
    pub fn all_lines(&self) -> String {
        let mut lines = String::new();
        self.blueprints.iter().for_each(|(hash, state)| lines.push_str(&line::blueprint(hash, *state)));
        for (key, record) in self.kernels.iter() {
            // A candidate that answered is kept as such.
            let state = if record.answered { KernelState::Promoted } else { record.state };
            lines.push_str(&line::kernel(key, &Record { state, ..record.clone() }));
        }
        for ((device, topic), numbers) in self.lessons.iter() {
            lines.push_str(&line::lesson(device, topic, numbers));
        }
        lines
    }

    /// Every kernel that is known, in the order of their keys.
    pub fn kernels(&self) -> impl Iterator<Item = (&KernelKey, &Record)> {
        self.kernels.iter()
    }

    /// Every kernel of a blueprint, on whatever device.
    pub fn kernels_of(&self, blueprint: &Hash) -> impl Iterator<Item = (&KernelKey, &Record)> {
        let blueprint = *blueprint;
        self.kernels.from(&first_of(&blueprint)).take_while(move |(k, _)| k.blueprint == blueprint)
    }

    /// What a kernel is good at, among those of its blueprint on its device.
    pub fn tags(&self, key: &KernelKey, record: &Record) -> Vec<Tag> {
        let rivals = || {
            let same = |k: &&KernelKey| {
                (&k.blueprint, k.group, &k.device) == (&key.blueprint, key.group, &key.device)
            };
            self.kernels_of(&key.blueprint)
                .filter(move |(k, r)| same(k) && r.state.is_proven() && !k.is_processor())
                .map(|(_, r)| r.measures)
        };
        if !record.state.is_proven() {
            return Vec::new();
        }
        let least = |of: fn(&Measures) -> f64| rivals().map(|m| of(&m)).fold(f64::INFINITY, f64::min);
        let m = &record.measures;
        Tag::ALL
            .into_iter()
            .map(|(tag, _)| tag)
            .filter(|tag| match tag {
                Tag::HighSpeed => m.seconds <= 1.05 * least(|m| m.seconds),
                Tag::LowMemory => m.extra_bytes == 0,
                Tag::HighPrecision => m.error <= 1.25 * least(|m| m.error),
                Tag::Portable => m.portable,
            })
            .listed()
    }

    /// Lines to append, once.
    pub fn take_lines(&mut self) -> String {
        core::mem::take(&mut self.lines)
    }

    /// Takes lines that were kept, by this process or by another one. What they say to be validated or promoted is a candidate
    /// again: it was proven elsewhere, or with another driver's mood.
    pub fn read(&mut self, bytes: &[u8]) -> Reading {
        let mut reading = Reading::default();
        for (at, text) in (1u64..).zip(bytes.split(|b| *b == b'\n')).filter(|(_, l)| !l.is_empty()) {
            let fact = line::read(text);
            if matches!(fact, line::Read::OtherVersion | line::Read::Damaged) && reading.first_refused == 0 {
                reading.first_refused = at;
            }
            match fact {
                line::Read::Blueprint(hash, state) => {
                    // Who wanted it no more was another process.
                    if state != BlueprintState::Retired {
                        self.blueprints.insert(hash, state);
                    }
                    reading.taken += 1;
                }
                line::Read::Kernel(key, mut record) => {
                    reading.taken += 1;
                    // What this process knows by itself is newer, but that another one found it wrong.
                    let own = self.kernels.get(&key).is_some_and(|own| own.proven_here);
                    if self.is_quarantined(&key) || own && record.state != KernelState::Quarantined {
                        continue;
                    }
                    reading.quarantined += u64::from(record.state == KernelState::Quarantined);
                    if record.state.is_proven() {
                        record.answered = record.state == KernelState::Promoted;
                        record.state = KernelState::Compiled;
                    }
                    self.kernels.insert(key, record);
                }
                line::Read::Lesson(device, topic, numbers) => {
                    reading.taken += 1;
                    let key = (device, topic);
                    if self.lessons.contains_key(&key) || self.lessons.len() < LESSONS_MAX {
                        self.lessons.insert(key, numbers);
                    }
                }
                line::Read::OtherVersion => reading.other_version += 1,
                line::Read::Damaged => reading.damaged += 1,
            }
        }
        self.shed();
        reading
    }

    /// How many kernels are known.
    pub fn len(&self) -> usize {
        self.kernels.len()
    }

    /// Whether no kernel is known.
    pub fn is_empty(&self) -> bool {
        self.kernels.is_empty()
    }
}

/// The least key of a blueprint: keys are in the order of their fields.
fn first_of(blueprint: &Hash) -> KernelKey {
    let device = DeviceKey {
        backend: String::new(),
        vendor: 0,
        device: 0,
        driver: String::new(),
        compiler: String::new(),
    };
    KernelKey {
        blueprint: *blueprint,
        group: 0,
        schedule: String::new(),
        bucket: 0,
        dtype: DType::F32,
        device,
    }
}

/// What is asked of a library.
#[derive(Clone, Debug)]
pub struct Query<'a> {
    /// The blueprint.
    pub blueprint: Hash,
    /// Which of its groups.
    pub group: u32,
    /// The device.
    pub device: &'a DeviceKey,
    /// Only those of this tag.
    pub tag: Option<Tag>,
}

impl Query<'_> {
    fn matches(&self, key: &KernelKey) -> bool {
        key.blueprint == self.blueprint && key.group == self.group && key.device == *self.device
    }
}

fn refused(what: String, from: &str, to: &str) -> Error {
    Error::new(Code::InvalidOption, format!("{what}: cannot go from {from} to {to}"))
}

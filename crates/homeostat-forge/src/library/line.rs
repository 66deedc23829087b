//! One fact as a line: eight hexadecimal digits of a checksum, a space, JSON.

use super::key::{DeviceKey, KernelKey};
use super::state::{BlueprintState, KernelState};
use super::{Measures, Record, SCHEMA};
use crate::ir::{DType, Hash};
use alloc::{format, string::String, vec::Vec};
use homeostat_core::error::Code;
use homeostat_core::json::{Fields, Json, Writer};
use sha2::{Digest, Sha256};

/// What a line says.
pub(super) enum Read {
    Blueprint(Hash, BlueprintState),
    Kernel(KernelKey, Record),
    Lesson(DeviceKey, String, Vec<f64>),
    OtherVersion,
    Damaged,
}

fn checksum(bytes: &[u8]) -> u32 {
    let digest = Sha256::digest(bytes);
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

fn sealed(write: impl FnOnce(&mut Writer)) -> String {
    let mut json = String::new();
    Writer::new(&mut json).object(|w| {
        w.key("v").uint(u64::from(SCHEMA));
        write(w);
    });
    format!("{:08x} {json}\n", checksum(json.as_bytes()))
}

pub(super) fn blueprint(hash: &Hash, state: BlueprintState) -> String {
    sealed(|w| {
        w.key("blueprint").str(&format!("{hash}"));
        w.key("state").named(&BlueprintState::ALL, state);
    })
}

pub(super) fn kernel(key: &KernelKey, record: &Record) -> String {
    sealed(|w| {
        w.key("blueprint").str(&format!("{}", key.blueprint));
        w.key("group").uint(u64::from(key.group));
        w.key("schedule").str(&key.schedule);
        w.key("bucket").uint(u64::from(key.bucket));
        w.key("dtype").str(key.dtype.name());
        write_device(w, &key.device);
        w.key("kernel").named(&KernelState::ALL, record.state);
        w.key("seconds").num(record.measures.seconds);
        w.key("extra_bytes").uint(record.measures.extra_bytes);
        w.key("error").num(record.measures.error);
        w.key("portable").bool(record.measures.portable);
    })
}

fn write_device(w: &mut Writer, device: &DeviceKey) {
    w.key("backend").str(&device.backend);
    w.key("vendor").uint(u64::from(device.vendor));
    w.key("device").uint(u64::from(device.device));
    w.key("driver").str(&device.driver);
    w.key("compiler").str(&device.compiler);
}

pub(super) fn lesson(device: &DeviceKey, topic: &str, numbers: &[f64]) -> String {
    sealed(|w| {
        w.key("topic").str(topic);
        write_device(w, device);
        w.key("numbers").nums(numbers);
    })
}

pub(super) fn read(line: &[u8]) -> Read {
    let parsed = core::str::from_utf8(line).ok().and_then(|text| {
        let (sum, json) = text.split_once(' ')?;
        let whole = sum.len() == 8 && u32::from_str_radix(sum, 16) == Ok(checksum(json.as_bytes()));
        if whole { Json::parse(json).ok() } else { None }
    });
    let Some(json) = parsed else { return Read::Damaged };
    if json.get("v").and_then(Json::num) != Some(f64::from(SCHEMA)) {
        return Read::OtherVersion;
    }
    let read = if json.get("kernel").is_some() {
        read_kernel(&json)
    } else if json.get("topic").is_some() {
        read_lesson(&json)
    } else {
        read_blueprint(&json)
    };
    read.unwrap_or(Read::Damaged)
}

fn hash(text: &str) -> Option<Hash> {
    let mut hash = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (i, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()?;
    }
    Some(Hash(hash))
}

fn read_blueprint(json: &Json) -> Option<Read> {
    let mut f = Fields::new(json, Code::InvalidJson, "");
    let (text, state) = (f.text("blueprint"), f.named(&BlueprintState::ALL, "state"));
    f.finish().ok()?;
    Some(Read::Blueprint(hash(text)?, state))
}

fn read_device(f: &mut Fields) -> DeviceKey {
    let most = f64::from(u32::MAX);
    DeviceKey {
        backend: f.text("backend").into(),
        vendor: f.whole("vendor", 0.0, most) as u32,
        device: f.whole("device", 0.0, most) as u32,
        driver: f.text("driver").into(),
        compiler: f.text("compiler").into(),
    }
}

fn read_lesson(json: &Json) -> Option<Read> {
    let mut f = Fields::new(json, Code::InvalidJson, "");
    let (topic, device) = (String::from(f.text("topic")), read_device(&mut f));
    f.finish().ok()?;
    let numbers = json.get("numbers")?.arr()?.iter().map(Json::num).collect::<Option<Vec<f64>>>()?;
    (numbers.len() <= super::NUMBERS_MAX).then_some(Read::Lesson(device, topic, numbers))
}

fn read_kernel(json: &Json) -> Option<Read> {
    let mut f = Fields::new(json, Code::InvalidJson, "");
    let most = f64::from(u32::MAX);
    let text = f.text("blueprint");
    let (group, bucket) = (f.whole("group", 0.0, most) as u32, f.whole("bucket", 0.0, most) as u32);
    let schedule = String::from(f.text("schedule"));
    let dtype = f.text("dtype");
    let device = read_device(&mut f);
    let measures = Measures {
        seconds: f.within("seconds", 0.0, 1e9),
        extra_bytes: f.whole("extra_bytes", 0.0, 1e15),
        error: f.within("error", 0.0, 1e300),
        portable: f.bool("portable"),
    };
    let state = f.named(&KernelState::ALL, "kernel");
    f.finish().ok()?;
    let dtype = DType::ALL.into_iter().find(|d| d.name() == dtype)?;
    let key = KernelKey { blueprint: hash(text)?, group, schedule, bucket, dtype, device };
    Some(Read::Kernel(key, Record { state, measures, proven_here: false, answered: false }))
}

//! What a host says of its adapter.

use homeostat_core::error::{Code, Result};
use homeostat_core::json::{Fields, Json};
use homeostat_forge::library::DeviceKey;
use homeostat_forge::schedule::{Kind, Limits};

const KIND: [(Kind, &str); 2] = [(Kind::Hardware, "hardware"), (Kind::Software, "software")];

/// Limits in JSON.
pub fn limits(text: &str) -> Result<Limits> {
    let json = Json::parse(text)?;
    let mut f = Fields::new(&json, Code::InvalidOption, "limits.");
    let most = f64::from(u32::MAX);
    let mut whole = |key: &str, least: f64| f.whole(key, least, most);
    let limits = Limits {
        kind: Kind::Hardware,
        invocations: whole("invocations", 1.0) as u32,
        workgroup_side: whole("workgroup_side", 1.0) as u32,
        workgroup_bytes: whole("workgroup_bytes", 1.0) as u32,
        binding_bytes: whole("binding_bytes", 256.0),
        groups: whole("groups", 1.0) as u32,
        storage_buffers: whole("storage_buffers", 2.0) as u32,
        texture_side: whole("texture_side", 1.0) as u32,
        subgroup: Some(whole("subgroup", 0.0) as u32).filter(|size| *size > 0),
        f16: f.bool("f16"),
        matrices: false,
        cores: f.whole("cores", 1.0, 65_536.0) as u32,
    };
    let limits = Limits { kind: f.named(&KIND, "kind"), ..limits };
    f.finish().map(|()| limits)
}

/// What a device is known by in the library, in JSON.
pub fn device(text: &str) -> Result<DeviceKey> {
    let json = Json::parse(text)?;
    let mut f = Fields::new(&json, Code::InvalidOption, "device.");
    let most = f64::from(u32::MAX);
    let key = DeviceKey {
        backend: f.text("backend").into(),
        vendor: f.whole("vendor", 0.0, most) as u32,
        device: f.whole("device", 0.0, most) as u32,
        driver: f.text("driver").into(),
        compiler: env!("CARGO_PKG_VERSION").into(),
    };
    f.finish().map(|()| key)
}

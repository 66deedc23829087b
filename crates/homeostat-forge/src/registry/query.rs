//! What a device is known to compute a kernel by, for whoever asks.

use super::{KernelId, Registry};
use crate::library::{KernelState, Query, Tag};
use alloc::string::String;
use homeostat_core::error::Result;
use homeostat_core::json::Writer;

impl Registry {
    /// The library's kernels of a blueprint on this device, as JSON: `[{ "group", "schedule", "state", "tags", "bucket", "seconds",
    /// "extraBytes", "error", "portable" }]`, those of a group the fastest first. Nothing without a device. What is wrong is not there.
    pub fn known_json(&self, id: KernelId) -> Result<String> {
        let subject = self.subject(id)?;
        let mut json = String::new();
        Writer::new(&mut json).array(|w| {
            let Some((device, _)) = self.device() else { return };
            // Another graph for the same numbers may have more groups.
            let last = self.library.kernels_of(&subject.hash).map(|(k, _)| k.group).max();
            for group in last.into_iter().flat_map(|last| 0..=last) {
                let query = Query { blueprint: subject.hash, group, device, tag: None };
                for (key, record) in self.library.query(&query) {
                    w.object(|w| {
                        w.key("group").uint(u64::from(group));
                        w.key("schedule").str(&key.schedule);
                        w.key("state").named(&KernelState::ALL, record.state);
                        let tags = self.library.tags(key, record);
                        w.key("tags").array(|w| tags.iter().for_each(|tag| w.named(&Tag::ALL, *tag)));
                        w.key("bucket").uint(u64::from(key.bucket));
                        w.key("seconds").num(record.measures.seconds);
                        w.key("extraBytes").uint(record.measures.extra_bytes);
                        w.key("error").num(record.measures.error);
                        w.key("portable").bool(record.measures.portable);
                    });
                }
            }
        });
        Ok(json)
    }
}

//! The reflex across N-API.

use crate::error::to_js;
use homeostat_core::error::{Code, Error};
use homeostat_reflex::breaker::SoloBreaker;
use homeostat_reflex::detector::SoloDetector;
use homeostat_reflex::flow::SoloQueue;
use homeostat_reflex::limiter::SoloLimiter;
use homeostat_reflex::reflex;
use napi::bindgen_prelude::*;
use napi_derive::napi;

/// One breaker.
#[napi]
pub struct Breaker(Option<SoloBreaker>);

impl Breaker {
    fn inner(&mut self) -> Result<&mut SoloBreaker> {
        self.0.as_mut().ok_or_else(|| closed("breaker"))
    }
}

#[napi]
impl Breaker {
    /// A closed breaker; its options are JSON.
    #[napi(constructor, catch_unwind)]
    pub fn new(options: String, now_us: f64) -> Result<Self> {
        SoloBreaker::new(&options, now_us).map(|inner| Self(Some(inner))).map_err(to_js)
    }

    /// A permit, or a refusal as a negative number.
    #[napi(catch_unwind)]
    pub fn try_acquire(&mut self, now_us: f64) -> f64 {
        self.0.as_mut().map_or(0.0, |inner| inner.try_acquire(now_us))
    }

    /// Takes a permit back.
    #[napi(catch_unwind)]
    pub fn tell(&mut self, permit: f64, outcome: u32, now_us: f64) -> u32 {
        self.0.as_mut().map_or(2, |inner| inner.tell(permit, outcome, now_us))
    }

    /// Its state as a number.
    #[napi(catch_unwind)]
    pub fn state(&mut self, now_us: f64) -> Result<u32> {
        Ok(self.inner()?.state(now_us))
    }

    /// How long until a call may pass.
    #[napi(catch_unwind)]
    pub fn retry_after_us(&mut self, now_us: f64) -> Result<f64> {
        Ok(self.inner()?.retry_after_us(now_us))
    }

    /// An operator's word.
    #[napi(catch_unwind)]
    pub fn operate(&mut self, word: u32, now_us: f64) -> Result<()> {
        self.inner()?.operate(word, now_us).map_err(to_js)
    }

    /// Calls in flight.
    #[napi(catch_unwind)]
    pub fn in_flight(&mut self) -> Result<u32> {
        Ok(self.inner()?.in_flight())
    }

    /// The transitions since the last time, as JSON.
    #[napi(catch_unwind)]
    pub fn take_changes(&mut self) -> Result<String> {
        Ok(self.inner()?.take_changes())
    }

    /// Its present state as JSON.
    #[napi(catch_unwind)]
    pub fn explain(&mut self, now_us: f64) -> Result<String> {
        Ok(self.inner()?.explain(now_us))
    }

    /// Frees the memory. What is called per request then lets every call pass; all else is refused.
    #[napi]
    pub fn close(&mut self) {
        self.0 = None;
    }
}

/// The reflex of a process.
#[napi]
pub struct Reflex(Option<reflex::Reflex>);

impl Reflex {
    fn inner(&mut self) -> Result<&mut reflex::Reflex> {
        self.0.as_mut().ok_or_else(|| closed("reflex"))
    }
}

#[napi]
impl Reflex {
    /// An empty one; its options are JSON.
    #[napi(constructor, catch_unwind)]
    pub fn new(options: String, now_us: f64) -> Result<Self> {
        reflex::Reflex::new(&options, now_us).map(|inner| Self(Some(inner))).map_err(to_js)
    }

    /// The handle of a component, or a refusal.
    #[napi(catch_unwind)]
    pub fn component(&mut self, name: String, options: String, now_us: f64) -> Result<f64> {
        self.inner()?.component(&name, &options, now_us).map_err(to_js)
    }

    /// Forgets a component.
    #[napi(catch_unwind)]
    pub fn forget(&mut self, component: u32) -> Result<bool> {
        Ok(self.inner()?.forget(component))
    }

    /// The number of a class of errors.
    #[napi(catch_unwind)]
    pub fn error_class(&mut self, name: String) -> Result<u32> {
        Ok(self.inner()?.error_class(&name))
    }

    /// A permit, or a refusal as a negative number.
    #[napi(catch_unwind)]
    pub fn try_acquire(&mut self, component: u32, tier: u32, now_us: f64) -> f64 {
        self.0.as_mut().map_or(0.0, |inner| inner.try_acquire(component, tier, now_us))
    }

    /// Takes a permit back.
    #[napi(catch_unwind)]
    pub fn tell(&mut self, permit: f64, outcome: u32, error: u32, now_us: f64) -> u32 {
        self.0.as_mut().map_or(2, |inner| inner.tell(permit, outcome, error, now_us))
    }

    /// One structural event.
    #[allow(clippy::too_many_arguments, reason = "the fields of a record, in its order")]
    #[napi(catch_unwind)]
    pub fn record(
        &mut self,
        kind: u32,
        flags: u32,
        error: u32,
        component: u32,
        time: f64,
        request: f64,
        peer: u32,
        value: f64,
    ) -> u32 {
        self.0
            .as_mut()
            .map_or(0, |inner| inner.record(kind, flags, error, component, time, request, peer, value))
    }

    /// Records of 32 bytes.
    #[napi(catch_unwind)]
    pub fn ingest(&mut self, records: Uint8Array, now_us: f64) -> Result<u32> {
        Ok(self.inner()?.ingest(&records, now_us))
    }

    /// Lets time pass.
    #[napi(catch_unwind)]
    pub fn tick(&mut self, now_us: f64) -> Result<u32> {
        Ok(self.inner()?.tick(now_us))
    }

    /// From this tier on load is shed.
    #[napi(catch_unwind)]
    pub fn sheds_from(&mut self) -> Result<u32> {
        Ok(self.inner()?.sheds_from())
    }

    /// State of a component's breaker as a number.
    #[napi(catch_unwind)]
    pub fn state(&mut self, component: u32, now_us: f64) -> Result<f64> {
        Ok(self.inner()?.state(component, now_us))
    }

    /// How long until a call may pass.
    #[napi(catch_unwind)]
    pub fn retry_after_us(&mut self, component: u32, now_us: f64) -> Result<f64> {
        Ok(self.inner()?.retry_after_us(component, now_us))
    }

    /// How many calls to a component may be in flight.
    #[napi(catch_unwind)]
    pub fn limit(&mut self, component: u32) -> Result<f64> {
        Ok(self.inner()?.limit(component))
    }

    /// The limit of a component stays between these from now on.
    #[napi(catch_unwind)]
    pub fn set_limit_bounds(&mut self, component: u32, min: u32, max: u32, now_us: f64) -> Result<bool> {
        Ok(self.inner()?.set_limit_bounds(component, min, max, now_us))
    }

    /// Something about a component was changed for the better.
    #[napi(catch_unwind)]
    pub fn optimised(&mut self, component: u32, what: String, now_us: f64) -> Result<bool> {
        self.inner()?.optimised(component, &what, now_us).map_err(to_js)
    }

    /// An operator's word about a component's breaker.
    #[napi(catch_unwind)]
    pub fn operate(&mut self, component: u32, word: u32, now_us: f64) -> Result<()> {
        self.inner()?.operate(component, word, now_us).map_err(to_js)
    }

    /// The notices since the last time, as JSON.
    #[napi(catch_unwind)]
    pub fn take_notices(&mut self) -> Result<String> {
        Ok(self.inner()?.take_notices())
    }

    /// Journal entries that were not taken.
    #[napi(catch_unwind)]
    pub fn queued(&mut self) -> Result<u32> {
        Ok(self.inner()?.queued())
    }

    /// Takes journal entries.
    #[napi(catch_unwind)]
    pub fn take_journal(&mut self, max_bytes: u32) -> Result<Uint8Array> {
        Ok(self.inner()?.take_journal(max_bytes).into())
    }

    /// Health as JSON.
    #[napi(catch_unwind)]
    pub fn health(&mut self, now_us: f64) -> Result<String> {
        Ok(self.inner()?.health(now_us))
    }

    /// Health as OpenMetrics.
    #[napi(catch_unwind)]
    pub fn metrics(&mut self, now_us: f64) -> Result<String> {
        Ok(self.inner()?.metrics(now_us))
    }

    /// One component's state as JSON.
    #[napi(catch_unwind)]
    pub fn explain(&mut self, component: u32, now_us: f64) -> Result<String> {
        Ok(self.inner()?.explain(component, now_us))
    }

    /// The latest witnesses as JSON.
    #[napi(catch_unwind)]
    pub fn witnesses(&mut self) -> Result<String> {
        Ok(self.inner()?.witnesses())
    }

    /// The learned patterns as JSON.
    #[napi(catch_unwind)]
    pub fn patterns(&mut self) -> Result<String> {
        Ok(self.inner()?.patterns())
    }

    /// Frees the memory. What is called per request then lets every call pass; all else is refused.
    #[napi]
    pub fn close(&mut self) {
        self.0 = None;
    }
}

/// One concurrency limiter.
#[napi]
pub struct Limiter(Option<SoloLimiter>);

impl Limiter {
    fn inner(&mut self) -> Result<&mut SoloLimiter> {
        self.0.as_mut().ok_or_else(|| closed("limiter"))
    }
}

#[napi]
impl Limiter {
    /// A limiter; its options are JSON.
    #[napi(constructor, catch_unwind)]
    pub fn new(options: String) -> Result<Self> {
        SoloLimiter::new(&options).map(|inner| Self(Some(inner))).map_err(to_js)
    }

    /// A permit, or a refusal as a negative number.
    #[napi(catch_unwind)]
    pub fn try_acquire(&mut self, now_us: f64) -> f64 {
        self.0.as_mut().map_or(0.0, |inner| inner.try_acquire(now_us))
    }

    /// Takes a permit back.
    #[napi(catch_unwind)]
    pub fn release(&mut self, permit: f64, ended: u32, now_us: f64) -> bool {
        self.0.as_mut().is_some_and(|inner| inner.release(permit, ended, now_us))
    }

    /// Calls that may be in flight.
    #[napi(catch_unwind)]
    pub fn limit(&mut self) -> Result<u32> {
        Ok(self.inner()?.limit())
    }

    /// Calls in flight.
    #[napi(catch_unwind)]
    pub fn in_flight(&mut self, now_us: f64) -> Result<u32> {
        Ok(self.inner()?.in_flight(now_us))
    }

    /// Calls that were refused.
    #[napi(catch_unwind)]
    pub fn refused(&mut self) -> Result<f64> {
        Ok(self.inner()?.refused())
    }

    /// Permits whose lease ended.
    #[napi(catch_unwind)]
    pub fn expired(&mut self) -> Result<f64> {
        Ok(self.inner()?.expired())
    }

    /// The limit stays between these from now on.
    #[napi(catch_unwind)]
    pub fn set_bounds(&mut self, min: u32, max: u32) -> Result<()> {
        self.inner()?.set_bounds(min, max);
        Ok(())
    }

    /// Frees the memory. What is called per request then lets every call pass; all else is refused.
    #[napi]
    pub fn close(&mut self) {
        self.0 = None;
    }
}

/// One queue of five tiers.
#[napi]
pub struct Queue(Option<SoloQueue>);

impl Queue {
    fn inner(&mut self) -> Result<&mut SoloQueue> {
        self.0.as_mut().ok_or_else(|| closed("queue"))
    }
}

#[napi]
impl Queue {
    /// An empty queue; its options are JSON.
    #[napi(constructor, catch_unwind)]
    pub fn new(options: String) -> Result<Self> {
        SoloQueue::new(&options).map(|inner| Self(Some(inner))).map_err(to_js)
    }

    /// Takes an item in: its number, or a refusal as a negative number.
    #[napi(catch_unwind)]
    pub fn enqueue(&mut self, tier: u32, deadline_us: f64, now_us: f64) -> f64 {
        self.0.as_mut().map_or(-1.0, |inner| inner.enqueue(tier, deadline_us, now_us))
    }

    /// Who made room for the item that was last taken in, or -1.
    #[napi(catch_unwind)]
    pub fn evicted(&mut self) -> Result<f64> {
        Ok(self.inner()?.evicted())
    }

    /// Whether the item that was last taken in is an emergency above the depth.
    #[napi(catch_unwind)]
    pub fn over_depth(&mut self) -> Result<bool> {
        Ok(self.inner()?.over_depth())
    }

    /// Who is next, or -1.
    #[napi(catch_unwind)]
    pub fn take(&mut self, now_us: f64) -> f64 {
        self.0.as_mut().map_or(-1.0, |inner| inner.take(now_us))
    }

    /// Whether the deadline of the item that was last handed out has passed.
    #[napi(catch_unwind)]
    pub fn expired(&mut self) -> Result<bool> {
        Ok(self.inner()?.expired())
    }

    /// Takes an item out.
    #[napi(catch_unwind)]
    pub fn cancel(&mut self, item: f64, now_us: f64) -> Result<bool> {
        Ok(self.inner()?.cancel(item, now_us))
    }

    /// 1, 0.7, 0.3 or 0.1.
    #[napi(catch_unwind)]
    pub fn capacity(&mut self, now_us: f64) -> Result<f64> {
        Ok(self.inner()?.capacity(now_us))
    }

    /// Whether the capacity changed since the last time.
    #[napi(catch_unwind)]
    pub fn take_capacity_changed(&mut self) -> Result<bool> {
        Ok(self.inner()?.take_capacity_changed())
    }

    /// The capacity is not better than this level from now on.
    #[napi(catch_unwind)]
    pub fn set_floor(&mut self, level: u32) -> Result<()> {
        self.inner()?.set_floor(level);
        Ok(())
    }

    /// Items that wait.
    #[napi(catch_unwind)]
    pub fn length(&mut self) -> Result<u32> {
        Ok(self.inner()?.len())
    }

    /// Items of this tier that wait.
    #[napi(catch_unwind)]
    pub fn length_of(&mut self, tier: u32) -> Result<u32> {
        Ok(self.inner()?.len_of(tier))
    }

    /// Frees the memory.
    #[napi]
    pub fn close(&mut self) {
        self.0 = None;
    }
}

/// One detector of latency regressions.
#[napi]
pub struct Detector(Option<SoloDetector>);

impl Detector {
    fn inner(&mut self) -> Result<&mut SoloDetector> {
        self.0.as_mut().ok_or_else(|| closed("detector"))
    }
}

#[napi]
impl Detector {
    /// One that knows nothing yet.
    #[napi(constructor, catch_unwind)]
    #[allow(clippy::new_without_default, reason = "JavaScript has no defaults")]
    pub fn new() -> Self {
        Self(Some(SoloDetector::default()))
    }

    /// One latency; true where a regression is certain.
    #[napi(catch_unwind)]
    pub fn record(&mut self, now_us: f64, latency_us: f64) -> Result<bool> {
        Ok(self.inner()?.record(now_us, latency_us))
    }

    /// Whether it knows enough to alarm.
    #[napi(catch_unwind)]
    pub fn armed(&mut self) -> Result<bool> {
        Ok(self.inner()?.armed())
    }

    /// Evidence as a multiple of what an alarm needs.
    #[napi(catch_unwind)]
    pub fn evidence(&mut self) -> Result<f64> {
        Ok(self.inner()?.evidence())
    }

    /// The latest regression and the present state as JSON.
    #[napi(catch_unwind)]
    pub fn explain(&mut self) -> Result<String> {
        Ok(self.inner()?.explain())
    }

    /// Frees the memory.
    #[napi]
    pub fn close(&mut self) {
        self.0 = None;
    }
}

/// The error of an object that was closed.
fn closed(what: &str) -> napi::Error {
    to_js(Error::new(Code::Closed, format_args!("{what}: this object was closed")))
}

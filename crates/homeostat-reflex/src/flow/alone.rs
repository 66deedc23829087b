use super::{Capacity, Level, Queue, QueueConfig, Refused, Taken, pipeline};
use crate::clock::{Clock, time_us};
use homeostat_core::error::{Code, Result};
use homeostat_core::json::{Fields, Json};

/// What `enqueue` and `take` return instead of an item.
const FULL: f64 = -1.0;
const HARD_BOUND: f64 = -2.0;
const DEADLINE_PASSED: f64 = -3.0;
const EMPTY: f64 = -1.0;

/// A queue with its capacity by itself, as the bindings expose it: plain numbers, any of which may be nonsense.
///
/// An item is a number below 2^53 whose low 20 bits are its slot: whoever holds the payloads keeps them by slot.
#[derive(Clone, Debug)]
pub struct SoloQueue {
    clock: Clock,
    queue: Queue,
    capacity: Capacity,
    evicted: f64,
    over_depth: bool,
    expired: bool,
    capacity_changed: bool,
}

impl SoloQueue {
    /// A queue with these options in JSON: `depth`, `emergency_max`, `age_us` (see `QueueConfig`), or `name` for one of the kernel
    /// pipeline's; empty text is the default.
    pub fn new(config: &str) -> Result<Self> {
        let queue = Queue::new(parse(config)?);
        Ok(Self {
            clock: Clock::default(),
            queue,
            capacity: Capacity::new(),
            evicted: EMPTY,
            over_depth: false,
            expired: false,
            capacity_changed: false,
        })
    }

    /// Takes an item in: its number, or -1 full, -2 not even an emergency fits, -3 its deadline has passed. A deadline that is not
    /// a number is none. Then see `evicted` and `over_depth`.
    pub fn enqueue(&mut self, tier: u32, deadline_us: f64, now_us: f64) -> f64 {
        let now_us = self.clock.advance(time_us(now_us));
        let deadline_us = if deadline_us.is_nan() { u64::MAX } else { time_us(deadline_us) };
        let result = self.queue.enqueue(tier, deadline_us, now_us);
        self.note(now_us);
        (self.evicted, self.over_depth) = (EMPTY, false);
        match result {
            Ok(enqueued) => {
                self.evicted = enqueued.evicted.map_or(EMPTY, |item| item as f64);
                self.over_depth = enqueued.over_depth;
                enqueued.item as f64
            }
            Err(Refused::Full) => FULL,
            Err(Refused::HardBound) => HARD_BOUND,
            Err(Refused::DeadlinePassed) => DEADLINE_PASSED,
        }
    }

    /// Who made room for the item that was last taken in; -1: nobody.
    pub fn evicted(&self) -> f64 {
        self.evicted
    }

    /// The item that was last taken in is an emergency above the depth.
    pub fn over_depth(&self) -> bool {
        self.over_depth
    }

    /// Who is next, or -1. Then see `expired`.
    pub fn take(&mut self, now_us: f64) -> f64 {
        let now_us = self.clock.advance(time_us(now_us));
        let taken = self.queue.take(now_us);
        self.note(now_us);
        self.expired = matches!(taken, Some(Taken::Expired(_)));
        match taken {
            Some(Taken::Start(item) | Taken::Expired(item)) => item as f64,
            None => EMPTY,
        }
    }

    /// The deadline of the item that was last handed out has passed: it is not to be started.
    pub fn expired(&self) -> bool {
        self.expired
    }

    /// Takes an item out; false if it does not wait.
    pub fn cancel(&mut self, item: f64, now_us: f64) -> bool {
        let known = item >= 0.0 && item == libm::trunc(item) && self.queue.cancel(item as u64);
        let now_us = self.clock.advance(time_us(now_us));
        self.note(now_us);
        known
    }

    fn note(&mut self, now_us: u64) {
        self.capacity_changed |= self.capacity.observe(self.queue.load(), now_us);
    }

    /// 1, 0.7, 0.3 or 0.1.
    pub fn capacity(&mut self, now_us: f64) -> f64 {
        let now_us = self.clock.advance(time_us(now_us));
        self.note(now_us);
        self.capacity.capacity()
    }

    /// Whether the capacity changed since the last time.
    pub fn take_capacity_changed(&mut self) -> bool {
        core::mem::take(&mut self.capacity_changed)
    }

    /// The capacity is not better than this level (0 normal to 3 emergency) from now on.
    pub fn set_floor(&mut self, level: u32) {
        let floor = match level {
            0 => Level::Normal,
            1 => Level::Degraded,
            2 => Level::Overloaded,
            _ => Level::Emergency,
        };
        self.capacity_changed |= self.capacity.set_floor(floor);
    }

    /// Items that wait.
    pub fn len(&self) -> u32 {
        self.queue.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Items of this tier that wait.
    pub fn len_of(&self, tier: u32) -> u32 {
        self.queue.len_of(tier)
    }
}

fn parse(text: &str) -> Result<QueueConfig> {
    if text.is_empty() {
        return Ok(QueueConfig::default());
    }
    let json = Json::parse(text)?;
    let mut fields = Fields::new(&json, Code::InvalidOption, "queue.");
    let Json::Obj(members) = &json else {
        fields.refuse("", "expected an object");
        return fields.finish().map(|()| QueueConfig::default());
    };
    let mut config = QueueConfig::default();
    let has = |key: &str| json.get(key).is_some();
    if has("name") {
        match pipeline::queue(fields.text("name")) {
            Some(named) => config = named,
            None => fields.refuse("name", "expected blueprints, compilation, validation or storage"),
        }
    }
    let top = f64::from(super::DEPTH_MAX);
    if has("depth") {
        config = QueueConfig::with_depth(fields.whole("depth", 1.0, top) as u32);
    }
    if has("emergency_max") {
        config.emergency_max = fields.whole("emergency_max", 0.0, top) as u32;
    }
    if has("age_us") {
        config.age_us = fields.whole("age_us", 0.0, 86_400e6);
    }
    for (key, _) in members {
        if !["name", "depth", "emergency_max", "age_us"].contains(&key.as_str()) {
            fields.refuse(key, "is not an option");
        }
    }
    fields.finish().map(|()| config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_checked() {
        for (text, wanted) in [
            (r#"{"depth":0}"#, "queue.depth: expected 1 to 524288, got 0"),
            (r#"{"name":"x"}"#, "queue.name: expected blueprints, compilation, validation or storage"),
            (r#"{"deep":1}"#, "queue.deep: is not an option"),
        ] {
            assert_eq!(SoloQueue::new(text).unwrap_err().message, wanted);
        }
        assert_eq!(parse(r#"{"name":"validation"}"#).unwrap().depth, 25);
    }

    #[test]
    fn plain_numbers_in_and_out() {
        let mut queue = SoloQueue::new(r#"{"depth":2,"emergency_max":1}"#).unwrap();
        let first = queue.enqueue(4, f64::NAN, 0.0);
        let second = queue.enqueue(4, 5.0, 1.0);
        assert_eq!(queue.enqueue(4, f64::NAN, 2.0), FULL);
        assert_eq!(queue.enqueue(4, 1.0, 2.0), DEADLINE_PASSED);
        assert_eq!(queue.capacity(2.0), 0.1);
        assert!(queue.take_capacity_changed() && !queue.take_capacity_changed());
        let third = queue.enqueue(0, f64::NAN, 3.0);
        assert_eq!((queue.evicted(), queue.over_depth()), (second, false));
        for nonsense in [f64::NAN, -1.0, 0.5, f64::INFINITY, 1e300, second] {
            assert!(!queue.cancel(nonsense, f64::NAN), "{nonsense}");
        }
        assert_eq!((queue.take(4.0), queue.expired()), (third, false));
        assert!(queue.cancel(first, 4.0));
        let late = queue.enqueue(2, 6.0, 5.0);
        assert_eq!((queue.take(6.0), queue.expired()), (late, true));
        assert_eq!((queue.take(6.0), queue.len()), (EMPTY, 0));
    }
}

//! Structural events: what happened between components.
//!
//! They come one by one (`Reflex::record`), or many at once as records of 32 bytes (`Reflex::ingest`), written by a thread of this
//! process or by another process. A record, in the byte order of WebAssembly (little-endian):
//!
//! ```text
//! byte  0  kind          u8    the number of the kind below
//!       1  flags         u8    bit 0: ok; bit 1: refused (by a breaker, a limit or a full queue: no failure of the component)
//!       2  error class   u16   0: none
//!       4  component     u32   handle: who it happened to
//!       8  time          f64   monotonic microseconds
//!      16  request       f64   a whole number below 2^53; 0: none
//!      24  peer          u32   handle: the target of a call, the source of a return, the resource of a spike
//!      28  value         f32   microseconds of a request, value of a spike, depth of a queue, state of a breaker
//! ```
//!
//! Nothing in a record is believed: an unknown kind or component, a negative or infinite time, a NaN are counted and skipped.

use crate::clock::time_us;

/// Size of a record.
pub const RECORD_BYTES: usize = 32;
/// Bit of the flags: it went well.
pub const FLAG_OK: u8 = 1;
/// Bit of the flags: it was refused, which says nothing about the component.
pub const FLAG_REFUSED: u8 = 2;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A request reached the component.
    RequestStart,
    /// The component is done with a request.
    RequestEnd,
    /// The component calls another one (the peer) for a request.
    Call,
    /// The other one (the peer) answered.
    CallReturn,
    /// A resource (the peer) of the component is used up to this value.
    ResourceSpike,
    /// So much waits for the component.
    QueueDepth,
    /// The component's breaker, in another process, changed its state.
    Breaker,
}

impl Kind {
    /// Each with its name, in the order of their numbers.
    pub const ALL: [(Kind, &'static str); 7] = [
        (Kind::RequestStart, "request-start"),
        (Kind::RequestEnd, "request-end"),
        (Kind::Call, "call"),
        (Kind::CallReturn, "call-return"),
        (Kind::ResourceSpike, "resource-spike"),
        (Kind::QueueDepth, "queue-depth"),
        (Kind::Breaker, "breaker"),
    ];

    /// From its number.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.get(number as usize).map(|(kind, _)| *kind)
    }
}

/// One event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// What happened.
    pub kind: Kind,
    /// Whether it went well.
    pub ok: bool,
    /// Whether it was refused.
    pub refused: bool,
    /// Class of the error; 0 for none.
    pub error: u16,
    /// Who it happened to.
    pub component: u32,
    /// When.
    pub time_us: u64,
    /// The request; 0 for none.
    pub request: u64,
    /// The other one.
    pub peer: u32,
    /// Its number.
    pub value: f64,
}

impl Event {
    /// From a record; `None` where it is none.
    pub fn decode(record: &[u8; RECORD_BYTES]) -> Option<Self> {
        let word = |at: usize| record[at..].first_chunk::<4>().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        let long =
            |at: usize| record[at..].first_chunk::<8>().map_or(0.0, |bytes| f64::from_le_bytes(*bytes));
        let head = word(0);
        let (time, request, value) = (long(8), long(16), f64::from(f32::from_bits(word(28))));
        Self::from_parts(head & 0xff, head >> 8 & 0xff, head >> 16, word(4), time, request, word(24), value)
    }

    /// From plain numbers, as the bindings pass them; `None` where they make no event.
    #[allow(clippy::too_many_arguments, reason = "the fields of a record, in its order")]
    pub fn from_parts(
        kind: u32,
        flags: u32,
        error: u32,
        component: u32,
        time: f64,
        request: f64,
        peer: u32,
        value: f64,
    ) -> Option<Self> {
        let kind = Kind::from_number(kind)?;
        if !(time >= 0.0 && time.is_finite() && value >= 0.0 && value.is_finite()) {
            return None;
        }
        Some(Self {
            kind,
            ok: flags & u32::from(FLAG_OK) != 0,
            refused: flags & u32::from(FLAG_REFUSED) != 0,
            error: error as u16,
            component,
            time_us: time_us(time),
            request: time_us(request),
            peer,
            value,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A call-return of request 7 from component 3 to 2, at 5 us, with error class 9.
    const GOLDEN: [u8; RECORD_BYTES] = [
        3, 0, 9, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0x40, 0, 0, 0, 0, 0, 0, 0x1c, 0x40, 3, 0, 0, 0, 0, 0,
        0xc0, 0x3f,
    ];

    #[test]
    fn a_record_is_laid_out_as_drawn() {
        let wanted = Event {
            kind: Kind::CallReturn,
            ok: false,
            refused: false,
            error: 9,
            component: 2,
            time_us: 5,
            request: 7,
            peer: 3,
            value: 1.5,
        };
        assert_eq!(Event::decode(&GOLDEN), Some(wanted));
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_event_or_none(record: [u8; RECORD_BYTES]) {
            if let Some(event) = Event::decode(&record) {
                prop_assert!(event.value >= 0.0 && event.value.is_finite());
            }
        }
    }

    #[test]
    fn nonsense_is_none() {
        for (kind, time, value) in
            [(7, 0.0, 0.0), (0, -1.0, 0.0), (0, f64::NAN, 0.0), (1, 0.0, -1.0), (1, 0.0, f64::NAN)]
        {
            assert_eq!(Event::from_parts(kind, 0, 0, 0, time, 0.0, 0, value), None);
        }
    }
}

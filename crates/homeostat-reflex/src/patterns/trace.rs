/// Most steps of a request that are kept one by one; all of them count for its signature.
pub const STEPS_MAX: usize = 16;

/// One request in flight: where it entered, and the calls that it led to so far.
///
/// Bound: 180 bytes.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Handle of the component that it entered by.
    pub entry: u32,
    /// When.
    pub started_us: u64,
    /// When something was heard of it last.
    pub touched_us: u64,
    /// Hash of the entry and the steps, in order.
    pub signature: u64,
    /// Its calls: who called in the high half, whom in the low half.
    pub steps: Steps,
}

/// The first steps of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Steps {
    kept: [u64; STEPS_MAX],
    len: u32,
}

impl Steps {
    /// The steps that are kept.
    pub fn kept(&self) -> &[u64] {
        &self.kept[..self.len.min(STEPS_MAX as u32) as usize]
    }

    /// Number of steps, those included that are not kept.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn push(&mut self, step: u64) {
        if let Some(place) = self.kept.get_mut(self.len as usize) {
            *place = step;
        }
        self.len = self.len.saturating_add(1);
    }
}

/// FNV-1a over whole words, with a finaliser so that short sequences differ in every bit.
fn mix(hash: u64, word: u64) -> u64 {
    let z = (hash ^ word).wrapping_mul(0x0000_0100_0000_01B3);
    (z ^ (z >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9)
}

impl Trace {
    /// Starts anew.
    pub fn start(&mut self, entry: u32, now_us: u64) {
        let signature = mix(0xCBF2_9CE4_8422_2325, u64::from(entry));
        *self = Self { entry, started_us: now_us, touched_us: now_us, signature, steps: Steps::default() };
    }

    /// One component calls another.
    pub fn step(&mut self, caller: u32, callee: u32, now_us: u64) {
        let step = u64::from(caller) << 32 | u64::from(callee);
        self.signature = mix(self.signature, step);
        self.steps.push(step);
        self.touched_us = now_us;
    }
}

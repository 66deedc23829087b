//! Errors of the core: a stable code, what was wrong, and with which option.

use crate::json::Number;
use alloc::{boxed::Box, string::String};
use core::fmt::{self, Write};
use core::ops::Deref;

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal),* $(,)?) => {
        /// Stable codes. The TypeScript side is generated from this table (`cargo run -p xtask -- codegen`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Code { $($(#[doc = $doc])* $name),* }

        impl Code {
            /// Every code with its wire text and meaning, in declaration order.
            pub const ALL: &'static [(Code, &'static str, &'static str)] =
                &[$((Code::$name, $code, concat!($($doc),*))),*];

            /// The text that users match on.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $code),* }
            }
        }
    };
}

codes! {
    /// An option is missing, of the wrong type, or outside its range.
    InvalidOption = "HOMEOSTAT_INVALID_OPTION",
    /// A knob's definition is unusable: bounds, scale, initial value or name.
    InvalidKnob = "HOMEOSTAT_INVALID_KNOB",
    /// A signal's definition is unusable.
    InvalidSignal = "HOMEOSTAT_INVALID_SIGNAL",
    /// No knob has this name or index.
    UnknownKnob = "HOMEOSTAT_UNKNOWN_KNOB",
    /// No signal has this name or index.
    UnknownSignal = "HOMEOSTAT_UNKNOWN_SIGNAL",
    /// Text that should be JSON is not.
    InvalidJson = "HOMEOSTAT_INVALID_JSON",
    /// A digest is not exactly 64 bytes long.
    DigestLength = "HOMEOSTAT_DIGEST_LENGTH",
    /// A digest's version is not one this build reads.
    DigestVersion = "HOMEOSTAT_DIGEST_VERSION",
    /// A digest has a reserved bit set, or bytes in a field that its mask says is absent.
    DigestLayout = "HOMEOSTAT_DIGEST_LAYOUT",
    /// A digest carries NaN or an infinity.
    DigestNotFinite = "HOMEOSTAT_DIGEST_NOT_FINITE",
    /// A digest's number is outside its range.
    DigestRange = "HOMEOSTAT_DIGEST_RANGE",
    /// A journal line is not a journal entry.
    JournalMalformed = "HOMEOSTAT_JOURNAL_MALFORMED",
    /// A journal line's hash does not follow from the line before it: something was edited, removed or inserted.
    JournalBroken = "HOMEOSTAT_JOURNAL_BROKEN",
    /// A journal ends in the middle of a line.
    JournalTruncated = "HOMEOSTAT_JOURNAL_TRUNCATED",
    /// A journal's decisions do not follow from its inputs.
    JournalDiverged = "HOMEOSTAT_JOURNAL_DIVERGED",
    /// A study has no trial of this number.
    UnknownTrial = "HOMEOSTAT_UNKNOWN_TRIAL",
    /// A trial's outcome was told before.
    TrialTold = "HOMEOSTAT_TRIAL_TOLD",
    /// A line of a study's log is not one that a study writes.
    StudyMalformed = "HOMEOSTAT_STUDY_MALFORMED",
    /// A line of a study's log does not follow from the one before it: something was edited, removed or inserted.
    StudyBroken = "HOMEOSTAT_STUDY_BROKEN",
    /// A study's log was written by a newer version of the format.
    StudyNewer = "HOMEOSTAT_STUDY_NEWER",
    /// A study's recorded proposals do not follow from its log.
    StudyDiverged = "HOMEOSTAT_STUDY_DIVERGED",
    /// Time went backwards.
    ClockBackwards = "HOMEOSTAT_CLOCK_BACKWARDS",
    /// The object was closed before this call.
    Closed = "HOMEOSTAT_CLOSED",
    /// A blueprint's node, operand, shape or dtype does not fit.
    BlueprintInvalid = "HOMEOSTAT_BLUEPRINT_INVALID",
    /// A tensor is not of the dtype or length that the blueprint asks for.
    TensorMismatch = "HOMEOSTAT_TENSOR_MISMATCH",
    /// An adapter lacks a feature, or a limit is exceeded.
    ForgeUnsupported = "HOMEOSTAT_FORGE_UNSUPPORTED",
    /// A stage of the forge takes nothing now: its queue is full, or its breaker is open.
    ForgeBusy = "HOMEOSTAT_FORGE_BUSY",
    /// A kernel does not compile, or its results lie outside the stated bounds.
    KernelRejected = "HOMEOSTAT_KERNEL_REJECTED",
    /// There is no adapter of this name, or none at all.
    NoAdapter = "HOMEOSTAT_NO_ADAPTER",
    /// The device has no memory left for this.
    DeviceMemory = "HOMEOSTAT_DEVICE_MEMORY",
    /// The device was lost.
    DeviceLost = "HOMEOSTAT_DEVICE_LOST",
    /// The device did not answer in time and was abandoned.
    DeviceHung = "HOMEOSTAT_DEVICE_HUNG",
    /// A line of the forge's library is damaged.
    LibraryDamaged = "HOMEOSTAT_LIBRARY_DAMAGED",
    /// A line of the forge's library was written by another version of the format.
    LibraryVersion = "HOMEOSTAT_LIBRARY_VERSION",
    /// The core panicked. This is a defect; the instance must not be used any further.
    Panic = "HOMEOSTAT_PANIC",
}

/// What went wrong, with its stable code. One word, since every call that can fail hands it on.
#[derive(Clone, Debug, PartialEq)]
pub struct Error(Box<Problem>);

/// What an error says; read through the error itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The stable code.
    pub code: Code,
    /// The sentence for people: names the option, the range and the value.
    pub message: String,
}

impl Deref for Error {
    type Target = Problem;

    fn deref(&self) -> &Problem {
        &self.0
    }
}

impl Error {
    /// An error with this code and text.
    pub fn new(code: Code, message: impl fmt::Display) -> Self {
        Self::with_text(code, &message)
    }

    /// Out of line, once: errors are rare, and there are many places that make one.
    #[cold]
    #[inline(never)]
    fn with_text(code: Code, message: &dyn fmt::Display) -> Self {
        let mut text = String::new();
        // A string takes everything.
        let _ = write!(text, "{message}");
        Self(Box::new(Problem { code, message: text }))
    }

    /// The same code with another sentence.
    #[must_use]
    pub fn saying(mut self, message: String) -> Self {
        self.0.message = message;
        self
    }

    /// An option that is not what it has to be.
    pub fn expected(code: Code, option: impl fmt::Display, wanted: impl fmt::Display, got: f64) -> Self {
        Self::refusal(code, &option, &wanted, got)
    }

    #[cold]
    #[inline(never)]
    fn refusal(code: Code, option: &dyn fmt::Display, wanted: &dyn fmt::Display, got: f64) -> Self {
        Self::with_text(code, &format_args!("{option}: expected {wanted}, got {}", Number(got)))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}

impl core::error::Error for Error {}

/// Result of a call that can fail.
pub type Result<T> = core::result::Result<T, Error>;

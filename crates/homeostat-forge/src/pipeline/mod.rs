//! What is done for a kernel beside its runs: compile, prove, time, search, ask to be promoted. Pure: it says what a device should do
//! next (`Command`), and is told what came of it (`Reply`). The same pipeline runs over wgpu on a thread and over a browser's WebGPU.
//!
//! ```text
//! kernels ─> [blueprints, 100] ─> a pipeline each, 50 at once ─┬─> [compilation, 50] ─> | breaker | ─┐
//!     ^         full: shed, and back by itself                  └─> [validation, 25] ──> | breaker | ─┴─> the device, one command at a time
//!     └── field reports, proposals
//!
//! what the library knows, or the rule's schedules
//!   └─> compile ─> prove (all kinds of inputs; a known one: two kinds, at a sample) ─> time a whole run ─> compare with the processor
//!         └─> promoted: FAST
//!               └─> for each group: search ─> confirm the best three in interleaved pairs ─> prove ─> promoted: STANDARD
//!                     └─> rest until the kernel is hot and the device idle ─> search on: AGGRESSIVE
//! ```
//!
//! # How whoever owns a device drives it
//!
//! 1. `Background::next` gives a command and the kernel that it is for; `None` when nothing is to be done now.
//! 2. Carry it out. `Compile` makes pipelines, tensors and bind groups of a program; `Execute` writes the inputs, dispatches every
//!    kernel in order and reads the outputs; `Time` dispatches one part many times; `Compute` runs on the processor; `Drop` frees.
//! 3. `Background::reply` with what came of it: one reply for each command. An error goes in as `Reply::Failed`.
//!
//! One command at a time: timings disturb each other. Runs of users come in between as they like. What was compiled is proven and timed
//! before anything else is compiled, and first programs come before searches, searches before polishing; while runs come in all of it
//! takes the stated share of the device's time, and polishing stops (`pace`). The queues are those of
//! `homeostat-reflex`, and so are the breakers in front of the stages (`gate`), the capacity and the shedding (`intake`).
//!
//! A pipeline is written as one `async` function, polled with a waker that does nothing: every `await` is a command.

mod background;
mod command;
mod confirm;
mod gate;
mod intake;
mod life;
mod line;
mod pace;
mod port;
mod raise;
mod recipe;
mod rewrite;
#[cfg(feature = "std")]
mod smallest;

pub use background::Background;
pub use command::{Command, Reply};
pub use gate::Stage;
pub use intake::Admission;
pub use life::{Goal, Start};
pub use line::Keeper;
pub use recipe::{CANARY_BYTES, Dispatch, Recipe, Resource, TensorSpec};

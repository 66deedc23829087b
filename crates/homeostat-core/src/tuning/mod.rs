//! Live tuning: decides what would be better, and leaves it to `safety` whether it may happen.
//!
//! `Tuner` is the machine that everything goes through: one input at a time, journaled before it has an effect. Its parts
//! know nothing of each other: the objective's scale, the learner (`kalman`, or `spsa`), shadow evaluation, constraints,
//! explicit trials.

mod config;
mod constraint;
mod explain;
mod guard;
mod kalman;
mod objective;
mod shadow;
mod spsa;
mod spsa_options;
mod trial;
mod tuner;

pub use config::{Config, Strategy};
pub use constraint::ConstraintWatch;
pub use kalman::KalmanTube;
pub use objective::Objective;
pub use shadow::ShadowLearner;
pub use spsa::Spsa;
pub use spsa_options::{Aggregate, Gains, SPSA_RANGES, SpsaOptions};
pub use trial::Trial;
pub use tuner::{CHANGED, PUSH, REFUSED, SAFE_MODE, Tuner};

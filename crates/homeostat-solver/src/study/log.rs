use super::{ALGORITHM, Outcome};
use crate::config::Config;
use crate::space::Space;
use alloc::{string::String, vec::Vec};
use homeostat_core::journal::Chain;
use homeostat_core::json::Writer;

/// What the first line of a log says it is.
pub const FORMAT: &str = "homeostat-study";
/// Version of the log's form. Newer ones are refused.
pub const VERSION: u32 = 1;

/// Writes what happens to a study as JSON Lines, each chained to the one before it by SHA-256.
#[derive(Clone, Debug, Default)]
pub struct Log {
    pub(super) chain: Chain,
    text: String,
    /// While a log is read, its lines are written here again, to be compared, and not chained.
    pub(super) echo: Option<String>,
}

impl Log {
    fn line(&mut self, event: &str, body: impl FnOnce(&mut Writer)) {
        self.members(|w| w.key(event).object(body));
    }

    fn members(&mut self, body: impl FnOnce(&mut Writer)) {
        let mut open = String::from("{");
        body(&mut Writer::new(&mut open));
        match &mut self.echo {
            Some(echo) => *echo = open,
            None => {
                self.chain.close_line(&mut open);
                self.text.push_str(&open);
            }
        }
    }

    /// The first line.
    pub fn header(&mut self, config: &Config) {
        self.members(|w| {
            w.key("format").str(FORMAT);
            w.key("version").uint(u64::from(VERSION));
            w.key("algorithm").uint(u64::from(ALGORITHM));
            config.write(w.key("config"));
        });
    }

    /// A point was proposed.
    pub fn ask(&mut self, trial: u32, space: &Space, values: &[f64]) {
        self.line("ask", |w| {
            w.key("trial").uint(u64::from(trial));
            space.write_params(values, w.key("params"));
        });
    }

    /// An open trial has its outcome.
    pub fn tell(&mut self, trial: u32, outcome: &Outcome) {
        self.line("tell", |w| {
            w.key("trial").uint(u64::from(trial));
            outcome.write(w);
        });
    }

    /// A result came for a point that was not proposed.
    pub fn add(&mut self, trial: u32, space: &Space, values: &[f64], outcome: &Outcome) {
        self.line("add", |w| {
            w.key("trial").uint(u64::from(trial));
            space.write_params(values, w.key("params"));
            outcome.write(w);
        });
    }

    /// From here on this build proposes, after another one had.
    pub fn resume(&mut self) {
        self.resume_of(u64::from(ALGORITHM));
    }

    pub(super) fn resume_of(&mut self, algorithm: u64) {
        self.line("resume", |w| w.key("algorithm").uint(algorithm));
    }

    /// The lines since the last call.
    pub fn take(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.text).into_bytes()
    }
}
